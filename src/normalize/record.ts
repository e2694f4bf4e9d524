import { isIP } from 'node:net'
import { DATASETS, type Dataset, type EcsDocument, type Json } from './event.ts'
import { readMapping } from './mappings.ts'
import { microseconds } from './time.ts'

/** What CEF and LEEF share: the rows of `mappings/cef.yml`, compiled, and the values that a document has for them. */

type KeyType = 'string' | 'time' | 'ipv4' | 'ipv6' | 'port' | 'mac' | 'integer' | 'float'

interface CefTable {
  readonly header: {
    readonly class_id: readonly string[]
    readonly name: readonly string[]
    readonly names: Readonly<Record<string, string>>
    readonly severity: Readonly<Record<string, Readonly<Record<string, number>>>>
  }
  readonly keys: Readonly<Record<string, { readonly type: KeyType; readonly bytes?: number }>>
  readonly common: readonly Row[]
  readonly datasets: Readonly<Record<Dataset, readonly Row[]>>
}

interface Row {
  readonly field: string
  readonly key: string
  readonly label?: string
  readonly values?: Readonly<Record<string, number>>
}

interface Slot {
  readonly path: readonly string[]
  readonly key: string
  readonly label: string | undefined
  readonly values: Readonly<Record<string, number>> | undefined
  readonly type: KeyType
  readonly bytes: number
}

interface Compiled {
  readonly table: CefTable
  readonly slots: ReadonlyMap<Dataset, readonly Slot[]>
}

/** One pair of a record, in order. `value` is clean (no control characters, never empty) but neither escaped nor cut. */
export interface Pair {
  readonly key: string
  readonly label: string | undefined
  readonly value: string
  /** Longest value in bytes of UTF-8. */
  readonly bytes: number
}

export interface RecordHeader {
  readonly vendor: string
  readonly product: string
  readonly version: string
  readonly classId: string
  readonly name: string
  /** 0 to 10. */
  readonly severity: number
}

/** Where the dictionary sets no length. */
const LONGEST_VALUE = 4000

let compiled: Compiled | undefined

function compile(): Compiled {
  if (compiled !== undefined) return compiled
  const table = readMapping<CefTable>('cef.yml')
  const slot = (row: Row): Slot => {
    const { type, bytes } = table.keys[row.key]
    return { path: row.field.split('.'), key: row.key, label: row.label, values: row.values, type, bytes: bytes ?? LONGEST_VALUE }
  }
  // A dataset's own rows come first where they share a key with a common row, but keys keep the order of the table.
  const order = Object.keys(table.keys)
  const slots = new Map(
    DATASETS.map(dataset => {
      const rows = [...table.datasets[dataset], ...table.common].map(slot)
      return [dataset, rows.sort((one, other) => order.indexOf(one.key) - order.indexOf(other.key))] as const
    }),
  )
  compiled = { table, slots }
  return compiled
}

/** The header of a document's record. */
export function recordHeader(document: EcsDocument): RecordHeader {
  const { header } = compile().table
  const name = firstText(document, header.name) ?? 'event'
  return {
    vendor: firstText(document, ['observer.vendor']) ?? 'wardwire',
    product: firstText(document, ['observer.product']) ?? 'wardwire',
    version: firstText(document, ['observer.version']) ?? '0',
    classId: firstText(document, header.class_id) ?? 'event',
    name: header.names[name] ?? name,
    severity: severityOf(document, header.severity),
  }
}

/** The pairs of a document's record, each key once, in the order of the table. */
export function recordPairs(document: EcsDocument): readonly Pair[] {
  const dataset = valueAt(document, ['event', 'dataset'])
  const slots = compile().slots.get(dataset as Dataset) ?? []
  const pairs: Pair[] = []
  const taken = new Set<string>()
  for (const slot of slots) {
    if (taken.has(slot.key)) continue
    const value = slotValue(slot, valueAt(document, slot.path))
    if (value === undefined || value === '') continue
    taken.add(slot.key)
    pairs.push({ key: slot.key, label: slot.label, value, bytes: slot.bytes })
  }
  return pairs
}

function severityOf(document: EcsDocument, tables: CefTable['header']['severity']): number {
  for (const [field, table] of Object.entries(tables)) {
    const severity = table[String(valueAt(document, field.split('.')))]
    if (severity !== undefined) return severity
  }
  return 1
}

function firstText(document: EcsDocument, fields: readonly string[]): string | undefined {
  for (const field of fields) {
    const value = valueAt(document, field.split('.'))
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

function valueAt(document: EcsDocument, path: readonly string[]): Json | undefined {
  let value: Json | undefined = document
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    value = (value as EcsDocument)[key]
  }
  return value
}

function slotValue(slot: Slot, value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  if (slot.values !== undefined) return slot.values[String(value)]?.toString()
  const items: readonly string[] = Array.isArray(value) ? value.map(String) : [String(value)]
  if (items.length === 0) return undefined
  switch (slot.type) {
    case 'time':
      return wholeNumber(Math.floor(microseconds(items[0]) / 1000))
    case 'ipv4':
      return items.find(item => isIP(item) === 4)
    case 'ipv6':
      return items.find(item => isIP(item) === 6)
    case 'mac':
      return items[0].toLowerCase().replaceAll('-', ':')
    case 'port':
    case 'integer':
      return wholeNumber(Number(items[0]))
    case 'float':
      return Number.isFinite(Number(items[0])) ? items[0] : undefined
    case 'string':
      return clean(items.join(', '))
  }
}

function wholeNumber(number: number): string | undefined {
  return Number.isFinite(number) ? String(Math.round(number)) : undefined
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g
const LONE_SURROGATE = /\p{Surrogate}/gu
const NOT_PRINTABLE_ASCII = /[^ -~]/

/** Text without control characters (tab becomes a space; line breaks stay, each format has its way with them), half characters and outer blanks. */
export function clean(value: string): string {
  if (!NOT_PRINTABLE_ASCII.test(value)) return value.trim()
  return value.replaceAll('\t', ' ').replace(CONTROL, '').replace(LONE_SURROGATE, '\ufffd').trim()
}

/** The longest beginning of `value` within `limit` bytes of UTF-8 that does not cut a character. */
export function cutBytes(value: string, limit: number): string {
  if (value.length * 3 <= limit || Buffer.byteLength(value) <= limit) return value
  const bytes = Buffer.from(value)
  let end = limit
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
