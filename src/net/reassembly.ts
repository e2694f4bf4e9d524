import { type Direction, type FlowHandler, opposite } from './flow.ts'
import type { FlowState } from './flow-state.ts'
import { SegmentHistory } from './segment-history.ts'
import { Hole, MAX_AHEAD, type Segment, type TcpStream } from './tcp-stream.ts'

/** A hole that the receiver has acknowledged is given up after so many more segments, or so long; mirror ports reorder a little. */
const PATIENCE_SEGMENTS = 16
const PATIENCE_TIME = 200_000
/** A hole that nobody acknowledges (other direction unseen) is given up after this, µs. */
const HOLE_TIME_OUT = 10_000_000
const NO_BYTES = new Uint8Array(0)

export interface ReassemblyLimits {
  readonly bytesPerFlow: number
  readonly bytesTotal: number
}

/** A segment that cannot be handed on as it comes: `data[at .. at+captured)` of `length` bytes on the wire. */
interface Arrival {
  readonly flow: FlowState
  readonly direction: Direction
  readonly stream: TcpStream
  readonly sequence: number
  readonly needs: number | undefined
  readonly data: Uint8Array
  readonly at: number
  readonly captured: number
  readonly length: number
  readonly time: number
}

/**
 * Puts TCP segments in order and hands the bytes on: each once, the first copy of a byte wins, what is lost becomes a gap. The order is that
 * of the conversation: what answers bytes of the other side comes after those, even where the mirror swapped them.
 */
export class Reassembler {
  readonly #limits: ReassemblyLimits
  readonly #handler: FlowHandler
  readonly #onLoss: (flow: FlowState, bytes: number) => void
  readonly #history = new SegmentHistory()
  #bytes = 0
  retransmits = 0
  outOfOrder = 0
  conflicts = 0
  limitHits = 0
  /** Bytes that a receiver acknowledged and the sensor never saw. */
  lostBytes = 0

  /** `onLoss` hears of bytes that a receiver acknowledged and that were never seen. */
  constructor(limits: ReassemblyLimits, handler: FlowHandler, onLoss: (flow: FlowState, bytes: number) => void) {
    this.#limits = limits
    this.#handler = handler
    this.#onLoss = onLoss
  }

  /** True when a segment was delivered at the same place with other bytes. */
  contradicts(flow: FlowState, direction: Direction, sequence: number, data: Uint8Array, at: number, length: number): boolean {
    return this.#history.conflicts(flow, direction, sequence, data, at, length)
  }

  /**
   * Payload of one segment: `captured` bytes of `length` on the wire. `needs` is how much of the other side its sender had, where the sensor
   * has seen less.
   */
  segment(
    flow: FlowState,
    direction: Direction,
    stream: TcpStream,
    sequence: number,
    needs: number | undefined,
    data: Uint8Array,
    at: number,
    captured: number,
    length: number,
    time: number,
  ): void {
    if (!stream.known) stream.start(sequence)
    const ahead = (sequence - stream.next) | 0
    if (ahead === 0 && stream.hole === undefined && needs === undefined) {
      this.#deliver(flow, direction, stream, data, at, captured, length, time)
      if (otherOf(flow, direction)?.hole !== undefined) this.#settle(flow, time)
    } else if (ahead <= MAX_AHEAD && ahead >= -MAX_AHEAD)
      this.#arrive({ flow, direction, stream, sequence, needs, data, at, captured, length, time }, ahead)
  }

  #arrive(arrival: Arrival, ahead: number): void {
    const { flow, direction, stream, time } = arrival
    if (ahead > 0) this.outOfOrder++
    const news = ahead < 0 ? this.#newsOf(arrival, -ahead) : arrival
    if (news === undefined) return
    this.#keep(news)
    if (ahead <= 0) this.#settle(flow, time)
    this.review(flow, direction, stream, time)
  }

  /** The end of a direction was seen ahead of bytes that are still missing. */
  endAhead(stream: TcpStream, sequence: number, time: number): void {
    this.#bytes += this.#hole(stream, time).insert({ sequence, bytes: NO_BYTES, length: 0, needs: undefined })
  }

  /** The end of a direction was seen, and all its bytes: what the other side answered to it waits no longer. */
  endSeen(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    if (otherOf(flow, direction)?.hole === undefined) return
    this.closeIfDone(flow, direction, stream, time)
    this.#settle(flow, time)
  }

  /** Give up waiting for what will not come any more. */
  review(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    for (let { hole } = stream; hole !== undefined; { hole } = stream) {
      const [first] = hole.segments
      const isInOrder = ((first.sequence - stream.next) | 0) <= 0
      if (!this.#isLost(stream, hole, isInOrder, time)) return
      if (isInOrder) this.#giveUpOther(flow, direction, first, time)
      else this.#skipTo(flow, direction, stream, first.sequence, time)
      this.#settle(flow, time)
    }
  }

  /** The stream is over: deliver what waits, with its gaps, and the loss at its end that the receiver's acknowledgments tell of. */
  flush(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    for (let { hole } = stream; hole !== undefined; { hole } = stream) {
      const [first] = hole.segments
      if (((first.sequence - stream.next) | 0) > 0) this.#skipTo(flow, direction, stream, first.sequence, time)
      else this.#giveUpOther(flow, direction, first, time)
      this.#settle(flow, time)
    }
    if (!stream.known || !stream.hasAcknowledgment) return
    const end = stream.finSeen && ((stream.acknowledged - stream.finSequence) | 0) > 0 ? stream.finSequence : stream.acknowledged
    const missing = (end - stream.next) | 0
    if (missing > 0 && missing < MAX_AHEAD && !stream.closed) this.#skipTo(flow, direction, stream, end, time)
  }

  /** Report the end of a direction once all its bytes were delivered. */
  closeIfDone(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    if (!stream.finSeen || stream.closed || ((stream.next - stream.finSequence) | 0) < 0) return
    stream.closed = true
    this.#handler.halfClosed(flow, direction, time)
  }

  /** What is waited for will not come any more, or there is no room to wait for it. */
  #isLost(stream: TcpStream, hole: Hole, isInOrder: boolean, time: number): boolean {
    if (hole.bytes > this.#limits.bytesPerFlow || this.#bytes > this.#limits.bytesTotal) {
      this.limitHits++
      return true
    }
    const age = time - hole.time
    const waited = hole.waited >= PATIENCE_SEGMENTS || age >= PATIENCE_TIME
    const acknowledged = isInOrder || !stream.hasAcknowledgment || ((stream.acknowledged - hole.segments[0].sequence) | 0) >= 0
    return (acknowledged && waited) || age >= HOLE_TIME_OUT
  }

  /** The bytes of the other side that a segment answers were lost, unless what it says of them was never confirmed. */
  #giveUpOther(flow: FlowState, direction: Direction, segment: Segment, time: number): void {
    const { needs } = segment
    const other = otherOf(flow, direction)
    const hole = direction === 0 ? flow.fromClient?.hole : flow.fromServer?.hole
    if (needs === undefined || other === undefined || hole === undefined) return
    hole.segments[0] = { ...segment, needs: undefined }
    const isConfirmed = ((other.latestAcknowledged - needs) | 0) >= 0
    const missing = (needs - other.next) | 0
    if (!isConfirmed || missing <= 0) return
    const firstKept = other.hole?.segments[0].sequence
    const end = firstKept !== undefined && ((firstKept - needs) | 0) < 0 ? firstKept : needs
    this.#skipTo(flow, opposite(direction), other, end, time)
  }

  /** What a segment that begins before the stream's end has behind it: a retransmission mostly has nothing. */
  #newsOf(arrival: Arrival, overlap: number): Arrival | undefined {
    const { flow, direction, stream, sequence, data, at, captured, length } = arrival
    this.retransmits++
    if (this.contradicts(flow, direction, sequence, data, at, captured)) {
      this.conflicts++
      flow.overlapConflicts++
    }
    if (overlap >= length) return undefined
    const skip = Math.min(overlap, captured)
    return { ...arrival, sequence: stream.next, at: at + skip, captured: captured - skip, length: length - overlap }
  }

  #deliver(
    flow: FlowState,
    direction: Direction,
    stream: TcpStream,
    data: Uint8Array,
    at: number,
    captured: number,
    length: number,
    time: number,
  ): void {
    if (captured > 0) {
      this.#history.remember(flow, direction, stream.next, data, at, captured)
      this.#handler.data(flow, direction, data, at, captured, time)
    }
    stream.next = (stream.next + length) | 0
    if (length > captured) this.#gap(flow, direction, length - captured, time)
  }

  /** Keep the parts of a segment that no kept segment has. */
  #keep({ flow, stream, sequence, needs, data, at, captured, length, time }: Arrival): void {
    const hole = this.#hole(stream, time)
    const last = hole.segments.at(-1)
    if (last === undefined || ((sequence - last.sequence) | 0) >= last.length) {
      this.#bytes += hole.insert({ sequence, bytes: data.slice(at, at + captured), length, needs })
      return
    }
    const pieces: Segment[] = []
    const piece = (from: number, to: number): void => {
      const begin = Math.min(from, captured)
      pieces.push({ sequence: (sequence + from) | 0, bytes: data.slice(at + begin, at + Math.min(to, captured)), length: to - from, needs })
    }
    let covered = 0
    let conflict = false
    for (const kept of hole.segments) {
      const from = (kept.sequence - sequence) | 0
      const to = from + kept.length
      if (to <= covered) continue
      if (from >= length) break
      if (from > covered) piece(covered, from)
      conflict ||= differs(kept.bytes, from, data, at, captured)
      covered = Math.max(covered, to)
    }
    if (covered < length) piece(covered, length)
    if (pieces.length === 0) this.retransmits++
    if (conflict) {
      this.conflicts++
      flow.overlapConflicts++
    }
    for (const kept of pieces) this.#bytes += hole.insert(kept)
  }

  /** The hole in front of what came; opened when there was none. */
  #hole(stream: TcpStream, time: number): Hole {
    stream.hole ??= new Hole(time)
    stream.hole.waited++
    return stream.hole
  }

  /** Deliver what waits no longer: bytes of one side may be what the other waited for. */
  #settle(flow: FlowState, time: number): void {
    const { fromClient, fromServer } = flow
    if (fromClient === undefined || fromServer === undefined) return
    let progress = true
    while (progress) {
      progress = this.#drain(flow, 0, fromClient, fromServer, time)
      progress = this.#drain(flow, 1, fromServer, fromClient, time) || progress
    }
  }

  /** Deliver kept segments that are next, and whose time has come. True when there was one. */
  #drain(flow: FlowState, direction: Direction, stream: TcpStream, other: TcpStream, time: number): boolean {
    const { hole } = stream
    if (hole === undefined) return false
    const { segments } = hole
    const { length: before } = segments
    while (segments.length > 0) {
      const [segment] = segments
      const behind = (stream.next - segment.sequence) | 0
      if (behind < 0 || (segment.needs !== undefined && !other.isHeard(segment.needs))) break
      this.#bytes -= hole.shift()
      if (behind >= segment.length) continue
      const skip = Math.min(behind, segment.bytes.length)
      this.#deliver(flow, direction, stream, segment.bytes, skip, segment.bytes.length - skip, segment.length - behind, time)
    }
    if (segments.length === before) return false
    hole.time = time
    hole.waited = 0
    if (segments.length === 0) stream.hole = undefined
    return true
  }

  #skipTo(flow: FlowState, direction: Direction, stream: TcpStream, sequence: number, time: number): void {
    const missing = (sequence - stream.next) | 0
    if (missing <= 0) return
    stream.next = sequence
    if (stream.hasAcknowledgment && ((stream.acknowledged - sequence) | 0) >= 0) {
      this.lostBytes += missing
      this.#onLoss(flow, missing)
    }
    this.#gap(flow, direction, missing, time)
  }

  #gap(flow: FlowState, direction: Direction, length: number, time: number): void {
    if (direction === 0) flow.gapBytesFromClient += length
    else flow.gapBytesFromServer += length
    this.#handler.gap(flow, direction, length, time)
  }
}

function otherOf(flow: FlowState, direction: Direction): TcpStream | undefined {
  return direction === 0 ? flow.fromServer : flow.fromClient
}

/** True when kept bytes, which begin at `from` of a segment, are others than the segment has in that place. */
function differs(kept: Uint8Array, from: number, data: Uint8Array, at: number, captured: number): boolean {
  const end = Math.min(captured, from + kept.length)
  for (let index = Math.max(0, from); index < end; index++) if (kept[index - from] !== data[at + index]) return true
  return false
}
