/** A jump beyond any window, ahead or back, is another conversation's packet. */
export const MAX_AHEAD = 1 << 30
/** What a kept segment costs besides its bytes, so that a flood of tiny ones hits the limits too. */
const SEGMENT_COST = 128

/** A segment that waits. */
export interface Segment {
  readonly sequence: number
  readonly bytes: Uint8Array
  /** Bytes on the wire; more than `bytes` when the capture cut the packet. */
  readonly length: number
  /** How much of the other side its sender had when it sent this, where the sensor has seen less. */
  readonly needs: number | undefined
}

/** Segments that wait for missing bytes in front of them, or for bytes of the other side that they answer. */
export class Hole {
  /** In order of sequence numbers; never empty. */
  readonly segments: Segment[] = []
  bytes = 0
  /** When it opened, or was last filled a little, and how many segments came since. */
  time: number
  waited = 0

  constructor(time: number) {
    this.time = time
  }

  /** Put a segment in its place; gives what it costs. */
  insert(segment: Segment): number {
    const { segments } = this
    let index = segments.length
    while (index > 0 && ((segments[index - 1].sequence - segment.sequence) | 0) > 0) index--
    segments.splice(index, 0, segment)
    const cost = segment.bytes.length + SEGMENT_COST
    this.bytes += cost
    return cost
  }

  /** Take the first segment away; gives what it cost. */
  shift(): number {
    const segment = this.segments.shift()
    const cost = segment === undefined ? 0 : segment.bytes.length + SEGMENT_COST
    this.bytes -= cost
    return cost
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
  /** Highest and latest acknowledgment that the other side sent for this stream. */
  acknowledged = 0
  latestAcknowledged = 0
  hasAcknowledgment = false
  finSequence = 0
  finSeen = false
  /** Where a reset stands, behind bytes that are still missing. */
  resetSequence: number | undefined
  closed = false
  /** What waits. */
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

  acknowledge(acknowledgment: number): void {
    this.latestAcknowledged = acknowledgment
    if (this.hasAcknowledgment && ((acknowledgment - this.acknowledged) | 0) <= 0) return
    this.hasAcknowledgment = true
    this.acknowledged = acknowledgment
  }

  /** True while none of its bytes was delivered or kept. */
  get isUntouched(): boolean {
    return this.next === this.initial && this.hole === undefined
  }

  /** True when all that the other side acknowledged up to `acknowledgment` was delivered. A FIN takes a number and has no byte. */
  isHeard(acknowledgment: number): boolean {
    return ((this.next - acknowledgment) | 0) >= 0 || (this.finSeen && ((this.next - this.finSequence) | 0) >= 0)
  }
}
