import { decoderOf } from '../text.ts'
import type { Encoding } from './multibyte.ts'

/** MSH-18 values (HL7 table 0211) to labels of the WHATWG encoding standard. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ['ASCII', 'latin1'],
  ['8859/1', 'latin1'],
  ['8859/2', 'iso-8859-2'],
  ['8859/3', 'iso-8859-3'],
  ['8859/4', 'iso-8859-4'],
  ['8859/5', 'iso-8859-5'],
  ['8859/6', 'iso-8859-6'],
  ['8859/7', 'iso-8859-7'],
  ['8859/8', 'iso-8859-8'],
  ['8859/9', 'windows-1254'],
  ['8859/15', 'iso-8859-15'],
  ['ISO IR14', 'shift_jis'],
  ['ISO IR87', 'iso-2022-jp'],
  ['ISO IR159', 'iso-2022-jp'],
  ['GB 18030-2000', 'gb18030'],
  ['KS X 1001', 'euc-kr'],
  ['CNS 11643-1992', 'big5'],
  ['BIG-5', 'big5'],
  ['UNICODE', 'utf-8'],
  ['UNICODE UTF-8', 'utf-8'],
  ['UTF-8', 'utf-8'],
  ['UNICODE UTF-16', 'utf-16be'],
])

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ['gb18030', 'two_byte'],
  ['big5', 'two_byte'],
  ['shift_jis', 'shift_jis'],
  ['iso-2022-jp', 'iso_2022'],
])

/** How delimiters are to be told from parts of characters in a set of MSH-18. */
export function encodingOf(characterSet: string | undefined): Encoding {
  return (characterSet !== undefined && ENCODINGS.get(labelOf(characterSet))) || 'single'
}

function labelOf(characterSet: string): string {
  return LABELS.get(characterSet) ?? LABELS.get(characterSet.trim().toUpperCase()) ?? 'latin1'
}

/** Longest text that is taken from a message. */
const MAX_TEXT = 256
/** Begins the escapes of ISO 2022, whose characters are bytes of ASCII. */
const ESCAPE = 0x1b
const SPACE = 0x20
const TILDE = 0x7e
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

/** Text of `bytes[from .. to)` in the character set that MSH-18 names; bytes that are not of it become U+FFFD. */
export function decodeText(bytes: Buffer, from: number, to: number, characterSet: string | undefined): string {
  const end = Math.min(to, from + MAX_TEXT * 4)
  let ascii = true
  for (let at = from; at < end && ascii; at++) ascii = bytes[at] < 0x80 && bytes[at] !== ESCAPE
  return ascii || characterSet === undefined
    ? bytes.toString('latin1', from, end)
    : decoderOf(labelOf(characterSet)).decode(bytes.subarray(from, end))
}

/** What may leave a decoder of a name: no control characters, no padding, bounded. */
export function cleanText(text: string): string | undefined {
  const clean = text.replace(CONTROL, '').trim().slice(0, MAX_TEXT)
  return clean === '' ? undefined : clean
}

/** Text that needs no cleaning, which most is: printable ASCII without padding at either end. Undefined for anything else. */
export function plainText(bytes: Buffer, from: number, to: number, escapeCharacter: number): string | undefined {
  if (to - from > MAX_TEXT || to <= from || bytes[from] === SPACE || bytes[to - 1] === SPACE) return undefined
  for (let at = from; at < to; at++) {
    const byte = bytes[at]
    if (byte < SPACE || byte > TILDE || byte === escapeCharacter) return undefined
  }
  return bytes.toString('latin1', from, to)
}
