import { VERSION } from '../installation.ts'
import type { ElasticsearchSettings } from '../outputs/elasticsearch/settings.ts'
import { networkVerdict } from '../outputs/failure.ts'
import { tlsOptions } from '../outputs/tls.ts'
import { WardwireError } from '../telemetry/error.ts'
import { exchange, type HttpAnswer } from './http-exchange.ts'

/** Environment variable that holds Kibana's API key in its encoded form. */
const KIBANA_KEY = 'WARDWIRE_KIBANA_API_KEY'

/** Kibana's HTTP API. */
export interface Kibana {
  readonly url: string
  /**
   * The JSON of an answer, or undefined where there is no such thing (404, or a status in `absent`). Throws `content_refused`,
   * `content_unreachable` or `content_invalid`.
   */
  request<Answer>(method: string, path: string, options?: KibanaRequest): Promise<Answer | undefined>
}

interface KibanaRequest {
  readonly body?: object
  /** A file to upload, instead of a body. */
  readonly file?: { readonly name: string; readonly content: string }
  /** Statuses that mean that there is no such thing, besides 404. */
  readonly absent?: readonly number[]
}

/**
 * Kibana at an address, with the API key of the environment and the TLS settings and time limit of an Elasticsearch output. Throws
 * `content_kibana` for an address or key that cannot be used.
 */
export function kibanaOf(url: string, output: string, { tls, timeout_seconds }: ElasticsearchSettings): Kibana {
  const base = kibanaUrl(url)
  const key = process.env[KIBANA_KEY]
  if (key === undefined || key === '')
    throw new WardwireError('content_kibana', `no API key for Kibana: the environment variable ${KIBANA_KEY} is not set`, {
      mend: 'make a key with the Kibana privileges for Security rules, dashboards and saved objects, and set the variable to its encoded form',
    })
  const send = async (method: string, path: string, { body, file }: KibanaRequest): Promise<HttpAnswer> => {
    const { content, headers } = await encoded(body, file)
    const options = {
      method,
      headers: { ...headers, authorization: `ApiKey ${key}`, 'kbn-xsrf': 'true', 'user-agent': `wardwire/${VERSION}` },
      timeout: timeout_seconds * 1000,
      ...(base.protocol === 'https:' ? tlsOptions(tls, output) : {}),
    }
    return exchange(new URL(`${base.href.replace(/\/$/, '')}${path}`), options, content)
  }
  return {
    url: base.href,
    request: async <Answer>(method: string, path: string, options: KibanaRequest = {}) => {
      const { status, text } = await send(method, path, options).catch(error => {
        const verdict = networkVerdict(error, base.href)
        throw new WardwireError('content_unreachable', 'reason' in verdict ? verdict.reason : base.href, {
          mend: 'check the address, and tls of the output, which holds for Kibana too',
          cause: error,
        })
      })
      if (status === 404 || options.absent?.includes(status)) return undefined
      if (status < 200 || status > 299) throw refusal(base.href, method, path, status, text)
      return json<Answer>(base.href, text)
    },
  }
}

function kibanaUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username === '') return parsed
  throw new WardwireError('content_kibana', `${parsed === undefined ? url : parsed.origin} is no address of Kibana`, {
    mend: 'give it as https://kibana.example.org:5601, with /s/<space> behind it for another space than the default, and no user name',
  })
}

async function encoded(
  body: object | undefined,
  file: KibanaRequest['file'],
): Promise<{ readonly content: Buffer; readonly headers: Readonly<Record<string, string>> }> {
  if (file === undefined) {
    const content = Buffer.from(body === undefined ? '' : JSON.stringify(body))
    return { content, headers: body === undefined ? {} : { 'content-type': 'application/json' } }
  }
  const form = new FormData()
  form.append('file', new Blob([file.content], { type: 'application/ndjson' }), file.name)
  const response = new Response(form)
  const type = response.headers.get('content-type') ?? ''
  return { content: Buffer.from(await response.arrayBuffer()), headers: { 'content-type': type } }
}

function json<Answer>(url: string, text: string): Answer {
  try {
    return JSON.parse(text === '' ? '{}' : text) as Answer
  } catch (cause) {
    throw new WardwireError('content_invalid', `${url}: what answers there is not Kibana`, { mend: 'check the address', cause })
  }
}

function refusal(url: string, method: string, path: string, status: number, text: string): WardwireError {
  if (status === 401 || status === 403)
    return new WardwireError('content_refused', `${url}: the API key is refused for ${method} ${path.split('?')[0]} (${status})`, {
      mend: `check ${KIBANA_KEY}; it needs the Kibana privileges for Security rules, dashboards and saved objects`,
    })
  return new WardwireError('content_invalid', `${url}: ${method} ${path.split('?')[0]}: ${status} ${reasonIn(text)}`, {
    mend: 'Kibana 8.19 and 9.x are supported',
  })
}

function reasonIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    return message === undefined ? 'no reason given' : String(message).slice(0, 300)
  } catch {
    return 'no reason given'
  }
}
