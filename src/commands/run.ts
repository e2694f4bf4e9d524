import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { openCapture } from '../capture/index.ts'
import { openInventoryStore } from '../inventory/store.ts'
import type { NetStatistics } from '../net/statistics.ts'
import { inventoryRecord } from '../normalize/inventory-record.ts'
import { startDelivery } from '../outputs/delivery.ts'
import { Sensor } from '../sensor.ts'
import type { Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { Log } from '../telemetry/log.ts'
import { type Metric, serveMetrics } from '../telemetry/metrics.ts'
import { DeliveryHealth } from './delivery-health.ts'

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
  const source = await openCapture(settings.capture, state, log)
  const delivery = await startDelivery({
    directory: settings.queue.directory ?? join(state, 'queue'),
    queue: settings.queue,
    outputs: settings.outputs,
    sensorName: settings.sensor.name,
    hostname: hostname(),
    log,
  })
  const inventoryStore = openInventoryStore(state)
  const sensor = new Sensor({
    settings,
    recorded: source.recorded,
    deliver: events => delivery.send(events),
    interfaces: () => source.interfaces,
    captureDrops: () => source.statistics.dropped,
    queue: () => health.queue(),
    inventoryStore,
    log,
  })
  const health = new DeliveryHealth(delivery, report => {
    sensor.reportHealth(report)
    sensor.flush()
  })
  const { metrics, health_interval_seconds } = settings.telemetry
  const server = metrics.enabled
    ? await serveMetrics(metrics.address, metrics.port, [...sensorMetrics(sensor, source), ...health.metrics()], () => health.answer())
    : undefined
  const timers = [setInterval(() => sensor.idle(source.now()), TICK_MS), setInterval(() => health.report(), health_interval_seconds * 1000)]
  log.info('Watching', { source: source.name, outputs: Object.keys(settings.outputs).join(', ') })
  try {
    const end = await source.run(sensor, signal, () => {
      sensor.flush()
      return delivery.pace()
    })
    if (end.kind === 'failed') throw new WardwireError(end.code, end.message, { mend: end.mend })
  } finally {
    for (const timer of timers) clearInterval(timer)
    health.report()
    sensor.finish()
    inventoryStore.close()
    const { undelivered } = await delivery.drain(STOP_DEADLINE_MS)
    await delivery.stop()
    await server?.close()
    writeFileSync(join(state, 'inventory.json'), `${JSON.stringify(sensor.inventory.devices().map(inventoryRecord), null, 2)}\n`, {
      mode: 0o600,
    })
    for (const [output, count] of Object.entries(undelivered))
      log.warn('Events stay in the queue for the next start', { 'wardwire.output.name': output, 'wardwire.output.queued': count })
    log.info('Stopped', { packets: source.statistics.packets })
  }
}

/** What mirrors, networks and attackers do to packets. */
function oddities(network: NetStatistics): Readonly<Record<string, number>> {
  return {
    malformed: network.malformed,
    unknown_link_type: network.unknownLinkTypes,
    duplicate: network.duplicates,
    retransmit: network.retransmits,
    overlap_conflict: network.overlapConflicts,
    incomplete_datagram: network.fragmentsIncomplete,
    fragment_overlap: network.fragmentOverlaps,
  }
}

/** Figures of the sensor for Prometheus. */
export function sensorMetrics(sensor: Sensor, source: { readonly interfaces: readonly string[] }): readonly Metric[] {
  const one = (name: string, help: string, value: () => number): Metric => ({
    name: `wardwire_${name}`,
    help,
    read: () => [{ labels: {}, value: value() }],
  })
  return [
    one('packets_total', 'packets decoded', () => sensor.summary().packets),
    one('bytes_total', 'bytes decoded', () => sensor.summary().bytes),
    one('flows', 'flows in the flow table', () => sensor.openFlows),
    one('devices', 'devices in the inventory', () => sensor.inventory.count),
    one('decode_errors_total', 'units that a decoder could not make sense of', () => sensor.summary().decodeErrors),
    one('dropped_packets_total', 'packets that the capture says it lost', () => sensor.unseen.dropped),
    {
      name: 'wardwire_oddities_total',
      help: 'packets and segments that were other than they should be, and how often they were',
      labelNames: ['kind'],
      read: () => Object.entries(oddities(sensor.network)).map(([kind, value]) => ({ labels: { kind }, value })),
    },
    {
      name: 'wardwire_overload_total',
      help: 'times that a limit was hit and something gave way',
      read: () => Object.entries(sensor.unseen.hits).map(([policy, value]) => ({ labels: { policy }, value })),
    },
    {
      name: 'wardwire_inferred_lost_bytes_total',
      help: 'bytes that a receiver acknowledged and the sensor never saw',
      labelNames: ['interface'],
      read: () =>
        sensor.unseen.interfaces.map(({ lostBytes }, index) => ({
          labels: { interface: source.interfaces[index] ?? String(index) },
          value: lostBytes,
        })),
    },
  ]
}
