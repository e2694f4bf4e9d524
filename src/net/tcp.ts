import type { Direction, FlowEnd } from './flow.ts'
import type { FlowState } from './flow-state.ts'
import type { Layers } from './layers.ts'
import { type Reassembler, TcpStream } from './reassembly.ts'

const FIN = 0x01
const SYN = 0x02
const RST = 0x04
const ACK = 0x10

/** Ports that serve rather than call, for connections whose beginning was missed. */
const SERVER_PORTS: ReadonlySet<number> = new Set([104, 2575, 2761, 2762, 4242, 6661, 11112, 80, 443, 8042, 8080, 8443])
/** A packet that the mirror sent twice follows the first within this, µs. */
const DUPLICATE_TIME = 10_000
/** A reset counts when it is about here in the stream. */
const RESET_WINDOW = 1 << 24

/** What TCP headers say about a flow: who opened it, where each direction stands, when it is over. */
export class TcpReader {
  readonly #reassembler: Reassembler
  readonly #end: (flow: FlowState, end: FlowEnd, time: number) => void
  duplicates = 0

  constructor(reassembler: Reassembler, end: (flow: FlowState, end: FlowEnd, time: number) => void) {
    this.#reassembler = reassembler
    this.#end = end
  }

  /** True when the sender of the first packet seen is the server: it answers a SYN, or its port is one that serves. */
  swaps(flags: number, sourcePort: number, targetPort: number): boolean {
    if ((flags & SYN) !== 0) return (flags & ACK) !== 0
    const [source, target] = [SERVER_PORTS.has(sourcePort), SERVER_PORTS.has(targetPort)]
    return source === target ? sourcePort < targetPort : source
  }

  /** True when a SYN begins another connection between the same ports. */
  opensAnew(flow: FlowState, direction: Direction, layers: Layers, flags: number): boolean {
    if ((flags & (SYN | ACK)) !== SYN) return false
    if (flow.ended) return true
    const stream = direction === 0 ? flow.fromClient : flow.fromServer
    if (stream === undefined || !stream.known) return flow.midstream
    return ((layers.view.getInt32(layers.at + 4) + 1) | 0) !== stream.initial
  }

  /** One segment: source port 2, target port 2, sequence 4, acknowledgment 4, offset 4 bits, flags 12 bits, window 2, checksum 2, urgent 2. */
  read(flow: FlowState, direction: Direction, layers: Layers, flags: number): void {
    const { view, at, time } = layers
    const sequence = view.getInt32(at + 4)
    const acknowledgment = view.getInt32(at + 8)
    const payload = at + (view.getUint8(at + 12) >>> 4) * 4
    const length = Math.max(0, layers.wireEnd - payload)
    const captured = Math.max(0, Math.min(layers.end - payload, length))
    if (flow.ended) {
      flow.count(direction, layers)
      return
    }
    flow.fromClient ??= new TcpStream()
    flow.fromServer ??= new TcpStream()
    const stream = direction === 0 ? flow.fromClient : flow.fromServer
    const other = direction === 0 ? flow.fromServer : flow.fromClient
    if (this.#isDuplicate(stream, sequence, acknowledgment, length, layers, flags)) return
    flow.count(direction, layers)
    if ((flags & SYN) !== 0 && !stream.known) stream.start((sequence + 1) | 0)
    if ((flags & ACK) !== 0) this.#acknowledge(flow, direction, other, acknowledgment, time)
    if (length > 0) {
      const first = (flags & SYN) !== 0 ? (sequence + 1) | 0 : sequence
      this.#reassembler.segment(flow, direction, stream, first, layers.data, payload, captured, length, time)
    }
    if ((flags & FIN) !== 0 && !stream.finSeen) {
      if (!stream.known) stream.start(sequence)
      stream.finSeen = true
      stream.finSequence = (sequence + length) | 0
    }
    if ((flags & RST) !== 0) this.#reset(flow, stream, sequence, time)
    else this.#closeIfDone(flow, time)
  }

  /** Give up holes that time has decided. */
  review(flow: FlowState, time: number): void {
    if (flow.fromClient?.pending !== undefined) this.#reassembler.review(flow, 0, flow.fromClient, time)
    if (flow.fromServer?.pending !== undefined) this.#reassembler.review(flow, 1, flow.fromServer, time)
  }

  /** Deliver whatever still waits, with its gaps. */
  flush(flow: FlowState, time: number): void {
    if (flow.fromClient !== undefined) this.#reassembler.flush(flow, 0, flow.fromClient, time)
    if (flow.fromServer !== undefined) this.#reassembler.flush(flow, 1, flow.fromServer, time)
  }

  #isDuplicate(stream: TcpStream, sequence: number, acknowledgment: number, length: number, layers: Layers, flags: number): boolean {
    const id = layers.fragmentId
    const again =
      length > 0 &&
      stream.lastLength === length &&
      stream.lastSequence === sequence &&
      stream.lastAcknowledgment === acknowledgment &&
      stream.lastId === id &&
      (flags & RST) === 0 &&
      layers.time - stream.lastTime < DUPLICATE_TIME
    stream.lastSequence = sequence
    stream.lastAcknowledgment = acknowledgment
    stream.lastLength = length
    stream.lastId = id
    stream.lastTime = layers.time
    if (again) this.duplicates++
    return again
  }

  /** The sender has everything of the other side up to here. */
  #acknowledge(flow: FlowState, direction: Direction, other: TcpStream, acknowledgment: number, time: number): void {
    if (!other.hasAcknowledgment) {
      other.hasAcknowledgment = true
      other.acknowledged = acknowledgment
      // The SYN-ACK may be the packet that was lost: the acknowledgment tells where that direction begins.
      if (!other.known && !flow.midstream) other.start(acknowledgment)
    } else if (((acknowledgment - other.acknowledged) | 0) > 0) other.acknowledged = acknowledgment
    if (other.pending !== undefined) this.#reassembler.review(flow, direction === 0 ? 1 : 0, other, time)
  }

  #reset(flow: FlowState, stream: TcpStream, sequence: number, time: number): void {
    const distance = (sequence - stream.next) | 0
    if (stream.known && Math.abs(distance) > RESET_WINDOW) return
    this.#end(flow, 'reset', time)
  }

  #closeIfDone(flow: FlowState, time: number): void {
    const { fromClient, fromServer } = flow
    if (fromClient === undefined || fromServer === undefined) return
    this.#reassembler.closeIfDone(flow, 0, fromClient, time)
    this.#reassembler.closeIfDone(flow, 1, fromServer, time)
    if (fromClient.closed && fromServer.closed) this.#end(flow, 'closed', time)
  }
}
