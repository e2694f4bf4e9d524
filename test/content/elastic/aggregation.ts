import type { LensAttributes, LensLayer } from '../../../src/content/elastic/lens.ts'
import type { LensColumn } from '../../../src/content/elastic/lens-columns.ts'
import { kqlToDsl, type QueryDsl } from '../kql.ts'

/** The bucket or figure of a column, in a search and in its answer. */
const NAME = 'c'

interface Answer {
  readonly aggregations: Aggregations
}
type Aggregations = Readonly<Record<string, Aggregation>>
interface Aggregation {
  readonly doc_count?: number
  readonly value?: number | null
  readonly buckets?: readonly (Aggregations & { readonly key?: unknown })[] | Readonly<Record<string, Aggregations>>
  readonly hits?: { readonly hits: readonly object[] }
  readonly values?: Readonly<Record<string, number | null>>
  readonly [name: string]: unknown
}

/** A line of what a panel shows: for each figure whether any event has it. */
export type Row = Readonly<Record<string, boolean>>

/** The search that Lens makes of a panel, without the time range. */
export function panelSearch({ state }: LensAttributes, filters: readonly QueryDsl[]): object {
  const layer = onlyLayer(state.datasourceStates.formBased.layers)
  const query = { bool: { filter: [kqlToDsl(state.query.query), ...filters] } }
  return { size: 0, track_total_hits: true, query, aggs: nested(layer, buckets(layer)) }
}

/** The lines of the answer to `panelSearch`. */
export function panelRows({ state }: LensAttributes, answer: object): readonly Row[] {
  const layer = onlyLayer(state.datasourceStates.formBased.layers)
  return rows((answer as Answer).aggregations, layer, buckets(layer).length)
}

/** A value that a click on a panel filters by. */
export interface Term {
  readonly field: string
  readonly value: string | number
}

/** The values of the first line of the answer to `panelSearch`, outermost first. */
export function firstTerms({ state }: LensAttributes, answer: object): readonly Term[] {
  const terms: Term[] = []
  let level: Aggregations | undefined = (answer as Answer).aggregations
  for (const { operationType, sourceField } of buckets(onlyLayer(state.datasourceStates.formBased.layers))) {
    const found: Aggregation['buckets'] = level?.[NAME].buckets
    level = Array.isArray(found) ? (found as readonly Aggregations[])[0] : undefined
    const value = level?.['key'] as Term['value'] | undefined
    if (operationType === 'terms' && value !== undefined) terms.push({ field: sourceField!, value })
  }
  return terms
}

function onlyLayer(layers: Readonly<Record<string, LensLayer>>): LensLayer {
  const [layer, ...others] = Object.values(layers)
  if (others.length > 0) throw new Error('a panel has several layers')
  return layer
}

function buckets({ columnOrder, columns }: LensLayer): readonly LensColumn[] {
  return columnOrder.map(id => columns[id]).filter(({ isBucketed }) => isBucketed)
}

function figures({ columnOrder, columns }: LensLayer): readonly (readonly [string, LensColumn])[] {
  return columnOrder.map(id => [id, columns[id]] as const).filter(([, { isBucketed }]) => !isBucketed)
}

function nested(layer: LensLayer, [outer, ...inner]: readonly LensColumn[]): object {
  if (outer === undefined) return Object.fromEntries(figures(layer).map(([id, column]) => [id, figure(column)]))
  const { bucket, order } = bucketAggregation(outer, layer)
  return { [NAME]: { ...bucket, aggs: { ...order, ...nested(layer, inner) } } }
}

function bucketAggregation({ operationType, sourceField, params }: LensColumn, layer: LensLayer): { bucket: object; order: object } {
  switch (operationType) {
    case 'date_histogram':
      return { bucket: { date_histogram: { field: sourceField, fixed_interval: '1h', min_doc_count: 1 } }, order: {} }
    case 'filters': {
      const filters = params['filters'] as readonly { readonly label: string; readonly input: { readonly query: string } }[]
      return { bucket: { filters: { filters: Object.fromEntries(filters.map(f => [f.label, kqlToDsl(f.input.query)])) } }, order: {} }
    }
    case 'terms': {
      const { columnId } = params['orderBy'] as { readonly columnId?: string }
      const terms = { field: sourceField, size: params['size'] }
      if (columnId === undefined) return { bucket: { terms: { ...terms, order: { _key: params['orderDirection'] } } }, order: {} }
      const path = rankPath(layer.columns[columnId])
      return {
        bucket: { terms: { ...terms, order: { [path]: params['orderDirection'] } } },
        order: { rank: figure(layer.columns[columnId]) },
      }
    }
    default:
      throw new Error(`no bucket ${operationType}`)
  }
}

function rankPath({ operationType, params }: LensColumn): string {
  if (operationType === 'count') return 'rank'
  return operationType === 'median' || operationType === 'percentile' ? `rank>figure.${percentOf(operationType, params)}` : 'rank>figure'
}

function percentOf(operation: string, params: LensColumn['params']): number {
  return operation === 'median' ? 50 : (params['percentile'] as number)
}

/** Every figure in a filter of its own, beside the number of events that have the field. */
function figure({ operationType, sourceField, filter, params }: LensColumn): object {
  const only = filter === undefined ? { match_all: {} } : kqlToDsl(filter.query)
  if (operationType === 'count') return { filter: only }
  return {
    filter: only,
    aggs: { figure: metric(operationType, sourceField!, params), having: { value_count: { field: sourceField } } },
  }
}

function metric(operation: string, field: string, params: LensColumn['params']): object {
  switch (operation) {
    case 'unique_count':
      return { cardinality: { field } }
    case 'sum':
    case 'max':
    case 'min':
      return { [operation]: { field } }
    case 'average':
      return { avg: { field } }
    case 'median':
    case 'percentile':
      return { percentiles: { field, percents: [percentOf(operation, params)] } }
    case 'last_value':
      return { top_hits: { size: 1, _source: false, docvalue_fields: [field], sort: [{ [String(params['sortField'])]: 'desc' }] } }
    default:
      throw new Error(`no figure ${operation}`)
  }
}

function rows(aggregations: Aggregations, layer: LensLayer, depth: number): readonly Row[] {
  if (depth === 0) return [Object.fromEntries(figures(layer).map(([id]) => [id, isThere(aggregations[id])]))]
  const { buckets: found = [] } = aggregations[NAME]
  const list = Array.isArray(found) ? (found as readonly Aggregations[]) : Object.values(found as Readonly<Record<string, Aggregations>>)
  return list.filter(bucket => Number(bucket['doc_count']) > 0).flatMap(bucket => rows(bucket, layer, depth - 1))
}

/** Whether a figure rests on any event. */
function isThere(found: Aggregation): boolean {
  const having = found['having'] as { readonly value: number } | undefined
  return having === undefined ? Number(found.doc_count) > 0 : having.value > 0
}
