import Joi from 'joi'

/**
 * What PUT /api/dashboards/<id> takes, as far as our dashboards use it, after Kibana's published schemas (9.4 and 9.5; they are closed: an
 * unknown key is refused). No Kibana can be run in the tests.
 */
const text = Joi.string().min(1)
const kql = Joi.object({ expression: text.required(), language: Joi.string().valid('kql').required() })
const grid = Joi.object({
  x: Joi.number().min(0).max(47).required(),
  y: Joi.number().min(0).required(),
  w: Joi.number().min(1).max(48).required(),
  h: Joi.number().min(1).required(),
})
const dataSource = Joi.object({
  type: Joi.string().valid('data_view_spec').required(),
  index_pattern: text.required(),
  time_field: text.required(),
}).required()

const format = Joi.alternatives(
  Joi.object({ type: Joi.string().valid('bytes', 'percent').required(), decimals: Joi.number().required() }),
  Joi.object({
    type: Joi.string().valid('duration').required(),
    from: Joi.string().valid('ps', 'ns', 'us', 'ms', 's', 'min', 'h', 'd').required(),
    to: Joi.string().valid('auto').required(),
  }),
)
const figure = { label: text, filter: kql, format }
const field = { field: text.required() }
const metrics = [
  Joi.object({ ...figure, operation: Joi.string().valid('count').required() }),
  Joi.object({
    ...figure,
    ...field,
    operation: Joi.string().valid('unique_count', 'sum', 'max', 'min', 'average', 'median').required(),
  }),
  Joi.object({ ...figure, ...field, operation: Joi.string().valid('percentile').required(), percentile: Joi.number().required() }),
  Joi.object({
    ...figure,
    ...field,
    operation: Joi.string().valid('last_value').required(),
    time_field: text.required(),
    multi_value: Joi.boolean().required(),
  }),
]
const metric = Joi.alternatives(...metrics)
const primary = Joi.alternatives(...metrics.map(schema => schema.append({ type: Joi.string().valid('primary').required() })))

const bucket = Joi.alternatives(
  Joi.object({ operation: Joi.string().valid('date_histogram').required(), ...field }),
  Joi.object({
    operation: Joi.string().valid('terms').required(),
    label: text,
    fields: Joi.array().items(text).min(1).required(),
    limit: Joi.number().min(1).required(),
    other_bucket: Joi.object({ include_documents_without_field: Joi.boolean().required() }),
    rank_by: Joi.alternatives(
      Joi.object({ type: Joi.string().valid('alphabetical').required(), direction: Joi.string().valid('asc').required() }),
      Joi.object({
        type: Joi.string().valid('metric').required(),
        metric_index: Joi.number().min(0).required(),
        direction: Joi.string().valid('desc').required(),
      }),
    ).required(),
  }),
  Joi.object({
    operation: Joi.string().valid('filters').required(),
    label: text,
    filters: Joi.array()
      .items(Joi.object({ label: text, filter: kql.required() }))
      .min(1)
      .required(),
  }),
)

const panelInfo = {
  title: Joi.string().allow('').required(),
  description: text,
  query: kql.required(),
  drilldowns: Joi.array().items(
    Joi.object({
      type: Joi.string().valid('dashboard_drilldown').required(),
      trigger: Joi.string().valid('on_apply_filter').required(),
      label: text.required(),
      dashboard_id: text.required(),
      use_filters: Joi.boolean().required(),
      use_time_range: Joi.boolean().required(),
      open_in_new_tab: Joi.boolean().required(),
    }),
  ),
}
const axis = Joi.object({ title: Joi.object({ visible: Joi.boolean().required() }) })
const layer = Joi.object({
  type: Joi.string().valid('area', 'area_stacked', 'bar', 'bar_stacked', 'bar_horizontal', 'bar_horizontal_stacked', 'line').required(),
  data_source: dataSource,
  x: bucket.required(),
  y: Joi.array().items(metric).min(1).required(),
  breakdown_by: bucket,
})
const charts = Joi.alternatives(
  Joi.object({
    ...panelInfo,
    type: Joi.string().valid('metric').required(),
    data_source: dataSource,
    metrics: Joi.array().items(primary).length(1).required(),
  }),
  Joi.object({
    ...panelInfo,
    type: Joi.string().valid('xy').required(),
    layers: Joi.array().items(layer).length(1).required(),
    axis: Joi.object({ x: axis, y: axis }),
    legend: Joi.object({
      visibility: Joi.string().valid('auto', 'visible', 'hidden').required(),
      position: Joi.string().valid('bottom'),
      layout: Joi.object({ type: Joi.string().valid('list').required() }),
    }),
  }),
  Joi.object({
    ...panelInfo,
    type: Joi.string().valid('pie').required(),
    data_source: dataSource,
    metrics: Joi.array().items(metric).min(1).required(),
    group_by: Joi.array().items(bucket).min(1).max(3).required(),
    styling: Joi.object({ donut_hole: Joi.string().valid('none', 's', 'm', 'l') }),
  }),
  Joi.object({
    ...panelInfo,
    type: Joi.string().valid('data_table').required(),
    data_source: dataSource,
    metrics: Joi.array().items(metric).min(1).required(),
    rows: Joi.array().items(bucket).min(1).required(),
    styling: Joi.object({ paging: Joi.number().valid(10, 20, 30, 50, 100) }),
  }),
  Joi.object({
    ...panelInfo,
    type: Joi.string().valid('heatmap').required(),
    data_source: dataSource,
    metric: metric.required(),
    x: bucket.required(),
    y: bucket.required(),
  }),
)

const panel = Joi.alternatives(
  Joi.object({
    type: Joi.string().valid('markdown').required(),
    id: text.required(),
    grid: grid.required(),
    config: Joi.object({ content: text.required() }).required(),
  }),
  Joi.object({ type: Joi.string().valid('vis').required(), id: text.required(), grid: grid.required(), config: charts.required() }),
)

export const dashboardsApiSchema = Joi.object({
  title: text.required(),
  description: text,
  time_range: Joi.object({ from: text.required(), to: text.required() }),
  filters: Joi.array()
    .items(
      Joi.object({
        type: Joi.string().valid('condition').required(),
        data_view_id: text,
        condition: Joi.object({
          field: text.required(),
          operator: Joi.string().valid('is_one_of').required(),
          value: Joi.array().items(text).min(1).required(),
        }).required(),
      }),
    )
    .max(500),
  pinned_panels: Joi.array().items(
    Joi.object({
      type: Joi.string().valid('options_list_control').required(),
      width: Joi.string().valid('small', 'medium', 'large').required(),
      grow: Joi.boolean().required(),
      config: Joi.object({ title: text.required(), data_view_id: text.required(), field_name: text.required() }).required(),
    }),
  ),
  panels: Joi.array().items(panel).max(100).required(),
})
