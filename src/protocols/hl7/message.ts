import { cleanText, decodeText, latin1 } from './charset.ts'
import { CR, LF } from './mllp.ts'

/** Segment names as 24-bit integers. */
export const segmentCode = (name: string): number => (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2)
const MSH = segmentCode('MSH')

/** Segments listed by name on an event. */
const MAX_NAMES = 64
const names = new Map<number, string>()

/** One segment of a message: `bytes[from .. to)` without its terminator. */
export interface Segment {
  readonly code: number
  readonly from: number
  readonly to: number
}

/**
 * A message, indexed: where its segments lie. Fields are found and decoded only when asked for, so what nobody asks for, patient
 * fields first of all, never becomes text.
 *   message: segment (CR segment)*      segment: name 3, then fields behind the separator that MSH-1 names
 *   MSH-2: component, repetition, escape, sub-component, and from 2.7 truncation character
 */
export class Hl7Text {
  readonly segments: readonly Segment[]
  /** `lf_delimiters`, `crlf_delimiters` where segments end so. */
  readonly delimiterDeviation: string | undefined
  readonly #bytes: Uint8Array
  readonly #fieldSeparator: number
  readonly #component: number
  readonly #repetition: number
  readonly #escape: number
  readonly #subcomponent: number
  characterSet: string | undefined

  /** `from` is the `M` of MSH. */
  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes
    const at = (index: number, fallback: number): number => (from + index < to ? bytes[from + index] : fallback)
    this.#fieldSeparator = at(3, 0x7c)
    const encoding = (index: number, fallback: number): number => {
      const character = at(index, fallback)
      return character === this.#fieldSeparator || character === CR || character === LF ? fallback : character
    }
    this.#component = encoding(4, 0x5e)
    this.#repetition = encoding(5, 0x7e)
    this.#escape = encoding(6, 0x5c)
    this.#subcomponent = encoding(7, 0x26)
    const indexed = indexSegments(bytes, from, to)
    this.segments = indexed.segments
    this.delimiterDeviation = indexed.deviation
    this.characterSet = this.text(this.segments[0], 18)?.split('~')[0]
  }

  first(code: number): Segment | undefined {
    for (const segment of this.segments) if (segment.code === code) return segment
    return undefined
  }

  /** Field `number` as it stands, delimiters normalized to `^`, `~` and `&`, escapes resolved; undefined when empty or `""`. */
  text(segment: Segment | undefined, number: number): string | undefined {
    if (segment === undefined) return undefined
    const range = this.#field(segment, number)
    if (range === undefined) return undefined
    const raw = decodeText(this.#bytes, range.from, range.to, this.characterSet)
    return present(cleanText(this.#unescape(raw)))
  }

  /** Component `component` of the first repetition of a field. */
  component(segment: Segment | undefined, field: number, component: number): string | undefined {
    return this.components(segment, field)[0]?.[component - 1]
  }

  /** Repetitions of a field, each as its components; at most `limit`. */
  components(segment: Segment | undefined, field: number, limit = 8): readonly (readonly (string | undefined)[])[] {
    if (segment === undefined) return []
    const range = this.#field(segment, field)
    if (range === undefined) return []
    const raw = decodeText(this.#bytes, range.from, range.to, this.characterSet)
    return raw
      .split(String.fromCharCode(this.#repetition), limit)
      .map(repetition => repetition.split(String.fromCharCode(this.#component)).map(part => present(cleanText(this.#unescape(part)))))
  }

  /** True when component `component` of a field is exactly `word` (ASCII): without making text of it. */
  componentIs(segment: Segment, field: number, component: number, word: string): boolean {
    const range = this.#field(segment, field)
    if (range === undefined) return false
    let at = range.from
    for (let index = 1; index < component; index++) {
      const next = this.#bytes.indexOf(this.#component, at)
      if (next < 0 || next >= range.to) return false
      at = next + 1
    }
    if (range.to - at < word.length) return false
    for (let index = 0; index < word.length; index++) if (this.#bytes[at + index] !== word.charCodeAt(index)) return false
    const after = at + word.length
    return after === range.to || this.#bytes[after] === this.#component || this.#bytes[after] === this.#repetition
  }

  /** True when a field has content, without making text of it. */
  has(segment: Segment, field: number): boolean {
    const range = this.#field(segment, field)
    return range !== undefined && !(range.to - range.from === 2 && this.#bytes[range.from] === 0x22 && this.#bytes[range.from + 1] === 0x22)
  }

  /** Bytes of a field as a key for comparison. */
  raw(segment: Segment, field: number): string {
    const range = this.#field(segment, field)
    return range === undefined ? '' : latin1(this.#bytes, range.from, Math.min(range.to, range.from + 512))
  }

  /** Distinct segment names in order of first appearance. */
  names(): readonly string[] {
    const seen: number[] = []
    for (const { code } of this.segments) if (seen.length < MAX_NAMES && !seen.includes(code)) seen.push(code)
    return seen.map(nameOf)
  }

  /** In MSH the separator itself is field 1, so its other fields stand one place further. */
  #field(segment: Segment, number: number): { readonly from: number; readonly to: number } | undefined {
    const bytes = this.#bytes
    const separator = this.#fieldSeparator
    let skip = segment.code === MSH || isHeader(segment.code) ? number - 1 : number
    let at = segment.from + 3
    const { to } = segment
    while (at < to && skip > 0) {
      if (bytes[at] === separator && --skip === 0) break
      at++
    }
    if (at >= to) return undefined
    const from = at + 1
    let end = from
    while (end < to && bytes[end] !== separator) end++
    return end > from ? { from, to: end } : undefined
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

/** Batch and file headers carry the delimiters as MSH does. */
function isHeader(code: number): boolean {
  return code === BHS || code === FHS
}
const BHS = segmentCode('BHS')
const FHS = segmentCode('FHS')

function indexSegments(
  bytes: Uint8Array,
  from: number,
  to: number,
): { readonly segments: readonly Segment[]; readonly deviation: string | undefined } {
  const segments: Segment[] = []
  let at = from
  let lf = false
  let crlf = false
  while (at < to) {
    let end = at
    while (end < to && bytes[end] !== CR && bytes[end] !== LF) end++
    if (end - at >= 3) segments.push({ code: (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2], from: at, to: end })
    if (end < to && bytes[end] === LF) lf = true
    if (end + 1 < to && bytes[end] === CR && bytes[end + 1] === LF) {
      crlf = true
      end++
    }
    at = end + 1
  }
  return { segments, deviation: crlf ? 'crlf_delimiters' : lf ? 'lf_delimiters' : undefined }
}

/** Letters and digits only: a segment name is data from the wire. */
function nameOf(code: number): string {
  let name = names.get(code)
  if (name !== undefined) return name
  name = String.fromCharCode((code >>> 16) & 255, (code >>> 8) & 255, code & 255)
  if (!/^[A-Z][A-Z0-9]{2}$/.test(name)) name = '???'
  if (names.size < 4096) names.set(code, name)
  return name
}

function present(text: string | undefined): string | undefined {
  return text === '""' ? undefined : text
}
