import { hostname } from 'node:os'
import { openCaptureFile } from './capture/file.ts'
import type { PacketSink, RawPacket } from './capture/source.ts'
import { Detector } from './detect/index.ts'
import { VERSION } from './installation.ts'
import { Inventory } from './inventory/inventory.ts'
import type { InventoryStore } from './inventory/store.ts'
import type { Direction, Flow, FlowEnd, FlowHandler, LinkLayerProtocol } from './net/flow.ts'
import { NetworkStage } from './net/stage.ts'
import type { NetStatistics } from './net/statistics.ts'
import { encodeEvent, Normalizer } from './normalize/ecs.ts'
import type { EcsDocument, EncodedEvent, WardwireEvent } from './normalize/event.ts'
import type { HealthReport } from './normalize/health.ts'
import type { Unseen } from './normalize/visibility.ts'
import { createPseudonym } from './privacy/pseudonym.ts'
import { ObservationRollup } from './protocols/hl7/rollup.ts'
import { RetrievalRollup } from './protocols/http/rollup.ts'
import { ProtocolIdentifier } from './protocols/identify.ts'
import { DatagramIdentifier } from './protocols/identify-datagram.ts'
import { createDatagramProtocols, createLinkProtocols, createProtocols } from './protocols/index.ts'
import type { FlowEnded, Incomplete, Observation } from './protocols/observation.ts'
import { SensorHealth } from './sensor-health.ts'
import { defaultSettings, type Settings } from './settings.ts'
import { type Log, SILENT_LOG } from './telemetry/log.ts'

/** µs */
const SECOND = 1_000_000
/** Events are handed on at the latest when this many are together. */
const BATCH_EVENTS = 512
/** Interfaces of one recording may be a little out of step; a longer step back is a new recording. µs. */
const NEW_RECORDING_STEP = 60 * SECOND
/** Failures of the sensor's own parts that are logged; all are counted. */
const MAX_FAILURES_LOGGED = 20
/** Alerts kept for the closing table of a replay. */
const SUMMARY_ALERTS = 1000

export interface SensorOptions {
  readonly settings: Settings
  /** Packets carry the time of a recording, and the sensor lives in that time. */
  readonly recorded: boolean
  /** Takes encoded events, in order. */
  readonly deliver: (events: readonly EncodedEvent[]) => void
  /** Names of the capture interfaces by index. */
  readonly interfaces: () => readonly string[]
  /** Packets that the capture says it lost so far, where it can know. */
  readonly captureDrops?: () => number | undefined
  /** What waits in the queue; asked when health is reported. */
  readonly queue?: () => { readonly events: number; readonly bytes: number; readonly lost: number }
  /** Devices known from earlier runs, and where to keep them. */
  readonly inventoryStore?: InventoryStore | undefined
  readonly log?: Log
  /** Hold every event against the field catalogue, and let `finish` throw the first failure of a part of the sensor: for tests. */
  readonly strict?: boolean
}

/** Figures of a run, for tables and metrics. */
export interface SensorSummary {
  readonly packets: number
  readonly bytes: number
  readonly flows: number
  /** Flows by protocol found in them. */
  readonly protocols: ReadonlyMap<string, number>
  /** Events by `dataset action`. */
  readonly events: ReadonlyMap<string, number>
  readonly alerts: readonly WardwireEvent[]
  readonly decodeErrors: number
}

/**
 * The composition root: packets in, encoded events out. One synchronous path without awaits:
 * net → protocols → inventory → detect → normalize. The queue and the outputs live behind `deliver`.
 */
export class Sensor implements PacketSink, FlowHandler {
  readonly inventory: Inventory
  readonly #options: SensorOptions
  readonly #net: NetworkStage
  readonly #identifier: ProtocolIdentifier
  readonly #datagrams: DatagramIdentifier
  readonly #rollup: ObservationRollup
  readonly #retrievals: RetrievalRollup
  readonly #detector: Detector
  readonly #normalizer: Normalizer
  readonly #log: Log
  readonly #health: SensorHealth
  readonly #events = new Map<string, number>()
  readonly #alerts: WardwireEvent[] = []
  #batch: EncodedEvent[] = []
  #firstFailure: unknown
  #begun = false
  /** Packet time, µs. */
  #time = 0
  #nextTick = Number.NEGATIVE_INFINITY

  constructor(options: SensorOptions) {
    const { settings, recorded, log = SILENT_LOG } = options
    this.#options = options
    this.#log = log
    this.#net = new NetworkStage(settings.net, this)
    this.#rollup = new ObservationRollup(settings.protocols.hl7, observation => this.#report(observation))
    this.#retrievals = new RetrievalRollup(settings.protocols.http, observation => this.#report(observation))
    this.#identifier = new ProtocolIdentifier(
      createProtocols(settings.protocols, policy => this.#health.overloaded(policy)),
      {
        pseudonym: createPseudonym(settings.privacy.site_key?.reveal()),
        emit: observation => this.#guarded(observation),
        onFailure: (protocol, error) => this.#failed(`decoder of ${protocol}`, error),
      },
    )
    this.#datagrams = new DatagramIdentifier(createDatagramProtocols(), createLinkProtocols(), {
      emit: identity => this.inventory.identify(identity),
      onFailure: (protocol, error) => this.#failed(`decoder of ${protocol}`, error),
    })
    this.inventory = new Inventory(settings.inventory, change => this.#emit(this.#normalizer.asset(change)), options.inventoryStore, log)
    this.#detector = new Detector(settings.detect, this.inventory, alert => this.#emitAlert(this.#normalizer.alert(alert)))
    this.#normalizer = new Normalizer({
      sensorId: settings.sensor.id,
      sensorName: settings.sensor.name,
      hostname: recorded ? settings.sensor.name : hostname(),
      version: VERSION,
      interfaces: options.interfaces,
      deviceAt: address => this.inventory.deviceAt(address),
      now: packetTime => (recorded ? packetTime : Date.now() * 1000),
      patients: settings.privacy.patients,
      strict: options.strict ?? false,
    })
    this.#health = new SensorHealth({
      net: () => this.#net.statistics,
      inventory: this.inventory,
      interfaces: options.interfaces,
      captureDrops: () => options.captureDrops?.(),
      queue: () => options.queue?.(),
      emit: report => this.reportHealth(report),
      interval: settings.telemetry.health_interval_seconds * SECOND,
    })
  }

  packet(raw: RawPacket): void {
    if (raw.time >= this.#nextTick) this.#advance(raw.time)
    else if (raw.time < this.#nextTick - NEW_RECORDING_STEP) this.#beginRecording(raw.time)
    this.#net.packet(raw)
  }

  /** Wall-clock time while no packets come, so that a silent network still times out, rolls up and reports health. Live only. */
  idle(time: number): void {
    if (!this.#options.recorded && time >= this.#nextTick) this.#advance(time)
    this.flush()
  }

  /** End of input: report everything that is still open and hand over the last events. */
  finish(): void {
    this.#finish()
    if (this.#options.strict === true && this.#firstFailure !== undefined) throw this.#firstFailure
  }

  #finish(): void {
    if (!this.#begun) return
    this.#closeAll(this.#time)
    this.#health.stopped(this.#time)
    this.flush()
  }

  /** Hand over the events made so far. */
  flush(): void {
    if (this.#batch.length === 0) return
    const events = this.#batch
    this.#batch = []
    this.#options.deliver(events)
  }

  /** An event about the sensor itself, or about one of the outputs, which only the delivery side knows. */
  reportHealth(report: HealthReport): void {
    this.#emit(this.#normalizer.health(report))
  }

  /** What the sensor did not see so far: hits of its limits, and loss by capture interface. */
  get unseen(): Unseen {
    return this.#health.unseen
  }

  /** What the net stage met so far. */
  get network(): NetStatistics {
    return this.#net.statistics
  }

  get openFlows(): number {
    return this.#net.statistics.flows
  }

  summary(): SensorSummary {
    const { packets, bytes, flowsTotal } = this.#net.statistics
    return {
      packets,
      bytes,
      flows: flowsTotal,
      protocols: this.#identifier.flowsByProtocol,
      events: this.#events,
      alerts: this.#alerts,
      decodeErrors: this.#health.failures,
    }
  }

  // --- FlowHandler: what the net stage reports ---

  opened(_flow: Flow): void {}

  data(flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    this.#identifier.data(flow, direction, bytes, offset, length, time)
  }

  gap(flow: Flow, direction: Direction, length: number, time: number): void {
    this.#identifier.gap(flow, direction, length, time)
  }

  datagram(flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    this.#datagrams.datagram(flow, direction, bytes, offset, length, time)
  }

  halfClosed(flow: Flow, direction: Direction, time: number): void {
    this.#identifier.halfClosed(flow, direction, time)
  }

  ended(flow: Flow, end: FlowEnd, time: number): void {
    const application = this.#identifier.application(flow) ?? this.#datagrams.application(flow)
    const seen = this.#identifier.seenAs(flow)
    const tls = this.#identifier.ended(flow, end, time)
    this.#datagrams.ended(flow)
    this.#observe(flowEnded(seen, end, application, tls))
  }

  neighbour(address: string, mac: string, interfaceIndex: number, vlanId: number | undefined, time: number): void {
    this.inventory.neighbour(address, mac, interfaceIndex, vlanId, time)
  }

  link(
    protocol: LinkLayerProtocol,
    bytes: Uint8Array,
    offset: number,
    length: number,
    sourceMac: string | undefined,
    interfaceIndex: number,
    vlanId: number | undefined,
    time: number,
  ): void {
    this.#datagrams.link(protocol, { bytes, offset, length, sourceMac, interfaceIndex, vlanId, time })
  }

  // --- observations to events ---

  /** A mistake to the right of a decoder costs one observation, and not the flow. */
  #guarded(observation: Observation): void {
    try {
      this.#observe(observation)
    } catch (error) {
      this.#failed(`stage behind ${observation.kind}`, error)
    }
  }

  #failed(where: string, error: unknown): void {
    this.#health.failures++
    this.#firstFailure ??= error
    if (this.#health.failures > MAX_FAILURES_LOGGED) return
    const { name, stack } = error instanceof Error ? error : new Error('unknown')
    // The message of an error may quote what it was about; where it happened does not.
    const frames = (stack ?? '').split('\n').filter(line => line.trimStart().startsWith('at '))
    this.#log.error(`Part of the sensor failed: ${where}`, { 'error.type': name, 'error.stack_trace': frames.join('\n') })
  }

  #observe(observation: Observation): void {
    this.inventory.observe(observation)
    this.#detector.observe(observation)
    if (observation.kind === 'hl7-message' && this.#rollup.accept(observation)) return
    if (observation.kind === 'dicomweb-request' && this.#retrievals.accept(observation)) return
    if (observation.kind === 'flow-ended' && !this.#concernsDevice(observation)) return
    this.#report(observation)
  }

  /** Flow events are for medical devices only; they also tell how much of the clinical traffic is encrypted. */
  #concernsDevice({ flow, application }: FlowEnded): boolean {
    if (this.inventory.deviceAt(flow.clientAddress) === undefined && this.inventory.deviceAt(flow.serverAddress) === undefined) return false
    this.#health.clinicalFlow(flow.bytesFromClient + flow.bytesFromServer, application === 'tls')
    return true
  }

  #report(observation: Observation): void {
    const event = this.#normalizer.observation(observation)
    if (event !== undefined) this.#emit(event)
  }

  #emitAlert(event: WardwireEvent): void {
    if (this.#alerts.length < SUMMARY_ALERTS) this.#alerts.push(event)
    this.#emit(event)
  }

  #emit(event: WardwireEvent): void {
    const name = `${event.dataset} ${actionOf(event)}`
    this.#events.set(name, (this.#events.get(name) ?? 0) + 1)
    this.#batch.push(encodeEvent(event))
    if (this.#batch.length >= BATCH_EVENTS) this.flush()
  }

  // --- time ---

  /** Let time pass: time-outs, roll-up windows, health. About once a second. */
  #advance(time: number): void {
    if (!this.#begun) this.#begin(time)
    this.#time = time
    this.#nextTick = time + SECOND
    this.#net.tick(time)
    this.#identifier.tick(time)
    this.#rollup.tick(time)
    this.#retrievals.tick(time)
    this.inventory.tick(time)
    this.#detector.tick(time)
    this.#health.tick(time)
  }

  #begin(time: number): void {
    this.#begun = true
    this.#health.started(time)
  }

  /** Time went back: another recording begins, which shares no connection with the one before. */
  #beginRecording(time: number): void {
    this.#closeAll(this.#time)
    this.#time = time
    this.#nextTick = time
    this.#health.restarted(time)
    this.#advance(time)
  }

  #closeAll(time: number): void {
    this.#net.finish(time)
    this.#rollup.finish(time)
    this.#retrievals.finish(time)
    this.inventory.finish(time)
    this.#detector.finish(time)
  }
}

function flowEnded(flow: Flow, flowEnd: FlowEnd, application: string | undefined, tls: FlowEnded['tls']): FlowEnded {
  const partial: Incomplete[] = []
  if (flow.midstream) partial.push('midstream')
  if (flow.gapBytesFromClient + flow.gapBytesFromServer > 0) partial.push('gap')
  if (flow.transport === 'tcp' && (flow.packetsFromClient === 0 || flow.packetsFromServer === 0)) partial.push('one_sided')
  return { kind: 'flow-ended', flow, start: flow.startTime, end: flow.lastTime, streamOffset: 0, partial, application, flowEnd, tls }
}

function actionOf(event: WardwireEvent): string {
  const fields = event.document['event'] as { readonly action?: string } | undefined
  return fields?.action ?? ''
}

/** Replay captures in memory with default settings and give the documents: for tests and tools. */
export async function replayEvents(
  files: readonly string[],
  options: { readonly sensorId?: string } = {},
): Promise<readonly EcsDocument[]> {
  const base = defaultSettings()
  const id = options.sensorId ?? 'test'
  const documents: EcsDocument[] = []
  let interfaces: readonly string[] = []
  const sensor = new Sensor({
    settings: { ...base, sensor: { ...base.sensor, id, name: id } },
    recorded: true,
    strict: true,
    interfaces: () => interfaces,
    deliver: events => documents.push(...events.map(event => JSON.parse(event.json) as EcsDocument)),
  })
  for (const file of files) {
    const source = openCaptureFile(file)
    interfaces = source.interfaces
    await source.run(sensor, new AbortController().signal, () => undefined)
  }
  sensor.finish()
  return documents
}
