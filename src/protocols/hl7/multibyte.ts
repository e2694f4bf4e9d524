/**
 * Encodings in which a byte that looks like a delimiter can be the second half of a character:
 * `two_byte`: GB 18030 and Big5, second byte 40–7E;  `shift_jis`: the same, but A1–DF are whole characters;
 * `iso_2022`: ESC switches to and from sets of which every byte looks like ASCII.
 * `single`: none of these. UTF-8, EUC and the parts of ISO 8859 use no byte of ASCII for anything else.
 */
export type Encoding = 'single' | 'two_byte' | 'shift_jis' | 'iso_2022'

const ESC = 0x1b
const DOLLAR = 0x24
const PARENTHESIS = 0x28
/** Final bytes of the escapes that lead back to single bytes: ASCII, and JIS X 0201 Roman, the same but for two signs. */
const TO_ASCII = 0x42
const TO_ROMAN = 0x4a

/** The first place from `at` where `wanted` is a character of its own; `end` where there is none. `at` is the beginning of a character. */
export function indexOfCharacter(bytes: Uint8Array, wanted: number, at: number, end: number, encoding: Encoding): number {
  if (encoding === 'iso_2022') return indexOutsideEscapes(bytes, wanted, at, end)
  for (let index = at; index < end; index++) {
    if (bytes[index] === wanted) return index
    if (isLead(bytes[index], encoding)) index++
  }
  return end
}

function isLead(byte: number, encoding: Encoding): boolean {
  if (encoding === 'single' || byte <= 0x80 || byte === 0xff) return false
  return encoding === 'two_byte' || byte < 0xa0 || byte >= 0xe0
}

/** ISO 2022 as MSH-18 `ISO IR87` and `ISO IR159` use it: text begins in ASCII, `ESC $ …` leads to two bytes a character, `ESC ( B` back. */
function indexOutsideEscapes(bytes: Uint8Array, wanted: number, at: number, end: number): number {
  let ascii = true
  for (let index = at; index < end; index++) {
    if (bytes[index] === ESC && index + 2 < end) {
      if (bytes[index + 1] === DOLLAR) ascii = false
      else if (bytes[index + 1] === PARENTHESIS) ascii = bytes[index + 2] === TO_ASCII || bytes[index + 2] === TO_ROMAN
      index += 2
    } else if (ascii && bytes[index] === wanted) return index
  }
  return end
}
