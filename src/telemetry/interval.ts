/** Turns running totals into what was added since it was last asked. */
export class Interval<Name extends string> {
  readonly #totals: () => Readonly<Record<Name, number>>
  #before: Readonly<Record<Name, number>>

  constructor(totals: () => Readonly<Record<Name, number>>) {
    this.#totals = totals
    this.#before = { ...totals() }
  }

  take(): Readonly<Record<Name, number>> {
    const now = { ...this.#totals() }
    const before = this.#before
    this.#before = now
    return Object.fromEntries(Object.entries<number>(now).map(([name, total]) => [name, total - before[name as Name]])) as Record<
      Name,
      number
    >
  }
}
