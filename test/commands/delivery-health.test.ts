import { describe, expect, test } from 'vitest'
import { DeliveryHealth } from '../../src/commands/delivery-health.ts'
import type { HealthReport, OutputFigures } from '../../src/normalize/health.ts'
import type { Delivery, DeliveryReport } from '../../src/outputs/delivery.ts'
import type { QueueLoss } from '../../src/queue/queue.ts'

const FIGURES: OutputFigures = {
  name: 'siem',
  type: 'syslog',
  delivered: 0,
  retried: 0,
  rejected: 0,
  deadLettered: 0,
  lagMs: 0,
  queued: 0,
  lastError: undefined,
}

/** A delivery that has only a report. */
class Reporting {
  report: DeliveryReport = {
    queue: { events: 0, bytes: 0, lost: { full: 0, disk_full: 0, corrupt: 0, overrun: 0 }, quarantined: 0 },
    outputs: [FIGURES],
    losses: [],
    heard: 0,
  }
  readonly told: (readonly QueueLoss[])[] = []
  readonly events: HealthReport[] = []
  readonly health = new DeliveryHealth(this.delivery(), event => void this.events.push(event))

  set(outputs: Partial<OutputFigures>, rest: Partial<DeliveryReport> = {}): void {
    this.report = { ...this.report, outputs: [{ ...FIGURES, ...outputs }], ...rest }
  }

  private delivery(): Delivery {
    const refuse = (): never => {
      throw new Error('not asked for here')
    }
    return {
      report: () => this.report,
      reported: losses => void this.told.push(losses),
      send: refuse,
      pace: refuse,
      flush: refuse,
      drain: refuse,
      stop: refuse,
    }
  }
}

describe('health of the delivery', () => {
  test('is an event for each output with what was added since the last', () => {
    const reporting = new Reporting()
    reporting.set({ delivered: 10, retried: 2, queued: 5, lagMs: 700 })
    reporting.health.report()
    reporting.set({ delivered: 25, retried: 2, queued: 0 })
    reporting.health.report()
    expect(reporting.events).toMatchObject([
      { kind: 'output-health', output: { name: 'siem', delivered: 10, retried: 2, queued: 5, lagMs: 700 } },
      { kind: 'output-health', output: { name: 'siem', delivered: 15, retried: 0, queued: 0 } },
    ])
  })

  test('survives totals that begin anew with a new thread', () => {
    const reporting = new Reporting()
    reporting.set({ delivered: 100 })
    reporting.health.report()
    reporting.set({ delivered: 7 })
    reporting.health.report()
    expect(reporting.events.at(-1)).toMatchObject({ output: { delivered: 7 } })
  })

  test('tells of losses once, with the reason', () => {
    const reporting = new Reporting()
    const losses = [
      { reason: 'full', events: 12, alerts: 0 },
      { reason: 'disk_full', events: 3, alerts: 2 },
    ] as const
    reporting.set({}, { losses })
    reporting.health.report()
    expect(reporting.told).toEqual([losses])
    expect(reporting.events.at(-1)).toMatchObject({
      kind: 'visibility-lost',
      reason: expect.stringMatching(/^12 events lost because the queue was full.*; 3 events, 2 of them alerts, lost because the disk/),
    })
  })

  test('gives the sensor what was lost since it last asked', () => {
    const reporting = new Reporting()
    const queue = (full: number) => ({ ...reporting.report.queue, events: 4, bytes: 99, lost: { ...reporting.report.queue.lost, full } })
    reporting.set({}, { queue: queue(5) })
    expect(reporting.health.queue()).toEqual({ events: 4, bytes: 99, lost: 5 })
    reporting.set({}, { queue: queue(6) })
    expect(reporting.health.queue().lost).toBe(1)
  })

  test('answers with the problem of an output', () => {
    const reporting = new Reporting()
    expect(reporting.health.answer()).toEqual({ healthy: true, problems: [] })
    reporting.set({ lastError: 'connection refused' })
    expect(reporting.health.answer()).toEqual({ healthy: false, problems: ['siem: connection refused'] })
  })

  test('is in the metrics', () => {
    const reporting = new Reporting()
    reporting.set({ delivered: 3, queued: 2 })
    const values = new Map(reporting.health.metrics().map(metric => [metric.name, metric.read()]))
    expect(values.get('wardwire_output_delivered_total')).toEqual([{ labels: { output: 'siem', type: 'syslog' }, value: 3 }])
    expect(values.get('wardwire_queue_lost_total')).toHaveLength(4)
  })
})
