import type { DetectionRule, Logic, Measure } from '../../src/content/rule.ts'
import { DATASETS, type EcsDocument } from '../../src/normalize/event.ts'
import { elasticTemplates } from '../../src/normalize/templates.ts'
import type { OpenSearch } from '../peers/opensearch.ts'
import type { EventCases } from './events.ts'
import { kqlToDsl, type QueryDsl } from './kql.ts'

/** Field that tells the events of one case from those of others. */
const CASE = 'labels.case'
/** How often a rule that looks back runs, ms. */
const INTERVAL_MS = 300_000
const MOST_GROUPS = 10_000

/** A group of events with what a rule measures in it. */
export interface Bucket {
  readonly key: Readonly<Record<string, unknown>>
  readonly count: number
  /** Milliseconds since 1970 UTC. */
  readonly last: number
  readonly measured: number
}

/** One index for each dataset, with the mappings that are shipped. */
export async function createIndices(server: OpenSearch): Promise<void> {
  const { componentTemplates } = elasticTemplates()
  const mappingsOf = (name: string): { readonly properties: object } =>
    (componentTemplates[name] as { template: { mappings: { properties: object } } }).template.mappings
  for (const dataset of DATASETS) {
    const shipped = mergeProperties(mappingsOf('logs-wardwire@mappings').properties, mappingsOf(`logs-${dataset}@mappings`).properties)
    const properties = mergeProperties(shipped, {
      labels: { properties: { case: { type: 'keyword' } } },
      // OpenSearch wants to know the one value beforehand.
      data_stream: { properties: { namespace: { type: 'keyword' } } },
    })
    await server.request('PUT', `/logs-${dataset}-default`, {
      settings: { number_of_replicas: 0 },
      mappings: { dynamic: false, properties },
    })
  }
}

/** Both parts of a mapping may have fields below one name, such as `event`. */
function mergeProperties(one: object, other: object): object {
  const merged: Record<string, unknown> = { ...one }
  for (const [name, mapping] of Object.entries(other)) {
    const here = merged[name] as { readonly properties?: object } | undefined
    const there = mapping as { readonly properties?: object }
    merged[name] = here?.properties && there.properties ? { properties: mergeProperties(here.properties, there.properties) } : mapping
  }
  return merged
}

export async function indexCases(server: OpenSearch, cases: EventCases): Promise<void> {
  await server.bulk(
    [...cases].flatMap(([name, events]) =>
      events.map(event => ({ index: indexOf(event), document: { ...event, labels: { case: name } } })),
    ),
  )
}

function indexOf(event: EcsDocument): string {
  return `logs-${(event['event'] as { readonly dataset: string }).dataset}-default`
}

/** Runs the query of a built Elastic rule. Kibana groups, compares and remembers what it has seen; so does this, as its documentation says. */
export class RuleSearch {
  readonly #server: OpenSearch
  readonly #rule: DetectionRule
  readonly #index: string
  readonly #query: QueryDsl
  readonly #lookbackMs: number

  /** `query` in KQL; `from` as the rule says how far it looks back. */
  constructor(server: OpenSearch, rule: DetectionRule, index: readonly string[], query: string, from: string) {
    this.#server = server
    this.#rule = rule
    this.#index = index.join(',')
    this.#query = kqlToDsl(query)
    this.#lookbackMs = lookbackMs(from)
  }

  /** Cases in which any event matches, with the time of the first and last. */
  async matchingCases(): Promise<ReadonlyMap<string, { readonly first: number; readonly last: number }>> {
    const times = { first: { min: { field: '@timestamp' } }, last: { max: { field: '@timestamp' } } }
    const { aggregations } = await this.#search<{
      cases: { buckets: readonly { key: string; first: { value: number }; last: { value: number } }[] }
    }>([], { cases: { terms: { field: CASE, size: MOST_GROUPS }, aggs: times } })
    return new Map(aggregations.cases.buckets.map(({ key, first, last }) => [key, { first: first.value, last: last.value }]))
  }

  async fires(name: string): Promise<boolean> {
    const { logic } = this.#rule
    switch (logic.type) {
      case 'query':
        return (await this.matchingCases()).has(name)
      case 'new_terms':
        return (await this.#terms(name, logic.terms)).size > 0
      case 'threshold':
        return this.#thresholdFires(name, logic)
      case 'silence':
        return this.#silenceFires(name, logic)
      case 'sequence':
        throw new Error('a sequence is run by the EQL engine')
    }
  }

  /** How many combinations of the terms a case has that another, which came before, has not. */
  async newTerms(name: string, before: string, terms: readonly string[]): Promise<number> {
    const known = await this.#terms(before, terms)
    return [...(await this.#terms(name, terms))].filter(term => !known.has(term)).length
  }

  /** A term that is missing makes no combination. */
  async #terms(name: string, terms: readonly string[]): Promise<ReadonlySet<string>> {
    const buckets = await this.#groups(terms, [{ term: { [CASE]: name } }], undefined)
    return new Set(buckets.map(({ key }) => JSON.stringify(key)))
  }

  /** As the rule runs every few minutes over its window, from the first event to the last. */
  async #thresholdFires(name: string, { by, measure }: Extract<Logic, { type: 'threshold' }>): Promise<boolean> {
    const times = (await this.matchingCases()).get(name)
    if (times === undefined) return false
    for (let now = times.first; now < times.last + INTERVAL_MS; now += INTERVAL_MS) {
      const range = { range: { '@timestamp': { gte: now - this.#lookbackMs, lte: now } } }
      const groups = await this.#groups(by, [{ term: { [CASE]: name } }, range], measure)
      if (groups.some(({ measured }) => measured >= measure.at_least)) return true
    }
    return false
  }

  /** Silent right after the last event, and long after it. */
  async #silenceFires(name: string, logic: Extract<Logic, { type: 'silence' }>): Promise<boolean> {
    const times = (await this.matchingCases()).get(name)
    if (times === undefined) return false
    const silentAt = async (now: number): Promise<boolean> => {
      const range = { range: { '@timestamp': { gte: now - this.#lookbackMs, lte: now } } }
      const groups = await this.#groups(logic.by, [{ term: { [CASE]: name } }, range], undefined)
      return groups.some(({ count, last }) => count >= logic.after_events && last < now - logic.missing * 1000)
    }
    if (await silentAt(times.last)) throw new Error(`${this.#rule.id} takes ${name} for silent while it still speaks`)
    return silentAt(times.last + (logic.missing + 60) * 1000)
  }

  async #groups(by: readonly string[], filters: readonly QueryDsl[], measure: Measure | undefined): Promise<readonly Bucket[]> {
    const sources = by.map(field => ({ [field]: { terms: { field } } }))
    const aggs = { last: { max: { field: '@timestamp' } }, ...measureAggregation(measure) }
    const { aggregations } = await this.#search<{
      groups: {
        buckets: readonly { key: Bucket['key']; doc_count: number; last: { value: number }; measured?: { value: number } }[]
      }
    }>(filters, { groups: { composite: { size: MOST_GROUPS, sources }, aggs } })
    return aggregations.groups.buckets.map(({ key, doc_count, last, measured }) => ({
      key,
      count: doc_count,
      last: last.value,
      measured: measured?.value ?? doc_count,
    }))
  }

  async #search<Aggregations>(filters: readonly QueryDsl[], aggs: object): Promise<{ readonly aggregations: Aggregations }> {
    return this.#server.request('POST', `/${this.#index}/_search`, {
      size: 0,
      query: { bool: { filter: [this.#query, ...filters] } },
      aggs,
    })
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `now-90m` */
function lookbackMs(from: string): number {
  const [, value, unit] = /^now-(\d+)([smhd])$/.exec(from) ?? []
  if (value === undefined) throw new Error(`a rule looks back to ${from}`)
  return Number(value) * UNIT_MS[unit]
}

function measureAggregation(measure: Measure | undefined): object {
  if (measure === undefined || measure.kind === 'count') return {}
  return { measured: measure.kind === 'sum' ? { sum: { field: measure.field } } : { cardinality: { field: measure.field } } }
}
