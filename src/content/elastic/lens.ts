import { type Panel, panelQuery, type TimeShape } from './dashboard.ts'
import { type KqlQuery, kql, type LensColumn, type LensColumns, lensColumns, stableId } from './lens-columns.ts'

export interface Reference {
  readonly type: string
  readonly id: string
  readonly name: string
}

/** The attributes of a Lens visualization that lives in its dashboard. */
export interface LensAttributes {
  readonly title: ''
  readonly description: string
  readonly type: 'lens'
  readonly visualizationType: string
  readonly references: readonly Reference[]
  readonly state: {
    readonly query: KqlQuery
    readonly filters: readonly object[]
    readonly datasourceStates: {
      readonly formBased: { readonly currentIndexPatternId: string; readonly layers: Readonly<Record<string, LensLayer>> }
      readonly indexpattern: { readonly layers: object }
      readonly textBased: { readonly layers: object }
    }
    readonly visualization: object
    readonly internalReferences: readonly object[]
    readonly adHocDataViews: object
  }
}

export interface LensLayer {
  readonly columnOrder: readonly string[]
  readonly columns: Readonly<Record<string, LensColumn>>
  readonly incompleteColumns: object
  readonly indexPatternId: string
  readonly ignoreGlobalFilters: false
  readonly sampling: 1
}

/** A panel as Lens keeps it, over one data view. Kibana takes a panel for an old one that it must migrate unless the empty states are there. */
export function lensAttributes(dashboard: string, panel: Panel, dataView: string): LensAttributes {
  const layerId = stableId(dashboard, panel.id, 'layer')
  const columns = lensColumns(dashboard, panel)
  const layer: LensLayer = {
    columnOrder: columns.order,
    columns: columns.columns,
    incompleteColumns: {},
    indexPatternId: dataView,
    ignoreGlobalFilters: false,
    sampling: 1,
  }
  return {
    title: '',
    description: panel.description,
    type: 'lens',
    visualizationType: VISUALIZATIONS[panel.type],
    references: [{ type: 'index-pattern', id: dataView, name: `indexpattern-datasource-layer-${layerId}` }],
    state: {
      query: kql(panelQuery(panel)),
      filters: [],
      datasourceStates: {
        formBased: { currentIndexPatternId: dataView, layers: { [layerId]: layer } },
        indexpattern: { layers: {} },
        textBased: { layers: {} },
      },
      visualization: visualization(panel, layerId, columns),
      internalReferences: [],
      adHocDataViews: {},
    },
  }
}

const VISUALIZATIONS: Readonly<Record<Panel['type'], string>> = {
  metric: 'lnsMetric',
  time: 'lnsXY',
  bars: 'lnsXY',
  donut: 'lnsPie',
  table: 'lnsDatatable',
  heatmap: 'lnsHeatmap',
}

function visualization(panel: Panel, layerId: string, columns: LensColumns): object {
  const layer = { layerId, layerType: 'data' }
  const [first, second] = columns.groups
  switch (panel.type) {
    case 'metric':
      return { ...layer, metricAccessor: columns.values[0], secondaryTrend: { type: 'none' } }
    case 'time':
      return xy(layer, timeSeries(panel.shape, first !== undefined), columns.time, columns.values, first)
    case 'bars':
      return xy(layer, second === undefined ? 'bar_horizontal' : 'bar_horizontal_stacked', first, columns.values, second)
    case 'donut':
      return donut(layer, columns)
    case 'table':
      return table(layer, columns)
    case 'heatmap':
      return heatmap(layer, columns)
  }
}

function timeSeries(shape: TimeShape, split: boolean): string {
  if (shape === 'lines') return 'line'
  if (shape === 'areas') return split ? 'area_stacked' : 'area'
  return split ? 'bar_stacked' : 'bar'
}

const COLORS = {
  assignments: [],
  specialAssignments: [{ rule: { type: 'other' }, color: { type: 'loop' }, touched: false }],
  paletteId: 'eui_amsterdam_color_blind',
  colorMode: { type: 'categorical' },
}

function xy(layer: object, seriesType: string, x: string | undefined, y: readonly string[], split: string | undefined): object {
  const manySeries = split !== undefined || y.length > 1
  return {
    preferredSeriesType: seriesType,
    layers: [
      {
        ...layer,
        seriesType,
        xAccessor: x,
        accessors: y,
        ...(split === undefined ? {} : { splitAccessor: split, colorMapping: COLORS }),
        position: 'top',
        showGridlines: false,
      },
    ],
    legend: { isVisible: manySeries, position: 'bottom', shouldTruncate: true },
    valueLabels: 'hide',
    fittingFunction: 'None',
    axisTitlesVisibilitySettings: { x: false, yLeft: false, yRight: false },
    tickLabelsVisibilitySettings: { x: true, yLeft: true, yRight: true },
    gridlinesVisibilitySettings: { x: false, yLeft: true, yRight: true },
  }
}

function donut(layer: object, { groups, values }: LensColumns): object {
  return {
    shape: 'donut',
    layers: [
      {
        ...layer,
        primaryGroups: groups,
        metrics: values,
        colorMapping: COLORS,
        numberDisplay: 'value',
        categoryDisplay: 'default',
        legendDisplay: 'default',
        legendPosition: 'right',
        nestedLegend: false,
      },
    ],
  }
}

function table(layer: object, { groups, values }: LensColumns): object {
  return {
    ...layer,
    columns: [
      ...groups.map(columnId => ({ columnId, isMetric: false, isTransposed: false, oneClickFilter: true })),
      ...values.map(columnId => ({ columnId, isMetric: true, isTransposed: false })),
    ],
    paging: { size: 10, enabled: true },
    rowHeight: 'auto',
    headerRowHeight: 'auto',
  }
}

function heatmap(layer: object, { time, groups, values }: LensColumns): object {
  const [x, y] = time === undefined ? groups : [time, groups[0]]
  return {
    ...layer,
    shape: 'heatmap',
    xAccessor: x,
    yAccessor: y,
    valueAccessor: values[0],
    gridConfig: {
      type: 'heatmap_grid',
      isCellLabelVisible: false,
      isXAxisLabelVisible: true,
      isXAxisTitleVisible: false,
      isYAxisLabelVisible: true,
      isYAxisTitleVisible: false,
    },
    legend: { type: 'heatmap_legend', isVisible: true, position: 'right' },
  }
}
