import { catalogue, type Field } from './catalogue.ts'
import { DATASETS, type Dataset, type Json } from './event.ts'

/** What the sensor needs in an Elasticsearch cluster, by name, as the bodies of the APIs want it. */
export interface ElasticTemplates {
  /** PUT _component_template/<name> */
  readonly componentTemplates: Readonly<Record<string, object>>
  /** PUT _index_template/<name> */
  readonly indexTemplates: Readonly<Record<string, object>>
  /** PUT _ingest/pipeline/<name> */
  readonly pipelines: Readonly<Record<string, object>>
}

/** Above the built-in `logs-*-*` (100) and templates of packages (200). */
const PRIORITY = 250
const PIPELINE = 'logs-wardwire@default-pipeline'
const CUSTOM_PIPELINE = 'logs-wardwire@custom'
const SETTINGS = 'logs-wardwire@settings'
/** Elasticsearch's own: rollover, retention and index mode as all other logs have them. A cluster may have been told to do without it. */
const BUILT_IN_SETTINGS = 'logs@settings'
const COMMON_MAPPINGS = 'logs-wardwire@mappings'
const META = { managed_by: 'wardwire', description: 'Made from mappings/fields.yml of wardwire' }

/**
 * Templates and pipeline for the data streams `logs-wardwire.<dataset>-<namespace>`, for Elasticsearch 8.19 and 9.x. Every field is
 * mapped explicitly and nothing dynamically, so no document can grow the mapping. Users extend them in `logs-wardwire@custom`,
 * `logs-wardwire.<dataset>@custom` (component templates) and `logs-wardwire@custom` (pipeline), none of which need exist.
 * Put in this order: pipelines, component templates, index templates.
 */
export function elasticTemplates(): ElasticTemplates {
  const fields = [...catalogue().values()]
  const common = fields.filter(isCommon)
  return {
    pipelines: { [PIPELINE]: pipeline() },
    componentTemplates: {
      [SETTINGS]: { template: { settings: settings() }, _meta: META },
      [COMMON_MAPPINGS]: { template: { mappings: mappings(common) }, _meta: META },
      ...Object.fromEntries(
        DATASETS.map(dataset => [mappingsName(dataset), { template: { mappings: datasetMappings(dataset, fields) }, _meta: META }]),
      ),
    },
    indexTemplates: Object.fromEntries(DATASETS.map(dataset => [`logs-${dataset}`, indexTemplate(dataset)])),
  }
}

function mappingsName(dataset: Dataset): string {
  return `logs-${dataset}@mappings`
}

function isCommon(field: Field): boolean {
  return field.datasets.length === DATASETS.length
}

function indexTemplate(dataset: Dataset): object {
  const custom = ['logs-wardwire@custom', `logs-${dataset}@custom`]
  return {
    index_patterns: [`logs-${dataset}-*`],
    priority: PRIORITY,
    data_stream: {},
    composed_of: [BUILT_IN_SETTINGS, SETTINGS, COMMON_MAPPINGS, mappingsName(dataset), ...custom],
    ignore_missing_component_templates: [BUILT_IN_SETTINGS, ...custom],
    _meta: META,
  }
}

/** A malformed value costs the field (listed in `_ignored`), never the event. `@timestamp` says otherwise in its own mapping, as data streams demand. */
function settings(): object {
  return { index: { default_pipeline: PIPELINE, mapping: { ignore_malformed: true, total_fields: { limit: 1000 } } } }
}

function datasetMappings(dataset: Dataset, fields: readonly Field[]): object {
  const own = fields.filter(field => field.datasets.includes(dataset) && !isCommon(field))
  const base = mappings(own)
  const properties = { ...base.properties }
  properties['data_stream'] = { properties: { dataset: { type: 'constant_keyword', value: dataset } } }
  return { ...base, properties }
}

interface Properties {
  [name: string]: { properties: Properties } | { readonly [setting: string]: Json }
}

function mappings(fields: readonly Field[]): { dynamic: false; properties: Properties } {
  const properties: Properties = {}
  for (const field of fields) place(properties, field.name.split('.'), fieldMapping(field))
  return { dynamic: false, properties }
}

function place(properties: Properties, [key, ...rest]: readonly string[], mapping: { readonly [setting: string]: Json }): void {
  if (rest.length === 0) {
    properties[key] = mapping
    return
  }
  const branch = properties[key] ?? { properties: {} }
  properties[key] = branch
  place((branch as { properties: Properties }).properties, rest, mapping)
}

/** As ECS: longer keywords are kept but not indexed. */
const IGNORE_ABOVE = 1024

function fieldMapping(field: Field): { readonly [setting: string]: Json } {
  if (field.name === '@timestamp') return { type: 'date', ignore_malformed: false }
  if (field.name === 'data_stream.type') return { type: 'constant_keyword', value: 'logs' }
  if (field.type === 'keyword') return { type: 'keyword', ignore_above: IGNORE_ABOVE }
  return { type: field.type }
}

/** Sets the arrival time, on which detection rules rest, and the parts of the data stream's name. */
function pipeline(): object {
  return {
    description: 'Arrival time and data stream of wardwire events',
    processors: [
      { set: { tag: 'set-ingested', field: 'event.ingested', value: '{{{_ingest.timestamp}}}' } },
      {
        dissect: {
          tag: 'dissect-data-stream',
          field: '_index',
          pattern: '%{data_stream.type}-%{data_stream.dataset}-%{data_stream.namespace}',
          ignore_failure: true,
        },
      },
      { pipeline: { tag: 'pipeline-custom', name: CUSTOM_PIPELINE, ignore_missing_pipeline: true } },
    ],
    on_failure: [
      { set: { tag: 'set-error', field: 'error.message', value: '{{{_ingest.on_failure_message}}}' } },
      { set: { tag: 'set-kind', field: 'event.kind', value: 'pipeline_error' } },
    ],
    _meta: META,
  }
}
