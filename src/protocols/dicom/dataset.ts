import { constants, inflateRawSync } from 'node:zlib'
import { DEFLATED_SYNTAXES, ExplicitBigEndian, GeImplicitLittleEndian, ImplicitLittleEndian } from './uids.ts'

/** How the elements of a data set are written. */
export interface Encoding {
  readonly explicit: boolean
  readonly bigEndian: boolean
  readonly deflated: boolean
}

/** Encoding of a transfer syntax (PS3.5 §10, annex A): all but a few are explicit VR little endian. */
export function encodingOf(transferSyntax: string | undefined): Encoding | undefined {
  if (transferSyntax === undefined) return undefined
  return {
    explicit: transferSyntax !== ImplicitLittleEndian && transferSyntax !== GeImplicitLittleEndian,
    bigEndian: transferSyntax === ExplicitBigEndian,
    deflated: DEFLATED_SYNTAXES.has(transferSyntax),
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
  /** Number of the item that it stands in, counted over the whole data set; 0 at the top. */
  readonly item: number
}

/** Which sequences a walk enters. */
export type Enter = (tag: number) => boolean
export const ENTER_ALL: Enter = () => true
export const ENTER_NONE: Enter = () => false

/** Where the walk ended. */
export type Walk = { readonly end: 'complete' | 'more' | 'malformed'; readonly at: number } | BulkData

/** The walk ended at bulk data, whose value begins at `at`. */
export interface BulkData {
  readonly end: 'bulk'
  readonly at: number
  readonly tag: number
  /** Of the value; undefined where a delimiter ends it (encapsulated pixel data). */
  readonly length: number | undefined
}

const PIXEL_TAGS: ReadonlySet<number> = new Set([0x7fe00008, 0x7fe00009, 0x7fe00010])
const ENCAPSULATED_DOCUMENT = 0x00420011

/** Pixel data in any of its forms, as opposed to an encapsulated document. */
export function isPixelData(tag: number): boolean {
  return PIXEL_TAGS.has(tag)
}

/** Pixel data or an encapsulated document. */
export function isBulkData(tag: number): boolean {
  return isPixelData(tag) || tag === ENCAPSULATED_DOCUMENT
}

/** Longest header of an element. */
export const MAX_ELEMENT_HEADER = 12
export const UNDEFINED_LENGTH = 0xffffffff
/** The tag of an item, whose group is that of the delimiters too (PS3.5 §7.5). */
export const ITEM = 0xfffee000
/** Sequences and items, within one another, that are entered at most. */
export const MAX_NESTING = 32
const IMPLICIT_LE: Encoding = { explicit: false, bigEndian: false, deflated: false }
const LONG_VRS: ReadonlySet<string> = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])

interface Frame {
  /** Where the sequence or item ends; -1 for a delimiter. */
  readonly end: number
  readonly isItem: boolean
  readonly item: number
  /** Its items are fragments of encapsulated pixel data (PS3.5 §A.4), not elements. */
  readonly isEncapsulated: boolean
  readonly encoding: Encoding
}

/**
 * Walk the elements of a data set (PS3.5 §7):
 *   implicit: group 2, element 2, length 4, value
 *   explicit: group 2, element 2, VR 2, length 2, value; or VR 2, reserved 2, length 4, value
 * Stops at pixel data or an encapsulated document, at the end of `data[0 .. to)`, or at nonsense. Sequences are entered where `enter` says so
 * and where their length is not known, else passed over. Each step passes over eight bytes at least.
 */
export function walkDataset(data: Buffer, to: number, encoding: Encoding, enter: Enter, visit: (element: Element) => void): Walk {
  const frames: Frame[] = []
  let at = 0
  let items = 0
  while (true) {
    while (frames.length > 0 && (frames.at(-1) as Frame).end >= 0 && at >= (frames.at(-1) as Frame).end) frames.pop()
    if (at >= to) return { end: at === to && frames.length === 0 ? 'complete' : 'more', at }
    if (to - at < 8) return { end: 'more', at }
    const current = frames.at(-1)?.encoding ?? encoding
    const header = readHeader(data, at, to, current)
    if (header === undefined) return { end: 'more', at }
    if (header === 'malformed') return { end: 'malformed', at }
    const { tag, vr, length, from } = header
    if (isItemOrDelimiter(tag)) {
      at = from
      if (tag === ITEM) {
        if (frames.at(-1)?.isEncapsulated === true) {
          if (length > to - at) return { end: 'more', at }
          at += length
          continue
        }
        if (frames.length >= MAX_NESTING) return { end: 'malformed', at }
        const end = length === UNDEFINED_LENGTH ? -1 : at + length
        frames.push({ end, isItem: true, item: ++items, isEncapsulated: false, encoding: current })
      } else if (frames.length > 0) frames.pop()
      continue
    }
    const depth = frames.reduce((count, frame) => count + (frame.isItem ? 1 : 0), 0)
    const undefinedLength = length === UNDEFINED_LENGTH
    if (depth === 0 && isBulkData(tag)) return { end: 'bulk', at: from, tag, length: undefinedLength ? undefined : length }
    const item = frames.at(-1)?.item ?? 0
    const isWanted = enter(tag)
    const isSequence = undefinedLength || vr === 'SQ' || (isWanted && vr === undefined && isItemTag(data, from, to, current))
    visit({ tag, vr: isSequence ? 'SQ' : vr, from, length: undefinedLength ? 0 : length, depth, item })
    if (isSequence && (undefinedLength || isWanted)) {
      if (frames.length >= MAX_NESTING) return { end: 'malformed', at }
      const isEncapsulated = undefinedLength && (isPixelData(tag) || vr === 'OB' || vr === 'OW')
      frames.push({ end: undefinedLength ? -1 : from + length, isItem: false, item, isEncapsulated, encoding: encodingWithin(vr, current) })
      at = from
      continue
    }
    if (length > to - from) return { end: 'more', at }
    at = from + length
  }
}

/** Tag, VR and length of an element, item or delimiter, and where its value begins. */
interface Header {
  readonly tag: number
  readonly vr: string | undefined
  readonly length: number
  readonly from: number
}

/** The header of an element, item or delimiter (which have no VR) at `at`; undefined where it is cut off. At least eight bytes are there. */
export function readHeader(data: Buffer, at: number, to: number, { explicit, bigEndian }: Encoding): Header | 'malformed' | undefined {
  const tag = readTag(data, at, bigEndian)
  if (!explicit || isItemOrDelimiter(tag)) return { tag, vr: undefined, length: u32(data, at + 4, bigEndian), from: at + 8 }
  if (!isVr(data, at + 4)) return 'malformed'
  const vr = String.fromCharCode(data[at + 4], data[at + 5])
  if (!LONG_VRS.has(vr)) return { tag, vr, length: bigEndian ? data.readUInt16BE(at + 6) : data.readUInt16LE(at + 6), from: at + 8 }
  return to - at < 12 ? undefined : { tag, vr, length: u32(data, at + 8, bigEndian), from: at + 12 }
}

/** Of the group that structures sequences (PS3.5 §7.5). */
export function isItemOrDelimiter(tag: number): boolean {
  return tag >>> 16 === 0xfffe
}

/** How the items of an element are written: those of a UN of undefined length are implicit VR little endian (PS3.5 §6.2.2). */
export function encodingWithin(vr: string | undefined, encoding: Encoding): Encoding {
  return vr === 'UN' ? IMPLICIT_LE : encoding
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
  return to - at >= 8 && readTag(data, at, bigEndian) === ITEM
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
