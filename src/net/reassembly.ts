import type { Direction, FlowHandler } from './flow.ts'
import type { FlowState } from './flow-state.ts'

/** Segments remembered to tell a retransmission from other bytes at the same place. */
const HISTORY = 8
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
  pending: Segment[] | undefined
  pendingBytes = 0
  holeTime = 0
  holeSegments = 0
  /** Last packet, to recognize one that the mirror sent twice. */
  lastSequence = 0
  lastAcknowledgment = 0
  lastLength = -1
  lastId = 0
  lastTime = 0
  #history: Int32Array | undefined
  #historyAt = 0

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
    return this.next === this.initial && this.pending === undefined
  }

  /** Remember a segment that was delivered whole. */
  remember(sequence: number, data: Uint8Array, at: number, length: number): void {
    this.#history ??= new Int32Array(HISTORY * 3)
    const slot = this.#historyAt * 3
    this.#history[slot] = sequence
    this.#history[slot + 1] = length
    this.#history[slot + 2] = sample(data, at, length)
    this.#historyAt = (this.#historyAt + 1) % HISTORY
  }

  /** True when a remembered segment of the same place and length had other bytes. */
  conflicts(sequence: number, data: Uint8Array, at: number, length: number): boolean {
    const history = this.#history
    if (history === undefined || length <= 1) return false
    for (let slot = 0; slot < history.length; slot += 3)
      if (history[slot] === sequence && history[slot + 1] === length) return history[slot + 2] !== sample(data, at, length)
    return false
  }
}

/** A cheap sum over up to 32 bytes spread over a segment. */
function sample(data: Uint8Array, at: number, length: number): number {
  const step = Math.max(1, length >>> 5)
  let sum = length
  for (let index = 0; index < length; index += step) sum = (Math.imul(sum, 31) + data[at + index]) | 0
  return (Math.imul(sum, 31) + data[at + length - 1]) | 0
}

/** Puts TCP segments in order and hands the bytes on: each once, the first copy of a byte wins, what is lost becomes a gap. */
export class Reassembler {
  readonly #limits: ReassemblyLimits
  readonly #handler: FlowHandler
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
    this.#insert(this.#hole(stream, time), stream, { sequence, bytes: NO_BYTES, length: 0 })
  }

  /** Give up holes that will not be filled any more. */
  review(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    for (let first = stream.pending?.[0]; first !== undefined && this.#isLost(stream, first, time); first = stream.pending?.[0]) {
      this.#skipTo(flow, direction, stream, first.sequence, time)
      this.#drain(flow, direction, stream, time)
    }
  }

  /** What is missing in front of `first` will not come any more, or there is no room to wait for it. */
  #isLost(stream: TcpStream, first: Segment, time: number): boolean {
    if (stream.pendingBytes > this.#limits.bytesPerFlow || this.#bytes > this.#limits.bytesTotal) {
      this.limitHits++
      return true
    }
    const age = time - stream.holeTime
    const waited = stream.holeSegments >= PATIENCE_SEGMENTS || age >= PATIENCE_TIME
    const acknowledged = !stream.hasAcknowledgment || ((stream.acknowledged - first.sequence) | 0) >= 0
    return (acknowledged && waited) || age >= HOLE_TIME_OUT
  }

  /** The stream is over: deliver what waits, with its gaps, and the loss at its end that the receiver's acknowledgments tell of. */
  flush(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    for (let first = stream.pending?.[0]; first !== undefined; first = stream.pending?.[0]) {
      this.#skipTo(flow, direction, stream, first.sequence, time)
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
    if (stream.pending === undefined) {
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
      stream.remember(stream.next, data, at, captured)
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
    if (stream.conflicts(sequence, data, at, captured)) {
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
    const pending = this.#hole(stream, time)
    const last = pending.at(-1)
    if (last === undefined || ((sequence - last.sequence) | 0) >= last.length) {
      this.#insert(pending, stream, { sequence, bytes: data.slice(at, at + captured), length })
      return
    }
    const pieces: Segment[] = []
    const piece = (from: number, to: number): void => {
      const begin = Math.min(from, captured)
      pieces.push({ sequence: (sequence + from) | 0, bytes: data.slice(at + begin, at + Math.min(to, captured)), length: to - from })
    }
    let covered = 0
    let conflict = false
    for (const kept of pending) {
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
    for (const kept of pieces) this.#insert(pending, stream, kept)
  }

  /** What waits behind the hole in front of it; the hole is opened when there was none. */
  #hole(stream: TcpStream, time: number): Segment[] {
    if (stream.pending === undefined) {
      stream.pending = []
      stream.holeTime = time
      stream.holeSegments = 0
    }
    stream.holeSegments++
    return stream.pending
  }

  #insert(pending: Segment[], stream: TcpStream, segment: Segment): void {
    let index = pending.length
    while (index > 0 && ((pending[index - 1].sequence - segment.sequence) | 0) > 0) index--
    pending.splice(index, 0, segment)
    stream.pendingBytes += segment.bytes.length + SEGMENT_COST
    this.#bytes += segment.bytes.length + SEGMENT_COST
  }

  /** Deliver kept segments that are next. */
  #drain(flow: FlowState, direction: Direction, stream: TcpStream, time: number): void {
    const { pending } = stream
    if (pending === undefined) return
    while (pending.length > 0) {
      const [segment] = pending
      const behind = (stream.next - segment.sequence) | 0
      if (behind < 0) break
      pending.shift()
      stream.pendingBytes -= segment.bytes.length + SEGMENT_COST
      this.#bytes -= segment.bytes.length + SEGMENT_COST
      if (behind >= segment.length) continue
      const skip = Math.min(behind, segment.bytes.length)
      this.#deliver(flow, direction, stream, segment.bytes, skip, segment.bytes.length - skip, segment.length - behind, time)
    }
    stream.holeTime = time
    stream.holeSegments = 0
    if (pending.length === 0) stream.pending = undefined
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
