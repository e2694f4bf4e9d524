import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCapture } from '../capture/index.ts'
import { inventoryRecord } from '../normalize/inventory-record.ts'
import { type Delivery, startDelivery } from '../outputs/delivery.ts'
import { Sensor } from '../sensor.ts'
import type { Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { Log } from '../telemetry/log.ts'
import { type HealthAnswer, type Metric, serveMetrics } from '../telemetry/metrics.ts'

const TICK_MS = 1000
/** How long outputs may take to empty the queue after SIGTERM; the rest is delivered after the next start, ms. */
const STOP_DEADLINE_MS = 10_000

/** `wardwire run`: watch live traffic until a signal stops it or the input ends. */
export async function run(settings: Settings, log: Log, signal: AbortSignal): Promise<void> {
  if (Object.keys(settings.outputs).length === 0)
    throw new WardwireError('no_outputs', 'no outputs are configured: events would go nowhere', {
      mend: 'add one under outputs: in the config file, or use --out DIR to write files',
    })
  if (settings.privacy.patients === 'clear')
    log.warn('Patient identifiers are emitted in clear: privacy.patients is "clear"', { 'event.action': 'privacy-clear' })
  const state = settings.sensor.state_directory
  mkdirSync(state, { recursive: true, mode: 0o700 })
  const source = await openCapture(settings.capture, state)
  const delivery = await startDelivery({
    directory: settings.queue.directory ?? join(state, 'queue'),
    queue: settings.queue,
    outputs: settings.outputs,
    log,
  })
  const sensor = new Sensor({
    settings,
    recorded: source.recorded,
    deliver: events => delivery.send(events),
    interfaces: () => source.interfaces,
    captureDrops: () => source.statistics.dropped,
    delivery: () => delivery.report(),
    inventoryDirectory: state,
    log,
  })
  const metrics = settings.telemetry.metrics.enabled
    ? await serveMetrics(settings.telemetry.metrics.address, settings.telemetry.metrics.port, sensorMetrics(sensor, delivery), () =>
        health(delivery),
      )
    : undefined
  const timer = setInterval(() => sensor.idle(Date.now() * 1000), TICK_MS)
  log.info('Watching', { source: source.name, outputs: Object.keys(settings.outputs).join(', ') })
  try {
    const end = await source.run(sensor, signal, () => {
      sensor.flush()
      return delivery.pace()
    })
    if (end.kind === 'failed') throw new WardwireError(end.code, end.message, { mend: end.mend })
  } finally {
    clearInterval(timer)
    sensor.finish()
    await delivery.flush()
    const { undelivered } = await delivery.drain(STOP_DEADLINE_MS)
    await delivery.stop()
    await metrics?.close()
    writeFileSync(join(state, 'inventory.json'), `${JSON.stringify(sensor.inventory.devices().map(inventoryRecord), null, 2)}\n`, {
      mode: 0o600,
    })
    for (const [output, count] of Object.entries(undelivered))
      if (count > 0)
        log.warn('Events stay in the queue for the next start', { 'wardwire.output.name': output, 'wardwire.output.queued': count })
    log.info('Stopped', { packets: source.statistics.packets })
  }
}

function health(delivery: Delivery): HealthAnswer {
  const problems = delivery
    .report()
    .outputs.filter(output => output.last_error !== undefined)
    .map(output => `${output.name}: ${output.last_error}`)
  return { healthy: problems.length === 0, problems }
}

function sensorMetrics(sensor: Sensor, delivery: Delivery): readonly Metric[] {
  const one = (name: string, help: string, value: () => number): Metric => ({
    name: `wardwire_${name}`,
    help,
    read: () => [{ labels: {}, value: value() }],
  })
  const perOutput = (name: string, help: string, value: (output: ReturnType<Delivery['report']>['outputs'][number]) => number): Metric => ({
    name: `wardwire_output_${name}`,
    help,
    read: () => delivery.report().outputs.map(output => ({ labels: { output: output.name, type: output.type }, value: value(output) })),
  })
  return [
    one('packets_total', 'packets decoded', () => sensor.summary().packets),
    one('bytes_total', 'bytes decoded', () => sensor.summary().bytes),
    one('flows', 'flows in the flow table', () => sensor.openFlows),
    one('devices', 'devices in the inventory', () => sensor.inventory.count),
    one('decode_errors_total', 'units that a decoder could not make sense of', () => sensor.summary().decodeErrors),
    one('queue_events', 'events in the queue', () => delivery.report().queue.events),
    one('queue_bytes', 'bytes in the queue', () => delivery.report().queue.bytes),
    perOutput('delivered_total', 'events that the receiver has', output => output.delivered),
    perOutput('retried_total', 'events that were sent again', output => output.retried),
    perOutput('dead_lettered_total', 'events that the receiver refused for good', output => output.dead_lettered),
    perOutput('queued', 'events that wait for the receiver', output => output.queued),
    perOutput('lag_ms', 'age of the oldest event that waits', output => output.lag_ms),
  ]
}
