import { freePorts, type PeerProcess, peerFolder, removeFolder, startOrRemove, startPeer, whyNot } from './peer.ts'

const SCRIPT = 'opensearch.sh'
/** Lines of one bulk request. */
const BULK_LINES = 2000

/** An OpenSearch node, spoken to in plain HTTP. */
export interface OpenSearch {
  readonly url: string
  /** Answers the JSON of a request; fails on any status that is not 2xx. */
  request<Answer>(method: string, path: string, body?: object): Promise<Answer>
  /** Index documents as they are; fails when one is refused. */
  bulk(documents: readonly { readonly index: string; readonly document: object }[]): Promise<void>
  remove(): Promise<void>
}

export function openSearchMissing(): string | undefined {
  return whyNot(SCRIPT)
}

export async function startOpenSearch(): Promise<OpenSearch> {
  const folder = peerFolder('opensearch')
  const [port] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  let peer: PeerProcess | undefined
  const server = {
    url,
    request: <Answer>(method: string, path: string, body?: object) =>
      send<Answer>(url, method, path, body === undefined ? undefined : JSON.stringify(body), 'application/json'),
    bulk: (documents: readonly { readonly index: string; readonly document: object }[]) => bulk(url, documents),
    start: async () => {
      peer = await startPeer(SCRIPT, [String(port), folder], () => healthy(url))
    },
    remove: async () => {
      await peer?.stop('SIGKILL')
      removeFolder(folder)
    },
  }
  await startOrRemove(server)
  return server
}

async function healthy(url: string): Promise<boolean> {
  const health = await send<{ readonly status: string }>(url, 'GET', '/_cluster/health', undefined, 'application/json').catch(
    () => undefined,
  )
  return health !== undefined && health.status !== 'red'
}

async function send<Answer>(url: string, method: string, path: string, body: string | undefined, type: string): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { method, headers: { 'content-type': type }, ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 2000)}`)
  return JSON.parse(text) as Answer
}

interface BulkAnswer {
  readonly errors: boolean
  readonly items: readonly { readonly create: { readonly error?: object } }[]
}

async function bulk(url: string, documents: readonly { readonly index: string; readonly document: object }[]): Promise<void> {
  for (let from = 0; from < documents.length; from += BULK_LINES) {
    const lines = documents
      .slice(from, from + BULK_LINES)
      .flatMap(({ index, document }) => [JSON.stringify({ create: { _index: index } }), JSON.stringify(document)])
    const answer = await send<BulkAnswer>(url, 'POST', '/_bulk?refresh=true', `${lines.join('\n')}\n`, 'application/x-ndjson')
    const refused = answer.items.find(item => item.create.error !== undefined)
    if (refused !== undefined) throw new Error(`a document was refused: ${JSON.stringify(refused.create.error)}`)
  }
}
