import type { Dataset } from '../../normalize/event.ts'
import { readMapping } from '../../normalize/mappings.ts'
import type { Expression, FieldReader } from './cim.ts'

interface CefRow {
  readonly field: string
  readonly key: string
  readonly label?: string
  readonly values?: Readonly<Record<string, number>>
}

/** What the table cannot say of CEF records: `cef` of `dashboards/splunk/addon.yml`. */
export interface CefSource {
  /** Expressions of fields that no key holds as they are; an empty one means that the records do not have the field. */
  readonly expressions: Readonly<Record<string, string>>
  /** Fields of free text whose values never hold a character that has to be escaped. */
  readonly plain: readonly string[]
}

/** The parts of `mappings/cef.yml` that reading records back takes. */
interface CefTable {
  readonly header: { readonly severity: { readonly 'event.severity': Readonly<Record<string, number>> } }
  readonly keys: Readonly<Record<string, { readonly type: string; readonly bytes?: number }>>
  readonly common: readonly CefRow[]
  readonly datasets: Readonly<Record<Dataset, readonly CefRow[]>>
}

/** Keys with values this long are free text, in which characters may be escaped. */
const FREE_TEXT_BYTES = 1000
/** Splunk's own fields: a label of that name must not write over them. */
export const RESERVED_PREFIX = 'cef_'
export const RESERVED = ['host', 'source', 'sourcetype', 'index', 'linecount', 'punct', 'timestamp', 'splunk_server', 'eventtype', 'tag']

let loaded: CefTable | undefined

function table(): CefTable {
  loaded ??= readMapping<CefTable>('cef.yml')
  return loaded
}

/** Name of the field that a row of the table becomes in Splunk: the label where there is one. */
function nameOf({ key, label }: CefRow): string {
  if (label === undefined) return key
  return RESERVED.includes(label) ? `${RESERVED_PREFIX}${label}` : label
}

function rows(): readonly CefRow[] {
  return [...table().common, ...Object.values(table().datasets).flat()]
}

/** Keys whose value stands under its label: `cs1=CT01 cs1Label=calling_ae_title`. */
export function labelledKeys(): readonly string[] {
  return [...new Set(rows().flatMap(({ key, label }) => (label === undefined ? [] : [key])))].sort()
}

export interface CefAlias {
  readonly of: string
  readonly field: string
  /** Another key holds the field too: this one only where that one does not. */
  readonly second: boolean
}

/**
 * Names of the catalogue for what a record holds, so that a search over JSON events finds CEF records too. Left out is what means
 * different fields in different datasets, and the time.
 */
export function cefAliases(): readonly CefAlias[] {
  const fields = new Map<string, Set<string>>()
  const keys = new Set(table().common.map(nameOf))
  const candidates = [...table().common, ...Object.values(table().datasets).flatMap(own => own.filter(row => !keys.has(nameOf(row))))]
  for (const row of candidates)
    if (row.key !== 'rt' && row.values === undefined) fields.set(nameOf(row), (fields.get(nameOf(row)) ?? new Set()).add(row.field))
  const taken = new Set<string>()
  return [...fields].flatMap(([of, [field, ...others]]) => {
    if (others.length > 0) return []
    const second = taken.has(field)
    taken.add(field)
    return [{ of, field, second }]
  })
}

/** CEF records: what the header holds and what no key holds as such, then the keys of the table. */
export function cefFields({ expressions, plain }: CefSource): FieldReader {
  return {
    read: (field): Expression | undefined => {
      const expression = field === 'event.severity' ? severityExpression() : expressions[field]
      if (expression !== undefined) return expression === '' ? undefined : { eval: expression, multivalue: false }
      const found = new Map(rows().flatMap(row => (row.field === field ? [[nameOf(row), row] as const] : [])))
      const [first] = found
      if (first === undefined) return undefined
      const [name, row] = first
      if (row.values !== undefined) return { eval: translatedBack(name, row.values), multivalue: false }
      const escapes = !plain.includes(field) && [...found.values()].some(({ key }) => isFreeText(key))
      if (found.size === 1 && !escapes) return { eval: `'${name}'`, name, multivalue: false }
      const value = found.size === 1 ? `'${name}'` : `coalesce(${[...found.keys()].map(other => `'${other}'`).join(', ')})`
      return { eval: escapes ? unescaped(value) : value, multivalue: false }
    },
  }
}

function translatedBack(name: string, values: Readonly<Record<string, number>>): string {
  return `case(${Object.entries(values)
    .map(([word, number]) => `'${name}'==${number}, "${word}"`)
    .join(', ')})`
}

function isFreeText(key: string): boolean {
  const { type, bytes = 0 } = table().keys[key]
  return type === 'string' && bytes >= FREE_TEXT_BYTES && key !== 'cat'
}

/** The header's 0 to 10 back as the severity of the event. */
function severityExpression(): string {
  const cases = Object.entries(table().header.severity['event.severity']).map(
    ([severity, number]) => `cef_severity==${number}, ${severity}`,
  )
  return `case(${cases.join(', ')})`
}

/**
 * A value without its escapes. A backslash that stands for itself is put aside as a control character, which no record holds, so that
 * `\\n` is not taken for a line end.
 */
function unescaped(value: string): string {
  const steps = [
    ['\\\\\\\\', 'urldecode("%01")'],
    ['\\\\=', '"="'],
    ['\\\\n', 'urldecode("%0A")'],
    ['\\\\r', 'urldecode("%0D")'],
    ['\\x01', '"\\\\\\\\"'],
  ] as const
  return steps.reduce((inner, [pattern, by]) => `replace(${inner}, "${pattern.replaceAll('\\', '\\\\')}", ${by})`, value)
}
