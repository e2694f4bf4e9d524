import type { EcsDocument } from './event.ts'
import { readMapping } from './mappings.ts'
import { clean, cutBytes, recordHeader, recordPairs } from './record.ts'

interface LeefTable {
  readonly delimiter: string
  readonly keys: Readonly<Record<string, string>>
}

let loaded: LeefTable | undefined

/**
 * One LEEF 2.0 record (QRadar), without syslog header and line end:
 *
 * `LEEF:2.0|vendor|product|version|event id|delimiter|key=value^key=value …`
 *
 * Made from the rows of `mappings/cef.yml` with the keys of `mappings/leef.yml`. The format has no escapes: a delimiter or
 * line break in a value becomes a space, a pipe in the header a slash. Severity is 1 to 10.
 */
export function formatLeef(document: EcsDocument): string {
  loaded ??= readMapping<LeefTable>('leef.yml')
  const { delimiter, keys } = loaded
  const { vendor, product, version, classId, name, severity } = recordHeader(document)
  const header = [vendor, product, version, classId].map(headerValue).join('|')
  const pairs = new Map([
    ['sev', String(Math.max(1, severity))],
    ['name', attribute(name, delimiter)],
  ])
  for (const { key, label, value, bytes } of recordPairs(document)) {
    const leefKey = keys[key] ?? label ?? key
    const text = cutBytes(attribute(value, delimiter), bytes)
    if (text !== '' && !pairs.has(leefKey)) pairs.set(leefKey, text)
  }
  const written = Array.from(pairs, ([key, value]) => `${key}=${value}`)
  return `LEEF:2.0|${header}|${delimiter}|${written.join(delimiter)}`
}

function headerValue(value: string): string {
  return (
    clean(value)
      .replace(/[\r\n]+/g, ' ')
      .replaceAll('|', '/') || 'unknown'
  )
}

function attribute(value: string, delimiter: string): string {
  return clean(value)
    .replace(/[\r\n]+/g, ' ')
    .replaceAll(delimiter, ' ')
    .trim()
}
