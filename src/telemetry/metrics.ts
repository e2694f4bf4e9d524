import { createServer, type Server } from 'node:http'
import { Gauge, Registry } from 'prom-client'
import { WardwireError } from './error.ts'

/** One number that a stage keeps; read when somebody asks. */
export interface Metric {
  readonly name: string
  readonly help: string
  /** Names of its labels, where they do not show in what is there at the start. */
  readonly labelNames?: readonly string[]
  readonly read: () => readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
}

export interface HealthAnswer {
  readonly healthy: boolean
  readonly problems: readonly string[]
}

export interface MetricsServer {
  readonly port: number
  close(): Promise<void>
}

/** Serve `/metrics` (Prometheus text) and `/health` (200 or 503 with the problems as JSON) until closed. */
export async function serveMetrics(
  address: string,
  port: number,
  metrics: readonly Metric[],
  health: () => HealthAnswer,
): Promise<MetricsServer> {
  const registry = new Registry()
  for (const { name, help, labelNames: known, read } of metrics) {
    const labelNames = known ?? [...new Set(read().flatMap(sample => Object.keys(sample.labels)))]
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset()
        for (const { labels, value } of read()) this.set(labels, value)
      },
    })
    registry.registerMetric(gauge)
  }
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      registry.metrics().then(
        text => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      )
      return
    }
    if (request.url === '/health') {
      const answer = health()
      response.writeHead(answer.healthy ? 200 : 503, { 'content-type': 'application/json' }).end(`${JSON.stringify(answer)}\n`)
      return
    }
    response.writeHead(404, { 'content-type': 'text/plain' }).end('wardwire: try /metrics or /health\n')
  })
  await listen(server, address, port)
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => {
      const code = (error as NodeJS.ErrnoException).code ?? 'error'
      reject(
        new WardwireError('metrics_listen_failed', `cannot serve metrics on ${address}:${port} (${code})`, {
          mend: 'free the port, or set telemetry.metrics.port to another one or telemetry.metrics.enabled to false',
          cause: error,
        }),
      )
    })
    server.listen(port, address, () => resolve())
  })
}
