import { closeSync, constants, createReadStream, open, openSync, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { WardwireError } from '../telemetry/error.ts'
import { PipedSource } from './piped.ts'
import type { LiveSource } from './source.ts'

const EXAMPLE = 'tcpdump -i eth1 -s 0 -U -w - | wardwire run --from -'
/** The wait may not have begun yet when the stop comes. */
const RELEASE_RETRY_MS = 20
const openFile = promisify(open)

/**
 * A capture that another program writes into a pipe, such as `tcpdump -U -w -`: `-` is standard input, else `from` is the path of a fifo (a
 * file or `/dev/fd/N` is read the same way). Packets carry the time that the writer gave them, and time goes on from the last of them, so a
 * running capture and an old recording fed through a pipe both give the events that a replay gives. Throws `capture_unreadable`.
 */
export async function openStream(from: string): Promise<LiveSource> {
  if (from === '-') return standardInput()
  const stats = await statusOf(from)
  if (stats.isDirectory())
    throw new WardwireError('capture_unreadable', `${from} is a folder`, { mend: 'give it as capture.folder (--folder)' })
  return new PipedSource({
    name: from,
    open: async signal => (stats.isFIFO() ? openFifo(from, signal) : createReadStream(from)),
  })
}

function standardInput(): LiveSource {
  if (process.stdin.isTTY)
    throw new WardwireError('capture_unreadable', 'nothing is piped into standard input', { mend: `pipe a capture in: ${EXAMPLE}` })
  return new PipedSource({ name: 'stdin', open: async () => process.stdin })
}

async function statusOf(path: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (error) {
    throw new WardwireError('capture_unreadable', `${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, {
      mend: 'make it with mkfifo, or use - for standard input',
      cause: error,
    })
  }
}

/** Opening a fifo waits for a writer, and nothing but a writer ends that wait: a stop becomes one for a moment. */
async function openFifo(path: string, signal: AbortSignal): Promise<Readable> {
  signal.throwIfAborted()
  let waiting = true
  const release = (): void => {
    try {
      closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
    } catch {
      if (waiting) setTimeout(release, RELEASE_RETRY_MS)
    }
  }
  signal.addEventListener('abort', release, { once: true })
  try {
    const fd = await openFile(path, 'r')
    return new Socket({ fd, readable: true, writable: false })
  } finally {
    waiting = false
    signal.removeEventListener('abort', release)
  }
}
