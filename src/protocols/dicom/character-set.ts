import { decoderOf } from '../text.ts'

/** Defined terms without code extension that take all bytes of a value (PS3.3 §C.12.1.1.2), to labels of the WHATWG encoding standard. */
const WHOLE: ReadonlyMap<string, string> = new Map([
  ['ISO_IR 192', 'utf-8'],
  ['GB18030', 'gb18030'],
  ['GBK', 'gbk'],
])
/** The upper half of the code by the number in `ISO_IR 100` or `ISO 2022 IR 100`. */
const UPPER: ReadonlyMap<string, string> = new Map([
  ['100', 'latin1'],
  ['101', 'iso-8859-2'],
  ['109', 'iso-8859-3'],
  ['110', 'iso-8859-4'],
  ['144', 'iso-8859-5'],
  ['127', 'iso-8859-6'],
  ['126', 'iso-8859-7'],
  ['138', 'iso-8859-8'],
  ['148', 'windows-1254'],
  ['203', 'iso-8859-15'],
  ['166', 'windows-874'],
  ['13', 'shift_jis'],
  ['149', 'euc-kr'],
  ['58', 'gbk'],
  ['87', 'euc-jp'],
  ['159', 'euc-jp'],
])

/** A code table in one half of the code: what decodes it, and how its bytes become those that the decoder knows. */
interface CodeTable {
  readonly half: 'lower' | 'upper'
  readonly label: string
  readonly recoded?: (bytes: Buffer) => Buffer
}

const ASCII: CodeTable = { half: 'lower', label: 'latin1' }
const upper = (label: string): CodeTable => ({ half: 'upper', label })

/** Escape sequences of PS3.3 tables C.12-3 and C.12-4, without the ESC. */
const ESCAPES: ReadonlyMap<string, CodeTable> = new Map([
  ['(B', ASCII],
  ['(J', ASCII],
  [')I', upper('shift_jis')],
  ['-A', upper('latin1')],
  ['-B', upper('iso-8859-2')],
  ['-C', upper('iso-8859-3')],
  ['-D', upper('iso-8859-4')],
  ['-L', upper('iso-8859-5')],
  ['-G', upper('iso-8859-6')],
  ['-F', upper('iso-8859-7')],
  ['-H', upper('iso-8859-8')],
  ['-M', upper('windows-1254')],
  ['-b', upper('iso-8859-15')],
  ['-T', upper('windows-874')],
  ['$)C', upper('euc-kr')],
  ['$)A', upper('gbk')],
  ['$@', { half: 'lower', label: 'euc-jp', recoded: raised }],
  ['$B', { half: 'lower', label: 'euc-jp', recoded: raised }],
  ['$(D', { half: 'lower', label: 'euc-jp', recoded: supplementary }],
])

const ESC = 0x1b
const SINGLE_SHIFT_3 = 0x8f

/** Text of bytes in the character sets of (0008,0005), several of them where ISO 2022 switches between them (PS3.5 §6.1.2.5). */
export function decodeText(bytes: Buffer, characterSet: string): string {
  const terms = characterSet.split('\\').map(term => term.trim())
  const whole = WHOLE.get(terms[0])
  if (whole !== undefined) return decoderOf(whole).decode(bytes)
  const labels = terms.map(term => UPPER.get(/^ISO(?:_IR| 2022 IR) (\d+)$/.exec(term)?.[1] ?? ''))
  const initial = labels[0] ?? labels.findLast(label => label !== undefined) ?? 'latin1'
  return bytes.includes(ESC) ? decodeExtended(bytes, initial) : decoderOf(initial).decode(bytes)
}

/** How many bytes the escape sequence at `at` has: ESC, any of 0x20 to 0x2F, one of 0x30 to 0x7E; 0 where there is none. */
export function escapeLength(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== ESC) return 0
  let end = at + 1
  while (bytes[end] >= 0x20 && bytes[end] <= 0x2f) end++
  return bytes[end] >= 0x30 && bytes[end] <= 0x7e ? end + 1 - at : 1
}

/** Does the escape sequence switch to characters of two bytes in the lower half of the code? */
export function isWideEscape(bytes: Buffer, at: number, length: number): boolean {
  return ESCAPES.get(bytes.toString('latin1', at + 1, at + length))?.recoded !== undefined
}

function decodeExtended(bytes: Buffer, initial: string): string {
  let lower = ASCII
  let higher = upper(initial)
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = escapeLength(bytes, at)
    const table = length > 0 ? ESCAPES.get(bytes.toString('latin1', at + 1, at + length)) : undefined
    if (table?.half === 'lower') lower = table
    else if (table !== undefined) higher = table
    const end = length > 0 ? at + length : endOfHalf(bytes, at)
    if (length === 0) text += decodedBy(bytes.subarray(at, end), bytes[at] < 0x80 ? lower : higher)
    at = end
  }
  return text
}

/** Where bytes of the other half of the code, or an escape sequence, begin. */
function endOfHalf(bytes: Buffer, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== ESC && bytes[at] < 0x80 === bytes[from] < 0x80) at++
  return at
}

function decodedBy(bytes: Buffer, { label, recoded }: CodeTable): string {
  return decoderOf(label).decode(recoded === undefined ? bytes : recoded(bytes))
}

/** JIS X 0208 as EUC has it: in the upper half. */
function raised(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map(byte => (byte > 0x20 ? byte | 0x80 : byte)))
}

/** JIS X 0212 as EUC has it: in the upper half, each character behind a single shift. */
function supplementary(bytes: Buffer): Buffer {
  const out: number[] = []
  for (let at = 0; at < bytes.length; at += 2) out.push(SINGLE_SHIFT_3, bytes[at] | 0x80, (bytes[at + 1] ?? 0) | 0x80)
  return Buffer.from(out)
}
