import { TextDecoder } from 'node:util'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g
/** ISO 2022 code extension (PS3.5 §6.1.2.5): ESC, intermediates, final. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it begins with a control character
const ESCAPE = /\u001b[\u0020-\u002f]*[\u0030-\u007e]/g

/** Defined terms of (0008,0005) to labels of the WHATWG encoding standard (PS3.3 §C.12.1.1.2). */
const CHARACTER_SETS: ReadonlyMap<string, string> = new Map([
  ['ISO_IR 100', 'latin1'],
  ['ISO_IR 101', 'iso-8859-2'],
  ['ISO_IR 109', 'iso-8859-3'],
  ['ISO_IR 110', 'iso-8859-4'],
  ['ISO_IR 144', 'iso-8859-5'],
  ['ISO_IR 127', 'iso-8859-6'],
  ['ISO_IR 126', 'iso-8859-7'],
  ['ISO_IR 138', 'iso-8859-8'],
  ['ISO_IR 148', 'windows-1254'],
  ['ISO_IR 203', 'iso-8859-15'],
  ['ISO_IR 166', 'windows-874'],
  ['ISO_IR 13', 'shift_jis'],
  ['ISO_IR 192', 'utf-8'],
  ['GB18030', 'gb18030'],
  ['GBK', 'gbk'],
  ['ISO 2022 IR 87', 'iso-2022-jp'],
  ['ISO 2022 IR 159', 'iso-2022-jp'],
  ['ISO 2022 IR 13', 'iso-2022-jp'],
  ['ISO 2022 IR 149', 'euc-kr'],
  ['ISO 2022 IR 58', 'gb18030'],
])

const decoders = new Map<string, TextDecoder>()
const MAX_TEXT = 256

/** Text of a value in the character set of (0008,0005): first value of several, padding and control characters gone, bounded. */
export function textValue(data: Buffer, from: number, length: number, characterSet: string | undefined): string | undefined {
  const bytes = data.subarray(from, from + Math.min(length, MAX_TEXT * 4))
  const label = characterSet
    ?.split('\\')
    .map(term => CHARACTER_SETS.get(term.trim()))
    .findLast(found => found !== undefined)
  const isAscii = bytes.every(byte => byte < 0x80 && byte !== 0x1b)
  const text = isAscii || label === undefined ? bytes.toString('latin1') : decoderFor(label).decode(withoutEscapes(bytes, label))
  return cleanText(text)
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

/** Escapes are for ISO 2022 decoders only: they are cut out for the others. */
function withoutEscapes(bytes: Buffer, label: string): Buffer {
  if (label === 'iso-2022-jp' || !bytes.includes(0x1b)) return bytes
  return Buffer.from(bytes.toString('latin1').replace(ESCAPE, ''), 'latin1')
}

function decoderFor(label: string): TextDecoder {
  let decoder = decoders.get(label)
  if (decoder === undefined) {
    decoder = new TextDecoder(label)
    decoders.set(label, decoder)
  }
  return decoder
}
