import type { Memory } from '../../bytes/memory.ts'
import { HEADER_BYTES, hasDelimiters } from './delimiters.ts'

/**
 * Minimal lower layer protocol (HL7 v2.9 appendix C, TRMLLP release 2):
 *   block: <VT 0B> content <FS 1C> <CR 0D>
 *   commit acknowledgment of release 2: <VT> <ACK 06 | NAK 15> <FS> <CR>
 * and what is found in its place: no VT, no CR, no FS, other bytes between blocks, HL7 without any framing, HLLP.
 */
export const VT = 0x0b
export const FS = 0x1c
export const CR = 0x0d
export const LF = 0x0a
/** Commit acknowledgment and refusal of release 2, as the whole content of a block. */
export const MLLP_ACK = 0x06
export const MLLP_NAK = 0x15

/** Deviations of one block, as bits while the bytes pass, as codes when reported. */
export const Deviation = { MISSING_START: 1, MISSING_END: 2, MISSING_CR: 4, JUNK: 8, UNFRAMED: 16 } as const
const CODES: readonly (readonly [number, string])[] = [
  [Deviation.MISSING_START, 'missing_start_block'],
  [Deviation.MISSING_END, 'missing_end_block'],
  [Deviation.MISSING_CR, 'missing_trailing_cr'],
  [Deviation.JUNK, 'junk_between_frames'],
  [Deviation.UNFRAMED, 'unframed'],
]

export function deviationCodes(bits: number): readonly string[] {
  return bits === 0 ? [] : CODES.filter(([bit]) => (bits & bit) !== 0).map(([, code]) => code)
}

/** A block as it is handed over: `bytes[from .. to)` is its content, valid during the call only. */
export interface Block {
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
  readonly deviations: number
  /** Content beyond the limit was skipped. */
  readonly truncated: boolean
  /** Packet times of its first and last byte, and its place in the stream. */
  readonly start: number
  readonly end: number
  readonly streamOffset: number
}

const NO_BYTES = Buffer.alloc(0)
const MSH = [0x4d, 0x53, 0x48] as const
/** Where a direction stands: between blocks, inside one, or behind the FS of one whose CR is due. */
type State = 'between' | 'inside' | 'after_end'

/** Cuts one direction of a connection into blocks, whatever pieces it comes in. */
export class MllpReader {
  readonly #maxBytes: number
  readonly #memory: Memory
  readonly #deliver: (block: Block) => void
  #state: State = 'between'
  #buffer = NO_BYTES
  #used = 0
  #skipped = false
  #deviations = 0
  /** Bytes that belong to no block since the last one. */
  #junk = 0
  /** How many bytes of an unframed `MSH` were just seen; it stands at the beginning of a line. */
  #matched = 0
  #atLineStart: boolean
  #start = 0
  #end = 0
  #startOffset = 0
  /** Place in the stream of the first byte of the memory in hand. */
  #origin = 0
  #position = 0
  /** After a gap, or joined midstream: bytes up to the next block start are no one's fault. */
  #lost: boolean

  /** `memory` is where the bytes in hand lie; readers may share it. */
  constructor(maxBytes: number, memory: Memory, midstream: boolean, deliver: (block: Block) => void) {
    this.#maxBytes = maxBytes
    this.#memory = memory
    this.#lost = midstream
    this.#atLineStart = !midstream
    this.#deliver = deliver
  }

  feed(bytes: Uint8Array, offset: number, length: number, time: number): void {
    let at = this.#memory.hold(bytes) + offset
    const end = at + length
    this.#origin = this.#position - at
    while (at < end) {
      if (this.#state === 'after_end') at = this.#afterEnd(at)
      else if (this.#state === 'between') at = this.#between(at, end, time)
      else at = this.#inside(at, end, time)
    }
    this.#position += length
  }

  /** A block that ended in FS is whole even if its CR never comes: called when anything else happens on the connection. */
  settle(): void {
    if (this.#state !== 'after_end') return
    this.#finish(Deviation.MISSING_CR)
  }

  /** Bytes were lost: the block in hand is given up. */
  gap(length: number): void {
    this.settle()
    this.#reset()
    this.#lost = true
    this.#atLineStart = false
    this.#position += length
  }

  /** Nothing more comes: a block without its end is a block all the same. */
  end(): void {
    this.settle()
    if (this.#state === 'inside' && this.#used > 0) this.#finish(Deviation.MISSING_END)
    this.#reset()
  }

  /** True while a message waits for its end, or, unframed, for a sign of it. */
  get isOpen(): boolean {
    return this.#state === 'inside' && this.#used > 0
  }

  /** The message in hand began with VT. */
  get isFramed(): boolean {
    return (this.#deviations & Deviation.MISSING_START) === 0
  }

  get lastTime(): number {
    return this.#end
  }

  #between(at: number, end: number, time: number): number {
    const { bytes } = this.#memory
    for (let index = at; index < end; index++) {
      const byte = bytes[index]
      if (byte === VT) {
        this.#begin(0, this.#origin + index, time)
        return index + 1
      }
      const isNext = byte === MSH[this.#matched] && (this.#matched > 0 || this.#atLineStart)
      this.#matched = isNext ? this.#matched + 1 : 0
      this.#atLineStart = byte === CR || byte === LF || (byte === 0 && this.#atLineStart)
      if (this.#matched === MSH.length) {
        this.#junk -= MSH.length - 1
        this.#begin(Deviation.MISSING_START, this.#origin + index - 2, time)
        this.#append(Buffer.from(MSH), 0, MSH.length)
        return index + 1
      }
      if (byte !== CR && byte !== LF && byte !== 0) this.#junk++
    }
    return end
  }

  #begin(deviation: number, streamOffset: number, time: number): void {
    this.#state = 'inside'
    this.#deviations = deviation | (this.#junk > 0 && !this.#lost ? Deviation.JUNK : 0)
    this.#junk = 0
    this.#matched = 0
    this.#used = 0
    this.#skipped = false
    this.#start = time
    this.#startOffset = streamOffset
  }

  #inside(at: number, end: number, time: number): number {
    const { bytes, view } = this.#memory
    const stop = findFrame(view, at, end)
    const isEnd = stop < end && bytes[stop] === FS
    this.#end = time
    if ((this.#deviations & Deviation.MISSING_START) !== 0) {
      const restart = this.#unframed(at, stop)
      if (restart !== undefined) return restart
    } else if (isEnd && stop - at <= this.#maxBytes && this.#used === 0 && stop + 1 < end && bytes[stop + 1] === CR) {
      this.#handOver(bytes, at, stop)
      return stop + 2
    } else this.#append(bytes, at, stop)
    if (stop === end) return end
    if (!isEnd) {
      this.#finish(Deviation.MISSING_END)
      return stop
    }
    this.#state = 'after_end'
    return stop + 1
  }

  /** Take in bytes of a message that had no VT. A line that begins with MSH ends it, too: then gives where to go on. */
  #unframed(at: number, stop: number): number | undefined {
    const before = this.#used
    this.#append(this.#memory.bytes, at, stop)
    const next = this.#nextMessage(Math.max(1, before - HEADER_BYTES))
    if (next < 0) return undefined
    const carried = Buffer.from(this.#buffer.subarray(next, Math.max(next, before)))
    const streamOffset = this.#startOffset + next
    this.#used = next
    this.#finish(Deviation.MISSING_END)
    if (carried.length === 0) return at + next - before
    this.#begin(Deviation.MISSING_START, streamOffset, this.#end)
    this.#append(carried, 0, carried.length)
    return at
  }

  /** Where, from `from` on, the buffer has a line that begins with MSH and its delimiters. */
  #nextMessage(from: number): number {
    const used = this.#buffer.subarray(0, this.#used)
    for (let found = used.indexOf('MSH', from); found >= 0; found = used.indexOf('MSH', found + 1)) {
      const before = used[found - 1]
      if ((before === CR || before === LF) && hasDelimiters(used, found, used.length) === true) return found
    }
    return -1
  }

  #afterEnd(at: number): number {
    const isCr = this.#memory.bytes[at] === CR
    this.#finish(isCr ? 0 : Deviation.MISSING_CR)
    return isCr ? at + 1 : at
  }

  #append(bytes: Buffer, from: number, to: number): void {
    const room = Math.min(to - from, this.#maxBytes - this.#used)
    if (room < to - from) this.#skipped = true
    if (room <= 0) return
    if (this.#used + room > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(4096, (this.#used + room) * 2)))
      this.#buffer.copy(grown, 0, 0, this.#used)
      this.#buffer = grown
    }
    bytes.copy(this.#buffer, this.#used, from, from + room)
    this.#used += room
  }

  #finish(deviation: number): void {
    const unframed =
      (deviation & Deviation.UNFRAMED) !== 0 ||
      ((this.#deviations & Deviation.MISSING_START) !== 0 && (deviation & Deviation.MISSING_END) !== 0)
    const bits = unframed ? (this.#deviations & ~Deviation.MISSING_START) | Deviation.UNFRAMED : this.#deviations | deviation
    this.#deviations = bits
    this.#handOver(this.#buffer, 0, this.#used)
    if (this.#buffer.length > 65_536) this.#buffer = NO_BYTES
  }

  #handOver(bytes: Buffer, from: number, to: number): void {
    const block: Block = {
      bytes,
      from,
      to,
      deviations: this.#deviations,
      truncated: this.#skipped,
      start: this.#start,
      end: this.#end,
      streamOffset: this.#startOffset,
    }
    this.#lost = false
    this.#reset()
    this.#deliver(block)
  }

  #reset(): void {
    this.#state = 'between'
    this.#atLineStart = true
    this.#used = 0
    this.#matched = 0
    this.#junk = 0
    this.#deviations = 0
    this.#skipped = false
  }
}

/** The next FS or VT; `end` when there is none. Four bytes at a time: besides these, a message has hardly a byte below a space but its CRs. */
function findFrame(view: DataView, from: number, end: number): number {
  let at = from
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true)
    if (((word - 0x20202020) & ~word & 0x80808080) !== 0) {
      const found = frameIn(view, at, at + 4)
      if (found >= 0) return found
    }
  }
  const found = frameIn(view, at, end)
  return found < 0 ? end : found
}

function frameIn(view: DataView, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const byte = view.getUint8(at)
    if (byte === FS || byte === VT) return at
  }
  return -1
}
