import { catalogue } from '../../normalize/catalogue.ts'
import {
  type Dashboard,
  dashboardId,
  type Format,
  type Group,
  type Panel,
  type PlacedPanel,
  panelQuery,
  type TimeShape,
  type Value,
} from './dashboard.ts'
import { DATA_VIEW, NAVIGATION_HEIGHT, OPENS, shippedWith } from './dashboard-object.ts'
import { stableId } from './lens-columns.ts'

/**
 * A dashboard as the body of PUT /api/dashboards/<id> (Kibana 9.4 and later). The API has no links panel, so the navigation is Markdown; its
 * controls need the data view `wardwire-logs`, which `dashboards.ndjson` brings.
 */
export function dashboardApiBody(dashboard: Dashboard, dashboards: readonly Dashboard[], version: string): object {
  return {
    title: `[wardwire] ${dashboard.title}`,
    description: `${dashboard.description} ${shippedWith(version)}`,
    time_range: { from: dashboard.from, to: 'now' },
    filters: [
      {
        type: 'condition',
        data_view_id: DATA_VIEW.id,
        condition: { field: 'data_stream.dataset', operator: 'is_one_of', value: dashboard.datasets },
      },
    ],
    pinned_panels: dashboard.controls.map(({ field, title }) => ({
      type: 'options_list_control',
      width: 'medium',
      grow: true,
      config: { title, data_view_id: DATA_VIEW.id, field_name: field },
    })),
    panels: [navigation(dashboard, dashboards), ...dashboard.panels.map(panel => apiPanel(dashboard.id, panel))],
  }
}

function navigation({ id }: Dashboard, dashboards: readonly Dashboard[]): object {
  const links = dashboards.map(target => (target.id === id ? `**${target.title}**` : `[${target.title}](#/view/${dashboardId(target.id)})`))
  return {
    type: 'markdown',
    id: stableId(id, 'navigation'),
    grid: { x: 0, y: 0, w: 48, h: NAVIGATION_HEIGHT },
    config: { content: links.join(' · ') },
  }
}

function apiPanel(dashboard: string, panel: PlacedPanel): object {
  const { grid, title, description, opens } = panel
  return {
    type: 'vis',
    id: stableId(dashboard, panel.id),
    grid: { ...grid, y: grid.y + NAVIGATION_HEIGHT },
    config: {
      ...chart(panel),
      // The label of a metric is its title.
      title: panel.type === 'metric' ? '' : title,
      description,
      query: { expression: panelQuery(panel), language: 'kql' },
      ...(opens === undefined ? {} : { drilldowns: [drilldown(opens)] }),
    },
  }
}

function drilldown(target: string): object {
  return {
    type: 'dashboard_drilldown',
    trigger: 'on_apply_filter',
    label: OPENS,
    dashboard_id: dashboardId(target),
    use_filters: true,
    use_time_range: true,
    open_in_new_tab: false,
  }
}

const DATA_SOURCE = { data_source: { type: 'data_view_spec', index_pattern: DATA_VIEW.title, time_field: '@timestamp' } } as const
const TIME_AXIS = { operation: 'date_histogram', field: '@timestamp' } as const

function chart(panel: Panel): object {
  switch (panel.type) {
    case 'metric':
      return { type: 'metric', ...DATA_SOURCE, metrics: [{ type: 'primary', ...metric(panel.value) }] }
    case 'time':
      return xy(timeSeries(panel.shape, panel.split !== undefined), TIME_AXIS, panel.values, panel.split)
    case 'bars': {
      const shape = panel.split === undefined ? 'bar_horizontal' : 'bar_horizontal_stacked'
      return xy(shape, bucket(panel.group, panel.values), panel.values, panel.split)
    }
    case 'donut':
      return {
        type: 'pie',
        ...DATA_SOURCE,
        metrics: [metric(panel.value)],
        group_by: [bucket(panel.group, [panel.value])],
        styling: { donut_hole: 'm' },
      }
    case 'table':
      return {
        type: 'data_table',
        ...DATA_SOURCE,
        metrics: panel.values.map(metric),
        rows: panel.groups.map(group => bucket(group, panel.values)),
        styling: { paging: 10 },
      }
    case 'heatmap':
      return {
        type: 'heatmap',
        ...DATA_SOURCE,
        metric: metric(panel.value),
        x: panel.x === undefined ? TIME_AXIS : bucket(panel.x, [panel.value]),
        y: bucket(panel.y, [panel.value]),
      }
  }
}

function timeSeries(shape: TimeShape, split: boolean): string {
  if (shape === 'lines') return 'line'
  const stacked = split ? '_stacked' : ''
  return `${shape === 'areas' ? 'area' : 'bar'}${stacked}`
}

function xy(shape: string, x: object, values: readonly Value[], split: Group | undefined): object {
  const untitled = { title: { visible: false } }
  const manySeries = split !== undefined || values.length > 1
  return {
    type: 'xy',
    layers: [
      { type: shape, ...DATA_SOURCE, x, y: values.map(metric), ...(split === undefined ? {} : { breakdown_by: bucket(split, values) }) },
    ],
    axis: { x: untitled, y: untitled },
    legend: manySeries ? { visibility: 'visible', position: 'bottom', layout: { type: 'list' } } : { visibility: 'hidden' },
  }
}

function bucket(group: Group, values: readonly Value[]): object {
  if (group.kind === 'filters')
    return {
      operation: 'filters',
      label: group.label,
      filters: group.filters.map(({ label, filter }) => ({ label, filter: { expression: filter, language: 'kql' } })),
    }
  const rank = values.findIndex(({ kind }) => kind !== 'last')
  return {
    operation: 'terms',
    label: group.label,
    fields: [group.field],
    limit: group.size,
    ...(group.other ? { other_bucket: { include_documents_without_field: false } } : {}),
    rank_by: rank < 0 ? { type: 'alphabetical', direction: 'asc' } : { type: 'metric', metric_index: rank, direction: 'desc' },
  }
}

function metric(value: Value): object {
  const { label, filter, format } = value
  return {
    ...operation(value),
    label,
    ...(filter === undefined ? {} : { filter: { expression: filter, language: 'kql' } }),
    ...(format === undefined ? {} : { format: FORMATS[format] }),
  }
}

function operation(value: Value): object {
  switch (value.kind) {
    case 'count':
      return { operation: 'count' }
    case 'unique':
      return { operation: 'unique_count', field: value.field }
    case 'percentile':
      return { operation: 'percentile', field: value.field, percentile: value.percentile }
    case 'last':
      return {
        operation: 'last_value',
        field: value.field,
        time_field: '@timestamp',
        multi_value: catalogue().get(value.field)?.array === true,
      }
    default:
      return { operation: value.kind, field: value.field }
  }
}

const FORMATS: Readonly<Record<Format, object>> = {
  bytes: { type: 'bytes', decimals: 1 },
  percent: { type: 'percent', decimals: 1 },
  duration: { type: 'duration', from: 'ns', to: 'auto' },
  milliseconds: { type: 'duration', from: 'ms', to: 'auto' },
}
