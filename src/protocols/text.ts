import { isIP } from 'node:net'
import { TextDecoder } from 'node:util'

/** Longest text that is taken from a message. */
const MAX_TEXT = 256
/** Longest name of a host (RFC 1035 §2.3.4). */
const MAX_HOST_NAME = 253
/** Names that many hosts have before somebody names them. */
const GENERIC_NAMES: ReadonlySet<string> = new Set(['localhost', 'localhost.localdomain', 'localdomain', 'none', '(none)', 'unknown'])
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const CONTROL = /[\u0000-\u001f\u007f-\u009f\s]+/g

const decoders = new Map<string, TextDecoder>()

/** The decoder of a character set by its label (WHATWG Encoding §4.2), made once. For labels of our tables, not of the wire: all are kept. */
export function decoderOf(label: string): TextDecoder {
  let decoder = decoders.get(label)
  if (decoder === undefined) {
    decoder = new TextDecoder(label)
    decoders.set(label, decoder)
  }
  return decoder
}

/** What may leave a decoder as text: no control characters, one line, no padding, bounded. */
export function cleanText(text: string): string | undefined {
  const clean = text.replace(CONTROL, ' ').trim().slice(0, MAX_TEXT).trim()
  return clean === '' ? undefined : clean
}

/** What may leave a decoder as the name of a host: no final dot, no address, no bytes that are no text, nothing generic. */
export function hostName(text: string): string | undefined {
  const name = cleanText(text)?.replace(/\.+$/, '')
  if (name === undefined || name.length > MAX_HOST_NAME || name.includes('\ufffd')) return undefined
  if (!/[\p{L}\p{N}]/u.test(name) || isIP(name) !== 0 || GENERIC_NAMES.has(name.toLowerCase())) return undefined
  return name
}

/** Text that ends at its first NUL. */
export function untilNul(text: string): string {
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}
