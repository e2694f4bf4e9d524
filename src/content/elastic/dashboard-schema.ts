import Joi from 'joi'
import { type ConfigResult, parseConfig } from '../../config/load.ts'
import { DATASETS, type Dataset } from '../../normalize/event.ts'
import type { Control, Dashboard, Format, Group, Panel, PlacedPanel, TimeShape, Value } from './dashboard.ts'

/** Columns of Kibana's grid. */
const COLUMNS = 48
/** Terms that a group shows where the file does not say. */
const DEFAULT_SIZE = 10

/** A value as a file writes it: a label and one word that says how it is made. */
interface RawValue {
  readonly label: string
  readonly count?: true
  readonly unique?: string
  readonly sum?: string
  readonly max?: string
  readonly min?: string
  readonly average?: string
  readonly median?: string
  readonly last?: string
  readonly percentile?: { readonly field: string; readonly at: number }
  readonly filter?: string
  readonly format?: Format
}

interface RawGroup {
  readonly label: string
  readonly terms?: string
  readonly size: number
  readonly other: boolean
  readonly filters?: Readonly<Record<string, string>>
}

interface RawPanel {
  readonly id: string
  readonly type: Panel['type']
  readonly title: string
  readonly description: string
  readonly width?: number
  readonly dataset?: Dataset
  readonly filter?: string
  readonly opens?: string
  readonly value?: RawValue
  readonly values?: readonly RawValue[]
  readonly group?: RawGroup
  readonly groups?: readonly RawGroup[]
  readonly split?: RawGroup
  readonly x?: RawGroup
  readonly y?: RawGroup
  readonly shape?: TimeShape
}

interface RawDashboard {
  readonly order: number
  readonly title: string
  readonly description: string
  readonly from: string
  readonly datasets: readonly Dataset[]
  readonly controls: readonly Control[]
  readonly rows: readonly { readonly height: number; readonly panels: readonly RawPanel[] }[]
}

const text = () => Joi.string().trim().min(1)
const fieldName = () => Joi.string().pattern(/^@?[a-z0-9_]+(\.[a-z0-9_]+)*$/, 'a field name')
const slug = () => Joi.string().pattern(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words with hyphens')

const MEASURES = ['count', 'unique', 'sum', 'max', 'min', 'average', 'median', 'last', 'percentile'] as const
const value = Joi.object({
  label: text().required(),
  count: Joi.boolean().valid(true),
  unique: fieldName(),
  sum: fieldName(),
  max: fieldName(),
  min: fieldName(),
  average: fieldName(),
  median: fieldName(),
  last: fieldName(),
  percentile: Joi.object({ field: fieldName().required(), at: Joi.number().min(1).max(99).required() }),
  filter: text(),
  format: Joi.string().valid('bytes', 'percent', 'duration', 'milliseconds'),
}).xor(...MEASURES)
const values = Joi.array().items(value).min(1)

const group = Joi.object({
  label: text().required(),
  terms: fieldName(),
  size: Joi.number().integer().min(1).max(1000).default(DEFAULT_SIZE),
  other: Joi.boolean().default(false),
  filters: Joi.object().pattern(Joi.string(), text()).min(2),
}).xor('terms', 'filters')
const groups = Joi.array().items(group).min(1).max(3)

const panelBase = {
  id: slug().required(),
  title: text().required(),
  description: text().required(),
  width: Joi.number().integer().min(1).max(COLUMNS),
  dataset: Joi.string().valid(...DATASETS),
  filter: text(),
  opens: slug(),
}
const panel = Joi.object<RawPanel>({
  ...panelBase,
  type: Joi.string().valid('metric', 'time', 'bars', 'donut', 'table', 'heatmap').required(),
}).when('.type', {
  switch: [
    { is: 'metric', then: Joi.object({ value: value.required() }) },
    {
      is: 'time',
      then: Joi.object({
        shape: Joi.string().valid('bars', 'lines', 'areas').default('bars'),
        values: values.required(),
        split: group,
      }),
    },
    { is: 'bars', then: Joi.object({ group: group.required(), values: values.required(), split: group }) },
    { is: 'donut', then: Joi.object({ group: group.required(), value: value.required() }) },
    { is: 'table', then: Joi.object({ groups: groups.required(), values: values.required() }) },
    { is: 'heatmap', then: Joi.object({ x: group, y: group.required(), value: value.required() }) },
  ],
})

/** A file of `dashboards/elastic/`. */
const dashboardSchema = Joi.object<RawDashboard>({
  order: Joi.number().integer().min(1).required(),
  title: text().required(),
  description: text().required(),
  from: Joi.string()
    .pattern(/^now-\d+[mhdw]$/, 'a time such as now-24h')
    .required(),
  datasets: Joi.array()
    .items(Joi.string().valid(...DATASETS))
    .min(1)
    .unique()
    .required(),
  controls: Joi.array()
    .items(Joi.object<Control>({ field: fieldName().required(), title: text().required() }))
    .min(2)
    .required(),
  rows: Joi.array()
    .items(Joi.object({ height: Joi.number().integer().min(3).required(), panels: Joi.array().items(panel).min(1).required() }))
    .min(1)
    .required(),
})

/** Read one dashboard. `id` is the name of its file without the suffix. Every problem of form is reported at once, with its line. */
export function parseDashboard(yaml: string, file: string, id: string): ConfigResult<Dashboard> {
  const result = parseConfig(yaml, file, dashboardSchema, {})
  if (!result.ok) return result
  const { rows, ...rest } = result.settings
  return { ...result, settings: { ...rest, id, panels: placed(rows, rest.datasets[0]) } }
}

/** Rows lie below each other; in a row the panels without a width share what the others leave. */
function placed(rows: RawDashboard['rows'], dataset: Dataset): readonly PlacedPanel[] {
  let y = 0
  return rows.flatMap(({ height, panels }) => {
    const given = panels.reduce((sum, { width }) => sum + (width ?? 0), 0)
    const share = Math.floor((COLUMNS - given) / panels.filter(({ width }) => width === undefined).length)
    let x = 0
    const row = panels.map(raw => {
      const w = raw.width ?? share
      const grid = { x, y, w, h: height }
      x += w
      return { ...panelFrom(raw, dataset), grid }
    })
    y += height
    return row
  })
}

function panelFrom(raw: RawPanel, fallback: Dataset): Panel {
  const { id, title, description, dataset = fallback, filter, opens } = raw
  const base = { id, title, description, dataset, filter, opens }
  switch (raw.type) {
    case 'metric':
      return { ...base, type: 'metric', value: valueFrom(raw.value!) }
    case 'time':
      return { ...base, type: 'time', shape: raw.shape!, values: raw.values!.map(valueFrom), split: raw.split && groupFrom(raw.split) }
    case 'bars':
      return {
        ...base,
        type: 'bars',
        group: groupFrom(raw.group!),
        values: raw.values!.map(valueFrom),
        split: raw.split && groupFrom(raw.split),
      }
    case 'donut':
      return { ...base, type: 'donut', group: groupFrom(raw.group!), value: valueFrom(raw.value!) }
    case 'table':
      return { ...base, type: 'table', groups: raw.groups!.map(groupFrom), values: raw.values!.map(valueFrom) }
    case 'heatmap':
      return { ...base, type: 'heatmap', x: raw.x && groupFrom(raw.x), y: groupFrom(raw.y!), value: valueFrom(raw.value!) }
  }
}

function valueFrom(raw: RawValue): Value {
  const { label, filter, format } = raw
  const base = { label, filter, format }
  if (raw.percentile !== undefined) return { ...base, kind: 'percentile', field: raw.percentile.field, percentile: raw.percentile.at }
  const kind = (['unique', 'sum', 'max', 'min', 'average', 'median', 'last'] as const).find(word => raw[word] !== undefined)
  return kind === undefined ? { ...base, kind: 'count' } : { ...base, kind, field: raw[kind]! }
}

function groupFrom({ label, terms, size, other, filters }: RawGroup): Group {
  if (filters === undefined) return { kind: 'terms', field: terms!, label, size, other }
  return { kind: 'filters', label, filters: Object.entries(filters).map(([name, filter]) => ({ label: name, filter })) }
}
