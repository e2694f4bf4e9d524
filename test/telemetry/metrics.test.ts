import { afterEach, describe, expect, test } from 'vitest'
import { WardwireError } from '../../src/telemetry/error.ts'
import { Interval } from '../../src/telemetry/interval.ts'
import { type MetricsServer, serveMetrics } from '../../src/telemetry/metrics.ts'

const servers: MetricsServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()))
})

async function serve(problems: readonly string[], value: () => number): Promise<string> {
  const metrics = [
    { name: 'wardwire_packets_total', help: 'packets', read: () => [{ labels: {}, value: value() }] },
    { name: 'wardwire_output_queued', help: 'waiting', read: () => [{ labels: { output: 'elastic' }, value: 7 }] },
  ]
  const server = await serveMetrics('127.0.0.1', 0, metrics, () => ({ healthy: problems.length === 0, problems }))
  servers.push(server)
  return `http://127.0.0.1:${server.port}`
}

describe('metrics endpoint', () => {
  test('serves current values in Prometheus text', async () => {
    let packets = 1
    const url = await serve([], () => packets)
    packets = 42
    const text = await (await fetch(`${url}/metrics`)).text()
    expect(text).toContain('wardwire_packets_total 42')
    expect(text).toContain('wardwire_output_queued{output="elastic"} 7')
  })

  test('health is 200 while well and 503 with the problems otherwise', async () => {
    const well = await fetch(`${await serve([], () => 0)}/health`)
    expect(well.status).toBe(200)
    const ill = await fetch(`${await serve(['elastic: refused'], () => 0)}/health`)
    expect(ill.status).toBe(503)
    expect(await ill.json()).toEqual({ healthy: false, problems: ['elastic: refused'] })
  })

  test('a port in use is an error that says what to do', async () => {
    const port = Number(new URL(await serve([], () => 0)).port)
    const failure = await serveMetrics('127.0.0.1', port, [], () => ({ healthy: true, problems: [] })).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(WardwireError)
    expect(failure).toMatchObject({ code: 'metrics_listen_failed', mend: expect.stringContaining('telemetry.metrics.port') })
  })
})

test('an interval gives what was added since it was last asked', () => {
  const totals = { packets: 10, bytes: 1000 }
  const interval = new Interval(() => totals)
  totals.packets = 15
  expect(interval.take()).toEqual({ packets: 5, bytes: 0 })
  expect(interval.take()).toEqual({ packets: 0, bytes: 0 })
})
