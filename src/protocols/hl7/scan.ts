import { CR, LF } from './mllp.ts'

const ZERO = 0x30
const MAX_DIGITS = 9

/** The number, of up to nine digits, that `bytes[from .. to)` begin with; undefined where they begin with none. */
export function leadingNumber(bytes: Uint8Array, from: number, to: number): number | undefined {
  let value: number | undefined
  for (let at = from; at < to && at < from + MAX_DIGITS; at++) {
    const digit = bytes[at] - ZERO
    if (digit < 0 || digit > 9) break
    value = (value ?? 0) * 10 + digit
  }
  return value
}

/** True of what ends a segment: CR, or LF of those who write lines. */
export function isLineEnd(byte: number): boolean {
  return byte === CR || byte === LF
}

/** Where the line behind the one at `from` begins; `to` when none does before it. */
export function nextLine(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && !isLineEnd(bytes[at])) at++
  while (at < to && isLineEnd(bytes[at])) at++
  return at
}
