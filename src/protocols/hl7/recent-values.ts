/**
 * Remembers the values added last: at least half of `limit` of them, and never more than `limit`. Values that count up, as most control ids
 * do, cannot have been there before: they are only listed, until the first that does not.
 */
export class RecentValues {
  readonly #half: number
  #ascending: RecentList | undefined
  #latest = ''
  #newer: Set<string> | undefined
  #older: Set<string> | undefined

  constructor(limit: number) {
    this.#half = Math.ceil(limit / 2)
    this.#ascending = new RecentList(this.#half)
  }

  has(value: string): boolean {
    return this.#ascending?.has(value) ?? (this.#newer?.has(value) === true || this.#older?.has(value) === true)
  }

  /** False when the value was remembered already. */
  add(value: string): boolean {
    if (this.#ascending === undefined) return this.#addToSets(value)
    if (value.length > this.#latest.length || (value.length === this.#latest.length && value > this.#latest)) {
      this.#ascending.add(value)
      this.#latest = value
      return true
    }
    this.#newer = new Set(this.#ascending.values())
    this.#ascending = undefined
    return this.#addToSets(value)
  }

  #addToSets(value: string): boolean {
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

  /** In no order. */
  values(): readonly string[] {
    return this.#values
  }

  add(value: string): void {
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % this.#limit
  }
}
