import type { Dataset } from '../../normalize/event.ts'
import { type ElasticTemplates, elasticTemplates } from '../../normalize/templates.ts'

/** A transform that keeps the latest event of each key in an index of its own. */
export interface LatestTransform {
  /** Folder in the package: `latest_device`. */
  readonly name: string
  /** Of the transform and of the template of its index in a cluster without Fleet. */
  readonly id: string
  readonly description: string
  readonly dataset: Dataset
  readonly uniqueKey: readonly string[]
  readonly index: string
  /** Always points to the index, whatever version it has. */
  readonly alias: string | undefined
  /** Whether ES|QL may join events with it: `| LOOKUP JOIN wardwire-latest-device ON host.id`. */
  readonly lookup: boolean
  /** When what was not reported again goes; undefined: never. */
  readonly maxAge: string | undefined
  /** Second names of fields: name → field. */
  readonly aliases: Readonly<Record<string, string>>
}

/**
 * Latest state of every device (ES|QL joins need an index without a version in its name), and of every finding, where the findings page
 * of Elastic Security looks for it; that page wants to know findings by `resource`.
 */
export const LATEST_TRANSFORMS: readonly LatestTransform[] = [
  {
    name: 'latest_device',
    id: 'wardwire-latest-device',
    description: 'Latest state of every medical device that wardwire knows.',
    dataset: 'wardwire.asset',
    uniqueKey: ['host.id'],
    index: 'wardwire-latest-device',
    alias: undefined,
    lookup: true,
    // As long as a sensor knows a device that is gone (inventory.retention_days).
    maxAge: '730d',
    aliases: {},
  },
  {
    name: 'latest_vulnerability',
    id: 'wardwire-latest-vulnerability',
    description: 'Latest state of every finding of wardwire, for the findings page of Elastic Security.',
    dataset: 'wardwire.vulnerability',
    uniqueKey: ['host.id', 'vulnerability.id', 'wardwire.vulnerability.advisory'],
    index: 'security_solution-wardwire.vulnerability_latest-v1',
    alias: 'security_solution-wardwire.vulnerability_latest',
    lookup: false,
    maxAge: undefined,
    aliases: { 'resource.id': 'host.id', 'resource.name': 'host.name' },
  },
]

/** The body of a transform. Fleet and people add what they need to `_meta`. */
export function transformBody({ description, dataset, uniqueKey, index, alias, maxAge }: LatestTransform, meta: object): object {
  return {
    description,
    // Every namespace, but nothing that the pipeline could not read.
    source: { index: [`logs-${dataset}-*`], query: { bool: { must_not: [{ exists: { field: 'error.message' } }] } } },
    dest: { index, ...(alias === undefined ? {} : { aliases: [{ alias, move_on_creation: true }] }) },
    latest: { unique_key: uniqueKey, sort: '@timestamp' },
    frequency: '1m',
    sync: { time: { field: 'event.ingested', delay: '120s' } },
    ...(maxAge === undefined ? {} : { retention_policy: { time: { field: '@timestamp', max_age: maxAge } } }),
    settings: { deduce_mappings: false, unattended: true },
    _meta: meta,
  }
}

/** Everything for a cluster without Fleet. */
export interface ElasticContent extends ElasticTemplates {
  /** PUT _transform/<name> */
  readonly transforms: Readonly<Record<string, object>>
}

const META = { managed_by: 'wardwire' }
/** Above templates for all indices. */
const PRIORITY = 250

/** The templates of the data streams, and the transforms with the templates of their indices. */
export function elasticContent(): ElasticContent {
  const templates = elasticTemplates()
  return {
    ...templates,
    indexTemplates: { ...templates.indexTemplates, ...byId(destinationTemplate) },
    transforms: byId(transform => transformBody(transform, META)),
  }
}

function byId(body: (transform: LatestTransform) => object): Readonly<Record<string, object>> {
  return Object.fromEntries(LATEST_TRANSFORMS.map(transform => [transform.id, body(transform)]))
}

/** The mappings of the data stream, except that several namespaces meet here. */
function destinationTemplate({ dataset, index, lookup, aliases }: LatestTransform): object {
  const properties: Record<string, { properties: Record<string, object> }> = {
    data_stream: { properties: { namespace: { type: 'keyword' } } },
  }
  for (const [name, path] of Object.entries(aliases)) {
    const [object, field] = name.split('.')
    properties[object] ??= { properties: {} }
    properties[object].properties[field] = { type: 'alias', path }
  }
  return {
    index_patterns: [index],
    priority: PRIORITY,
    composed_of: ['logs-wardwire@mappings', `logs-${dataset}@mappings`],
    template: { ...(lookup ? { settings: { index: { mode: 'lookup' } } } : {}), mappings: { dynamic: false, properties } },
    _meta: META,
  }
}
