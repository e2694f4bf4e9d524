import type { Inventory } from './inventory/inventory.ts'
import type { NetStatistics } from './net/statistics.ts'
import type { HealthReport, SensorFigures } from './normalize/health.ts'
import { type Policy, type Unseen, Visibility } from './normalize/visibility.ts'
import { OVERLOAD_POLICIES, type OverloadPolicy } from './protocols/overload.ts'
import { Interval } from './telemetry/interval.ts'

/** Where the figures of a sensor come from. */
export interface HealthSources {
  readonly net: () => NetStatistics
  readonly inventory: Inventory
  readonly interfaces: () => readonly string[]
  readonly captureDrops: () => number | undefined
  readonly queue: () => { readonly events: number; readonly bytes: number; readonly lost: number } | undefined
  readonly emit: (report: HealthReport) => void
  /** Between reports, µs. */
  readonly interval: number
}

type Total = 'packets' | 'bytes' | 'inferredLost' | 'dropped' | 'decodeErrors' | 'clinicalBytes' | 'encryptedBytes'

/** What a sensor tells of itself: that it started, runs and stopped, with figures of each interval, and what it could not see. */
export class SensorHealth {
  /** Failures of the sensor's own parts, decoders first of all. */
  failures = 0
  readonly #sources: HealthSources
  readonly #overload = new Map<OverloadPolicy, number>()
  readonly #visibility = new Visibility()
  readonly #added: Interval<Total>
  #clinicalBytes = 0
  #encryptedBytes = 0
  #since = 0

  constructor(sources: HealthSources) {
    this.#sources = sources
    this.#added = new Interval(() => this.#totals())
  }

  /** What the sensor did not see so far: hits of its limits, and loss by capture interface. */
  get unseen(): Unseen {
    const { inventory, captureDrops } = this.#sources
    const net = this.#sources.net()
    const decoders = Object.fromEntries(OVERLOAD_POLICIES.map(policy => [policy, this.#overload.get(policy) ?? 0]))
    const hits = {
      flow_table: net.flowsEvicted,
      reassembly: net.reassemblyLimit,
      fragments: net.fragmentLimit,
      ...decoders,
      inventory: inventory.refused,
    } as Record<Policy, number>
    return { dropped: captureDrops() ?? 0, hits, interfaces: net.interfaces }
  }

  /** A decoder hit a limit. */
  overloaded(policy: OverloadPolicy): void {
    this.#overload.set(policy, (this.#overload.get(policy) ?? 0) + 1)
  }

  /** Bytes of a flow of a medical device. */
  clinicalFlow(bytes: number, encrypted: boolean): void {
    this.#clinicalBytes += bytes
    if (encrypted) this.#encryptedBytes += bytes
  }

  started(time: number): void {
    this.#since = time
    this.#sources.emit({ kind: 'sensor-started', time })
  }

  /** Another recording begins. */
  restarted(time: number): void {
    this.#since = time
  }

  /** Report when the interval is over. */
  tick(time: number): void {
    if (time - this.#since < this.#sources.interval) return
    const since = this.#since
    this.#since = time
    this.#sources.emit({ kind: 'sensor-health', time, since, figures: this.#figures() })
    this.#reportVisibility(time)
  }

  stopped(time: number): void {
    this.#reportVisibility(time)
    this.#sources.emit({ kind: 'sensor-stopped', time, since: this.#since, figures: this.#figures() })
  }

  #reportVisibility(time: number): void {
    const { interfaces, emit } = this.#sources
    for (const report of this.#visibility.reports(this.unseen, time, index => interfaces()[index])) emit(report)
  }

  #figures(): SensorFigures {
    const { inventory, captureDrops } = this.#sources
    const added = this.#added.take()
    const queue = this.#sources.queue()
    return {
      packets: added.packets,
      bytes: added.bytes,
      dropped: captureDrops() === undefined ? undefined : added.dropped,
      inferredLost: added.inferredLost,
      decodeErrors: added.decodeErrors,
      encryptedShare: added.clinicalBytes > 0 ? added.encryptedBytes / added.clinicalBytes : undefined,
      flows: this.#sources.net().flows,
      devices: inventory.count,
      queueEvents: queue?.events,
      queueBytes: queue?.bytes,
      queueLost: queue?.lost,
    }
  }

  #totals(): Record<Total, number> {
    const net = this.#sources.net()
    return {
      packets: net.packets,
      bytes: net.bytes,
      inferredLost: net.inferredLostBytes,
      dropped: this.#sources.captureDrops() ?? 0,
      decodeErrors: this.failures,
      clinicalBytes: this.#clinicalBytes,
      encryptedBytes: this.#encryptedBytes,
    }
  }
}
