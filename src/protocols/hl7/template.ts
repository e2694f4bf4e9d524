import { equalBytes } from '../../bytes/equal.ts'
import type { Hl7Identifiers } from '../observation.ts'
import type { Hl7Text } from './message.ts'

/** A longer message is not kept: those of devices, which come all day, are short. */
const MAX_BYTES = 8192
/** Fewer segments, an acknowledgment's, are read as fast as they are compared. */
const MIN_SEGMENTS = 4
const NO_VIEW = new DataView(new ArrayBuffer(0))

/**
 * A message of a sender, by which its next ones are read: one hardly differs from the other except in times and values. A segment that is
 * byte for byte the one in its place needs no other look.
 */
export class MessageTemplate {
  /** Segments of the kept message. */
  count = 0
  /** Its field separator. */
  separator = 0
  /** By segment: name, where it begins, its length with the CR behind it, and its separators. */
  readonly codes: number[] = []
  readonly fields: number[] = []
  readonly #starts: number[] = []
  readonly #lengths: number[] = []
  /** What was read of the kept message. */
  dialect: string | undefined
  identifiers: Hl7Identifiers | undefined
  #view = NO_VIEW

  /** Length of segment `segment` with its CR if it stands, the same, at `at` in `view`, before `to`; else 0. */
  match(segment: number, view: DataView, at: number, to: number): number {
    if (segment >= this.count) return 0
    const length = this.#lengths[segment]
    return at + length <= to && equalBytes(view, at, this.#view, this.#starts[segment], length) ? length : 0
  }

  /** Keep the message in hand, unless the kept one still serves: most of its segments came again. */
  keep(text: Hl7Text, dialect: string, identifiers: Hl7Identifiers): void {
    if (text.repeated * 2 >= text.count) return
    const from = text.start(0)
    const to = text.end(text.count - 1) + 1
    this.count = 0
    if (text.count < MIN_SEGMENTS || text.delimiterDeviation !== undefined || to > text.bytes.length || to - from > MAX_BYTES) return
    this.separator = text.bytes[from + 3]
    this.dialect = dialect
    this.identifiers = identifiers
    this.#view = new DataView(new Uint8Array(text.bytes.subarray(from, to)).buffer)
    for (let segment = 0; segment < text.count; segment++) {
      this.codes[segment] = text.code(segment)
      this.fields[segment] = text.separators(segment)
      this.#starts[segment] = text.start(segment) - from
      this.#lengths[segment] = text.end(segment) - text.start(segment) + 1
    }
    this.count = text.count
  }
}
