import type { HostSubject } from '../protocols/observation.ts'
import type { EvidenceBook, EvidenceLimits } from './evidence.ts'
import { factsOfMac } from './facts.ts'
import { deviceId, type Station, StationTable } from './identity.ts'
import { AddressScope, subnetOf } from './networks.ts'
import type { InventorySettings } from './settings.ts'
import { DeviceState, type SavedDevice } from './state.ts'

const SECOND = 1_000_000
const DAY = 86_400 * SECOND
/** A full registry looks this seldom for devices to forget. */
const ROOM_CHECK = 60 * SECOND

/** Hears what the registry does to devices. */
export interface RegistryListener {
  /** Something about the device is not as it was. */
  changed(state: DeviceState, time: number): void
  /** The device is no more: absorbed by another one, or forgotten to make room. */
  removed(state: DeviceState): void
}

/**
 * Which device is at which address, and when two are one. Identity is the MAC where it is the host's own, else the address. Frames
 * alone make a new address the same device only when nothing speaks against it; ARP and neighbour discovery do by themselves.
 */
export class DeviceRegistry {
  readonly #settings: InventorySettings
  readonly #limits: EvidenceLimits
  readonly #listener: RegistryListener
  readonly #scope: AddressScope
  readonly #stations: StationTable
  readonly #states = new Set<DeviceState>()
  readonly #byAddress = new Map<string, DeviceState>()
  readonly #byMac = new Map<string, DeviceState>()
  readonly #byId = new Map<string, DeviceState>()
  #nextRoomCheck = 0
  /** Devices not kept because there was no room. */
  refused = 0

  constructor(settings: InventorySettings, listener: RegistryListener) {
    this.#settings = settings
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

  /** Give a candidate its id, or find that it is a device which is known already. */
  settle(state: DeviceState): DeviceState {
    if (state.id !== undefined) return state
    const address = state.addresses.values().next().value ?? ''
    const mac = this.#stations.claimedMac(address) ?? state.frameMac
    if (mac !== undefined && this.#stations.identifies(mac, address)) {
      const owner = this.#byMac.get(mac)
      if (owner === undefined) {
        this.#name(state, 'mac', mac)
        this.#bindMac(state, mac, address, state.lastSeen)
        return state
      }
      if (this.#sameHost(owner, state, mac, address)) return this.#absorb(state, owner, `${mac} is at ${address}`)
      this.#stations.markRouter(mac)
    }
    this.#name(state, 'ip', address)
    return state
  }

  /** A device known by address alone was seen with a MAC: take it where it is the host's own. */
  offerMac(state: DeviceState, mac: string, address: string, time: number): void {
    if (this.#byMac.has(mac) || !this.#stations.identifies(mac, address)) return
    this.#bindMac(state, mac, address, time)
  }

  /** ARP or ND said that `address` is at `mac`. Answers the device at the address when that was news. */
  claim(address: string, mac: string, time: number): DeviceState | undefined {
    if (!this.#stations.claim(mac, address, time)) return undefined
    const state = this.#byAddress.get(address)
    if (state === undefined || state.id === undefined) return state
    const owner = this.#byMac.get(mac)
    if (owner === state || this.#stations.station(mac)?.router === true) return state
    if (state.macs.size > 0) return this.#move(address, state, owner, time)
    if (owner !== undefined) {
      const [younger, older] = state.firstSeen < owner.firstSeen ? [owner, state] : [state, owner]
      return this.#absorb(younger, older, `${address} is at ${mac}`)
    }
    this.#bindMac(state, mac, address, time)
    return state
  }

  #name(state: DeviceState, kind: 'mac' | 'ip', value: string): void {
    let id = deviceId(kind, value)
    for (let repeat = 2; this.#byId.has(id); repeat++) id = deviceId(kind, `${value}#${repeat}`)
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
    const names = compareNames(owner.evidence, candidate.evidence)
    if (names !== undefined) return names
    const rivals = [...owner.addresses].filter(other => other.includes(':') === address.includes(':'))
    return rivals.every(
      other => subnetOf(other) === subnetOf(address) && (station.addresses.get(other)?.lastSeen ?? 0) < sighting.firstSeen,
    )
  }

  #bindMac(state: DeviceState, mac: string, address: string, time: number): void {
    const claimed = this.#stations.claimedMac(address) === mac
    state.macs.add(mac)
    this.#byMac.set(mac, state)
    const facts = factsOfMac(mac, claimed ? 'ARP or ND' : 'source address', claimed ? 'high' : 'medium')
    for (const fact of facts) state.note(fact, time)
    this.#listener.changed(state, time)
  }

  /** The address belongs to other hardware now. */
  #move(address: string, from: DeviceState, to: DeviceState | undefined, time: number): DeviceState | undefined {
    this.#detach(from, address, time)
    if (to !== undefined) this.#attach(to, address, time)
    return to
  }

  /** Frames of several hosts carry this MAC: what was built on frames alone comes apart; the first address keeps the device. */
  #foundRouter(station: Station): void {
    const owner = this.#byMac.get(station.mac)
    if (owner === undefined) return
    const here = [...owner.addresses].filter(address => station.addresses.has(address))
    const unproven = here.filter(address => station.addresses.get(address)?.claimed !== true)
    const isRouterItself = unproven.length < here.length
    for (const address of isRouterItself ? unproven : unproven.slice(1)) this.#detach(owner, address, owner.lastSeen)
    if (isRouterItself) return
    owner.macs.delete(station.mac)
    this.#byMac.delete(station.mac)
    owner.evidence.retract('ethernet')
    owner.reconsider(`${station.mac} is a router`)
    this.#listener.changed(owner, owner.lastSeen)
  }

  #attach(state: DeviceState, address: string, time: number): void {
    state.addresses.add(address)
    this.#byAddress.set(address, state)
    const oldest = state.addresses.values().next().value
    if (state.addresses.size > this.#settings.max_values_per_attribute && oldest !== undefined) this.#detach(state, oldest, time)
    state.note({ attribute: 'ip', raw: address, protocol: 'ip', field: 'address', confidence: 'high' }, time)
    state.changed('ip', `seen at ${address}`)
    this.#listener.changed(state, time)
  }

  #detach(state: DeviceState, address: string, time: number): void {
    state.addresses.delete(address)
    if (this.#byAddress.get(address) === state) this.#byAddress.delete(address)
    state.changed('ip', `${address} is another host's now`)
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
    into.reconsider(reason)
    return into
  }

  #remove(state: DeviceState): void {
    this.#states.delete(state)
    for (const address of state.addresses) if (this.#byAddress.get(address) === state) this.#byAddress.delete(address)
    for (const mac of state.macs) if (this.#byMac.get(mac) === state) this.#byMac.delete(mac)
    if (state.id !== undefined) this.#byId.delete(state.id)
    this.#listener.removed(state)
  }

  #hasRoom(time: number): boolean {
    if (this.#states.size < this.#settings.max_devices) return true
    if (time >= this.#nextRoomCheck) {
      this.#nextRoomCheck = time + ROOM_CHECK
      const silent = time - this.#settings.silent_days * DAY
      for (const state of [...this.#states]) if (state.lastSeen < silent) this.#remove(state)
    }
    if (this.#states.size < this.#settings.max_devices) return true
    this.refused++
    return false
  }
}

/** Names that a device keeps when its address changes. */
const LASTING_NAMES = ['serial_number', 'device_uid', 'eui64', 'station_name', 'ae_title', 'hl7_application']

/** True when both share a lasting name, false when they contradict each other, undefined when nothing can be compared. */
function compareNames(a: EvidenceBook, b: EvidenceBook): boolean | undefined {
  let contradicted = false
  for (const attribute of LASTING_NAMES) {
    const [ours, theirs] = [a.values(attribute), b.values(attribute)]
    if (ours.some(value => theirs.includes(value))) return true
    contradicted ||= ours.length > 0 && theirs.length > 0
  }
  return contradicted ? false : undefined
}
