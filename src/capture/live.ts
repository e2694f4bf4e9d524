import { type ChildProcess, fork } from 'node:child_process'
import { extname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { WardwireError } from '../telemetry/error.ts'
import { indexOfUpInterface, lostFrames } from './network-interface.ts'
import { PipedSource } from './piped.ts'
import type { CaptureSettings } from './settings.ts'
import type { CaptureEnd, LiveSource } from './source.ts'

/** What the capture process is asked for. */
export type CaptureRequest = Required<Pick<CaptureSettings, 'interface' | 'filter' | 'buffer_bytes' | 'promiscuous' | 'snap_length'>>

/** Why it does not capture. `detail` is libpcap's message, why `cap` cannot be loaded, or the interfaces that there are. */
interface Refusal {
  readonly kind: 'refused'
  readonly reason: 'unavailable' | 'unknown-interface' | 'refused'
  readonly detail: string
}

/** What the capture process says: one of the first two at the start, then how many frames the sensor was too slow for so far. */
export type CaptureMessage = { readonly kind: 'capturing' } | Refusal | { readonly kind: 'dropped'; readonly frames: number }

/** The capture process ends by itself a little more than a second after a stop, unless it is flooded. */
const STOP_GRACE_MS = 3000

const PIPE_INSTEAD = 'pipe a capture in: tcpdump -i eth1 -s 0 -U -w - | wardwire run --from -'

/**
 * Live capture of an interface through libpcap. Capturing has begun when this resolves. Frames carry the wall-clock time at which they were
 * taken out of the kernel buffer. After a stop everything that the kernel buffer held is still read.
 *
 * `statistics.dropped` counts frames that the interface lost and frames that the sensor was too slow for. It is undefined rather than zero,
 * because `cap` does not tell how many frames the kernel buffer had no room for.
 *
 * Throws `capture_unavailable`, `capture_interface_unknown`, `capture_interface_down`, `capture_permission`, `capture_filter_invalid` or
 * `capture_failed`.
 */
export async function openLive(settings: CaptureSettings & { readonly interface: string }): Promise<LiveSource> {
  const { interface: name, filter = '', buffer_bytes, promiscuous, snap_length } = settings
  const request: CaptureRequest = { interface: name, filter, buffer_bytes, promiscuous, snap_length }
  const child = startProcess(request)
  const exited = exitOf(child)
  const answer = await answerOf(child, exited)
  if (answer.kind === 'refused') throw refusal(answer, request)
  let dropped = 0
  child.on('message', message => {
    const told = message as CaptureMessage
    if (told.kind === 'dropped') dropped = told.frames
  })
  const lostBefore = lostFrames(name)
  return new PipedSource({
    name,
    interfaces: [name],
    open: async () => child.stdout as Readable,
    graceMs: STOP_GRACE_MS,
    stop: () => {
      if (child.connected) child.disconnect()
    },
    dropped: () => knownLoss(dropped + lostSince(name, lostBefore)),
    ended: async () => interfaceLost(name, await exited),
  })
}

function startProcess(request: CaptureRequest): ChildProcess {
  const extension = extname(import.meta.filename)
  return fork(join(import.meta.dirname, `live-process${extension}`), [JSON.stringify(request)], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    execArgv: extension === '.ts' ? ['--experimental-strip-types'] : [],
  })
}

/** How the process ended: `exit status 1`, `SIGABRT`. */
function exitOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('exit', (status, signal) => resolve(signal ?? `exit status ${status}`))
    child.once('error', error => resolve(error.message))
  })
}

function answerOf(child: ChildProcess, exited: Promise<string>): Promise<CaptureMessage> {
  const endedAtOnce = (end: string): CaptureMessage => ({
    kind: 'refused',
    reason: 'unavailable',
    detail: `the capture process ended at once (${end})`,
  })
  return new Promise(resolve => {
    child.once('message', message => resolve(message as CaptureMessage))
    child.once('disconnect', async () => resolve(endedAtOnce(await exited)))
    child.once('error', ({ message }) => resolve(endedAtOnce(message)))
  })
}

function refusal({ reason, detail }: Refusal, { interface: name, filter }: CaptureRequest): WardwireError {
  if (reason === 'unavailable')
    return new WardwireError('capture_unavailable', `live capture from an interface is not available: ${detail}`, {
      mend: `install libpcap-dev, g++, make and python3, then make clean build; or ${PIPE_INSTEAD}`,
    })
  if (reason === 'unknown-interface')
    return new WardwireError('capture_interface_unknown', `there is no interface ${name}`, { mend: `interfaces here: ${detail}` })
  if (/not permitted|permission/i.test(detail))
    return new WardwireError('capture_permission', `no permission to capture on ${name} (${detail})`, {
      mend: `run as root or with CAP_NET_RAW, as config/wardwire.service does; or ${PIPE_INSTEAD}`,
    })
  if (/not up|network is down/i.test(detail))
    return new WardwireError('capture_interface_down', `the interface ${name} is down`, { mend: `ip link set ${name} up` })
  if (filter !== '')
    return new WardwireError('capture_filter_invalid', `the capture filter "${filter}" cannot be used on ${name}: ${detail}`, {
      mend: `try it with: tcpdump -i ${name} -d '${filter}'`,
    })
  return new WardwireError('capture_failed', `cannot capture on ${name}: ${detail}`, { mend: PIPE_INSTEAD })
}

/** A capture process that ends by itself has lost its interface, or has crashed. */
function interfaceLost(name: string, end: string): CaptureEnd {
  const up = indexOfUpInterface(name) !== undefined
  return {
    kind: 'failed',
    code: up ? 'capture_failed' : 'capture_interface_down',
    message: up ? `${name}: the capture process ended (${end})` : `${name}: the interface went down or away`,
    mend: up ? 'start the sensor again; the rest of its work is not touched' : `ip link set ${name} up, then start the sensor again`,
    offset: 0,
  }
}

function lostSince(name: string, before: number | undefined): number {
  const now = lostFrames(name)
  return now === undefined || before === undefined ? 0 : Math.max(0, now - before)
}

function knownLoss(frames: number): number | undefined {
  return frames === 0 ? undefined : frames
}
