import type { Client } from '@elastic/elasticsearch'
import { elasticContent, LATEST_TRANSFORMS } from '../content/elastic/transforms.ts'
import { VERSION } from '../installation.ts'
import { DATASETS, type Dataset } from '../normalize/event.ts'
import type { Settings } from '../settings.ts'
import { type Arrival, arrivalTable, type Checked, contentProblem, contentTable, silence, type Verification } from './content-report.ts'
import { type ClusterContent, checkedThing, compareCluster, get, TRANSFORM_PATH, withCluster } from './elastic-cluster.ts'
import { kibanaOf } from './kibana.ts'
import { compareKibana } from './kibana-content.ts'

export interface VerifyOptions {
  readonly output?: string
  readonly kibana?: string
}

const HEALTH: Dataset = 'wardwire.health'
const PACKAGE_TRANSFORMS = LATEST_TRANSFORMS.map(({ name }) => `logs-wardwire.${name}-default-${VERSION}`)

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
    const things = await compareCluster(client, content)
    const ofFleet = things.some(({ state }) => state === 'of Fleet')
    const checked = ofFleet ? await checkPackage(client) : things.flatMap(checkedThing)
    const stopped = await stoppedTransforms(client, ofFleet ? PACKAGE_TRANSFORMS : Object.keys(content.transforms ?? {}))
    const objects = kibana === undefined ? [] : await compareKibana(kibana)
    const rules = objects.filter(({ noun }) => noun === 'detection rule')
    const all = [...checked, ...objects.map(({ noun, title, state }) => ({ noun, name: title, state }))]
    const arrivals = await arrivalsOf(client, output.namespace)
    const problems = [
      ...all.flatMap(contentProblem),
      ...stopped.map(transform => `does not run: transform ${transform}`),
      ...arrivals.filter(({ dataset }) => dataset === HEALTH).flatMap(silence),
    ]
    const enabled = rules.filter(rule => 'enabled' in rule && rule.enabled).length
    return {
      ok: problems.length === 0,
      text: [
        kibana === undefined ? receiver : `${receiver}, ${kibana.url}`,
        contentTable(all),
        ...(rules.length > 0 ? [`${enabled} of ${rules.length} detection rules are enabled.`] : []),
        '',
        arrivalTable(arrivals, 'Data stream', 'Last written'),
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
  for (const name of PACKAGE_TRANSFORMS) {
    const { count = 0 } = await get<{ readonly count?: number }>(client, `${TRANSFORM_PATH}/${name}`)
    checked.push({ noun: 'transform of the package', name, state: count > 0 ? 'same' : 'missing' })
  }
  return checked
}

interface FleetTemplates {
  readonly component_templates?: readonly {
    readonly component_template: {
      readonly template?: { readonly settings?: { readonly index?: { readonly default_pipeline?: string } } }
    }
  }[]
}

/** Transforms that are there and do not run. */
async function stoppedTransforms(client: Client, names: readonly string[]): Promise<readonly string[]> {
  const stopped: string[] = []
  for (const name of names) {
    const { transforms = [] } = await get<{ readonly transforms?: readonly { readonly state: string }[] }>(
      client,
      `${TRANSFORM_PATH}/${encodeURIComponent(name)}/_stats`,
    )
    const running = transforms.every(({ state }) => state !== 'stopped' && state !== 'failed')
    if (!running) stopped.push(name)
  }
  return stopped
}

interface StreamArrival extends Arrival {
  readonly dataset: Dataset
}

interface ArrivalAnswer {
  readonly aggregations?: { readonly latest: { readonly value: number | null }; readonly day: { readonly doc_count: number } }
}

async function arrivalsOf(client: Client, namespace: string): Promise<readonly StreamArrival[]> {
  const arrivals: StreamArrival[] = []
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
    arrivals.push({ place: stream, dataset, latest: aggregations?.latest.value ?? undefined, lastDay: aggregations?.day.doc_count ?? 0 })
  }
  return arrivals
}
