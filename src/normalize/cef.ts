import type { EcsDocument } from './event.ts'
import { clean, cutBytes, recordHeader, recordPairs } from './record.ts'

/** Longest header values of the CEF format, bytes. */
const HEADER_BYTES = { vendor: 63, product: 63, version: 31, classId: 1023, name: 512 } as const

/**
 * One CEF record (ArcSight Common Event Format, rev. 25), without syslog header and line end, by the rules that receivers agree on:
 *
 * `CEF:0|vendor|product|version|class id|name|severity| key=value key=value …`
 *
 * - header values hold no `|` (it becomes `/`), and a backslash is escaped;
 * - a space stands before the first key: liblognorm eats the first character after the last pipe;
 * - in values `\`, `=`, LF and CR are escaped and nothing else; no value is empty; no control characters;
 * - keys come once, in the order of `mappings/cef.yml`; lengths are those of the key dictionary, in bytes, after escaping.
 */
export function formatCef(document: EcsDocument): string {
  const { vendor, product, version, classId, name, severity } = recordHeader(document)
  const header = [
    headerValue(vendor, HEADER_BYTES.vendor),
    headerValue(product, HEADER_BYTES.product),
    headerValue(version, HEADER_BYTES.version),
    headerValue(classId, HEADER_BYTES.classId),
    headerValue(name, HEADER_BYTES.name),
  ].join('|')
  return `CEF:0|${header}|${severity}|${extension(document)}`
}

function extension(document: EcsDocument): string {
  let pairs = ''
  for (const { key, label, value, bytes } of recordPairs(document)) {
    const escaped = extensionValue(value, bytes)
    if (escaped === '') continue
    pairs += ` ${key}=${escaped}`
    if (label !== undefined) pairs += ` ${key}Label=${label}`
  }
  return pairs
}

/** Something other than letters, digits and signs without meaning in a header, or blanks at an end. */
const NOT_PLAIN_HEADER = /[^ -[\]-{}~]|^ | $|^$/

function headerValue(value: string, limit: number): string {
  if (value.length <= limit && !NOT_PLAIN_HEADER.test(value)) return value
  const words = clean(value)
    .replaceAll('|', '/')
    .replace(/[\r\n]+/g, ' ')
    .replaceAll('\\', '\\\\')
  return cutEscaped(words, limit) || 'unknown'
}

const NEEDS_ESCAPE = /[\\=\n\r]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '=': '\\=', '\n': '\\n', '\r': '\\r' }

function extensionValue(value: string, limit: number): string {
  const escaped = NEEDS_ESCAPE.test(value) ? value.replace(/[\\=\n\r]/g, character => ESCAPES[character]) : value
  return cutEscaped(escaped, limit)
}

/** Cut to `limit` bytes, neither within a character nor within an escape, and leave no blank at the end. */
function cutEscaped(escaped: string, limit: number): string {
  const cut = cutBytes(escaped, limit)
  if (cut.length === escaped.length) return cut
  const backslashes = cut.length - cut.replace(/\\+$/, '').length
  return (backslashes % 2 === 1 ? cut.slice(0, -1) : cut).trimEnd()
}
