import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import splunkLogging from 'splunk-logging'
import { VERSION } from '../../installation.ts'
import type { TlsOptions } from '../tls.ts'
import type { HecResponse } from './codes.ts'

/** One event as the collector wants it. */
export interface HecEvent {
  /** Seconds since 1970 with exactly 3 decimals; never in scientific notation. */
  readonly time: string
  readonly host: string
  readonly source: string
  readonly sourcetype: string
  readonly index: string | undefined
  readonly event: unknown
  readonly fields: Readonly<Record<string, string>>
}

export interface CollectorOptions {
  readonly url: string
  readonly token: string
  readonly tls: TlsOptions
  readonly timeoutMs: number
  /** Of indexer acknowledgment. */
  readonly channel: string | undefined
}

const PATH = '/services/collector'
/** Answers of a collector are short. */
const MAX_ANSWER_BYTES = 1024 * 1024

/**
 * Requests to one collector. Events go through splunk-logging with its batching, retries and printing off: it calls every answer a
 * success, so the answer is handed out as it came.
 */
export class Collector {
  readonly #options: CollectorOptions
  readonly #agent: HttpAgent
  readonly #base: URL
  readonly #logger: splunkLogging.Logger<HecEvent>

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#base = new URL(options.url)
    this.#base.pathname = `${this.#base.pathname.replace(/\/(services\/collector.*)?$/, '')}${PATH}`
    this.#agent = this.#secure ? new HttpsAgent({ keepAlive: true, ...options.tls }) : new HttpAgent({ keepAlive: true })
    this.#logger = this.#createLogger()
  }

  /** Post events as one request. Rejects when there is no answer. */
  async post(events: readonly HecEvent[], signal: AbortSignal): Promise<HecResponse> {
    for (const event of events) this.#logger.send({ message: event })
    return this.#abortable(
      signal,
      new Promise((resolve, reject) => {
        this.#logger.flush((error, response, body) => {
          if (error || response === undefined) reject(error ?? new Error('no answer'))
          else resolve({ status: response.statusCode ?? 0, body: parsed(body), retryAfter: response.headers['retry-after'] })
        })
      }),
    )
  }

  /** Ask whether a batch has been indexed (`/services/collector/ack`). Rejects when there is no answer. */
  async acknowledged(ackId: number, signal: AbortSignal): Promise<HecResponse> {
    const url = new URL(`${this.#base.href}/ack`)
    url.searchParams.set('channel', this.#options.channel ?? '')
    const headers = { ...this.#headers(), authorization: `Splunk ${this.#options.token}`, 'content-type': 'application/json' }
    const options: RequestOptions = { method: 'POST', agent: this.#agent, headers, timeout: this.#options.timeoutMs, signal }
    return new Promise((resolve, reject) => {
      const request = (this.#secure ? httpsRequest : httpRequest)(url, options, response => {
        readBody(response).then(body => resolve({ status: response.statusCode ?? 0, body: parsed(body) }), reject)
      })
      request.on('timeout', () => request.destroy(timeout()))
      request.on('error', reject)
      request.end(JSON.stringify({ acks: [ackId] }))
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  get #secure(): boolean {
    return this.#base.protocol === 'https:'
  }

  #headers(): Record<string, string> {
    return this.#options.channel === undefined ? {} : { 'X-Splunk-Request-Channel': this.#options.channel }
  }

  #createLogger(): splunkLogging.Logger<HecEvent> {
    const { token, tls, timeoutMs } = this.#options
    const logger = new splunkLogging.Logger<HecEvent>({
      token,
      host: this.#base.hostname,
      port: Number(this.#base.port || (this.#secure ? 443 : 80)),
      protocol: this.#secure ? 'https' : 'http',
      path: `${this.#base.pathname}/event`,
      maxRetries: 0,
      maxBatchCount: 0,
      maxBatchSize: 0,
      batchInterval: 0,
    })
    logger.requestOptions = {
      strictSSL: tls.rejectUnauthorized,
      rejectUnauthorized: tls.rejectUnauthorized,
      agent: this.#agent,
      connection: 'keep-alive',
      open_timeout: timeoutMs,
      response_timeout: timeoutMs,
      read_timeout: timeoutMs,
      headers: this.#headers(),
      user_agent: `wardwire/${VERSION}`,
      json: false,
    }
    // Its own envelope has no `fields` and another idea of time; its own error handler prints the events.
    logger._makeBody = ({ message }) => message
    logger.error = () => {}
    return logger
  }

  /** The library cannot be told to stop a request: closing the connections of its agent does. */
  async #abortable<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(3 * this.#options.timeoutMs)])
    const stopped = new Promise<never>((_, reject) => {
      limit.addEventListener('abort', () => reject(timeout()), { once: true })
    })
    try {
      return await Promise.race([answer, stopped])
    } finally {
      if (limit.aborted) this.#agent.destroy()
    }
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) {
    body += chunk
    if (body.length > MAX_ANSWER_BYTES) throw new Error('the answer is too long')
  }
  return body
}

/** JSON whatever the content type says; anything else as it is. */
function parsed(body: unknown): unknown {
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return body
  try {
    return JSON.parse(body.toString()) as unknown
  } catch {
    return undefined
  }
}

function timeout(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
}
