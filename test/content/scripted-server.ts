import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** A request as it came. */
export interface Seen {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export type Script = (request: Seen) => { readonly status: number; readonly body?: unknown } | undefined

/**
 * A server that answers by script, and remembers what it was asked. It plays what cannot be run in the tests: Kibana, Splunk, and the
 * transforms of Elasticsearch, which the builds of it that can be had lack.
 */
export interface Scripted {
  readonly url: string
  readonly seen: readonly Seen[]
  forget(): void
  close(): void
}

/** `tls`: as a server of HTTPS, with this key and certificate. */
export async function startScripted(script: Script, tls?: { readonly key: Buffer; readonly cert: Buffer }): Promise<Scripted> {
  const seen: Seen[] = []
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const bytes = Buffer.concat(chunks)
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
    const asked = { method: request.method!, path: decodeURIComponent(request.url!), headers: request.headers, text }
    seen.push(asked)
    const { status, body = {} } = script(asked) ?? { status: 404 }
    response.writeHead(status, { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${(server.address() as AddressInfo).port}`,
    seen,
    forget: () => void seen.splice(0),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
