import { type Direction, type FlowEnd, opposite } from './flow.ts'
import type { FlowState } from './flow-state.ts'
import type { Layers } from './layers.ts'
import type { Reassembler } from './reassembly.ts'
import { MAX_AHEAD, TcpStream } from './tcp-stream.ts'

const FIN = 0x01
const SYN = 0x02
const RST = 0x04
const ACK = 0x10

/** Ports that serve rather than call, for connections whose beginning was missed. */
const SERVER_PORTS: ReadonlySet<number> = new Set([104, 2575, 2761, 2762, 4242, 6661, 11112, 80, 443, 8042, 8080, 8443])
/** Lower ones are of services (RFC 6335 §6). */
const FIRST_USER_PORT = 1024
/** An acknowledgment further ahead of what was seen is nobody's, and nothing waits for it. */
const MAX_UNSEEN = 1 << 24
/** A reset counts when it is about here in the stream. */
const RESET_WINDOW = 1 << 24

/** What TCP headers say about a flow: who opened it, where each direction stands, when it is over. */
export class TcpReader {
  readonly #reassembler: Reassembler
  readonly #end: (flow: FlowState, end: FlowEnd, time: number) => void

  constructor(reassembler: Reassembler, end: (flow: FlowState, end: FlowEnd, time: number) => void) {
    this.#reassembler = reassembler
    this.#end = end
  }

  /** True when the sender of the first packet seen is the server: it answers a SYN, or its port is one that serves. */
  swaps(flags: number, sourcePort: number, targetPort: number): boolean {
    if ((flags & SYN) !== 0) return (flags & ACK) !== 0
    const [source, target] = [service(sourcePort), service(targetPort)]
    return source === target ? sourcePort < targetPort : source > target
  }

  /** True when ports do not tell either: none of them, or both, serve. */
  isGuess(sourcePort: number, targetPort: number): boolean {
    return service(sourcePort) === service(targetPort)
  }

  /** True of a SYN as hosts send it: with neither FIN nor RST, and no answer to another one. */
  opens(flags: number): boolean {
    return (flags & (FIN | SYN | RST | ACK)) === SYN
  }

  /** True when a SYN begins another connection between the same ports. */
  opensAnew(flow: FlowState, direction: Direction, layers: Layers, flags: number): boolean {
    if ((flags & (SYN | ACK)) !== SYN) return false
    if (flow.ended) return true
    const stream = direction === 0 ? flow.fromClient : flow.fromServer
    if (stream === undefined || !stream.known) return flow.midstream
    return ((layers.view.getInt32(layers.at + 4) + 1) | 0) !== stream.initial
  }

  /** True when a segment carries other bytes than one that was delivered before at the same place: no copy, whatever its header says. */
  contradicts(flow: FlowState, direction: Direction, layers: Layers): boolean {
    const { view, at, data, wireEnd, end } = layers
    const payload = at + (view.getUint8(at + 12) >>> 4) * 4
    const captured = Math.min(end, wireEnd) - payload
    return captured > 0 && this.#reassembler.contradicts(flow, direction, view.getInt32(at + 4), data, payload, captured)
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
    flow.count(direction, layers)
    const first = (flags & SYN) !== 0 ? (sequence + 1) | 0 : sequence
    if ((flags & SYN) !== 0 && (!stream.known || (first !== stream.initial && stream.isUntouched))) stream.start(first)
    if ((flags & ACK) !== 0) this.#acknowledge(flow, direction, other, acknowledgment, time)
    if (length > 0) {
      const needs = (flags & ACK) !== 0 && isUnheard(flow, direction, other, acknowledgment) ? acknowledgment : undefined
      this.#reassembler.segment(flow, direction, stream, first, needs, layers.data, payload, captured, length, time)
    }
    if ((flags & FIN) !== 0) this.#finish(flow, direction, stream, (first + length) | 0, time)
    if ((flags & RST) !== 0) this.#reset(flow, stream, sequence, time)
    else this.#closeIfDone(flow, time)
  }

  /** Give up holes that time has decided. */
  review(flow: FlowState, time: number): void {
    const { fromClient, fromServer } = flow
    if (fromClient?.hole === undefined && fromServer?.hole === undefined) return
    if (fromClient?.hole !== undefined) this.#reassembler.review(flow, 0, fromClient, time)
    if (fromServer?.hole !== undefined) this.#reassembler.review(flow, 1, fromServer, time)
    this.#closeIfDone(flow, time)
  }

  /** Deliver whatever still waits, with its gaps. Gives the end that was seen, if there was one. A side that was never seen has no gaps. */
  flush(flow: FlowState, time: number): 'closed' | 'reset' | undefined {
    const { fromClient, fromServer } = flow
    if (fromClient === undefined || fromServer === undefined) return undefined
    if (flow.packetsFromClient > 0) this.#reassembler.flush(flow, 0, fromClient, time)
    if (flow.packetsFromServer > 0) this.#reassembler.flush(flow, 1, fromServer, time)
    this.#reassembler.closeIfDone(flow, 0, fromClient, time)
    this.#reassembler.closeIfDone(flow, 1, fromServer, time)
    if (isReset(fromClient) || isReset(fromServer)) return 'reset'
    return fromClient.closed && fromServer.closed ? 'closed' : undefined
  }

  /** The sender has everything of the other side up to here. */
  #acknowledge(flow: FlowState, direction: Direction, other: TcpStream, acknowledgment: number, time: number): void {
    // The SYN-ACK may be the packet that was lost: the acknowledgment tells where that direction begins.
    const isFirstWord = !other.known && !flow.midstream
    if (isFirstWord || (acknowledgment === other.formerInitial && other.isUntouched)) other.start(acknowledgment)
    other.acknowledge(acknowledgment)
    if (other.hole !== undefined) this.#reassembler.review(flow, opposite(direction), other, time)
  }

  /** FIN: all bytes of this side are sent. One that lies behind what was delivered is not this connection's. */
  #finish(flow: FlowState, direction: Direction, stream: TcpStream, end: number, time: number): void {
    if (!stream.known) stream.start(end)
    const ahead = (end - stream.next) | 0
    if (stream.finSeen || ahead < 0 || ahead > MAX_AHEAD) return
    stream.finSeen = true
    stream.finSequence = end
    if (ahead > 0) this.#reassembler.endAhead(stream, end, time)
    else this.#reassembler.endSeen(flow, direction, stream, time)
  }

  #reset(flow: FlowState, stream: TcpStream, sequence: number, time: number): void {
    const ahead = stream.known ? (sequence - stream.next) | 0 : 0
    if (Math.abs(ahead) > RESET_WINDOW) return
    if (ahead <= 0 || stream.isHeard(sequence)) this.#end(flow, 'reset', time)
    else if (stream.resetSequence === undefined) {
      stream.resetSequence = sequence
      this.#reassembler.endAhead(stream, sequence, time)
    }
  }

  #closeIfDone(flow: FlowState, time: number): void {
    const { fromClient, fromServer } = flow
    if (fromClient === undefined || fromServer === undefined) return
    if (isReset(fromClient) || isReset(fromServer)) {
      this.#end(flow, 'reset', time)
      return
    }
    this.#reassembler.closeIfDone(flow, 0, fromClient, time)
    this.#reassembler.closeIfDone(flow, 1, fromServer, time)
    if (isOver(fromClient, flow.packetsFromClient) && isOver(fromServer, flow.packetsFromServer)) this.#end(flow, 'closed', time)
  }
}

/** How likely it is that a port serves. */
function service(port: number): number {
  if (SERVER_PORTS.has(port)) return 2
  return port < FIRST_USER_PORT ? 1 : 0
}

/** A mirror may show a reset before the bytes that were sent before it. */
function isReset(stream: TcpStream): boolean {
  return stream.resetSequence !== undefined && stream.isHeard(stream.resetSequence)
}

/** A side that the mirror does not show is over with the other. */
function isOver(stream: TcpStream, packets: number): boolean {
  return stream.closed || packets === 0
}

/** The sender had more of the other side when it sent this than the sensor has seen: a packet is late, or lost. */
function isUnheard(flow: FlowState, direction: Direction, other: TcpStream, acknowledgment: number): boolean {
  const ahead = (acknowledgment - other.next) | 0
  if (ahead <= 0 || ahead > MAX_UNSEEN || !other.known || other.isHeard(acknowledgment)) return false
  return (direction === 0 ? flow.packetsFromServer : flow.packetsFromClient) > 0
}
