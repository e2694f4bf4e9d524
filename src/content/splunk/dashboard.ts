import { readSource, readView } from './source.ts'

/** Names of the app and its dashboards: `wardwire_posture`. */
export const APP_ID = 'wardwire'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
type JsonObject = Readonly<Record<string, Json>>

/** `dashboards/splunk/views/<name>.yml` */
interface ViewSource {
  readonly title: string
  readonly description: string
  /** Names of inputs of `inputs.yml`, in order. */
  readonly inputs: readonly string[]
  /** What a search begins with, under a name that panels give in `base`. */
  readonly bases?: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
}

interface Row {
  /** Pixels. */
  readonly height: number
  readonly panels: readonly Panel[]
}

interface Panel {
  readonly title?: string
  readonly description?: string
  /** A kind of `inputs.yml`'s neighbour `panels.yml`. */
  readonly kind: string
  /** Share of the width that it takes, of the sum of its row; 1 without. */
  readonly width?: number
  /** SPL. What `base` names stands before it. */
  readonly search?: string
  /** Several numbers of one search: the name of the search that the first of them has. */
  readonly same?: string
  readonly name?: string
  readonly base?: string
  /** Column that a number shows. */
  readonly value?: string
  /** Dashboard to open, and what its tokens are. */
  readonly open?: { readonly view: string; readonly tokens: Readonly<Record<string, string>> }
  /** Numbers from which on a colour holds: [[0, good], [1, bad]]. */
  readonly colors?: readonly (readonly [number, string])[]
  /** Pixels of columns of a table; the others share what is left. */
  readonly widths?: Readonly<Record<string, number>>
  readonly options?: JsonObject
}

/** `dashboards/splunk/panels.yml` */
interface PanelKinds {
  readonly colors: Readonly<Record<string, string>>
  readonly kinds: Readonly<Record<string, { readonly type: string; readonly options: JsonObject }>>
}

/** An input of `dashboards/splunk/inputs.yml`: as Dashboard Studio has it, with the search of its choices as text. */
type InputSource = JsonObject & { readonly search?: string }

/** Definition of a Dashboard Studio dashboard, with one layout as every version since 8.2 reads it. */
export interface DashboardDefinition {
  readonly title: string
  readonly description: string
  readonly inputs: JsonObject
  readonly defaults: JsonObject
  readonly dataSources: Readonly<Record<string, { readonly type: string; readonly name: string; readonly options: JsonObject }>>
  readonly visualizations: JsonObject
  readonly layout: {
    readonly type: 'grid'
    readonly options: { readonly width: number; readonly height: number }
    readonly globalInputs: readonly string[]
    readonly structure: readonly Block[]
  }
}

/** Where a panel stands, pixels. */
interface Block {
  readonly item: string
  readonly type: 'block'
  readonly position: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
}

const WIDTH = 1440
/** Every search looks at what the time input says. */
const DEFAULTS: JsonObject = {
  dataSources: { 'ds.search': { options: { queryParameters: { earliest: '$time.earliest$', latest: '$time.latest$' } } } },
}

/** Make the definition of a dashboard from its file. */
export function dashboardDefinition(name: string): DashboardDefinition {
  const view = readView<ViewSource>(name)
  const panels = view.rows.flatMap(row => row.panels).map((panel, index) => ({ id: `panel_${index + 1}`, panel }))
  const inputs = readSource<Readonly<Record<string, InputSource>>>('inputs.yml')
  return {
    title: view.title,
    description: view.description,
    inputs: Object.fromEntries(view.inputs.map(input => [`input_${input}`, inputDefinition(input, inputs[input])])),
    defaults: DEFAULTS,
    dataSources: {
      ...Object.fromEntries(view.inputs.flatMap(input => inputSearch(input, inputs[input]))),
      ...Object.fromEntries(panels.flatMap(({ id, panel }) => panelSearch(id, panel, view))),
    },
    visualizations: Object.fromEntries(panels.map(({ id, panel }) => [id, visualization(id, panel)])),
    layout: {
      type: 'grid',
      options: { width: WIDTH, height: view.rows.reduce((sum, { height }) => sum + height, 0) },
      globalInputs: view.inputs.map(input => `input_${input}`),
      structure: structure(view.rows),
    },
  }
}

/** The page as the app holds it: the definition within Splunk's XML. */
export function dashboardXml(definition: DashboardDefinition): string {
  const json = JSON.stringify(definition, undefined, 2)
  if (json.includes(']]>')) throw new RangeError(`the dashboard ${definition.title} holds the end of a CDATA section`)
  return `<dashboard version="2" theme="light">
  <label>${xml(definition.title)}</label>
  <description>${xml(definition.description)}</description>
  <definition><![CDATA[
${json}
  ]]></definition>
  <meta type="hiddenElements"><![CDATA[
{"hideEdit": false, "hideOpenInSearch": false, "hideExport": false}
  ]]></meta>
</dashboard>
`
}

/** Panels from left to right, rows from top to bottom, without gaps. */
function structure(rows: readonly Row[]): readonly Block[] {
  const blocks: Block[] = []
  let y = 0
  for (const { height, panels } of rows) {
    const whole = panels.reduce((sum, { width = 1 }) => sum + width, 0)
    let taken = 0
    for (const { width = 1 } of panels) {
      const x = Math.round((WIDTH * taken) / whole)
      taken += width
      const w = Math.round((WIDTH * taken) / whole) - x
      blocks.push({ item: `panel_${blocks.length + 1}`, type: 'block', position: { x, y, w, h: height } })
    }
    y += height
  }
  return blocks
}

function inputDefinition(name: string, { search, ...input }: InputSource): Json {
  return search === undefined ? input : { ...input, dataSources: { primary: `search_input_${name}` } }
}

function inputSearch(name: string, { search, title }: InputSource): readonly [string, DashboardDefinition['dataSources'][string]][] {
  if (search === undefined) return []
  return [[`search_input_${name}`, { type: 'ds.search', name: `Choices of ${String(title)}`, options: { query: oneLine(search) } }]]
}

function panelSearch(id: string, panel: Panel, view: ViewSource): readonly [string, DashboardDefinition['dataSources'][string]][] {
  if (panel.search === undefined) return []
  const base = panel.base === undefined ? '' : baseOf(panel.base, view)
  const query = oneLine(`${base} ${panel.search}`)
  return [[searchId(id, panel), { type: 'ds.search', name: panel.title ?? panel.name ?? id, options: { query } }]]
}

function baseOf(name: string, { bases, title }: ViewSource): string {
  const base = bases?.[name]
  if (base === undefined) throw new RangeError(`the dashboard ${title} has no base ${name}`)
  return base
}

function searchId(id: string, { name, same }: Panel): string {
  return `search_${same ?? name ?? id}`
}

let kinds: PanelKinds | undefined

function panelKinds(): PanelKinds {
  kinds ??= readSource<PanelKinds>('panels.yml')
  return kinds
}

function visualization(id: string, panel: Panel): JsonObject {
  const kind = panelKinds().kinds[panel.kind]
  if (kind === undefined) throw new RangeError(`${panel.kind} is not a kind of panel`)
  const { options, context } = kind.type === 'splunk.table' ? tableOptions(panel) : numberOptions(panel)
  return {
    type: kind.type,
    ...(panel.title === undefined ? {} : { title: panel.title }),
    ...(panel.description === undefined ? {} : { description: panel.description }),
    ...(panel.search === undefined && panel.same === undefined ? {} : { dataSources: { primary: searchId(id, panel) } }),
    options: { ...kind.options, ...options, ...colored(panel.options) },
    ...(context === undefined ? {} : { context }),
    ...(panel.open === undefined ? {} : { eventHandlers: [drilldown(panel.open)] }),
  }
}

interface KindOptions {
  readonly options: JsonObject
  /** What expressions in the options refer to. */
  readonly context: JsonObject | undefined
}

/** Widths of columns; words of severity in their colours. */
function tableOptions({ search = '', widths = {} }: Panel): KindOptions {
  const hasSeverity = /\|\s*table\b[^|]*\bseverity\b[^|]*$/.test(search)
  const formats = Object.fromEntries(Object.entries(widths).map(([column, width]) => [column, { width }]))
  if (!hasSeverity) return { options: { columnFormat: formats }, context: undefined }
  const severity = { ...formats['severity'], rowColors: "> table | seriesByName('severity') | matchValue(severityColors)" }
  const colors = SEVERITIES.map(word => ({ match: word, value: colorOf(word) }))
  return { options: { columnFormat: { ...formats, severity } }, context: { severityColors: colors } }
}

const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const

/** The column that a number shows, and its colour by value. */
function numberOptions({ value, colors }: Panel): KindOptions {
  if (value === undefined) return { options: {}, context: undefined }
  const options = { majorValue: `> primary | seriesByName('${value}') | lastPoint()` }
  if (colors === undefined) return { options, context: undefined }
  const ranges = colors.map(([from, color], index) => ({
    from,
    ...(index + 1 < colors.length ? { to: colors[index + 1][0] } : {}),
    value: colorOf(color),
  }))
  return { options: { ...options, majorColor: '> majorValue | rangeValue(colors)' }, context: { colors: ranges } }
}

/** Names of colours in `seriesColorsByField` and `seriesColors` as what they stand for. */
function colored(options: JsonObject = {}): JsonObject {
  const { seriesColorsByField: byField, seriesColors: series } = options
  return {
    ...options,
    ...(isObject(byField)
      ? { seriesColorsByField: Object.fromEntries(Object.entries(byField).map(([key, color]) => [key, colorOf(String(color))])) }
      : {}),
    ...(Array.isArray(series) ? { seriesColors: series.map(color => colorOf(String(color))) } : {}),
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function colorOf(name: string): string {
  const color = panelKinds().colors[name]
  if (color === undefined) throw new RangeError(`${name} is not a colour of panels.yml`)
  return color
}

function drilldown({ view, tokens }: NonNullable<Panel['open']>): JsonObject {
  return {
    type: 'drilldown.linkToDashboard',
    options: {
      app: APP_ID,
      dashboard: `${APP_ID}_${view}`,
      newTab: true,
      tokens: Object.entries(tokens).map(([token, value]) => ({ token, value })),
    },
  }
}

/** SPL of several lines on one. */
function oneLine(search: string): string {
  return search.replaceAll(/\s*\n\s*/g, ' ').trim()
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
