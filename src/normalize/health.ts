import { type Context, compact, count, eventFields, eventId, finish, sentence, text } from './common.ts'
import type { WardwireEvent } from './event.ts'
import { nanoseconds, timestamp } from './time.ts'

/** Figures of the sensor over an interval. */
export interface SensorFigures {
  readonly packets: number
  readonly bytes: number
  /** Packets that the capture says it lost; undefined where it cannot know. */
  readonly dropped: number | undefined
  /** Bytes of TCP streams that were never seen. */
  readonly inferredLost: number
  readonly decodeErrors: number
  /** 0 to 1; undefined while nothing was seen. */
  readonly encryptedShare: number | undefined
  readonly flows: number
  readonly devices: number
  readonly queueEvents: number | undefined
  readonly queueBytes: number | undefined
  /** Events that could not be kept. */
  readonly queueLost?: number
}

/** Figures of one output over an interval. */
export interface OutputFigures {
  readonly name: string
  readonly type: string
  readonly delivered: number
  readonly retried: number
  readonly rejected: number
  readonly deadLettered: number
  readonly lagMs: number | undefined
  readonly queued: number
  /** Never payload. */
  readonly lastError: string | undefined
}

/** What the sensor says of itself. Times are µs since 1970 UTC; `since` is the beginning of the interval. */
export type HealthReport =
  | { readonly kind: 'sensor-started'; readonly time: number }
  | {
      readonly kind: 'sensor-stopped'
      readonly time: number
      readonly reason?: string
      readonly since?: number
      readonly figures?: SensorFigures
    }
  | { readonly kind: 'sensor-health'; readonly time: number; readonly since: number; readonly figures: SensorFigures }
  | { readonly kind: 'output-health'; readonly time: number; readonly since: number; readonly output: OutputFigures }
  | {
      readonly kind: 'visibility-lost' | 'visibility-restored'
      readonly time: number
      /** Capture interface, where it is about one: its name, if it has one, and its number. */
      readonly interface?: string | undefined
      readonly interfaceIndex?: number
      readonly reason: string
      /** Of that interface. */
      readonly figures?: Pick<SensorFigures, 'packets' | 'bytes' | 'inferredLost'>
    }

/** An event of dataset wardwire.health. */
export function healthEvent(context: Context, report: HealthReport): WardwireEvent {
  const since = 'since' in report ? report.since : undefined
  const output = 'output' in report ? report.output : undefined
  const id = eventId(context.sensorId, report.kind, report.time, subject(report))
  const failed = report.kind === 'visibility-lost' || (output !== undefined && output.rejected + output.deadLettered > 0)
  return finish('wardwire.health', id, {
    '@timestamp': timestamp(report.time),
    message: sentence(healthMessage(context, report)),
    ecs: context.ecs,
    event: eventFields(context, id, {
      dataset: 'wardwire.health',
      kind: report.kind.endsWith('-health') ? 'metric' : 'event',
      category: HOST,
      type: TYPES[report.kind],
      action: report.kind,
      outcome: failed ? 'failure' : 'success',
      time: report.time,
      start: since,
      end: since === undefined ? undefined : report.time,
      duration: since === undefined ? undefined : nanoseconds(report.time - since),
      reason: 'reason' in report ? text(report.reason) : undefined,
    }),
    observer: context.observer('interface' in report ? text(report.interface) : undefined),
    wardwire: compact({
      health: 'figures' in report && report.figures !== undefined ? sensorFields(report.figures) : undefined,
      output: output && outputFields(output),
    }),
  })
}

/** Tells reports of one kind and time apart. */
function subject(report: HealthReport): string {
  if ('output' in report) return report.output.name
  return 'interfaceIndex' in report ? `interface ${report.interfaceIndex}` : ''
}

const HOST = ['host']
const TYPES: Readonly<Record<HealthReport['kind'], readonly string[]>> = {
  'sensor-started': ['start'],
  'sensor-stopped': ['end'],
  'sensor-health': ['info'],
  'output-health': ['info'],
  'visibility-lost': ['change'],
  'visibility-restored': ['change'],
}

function sensorFields(figures: Partial<SensorFigures>) {
  return compact({
    packets: figures.packets,
    bytes: figures.bytes,
    dropped: figures.dropped,
    inferred_lost: figures.inferredLost,
    decode_errors: figures.decodeErrors,
    encrypted_share: figures.encryptedShare,
    flows: figures.flows,
    devices: figures.devices,
    queue_events: figures.queueEvents,
    queue_bytes: figures.queueBytes,
    queue_lost: figures.queueLost,
  })
}

function outputFields(output: OutputFigures) {
  return compact({
    name: text(output.name),
    type: text(output.type),
    delivered: output.delivered,
    retried: output.retried,
    rejected: output.rejected,
    dead_lettered: output.deadLettered,
    lag_ms: output.lagMs === undefined ? undefined : Math.round(output.lagMs),
    queued: output.queued,
    last_error: text(output.lastError),
  })
}

function healthMessage(context: Context, report: HealthReport): string {
  const sensor = `Sensor ${context.sensorName}`
  switch (report.kind) {
    case 'sensor-started':
      return `${sensor} started`
    case 'sensor-stopped':
      return report.reason === undefined ? `${sensor} stopped` : `${sensor} stopped: ${report.reason}`
    case 'sensor-health':
      return figuresMessage(sensor, report.figures)
    case 'output-health':
      return `Output ${report.output.name} delivered ${report.output.delivered} events, ${report.output.queued} are waiting`
    case 'visibility-lost':
      return `${sensor} lost sight of ${report.interface ?? 'the network'}: ${report.reason}`
    case 'visibility-restored':
      return `${sensor} sees ${report.interface ?? 'the network'} again: ${report.reason}`
  }
}

function figuresMessage(sensor: string, figures: SensorFigures): string {
  const lost = figures.dropped === undefined ? '' : `, ${figures.dropped} dropped`
  return `${sensor} saw ${count(figures.packets, 'packet')}${lost}, follows ${count(figures.flows, 'flow')} and knows ${count(figures.devices, 'device')}`
}
