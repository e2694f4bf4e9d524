import type { Script } from '../scripted-server.ts'

/** What the APIs for content keep, by path without the query. */
export type Kept = Map<string, Record<string, unknown>>

/** Elasticsearch's APIs for content and transforms, as documented; a search finds `latest` as the last arrival in health. */
export function clusterScript(kept: Kept, latest: () => number | undefined): Script {
  return ({ method, path, text }) => {
    const name = path.split('?')[0]
    if (name.endsWith('/_search')) return { status: 200, body: searchAnswer(name, latest()) }
    if (name.endsWith('/_stats'))
      return { status: 200, body: { transforms: [{ state: kept.get(name.replace('/_stats', ''))?.['state'] ?? 'stopped' }] } }
    if (name.endsWith('/_start')) return start(kept, name.replace('/_start', ''))
    if (name.endsWith('/_update')) return update(kept, name.replace('/_update', ''), text)
    if (method === 'DELETE') return { status: kept.delete(name) ? 200 : 404 }
    if (method === 'PUT') {
      if (name.startsWith('/_transform/') && kept.has(name))
        return { status: 400, body: { error: { type: 'resource_already_exists_exception' } } }
      kept.set(name, JSON.parse(text) as Record<string, unknown>)
      return { status: 200 }
    }
    const found = kept.get(name)
    return found === undefined ? undefined : { status: 200, body: wrapped(name, found) }
  }
}

function start(kept: Kept, name: string): ReturnType<Script> {
  const found = kept.get(name)
  if (found !== undefined) kept.set(name, { ...found, state: 'started' })
  return found === undefined ? undefined : { status: 200 }
}

function update(kept: Kept, name: string, text: string): ReturnType<Script> {
  const changes = JSON.parse(text) as object
  if ('latest' in changes) return { status: 400, body: { error: { type: 'x_content_parse_exception', reason: 'unknown field [latest]' } } }
  kept.set(name, { ...kept.get(name), ...changes })
  return { status: 200 }
}

function searchAnswer(path: string, latest: number | undefined): object {
  const value = path.startsWith('/logs-wardwire.health-') ? (latest ?? null) : null
  return { aggregations: { latest: { value }, day: { doc_count: value === null ? 0 : 3 } } }
}

function wrapped(path: string, body: Record<string, unknown>): object {
  const name = path.split('/').at(-1)!
  if (path.startsWith('/_component_template/')) return { component_templates: [{ name, component_template: body }] }
  if (path.startsWith('/_index_template/')) return { index_templates: [{ name, index_template: body }] }
  if (path.startsWith('/_transform/')) return { count: 1, transforms: [{ id: name, ...body }] }
  return { [name]: body }
}

/** Kibana's APIs for detection rules and saved objects, as documented. Rules are kept below `rule/`, objects below their type. */
export function kibanaScript(kept: Kept, prefix = ''): Script {
  return ({ method, path, text, headers }) => {
    if (headers['kbn-xsrf'] === undefined) return { status: 400, body: { message: 'Request must contain a kbn-xsrf header.' } }
    if (headers.authorization !== 'ApiKey kibana-key') return { status: 401, body: { message: 'no' } }
    if (!path.startsWith(`${prefix}/api/`)) return undefined
    const api = path.slice(prefix.length)
    if (api.startsWith('/api/detection_engine/rules')) return rules(kept, method, api, text)
    if (api.startsWith('/api/saved_objects/_export')) return exported(kept, text)
    if (api === '/api/saved_objects/_import?overwrite=true') return imported(kept, text)
    return undefined
  }
}

function rules(kept: Kept, method: string, path: string, text: string): ReturnType<Script> {
  if (method === 'GET') {
    const found = kept.get(`rule/${path.split('rule_id=')[1]}`)
    return found && { status: 200, body: found }
  }
  const body = JSON.parse(text) as Record<string, unknown>
  const key = `rule/${String(body['rule_id'])}`
  const before = kept.get(key)
  if ((method === 'POST') !== (before === undefined)) return { status: 409, body: { message: 'exists, or not' } }
  kept.set(key, { ...before, ...body, id: 'made-by-kibana', version: Number(before?.['version'] ?? 0) + 1, required_fields: [] })
  return { status: 200, body: kept.get(key) }
}

function exported(kept: Kept, text: string): ReturnType<Script> {
  const [{ type, id }] = (JSON.parse(text) as { objects: { type: string; id: string }[] }).objects
  const found = kept.get(`${type}/${id}`)
  return found === undefined ? { status: 400, body: { message: 'Error fetching objects to export' } } : { status: 200, body: found }
}

function imported(kept: Kept, text: string): ReturnType<Script> {
  const lines = text.split(/\r?\n/).filter(line => line.startsWith('{'))
  for (const line of lines) {
    const object = JSON.parse(line) as { type: string; id: string }
    kept.set(`${object.type}/${object.id}`, object)
  }
  return { status: 200, body: { success: true, successCount: lines.length } }
}
