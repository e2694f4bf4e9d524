import { deviceId, type Identity } from './identity.ts'
import { keyOf } from './known-by.ts'
import type { DeviceState } from './state.ts'

/**
 * The devices, and what finds them: addresses, adapters, identities and ids, each of which is one device's at most. What a device is taken
 * to have and what finds it change together here.
 */
export class DeviceIndex {
  readonly states = new Set<DeviceState>()
  readonly #byAddress = new Map<string, DeviceState>()
  readonly #byMac = new Map<string, DeviceState>()
  readonly #byId = new Map<string, DeviceState>()
  readonly #byIdentity = new Map<string, DeviceState>()
  readonly #maxMacs: number

  /** `maxMacs`: the most adapters of one device. */
  constructor(maxMacs: number) {
    this.#maxMacs = maxMacs
  }

  atAddress(address: string): DeviceState | undefined {
    return this.#byAddress.get(address)
  }

  ofMac(mac: string): DeviceState | undefined {
    return this.#byMac.get(mac)
  }

  /** `key` as `keyOf` makes it. */
  ofIdentity(key: string): DeviceState | undefined {
    return this.#byIdentity.get(key)
  }

  /** Take in a device with all that it has. */
  add(state: DeviceState): void {
    this.states.add(state)
    if (state.id !== undefined) this.#byId.set(state.id, state)
    for (const address of state.addresses) this.#byAddress.set(address, state)
    for (const mac of state.macs) this.#byMac.set(mac, state)
  }

  remove(state: DeviceState): void {
    this.states.delete(state)
    for (const key of state.identities) if (this.#byIdentity.get(key) === state) this.#byIdentity.delete(key)
    for (const address of state.addresses) if (this.#byAddress.get(address) === state) this.#byAddress.delete(address)
    for (const mac of state.macs) if (this.#byMac.get(mac) === state) this.#byMac.delete(mac)
    if (state.id !== undefined) this.#byId.delete(state.id)
  }

  /** The address is the device's now. An address that the device has not had for long gives way where it has too many. */
  attach(state: DeviceState, address: string, time: number): void {
    const given = state.addresses.add(address, time)
    this.#byAddress.set(address, state)
    if (given !== undefined) this.detach(state, given)
  }

  detach(state: DeviceState, address: string): void {
    state.addresses.delete(address)
    if (this.#byAddress.get(address) === state) this.#byAddress.delete(address)
  }

  /** The adapter is the device's now. Of too many (who makes up MACs does so often) the oldest on which its identity does not rest goes. */
  addMac(state: DeviceState, mac: string): void {
    state.macs.add(mac)
    this.#byMac.set(mac, state)
    if (state.macs.size <= this.#maxMacs) return
    const oldest = [...state.macs].find(own => own !== mac && own !== state.identity?.value)
    if (oldest !== undefined) this.removeMac(state, oldest)
  }

  removeMac(state: DeviceState, mac: string): void {
    state.macs.delete(mac)
    state.identityStale = true
    if (this.#byMac.get(mac) === state) this.#byMac.delete(mac)
  }

  /** The identity is the device's, unless it is another one's. */
  take(state: DeviceState, key: string): void {
    if (this.#byIdentity.has(key)) return
    this.#byIdentity.set(key, state)
    state.identities.push(key)
  }

  /** Identities that are not among `identities` are no longer the device's. */
  keepOnly(state: DeviceState, identities: readonly Identity[]): void {
    const keys = new Set(identities.map(keyOf))
    for (const key of [...state.identities]) {
      if (keys.has(key)) continue
      this.#byIdentity.delete(key)
      state.identities.splice(state.identities.indexOf(key), 1)
    }
  }

  /** Give the device the id of an identity, or one that is close to it where another device has that. Answers the id that it had. */
  rename(state: DeviceState, identity: Identity): string | undefined {
    const before = state.id
    let id = deviceId(identity.kind, identity.value)
    for (let repeat = 2; this.#byId.has(id) && id !== before; repeat++) id = deviceId(identity.kind, `${identity.value}#${repeat}`)
    state.identity = identity
    if (id === before) return before
    if (before !== undefined) this.#byId.delete(before)
    state.id = id
    this.#byId.set(id, state)
    state.changed('id', 'identity')
    return before
  }
}
