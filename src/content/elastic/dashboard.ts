import type { Dataset } from '../../normalize/event.ts'

/** A dashboard, as a file of `dashboards/elastic/` says it. Every form that Kibana takes is made from this. */
export interface Dashboard {
  /** Name of the file: `dicom`. */
  readonly id: string
  /** Place in the navigation, from 1. */
  readonly order: number
  readonly title: string
  /** The questions that it answers. */
  readonly description: string
  /** How far it looks back when it is opened: `now-24h`. */
  readonly from: string
  /** All data that its panels look at. */
  readonly datasets: readonly Dataset[]
  /** Drop-down filters above the panels. */
  readonly controls: readonly Control[]
  readonly panels: readonly PlacedPanel[]
}

export interface Control {
  readonly field: string
  readonly title: string
}

/** On Kibana's grid of 48 columns. */
interface Grid {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export type PlacedPanel = Panel & { readonly grid: Grid }

interface PanelBase {
  /** Unique on its dashboard. */
  readonly id: string
  readonly title: string
  /** What it shows and what to make of it; Kibana shows it at the title. */
  readonly description: string
  readonly dataset: Dataset
  /** Narrows the data set, in KQL. */
  readonly filter: string | undefined
  /** Dashboard that a click on a value opens, filtered by the value. */
  readonly opens: string | undefined
}

export type Panel =
  | (PanelBase & { readonly type: 'metric'; readonly value: Value })
  | (PanelBase & { readonly type: 'time'; readonly shape: TimeShape; readonly values: readonly Value[]; readonly split: Group | undefined })
  | (PanelBase & { readonly type: 'bars'; readonly group: Group; readonly values: readonly Value[]; readonly split: Group | undefined })
  | (PanelBase & { readonly type: 'donut'; readonly group: Group; readonly value: Value })
  | (PanelBase & { readonly type: 'table'; readonly groups: readonly Group[]; readonly values: readonly Value[] })
  | (PanelBase & { readonly type: 'heatmap'; readonly x: Group | undefined; readonly y: Group; readonly value: Value })

export type TimeShape = 'bars' | 'lines' | 'areas'

/** A figure of a group of events. */
export type Value = ValueBase &
  (
    | { readonly kind: 'count' }
    | { readonly kind: 'unique' | 'sum' | 'max' | 'min' | 'average' | 'median' | 'last'; readonly field: string }
    | { readonly kind: 'percentile'; readonly field: string; readonly percentile: number }
  )

interface ValueBase {
  readonly label: string
  /** Only of these events, in KQL. */
  readonly filter: string | undefined
  readonly format: Format | undefined
}

/** How a number is written; `duration` takes nanoseconds, as `event.duration` is. */
export type Format = 'bytes' | 'percent' | 'duration' | 'milliseconds'

/** What events are grouped by. */
export type Group =
  | { readonly kind: 'terms'; readonly field: string; readonly label: string; readonly size: number; readonly other: boolean }
  | { readonly kind: 'filters'; readonly label: string; readonly filters: readonly { readonly label: string; readonly filter: string }[] }

/** The id under which Kibana knows a dashboard. */
export function dashboardId(name: string): string {
  return `wardwire-${name}`
}

/** Groups of a panel in the order in which they nest. A time axis is none of them. */
export function groupsOf(panel: Panel): readonly Group[] {
  switch (panel.type) {
    case 'metric':
      return []
    case 'time':
      return panel.split === undefined ? [] : [panel.split]
    case 'bars':
      return panel.split === undefined ? [panel.group] : [panel.group, panel.split]
    case 'donut':
      return [panel.group]
    case 'table':
      return panel.groups
    case 'heatmap':
      return panel.x === undefined ? [panel.y] : [panel.x, panel.y]
  }
}

export function valuesOf(panel: Panel): readonly Value[] {
  return 'values' in panel ? panel.values : [panel.value]
}

/** Whether one of its axes is time. */
export function hasTimeAxis(panel: Panel): boolean {
  return panel.type === 'time' || (panel.type === 'heatmap' && panel.x === undefined)
}

/** The whole filter of a panel, in KQL. */
export function panelQuery({ dataset, filter }: Panel): string {
  const own = `data_stream.dataset : "${dataset}"`
  return filter === undefined ? own : `${own} and (${filter})`
}
