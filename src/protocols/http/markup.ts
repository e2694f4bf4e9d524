import { TextDecoder } from 'node:util'
import { cleanText } from '../text.ts'

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  reg: '®',
  trade: '™',
  copy: '©',
}
const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,5}));?/gi
const MAX_CODE_POINT = 0x10_ffff

/**
 * Text between two tags of HTML or XML: its bytes (latin1) in the character set that goes by this label (WHATWG Encoding §4.2), UTF-8 where
 * that is unknown, without character references and runs of blanks; undefined when nothing is left.
 */
export function markupText(raw: string, label: string | undefined): string | undefined {
  const text = lenientDecoder(label).decode(Buffer.from(raw, 'latin1'))
  return cleanText(
    text.replace(REFERENCE, (whole: string, decimal?: string, hex?: string, name?: string) => referred(decimal, hex, name) ?? whole),
  )
}

function lenientDecoder(label: string | undefined): TextDecoder {
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder()
  }
}

function referred(decimal: string | undefined, hex: string | undefined, name: string | undefined): string | undefined {
  if (name !== undefined) return NAMED[name.toLowerCase()]
  const codePoint = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
  return codePoint > MAX_CODE_POINT ? undefined : String.fromCodePoint(codePoint)
}
