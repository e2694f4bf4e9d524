/** Longest MSH-2: component, repetition, escape, sub-component and, from 2.7, truncation character. */
const MAX_ENCODING_CHARACTERS = 5
const NAME = 3

/** Bytes from the beginning of a header segment that always suffice to tell it. */
export const HEADER_BYTES = NAME + 1 + MAX_ENCODING_CHARACTERS + 1

/**
 * What distinguishes a header segment (HL7 v2.9 §2.14.9) from a line of text that begins with the same letters: name 3, field separator,
 * one to five encoding characters, the separator again; none of them a letter, digit or blank. Undefined when `to` comes too early to tell.
 */
export function hasDelimiters(bytes: Uint8Array, at: number, to: number): boolean | undefined {
  const separator = bytes[at + NAME]
  if (at + NAME < to && !isDelimiter(separator)) return false
  const first = at + NAME + 1
  for (let index = first; index <= first + MAX_ENCODING_CHARACTERS; index++) {
    if (index >= to) return undefined
    if (bytes[index] === separator) return index > first
    if (!isDelimiter(bytes[index])) return false
  }
  return false
}

/** Printable, and neither letter nor digit. */
function isDelimiter(byte: number): boolean {
  if (byte <= 0x20 || byte >= 0x7f) return false
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
  return !isLetter && !(byte >= 0x30 && byte <= 0x39)
}
