import type { HealthReport, OutputFigures } from '../normalize/health.ts'
import type { Delivery } from '../outputs/delivery.ts'
import type { LossReason, QueueLoss } from '../queue/queue.ts'
import type { HealthAnswer, Metric } from '../telemetry/metrics.ts'

const LOSS_WORDS: Readonly<Record<LossReason, string>> = {
  full: 'the queue was full (queue.max_bytes, queue.min_free_bytes)',
  disk_full: 'the disk of the queue refused them',
  corrupt: 'the queue file was damaged',
  overrun: 'the delivery thread did not keep up',
}

/** Turns what the delivery thread reports into events of the sensor, answers of the health endpoint, and metrics. */
export class DeliveryHealth {
  readonly #delivery: Delivery
  readonly #emit: (report: HealthReport) => void
  readonly #before = new Map<string, OutputFigures>()
  #since = Date.now() * 1000
  #lostBefore = 0

  /** `emit` makes the event and sends it before it returns. */
  constructor(delivery: Delivery, emit: (report: HealthReport) => void) {
    this.#delivery = delivery
    this.#emit = emit
  }

  /** What waits in the queue, and what was lost since this was last asked. */
  queue(): { readonly events: number; readonly bytes: number; readonly lost: number } {
    const { events, bytes, lost } = this.#delivery.report().queue
    const total = Object.values(lost).reduce((sum, count) => sum + count, 0)
    const added = since(this.#lostBefore, total)
    this.#lostBefore = total
    return { events, bytes, lost: added }
  }

  /** One event for each output over the time since the last, and one for what could not be kept. */
  report(): void {
    const time = Date.now() * 1000
    const { outputs, losses } = this.#delivery.report()
    for (const output of outputs) {
      this.#emit({ kind: 'output-health', time, since: this.#since, output: addedSince(this.#before.get(output.name), output) })
      this.#before.set(output.name, output)
    }
    this.#since = time
    if (losses.length === 0) return
    this.#emit({ kind: 'visibility-lost', time, reason: losses.map(lossWords).join('; ') })
    this.#delivery.reported(losses)
  }

  /** For `/health`: an output with an error is a problem. */
  answer(): HealthAnswer {
    const problems = this.#delivery
      .report()
      .outputs.flatMap(({ name, lastError }) => (lastError === undefined ? [] : `${name}: ${lastError}`))
    return { healthy: problems.length === 0, problems }
  }

  metrics(): readonly Metric[] {
    const queue = (name: string, help: string, value: () => number): Metric => ({
      name: `wardwire_queue_${name}`,
      help,
      read: () => [{ labels: {}, value: value() }],
    })
    const output = (name: string, help: string, value: (figures: OutputFigures) => number): Metric => ({
      name: `wardwire_output_${name}`,
      help,
      read: () =>
        this.#delivery.report().outputs.map(figures => ({ labels: { output: figures.name, type: figures.type }, value: value(figures) })),
    })
    return [
      queue('events', 'events in the queue', () => this.#delivery.report().queue.events),
      queue('bytes', 'bytes in the queue', () => this.#delivery.report().queue.bytes),
      {
        name: 'wardwire_queue_lost_total',
        help: 'events that could not be kept',
        read: () => Object.entries(this.#delivery.report().queue.lost).map(([reason, value]) => ({ labels: { reason }, value })),
      },
      output('delivered_total', 'events that the receiver has', figures => figures.delivered),
      output('retried_total', 'events that were sent again', figures => figures.retried),
      output('dead_lettered_total', 'events that the receiver refused for good', figures => figures.deadLettered),
      output('queued', 'events that wait for the receiver', figures => figures.queued),
      output('lag_ms', 'age of the oldest event that waits', figures => figures.lagMs ?? 0),
    ]
  }
}

/** `12 events, 2 of them alerts, lost because …` */
export function lossWords({ reason, events, alerts }: QueueLoss): string {
  const among = alerts === 0 ? '' : `, ${alerts} of them alerts,`
  return `${reason === 'corrupt' ? 'at least ' : ''}${events} events${among} lost because ${LOSS_WORDS[reason]}`
}

function addedSince(before: OutputFigures | undefined, now: OutputFigures): OutputFigures {
  if (before === undefined) return now
  return {
    ...now,
    delivered: since(before.delivered, now.delivered),
    retried: since(before.retried, now.retried),
    rejected: since(before.rejected, now.rejected),
    deadLettered: since(before.deadLettered, now.deadLettered),
  }
}

/** Totals begin anew when the delivery thread was started again. */
function since(before: number, now: number): number {
  return now >= before ? now - before : now
}
