import type { Direction, FlowHandler } from './flow.ts'
import type { FlowState } from './flow-state.ts'
import { SegmentHistory } from './segment-history.ts'

/** A hole that the receiver has acknowledged is given up after so many more segments, or so long; mirror ports reorder a little. */
const PATIENCE_SEGMENTS = 16
const PATIENCE_TIME = 200_000
/** A hole that nobody acknowledges (other direction unseen) is given up after this, µs. */
const HOLE_TIME_OUT = 10_000_000
/** A jump beyond any window, ahead or back, is another conversation's packet. */
export const MAX_AHEAD = 1 << 30
/** What a kept segment costs besides its bytes, so that a flood of tiny ones hits the limits too. */
const SEGMENT_COST = 128
const NO_BYTES = new Uint8Array(0)

export interface ReassemblyLimits {
  readonly bytesPerFlow: number
  readonly bytesTotal: number
}

interface Segment {
  readonly sequence: number
  readonly bytes: Uint8Array
  /** Bytes on the wire; more than `bytes` when the capture cut the packet. */
  readonly length: number
}

/** Missing bytes, and what came behind them. */
class Hole {
  /** In order of sequence numbers; never empty. */
  readonly segments: Segment[] = []
  bytes = 0
  /** When it opened, or was last filled a little, and how many segments came since. */
  time: number
  waited = 0

  constructor(time: number) {
    this.time = time
  }
}

/** What one side sends: where its stream stands. Sequence numbers are 32-bit integers compared by difference. */
export class TcpStream {
  known = false
  next = 0
  /** Sequence number of the first byte of the stream that was seen. */
  initial = 0
  /** Where another SYN said that it begins; counts again when the other side acknowledges that one. */
  formerInitial: number | undefined
  /** Highest acknowledgment that the other side sent for this stream. */
  acknowledged = 0
  hasAcknowledgment = false
  finSequence = 0
  finSeen = false
  closed = false
  /** What waits behind missing bytes. */
  hole: Hole | undefined

  start(sequence: number): void {
    if (this.known) {
      this.formerInitial = this.initial
      this.hasAcknowledgment = false
    }
    this.known = true
    this.next = sequence
    this.initial = sequence
  }

  /** True while none of its bytes was delivered or kept. */
  get isUntouched(): boolean {
    return this.next === this.initial && this.hole === undefined
  }
}

/** Puts TCP segments in order and hands the bytes on: each once, the first copy of a byte wins, what is lost becomes a gap. */
export class Reassembler {
  readonly #limits: ReassemblyLimits
  readonly #handler: FlowHandler
  readonly #history = new SegmentHistory()
  #bytes = 0
  retransmits = 0
  outOfOrder = 0
  conflicts = 0
  limitHits = 0
  /** Bytes that a receiver acknowledged and the sensor never saw. */
  lostBytes = 0

  constructor(limits: ReassemblyLimits, handler: FlowHandler) {
    this.#limits = limits
    this.#handler = handler
  }

  /** True when a segment was delivered at the same place with other bytes. */
  contradicts(flow: FlowState, direction: Direction, sequence: number, data: Uint8Array, at: number, length: number): boolean {
    return this.#history.conflicts(flow, direction, sequence, data, at, length)
  }

  /** Payload of one segment: `captured` bytes of `length` on the wire. */
  segment(
    flow: FlowState,
    direction: Direction,
    stream: TcpStream,
    sequence: number,
    data: Uint8Array,
    at: number,
    captured: number,
    length: number,
    time: number,
  ): void {
    if (!stream.known) stream.start(sequence)
    const ahead = (sequence - stream.next) | 0
    if (ahead === 0) {
      this.#next(flow, direction, stream, data, at, captured, length, time)
      return
    }
    if (ahead > MAX_AHEAD || ahead < -MAX_AHEAD) return
    if (ahead < 0) {
      this.#old(flow, direction, stream, sequence, data, at, captured, length, time)
      return
    }
    this.outOfOrder++
    this.#keep(flow, stream, sequence, data, at, captured, length, time)
    this.review(flow, direction, stream, time)
  }

  /** The end of a direction was seen ahead of bytes that are still missing. */
  endAhead(stream: TcpStream, sequence: number, time: number): void {
    this.#insert(this.#hole(stream, time), { sequence, bytes: NO_BYTES, length: 0 })
  }

  /** Give up holes that will not be filled any more. */
  review(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    for (let { hole } = stream; hole !== undefined && this.#isLost(stream, hole, time); { hole } = stream) {
      this.#skipTo(flow, direction, stream, hole.segments[0].sequence, time)
      this.#drain(flow, direction, stream, time)
    }
  }

  /** What is missing will not come any more, or there is no room to wait for it. */
  #isLost(stream: TcpStream, hole: Hole, time: number): boolean {
    if (hole.bytes > this.#limits.bytesPerFlow || this.#bytes > this.#limits.bytesTotal) {
      this.limitHits++
      return true
    }
    const age = time - hole.time
    const waited = hole.waited >= PATIENCE_SEGMENTS || age >= PATIENCE_TIME
    const acknowledged = !stream.hasAcknowledgment || ((stream.acknowledged - hole.segments[0].sequence) | 0) >= 0
    return (acknowledged && waited) || age >= HOLE_TIME_OUT
  }

  /** The stream is over: deliver what waits, with its gaps, and the loss at its end that the receiver's acknowledgments tell of. */
  flush(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    for (let { hole } = stream; hole !== undefined; { hole } = stream) {
      this.#skipTo(flow, direction, stream, hole.segments[0].sequence, time)
      this.#drain(flow, direction, stream, time)
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

  /** Bytes that are next: where segments wait behind them, up to the first of those, which came before. */
  #next(
    flow: FlowState,
    direction: Direction,
    stream: TcpStream,
    data: Uint8Array,
    at: number,
    captured: number,
    length: number,
    time: number,
  ): void {
    if (stream.hole === undefined) {
      this.#deliver(flow, direction, stream, data, at, captured, length, time)
      return
    }
    this.#keep(flow, stream, stream.next, data, at, captured, length, time)
    this.#drain(flow, direction, stream, time)
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

  /** A segment that begins before the stream's end: a retransmission, perhaps with new bytes behind. */
  #old(
    flow: FlowState,
    direction: Direction,
    stream: TcpStream,
    sequence: number,
    data: Uint8Array,
    at: number,
    captured: number,
    length: number,
    time: number,
  ): void {
    const overlap = (stream.next - sequence) | 0
    this.retransmits++
    if (this.contradicts(flow, direction, sequence, data, at, captured)) {
      this.conflicts++
      flow.overlapConflicts++
    }
    if (overlap >= length) return
    const skip = Math.min(overlap, captured)
    this.#next(flow, direction, stream, data, at + skip, captured - skip, length - overlap, time)
  }

  /** Keep the parts of a segment that no kept segment has. */
  #keep(
    flow: FlowState,
    stream: TcpStream,
    sequence: number,
    data: Uint8Array,
    at: number,
    captured: number,
    length: number,
    time: number,
  ): void {
    const hole = this.#hole(stream, time)
    const last = hole.segments.at(-1)
    if (last === undefined || ((sequence - last.sequence) | 0) >= last.length) {
      this.#insert(hole, { sequence, bytes: data.slice(at, at + captured), length })
      return
    }
    const pieces: Segment[] = []
    const piece = (from: number, to: number): void => {
      const begin = Math.min(from, captured)
      pieces.push({ sequence: (sequence + from) | 0, bytes: data.slice(at + begin, at + Math.min(to, captured)), length: to - from })
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
    for (const kept of pieces) this.#insert(hole, kept)
  }

  /** The hole in front of what came; opened when there was none. */
  #hole(stream: TcpStream, time: number): Hole {
    stream.hole ??= new Hole(time)
    stream.hole.waited++
    return stream.hole
  }

  #insert(hole: Hole, segment: Segment): void {
    const { segments } = hole
    let index = segments.length
    while (index > 0 && ((segments[index - 1].sequence - segment.sequence) | 0) > 0) index--
    segments.splice(index, 0, segment)
    hole.bytes += segment.bytes.length + SEGMENT_COST
    this.#bytes += segment.bytes.length + SEGMENT_COST
  }

  /** Deliver kept segments that are next. */
  #drain(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    const { hole } = stream
    if (hole === undefined) return
    const { segments } = hole
    while (segments.length > 0) {
      const [segment] = segments
      const behind = (stream.next - segment.sequence) | 0
      if (behind < 0) break
      segments.shift()
      hole.bytes -= segment.bytes.length + SEGMENT_COST
      this.#bytes -= segment.bytes.length + SEGMENT_COST
      if (behind >= segment.length) continue
      const skip = Math.min(behind, segment.bytes.length)
      this.#deliver(flow, direction, stream, segment.bytes, skip, segment.bytes.length - skip, segment.length - behind, time)
    }
    hole.time = time
    hole.waited = 0
    if (segments.length === 0) stream.hole = undefined
  }

  #skipTo(flow: FlowState, direction: Direction, stream: TcpStream, sequence: number, time: number): void {
    const missing = (sequence - stream.next) | 0
    if (missing <= 0) return
    stream.next = sequence
    if (stream.hasAcknowledgment && ((stream.acknowledged - sequence) | 0) >= 0) this.lostBytes += missing
    this.#gap(flow, direction, missing, time)
  }

  #gap(flow: FlowState, direction: Direction, length: number, time: number): void {
    if (direction === 0) flow.gapBytesFromClient += length
    else flow.gapBytesFromServer += length
    this.#handler.gap(flow, direction, length, time)
  }
}

/** True when kept bytes, which begin at `from` of a segment, are others than the segment has in that place. */
function differs(kept: Uint8Array, from: number, data: Uint8Array, at: number, captured: number): boolean {
  const end = Math.min(captured, from + kept.length)
  for (let index = Math.max(0, from); index < end; index++) if (kept[index - from] !== data[at + index]) return true
  return false
}
