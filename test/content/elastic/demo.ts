import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { EcsDocument } from '../../../src/normalize/event.ts'
import { freePorts } from '../../peers/peer.ts'
import { inTimeOrder, ndjsonOf, timeOf } from '../events.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const DEMO = join(ROOT, 'demo', 'hospital.pcapng')

/** What a sensor says of the demo, of itself and of its outputs, as it reaches Elasticsearch. */
export interface WatchedDemo {
  readonly events: readonly EcsDocument[]
  /** When the demo ends, ms since 1970 UTC. */
  readonly end: number
}

/** `wardwire run` over the demo, fed through a pipe as a capture program would, with files that take every event and a receiver that is down. */
export async function watchDemo(): Promise<WatchedDemo> {
  const folder = mkdtempSync(join(tmpdir(), 'wardwire-demo-'))
  try {
    await watch(folder)
    return inDemoTime(ndjsonOf(readFileSync(join(folder, 'out', 'events.ndjson'), 'utf8')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function watch(folder: string): Promise<void> {
  const [nobody, metrics] = await freePorts(2)
  const config = {
    sensor: { id: 'sensor-1', name: 'sensor-1', state_directory: join(folder, 'state') },
    telemetry: { metrics: { address: '127.0.0.1', port: metrics } },
    outputs: { siem: { type: 'syslog', host: '127.0.0.1', port: nobody, protocol: 'tcp' } },
  }
  writeFileSync(join(folder, 'wardwire.yml'), JSON.stringify(config))
  const command = ['run', '--from', '-', '--out', join(folder, 'out'), '--config', join(folder, 'wardwire.yml')]
  const sensor = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(ROOT, 'src', 'main.ts'), ...command])
  let log = ''
  sensor.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const closed = once(sensor, 'close') as Promise<[number | null]>
  // A sensor that ends early takes no packets; its status tells.
  sensor.stdin.on('error', () => undefined)
  sensor.stdin.write(readFileSync(DEMO))
  // The last report on the outputs comes when the packets end; it is to name the output that is down.
  while (sensor.exitCode === null && !(await healthOf(metrics)).includes('siem')) await setTimeout(100)
  sensor.stdin.end()
  const [status] = await closed
  if (status !== 0) throw new Error(`the sensor ended with ${status}: ${log}`)
}

/** What the sensor says of its health; nothing while it does not listen yet. */
async function healthOf(port: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`)
    return await answer.text()
  } catch {
    return ''
  }
}

/** Outputs work in the time of day; their figures are moved to the end of the demo, as if it had been watched when it was recorded. */
function inDemoTime(events: readonly EcsDocument[]): WatchedDemo {
  const isOfOutput = (event: EcsDocument): boolean => (event['event'] as { readonly action: string }).action === 'output-health'
  const last = inTimeOrder(events.filter(event => !isOfOutput(event))).at(-1)!
  return {
    events: events.map(event => (isOfOutput(event) ? { ...event, '@timestamp': last['@timestamp'] } : event)),
    end: timeOf(last),
  }
}
