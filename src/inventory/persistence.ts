import type { DeviceState } from './state.ts'
import type { InventoryStore } from './store.ts'

/** Times and counts alone are saved this seldom, µs. */
const SAVE_TOUCHED = 300_000_000

/** What has to be written to the store, and when. Without a store it does nothing. */
export class Persistence {
  readonly #store: InventoryStore | undefined
  readonly #interval: number
  readonly #unsaved = new Set<DeviceState>()
  readonly #touched = new Set<DeviceState>()
  /** Ids that no device has any more. */
  readonly #obsolete = new Set<string>()
  #nextSave = 0
  #nextTouchedSave = 0

  /** `interval` between two saves, µs. */
  constructor(store: InventoryStore | undefined, interval: number) {
    this.#store = store
    this.#interval = interval
  }

  /** The device is not as it was saved. */
  changed(state: DeviceState): void {
    if (this.#store !== undefined) this.#unsaved.add(state)
  }

  /** The device was seen again. */
  touched(state: DeviceState): void {
    if (this.#store !== undefined) this.#touched.add(state)
  }

  removed(state: DeviceState): void {
    this.#unsaved.delete(state)
    this.#touched.delete(state)
    if (state.id !== undefined) this.renamed(state.id)
  }

  /** No device has this id any more. */
  renamed(before: string): void {
    if (this.#store !== undefined) this.#obsolete.add(before)
  }

  tick(time: number): void {
    if (time < this.#nextSave) return
    this.#nextSave = time + this.#interval
    this.save(time >= this.#nextTouchedSave)
    if (time >= this.#nextTouchedSave) this.#nextTouchedSave = time + SAVE_TOUCHED
  }

  /** Write what changed, in one transaction with the ids that go: a crash between the two would lose a device. */
  save(withTouched: boolean): void {
    if (this.#store === undefined) return
    if (withTouched) for (const state of this.#touched) this.#unsaved.add(state)
    const ready = [...this.#unsaved].filter(state => state.id !== undefined)
    for (const { id } of ready) if (id !== undefined) this.#obsolete.delete(id)
    if (
      !this.#store.save(
        ready.map(state => state.save()),
        [...this.#obsolete],
      )
    )
      return
    for (const state of ready) this.#unsaved.delete(state)
    this.#obsolete.clear()
    if (withTouched) this.#touched.clear()
  }
}
