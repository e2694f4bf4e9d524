/**
 * The program of the capture process: frames of one interface in, through libpcap (npm `cap`), a pcap stream on standard output. `live.ts`
 * starts it and says what it needs as JSON in the first argument; disconnecting the channel between the two stops it.
 *
 * It is a process of its own because `cap` may abort the process that it runs in when the interface goes down (libuv reports POLLERR, which
 * the binding asserts never to happen), and because it does not return to the event loop while frames come faster than they are handled. Here
 * neither hurts the sensor, and the kernel buffer is emptied even while the sensor is busy.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { CaptureMessage, CaptureRequest } from './live.ts'
import { indexOfUpInterface } from './network-interface.ts'
import { PcapWriter } from './pcap-writer.ts'
import { LinkType } from './source.ts'
import { WallClock } from './wall-clock.ts'

/** What we use of `cap`. */
interface CapModule {
  readonly Cap: {
    new (): CapHandle
    deviceList(): readonly { readonly name: string }[]
  }
}

interface CapHandle {
  /** Begins to capture, always with snap length 65535 and in promiscuous mode. Gives the name of the link type, or throws libpcap's message. */
  open(device: string, filter: string, kernelBufferBytes: number, frame: Buffer): string
  on(event: 'packet', listener: (length: number) => void): void
}

/** `cap` asks libpcap for frames of at most this length. */
const FRAME_BYTES = 65_535
/** Where libpcap has no immediate mode it holds frames back for as long as this, its read time-out in `cap`, ms. */
const READ_TIMEOUT_MS = 1000
const STOP_MARGIN_MS = 100
const WATCH_INTERVAL_MS = 1000
const STANDARD_OUTPUT = 1

/** Names that `cap` gives to link types; DLT_RAW of libpcap is LINKTYPE_RAW in files. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  NULL: LinkType.NULL,
  ETHERNET: LinkType.ETHERNET,
  RAW: LinkType.RAW,
  LINKTYPE_LINUX_SLL: LinkType.LINUX_SLL,
  IEEE802_11_RADIO: 127,
}

/** Devices of libpcap that are no network interfaces. */
const PSEUDO_DEVICE = /^(bluetooth|dbus|nflog|nfqueue|usbmon)/

/** `cap` crashes when the handle or its buffer is garbage-collected, even after it was closed or when opening failed. */
const retained: unknown[] = []

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
const answer = capture(JSON.parse(process.argv[2] ?? '{}') as CaptureRequest)
tell(answer)
if (answer.kind === 'refused') process.disconnect()

function capture({ interface: device, filter, buffer_bytes, promiscuous, snap_length }: CaptureRequest): CaptureMessage {
  const cap = loadCap()
  if (typeof cap === 'string') return { kind: 'refused', reason: 'unavailable', detail: cap }
  const devices = cap.Cap.deviceList().map(({ name }) => name)
  if (!devices.includes(device))
    return { kind: 'refused', reason: 'unknown-interface', detail: devices.filter(name => !PSEUDO_DEVICE.test(name)).join(', ') }
  const handle = new cap.Cap()
  const frame = Buffer.alloc(FRAME_BYTES)
  retained.push(handle, frame)
  let linkType: string
  try {
    linkType = handle.open(device, promiscuous ? filter : ownTraffic(device, filter), buffer_bytes, frame)
  } catch (error) {
    return { kind: 'refused', reason: 'refused', detail: messageOf(error) }
  }
  const output = new Socket({ fd: STANDARD_OUTPUT, readable: false, writable: true })
  // Without a sensor at the other end there is nothing left to do.
  output.on('error', () => process.exit())
  const writer = new PcapWriter(output, linkTypeNumber(linkType), snap_length, buffer_bytes)
  pass(handle, frame, snap_length, writer)
  watchInterface(device)
  setInterval(() => tell({ kind: 'dropped', frames: writer.dropped }), WATCH_INTERVAL_MS)
  process.once('disconnect', () => void finish(writer, output))
  return { kind: 'capturing' }
}

/** Frames into the stream: in blocks while they come fast, else at the end of each turn of the event loop. */
function pass(handle: CapHandle, frame: Buffer, snapLength: number, writer: PcapWriter): void {
  const clock = new WallClock()
  let flushing = false
  const flush = (): void => {
    flushing = false
    writer.flush()
  }
  handle.on('packet', length => {
    writer.record(clock.now(), frame, Math.min(length, snapLength), length)
    if (flushing) return
    flushing = true
    setImmediate(flush)
  })
  flush()
}

/** Ends when the interface is gone: libpcap may go on in silence then. */
function watchInterface(device: string): void {
  const index = indexOfUpInterface(device)
  if (index === undefined) return
  setInterval(() => {
    if (indexOfUpInterface(device) !== index) process.exit()
  }, WATCH_INTERVAL_MS)
}

/** Reads what the kernel still holds, hands it over and ends. */
async function finish(writer: PcapWriter, output: Socket): Promise<void> {
  await delay(READ_TIMEOUT_MS + STOP_MARGIN_MS)
  writer.flush()
  output.end(() => process.exit())
}

function tell(message: CaptureMessage): void {
  if (process.connected) process.send?.(message)
}

/** The module, or why it cannot be loaded. */
function loadCap(): CapModule | string {
  try {
    return createRequire(import.meta.url)('cap') as CapModule
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND'
      ? 'the package cap is not installed or was not built'
      : messageOf(error)
  }
}

/** `cap` knows promiscuous mode only: without it the filter leaves out what is for other hosts. `any` never sees that. */
function ownTraffic(device: string, filter: string): string {
  if (device === 'any') return filter
  const address = readFileSync(`/sys/class/net/${device}/address`, 'utf8').trim()
  const own = `(ether host ${address} or ether multicast)`
  return filter === '' ? own : `(${filter}) and ${own}`
}

function linkTypeNumber(name: string): number {
  return LINK_TYPES[name] ?? Number(/^Unknown linktype (\d+)$/.exec(name)?.[1] ?? 0)
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
