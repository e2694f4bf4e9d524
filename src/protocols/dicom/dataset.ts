import { constants, inflateRawSync } from 'node:zlib'
import { DeflatedLittleEndian, ExplicitBigEndian, GeImplicitLittleEndian, ImplicitLittleEndian } from './uids.ts'

/** How the elements of a data set are written. */
export interface Encoding {
  readonly explicit: boolean
  readonly bigEndian: boolean
  readonly deflated: boolean
}

/** Encoding of a transfer syntax (PS3.5 §10, annex A): all but four are explicit VR little endian. */
export function encodingOf(transferSyntax: string | undefined): Encoding | undefined {
  if (transferSyntax === undefined) return undefined
  return {
    explicit: transferSyntax !== ImplicitLittleEndian && transferSyntax !== GeImplicitLittleEndian,
    bigEndian: transferSyntax === ExplicitBigEndian,
    deflated: transferSyntax === DeflatedLittleEndian,
  }
}

/** Guess the encoding from the first element, whose group is small: for associations whose negotiation was not seen. */
export function guessEncoding(data: Buffer, length: number): Encoding | undefined {
  if (length < 8) return undefined
  const bigEndian = data[0] === 0 && data[1] !== 0
  return { explicit: isVr(data, 4), bigEndian, deflated: false }
}

/** An element as it lies in the data: its value is `data[from .. from + length)`. */
export interface Element {
  readonly tag: number
  readonly vr: string | undefined
  readonly from: number
  readonly length: number
  /** 0 at the top, 1 within a sequence's item, and so on. */
  readonly depth: number
}

export type WalkEnd = 'complete' | 'more' | 'malformed' | 'pixels'

/** Where the walk ended; with `pixels`, `at` is where the value of the pixel data begins. */
export interface Walk {
  readonly end: WalkEnd
  readonly at: number
}

const PIXEL_TAGS: ReadonlySet<number> = new Set([0x7fe00008, 0x7fe00009, 0x7fe00010])
const UNDEFINED_LENGTH = 0xffffffff
const MAX_DEPTH = 16
const MAX_ELEMENTS = 20_000
const LONG_VRS: ReadonlySet<string> = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])

interface Frame {
  /** Where the sequence or item ends; -1 for a delimiter. */
  readonly end: number
  readonly isItem: boolean
  /** Within a UN of undefined length the items are implicit VR little endian (PS3.5 §6.2.2). */
  readonly encoding: Encoding
}

/**
 * Walk the elements of a data set (PS3.5 §7):
 *   implicit: group 2, element 2, length 4, value
 *   explicit: group 2, element 2, VR 2, length 2, value; or VR 2, reserved 2, length 4, value
 * Stops at pixel data, at the end of `data[0 .. to)`, or at nonsense. Sequences are entered when `enter` is set, else passed over where their
 * length is known.
 */
export function walkDataset(data: Buffer, to: number, encoding: Encoding, enter: boolean, visit: (element: Element) => void): Walk {
  const frames: Frame[] = []
  let at = 0
  for (let elements = 0; elements < MAX_ELEMENTS; elements++) {
    while (frames.length > 0 && (frames.at(-1) as Frame).end >= 0 && at >= (frames.at(-1) as Frame).end) frames.pop()
    if (at >= to) return { end: at === to && frames.length === 0 ? 'complete' : 'more', at }
    if (to - at < 8) return { end: 'more', at }
    const current = frames.at(-1)?.encoding ?? encoding
    const tag = readTag(data, at, current.bigEndian)
    if (tag >>> 16 === 0xfffe) {
      const length = u32(data, at + 4, current.bigEndian)
      at += 8
      if (tag === 0xfffee000) {
        if (frames.length >= MAX_DEPTH * 2) return { end: 'malformed', at }
        frames.push({ end: length === UNDEFINED_LENGTH ? -1 : at + length, isItem: true, encoding: current })
      } else if (frames.length > 0) frames.pop()
      continue
    }
    const header = readHeader(data, at, to, current)
    if (header === undefined) return { end: 'more', at }
    if (header === 'malformed') return { end: 'malformed', at }
    const { vr, length, from } = header
    const depth = frames.reduce((count, frame) => count + (frame.isItem ? 1 : 0), 0)
    if (depth === 0 && PIXEL_TAGS.has(tag)) return { end: 'pixels', at: from }
    const undefinedLength = length === UNDEFINED_LENGTH
    const isSequence = undefinedLength || vr === 'SQ' || (enter && vr === undefined && isItemTag(data, from, to, current))
    visit({ tag, vr: isSequence ? 'SQ' : vr, from, length: undefinedLength ? 0 : length, depth })
    if (isSequence && (undefinedLength || enter)) {
      if (frames.length >= MAX_DEPTH * 2) return { end: 'malformed', at }
      const inner = vr === 'UN' ? { explicit: false, bigEndian: false, deflated: false } : current
      frames.push({ end: undefinedLength ? -1 : from + length, isItem: false, encoding: inner })
      at = from
      continue
    }
    if (length > to - from) return { end: 'more', at }
    at = from + length
  }
  return { end: 'malformed', at }
}

interface Header {
  readonly vr: string | undefined
  readonly length: number
  readonly from: number
}

function readHeader(data: Buffer, at: number, to: number, { explicit, bigEndian }: Encoding): Header | 'malformed' | undefined {
  if (!explicit) return { vr: undefined, length: u32(data, at + 4, bigEndian), from: at + 8 }
  if (!isVr(data, at + 4)) return 'malformed'
  const vr = data.toString('latin1', at + 4, at + 6)
  if (!LONG_VRS.has(vr)) return { vr, length: bigEndian ? data.readUInt16BE(at + 6) : data.readUInt16LE(at + 6), from: at + 8 }
  return to - at < 12 ? undefined : { vr, length: u32(data, at + 8, bigEndian), from: at + 12 }
}

function readTag(data: Buffer, at: number, bigEndian: boolean): number {
  const [group, element] = bigEndian
    ? [data.readUInt16BE(at), data.readUInt16BE(at + 2)]
    : [data.readUInt16LE(at), data.readUInt16LE(at + 2)]
  return group * 65_536 + element
}

function u32(data: Buffer, at: number, bigEndian: boolean): number {
  return bigEndian ? data.readUInt32BE(at) : data.readUInt32LE(at)
}

function isVr(data: Buffer, at: number): boolean {
  return data[at] >= 0x41 && data[at] <= 0x5a && data[at + 1] >= 0x41 && data[at + 1] <= 0x5a
}

function isItemTag(data: Buffer, at: number, to: number, { bigEndian }: Encoding): boolean {
  return to - at >= 8 && readTag(data, at, bigEndian) === 0xfffee000
}

/** Least compressed input that is tried: at 1:1032 (RFC 1951) it cannot exceed what is allowed. */
const MIN_DEFLATED = 32

/**
 * The beginning of a deflated data set, inflated to at most `limit` bytes. What is cut off in the middle still gives what it can; of input
 * that swells beyond sixteen times the limit a shorter piece is taken.
 */
export function inflateHead(data: Buffer, length: number, limit: number): Buffer | undefined {
  for (let size = length; size > 0; size = size > MIN_DEFLATED ? Math.max(MIN_DEFLATED, size >>> 2) : 0) {
    try {
      return inflateRawSync(data.subarray(0, size), { maxOutputLength: limit * 16, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, limit)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') return undefined
    }
  }
  return undefined
}
