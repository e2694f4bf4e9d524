import { isLocallyAdministered } from './identity.ts'
import { subnetOf } from './networks.ts'

/** Places remembered besides the latest: a pair of clones has two in all, who has many more moves about. */
const MAX_FORMER = 4
const NOWHERE: readonly Place[] = []
/** Addresses alone are weaker than adapters: a device comes back to one so many times before that is no moving about. */
const RETURNS_OF_ADDRESSES = 3
/** µs from one return to the next that is counted with it: what takes longer is a lease that another address follows. */
const MAX_BETWEEN_RETURNS = 86_400_000_000

/** One place from which a unit stated what it is: its adapter, or its address where no adapter is known to be its own. */
export interface Place {
  readonly mac: string | undefined
  readonly address: string
}

/** What survives a restart: places, the latest at the end. */
export interface SavedTurns {
  readonly places: readonly Place[]
  readonly returns: number
  /** Time of the latest return, µs. */
  readonly returned?: number
}

/**
 * From where in turn one unit stated what it is. A device that moves, or gets another adapter, does not come back to where it was under its
 * former address; two that state the same serial number do so all the time.
 */
export class Turns {
  #latest: Place
  #former: readonly Place[] = NOWHERE
  #returns = 0
  #returned = 0

  constructor(place: Place) {
    this.#latest = place
  }

  static restore({ places, returns, returned = 0 }: SavedTurns): Turns | undefined {
    const latest = places.at(-1)
    if (latest === undefined) return undefined
    const turns = new Turns(latest)
    turns.#former = places.slice(0, -1)
    turns.#returns = returns
    turns.#returned = returned
    return turns
  }

  save(): SavedTurns {
    return { places: [...this.#former, this.#latest], returns: this.#returns, returned: this.#returned }
  }

  /** The unit stated itself from there. Answers the place from which it came back, when it had been here before. */
  at(mac: string | undefined, address: string, time: number): Place | undefined {
    const before = this.#latest
    if (before.mac === mac && before.address === address) return undefined
    const place = { mac, address }
    this.#latest = place
    if (isSame(before, place)) return undefined
    const others = this.#former.filter(known => !isSame(known, place))
    const isBack = others.length < this.#former.length
    this.#former = [...others, before].slice(-MAX_FORMER)
    if (!isBack) return undefined
    this.#returns = time - this.#returned > MAX_BETWEEN_RETURNS ? 1 : this.#returns + 1
    this.#returned = time
    return before
  }

  /** Another device turned out to be this one: `turns` is where that was; `isLater`: it was there after this one was where it is. */
  join(turns: Turns, isLater: boolean): void {
    const [latest, before] = isLater ? [turns.#latest, this.#latest] : [this.#latest, turns.#latest]
    const all = [...turns.#former, ...this.#former, before].filter(place => !isSame(place, latest))
    this.#latest = latest
    this.#former = all.filter((place, index) => all.findIndex(other => isSame(other, place)) === index).slice(-MAX_FORMER)
  }

  /** Forget the place, which is another device's. */
  leave(place: Place): void {
    this.#former = this.#former.filter(known => !isSame(known, place))
    this.#returns = 0
  }

  /**
   * Are there two devices at two places in turn? Two adapters of one subnet hardly are of one device; in different subnets they are not where
   * nothing but the unit said that they are (`isNameless`). An address of a device whose adapter is not known says so only after a while.
   */
  areTwo(one: Place, other: Place, isNameless: boolean): boolean {
    if (one.address === other.address) return false
    const isNear = subnetOf(one.address) === subnetOf(other.address)
    if (one.mac !== undefined && other.mac !== undefined)
      return !isLocallyAdministered(one.mac) && !isLocallyAdministered(other.mac) && (isNear || isNameless)
    const isPair = this.#former.length === 1 && [one, other].every(({ mac, address }) => mac === undefined && !address.includes(':'))
    return isPair && isNear && this.#returns >= RETURNS_OF_ADDRESSES
  }
}

function isSame(one: Place, other: Place): boolean {
  return one.mac === other.mac && (one.mac !== undefined || one.address === other.address)
}
