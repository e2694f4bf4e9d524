import { createHash } from 'node:crypto'
import { isLinkLocal, subnetOf } from './networks.ts'

const DAY = 86_400_000_000
/** MAC addresses watched at once; the one unseen for longest gives way. */
const MAX_MACS = 65_536
/** IP addresses remembered for one MAC: beyond it, it is a router anyway. */
const MAX_ADDRESSES_PER_MAC = 64

/**
 * What a device id rests on. `unit`: maker, model and serial number; `udi`: a UDI with a serial number; `mac`: globally unique;
 * `local_mac`: one that somebody or something made up; `ip`: only the place on the network.
 */
export interface Identity {
  readonly kind: 'unit' | 'udi' | 'eui64' | 'mac' | 'local_mac' | 'ip'
  readonly value: string
}

/** The harder an identity, the fewer reasons there are that it changes or is another device's too. */
export const HARDNESS: Readonly<Record<Identity['kind'], number>> = { ip: 0, local_mac: 1, mac: 2, eui64: 3, udi: 4, unit: 5 }

/** Device id from an identity; the same on every sensor that sees the same one. */
export function deviceId(kind: Identity['kind'], value: string): string {
  const name = kind === 'local_mac' ? 'mac' : kind
  return `dev-${createHash('sha256').update(`${name}:${value.toLowerCase()}`).digest().toString('hex', 0, 8)}`
}

/** True for MACs with the local bit (IEEE 802 §8.4): random ones of phones and tablets, and those of virtual machines. */
export function isLocallyAdministered(mac: string): boolean {
  return (Number.parseInt(mac.slice(1, 2), 16) & 2) !== 0
}

/** MACs that name no station: zero, group addresses and broadcast. */
function namesStation(mac: string): boolean {
  return mac !== '00-00-00-00-00-00' && (Number.parseInt(mac.slice(1, 2), 16) & 1) === 0
}

/** Addresses of first-hop redundancy groups (VRRP RFC 9568 §7.3, HSRP): always a router's. */
const VIRTUAL_ROUTER = /^(?:00-00-5E-00-0[12]-|00-00-0C-07-AC-|00-00-0C-9F-F|00-05-73-A0-0)/i

interface Sighting {
  firstSeen: number
  lastSeen: number
  /** ARP or ND said that the address is this station's. */
  claimed: boolean
}

export interface Station {
  readonly mac: string
  readonly addresses: Map<string, Sighting>
  /** Frames of many hosts carry this MAC, so it identifies none of them. */
  router: boolean
}

/**
 * Which IP addresses each MAC speaks for. Frames alone prove little: behind a router every remote host has the router's MAC. ARP and
 * neighbour discovery (RFC 826, RFC 4861) do prove it.
 */
export class StationTable {
  readonly #stations = new Map<string, Station>()
  readonly #macOfAddress = new Map<string, string>()
  readonly #maxAddresses: number
  readonly #onRouter: (station: Station) => void

  /** `onRouter` hears of each MAC that turns out to be a router's. */
  constructor(maxAddresses: number, onRouter: (station: Station) => void) {
    this.#maxAddresses = maxAddresses
    this.#onRouter = onRouter
  }

  /** A frame from `mac` carried `address` as its source. */
  frame(mac: string, address: string, time: number): void {
    const station = this.#stations.get(mac)
    const sighting = station?.addresses.get(address)
    if (sighting === undefined) this.#note(mac, address, time, false)
    else if (time > sighting.lastSeen) sighting.lastSeen = time
  }

  /** ARP or ND says that `address` is at `mac`. True when that is news. */
  claim(mac: string, address: string, time: number): boolean {
    if (this.#macOfAddress.get(address) === mac) {
      this.frame(mac, address, time)
      return false
    }
    if (!namesStation(mac)) return false
    if (this.#macOfAddress.size >= MAX_MACS) this.#macOfAddress.delete(this.#macOfAddress.keys().next().value ?? '')
    this.#macOfAddress.set(address, mac)
    this.#note(mac, address, time, true)
    return true
  }

  /** The MAC that ARP or ND gave for an address. */
  claimedMac(address: string): string | undefined {
    return this.#macOfAddress.get(address)
  }

  station(mac: string): Station | undefined {
    return this.#stations.get(mac)
  }

  /** When the MAC, or the address where that is undefined, was first seen, µs; undefined when it was not. */
  since(mac: string | undefined, address: string): number | undefined {
    if (mac !== undefined) return earliest(this.#stations.get(mac)?.addresses.values() ?? [])
    return earliest([...this.#stations.values()].flatMap(({ addresses }) => addresses.get(address) ?? []))
  }

  /** The host with these MACs was not seen at the address any more after `time`, when another one was, but is elsewhere since. */
  hasGivenUp(macs: Iterable<string>, address: string, time: number): boolean {
    const sightings = [...macs].flatMap(mac => [...(this.#stations.get(mac)?.addresses ?? [])])
    const lastHere = Math.max(0, ...sightings.filter(([at]) => at === address).map(([, { lastSeen }]) => lastSeen))
    return lastHere < time && sightings.some(([at, { firstSeen }]) => at !== address && firstSeen > lastHere)
  }

  /** Which of `macs` was seen last with the address. */
  latestMac(address: string, macs: Iterable<string>): string | undefined {
    let latest: string | undefined
    let time = Number.NEGATIVE_INFINITY
    for (const mac of macs) {
      const lastSeen = this.#stations.get(mac)?.addresses.get(address)?.lastSeen ?? Number.NEGATIVE_INFINITY
      if (lastSeen > time) [latest, time] = [mac, lastSeen]
    }
    return latest
  }

  /** True when `mac` stands for the host at `address`: claimed by it, or seen with it and no router. */
  identifies(mac: string, address: string): boolean {
    const station = this.#stations.get(mac)
    const sighting = station?.addresses.get(address)
    if (station === undefined || sighting === undefined) return false
    return sighting.claimed || !station.router
  }

  /** Several hosts share this MAC. */
  markRouter(mac: string): void {
    const station = this.#stations.get(mac)
    if (station === undefined || station.router) return
    station.router = true
    this.#onRouter(station)
  }

  #note(mac: string, address: string, time: number, claimed: boolean): void {
    if (!namesStation(mac)) return
    const station = this.#stations.get(mac) ?? this.#create(mac)
    const sighting = station.addresses.get(address)
    if (sighting !== undefined) {
      sighting.claimed ||= claimed
      sighting.lastSeen = Math.max(sighting.lastSeen, time)
    } else if (station.addresses.size < MAX_ADDRESSES_PER_MAC || claimed) {
      station.addresses.set(address, { firstSeen: time, lastSeen: time, claimed })
      this.#prune(station)
    }
    if (!station.router && this.#looksLikeRouter(station, time)) this.markRouter(mac)
  }

  #create(mac: string): Station {
    if (this.#stations.size >= MAX_MACS) this.#stations.delete(this.#stations.keys().next().value ?? '')
    const station = { mac, addresses: new Map<string, Sighting>(), router: VIRTUAL_ROUTER.test(mac) }
    this.#stations.set(mac, station)
    return station
  }

  #prune(station: Station): void {
    if (station.addresses.size > MAX_ADDRESSES_PER_MAC) station.addresses.delete(station.addresses.keys().next().value ?? '')
  }

  /** Hosts of several subnets, or more hosts than one station has addresses within a day. */
  #looksLikeRouter(station: Station, time: number): boolean {
    for (const ipv6 of [false, true]) {
      const recent = [...station.addresses].filter(
        ([address, sighting]) => address.includes(':') === ipv6 && !isLinkLocal(address) && time - sighting.lastSeen < DAY,
      )
      if (recent.length > this.#maxAddresses * (ipv6 ? 4 : 1)) return true
      const subnets = new Set(recent.map(([address]) => subnetOf(address)))
      const allowed = ipv6 ? 3 : 1
      if (subnets.size > allowed && recent.some(([, sighting]) => !sighting.claimed)) return true
    }
    return false
  }
}

function earliest(sightings: Iterable<Sighting>): number | undefined {
  let time: number | undefined
  for (const { firstSeen } of sightings) if (time === undefined || firstSeen < time) time = firstSeen
  return time
}
