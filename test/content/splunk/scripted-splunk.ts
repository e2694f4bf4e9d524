import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parseTar } from 'nanotar'
import type { Script, Seen } from '../scripted-server.ts'
import { type ParsedConf, parseConf } from './conf.ts'

type Settings = Readonly<Record<string, unknown>>
type Answer = NonNullable<ReturnType<Script>>

/** What the Splunk of the tests holds. Only what a package brings and what was changed over REST: nothing is indexed or searched. */
export interface ScriptedSplunk {
  /** By id, as `apps/local` tells of them. */
  readonly apps: Map<string, { version: string; disabled: boolean; visible: boolean }>
  /** `<app>/<endpoint>/<name>` → settings of packages. */
  readonly shipped: Map<string, Settings>
  /** The same, for what was changed in Splunk. It lies above what packages bring, and stays. */
  readonly local: Map<string, Settings>
  readonly indexes: Set<string>
  readonly messages: string[]
  server: { server_roles: readonly string[]; instance_type?: string }
  /** Rows of a search that matches, or an answer of its own; without one there is no row. */
  searches: readonly (readonly [RegExp, readonly Settings[] | Answer])[]
  /** What the event collector says: status and code. */
  collector: readonly [number, number]
}

export const TOKEN = 'aaaa.bbbb.cccc'
export const SESSION_KEY = '192fd3e46a31246da7ea7f109e7f95fd'
export const PASSWORD = 'hunter2'

export function emptySplunk(): ScriptedSplunk {
  return {
    apps: new Map([['search', { version: '9.4.0', disabled: false, visible: true }]]),
    shipped: new Map([
      ['search/configs/conf-macros/other', { definition: 'index=other' }],
      ['search/configs/conf-savedsearches/Errors in the last day', { search: 'error', disabled: '0' }],
    ]),
    local: new Map(),
    indexes: new Set(['main']),
    messages: [],
    server: { server_roles: ['indexer', 'search_head', 'kv_store'] },
    searches: [],
    collector: [400, 5],
  }
}

/**
 * Splunk's REST API and event collector, as its REST API Reference documents them and public clients know the answers. A package is
 * installed from the file that `apps/local` is given.
 */
export function splunkScript(splunk: ScriptedSplunk): Script {
  return request => {
    const [asked, query = ''] = request.path.split('?')
    const path = asked.replace(/\/$/, '')
    if (path === '/services/collector/event') return collected(splunk)
    if (path === '/services/auth/login') return login(request)
    // Splunk tells anybody what it is.
    if (path === '/services/server/info') return feed([['server-info', splunk.server]])
    const { authorization = '' } = request.headers
    if (![`Bearer ${TOKEN}`, `Splunk ${SESSION_KEY}`].includes(authorization)) return error(401, 'WARN', 'call not properly authenticated')
    if (request.method === 'POST') return posted(splunk, path, new URLSearchParams(request.text))
    if (path === '/services/messages') return feed(splunk.messages.map(name => [name, {}]))
    if (path.startsWith('/services/apps/local/')) return one(path, splunk.apps.get(path.split('/').at(-1)!))
    if (path.startsWith('/services/data/indexes/')) return one(path, splunk.indexes.has(path.split('/').at(-1)!) ? {} : undefined)
    return objects(splunk, path, query)
  }
}

function login({ text }: Seen): Answer {
  const form = new URLSearchParams(text)
  if (form.get('password') !== PASSWORD) return error(401, 'WARN', 'Login failed')
  return { status: 200, body: { sessionKey: SESSION_KEY, message: '', code: '' } }
}

function collected({ collector: [status, code] }: ScriptedSplunk): Answer {
  return { status, body: { text: 'what the code means', code } }
}

function posted(splunk: ScriptedSplunk, path: string, form: URLSearchParams): Answer {
  if (path === '/services/apps/local') return installed(splunk, form)
  if (path.endsWith('/search/v2/jobs/export')) return searched(splunk, form.get('search') ?? '')
  const key = keyOf(path)
  if (!splunk.shipped.has(key)) return error(404, 'ERROR', `Could not find object id=${path.split('/').at(-1)}`)
  splunk.local.set(key, { ...splunk.local.get(key), ...Object.fromEntries(form) })
  return feed([[path.split('/').at(-1)!, effective(splunk, key)]])
}

function installed(splunk: ScriptedSplunk, form: URLSearchParams): Answer {
  const name = form.get('name') ?? ''
  if (form.get('filename') !== 'true') return error(400, 'ERROR', 'not a package')
  let files: Map<string, string>
  try {
    files = filesOf(name)
  } catch {
    return error(400, 'ERROR', `Error during app install: failed to extract app from ${name}: No such file or directory`)
  }
  const [id] = [...files.keys()][0].split('/')
  if (splunk.apps.has(id) && form.get('update') !== 'true') return error(409, 'ERROR', `App "${id}" already exists`)
  for (const key of splunk.shipped.keys()) if (key.startsWith(`${id}/`)) splunk.shipped.delete(key)
  for (const [key, settings] of contentOf(id, files)) splunk.shipped.set(key, settings)
  const { launcher, ui } = parseConf(files.get(`${id}/default/app.conf`)!)
  splunk.apps.set(id, { version: launcher['version'], disabled: false, visible: ui['is_visible'] === 'true' })
  return { ...feed([[id, { location: `/opt/splunk/etc/apps/${id}`, name: id, source_location: name, status: 'installed' }]]), status: 201 }
}

function filesOf(path: string): Map<string, string> {
  const { buffer } = new Uint8Array(gunzipSync(readFileSync(path)))
  return new Map(parseTar(buffer).flatMap(({ name, type, text }) => (type === 'file' ? [[name, text]] : [])))
}

function contentOf(app: string, files: ReadonlyMap<string, string>): readonly (readonly [string, Settings])[] {
  return [...files].flatMap(([path, text]): readonly (readonly [string, Settings])[] => {
    const [, conf] = /\/default\/(\w+)\.conf$/.exec(path) ?? []
    if (conf !== undefined)
      return Object.entries(parseConf(text) as ParsedConf).map(([stanza, settings]) => [`${app}/configs/conf-${conf}/${stanza}`, settings])
    const [, place, page] = /\/default\/data\/ui\/(views|nav)\/(\w+)\.xml$/.exec(path) ?? []
    if (page !== undefined) return [[`${app}/data/ui/${place}/${page}`, { 'eai:data': text }]]
    const [, table] = /\/lookups\/(.+)$/.exec(path) ?? []
    return table === undefined ? [] : [[`${app}/data/lookup-table-files/${table}`, {}]]
  })
}

function searched({ searches }: ScriptedSplunk, search: string): Answer {
  const [, found = []] = searches.find(([pattern]) => pattern.test(search)) ?? []
  if (!Array.isArray(found)) return found as Answer
  const rows = (found as readonly Settings[]).map((result, offset) =>
    JSON.stringify({ preview: false, offset, ...(offset + 1 === found.length ? { lastrow: true } : {}), result }),
  )
  return { status: 200, body: rows.join('\n') }
}

/** A listing of an app holds what other apps share too, unless a filter says otherwise. */
function objects(splunk: ScriptedSplunk, path: string, query: string): Answer {
  const key = keyOf(path)
  if (splunk.shipped.has(key)) return one(path, effective(splunk, key))
  const [app, ...endpoint] = key.split('/')
  const keys = [...splunk.shipped.keys()].filter(
    other =>
      other
        .split('/')
        .slice(1, 1 + endpoint.length)
        .join('/') === endpoint.join('/'),
  )
  if (keys.length === 0) return error(404, 'ERROR', `Could not find object id=${endpoint.at(-1)}`)
  const wanted = /eai:acl\.app=([\w-]+)/.exec(query)?.[1]
  if (!splunk.apps.has(app)) return error(404, 'ERROR', 'Application does not exist: '.concat(app))
  return feed(
    keys
      .filter(other => wanted === undefined || other.startsWith(`${wanted}/`))
      .map(other => [
        other
          .split('/')
          .slice(1 + endpoint.length)
          .join('/'),
        effective(splunk, other),
        other.split('/')[0],
      ]),
  )
}

function effective({ shipped, local }: ScriptedSplunk, key: string): Settings {
  const settings: Settings = { ...shipped.get(key), ...local.get(key) }
  const disabled = settings['disabled'] ?? '0'
  return { 'eai:acl': null, 'eai:appName': key.split('/')[0], ...settings, disabled: disabled === '1' || disabled === true }
}

/** `/servicesNS/nobody/app/configs/conf-x/stanza` → `app/configs/conf-x/stanza`; a slash of a name is encoded twice. */
function keyOf(path: string): string {
  return path.replace(/^\/servicesNS\/nobody\//, '').replaceAll('%2F', '/')
}

function one(path: string, content: Settings | undefined): Answer {
  const name = path.split('/').at(-1)!.replaceAll('%2F', '/')
  return content === undefined ? error(404, 'ERROR', `Could not find object id=${name}`) : feed([[name, content]])
}

function feed(entries: readonly (readonly [string, object, string?])[]): Answer {
  const entry = entries.map(([name, content, app = 'search']) => ({ name, author: 'nobody', acl: { app, sharing: 'global' }, content }))
  return { status: 200, body: { links: {}, generator: { version: '9.4.0' }, entry, messages: [] } }
}

function error(status: number, type: string, text: string): Answer {
  return { status, body: { messages: [{ type, text }] } }
}
