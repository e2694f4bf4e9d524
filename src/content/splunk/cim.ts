import { catalogue } from '../../normalize/catalogue.ts'
import type { Dataset } from '../../normalize/event.ts'
import { readMapping } from '../../normalize/mappings.ts'

/** A data model of the Splunk Common Information Model, and the events that belong to it. */
export interface CimModel {
  readonly dataset: Dataset
  /** Values of event.action; absent: all of the dataset. */
  readonly actions?: readonly string[]
  /** `none`: the events belong to no model. */
  readonly model: string
  readonly tags: readonly string[]
}

type Scalar = string | number

/** `mappings/cim.yml`. */
interface CimTable {
  readonly vendor_product: string
  readonly models: readonly CimModel[]
  readonly aliases: readonly { readonly model: string; readonly cim: string; readonly field: string }[]
  readonly values: readonly {
    readonly model: string
    readonly cim: string
    readonly field: string
    readonly table: Readonly<Record<string, string>>
    readonly default?: string
  }[]
  readonly scales: readonly { readonly model: string; readonly cim: string; readonly field: string; readonly divide_by: number }[]
  readonly constants: readonly { readonly model: string; readonly cim: string; readonly value: Scalar }[]
}

/** How events of a sourcetype hold a field of the catalogue. */
export interface FieldReader {
  /** An expression of Splunk's eval language; undefined where the events do not have the field. */
  read(field: string): Expression | undefined
}

export interface Expression {
  readonly eval: string
  /** Name of the field when the expression is no more than that. */
  readonly name?: string
  /** May have several values. */
  readonly multivalue: boolean
}

/** A field of the CIM as props.conf makes it. */
export type CimField =
  | { readonly cim: string; readonly kind: 'alias'; readonly of: string }
  | { readonly cim: string; readonly kind: 'eval'; readonly eval: string }

let loaded: CimTable | undefined

function table(): CimTable {
  loaded ??= readMapping<CimTable>('cim.yml')
  return loaded
}

/** In the order of the table; every event belongs to exactly one. */
export function cimModels(): readonly CimModel[] {
  return table().models
}

/** JSON events: fields have their own names, arrays end in braces. */
export const JSON_FIELDS: FieldReader = {
  read: field => {
    const row = catalogue().get(field)
    if (row === undefined) throw new RangeError(`${field} is not in the catalogue`)
    const name = row.array ? `${field}{}` : field
    return { eval: `'${name}'`, name, multivalue: row.array }
  },
}

/**
 * Every CIM field that the tables name, in alphabetical order. What holds for one model stands above what the catalogue says for all; a
 * field that is only another name is an alias, everything else a calculated field.
 */
export function cimFields(reader: FieldReader): readonly CimField[] {
  const specific = specificCases(reader)
  const general = generalSources(reader)
  const names = [...new Set([...specific.keys(), ...general.keys()])].sort()
  const fields = names.map(cim => cimField(cim, specific.get(cim) ?? [], general.get(cim) ?? []))
  return [...fields, { cim: 'vendor_product', kind: 'eval', eval: text(table().vendor_product) }]
}

interface Case {
  readonly when: string
  readonly value: string
}

function cimField(cim: string, cases: readonly Case[], sources: readonly Expression[]): CimField {
  const [only] = sources
  const isAlias = cases.length === 0 && sources.length === 1 && only.name !== undefined && !isMac(cim)
  if (isAlias) return { cim, kind: 'alias', of: only.name }
  const general = sources.map(source => (isMac(cim) ? macAddress(source) : source.eval))
  const fallback = general.length > 1 ? `coalesce(${general.join(', ')})` : general[0]
  if (cases.length === 0) return { cim, kind: 'eval', eval: fallback }
  const branches = cases.flatMap(({ when, value }) => [when, value])
  return { cim, kind: 'eval', eval: `case(${[...branches, ...(fallback === undefined ? [] : ['true()', fallback])].join(', ')})` }
}

/** Sources that the catalogue names, for events of any model. */
function generalSources(reader: FieldReader): ReadonlyMap<string, readonly Expression[]> {
  const sources = new Map<string, Expression[]>()
  for (const { name, cim } of catalogue().values()) {
    const source = cim === undefined ? undefined : reader.read(name)
    if (cim === undefined || source === undefined) continue
    sources.set(cim, [...(sources.get(cim) ?? []), source])
  }
  return sources
}

/** What the table says for single models. */
function specificCases(reader: FieldReader): ReadonlyMap<string, readonly Case[]> {
  const { aliases, values, scales, constants } = table()
  const cases = new Map<string, Case[]>()
  const add = (model: string, cim: string, value: string | undefined): void => {
    if (value !== undefined) cases.set(cim, [...(cases.get(cim) ?? []), { when: modelCondition(model, reader), value }])
  }
  for (const { model, cim, field } of aliases) add(model, cim, reader.read(field)?.eval)
  for (const row of values) add(row.model, row.cim, translated(row, reader.read(row.field)))
  for (const { model, cim, field, divide_by } of scales) {
    const source = reader.read(field)
    add(model, cim, source === undefined ? undefined : `${source.eval}/${divide_by}`)
  }
  for (const { model, cim, value } of constants) add(model, cim, typeof value === 'number' ? String(value) : text(value))
  return cases
}

function translated(row: CimTable['values'][number], source: Expression | undefined): string | undefined {
  if (source === undefined) return row.default === undefined ? undefined : text(row.default)
  const branches = Object.entries(row.table).flatMap(([key, word]) => [isValue(source, key), text(word)])
  if (branches.length === 0) return row.default === undefined ? undefined : text(row.default)
  return `case(${[...branches, ...(row.default === undefined ? [] : ['true()', text(row.default)])].join(', ')})`
}

function isValue(source: Expression, value: string): string {
  if (source.multivalue) return `isnotnull(mvfind(${source.eval}, "(?i)^${value}$"))`
  return Number.isFinite(Number(value)) ? `${source.eval}==${value}` : `lower(${source.eval})==${text(value.toLowerCase())}`
}

/** Whether an event belongs to a model, as an expression. */
function modelCondition(model: string, reader: FieldReader): string {
  const rows = table().models.filter(row => row.model === model)
  const datasets = rows.flatMap(({ dataset, actions }) => (actions === undefined ? [dataset] : []))
  const actions = rows.flatMap(row => row.actions ?? [])
  const conditions = [
    ...(datasets.length > 0 ? [oneOf(reader, 'event.dataset', datasets)] : []),
    ...(actions.length > 0 ? [oneOf(reader, 'event.action', actions)] : []),
  ]
  if (conditions.length === 0) throw new RangeError(`no events belong to the model ${model}`)
  return conditions.join(' OR ')
}

function oneOf(reader: FieldReader, field: string, values: readonly string[]): string {
  const source = reader.read(field)?.eval ?? 'null()'
  return values.length === 1 ? `${source}==${text(values[0])}` : `${source} IN (${values.map(text).join(', ')})`
}

function isMac(cim: string): boolean {
  return cim === 'mac' || cim.endsWith('_mac')
}

/** The CIM writes MAC addresses in lower case with colons. */
function macAddress({ eval: source, multivalue }: Expression): string {
  const one = `lower(replace(${source}, "-", ":"))`
  return multivalue ? `mvmap(${source}, ${one})` : one
}

function text(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`
}
