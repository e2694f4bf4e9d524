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
  readonly bytes: number
  readonly read: Reader
}

/** The value of a field as text; undefined when there is none of the type. */
type Reader = (value: Json) => string | undefined

interface Compiled {
  readonly slots: ReadonlyMap<Dataset, readonly Slot[]>
  readonly classId: readonly (readonly string[])[]
  readonly name: readonly (readonly string[])[]
  readonly names: Readonly<Record<string, string>>
  readonly severity: readonly { readonly path: readonly string[]; readonly values: Readonly<Record<string, number>> }[]
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

const VENDOR = ['observer', 'vendor']
const PRODUCT = ['observer', 'product']
const VERSION = ['observer', 'version']
const DATASET = ['event', 'dataset']

let compiled: Compiled | undefined

function compile(): Compiled {
  if (compiled !== undefined) return compiled
  const table = readMapping<CefTable>('cef.yml')
  const slot = (row: Row): Slot => {
    const { type, bytes } = table.keys[row.key]
    const read = row.values === undefined ? READERS[type] : readerOf(row.values)
    return { path: row.field.split('.'), key: row.key, label: row.label, bytes: bytes ?? LONGEST_VALUE, read }
  }
  // A dataset's own rows come first where they share a key with a common row, but keys keep the order of the table.
  const order = Object.keys(table.keys)
  const slots = new Map(
    DATASETS.map(dataset => {
      const rows = [...table.datasets[dataset], ...table.common].map(slot)
      return [dataset, rows.sort((one, other) => order.indexOf(one.key) - order.indexOf(other.key))] as const
    }),
  )
  const { class_id, name, names, severity } = table.header
  compiled = {
    slots,
    classId: class_id.map(field => field.split('.')),
    name: name.map(field => field.split('.')),
    names,
    severity: Object.entries(severity).map(([field, values]) => ({ path: field.split('.'), values })),
  }
  return compiled
}

/** The header of a document's record. */
export function recordHeader(document: EcsDocument): RecordHeader {
  const { classId, name: nameFields, names } = compile()
  const name = firstText(document, nameFields) ?? 'event'
  return {
    vendor: textAt(document, VENDOR) ?? 'wardwire',
    product: textAt(document, PRODUCT) ?? 'wardwire',
    version: textAt(document, VERSION) ?? '0',
    classId: firstText(document, classId) ?? 'event',
    name: names[name] ?? name,
    severity: severityOf(document),
  }
}

/** The pairs of a document's record, each key once, in the order of the table. */
export function recordPairs(document: EcsDocument): readonly Pair[] {
  const slots = compile().slots.get(valueAt(document, DATASET) as Dataset) ?? []
  const pairs: Pair[] = []
  let taken: string | undefined
  for (const { path, key, label, bytes, read } of slots) {
    if (key === taken) continue
    const found = valueAt(document, path)
    const value = isNothing(found) ? undefined : read(found)
    if (value === undefined || value === '') continue
    taken = key
    pairs.push({ key, label, value, bytes })
  }
  return pairs
}

function isNothing(value: Json | undefined): value is undefined | null | readonly [] {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

function severityOf(document: EcsDocument): number {
  for (const { path, values } of compile().severity) {
    const severity = values[String(valueAt(document, path))]
    if (severity !== undefined) return severity
  }
  return 1
}

function firstText(document: EcsDocument, fields: readonly (readonly string[])[]): string | undefined {
  for (const path of fields) {
    const value = textAt(document, path)
    if (value !== undefined) return value
  }
  return undefined
}

function textAt(document: EcsDocument, path: readonly string[]): string | undefined {
  const value = valueAt(document, path)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function valueAt(document: EcsDocument, path: readonly string[]): Json | undefined {
  let value: Json | undefined = document
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    value = (value as EcsDocument)[key]
  }
  return value
}

const READERS: Readonly<Record<KeyType, Reader>> = {
  time: value => whole(Math.floor(microseconds(first(value)) / 1000)),
  ipv4: value => addressOf(value, 4),
  ipv6: value => addressOf(value, 6),
  mac: value => first(value).toLowerCase().replaceAll('-', ':'),
  port: value => whole(Number(first(value))),
  integer: value => whole(Number(first(value))),
  float: value => (Number.isFinite(Number(first(value))) ? first(value) : undefined),
  string: value => clean(Array.isArray(value) ? value.map(String).join(', ') : String(value)),
}

function readerOf(values: Readonly<Record<string, number>>): Reader {
  return value => values[String(value)]?.toString()
}

function first(value: Json): string {
  return String(Array.isArray(value) ? value[0] : value)
}

function addressOf(value: Json, version: 4 | 6): string | undefined {
  if (!Array.isArray(value)) return isIP(String(value)) === version ? String(value) : undefined
  return value.map(String).find(item => isIP(item) === version)
}

function whole(number: number): string | undefined {
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
