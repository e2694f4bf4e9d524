import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, type ClientOptions } from '@elastic/elasticsearch'
import type { EcsDocument } from '../../src/normalize/event.ts'
import { type ElasticTemplates, elasticTemplates } from '../../src/normalize/templates.ts'
import { freePorts, makeCertificates, type PeerProcess, peerFolder, removeFolder, startOrRemove, startPeer, whyNot } from './peer.ts'

/** Password of every user of Elasticsearch 8. */
export const PASSWORD = 'changeme1'

/** A server that can be stopped and started again with its data. */
export interface Elasticsearch {
  readonly url: string
  /** Folder of the certificates. */
  readonly folder: string
  /** A client that may do everything. */
  readonly admin: Client
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  remove(): Promise<void>
}

export function elasticsearch8Missing(): string | undefined {
  return whyNot('elasticsearch8.sh')
}

export function elasticsearch9Missing(): string | undefined {
  return whyNot('elasticsearch9.sh')
}

/** Elasticsearch 8.19 with TLS and the users of elasticsearch8.sh. */
export async function startElasticsearch8(): Promise<Elasticsearch> {
  const folder = peerFolder('elasticsearch8')
  makeCertificates(folder)
  return startElasticsearch('elasticsearch8.sh', folder, port => ({
    node: `https://localhost:${port}`,
    auth: { username: 'admin', password: PASSWORD },
    tls: { ca: readFileSync(join(folder, 'ca.pem')) },
  }))
}

/** Elasticsearch 9.5 without security. */
export async function startElasticsearch9(): Promise<Elasticsearch> {
  return startElasticsearch('elasticsearch9.sh', peerFolder('elasticsearch9'), port => ({ node: `http://localhost:${port}` }))
}

async function startElasticsearch(
  script: string,
  folder: string,
  options: (port: number) => ClientOptions & { readonly node: string },
): Promise<Elasticsearch> {
  const [port] = await freePorts(1)
  const clientOptions = options(port)
  const admin = new Client({ ...clientOptions, maxRetries: 0 })
  const healthy = async (): Promise<boolean> => {
    const health = await admin.cluster.health().catch(() => undefined)
    return health !== undefined && health.status !== 'red'
  }
  let peer: PeerProcess | undefined
  const server: Elasticsearch = {
    url: clientOptions.node,
    folder,
    admin,
    start: async () => {
      peer = await startPeer(script, [String(port), folder], healthy)
    },
    stop: async signal => peer?.stop(signal),
    remove: async () => {
      await admin.close()
      await peer?.stop('SIGKILL')
      removeFolder(folder)
    },
  }
  await startOrRemove(server)
  return server
}

/** Types that the servers in the registry lack, and what comes nearest. */
const NEAREST_TYPE: Readonly<Record<string, string>> = { match_only_text: 'text', constant_keyword: 'keyword' }

/** The templates of the product without the processors and field types that these servers lack. */
export function templatesForPeers(): ElasticTemplates {
  const { pipelines, componentTemplates, indexTemplates } = JSON.parse(JSON.stringify(elasticTemplates()), (_, value: unknown) => {
    const mapping = value as { readonly type?: unknown; readonly value?: unknown } | null
    const nearest = typeof mapping?.type === 'string' ? NEAREST_TYPE[mapping.type] : undefined
    if (nearest === undefined) return value
    const { value: _constant, ...others } = mapping as Record<string, unknown>
    return { ...others, type: nearest }
  }) as ElasticTemplates
  const bare = Object.entries(pipelines).map(([name, body]) => [name, { ...body, processors: [], on_failure: undefined }])
  return { pipelines: JSON.parse(JSON.stringify(Object.fromEntries(bare))), componentTemplates, indexTemplates }
}

/** Every document of the sensor's data streams, by its id. */
export async function storedDocuments(admin: Client): Promise<ReadonlyMap<string, EcsDocument>> {
  await admin.indices.refresh({ index: 'logs-wardwire.*' })
  const { hits } = await admin.search<EcsDocument>({ index: 'logs-wardwire.*', size: 10_000 })
  return new Map(hits.hits.map(hit => [hit._id!, hit._source!]))
}
