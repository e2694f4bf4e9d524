import { isIP } from 'node:net'
import { DATASETS, type Dataset, type EcsDocument, type Json } from './event.ts'
import { readMapping } from './mappings.ts'

/** Elasticsearch types that fields have. */
type FieldType = 'keyword' | 'constant_keyword' | 'match_only_text' | 'long' | 'float' | 'boolean' | 'date' | 'ip'

/** A row of `mappings/fields.yml`. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly source: 'ecs' | 'wardwire'
  readonly description: string
  /** Always an array in documents, even with one value. */
  readonly array: boolean
  readonly phi: 'none' | 'patient'
  readonly datasets: readonly Dataset[]
  /** CEF keys that it feeds. */
  readonly cef: readonly string[]
  /** Field of the Splunk CIM that it feeds. */
  readonly cim: string | undefined
}

export type Catalogue = ReadonlyMap<string, Field>

type Row = Omit<Field, 'datasets' | 'cef' | 'cim'> & { datasets: 'all' | readonly Dataset[]; cef?: readonly string[]; cim?: string }

let loaded: Catalogue | undefined

/** The catalogue in file order, read once. */
export function catalogue(): Catalogue {
  loaded ??= new Map(
    readMapping<readonly Row[]>('fields.yml').map(row => [
      row.name,
      { ...row, datasets: row.datasets === 'all' ? DATASETS : row.datasets, cef: row.cef ?? [], cim: row.cim },
    ]),
  )
  return loaded
}

/** What is wrong with a document. Never holds a value. */
export interface Problem {
  readonly field: string
  readonly problem:
    | 'not in the catalogue'
    | 'not a field of this dataset'
    | 'wrong type'
    | 'array expected'
    | 'single value expected'
    | 'empty'
    | 'patient data'
}

/**
 * Strict mode: hold a document against the catalogue. With `patients: omit` fields of patients are problems too.
 * An empty answer means that the document may be emitted.
 */
export function checkDocument(
  document: EcsDocument,
  patients: 'omit' | 'pseudonym' | 'clear' = 'omit',
  fields: Catalogue = catalogue(),
): readonly Problem[] {
  const problems: Problem[] = []
  const dataset = datasetOf(document)
  for (const [name, value] of leaves(document, fields)) {
    const field = fields.get(name)
    if (field === undefined) problems.push({ field: name, problem: 'not in the catalogue' })
    else problems.push(...checkValue(field, value).map(problem => ({ field: name, problem })))
    if (field === undefined) continue
    if (dataset !== undefined && !field.datasets.includes(dataset)) problems.push({ field: name, problem: 'not a field of this dataset' })
    if (patients === 'omit' && field.phi === 'patient') problems.push({ field: name, problem: 'patient data' })
  }
  return problems
}

/** Every leaf of a document as dotted name and value; a value of a catalogue field is a leaf whatever it is. */
export function* leaves(document: EcsDocument, fields: Catalogue = catalogue(), prefix = ''): Generator<readonly [string, Json]> {
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue
    const name = prefix + key
    if (isObject(value) && !fields.has(name) && Object.keys(value).length > 0) yield* leaves(value, fields, `${name}.`)
    else yield [name, value]
  }
}

function datasetOf(document: EcsDocument): Dataset | undefined {
  const event = document['event']
  const dataset = isObject(event) ? event['dataset'] : undefined
  return DATASETS.find(known => known === dataset)
}

function checkValue(field: Field, value: Json): Problem['problem'][] {
  if (Array.isArray(value)) {
    if (!field.array) return ['single value expected']
    if (value.length === 0) return ['empty']
    return value.every(item => hasType(field.type, item)) ? [] : ['wrong type']
  }
  if (field.array) return ['array expected']
  if (value === '') return ['empty']
  return hasType(field.type, value) ? [] : ['wrong type']
}

/** Of receivers. A span of more than 104 days in nanoseconds is beyond the whole numbers that a double tells apart, and fits. */
const MAX_LONG = 2 ** 63
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z$/

function hasType(type: FieldType, value: Json): boolean {
  switch (type) {
    case 'long':
      return Number.isInteger(value) && Math.abs(value as number) < MAX_LONG
    case 'float':
      return Number.isFinite(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'date':
      return typeof value === 'string' && ISO_TIME.test(value)
    case 'ip':
      return typeof value === 'string' && isIP(value) !== 0
    case 'keyword':
    case 'constant_keyword':
    case 'match_only_text':
      return typeof value === 'string' && value !== ''
  }
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
