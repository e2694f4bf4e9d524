import { fstatSync, write } from 'node:fs'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { QueuedEvent } from '../../queue/queue.ts'
import { WardwireError } from '../../telemetry/error.ts'
import { batchLimits } from '../batch.ts'
import { formatLine } from '../format.ts'
import type { Output, Verdict } from '../output.ts'
import type { StdoutSettings } from './settings.ts'

export { type StdoutSettings, stdoutSchema } from './settings.ts'

const STDOUT = 1

/**
 * Events to standard output, one a line. An event counts as delivered when the system has taken it; a slow reader is waited for. Throws
 * `stdout_closed` when the program was started without one.
 */
export function createStdoutOutput(name: string, settings: StdoutSettings): Output {
  return new StdoutOutput(name, settings, openStdout(name))
}

class StdoutOutput implements Output {
  readonly type = 'stdout'
  readonly name: string
  readonly limits: Output['limits']
  readonly #settings: StdoutSettings
  readonly #stream: Writable
  #failure: Error | undefined

  constructor(name: string, settings: StdoutSettings, stream: Writable) {
    this.name = name
    this.limits = batchLimits(settings.batch)
    this.#settings = settings
    this.#stream = stream
    stream.on('error', error => {
      this.#failure = error
    })
  }

  /** Once the reader has gone it does not come back: the events wait for the next start. */
  async send(events: readonly QueuedEvent[]): Promise<Verdict> {
    const failure = this.#failure ?? (await this.#write(events))
    if (!failure) return { kind: 'done', rejected: new Map(), retry: [] }
    const { code, message } = failure as NodeJS.ErrnoException
    return { kind: 'pause', reason: code === 'EPIPE' ? 'nobody reads standard output any more (EPIPE)' : `standard output: ${message}` }
  }

  #write(events: readonly QueuedEvent[]): Promise<Error | null | undefined> {
    const block = events.map(event => `${formatLine(event, this.#settings.format)}\n`).join('')
    return new Promise(resolve => this.#stream.write(block, resolve))
  }

  async close(): Promise<void> {
    this.#stream.destroy()
  }
}

function openStdout(output: string): Writable {
  try {
    return openDescriptor(STDOUT)
  } catch (cause) {
    throw new WardwireError('stdout_closed', `outputs.${output}: standard output is closed`, {
      mend: 'connect it, or take the output out',
      cause,
    })
  }
}

/**
 * A stream to an open descriptor that never blocks this thread or the engine's. `process.stdout` of a worker would: it writes through
 * the main thread. The descriptor itself stays open.
 */
function openDescriptor(descriptor: number): Writable {
  const kind = fstatSync(descriptor)
  if (kind.isFIFO() || kind.isSocket()) return new Socket({ fd: descriptor, readable: false, writable: true })
  const writeAll = (chunk: Buffer, done: (error?: Error | null) => void): void =>
    write(descriptor, chunk, (error, written) => {
      if (error !== null || written === chunk.length) done(error)
      else writeAll(chunk.subarray(written), done)
    })
  return new Writable({ write: (chunk: Buffer, _encoding, done) => writeAll(chunk, done) })
}
