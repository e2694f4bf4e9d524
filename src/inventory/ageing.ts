import type { InventorySettings } from './settings.ts'
import type { DeviceState } from './state.ts'

const SECOND = 1_000_000
const HOUR = 3600 * SECOND
const DAY = 24 * HOUR
/** Snapshots of one tick: a full inventory must not hold up the packets. */
const SNAPSHOTS_PER_TICK = 256

/** What time alone brings about. */
export interface AgeingListener {
  /** Nothing was seen of the device for `silent_days`, although the sensor was watching. */
  silent(state: DeviceState, time: number): void
  /** What the device changed all the time has come to rest. */
  calm(state: DeviceState, time: number): void
  /** The daily state is due. `time` is the appointed one, the same for all devices. */
  snapshot(state: DeviceState, time: number): void
  /** Time of the last daily state that was told completely; undefined when nobody remembers. */
  lastSnapshot(): number | undefined
  /** All devices have been told of in the daily state of `time`, or none was due before it. */
  snapshotDone(time: number): void
  /** Devices unseen since `time` may go. */
  forget(time: number): void
}

/** Watches the calendar in packet time: silence, retention, and the daily snapshot. Times are µs since 1970 UTC. */
export class Ageing {
  readonly #settings: InventorySettings
  readonly #listener: AgeingListener
  readonly #snapshotOffset: number
  #waiting: DeviceState[] = []
  #isTelling = false
  #snapshotTime = 0
  #nextSnapshot = Number.POSITIVE_INFINITY
  #nextCheck = 0
  #watchedSince = 0
  #time = Number.NEGATIVE_INFINITY

  constructor(settings: InventorySettings, listener: AgeingListener) {
    const [hours, minutes] = settings.snapshot_at.split(':').map(Number)
    this.#settings = settings
    this.#listener = listener
    this.#snapshotOffset = hours * HOUR + minutes * 60 * SECOND
  }

  /** Let packet time pass; `states` gives all devices. */
  tick(time: number, states: () => readonly DeviceState[]): void {
    // Who was not watching for a day, or lives in another recording, knows nothing of silence.
    if (time - this.#time > DAY || time < this.#time - HOUR) this.#begin(time)
    this.#time = time
    if (time >= this.#nextCheck) this.#check(time, states())
    if (time >= this.#nextSnapshot) {
      this.#snapshotTime = Math.max(this.#nextSnapshot, this.#appointed(time))
      this.#nextSnapshot = this.#appointed(time) + DAY
      this.#waiting = [...states()].reverse()
      this.#isTelling = true
    }
    this.#snapshots(SNAPSHOTS_PER_TICK)
  }

  /** The input is over: what is due is due now. */
  finish(): void {
    this.#snapshots(Number.POSITIVE_INFINITY)
  }

  #begin(time: number): void {
    this.#watchedSince = time
    this.#nextCheck = time + HOUR
    const appointed = this.#appointed(time)
    const last = this.#listener.lastSnapshot()
    // The sensor was down when the daily state was due: it is now.
    this.#nextSnapshot = last !== undefined && last < appointed ? time : appointed + DAY
    if (last === undefined) this.#listener.snapshotDone(appointed)
  }

  /** The latest time of a snapshot up to `time`. */
  #appointed(time: number): number {
    return Math.floor((time - this.#snapshotOffset) / DAY) * DAY + this.#snapshotOffset
  }

  #check(time: number, states: readonly DeviceState[]): void {
    this.#nextCheck = time + HOUR
    const { silent_days, retention_days } = this.#settings
    for (const state of states) {
      if (state.hasCalmedDown(time)) this.#listener.calm(state, time)
      if (!state.announced || state.silentSince !== undefined) continue
      if (time - Math.max(state.lastSeen, this.#watchedSince) >= silent_days * DAY) this.#listener.silent(state, time)
    }
    this.#listener.forget(time - retention_days * DAY)
  }

  #snapshots(most: number): void {
    for (let count = 0; count < most; count++) {
      const state = this.#waiting.pop()
      if (state === undefined) break
      if (state.announced && state.silentSince === undefined) this.#listener.snapshot(state, this.#snapshotTime)
    }
    if (!this.#isTelling || this.#waiting.length > 0) return
    this.#isTelling = false
    this.#listener.snapshotDone(this.#snapshotTime)
  }
}
