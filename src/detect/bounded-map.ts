/** A map with a fixed capacity: the entry set first gives way. Rules keep their state in these. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  /** Sets and makes it the newest. */
  set(key: K, value: V): void {
    this.#entries.delete(key)
    if (this.#entries.size >= this.#capacity) this.#dropOldest()
    this.#entries.set(key, value)
  }

  getOrCreate(key: K, create: () => V): V {
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const value = create()
    this.set(key, value)
    return value
  }

  delete(key: K): boolean {
    return this.#entries.delete(key)
  }

  keys(): IterableIterator<K> {
    return this.#entries.keys()
  }

  values(): IterableIterator<V> {
    return this.#entries.values()
  }

  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries()
  }

  /** Drop entries from the oldest on while `expired` says so. */
  expire(expired: (value: V) => boolean): void {
    for (const [key, value] of this.#entries) {
      if (!expired(value)) return
      this.#entries.delete(key)
    }
  }

  #dropOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key)
      return
    }
  }
}
