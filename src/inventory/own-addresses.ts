import { isRandomAddress, subnetOf } from './networks.ts'

const HOUR = 3600 * 1_000_000
const DAY = 24 * HOUR
/** So many times the addresses that are listed are known to be the device's. */
const KNOWN_TIMES = 16

/**
 * IP addresses of one device, oldest first. A device that moves gives up the addresses that it has not had for a day; one that has many at
 * once (a proxy, a gateway that translates addresses) is known at all of them, up to a bound, and lists the latest.
 */
export class OwnAddresses implements Iterable<string> {
  readonly #limit: number
  /** When each was seen last, by the hour, µs. */
  readonly #seen = new Map<string, number>()

  /** `limit`: the most that are listed. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#seen.size
  }

  /** The oldest. */
  get first(): string | undefined {
    return this.#seen.keys().next().value
  }

  /** More than are listed. */
  get isCrowded(): boolean {
    return this.#seen.size > this.#limit
  }

  /** The latest, as many as a device shows. */
  get listed(): readonly string[] {
    return [...this.#seen.keys()].slice(-this.#limit)
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#seen.keys()
  }

  /** The addresses in words: all of them, or that there are too many to tell. */
  get words(): string {
    return this.isCrowded ? `more than ${this.#limit} addresses` : this.listed.join(', ')
  }

  /** Answers the address that gives way to this one, if any does. */
  add(address: string, time: number): string | undefined {
    this.#seen.set(address, time)
    if (!this.isCrowded) return undefined
    const [stalest, lastSeen] = this.#stalest()
    if (lastSeen > time - DAY && this.size <= this.#limit * KNOWN_TIMES) return undefined
    this.#seen.delete(stalest)
    return stalest
  }

  /** Hosts of IPv6 draw themselves new addresses every day (RFC 8981): one more of a subnet is no news. */
  isExpected(address: string): boolean {
    if (!isRandomAddress(address)) return false
    const subnet = subnetOf(address)
    for (const own of this.#seen.keys()) if (own !== address && isRandomAddress(own) && subnetOf(own) === subnet) return true
    return false
  }

  /** The device speaks from an address that it has. */
  see(address: string, time: number): void {
    const before = this.#seen.get(address)
    if (before !== undefined && time - before >= HOUR) this.#seen.set(address, time)
  }

  delete(address: string): void {
    this.#seen.delete(address)
  }

  #stalest(): readonly [address: string, lastSeen: number] {
    let stalest: readonly [string, number] = ['', Number.POSITIVE_INFINITY]
    for (const entry of this.#seen) if (entry[1] < stalest[1]) stalest = entry
    return stalest
  }
}
