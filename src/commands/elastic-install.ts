import type { Client } from '@elastic/elasticsearch'
import { elasticContent } from '../content/elastic/transforms.ts'
import type { Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'
import { type Change, type ContentState, installReport, type Step } from './content-report.ts'
import {
  type ClusterContent,
  type ClusterThing,
  canonical,
  checkedThing,
  compareCluster,
  get,
  resource,
  TRANSFORM_PATH,
  withCluster,
} from './elastic-cluster.ts'
import { kibanaOf } from './kibana.ts'
import { compareKibana, putIntoKibana } from './kibana-content.ts'

export interface InstallOptions {
  /** Name of the output whose cluster is meant; needed where there are several of type elasticsearch. */
  readonly output?: string
  /** Only say what would change. */
  readonly dryRun: boolean
  /** Where Kibana is, with its space if it is not the default; then rules and dashboards are installed too. */
  readonly kibana?: string
}

const CHANGES: Readonly<Record<ContentState, Change>> = { missing: 'created', different: 'updated', same: 'unchanged' }

/**
 * `wardwire content install elastic`: put pipelines, templates and transforms into the cluster of an output, and rules and dashboards into
 * Kibana where it is named, leaving alone what is as it should be. Answers one line for each, for the operator. Throws what `withCluster`
 * and `kibanaOf` throw, and `content_managed` where Fleet has installed the package.
 */
export async function installElastic(
  settings: Settings,
  options: InstallOptions,
  content: ClusterContent = elasticContent(),
): Promise<string> {
  return withCluster(settings, options.output, async ({ client, receiver, name, output }) => {
    const kibana = options.kibana === undefined ? undefined : kibanaOf(options.kibana, name, output)
    const things = await compareCluster(client, content)
    refuseFleet(things, receiver)
    const objects = kibana === undefined ? [] : await compareKibana(kibana)
    if (!options.dryRun) {
      for (const thing of things) await putIntoCluster(client, thing)
      if (kibana !== undefined) await putIntoKibana(kibana, objects)
    }
    const checked = [...things.flatMap(checkedThing), ...objects.map(({ noun, title, state }) => ({ noun, name: title, state }))]
    const steps = checked.map(({ noun, name: thing, state }) => ({ noun, name: thing, change: CHANGES[state] }))
    return installReport(kibana === undefined ? receiver : `${receiver}, ${kibana.url}`, steps, options.dryRun, hints(steps))
  })
}

function refuseFleet(things: readonly ClusterThing[], receiver: string): void {
  if (!things.some(({ state }) => state === 'of Fleet')) return
  throw new WardwireError('content_managed', `${receiver}: the integration package is installed here, and Fleet keeps its templates`, {
    mend: 'upload the package of this version in Kibana instead: wardwire content build makes elastic/wardwire-<version>.zip',
  })
}

async function putIntoCluster(client: Client, thing: ClusterThing): Promise<void> {
  const { kind, name, body, state } = thing
  if (state === 'same') return
  if (kind.path === TRANSFORM_PATH) return putTransform(client, thing)
  await client.transport.request({ method: 'PUT', path: resource(kind, name), body })
}

/** A transform runs on while it is updated, but what it groups by cannot be changed: then it begins anew. */
async function putTransform(client: Client, { kind, name, body, state }: ClusterThing): Promise<void> {
  const path = resource(kind, name)
  const { latest, ...changeable } = body as { readonly latest: object }
  if (state === 'different') {
    const { transforms = [] } = await get<{ readonly transforms?: readonly { readonly latest?: object }[] }>(client, path)
    if (canonical(transforms[0]?.latest) === canonical(latest)) {
      await client.transport.request({ method: 'POST', path: `${path}/_update`, body: changeable, querystring: { defer_validation: true } })
      return
    }
    await client.transport.request({ method: 'DELETE', path, querystring: { force: true } })
  }
  // The data streams may come later.
  await client.transport.request({ method: 'PUT', path, body, querystring: { defer_validation: true } })
  await client.transport.request({ method: 'POST', path: `${path}/_start` })
}

function hints(steps: readonly Step[]): readonly string[] {
  const updated = steps.some(({ change, noun }) => change === 'updated' && noun.endsWith('template'))
  return updated ? ['Data streams that exist take changed mappings and settings at their next rollover.'] : []
}
