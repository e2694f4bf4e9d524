import type { HostSubject } from '../protocols/observation.ts'
import { DeviceIndex } from './device-index.ts'
import type { EvidenceLimits, Fact } from './evidence.ts'
import { factsOfMac } from './facts.ts'
import { HARDNESS, type Identity, isLocallyAdministered, type Station, StationTable } from './identity.ts'
import type { UserKnowledge } from './knowledge/user.ts'
import { compareNames, hardIdentities, isLost, keyOf, sameHost, sameUnit } from './known-by.ts'
import { AddressScope } from './networks.ts'
import type { InventorySettings } from './settings.ts'
import { DeviceState, type IdentityNews, type SavedDevice } from './state.ts'
import { type Place, Turns } from './turns.ts'

const SECOND = 1_000_000
const DAY = 86_400 * SECOND
/** A full registry looks this seldom for devices to forget. */
const ROOM_CHECK = 60 * SECOND

/** What two devices that state the same unit have in common. */
const OF_UNIT: ReadonlySet<string> = new Set(['unit', 'manufacturer', 'model', 'serial_number', 'software_version', 'udi', 'modality'])

/** Hears what the registry does to devices. */
export interface RegistryListener {
  /** Something about the device is not as it was. */
  changed(state: DeviceState, time: number): void
  /** The device is no more: absorbed by another one, or forgotten. */
  removed(state: DeviceState): void
  /** A device with the id `before` has another one now. */
  renamed(before: string): void
}

/**
 * Which device is at which address, and when two are one. Identity is what the device says of itself wherever it is (its maker, model and
 * serial number, a UDI), else the MAC where it is the host's own, else the address. Frames alone make a new address the same device only
 * when nothing speaks against it; ARP, neighbour discovery and DHCP do by themselves.
 */
export class DeviceRegistry {
  readonly #settings: InventorySettings
  readonly #knowledge: UserKnowledge | undefined
  readonly #limits: EvidenceLimits
  readonly #listener: RegistryListener
  readonly #scope: AddressScope
  readonly #stations: StationTable
  readonly #index: DeviceIndex
  /** Devices that may be another one; time will tell. */
  readonly #undecided = new Set<DeviceState>()
  #nextRoomCheck = 0
  /** Devices not kept because there was no room. */
  refused = 0

  constructor(settings: InventorySettings, listener: RegistryListener, knowledge?: UserKnowledge) {
    this.#settings = settings
    this.#knowledge = knowledge
    this.#limits = { valuesPerAttribute: settings.max_values_per_attribute, rows: settings.max_evidence_per_device }
    this.#listener = listener
    this.#index = new DeviceIndex(settings.max_values_per_attribute)
    this.#scope = new AddressScope(settings.local_networks)
    this.#stations = new StationTable(settings.router_addresses, station => this.#foundRouter(station))
  }

  get count(): number {
    return this.#index.states.size
  }

  at(address: string): DeviceState | undefined {
    return this.#index.atAddress(address)
  }

  /**
   * The device that a message names by MAC, by address, or by both. The MAC is the harder name; with one that belongs to no device, an
   * address counts only where it is all that is known of the device there.
   */
  find({ mac, address }: HostSubject): DeviceState | undefined {
    const owner = mac === undefined ? undefined : this.#index.ofMac(mac)
    if (owner !== undefined) return owner
    const state = address === undefined ? undefined : this.#index.atAddress(address)
    return mac === undefined || state?.macs.size === 0 ? state : undefined
  }

  /** All devices with their identity settled. */
  all(): readonly DeviceState[] {
    for (const state of [...this.#index.states]) this.settle(state)
    return [...this.#index.states]
  }

  /** True for addresses of the site's own networks. */
  isLocal(address: string): boolean {
    return this.#scope.isLocal(address)
  }

  /** A frame from `mac` carried `address` as its source. */
  frame(mac: string, address: string, time: number): void {
    this.#stations.frame(mac, address, time)
  }

  /** Take a device from the store. */
  restore(saved: SavedDevice): void {
    const state = DeviceState.restore(saved, this.#limits)
    this.#index.add(state)
    const latest = saved.addresses.at(-1)
    if (latest !== undefined) for (const mac of saved.macs) this.#stations.frame(mac, latest, saved.lastSeen)
    for (const identity of hardIdentities(state)) this.#index.take(state, keyOf(identity))
  }

  /** A new candidate at `address`, seen with link-layer source `mac`; undefined for foreign addresses and when there is no room. */
  create(address: string, mac: string | undefined, time: number): DeviceState | undefined {
    if (!this.#scope.isLocal(address) || !this.#hasRoom(time)) return undefined
    const state = new DeviceState(this.#limits, time)
    state.frameMac = mac
    this.#index.add(state)
    this.#attach(state, address, time)
    return state
  }

  /** Give a candidate its id, and find out whether it is a device which is known already. */
  settle(candidate: DeviceState, time = candidate.lastSeen): DeviceState {
    const state = candidate.id === undefined ? this.#settleMac(candidate) : candidate
    return state.identityStale ? this.#identify(state, time) : state
  }

  /** Look again at devices of which it was not clear whether they are another one. */
  reconsider(time: number): void {
    // A device that stays undecided is entered again.
    for (const state of [...this.#undecided]) this.#identify(state, time)
  }

  /** The device that is behind the address of another one, as its unit shows; made where it is new. */
  behind(gateway: DeviceState, unit: Fact, time: number): DeviceState | undefined {
    const identity: Identity = { kind: 'unit', value: unit.raw }
    const known = this.#index.ofIdentity(keyOf(identity))
    if (known !== undefined && known !== gateway) return known
    if (!this.#hasRoom(time)) return undefined
    const state = new DeviceState(this.#limits, time)
    this.#index.add(state)
    for (const row of gateway.evidence.all()) if (row.attribute === 'unit' && row.raw === unit.raw) state.evidence.insert(row)
    this.#index.take(state, keyOf(identity))
    this.#rename(state, identity)
    state.identityStale = false
    this.#listener.changed(state, time)
    return state
  }

  /** The candidate's MAC where it is its own; the device of that MAC where the candidate is that. */
  #settleMac(state: DeviceState): DeviceState {
    const address = state.addresses.first ?? ''
    const mac = this.#stations.claimedMac(address) ?? state.frameMac
    if (mac === undefined || !this.#stations.identifies(mac, address)) return state
    const owner = this.#index.ofMac(mac)
    if (owner === undefined) return this.#withMadeUpMac(state, mac, address)
    if (sameHost(owner, state, this.#stations.station(mac), address)) return this.#absorb(state, owner, `${mac} is at ${address}`)
    this.#stations.markRouter(mac)
    return state
  }

  /** A host that makes up its MAC is known again by its name, once the MAC before is gone. */
  #withMadeUpMac(state: DeviceState, mac: string, address: string): DeviceState {
    this.#bindMac(state, mac, address, state.lastSeen)
    const [name] = state.evidence.values('hostname')
    if (name === undefined || !isLocallyAdministered(mac)) return state
    for (const other of this.#index.states) {
      if (other === state || other.lastSeen >= state.firstSeen || other.identity?.kind !== 'local_mac') continue
      if (!other.evidence.values('hostname').includes(name)) continue
      if (compareNames(other.evidence, state.evidence) === 'shared') return this.#absorb(state, other, `${name} has made up a new MAC`)
    }
    return state
  }

  /** Hold what a device is known by against all others; give it the id of the hardest identity that is its own. */
  #identify(state: DeviceState, time: number): DeviceState {
    state.identityStale = false
    this.#undecided.delete(state)
    const identities = hardIdentities(state)
    this.#index.keepOnly(state, identities)
    for (const identity of identities) {
      const key = keyOf(identity)
      const owner = this.#index.ofIdentity(key)
      if (owner === undefined) this.#index.take(state, key)
      if (owner === undefined || owner === state || state.disputed.includes(key)) continue
      const verdict = identity.kind === 'unit' || identity.kind === 'udi' ? sameUnit(owner, state, time) : 'same'
      if (verdict === 'same') return this.#join(owner, state, `both are ${identity.value}`, time)
      if (verdict === 'undecided') this.#undecided.add(state)
      else this.#dispute(owner, state, identity, 'same unit at the same time', time)
    }
    this.#name(state, identities, time)
    return state
  }

  /** Two known devices are one: the older one stays. */
  #join(one: DeviceState, other: DeviceState, reason: string, time: number): DeviceState {
    const otherStays = one.id === undefined || (other.id !== undefined && other.firstSeen < one.firstSeen)
    const [from, into] = otherStays ? [one, other] : [other, one]
    if (compareNames(from.evidence, into.evidence) === undefined) into.isNameless = true
    return this.#identify(this.#absorb(from, into, reason), time)
  }

  /** Two devices state the same, and are two all the same. `field`: how that shows. */
  #dispute(owner: DeviceState, state: DeviceState, identity: Identity, field: string, time: number): void {
    state.disputed.push(keyOf(identity))
    const fact = { attribute: 'conflict', protocol: 'wardwire', field, confidence: 'high' } as const
    for (const [one, other] of [
      [owner, state],
      [state, owner],
    ]) {
      const place = other.addresses.first ?? other.macs.values().next().value
      one.note({ ...fact, raw: `${place} states ${identity.value} too, and is another device` }, time)
      this.#listener.changed(one, time)
    }
  }

  /** The unit of a device stated what it is from `address`, in a frame from `mac`. Where it does so from two places in turn, it is two. */
  stated(state: DeviceState, mac: string | undefined, address: string, time: number): void {
    const own = mac !== undefined && this.#stations.identifies(mac, address) ? mac : undefined
    if (state.turns === undefined) {
      state.turns = new Turns({ mac: own, address })
      return
    }
    const other = state.turns.at(own, address, time)
    if (other === undefined || state.isShared) return
    const here: Place = { mac: own, address }
    if (!state.turns.areTwo(here, other, state.isNameless) || !this.#hasRoom(time)) return
    const since = (place: Place): number => this.#stations.since(place.mac, place.address) ?? time
    this.#divide(state, since(here) > since(other) ? here : other, time)
  }

  /** What was taken for one device is two: the one at `place` is told apart, and loses what both state. */
  #divide(state: DeviceState, place: Place, time: number): void {
    const identity = hardIdentities(state).find(({ kind }) => kind === 'unit' || kind === 'udi')
    if (identity === undefined) return
    const other = new DeviceState(this.#limits, this.#stations.since(place.mac, place.address) ?? time)
    other.lastSeen = time
    other.turns = new Turns(place)
    for (const row of state.evidence.all()) if (OF_UNIT.has(row.attribute) && row.protocol !== 'ethernet') other.evidence.insert(row)
    this.#index.add(other)
    const { mac } = place
    const addresses =
      mac === undefined ? [place.address] : [...state.addresses].filter(own => this.#stations.latestMac(own, state.macs) === mac)
    this.#split(state, addresses, `${place.address} and others state ${identity.value} in turn`, time)
    if (mac !== undefined) this.#index.removeMac(state, mac)
    state.evidence.drop(row => row.raw === mac || addresses.includes(row.raw))
    for (const address of addresses) this.#attach(other, address, time)
    if (mac !== undefined) this.#bindMac(other, mac, place.address, time)
    state.turns?.leave(place)
    for (const one of [state, other]) one.reconsider('the two were told apart')
    this.#dispute(state, other, identity, 'same unit in turn', time)
    this.#identify(state, time)
    this.#identify(other, time)
  }

  /** A device known by address alone was seen with a MAC: take it where it is the host's own. */
  offerMac(state: DeviceState, mac: string, address: string, time: number): void {
    if (this.#index.ofMac(mac) !== undefined || !this.#stations.identifies(mac, address)) return
    this.#bindMac(state, mac, address, time)
  }

  /** True when `mac` is the adapter of the host at `address`, and no router before it. */
  identifies(mac: string, address: string): boolean {
    return this.#stations.identifies(mac, address)
  }

  /**
   * Frames show another adapter at the address of a device. Is that another host, which has the address now? It is when the device speaks
   * from elsewhere since. A frame alone may have passed a router.
   */
  leave(state: DeviceState, mac: string, address: string, time: number): void {
    if (state.macs.size === 0 || state.macs.has(mac) || !this.#stations.identifies(mac, address)) return
    const since = this.#stations.station(mac)?.addresses.get(address)?.firstSeen ?? time
    if (this.#stations.hasGivenUp(state.macs, address, since)) this.#move(address, state, this.#index.ofMac(mac), time)
  }

  /** ARP, ND or DHCP said that `address` is at `mac`. Answers the device at the address when that was news. */
  claim(address: string, mac: string, time: number): DeviceState | undefined {
    if (!this.#stations.claim(mac, address, time)) return undefined
    const state = this.#index.atAddress(address)
    if (state === undefined || state.id === undefined) return state
    const owner = this.#index.ofMac(mac)
    if (owner === state || this.#stations.station(mac)?.router === true) return state
    if (state.macs.size > 0) return this.#move(address, state, owner, time)
    if (owner !== undefined) return this.#join(owner, state, `${address} is at ${mac}`, time)
    this.#bindMac(state, mac, address, time)
    return state
  }

  /** The id rests on the hardest identity that is the device's own; it changes only for a harder one, or when its own is lost. */
  #name(state: DeviceState, hard: readonly Identity[], time: number): void {
    const own = hard.filter(identity => state.identities.includes(keyOf(identity)))
    const macs = [...state.macs].filter(isLocallyAdministered).map((value): Identity => ({ kind: 'local_mac', value }))
    const { first: address = '' } = state.addresses
    const [best] = [...own, ...macs, { kind: 'ip', value: address } as const].sort((a, b) => HARDNESS[b.kind] - HARDNESS[a.kind])
    const now = state.identity
    if (now === undefined) this.#rename(state, best)
    else if (HARDNESS[best.kind] > HARDNESS[now.kind]) this.#rename(state, best, 'device-merged', `it is ${best.value}`)
    else if (isLost(state, now)) this.#rename(state, best, 'device-split', `${now.value} is not its own`)
    else return
    this.#listener.changed(state, time)
  }

  #rename(state: DeviceState, identity: Identity, kind?: IdentityNews['kind'], reason = ''): void {
    const before = this.#index.rename(state, identity)
    const after = state.id
    if (before === undefined || after === undefined || before === after) return
    this.#listener.renamed(before)
    if (kind !== undefined) state.news.push({ kind, attribute: 'id', before, after, reason })
  }

  #bindMac(state: DeviceState, mac: string, address: string, time: number): void {
    const claimed = this.#stations.claimedMac(address) === mac
    this.#index.addMac(state, mac)
    state.identityStale = true
    const facts = factsOfMac(mac, claimed ? 'ARP or ND' : 'source address', claimed ? 'high' : 'medium', this.#knowledge)
    for (const fact of facts) state.note(fact, time)
    this.#listener.changed(state, time)
  }

  /** The address belongs to other hardware now. */
  #move(address: string, from: DeviceState, to: DeviceState | undefined, time: number): DeviceState | undefined {
    this.#detach(from, address, `${address} is another host's now`, time)
    if (to !== undefined) this.#attach(to, address, time)
    return to
  }

  /** Frames of several hosts carry this MAC: what was built on frames alone comes apart; the first address keeps the device. */
  #foundRouter(station: Station): void {
    const owner = this.#index.ofMac(station.mac)
    if (owner === undefined) return
    const time = Math.max(...[...station.addresses.values()].map(({ lastSeen }) => lastSeen))
    const here = [...owner.addresses].filter(address => station.addresses.has(address))
    const unproven = here.filter(address => station.addresses.get(address)?.claimed !== true)
    const isRouterItself = unproven.length < here.length
    const lost = isRouterItself ? unproven : unproven.slice(1)
    if (lost.length > 0) this.#split(owner, lost, `${station.mac} is a router`, time)
    if (isRouterItself) return
    this.#index.removeMac(owner, station.mac)
    owner.evidence.retract('ethernet')
    owner.reconsider(`${station.mac} is a router`)
    this.#listener.changed(owner, time)
  }

  /** `addresses` turned out to be other hosts'. */
  #split(state: DeviceState, addresses: readonly string[], reason: string, time: number): void {
    const before = state.addresses.words
    for (const address of addresses) this.#detach(state, address, `${address} is another host's`, time)
    if (state.announced) state.news.push({ kind: 'device-split', attribute: 'ips', before, after: state.addresses.words, reason })
  }

  #attach(state: DeviceState, address: string, time: number): void {
    const isExpected = state.addresses.isExpected(address)
    this.#index.attach(state, address, time)
    if (!state.addresses.isCrowded)
      state.note({ attribute: 'ip', raw: address, protocol: 'ip', field: 'address', confidence: 'high' }, time)
    state.changed(isExpected ? 'ip' : 'ips', `seen at ${address}`)
    this.#listener.changed(state, time)
  }

  #detach(state: DeviceState, address: string, reason: string, time: number): void {
    this.#index.detach(state, address)
    state.changed('ips', reason)
    this.#listener.changed(state, time)
  }

  /** `from` turned out to be `into`, which keeps its id. */
  #absorb(from: DeviceState, into: DeviceState, reason: string): DeviceState {
    this.#remove(from)
    for (const row of from.evidence.all()) into.evidence.insert(row)
    if (from.turns !== undefined && into.turns !== undefined) into.turns.join(from.turns, from.lastSeen > into.lastSeen)
    else into.turns ??= from.turns
    into.firstSeen = Math.min(into.firstSeen, from.firstSeen)
    into.lastSeen = Math.max(into.lastSeen, from.lastSeen)
    for (const mac of from.macs) this.#index.addMac(into, mac)
    for (const address of from.addresses) this.#attach(into, address, from.lastSeen)
    into.news.push(...from.news)
    if (from.id !== undefined && into.id !== undefined)
      into.news.push({ kind: 'device-merged', attribute: 'id', before: from.id, after: into.id, reason })
    into.reconsider(reason)
    this.#listener.changed(into, into.lastSeen)
    return into
  }

  #remove(state: DeviceState): void {
    this.#undecided.delete(state)
    this.#index.remove(state)
    this.#listener.removed(state)
  }

  /** Forget devices that nothing was seen of since `time`. */
  forget(time: number): void {
    for (const state of [...this.#index.states]) if (state.lastSeen < time) this.#remove(state)
  }

  #hasRoom(time: number): boolean {
    if (this.#index.states.size < this.#settings.max_devices) return true
    if (time >= this.#nextRoomCheck) {
      this.#nextRoomCheck = time + ROOM_CHECK
      this.forget(time - this.#settings.silent_days * DAY)
    }
    if (this.#index.states.size < this.#settings.max_devices) return true
    this.refused++
    return false
  }
}
