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

  /** False when the value was remembered already. */
  add(value: string): boolean {
    if (this.#newer === undefined || this.#newer.size >= this.#half) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    const { size } = this.#newer
    return this.#newer.add(value).size > size && this.#older?.has(value) !== true
  }
}

/** Remembers the last `limit` values for a question that is rarely asked: cheap to add to, slow to search. */
export class RecentList {
  readonly #limit: number
  readonly #values: string[] = []
  #next = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  has(value: string): boolean {
    return this.#values.includes(value)
  }

  add(value: string): void {
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % this.#limit
  }
}
