import { type Client, errors } from '@elastic/elasticsearch'
import { type ElasticTemplates, elasticTemplates } from '../normalize/templates.ts'
import { elasticClient } from '../outputs/elasticsearch/client.ts'
import type { ElasticsearchSettings } from '../outputs/elasticsearch/settings.ts'
import { networkVerdict } from '../outputs/failure.ts'
import type { Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'

export interface InstallOptions {
  /** Name of the output whose cluster is meant; needed where there are several of type elasticsearch. */
  readonly output?: string
  /** Only say what would change. */
  readonly dryRun: boolean
}

/** One kind of thing that is installed, and where its API keeps it. */
interface Kind {
  readonly noun: string
  readonly path: string
  readonly wanted: (templates: ElasticTemplates) => Readonly<Record<string, object>>
  readonly found: (answer: ApiAnswer, name: string) => object | undefined
}

interface ApiAnswer {
  readonly component_templates?: readonly { readonly component_template: object }[]
  readonly index_templates?: readonly { readonly index_template: object }[]
  readonly [pipeline: string]: unknown
}

/** In the order in which one refers to the other. */
const KINDS: readonly Kind[] = [
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
]

type Change = 'created' | 'updated' | 'unchanged'
const PLANNED: Readonly<Record<Change, string>> = { created: 'would be created', updated: 'would be updated', unchanged: 'unchanged' }

/**
 * `wardwire content install elastic`: put the pipelines and templates into the cluster of an output, leaving alone what is as it
 * should be. Answers one line for each, for the operator. Throws `content_output`, `content_refused`, `content_unsupported`,
 * `content_unreachable` or `content_invalid`.
 */
export async function installElastic(
  settings: Settings,
  options: InstallOptions,
  templates: ElasticTemplates = elasticTemplates(),
): Promise<string> {
  const [name, output] = chosenOutput(settings, options.output)
  const receiver = output.url.join(', ')
  let client: Client | undefined
  try {
    client = await elasticClient(name, output, new AbortController().signal)
    return report(receiver, await install(client, templates, options.dryRun), options.dryRun)
  } catch (error) {
    throw installError(error, receiver)
  } finally {
    await client?.close()
  }
}

function chosenOutput(settings: Settings, wanted: string | undefined): readonly [string, ElasticsearchSettings] {
  const found = Object.entries(settings.outputs).filter(
    (entry): entry is [string, ElasticsearchSettings] => entry[1].type === 'elasticsearch',
  )
  const names = found.map(([name]) => name).join(', ')
  const chosen = wanted === undefined ? found : found.filter(([name]) => name === wanted)
  if (chosen.length === 1) return chosen[0]
  if (found.length === 0)
    throw new WardwireError('content_output', 'the configuration has no output of type elasticsearch', {
      mend: 'add one with the url of the cluster and credentials that may install templates',
    })
  if (wanted === undefined)
    throw new WardwireError('content_output', `several outputs are of type elasticsearch: ${names}`, { mend: 'name one with --output' })
  throw new WardwireError('content_output', `no output of type elasticsearch is called ${wanted}`, { mend: `there are: ${names}` })
}

interface Step {
  readonly noun: string
  readonly name: string
  readonly change: Change
}

async function install(client: Client, templates: ElasticTemplates, dryRun: boolean): Promise<readonly Step[]> {
  const steps: Step[] = []
  for (const { noun, path, wanted, found } of KINDS) {
    for (const [name, body] of Object.entries(wanted(templates))) {
      const resource = `${path}/${encodeURIComponent(name)}`
      const answer = await client.transport.request<ApiAnswer>({ method: 'GET', path: resource }, { ignore: [404] })
      const change = changeOf(body, found(answer, name))
      if (change !== 'unchanged' && !dryRun) await client.transport.request({ method: 'PUT', path: resource, body })
      steps.push({ noun, name, change })
    }
  }
  return steps
}

function changeOf(wanted: object, found: object | undefined): Change {
  if (found === undefined) return 'created'
  const present = found as Readonly<Record<string, unknown>>
  return Object.entries(wanted).every(([key, value]) => same(key, value, present[key])) ? 'unchanged' : 'updated'
}

/** Elasticsearch gives back settings as text and fills in the defaults of `data_stream`. */
function same(key: string, wanted: unknown, found: unknown): boolean {
  return key === 'data_stream' ? found !== undefined : canonical(wanted) === canonical(found)
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(String(value))
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`
}

function report(receiver: string, steps: readonly Step[], dryRun: boolean): string {
  const said = (change: Change): string => (dryRun ? PLANNED[change] : change)
  const counts = (['created', 'updated', 'unchanged'] as const).map(
    change => `${steps.filter(step => step.change === change).length} ${said(change)}`,
  )
  const lines = steps.map(({ noun, name, change }) => `${said(change)}: ${noun} ${name}`)
  const rollover = steps.some(({ change }) => change === 'updated')
    ? ['Data streams that exist take changed mappings and settings at their next rollover.']
    : []
  return [receiver, ...lines, `${counts.join(', ')}${dryRun ? ' (dry run: nothing was changed)' : ''}`, ...rollover].join('\n')
}

const PRIVILEGES = 'the cluster privileges manage_index_templates and manage_ingest_pipelines'

function installError(cause: unknown, receiver: string): unknown {
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
      return new WardwireError('content_refused', `${receiver}: the account may not install content (403)`, {
        mend: `it needs ${PRIVILEGES}`,
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
