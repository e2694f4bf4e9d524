import { Cursor } from '../bytes/cursor.ts'

/** Universal tags (X.690 §8) that SNMP and Kerberos use. */
export const Tag = { INTEGER: 0x02, OCTET_STRING: 0x04, OID: 0x06, GENERAL_STRING: 0x1b, SEQUENCE: 0x30 } as const

const MAX_LENGTH_BYTES = 4
/** RFC 3416 §4: at most 128 sub-identifiers. */
const MAX_SUB_IDENTIFIERS = 128

/**
 * The content of the element in hand, whose tag must be `tag`: tag 1, length 1 below 128, else 80 + number of length bytes and these, content.
 * Undefined when it is something else or broken.
 */
export function readElement(cursor: Cursor, tag: number): Cursor | undefined {
  if (cursor.uint8() !== tag) return undefined
  const length = readLength(cursor)
  const content = length === undefined ? undefined : cursor.take(length)
  return cursor.short ? undefined : content
}

/** The same of an element whose end may have been cut off: as much of its content as there is. */
export function openElement(cursor: Cursor, tag: number): Cursor | undefined {
  if (cursor.uint8() !== tag) return undefined
  const length = readLength(cursor)
  if (length === undefined || cursor.short) return undefined
  const { bytes, at, end } = cursor
  return new Cursor(bytes, at, Math.min(end, at + length))
}

function readLength(cursor: Cursor): number | undefined {
  const first = cursor.uint8()
  if (first < 0x80) return first
  let left = first & 0x7f
  if (left === 0 || left > MAX_LENGTH_BYTES) return undefined
  let length = 0
  for (; left > 0; left--) length = length * 256 + cursor.uint8()
  return length
}

/** True when an element's content is exactly these bytes. */
export function holds({ bytes, at, end }: Cursor, expected: readonly number[]): boolean {
  return end - at === expected.length && expected.every((byte, index) => bytes[at + index] === byte)
}

/** An object identifier (X.690 §8.19): 40 * first + second, then each in groups of seven bits; `1.3.6.1…`. */
export function readObjectIdentifier(content: Cursor): string | undefined {
  const numbers: number[] = []
  while (content.left > 0) {
    let value = 0
    let byte: number
    do {
      byte = content.uint8()
      value = value * 128 + (byte & 0x7f)
      if (value > 0xffff_ffff) return undefined
    } while ((byte & 0x80) !== 0 && content.left > 0)
    numbers.push(value)
    if (numbers.length > MAX_SUB_IDENTIFIERS) return undefined
  }
  if (numbers.length === 0) return undefined
  const [head, ...rest] = numbers
  const root = Math.min(2, Math.floor(head / 40))
  return [root, head - root * 40, ...rest].join('.')
}
