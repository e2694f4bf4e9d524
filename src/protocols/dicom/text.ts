import { decodeText } from './character-set.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g
/** Escape sequences where no character set says what they mean: ESC, intermediates, final. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it begins with a control character
const ESCAPE = /\u001b[\u0020-\u002f]*[\u0030-\u007e]/g
const MAX_TEXT = 256

/** Text of a value in the character set of (0008,0005): padding and control characters gone, bounded. */
export function textValue(data: Buffer, from: number, length: number, characterSet: string | undefined): string | undefined {
  const bytes = data.subarray(from, from + Math.min(length, MAX_TEXT * 4))
  const isAscii = bytes.every(byte => byte < 0x80 && byte !== 0x1b)
  return cleanText(isAscii || characterSet === undefined ? bytes.toString('latin1') : decodeText(bytes, characterSet))
}

/** Every value of a multi-valued text. */
export function textValues(data: Buffer, from: number, length: number): readonly string[] {
  return data
    .toString('latin1', from, from + Math.min(length, MAX_TEXT * 4))
    .split('\\')
    .flatMap(part => cleanText(part) ?? [])
}

function cleanText(text: string): string | undefined {
  const clean = text.replace(ESCAPE, '').replace(CONTROL, '').trim().slice(0, MAX_TEXT)
  return clean === '' ? undefined : clean
}
