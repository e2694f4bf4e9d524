import { type Client, errors } from '@elastic/elasticsearch'
import type { ElasticContent } from '../content/elastic/transforms.ts'
import { elasticClient } from '../outputs/elasticsearch/client.ts'
import type { ElasticsearchSettings } from '../outputs/elasticsearch/settings.ts'
import { networkVerdict } from '../outputs/failure.ts'
import type { Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'
import { chosenOutput } from './content-output.ts'
import type { Checked, ContentState } from './content-report.ts'

/** What a cluster may be asked to hold. `transforms` is left out where the cluster has none. */
export type ClusterContent = Omit<ElasticContent, 'transforms'> & Partial<Pick<ElasticContent, 'transforms'>>

/** A cluster that answers, and the output whose it is. */
export interface Cluster {
  readonly client: Client
  readonly receiver: string
  readonly name: string
  readonly output: ElasticsearchSettings
}

const NO_OUTPUT = 'add one with the url of the cluster and credentials that may install templates'

/**
 * Use the cluster of an output: the one of type elasticsearch, or the one that is named. Errors become the operator's: `content_output`,
 * `content_refused`, `content_unsupported`, `content_unreachable` or `content_invalid`.
 */
export async function withCluster<Result>(
  settings: Settings,
  wanted: string | undefined,
  use: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  const [name, output] = chosenOutput(settings, 'elasticsearch', wanted, NO_OUTPUT)
  const receiver = output.url.join(', ')
  let client: Client | undefined
  try {
    client = await elasticClient(name, output, new AbortController().signal)
    return await use({ client, receiver, name, output })
  } catch (error) {
    throw clusterError(error, receiver)
  } finally {
    await client?.close()
  }
}

/** What the cluster has of a thing that is shipped. */
export type State = ContentState | 'of Fleet'

/** A thing that is shipped. */
export interface ClusterThing {
  readonly kind: ClusterKind
  readonly name: string
  readonly body: object
  readonly state: State
}

/** A thing as it is told of; none where Fleet keeps it. */
export function checkedThing({ kind, name, state }: ClusterThing): readonly Checked[] {
  return state === 'of Fleet' ? [] : [{ noun: kind.noun, name, state }]
}

/** One kind of thing, and where its API keeps it. */
export interface ClusterKind {
  readonly noun: string
  readonly path: string
  readonly wanted: (content: ClusterContent) => Readonly<Record<string, object>>
  readonly found: (answer: ApiAnswer, name: string) => object | undefined
}

interface ApiAnswer {
  readonly component_templates?: readonly { readonly component_template: object }[]
  readonly index_templates?: readonly { readonly index_template: object }[]
  readonly transforms?: readonly object[]
  readonly [pipeline: string]: unknown
}

export const TRANSFORM_PATH = '/_transform'

/** In the order in which one refers to the other. */
const KINDS: readonly ClusterKind[] = [
  {
    noun: 'ingest pipeline',
    path: '/_ingest/pipeline',
    wanted: ({ pipelines }) => pipelines,
    found: (answer, name) => answer[name] as object | undefined,
  },
  {
    noun: 'component template',
    path: '/_component_template',
    wanted: ({ componentTemplates }) => componentTemplates,
    found: answer => answer.component_templates?.[0]?.component_template,
  },
  {
    noun: 'index template',
    path: '/_index_template',
    wanted: ({ indexTemplates }) => indexTemplates,
    found: answer => answer.index_templates?.[0]?.index_template,
  },
  {
    noun: 'transform',
    path: TRANSFORM_PATH,
    wanted: ({ transforms }) => transforms ?? {},
    found: answer => answer.transforms?.[0],
  },
]

/** Hold everything that is shipped against what the cluster has. */
export async function compareCluster(client: Client, content: ClusterContent): Promise<readonly ClusterThing[]> {
  const things: ClusterThing[] = []
  for (const kind of KINDS)
    for (const [name, body] of Object.entries(kind.wanted(content))) {
      const answer = await get<ApiAnswer>(client, resource(kind, name))
      things.push({ kind, name, body, state: stateOf(body, kind.found(answer, name)) })
    }
  return things
}

/** The answer to a GET; an empty one where there is nothing. */
export async function get<Answer>(client: Client, path: string): Promise<Answer> {
  return client.transport.request<Answer>({ method: 'GET', path }, { ignore: [404] })
}

export function resource({ path }: ClusterKind, name: string): string {
  return `${path}/${encodeURIComponent(name)}`
}

function stateOf(wanted: object, found: object | undefined): State {
  if (found === undefined) return 'missing'
  const present = found as Readonly<Record<string, unknown>>
  if ((present['_meta'] as { readonly managed_by?: string } | undefined)?.managed_by === 'fleet') return 'of Fleet'
  return Object.entries(wanted).every(([key, value]) => same(key, value, present[key])) ? 'same' : 'different'
}

/** Elasticsearch gives back settings as text and fills in the defaults of `data_stream`. */
function same(key: string, wanted: unknown, found: unknown): boolean {
  return key === 'data_stream' ? found !== undefined : canonical(wanted) === canonical(found)
}

/** The same text for the same value, whatever the order of its members and whether its numbers are text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(String(value))
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`
}

const PRIVILEGES = 'the cluster privileges manage_index_templates and manage_ingest_pipelines, and manage_transform for the transforms'

function clusterError(cause: unknown, receiver: string): unknown {
  if (cause instanceof WardwireError) return cause
  if (cause instanceof errors.ProductNotSupportedError) return unsupported(receiver, 'what answers there is not Elasticsearch', cause)
  if (!(cause instanceof errors.ResponseError)) {
    const verdict = networkVerdict(cause, receiver)
    return new WardwireError('content_unreachable', 'reason' in verdict ? verdict.reason : receiver, {
      mend: 'check url and tls of the output, and that the cluster is up',
      cause,
    })
  }
  const { type, reason } = ((cause.body ?? {}) as { readonly error?: { readonly type?: string; readonly reason?: string } }).error ?? {}
  switch (cause.statusCode) {
    case 401:
      return new WardwireError('content_refused', `${receiver}: the credentials are refused (401)`, {
        mend: 'check api_key, or username and password',
        cause,
      })
    case 403:
      return new WardwireError('content_refused', `${receiver}: the account may not do this (403)`, {
        mend: `to install content it needs ${PRIVILEGES}; to verify it, also read on logs-wardwire.*-*`,
        cause,
      })
    case 404:
    case 405:
    case 406:
      return unsupported(receiver, `it has no such API (${cause.statusCode})`, cause)
    default:
      return new WardwireError('content_invalid', `${receiver}: ${cause.statusCode} ${type ?? 'error'}: ${reason ?? 'no reason given'}`, {
        mend: 'Elasticsearch 8.19 and 9.x are supported',
        cause,
      })
  }
}

function unsupported(receiver: string, words: string, cause: unknown): WardwireError {
  return new WardwireError('content_unsupported', `${receiver}: ${words}`, {
    mend: 'check url: it must be that of Elasticsearch itself',
    cause,
  })
}
