/** Remembers the values added last: at least half of `limit` of them, and never more than `limit`. */
export class RecentValues {
  readonly #half: number
  #newer: Set<string> | undefined
  #older: Set<string> | undefined

  constructor(limit: number) {
    this.#half = Math.ceil(limit / 2)
  }

  has(value: string): boolean {
    return this.#newer?.has(value) === true || this.#older?.has(value) === true
  }

  add(value: string | undefined): void {
    if (value === undefined) return
    if (this.#newer === undefined || this.#newer.size >= this.#half) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    this.#newer.add(value)
  }
}
