import type { InventoryChange } from './device.ts'
import type { DeviceState } from './state.ts'

const SECOND = 1_000_000
const DAY = 86_400 * SECOND
/** How long news waits for more of the same conversation, so that one event tells all. */
const HOLD = SECOND
/** Packet time that steps back further than this was set back. */
const CLOCK_STEP = 60 * SECOND

/** What the news of a device needs from the inventory. */
export interface NewsDesk {
  /** Bring a device up to date before it is reported; answers the device that it turned out to be. */
  settle(candidate: DeviceState): DeviceState
  emit(change: InventoryChange): void
}

/** Holds what is new of devices for a second, and reports it as events. Nothing is reported that was known before. */
export class News {
  readonly #desk: NewsDesk
  readonly #pending = new Set<DeviceState>()
  #nextReport = Number.POSITIVE_INFINITY

  constructor(desk: NewsDesk) {
    this.#desk = desk
  }

  /** Something about the device changed at `time`. */
  hold(state: DeviceState, time: number): void {
    state.changedAt = time
    if (state.pendingSince !== undefined) return
    state.pendingSince = time
    this.#pending.add(state)
    this.#nextReport = Math.min(this.#nextReport, time + HOLD)
  }

  drop(state: DeviceState): void {
    this.#pending.delete(state)
  }

  /** Report what is due, if anything is. Cheap when nothing is. */
  passed(time: number): void {
    if (time >= this.#nextReport) this.report(time, false)
  }

  /** Report held news that is due; all of it when `all`, or when the clock was set back. */
  report(time: number, all: boolean): void {
    for (const state of [...this.#pending]) {
      const since = state.pendingSince
      if (since === undefined || all || time >= since + HOLD || time < since - CLOCK_STEP) this.#reportState(state)
    }
    let next = Number.POSITIVE_INFINITY
    for (const { pendingSince } of this.#pending) if (pendingSince !== undefined) next = Math.min(next, pendingSince + HOLD)
    this.#nextReport = next
  }

  /** Nothing was seen of the device for days. */
  silent(state: DeviceState, time: number): void {
    state.silentSince = state.lastSeen
    this.#presence('device-silent', state, 'silent', `nothing was seen of it since ${isoTime(state.lastSeen)}`, time)
  }

  /** The device was seen again after it was silent. */
  returned(state: DeviceState, time: number): void {
    const days = Math.floor((state.lastSeen - (state.silentSince ?? state.lastSeen)) / DAY)
    state.silentSince = undefined
    this.#presence('device-returned', state, 'seen', `nothing had been seen of it for ${days} days`, time)
  }

  /** The daily state. */
  snapshot(state: DeviceState, time: number): void {
    this.#desk.emit({ kind: 'device-snapshot', device: state.describe(), time })
  }

  #reportState(candidate: DeviceState): void {
    const state = this.#desk.settle(candidate)
    this.#pending.delete(candidate)
    this.#pending.delete(state)
    const discovered = !state.announced
    const differences = state.announce(state.changedAt)
    const news = state.news.splice(0)
    const isBack = !discovered && state.silentSince !== undefined && state.lastSeen > state.silentSince
    if (!discovered && !isBack && news.length === 0 && differences.length === 0) return
    const device = state.describe()
    const time = state.changedAt
    if (discovered) this.#desk.emit({ kind: 'device-discovered', device, time })
    else if (isBack) this.returned(state, time)
    for (const item of news) this.#desk.emit({ device, time, ...item })
    for (const difference of differences) {
      // A merge or split has told of the addresses already.
      if (difference.attribute === 'ips' && news.length > 0) continue
      this.#desk.emit({ kind: 'device-changed', device, time, ...difference })
    }
  }

  #presence(kind: 'device-silent' | 'device-returned', state: DeviceState, after: 'seen' | 'silent', reason: string, time: number): void {
    const before = after === 'seen' ? 'silent' : 'seen'
    this.#desk.emit({ kind, device: state.describe(), time, attribute: 'presence', before, after, reason })
  }
}

function isoTime(time: number): string {
  return new Date(time / 1000).toISOString()
}
