import type { HostSubject } from '../protocols/observation.ts'
import type { EvidenceLimits, Fact } from './evidence.ts'
import { factsOfMac } from './facts.ts'
import { deviceId, HARDNESS, type Identity, isLocallyAdministered, type Station, StationTable } from './identity.ts'
import type { UserKnowledge } from './knowledge/user.ts'
import { compareNames, hardIdentities, isLost, keyOf, OWN_NAMES, sameUnit } from './known-by.ts'
import { AddressScope, subnetOf } from './networks.ts'
import type { InventorySettings } from './settings.ts'
import { DeviceState, type IdentityNews, type SavedDevice } from './state.ts'

const SECOND = 1_000_000
const DAY = 86_400 * SECOND
/** A full registry looks this seldom for devices to forget. */
const ROOM_CHECK = 60 * SECOND

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
  readonly #states = new Set<DeviceState>()
  readonly #byAddress = new Map<string, DeviceState>()
  readonly #byMac = new Map<string, DeviceState>()
  readonly #byId = new Map<string, DeviceState>()
  readonly #byIdentity = new Map<string, DeviceState>()
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
    this.#scope = new AddressScope(settings.local_networks)
    this.#stations = new StationTable(settings.router_addresses, station => this.#foundRouter(station))
  }

  get count(): number {
    return this.#states.size
  }

  at(address: string): DeviceState | undefined {
    return this.#byAddress.get(address)
  }

  /**
   * The device that a message names by MAC, by address, or by both. The MAC is the harder name; with one that belongs to no device, an
   * address counts only where it is all that is known of the device there.
   */
  find({ mac, address }: HostSubject): DeviceState | undefined {
    const owner = mac === undefined ? undefined : this.#byMac.get(mac)
    if (owner !== undefined) return owner
    const state = address === undefined ? undefined : this.#byAddress.get(address)
    return mac === undefined || state?.macs.size === 0 ? state : undefined
  }

  /** All devices with their identity settled. */
  all(): readonly DeviceState[] {
    for (const state of [...this.#states]) this.settle(state)
    return [...this.#states]
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
    this.#states.add(state)
    this.#byId.set(saved.id, state)
    for (const address of saved.addresses) this.#byAddress.set(address, state)
    const latest = saved.addresses.at(-1)
    for (const mac of saved.macs) {
      this.#byMac.set(mac, state)
      if (latest !== undefined) this.#stations.frame(mac, latest, saved.lastSeen)
    }
    for (const identity of hardIdentities(state)) this.#take(state, keyOf(identity))
  }

  /** A new candidate at `address`, seen with link-layer source `mac`; undefined for foreign addresses and when there is no room. */
  create(address: string, mac: string | undefined, time: number): DeviceState | undefined {
    if (!this.#scope.isLocal(address) || !this.#hasRoom(time)) return undefined
    const state = new DeviceState(this.#limits, time)
    state.frameMac = mac
    this.#states.add(state)
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
    const known = this.#byIdentity.get(keyOf(identity))
    if (known !== undefined && known !== gateway) return known
    if (!this.#hasRoom(time)) return undefined
    const state = new DeviceState(this.#limits, time)
    this.#states.add(state)
    for (const row of gateway.evidence.all()) if (row.attribute === 'unit' && row.raw === unit.raw) state.evidence.insert(row)
    this.#take(state, keyOf(identity))
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
    const owner = this.#byMac.get(mac)
    if (owner === undefined) return this.#withMadeUpMac(state, mac, address)
    if (this.#sameHost(owner, state, mac, address)) return this.#absorb(state, owner, `${mac} is at ${address}`)
    this.#stations.markRouter(mac)
    return state
  }

  /** A host that makes up its MAC is known again by its name, once the MAC before is gone. */
  #withMadeUpMac(state: DeviceState, mac: string, address: string): DeviceState {
    this.#bindMac(state, mac, address, state.lastSeen)
    const [name] = state.evidence.values('hostname')
    if (name === undefined || !isLocallyAdministered(mac)) return state
    for (const other of this.#states) {
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
    const keys = new Set(identities.map(keyOf))
    for (const key of [...state.identities]) if (!keys.has(key)) this.#giveUp(state, key)
    for (const identity of identities) {
      const key = keyOf(identity)
      const owner = this.#byIdentity.get(key)
      if (owner === undefined) this.#take(state, key)
      if (owner === undefined || owner === state || state.disputed.includes(key)) continue
      const verdict = identity.kind === 'unit' || identity.kind === 'udi' ? sameUnit(owner, state, time) : 'same'
      if (verdict === 'same') return this.#join(owner, state, `both are ${identity.value}`, time)
      if (verdict === 'undecided') this.#undecided.add(state)
      else this.#dispute(owner, state, identity, time)
    }
    this.#name(state, identities, time)
    return state
  }

  /** Two known devices are one: the older one stays. */
  #join(one: DeviceState, other: DeviceState, reason: string, time: number): DeviceState {
    const otherStays = one.id === undefined || (other.id !== undefined && other.firstSeen < one.firstSeen)
    const [from, into] = otherStays ? [one, other] : [other, one]
    return this.#identify(this.#absorb(from, into, reason), time)
  }

  /** Two devices state the same, and are two all the same. */
  #dispute(owner: DeviceState, state: DeviceState, identity: Identity, time: number): void {
    state.disputed.push(keyOf(identity))
    const fact = { attribute: 'conflict', protocol: 'wardwire', field: 'same unit at the same time', confidence: 'high' } as const
    for (const [one, other] of [
      [owner, state],
      [state, owner],
    ]) {
      const place = other.addresses.first ?? other.macs.values().next().value
      one.note({ ...fact, raw: `${place} states ${identity.value} too, and is another device` }, time)
      this.#listener.changed(one, time)
    }
  }

  #take(state: DeviceState, key: string): void {
    if (this.#byIdentity.has(key)) return
    this.#byIdentity.set(key, state)
    state.identities.push(key)
  }

  #giveUp(state: DeviceState, key: string): void {
    this.#byIdentity.delete(key)
    state.identities.splice(state.identities.indexOf(key), 1)
  }

  /** A device known by address alone was seen with a MAC: take it where it is the host's own. */
  offerMac(state: DeviceState, mac: string, address: string, time: number): void {
    if (this.#byMac.has(mac) || !this.#stations.identifies(mac, address)) return
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
  leave(state: DeviceState, mac: string, address: string, time: number): boolean {
    if (state.macs.size === 0 || state.macs.has(mac) || !this.#stations.identifies(mac, address)) return false
    const sightings = [...state.macs].flatMap(own => [...(this.#stations.station(own)?.addresses ?? [])])
    const lastHere = Math.max(0, ...sightings.filter(([at]) => at === address).map(([, { lastSeen }]) => lastSeen))
    const isHere = lastHere >= (this.#stations.station(mac)?.addresses.get(address)?.firstSeen ?? time)
    const isElsewhere = sightings.some(([at, { firstSeen }]) => at !== address && firstSeen > lastHere)
    if (isHere || !isElsewhere) return false
    this.#move(address, state, this.#byMac.get(mac), time)
    return true
  }

  /** ARP, ND or DHCP said that `address` is at `mac`. Answers the device at the address when that was news. */
  claim(address: string, mac: string, time: number): DeviceState | undefined {
    if (!this.#stations.claim(mac, address, time)) return undefined
    const state = this.#byAddress.get(address)
    if (state === undefined || state.id === undefined) return state
    const owner = this.#byMac.get(mac)
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
    const before = state.id
    let id = deviceId(identity.kind, identity.value)
    for (let repeat = 2; this.#byId.has(id) && id !== before; repeat++) id = deviceId(identity.kind, `${identity.value}#${repeat}`)
    state.identity = identity
    if (id === before) return
    if (before !== undefined) {
      this.#byId.delete(before)
      this.#listener.renamed(before)
      if (kind !== undefined) state.news.push({ kind, attribute: 'id', before, after: id, reason })
    }
    state.id = id
    this.#byId.set(id, state)
    state.changed('id', 'identity')
  }

  /** Is the candidate at `address` the device that owns `mac`? */
  #sameHost(owner: DeviceState, candidate: DeviceState, mac: string, address: string): boolean {
    const station = this.#stations.station(mac)
    const sighting = station?.addresses.get(address)
    if (station === undefined || sighting === undefined || station.router) return false
    if (sighting.claimed) return true
    const names = compareNames(owner.evidence, candidate.evidence, OWN_NAMES)
    if (names !== undefined) return names === 'shared'
    const rivals = [...owner.addresses].filter(other => other.includes(':') === address.includes(':'))
    return rivals.every(
      other => subnetOf(other) === subnetOf(address) && (station.addresses.get(other)?.lastSeen ?? 0) < sighting.firstSeen,
    )
  }

  #bindMac(state: DeviceState, mac: string, address: string, time: number): void {
    const claimed = this.#stations.claimedMac(address) === mac
    state.macs.add(mac)
    state.identityStale = true
    this.#byMac.set(mac, state)
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
    const owner = this.#byMac.get(station.mac)
    if (owner === undefined) return
    const time = Math.max(...[...station.addresses.values()].map(({ lastSeen }) => lastSeen))
    const here = [...owner.addresses].filter(address => station.addresses.has(address))
    const unproven = here.filter(address => station.addresses.get(address)?.claimed !== true)
    const isRouterItself = unproven.length < here.length
    const lost = isRouterItself ? unproven : unproven.slice(1)
    if (lost.length > 0) this.#split(owner, lost, `${station.mac} is a router`, time)
    if (isRouterItself) return
    owner.macs.delete(station.mac)
    this.#byMac.delete(station.mac)
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
    const given = state.addresses.add(address, time)
    this.#byAddress.set(address, state)
    if (given !== undefined) this.#detach(state, given, undefined, time)
    if (!state.addresses.isCrowded)
      state.note({ attribute: 'ip', raw: address, protocol: 'ip', field: 'address', confidence: 'high' }, time)
    state.changed(isExpected ? 'ip' : 'ips', `seen at ${address}`)
    this.#listener.changed(state, time)
  }

  /** `reason`: why that is news. An address that is no longer used is none. */
  #detach(state: DeviceState, address: string, reason: string | undefined, time: number): void {
    state.addresses.delete(address)
    if (this.#byAddress.get(address) === state) this.#byAddress.delete(address)
    state.changed(reason === undefined ? 'ip' : 'ips', reason ?? '')
    this.#listener.changed(state, time)
  }

  /** `from` turned out to be `into`, which keeps its id. */
  #absorb(from: DeviceState, into: DeviceState, reason: string): DeviceState {
    this.#remove(from)
    for (const row of from.evidence.all()) into.evidence.insert(row)
    into.firstSeen = Math.min(into.firstSeen, from.firstSeen)
    into.lastSeen = Math.max(into.lastSeen, from.lastSeen)
    for (const mac of from.macs) {
      into.macs.add(mac)
      this.#byMac.set(mac, into)
    }
    for (const address of from.addresses) this.#attach(into, address, from.lastSeen)
    into.news.push(...from.news)
    if (from.id !== undefined && into.id !== undefined)
      into.news.push({ kind: 'device-merged', attribute: 'id', before: from.id, after: into.id, reason })
    into.reconsider(reason)
    this.#listener.changed(into, into.lastSeen)
    return into
  }

  #remove(state: DeviceState): void {
    this.#states.delete(state)
    this.#undecided.delete(state)
    for (const key of state.identities) if (this.#byIdentity.get(key) === state) this.#byIdentity.delete(key)
    for (const address of state.addresses) if (this.#byAddress.get(address) === state) this.#byAddress.delete(address)
    for (const mac of state.macs) if (this.#byMac.get(mac) === state) this.#byMac.delete(mac)
    if (state.id !== undefined) this.#byId.delete(state.id)
    this.#listener.removed(state)
  }

  /** Forget devices that nothing was seen of since `time`. */
  forget(time: number): void {
    for (const state of [...this.#states]) if (state.lastSeen < time) this.#remove(state)
  }

  #hasRoom(time: number): boolean {
    if (this.#states.size < this.#settings.max_devices) return true
    if (time >= this.#nextRoomCheck) {
      this.#nextRoomCheck = time + ROOM_CHECK
      this.forget(time - this.#settings.silent_days * DAY)
    }
    if (this.#states.size < this.#settings.max_devices) return true
    this.refused++
    return false
  }
}
