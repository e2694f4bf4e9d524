import { VERSION } from '../installation.ts'
import { networkVerdict } from '../outputs/failure.ts'
import type { SplunkManagementSettings } from '../outputs/splunk-hec/management.ts'
import type { SplunkHecSettings } from '../outputs/splunk-hec/settings.ts'
import { tlsOptions } from '../outputs/tls.ts'
import type { Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { Log } from '../telemetry/log.ts'
import { chosenOutput } from './content-output.ts'
import { exchange, type HttpAnswer } from './http-exchange.ts'

/** An entry of a Splunk collection, as `output_mode=json` gives it. */
export interface SplunkEntry {
  readonly name: string
  readonly acl?: { readonly app?: string }
  readonly content: Readonly<Record<string, unknown>>
}

/** A row of a search: every value is text, or texts. */
export type SplunkRow = Readonly<Record<string, string | readonly string[]>>

/** Splunk's REST API. Every request throws `content_refused`, `content_unreachable`, `content_unsupported` or `content_invalid`. */
export interface SplunkRest {
  /** Entries at a path; none where there is no such path (404). */
  entries(path: string, query?: Readonly<Record<string, string>>): Promise<readonly SplunkEntry[]>
  post(path: string, form: Readonly<Record<string, string>>): Promise<void>
  /**
   * Rows of a search over the last day in an app. Splunk answers some failures (a lookup that is missing, a wrong argument) with no row
   * and no word, so ask for a search that always has one.
   */
  search(app: string, search: string): Promise<readonly SplunkRow[]>
}

/** A Splunk that answers, and the output whose it is. */
export interface SplunkServer {
  readonly rest: SplunkRest
  readonly receiver: string
  readonly name: string
  readonly output: SplunkHecSettings
}

/**
 * The search head of an output: the one of type splunk-hec, or the one that is named. Throws `content_output` where the output has no
 * `management`, `tls_file`, and what a request throws.
 */
export async function splunkOf(settings: Settings, wanted: string | undefined, log: Log): Promise<SplunkServer> {
  const [name, output] = chosenOutput(
    settings,
    'splunk-hec',
    wanted,
    'add one with the url of the collector, and management for the REST API',
  )
  const { management } = output
  if (management === undefined)
    throw new WardwireError('content_output', `outputs.${name} does not say where the REST API of Splunk is`, {
      mend: `add outputs.${name}.management with url (the management port of the search head, 8089), and token or username and password`,
    })
  if (management.tls.insecure) log.warn(`${management.url}: the certificate is not verified (outputs.${name}.management.tls.insecure)`)
  if (management.url.startsWith('http:')) log.warn(`${management.url}: credentials are sent unencrypted (http)`)
  return { rest: await restOf(management, `${name}.management`), receiver: management.url, name, output }
}

interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>>
}

type Send = (request: Request) => Promise<HttpAnswer>

async function restOf(management: SplunkManagementSettings, name: string): Promise<SplunkRest> {
  const { url } = management
  const send = await authenticated(management, name)
  return {
    entries: async (path, query = {}) => {
      const request = { method: 'GET', path, query: { count: '0', ...query } } as const
      const answer = await send(request)
      const { entry = [] } = answer.status === 404 ? notFound(url, answer) : accepted<Entries>(url, request, answer)
      return entry
    },
    post: async (path, form) => {
      const request = { method: 'POST', path, form } as const
      accepted(url, request, await send(request))
    },
    search: async (app, search) => {
      const path = `${namespace(app)}/search/v2/jobs/export`
      const form = { search, earliest_time: '-24h', latest_time: 'now', preview: 'false' }
      const request = { method: 'POST', path, form } as const
      return rowsOf(url, acceptedText(url, request, await send(request)))
    },
  }
}

interface Entries {
  readonly entry?: readonly SplunkEntry[]
}

/** Where what all users of an app see is kept. */
export function namespace(app: string): string {
  return `/servicesNS/nobody/${encodeURIComponent(app)}`
}

/** Name of an entry in a path. A slash in it is encoded twice. */
export function entryName(name: string): string {
  return encodeURIComponent(name.replaceAll('/', '%2F'))
}

function sender({ url, tls, timeout_seconds }: SplunkManagementSettings, name: string, authorization?: string): Send {
  const base = url.replace(/\/$/, '')
  const options = {
    timeout: timeout_seconds * 1000,
    headers: { 'user-agent': `wardwire/${VERSION}`, ...(authorization === undefined ? {} : { authorization }) },
    ...(url.startsWith('https:') ? tlsOptions(tls, name) : {}),
  }
  return async ({ method, path, query = {}, form }) => {
    const address = new URL(`${base}${path}?${new URLSearchParams({ output_mode: 'json', ...query })}`)
    const body = form === undefined ? '' : String(new URLSearchParams(form))
    const headers = form === undefined ? options.headers : { ...options.headers, 'content-type': 'application/x-www-form-urlencoded' }
    return exchange(address, { ...options, method, headers }, body).catch(error => {
      const verdict = networkVerdict(error, url)
      throw new WardwireError('content_unreachable', 'reason' in verdict ? verdict.reason : url, {
        mend: 'check url and tls of management: it is the management port (8089), which must be open to this machine',
        cause: error,
      })
    })
  }
}

/** Authentication tokens (JSON web tokens) go as bearer; session keys, of which a user name and password give one, as Splunk's own. */
async function authenticated(management: SplunkManagementSettings, name: string): Promise<Send> {
  const token = management.token?.reveal()
  const withKey = (authorization: string): Send => sender(management, name, authorization)
  if (token !== undefined) return withKey(token.split('.').length === 3 ? `Bearer ${token}` : `Splunk ${token}`)
  const { username = '', password, url } = management
  const request = { method: 'POST', path: '/services/auth/login', form: { username, password: password?.reveal() ?? '' } } as const
  const { sessionKey } = accepted<{ readonly sessionKey?: string }>(url, request, await sender(management, name)(request))
  if (sessionKey === undefined) throw unsupported(url)
  return withKey(`Splunk ${sessionKey}`)
}

function accepted<Answer>(url: string, request: Request, answer: HttpAnswer): Answer {
  return json<Answer>(url, acceptedText(url, request, answer))
}

function acceptedText(url: string, { method, path }: Request, { status, text }: HttpAnswer): string {
  if (status >= 200 && status <= 299) return text
  if (status === 401 || status === 403)
    throw new WardwireError('content_refused', `${url}: the credentials are refused for ${method} ${path} (${status})`, {
      mend: 'check token, or username and password, of management; installing needs the capabilities of admin (install_apps), verifying a role that may read both apps and search the index',
    })
  if (status >= 300 && !isJson(text)) throw unsupported(url)
  throw new WardwireError('content_invalid', `${url}: ${method} ${path}: ${status} ${reasonIn(text)}`, {
    mend: 'Splunk 9.x and 10.x are supported',
  })
}

/** A 404 of the REST API says that there is no such thing; one of anything else, that this is not the REST API. */
function notFound(url: string, { text }: HttpAnswer): Entries {
  if (!isJson(text)) throw unsupported(url)
  return {}
}

function unsupported(url: string): WardwireError {
  return new WardwireError('content_unsupported', `${url}: what answers there is not the REST API of Splunk`, {
    mend: 'url of management must be that of the management port (8089 unless changed), not of Splunk Web (8000) or the event collector (8088)',
  })
}

function json<Answer>(url: string, text: string): Answer {
  if (!isJson(text)) throw unsupported(url)
  return JSON.parse(text) as Answer
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

interface Messages {
  readonly messages?: readonly { readonly type?: string; readonly text?: string }[]
}

function reasonIn(text: string): string {
  const { messages = [] } = isJson(text) ? (JSON.parse(text) as Messages) : {}
  const [reason] = messages.flatMap(message => message.text ?? [])
  return reason?.slice(0, 300) ?? 'no reason given'
}

/** An export is a JSON object a line. Lines without a result hold messages, or say that it is over. */
function rowsOf(url: string, text: string): readonly SplunkRow[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .flatMap(line => {
      const { result, messages } = json<Messages & { readonly result?: SplunkRow }>(url, line)
      const fatal = messages?.find(({ type }) => type === 'FATAL' || type === 'ERROR')
      if (fatal !== undefined)
        throw new WardwireError('content_invalid', `${url}: a search fails: ${fatal.text ?? 'no reason given'}`, {
          mend: 'Splunk 9.x and 10.x are supported',
        })
      return result === undefined ? [] : [result]
    })
}
