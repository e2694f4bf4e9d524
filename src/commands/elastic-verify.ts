import type { Client } from '@elastic/elasticsearch'
import Table from 'cli-table3'
import { elasticContent, LATEST_TRANSFORMS } from '../content/elastic/transforms.ts'
import { DATASETS, type Dataset } from '../normalize/event.ts'
import type { Settings } from '../settings.ts'
import { VERSION } from '../version.ts'
import { type ClusterContent, compareCluster, get, type State, TRANSFORM_PATH, withCluster } from './elastic-cluster.ts'
import { kibanaOf } from './kibana.ts'
import { compareKibana } from './kibana-content.ts'

export interface VerifyOptions {
  readonly output?: string
  readonly kibana?: string
}

export interface Verification {
  /** Whether all is there, as shipped, and sensors are heard of. */
  readonly ok: boolean
  /** For the operator. */
  readonly text: string
}

/** A thing that was asked for. */
interface Checked {
  readonly noun: string
  readonly name: string
  readonly state: State | 'stopped'
}

/** Health events come each minute. */
const SILENT_MINUTES = 15
const HEALTH: Dataset = 'wardwire.health'
/** No colours, so that a redirected table is plain text, and no line between rows. */
const PLAIN = { head: [], border: [], compact: true }

/**
 * `wardwire content verify elastic`: ask the cluster whether pipelines, templates and transforms are as shipped, or whether the integration
 * package of this version is there; ask Kibana, where it is named, for rules and dashboards; and say when each data stream was last written
 * to. Throws what `withCluster` and `kibanaOf` throw.
 */
export async function verifyElastic(
  settings: Settings,
  options: VerifyOptions,
  content: ClusterContent = elasticContent(),
): Promise<Verification> {
  return withCluster(settings, options.output, async ({ client, receiver, name, output }) => {
    const kibana = options.kibana === undefined ? undefined : kibanaOf(options.kibana, name, output)
    const things = (await compareCluster(client, content)).map(({ kind, name: thing, state }) => ({ noun: kind.noun, name: thing, state }))
    const ofFleet = things.some(({ state }) => state === 'of Fleet')
    const checked: readonly Checked[] = ofFleet
      ? await checkPackage(client)
      : [...things, ...(await stoppedTransforms(client, Object.keys(content.transforms ?? {})))]
    const objects = kibana === undefined ? [] : await compareKibana(kibana)
    const rules = objects.filter(({ noun }) => noun === 'detection rule')
    const all = [...checked, ...objects.map(({ noun, title, state }) => ({ noun, name: title, state }))]
    const arrivals = await arrivalsOf(client, output.namespace)
    const problems = [...all.flatMap(problem), ...silence(arrivals)]
    const enabled = rules.filter(rule => 'enabled' in rule && rule.enabled).length
    return {
      ok: problems.length === 0,
      text: [
        kibana === undefined ? receiver : `${receiver}, ${kibana.url}`,
        contentTable(all),
        ...(rules.length > 0 ? [`${enabled} of ${rules.length} detection rules are enabled.`] : []),
        '',
        arrivalTable(arrivals),
        '',
        ...(problems.length === 0 ? [`Everything of wardwire ${VERSION} is there, and data arrives.`] : problems),
      ].join('\n'),
    }
  })
}

/** What Fleet made of the package: a pipeline with the version in its name for every data stream, and the transforms. */
async function checkPackage(client: Client): Promise<readonly Checked[]> {
  const checked: Checked[] = []
  for (const dataset of DATASETS) {
    const template = `logs-${dataset}@package`
    const answer = await get<FleetTemplates>(client, `/_component_template/${template}`)
    const pipeline = answer.component_templates?.[0]?.component_template.template?.settings?.index?.default_pipeline
    const state = pipeline === undefined ? 'missing' : pipeline.endsWith(`-${VERSION}`) ? 'same' : 'different'
    checked.push({ noun: 'data stream of the package', name: dataset, state })
  }
  const transforms = LATEST_TRANSFORMS.map(({ name }) => `logs-wardwire.${name}-default-${VERSION}`)
  for (const name of transforms) {
    const { count = 0 } = await get<{ readonly count?: number }>(client, `${TRANSFORM_PATH}/${name}`)
    checked.push({ noun: 'transform of the package', name, state: count > 0 ? 'same' : 'missing' })
  }
  return [...checked, ...(await stoppedTransforms(client, transforms))]
}

interface FleetTemplates {
  readonly component_templates?: readonly {
    readonly component_template: {
      readonly template?: { readonly settings?: { readonly index?: { readonly default_pipeline?: string } } }
    }
  }[]
}

/** Transforms that are there and do not run. */
async function stoppedTransforms(client: Client, names: readonly string[]): Promise<readonly Checked[]> {
  const stopped: Checked[] = []
  for (const name of names) {
    const { transforms = [] } = await get<{ readonly transforms?: readonly { readonly state: string }[] }>(
      client,
      `${TRANSFORM_PATH}/${encodeURIComponent(name)}/_stats`,
    )
    const running = transforms.every(({ state }) => state !== 'stopped' && state !== 'failed')
    if (!running) stopped.push({ noun: 'transform', name, state: 'stopped' })
  }
  return stopped
}

/** When a data stream was last written to. */
interface Arrival {
  readonly stream: string
  readonly dataset: Dataset
  /** Milliseconds since 1970 UTC; undefined while it is empty. */
  readonly latest: number | undefined
  readonly lastDay: number
}

interface ArrivalAnswer {
  readonly aggregations?: { readonly latest: { readonly value: number | null }; readonly day: { readonly doc_count: number } }
}

async function arrivalsOf(client: Client, namespace: string): Promise<readonly Arrival[]> {
  const arrivals: Arrival[] = []
  for (const dataset of DATASETS) {
    const stream = `logs-${dataset}-${namespace}`
    const { aggregations } = await client.transport.request<ArrivalAnswer>({
      method: 'POST',
      path: `/${stream}/_search`,
      querystring: { ignore_unavailable: true, allow_no_indices: true },
      body: {
        size: 0,
        track_total_hits: false,
        aggs: {
          latest: { max: { field: 'event.ingested' } },
          day: { filter: { range: { 'event.ingested': { gte: 'now-1d' } } } },
        },
      },
    })
    arrivals.push({ stream, dataset, latest: aggregations?.latest.value ?? undefined, lastDay: aggregations?.day.doc_count ?? 0 })
  }
  return arrivals
}

/** Only the sensor's own events come all the time: a hospital may well be without alerts. */
function silence(arrivals: readonly Arrival[]): readonly string[] {
  const health = arrivals.find(({ dataset }) => dataset === HEALTH)
  if (health === undefined || (health.latest !== undefined && Date.now() - health.latest < SILENT_MINUTES * 60_000)) return []
  const since = health.latest === undefined ? 'No sensor has written here yet' : `No sensor wrote in the last ${SILENT_MINUTES} minutes`
  return [`${since} (${health.stream}): start one with this output, or look at its log`]
}

function problem({ noun, name, state }: Checked): readonly string[] {
  switch (state) {
    case 'missing':
      return [`missing: ${noun} ${name}`]
    case 'different':
      return [`not as shipped: ${noun} ${name}`]
    case 'stopped':
      return [`does not run: ${noun} ${name}`]
    default:
      return []
  }
}

function contentTable(all: readonly Checked[]): string {
  const table = new Table({ head: ['Content', 'Shipped', 'As shipped', 'Different', 'Missing'], style: PLAIN })
  const shipped = all.filter(({ state }) => state !== 'stopped')
  for (const noun of new Set(shipped.map(thing => thing.noun))) {
    const of = shipped.filter(thing => thing.noun === noun)
    const count = (state: State): number => of.filter(thing => thing.state === state).length
    table.push([noun, of.length, count('same'), count('different'), count('missing')])
  }
  return table.toString()
}

function arrivalTable(arrivals: readonly Arrival[]): string {
  const table = new Table({ head: ['Data stream', 'Last written', 'Events in the last day'], style: PLAIN })
  for (const { stream, latest, lastDay } of arrivals)
    table.push([stream, latest === undefined ? 'never' : new Date(latest).toISOString(), lastDay])
  return table.toString()
}
