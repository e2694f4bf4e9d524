import { catalogue } from '../../normalize/catalogue.ts'
import { stableUuid } from '../stable-uuid.ts'
import { type Format, type Group, groupsOf, hasTimeAxis, type Panel, type Value, valuesOf } from './dashboard.ts'

/** Ids of everything on dashboards are made from their names below this. */
const ID_NAMESPACE = '6b0f7f0e-6a0d-4d2f-8c55-3e2b0f6d5a11'
/** What Lens calls the events themselves where a field is wanted. */
const RECORDS = '___records___'

/** The same id for the same thing in every build. */
export function stableId(...path: readonly string[]): string {
  return stableUuid(ID_NAMESPACE, path.join('/'))
}

export interface KqlQuery {
  readonly query: string
  readonly language: 'kuery'
}

export function kql(query: string): KqlQuery {
  return { query, language: 'kuery' }
}

/** A column of a form-based Lens layer: an aggregation with its label. */
export interface LensColumn {
  readonly label: string
  readonly customLabel: true
  readonly dataType: 'string' | 'number' | 'boolean' | 'date' | 'ip'
  readonly operationType: string
  readonly sourceField?: string
  readonly isBucketed: boolean
  readonly scale: 'ordinal' | 'interval' | 'ratio'
  readonly filter?: KqlQuery
  readonly params: Readonly<Record<string, unknown>>
}

/** The columns of a panel by id, and which is which. */
export interface LensColumns {
  readonly columns: Readonly<Record<string, LensColumn>>
  /** In the order in which they nest. */
  readonly order: readonly string[]
  readonly time: string | undefined
  readonly groups: readonly string[]
  readonly values: readonly string[]
}

/** Groups outside time, so that the same top values are shown all along, then the values: the order in which Lens nests aggregations. */
export function lensColumns(dashboard: string, panel: Panel): LensColumns {
  const id = (part: string, index: number): string => stableId(dashboard, panel.id, part, String(index))
  const values = valuesOf(panel)
  const orderedBy = values.findIndex(({ kind }) => kind !== 'last')
  const rank = orderedBy < 0 ? undefined : id('value', orderedBy)
  const groups = groupsOf(panel).map((group, index) => [id('group', index), groupColumn(group, rank)] as const)
  const figures = values.map((value, index) => [id('value', index), valueColumn(value)] as const)
  const time = hasTimeAxis(panel) ? ([[id('time', 0), TIME_COLUMN]] as const) : []
  const all = [...groups, ...time, ...figures]
  return {
    columns: Object.fromEntries(all),
    order: all.map(([column]) => column),
    time: time[0]?.[0],
    groups: groups.map(([column]) => column),
    values: figures.map(([column]) => column),
  }
}

const TIME_COLUMN: LensColumn = {
  label: 'Time',
  customLabel: true,
  dataType: 'date',
  operationType: 'date_histogram',
  sourceField: '@timestamp',
  isBucketed: true,
  scale: 'interval',
  params: { interval: 'auto', includeEmptyRows: true, dropPartials: false },
}

function groupColumn(group: Group, rank: string | undefined): LensColumn {
  const base = { label: group.label, customLabel: true, isBucketed: true, scale: 'ordinal' } as const
  if (group.kind === 'filters')
    return {
      ...base,
      dataType: 'string',
      operationType: 'filters',
      params: { filters: group.filters.map(({ label, filter }) => ({ label, input: kql(filter) })) },
    }
  return {
    ...base,
    dataType: dataType(group.field),
    operationType: 'terms',
    sourceField: group.field,
    params: {
      size: group.size,
      orderBy: rank === undefined ? { type: 'alphabetical', fallback: true } : { type: 'column', columnId: rank },
      orderDirection: rank === undefined ? 'asc' : 'desc',
      otherBucket: group.other,
      missingBucket: false,
      parentFormat: { id: 'terms' },
      include: [],
      exclude: [],
      includeIsRegex: false,
      excludeIsRegex: false,
    },
  }
}

const OPERATIONS: Readonly<Record<Value['kind'], string>> = {
  count: 'count',
  unique: 'unique_count',
  sum: 'sum',
  max: 'max',
  min: 'min',
  average: 'average',
  median: 'median',
  percentile: 'percentile',
  last: 'last_value',
}

function valueColumn(value: Value): LensColumn {
  const field = value.kind === 'count' ? RECORDS : value.field
  const filter = valueFilter(value)
  return {
    label: value.label,
    customLabel: true,
    dataType: valueType(value),
    operationType: OPERATIONS[value.kind],
    sourceField: field,
    isBucketed: false,
    scale: value.kind === 'last' ? 'ordinal' : 'ratio',
    ...(filter === undefined ? {} : { filter: kql(filter) }),
    params: { ...valueParams(value), ...(value.format === undefined ? {} : { format: FORMATS[value.format] }) },
  }
}

/** The last value of a field is that of the last event that has it. */
function valueFilter(value: Value): string | undefined {
  if (value.kind !== 'last') return value.filter
  const exists = `${value.field} : *`
  return value.filter === undefined ? exists : `${exists} and (${value.filter})`
}

function valueParams(value: Value): Readonly<Record<string, unknown>> {
  switch (value.kind) {
    case 'last':
      return { sortField: '@timestamp', showArrayValues: catalogue().get(value.field)?.array === true }
    case 'percentile':
      return { percentile: value.percentile }
    case 'count':
    case 'unique':
    case 'sum':
      return { emptyAsNull: false }
    default:
      return {}
  }
}

const FORMATS: Readonly<Record<Format, object>> = {
  bytes: { id: 'bytes', params: { decimals: 1 } },
  percent: { id: 'percent', params: { decimals: 1 } },
  duration: { id: 'duration', params: { decimals: 1, fromUnit: 'nanoseconds', toUnit: 'humanizePrecise', compact: true } },
  milliseconds: { id: 'duration', params: { decimals: 1, fromUnit: 'milliseconds', toUnit: 'humanizePrecise', compact: true } },
}

function valueType(value: Value): LensColumn['dataType'] {
  return value.kind === 'last' || value.kind === 'max' || value.kind === 'min' ? dataType(value.field) : 'number'
}

function dataType(field: string): LensColumn['dataType'] {
  const type = catalogue().get(field)?.type
  switch (type) {
    case 'long':
    case 'float':
      return 'number'
    case 'boolean':
    case 'date':
    case 'ip':
      return type
    default:
      return 'string'
  }
}
