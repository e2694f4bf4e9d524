import type { Direction } from './flow.ts'
import type { FlowState } from './flow-state.ts'

/** Segments remembered of all connections together; a power of two. */
const SLOTS = 16_384
/** Words of one: flow and direction, sequence number, length, sample of the bytes. */
const WORDS = 4

/**
 * Remembers the segments delivered last, to tell a retransmission from other bytes at the same place. One table of fixed size for all
 * connections: a flow that is silent costs nothing, and a newer segment takes the place of an older one.
 */
export class SegmentHistory {
  readonly #words = new Int32Array(SLOTS * WORDS)

  /** Remember a segment that was delivered whole. */
  remember(flow: FlowState, direction: Direction, sequence: number, data: Uint8Array, at: number, length: number): void {
    const owner = ownerOf(flow, direction)
    const slot = slotOf(owner, sequence)
    const words = this.#words
    words[slot] = owner
    words[slot + 1] = sequence
    words[slot + 2] = length
    words[slot + 3] = sample(data, at, length)
  }

  /** True when a remembered segment of the same place and length had other bytes. */
  conflicts(flow: FlowState, direction: Direction, sequence: number, data: Uint8Array, at: number, length: number): boolean {
    if (length <= 1) return false
    const owner = ownerOf(flow, direction)
    const slot = slotOf(owner, sequence)
    const words = this.#words
    if (words[slot] !== owner || words[slot + 1] !== sequence || words[slot + 2] !== length) return false
    return words[slot + 3] !== sample(data, at, length)
  }
}

function ownerOf({ number }: FlowState, direction: Direction): number {
  return (number * 2 + direction) | 0
}

function slotOf(owner: number, sequence: number): number {
  const mixed = Math.imul(owner ^ Math.imul(sequence, 0x9e3779b1), 0x85ebca6b)
  return ((mixed ^ (mixed >>> 15)) & (SLOTS - 1)) * WORDS
}

/** A cheap sum over some 32 bytes spread over a segment; four at a time, because each step waits for the one before. */
function sample(data: Uint8Array, at: number, length: number): number {
  const step = Math.max(1, length >>> 5)
  const stride = step * 4
  const end = at + length
  let sum = length
  let index = at
  for (; index + stride <= end; index += stride)
    sum =
      ((sum << 5) | (sum >>> 27)) ^
      (data[index] | (data[index + step] << 8) | (data[index + step * 2] << 16) | (data[index + step * 3] << 24))
  for (; index < end; index += step) sum = ((sum << 5) | (sum >>> 27)) ^ data[index]
  return ((sum << 5) | (sum >>> 27)) ^ data[end - 1]
}
