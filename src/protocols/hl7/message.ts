import { equalBytes } from '../../bytes/equal.ts'
import { cleanText, decodeText, encodingOf, plainText } from './charset.ts'
import { hasDelimiters } from './delimiters.ts'
import { CR, LF } from './mllp.ts'
import { type Encoding, indexOfCharacter } from './multibyte.ts'
import { isLineEnd, leadingNumber } from './scan.ts'
import type { MessageTemplate } from './template.ts'

/** Segment names as 24-bit integers. */
export const segmentCode = (name: string): number => (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2)
const MSH = segmentCode('MSH')
const BHS = segmentCode('BHS')
const FHS = segmentCode('FHS')
const BTS = segmentCode('BTS')
const FTS = segmentCode('FTS')
const NAME = 3
const QUOTE = 0x22
/** More than are ever asked for. */
const MANY_FIELDS = 65_536

/** A segment of the message in hand, by its place; below 0 where there is none. */
export type Segment = number
export const ABSENT: Segment = -1

/** Room for so many segments at first; doubled when a message has more. */
const FIRST_SEGMENTS = 64
/** Repetitions of a field that are looked at. */
const MAX_REPETITIONS = 8

/**
 * A message, indexed: where its segments lie. Fields are found and decoded only when asked for, so what nobody asks for, patient
 * fields first of all, never becomes text. One object reads one message after the other.
 *   message: segment (CR segment)*, up to the header or trailer of a batch or file      segment: name 3, then fields behind the separator that MSH-1 names
 *   MSH-2: component, repetition, escape, sub-component, and from 2.7 truncation character
 */
export class Hl7Text {
  /** Segments of the message in hand. */
  count = 0
  /** `lf_delimiters`, `crlf_delimiters` where segments end so. */
  delimiterDeviation: 'lf_delimiters' | 'crlf_delimiters' | undefined
  bytes: Buffer = Buffer.alloc(0)
  /** Segments that are those of the template; 0 as well when there is none. */
  repeated = 0
  /** The segments have the names of those of the template, all of them, in the same order. */
  isShaped = false
  /** Where the field lies that was looked for last. */
  from = 0
  to = 0
  #characterSet: string | undefined
  #encoding: Encoding = 'single'
  #codes = new Int32Array(FIRST_SEGMENTS)
  #starts = new Int32Array(FIRST_SEGMENTS)
  #ends = new Int32Array(FIRST_SEGMENTS)
  /** Field separators of each segment, or more: bytes that look like one. */
  #fields = new Int32Array(FIRST_SEGMENTS)
  /** 1 where a segment is that of the template. */
  #repeats = new Int32Array(FIRST_SEGMENTS)
  /** A bit for each name that the segments have; several names share one. */
  #present = 0
  #view: DataView = new DataView(new ArrayBuffer(0))
  #fieldSeparator = 0
  #component = 0
  #repetition = 0
  #escape = 0
  #subcomponent = 0

  /**
   * Take another message in hand; `from` is the `M` of MSH. Gives where it ends: at `to`, or where another message or a header or trailer of a
   * batch begins. `bytes` must stay as they are while the message is in hand. `template`: a message of the same sender.
   */
  read(bytes: Buffer, from: number, to: number, template: MessageTemplate): number {
    this.bytes = bytes
    this.#fieldSeparator = from + 3 < to ? bytes[from + 3] : 0x7c
    let end = from + 4
    while (end < to && end < from + 8 && !this.#endsDelimiters(bytes[end])) end++
    this.#component = end > from + 4 ? bytes[from + 4] : 0x5e
    this.#repetition = end > from + 5 ? bytes[from + 5] : 0x7e
    this.#escape = end > from + 6 ? bytes[from + 6] : 0x5c
    this.#subcomponent = end > from + 7 ? bytes[from + 7] : 0x26
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer)
    return this.#index(from, to, template)
  }

  /** The segment is byte for byte that of the template. */
  repeats(segment: Segment): boolean {
    return this.repeated > 0 && this.#repeats[segment] === 1
  }

  /** The template is none after all: what its segments mean, those of this message need not. */
  forgetTemplate(): void {
    this.repeated = 0
    this.isShaped = false
  }

  /** MSH-18, set by whoever reads the header; until then that of the message before. */
  get characterSet(): string | undefined {
    return this.#characterSet
  }

  set characterSet(name: string | undefined) {
    if (name === this.#characterSet) return
    this.#characterSet = name
    this.#encoding = encodingOf(name)
  }

  code(segment: Segment): number {
    return this.#codes[segment]
  }

  start(segment: Segment): number {
    return this.#starts[segment]
  }

  end(segment: Segment): number {
    return this.#ends[segment]
  }

  /** Field separators of a segment, or more. */
  separators(segment: Segment): number {
    return this.#fields[segment]
  }

  first(code: number): Segment {
    if ((this.#present & presence(code)) === 0) return ABSENT
    for (let segment = 0; segment < this.count; segment++) if (this.#codes[segment] === code) return segment
    return ABSENT
  }

  /** Field `number` as it stands, escapes resolved; undefined when empty or `""`. */
  text(segment: Segment, number: number): string | undefined {
    return this.find(segment, number) ? this.decode(this.from, this.to) : undefined
  }

  /** Text of `bytes[from .. to)`, escapes resolved; undefined when empty or `""`. */
  decode(from: number, to: number): string | undefined {
    const plain = plainText(this.bytes, from, to, this.#escape)
    return present(plain ?? cleanText(this.#unescape(decodeText(this.bytes, from, to, this.characterSet))))
  }

  /** Component `component` of the first repetition of a field. */
  component(segment: Segment, field: number, component: number): string | undefined {
    return this.components(segment, field, 1)[0]?.[component - 1]
  }

  /** Repetitions of a field, each as its components; at most `limit`. */
  components(segment: Segment, field: number, limit = MAX_REPETITIONS): readonly (readonly (string | undefined)[])[] {
    if (!this.find(segment, field)) return []
    return decodeText(this.bytes, this.from, this.to, this.characterSet)
      .split(String.fromCharCode(this.#repetition), limit)
      .map(repetition => repetition.split(String.fromCharCode(this.#component)).map(part => present(cleanText(this.#unescape(part)))))
  }

  /** True when component `component` of a field is exactly `word` (ASCII): without making text of it. */
  componentIs(segment: Segment, field: number, component: number, word: string): boolean {
    if (!this.find(segment, field)) return false
    const { bytes, to: end } = this
    let at = this.from
    for (let index = 1; index < component; index++) {
      at = this.#next(this.#component, at, end)
      if (at === end) return false
      at++
    }
    const after = at + word.length
    if (after > end || !this.#reads(at, word)) return false
    return after === end || bytes[after] === this.#component || bytes[after] === this.#repetition
  }

  /** True when a field is `word`: without making text of it. Of a field with escapes or other characters than ASCII it is not told. */
  is(segment: Segment, field: number, word: string): boolean {
    if (!this.find(segment, field) || this.to - this.from !== word.length || !this.#reads(this.from, word)) return false
    for (let at = this.from; at < this.to; at++) if (this.bytes[at] >= 0x80 || this.bytes[at] === this.#escape) return false
    return true
  }

  /** True when a field has content, without making text of it. */
  has(segment: Segment, field: number): boolean {
    if (!this.find(segment, field)) return false
    return !(this.to - this.from === 2 && this.bytes[this.from] === QUOTE && this.bytes[this.from + 1] === QUOTE)
  }

  /** Bytes of a field as a key for comparison. */
  raw(segment: Segment, field: number): string {
    return this.find(segment, field) ? this.bytes.toString('latin1', this.from, Math.min(this.to, this.from + 512)) : ''
  }

  /** The number that a field begins with, of up to nine digits; 0 where there is none. */
  integer(segment: Segment, field: number): number {
    if (!this.find(segment, field)) return 0
    return leadingNumber(this.bytes, this.from, this.to) ?? 0
  }

  /** True when a field holds exactly these bytes. */
  holds(segment: Segment, field: number, known: Uint8Array): boolean {
    return this.find(segment, field) && this.#equals(this.from, this.to, known)
  }

  /** A copy of the bytes of a field. */
  copy(segment: Segment, field: number): Uint8Array {
    return this.find(segment, field) ? Uint8Array.from(this.bytes.subarray(this.from, this.to)) : new Uint8Array(0)
  }

  /** True when the whole segment is exactly these bytes; an absent one has none. */
  segmentIs(segment: Segment, known: Uint8Array): boolean {
    return segment < 0 ? known.length === 0 : this.#equals(this.#starts[segment], this.#ends[segment], known)
  }

  /** A copy of the bytes of a segment. */
  copySegment(segment: Segment): Uint8Array {
    return segment < 0 ? new Uint8Array(0) : Uint8Array.from(this.bytes.subarray(this.#starts[segment], this.#ends[segment]))
  }

  /** True when `bytes[from .. to)` are those at `at` in another view. */
  isSame(from: number, to: number, other: DataView, at: number): boolean {
    return equalBytes(this.#view, this.bytes.byteOffset + from, other, at, to - from)
  }

  /** At `at`, the word stands. */
  #reads(at: number, word: string): boolean {
    for (let index = 0; index < word.length; index++) if (this.bytes[at + index] !== word.charCodeAt(index)) return false
    return true
  }

  #equals(from: number, to: number, known: Uint8Array): boolean {
    if (to - from !== known.length) return false
    for (let index = 0; index < known.length; index++) if (this.bytes[from + index] !== known[index]) return false
    return true
  }

  /** MSH-2 may lack its last characters, which then are those that HL7 recommends. */
  #endsDelimiters(character: number): boolean {
    return character === this.#fieldSeparator || isLineEnd(character)
  }

  #index(from: number, to: number, template: MessageTemplate): number {
    const { bytes } = this
    const separator = this.#fieldSeparator
    const view = this.#view
    const isServed = template.count > 0 && template.separator === separator
    let isShaped = isServed
    let lf = false
    let crlf = false
    this.count = 0
    this.repeated = 0
    this.#present = 0
    let at = from
    while (at < to) {
      const { count } = this
      const same = isServed ? template.match(count, view, bytes.byteOffset + at, bytes.byteOffset + to) : 0
      if (same > 0) {
        this.#add(template.codes[count], at, at + same - 1, template.fields[count], 1)
        at += same
        continue
      }
      // Most fields of a header are asked for: it is not counted how many it has.
      const isHeader = at === from
      let end = isHeader ? this.#endOfLine(at, to) : at
      let fields = isHeader ? MANY_FIELDS : 0
      for (; end < to; end++) {
        const byte = bytes[end]
        if (byte <= CR && (byte === CR || byte === LF)) break
        if (byte === separator) fields++
      }
      const code = end - at >= 3 ? (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2] : 0
      if (code === BTS || code === FTS || code === BHS || code === FHS) break
      if (code === MSH && at > from && hasDelimiters(bytes, at, to) === true) break
      if (code !== 0) {
        if (isShaped && template.codes[count] !== code) isShaped = false
        this.#add(code, at, end, fields, 0)
      }
      if (end < to && bytes[end] === LF) lf = true
      if (end + 1 < to && bytes[end] === CR && bytes[end + 1] === LF) {
        crlf = true
        end++
      }
      at = end + 1
    }
    this.isShaped = isShaped && this.count === template.count
    this.delimiterDeviation = crlf ? 'crlf_delimiters' : lf ? 'lf_delimiters' : undefined
    return Math.min(at, to)
  }

  /** About where CR or LF is: nothing before it is a control character. Four bytes at a time, of which none is below 0x0E. */
  #endOfLine(from: number, to: number): number {
    const view = this.#view
    const { byteOffset } = this.bytes
    let at = from
    for (; at + 4 <= to; at += 4) {
      const word = view.getInt32(byteOffset + at, true)
      if (((word - 0x0e0e0e0e) & ~word & 0x80808080) !== 0) break
    }
    return at
  }

  #add(code: number, start: number, end: number, fields: number, repeats: 0 | 1): void {
    if (this.count === this.#codes.length) {
      this.#codes = doubled(this.#codes)
      this.#starts = doubled(this.#starts)
      this.#ends = doubled(this.#ends)
      this.#fields = doubled(this.#fields)
      this.#repeats = doubled(this.#repeats)
    }
    this.#codes[this.count] = code
    this.#present |= presence(code)
    this.#starts[this.count] = start
    this.#ends[this.count] = end
    this.#fields[this.count] = fields
    this.#repeats[this.count] = repeats
    this.repeated += repeats
    this.count++
  }

  /**
   * Look for a field: `from` and `to` are where it lies, both the segment's end where it has no such field. True when it has content.
   * In MSH the separator itself is field 1, so its other fields stand one place further.
   */
  find(segment: Segment, number: number): boolean {
    if (segment < 0) return false
    const separator = this.#fieldSeparator
    const end = this.#ends[segment]
    let skip = this.#codes[segment] === MSH ? number - 1 : number
    let at = end
    if (skip <= this.#fields[segment]) {
      at = this.#next(separator, this.#starts[segment] + NAME, end)
      while (at < end && --skip > 0) at = this.#next(separator, at + 1, end)
    }
    this.from = Math.min(at + 1, end)
    this.to = this.#next(separator, this.from, end)
    return this.to > this.from
  }

  /** Where the field that begins at `at` ends, in a segment that ends at `end`. */
  endOfField(at: number, end: number): number {
    return this.#next(this.#fieldSeparator, at, end)
  }

  /** The next place of a delimiter. */
  #next(delimiter: number, at: number, end: number): number {
    const { bytes } = this
    if (this.#encoding !== 'single') return indexOfCharacter(bytes, delimiter, at, end, this.#encoding)
    let index = at
    while (index < end && bytes[index] !== delimiter) index++
    return index
  }

  /** Escape sequences (HL7 v2.9 §2.7): delimiters, and the rest dropped. */
  #unescape(text: string): string {
    const mark = String.fromCharCode(this.#escape)
    if (!text.includes(mark)) return text
    const parts = text.split(mark)
    if (parts.length < 3) return text
    return parts.map((part, index) => (index % 2 === 1 && index < parts.length - 1 ? this.#escaped(part) : part)).join('')
  }

  #escaped(sequence: string): string {
    switch (sequence) {
      case 'F':
        return String.fromCharCode(this.#fieldSeparator)
      case 'S':
        return String.fromCharCode(this.#component)
      case 'T':
        return String.fromCharCode(this.#subcomponent)
      case 'R':
        return String.fromCharCode(this.#repetition)
      case 'E':
        return String.fromCharCode(this.#escape)
      default:
        return /^X(?:[0-9A-Fa-f]{2})+$/.test(sequence) ? Buffer.from(sequence.slice(1), 'hex').toString('latin1') : ''
    }
  }
}

/** One of 32 bits for a name. */
function presence(code: number): number {
  return 1 << (Math.imul(code, 0x9e3779b1) >>> 27)
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}

function present(text: string | undefined): string | undefined {
  return text === '""' ? undefined : text
}
