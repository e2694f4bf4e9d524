/** Remembers the values added last: at least half of `limit` of them, and never more than `limit`. */
export class RecentValues {
  readonly #half: number
  #newer = new Set<string>()
  #older = new Set<string>()

  constructor(limit: number) {
    this.#half = Math.ceil(limit / 2)
  }

  has(value: string): boolean {
    return this.#newer.has(value) || this.#older.has(value)
  }

  add(value: string | undefined): void {
    if (value === undefined) return
    if (this.#newer.size >= this.#half) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    this.#newer.add(value)
  }
}
