import type { HostIdentity, Observation } from '../protocols/observation.ts'
import { describeError, type Log, SILENT_LOG } from '../telemetry/log.ts'
import { Ageing } from './ageing.ts'
import { AssetFile, assetIdentityOf } from './assets.ts'
import { Conversations } from './conversations.ts'
import type { Device, InventoryChange } from './device.ts'
import { Hosts } from './hosts.ts'
import { loadUserKnowledge } from './knowledge/user.ts'
import { News } from './news.ts'
import { Persistence } from './persistence.ts'
import { DeviceRegistry } from './registry.ts'
import type { InventorySettings } from './settings.ts'
import type { DeviceState } from './state.ts'
import type { InventoryStore } from './store.ts'

const SECOND = 1_000_000
/** Under this name the store keeps when the daily state was told last. */
const LAST_SNAPSHOT = 'last_snapshot'
/** How often the file of the asset list is looked at, µs. */
const ASSET_CHECK = 60 * SECOND

/**
 * The devices on the network. A host becomes a device when medical traffic shows it at an end of a flow; what its conversations say of
 * it is kept as evidence, bounded, and the values in force are resolved from that. News is held for a second, so that a device is
 * discovered with the identity that its first conversation gives.
 */
export class Inventory {
  readonly #news: News
  readonly #persistence: Persistence
  readonly #registry: DeviceRegistry
  readonly #ageing: Ageing
  readonly #hosts: Hosts
  readonly #conversations: Conversations
  readonly #assets: AssetFile | undefined
  readonly #log: Log
  /** Devices from the store have not been held against the asset list yet. */
  #assetsPending: boolean
  #nextAssetCheck = 0

  /**
   * `store`, where given, is loaded now and written as devices change. So are the asset list and the
   * knowledge file of the settings: throws `assets_invalid` or `knowledge_invalid` when one cannot be used. The asset list is read again
   * when the file changes.
   */
  constructor(settings: InventorySettings, emit: (change: InventoryChange) => void, store?: InventoryStore, log = SILENT_LOG) {
    this.#log = log
    this.#news = new News({ settle: candidate => this.#complete(candidate), emit })
    this.#persistence = new Persistence(store, settings.save_seconds * SECOND)
    const knowledge = settings.knowledge_file === undefined ? undefined : loadUserKnowledge(settings.knowledge_file)
    const listener = {
      changed: (state: DeviceState, time: number) => this.#pend(state, time),
      removed: (state: DeviceState) => this.#removed(state),
      renamed: (before: string) => this.#persistence.renamed(before),
    }
    this.#registry = new DeviceRegistry(settings, listener, knowledge)
    const hostListener = {
      changed: listener.changed,
      noted: (state: DeviceState) => this.#persistence.changed(state),
      seen: (state: DeviceState, time: number) => this.#seen(state, time),
    }
    this.#hosts = new Hosts(this.#registry, hostListener, knowledge)
    this.#conversations = new Conversations(this.#hosts, this.#registry, settings.encrypted_ports)
    this.#ageing = new Ageing(settings, {
      silent: (state, time) => {
        this.#news.silent(state, time)
        this.#persistence.changed(state)
      },
      calm: (state, time) => this.#pend(state, time),
      snapshot: (state, time) => this.#news.snapshot(state, time),
      lastSnapshot: () => store?.recall(LAST_SNAPSHOT),
      snapshotDone: time => void store?.keep(LAST_SNAPSHOT, time),
      forget: time => this.#registry.forget(time),
    })
    this.#assets = settings.assets && new AssetFile(settings.assets)
    this.#assetsPending = this.#assets !== undefined
    for (const saved of store?.load() ?? []) this.#registry.restore(saved)
  }

  /** Devices known, candidates of the last second included. */
  get count(): number {
    return this.#registry.count
  }

  /** Devices not kept because the inventory was full. */
  get refused(): number {
    return this.#registry.refused
  }

  /** Take in what a decoder found out. */
  observe(observation: Observation): void {
    this.#news.passed(observation.end)
    this.#conversations.observe(observation)
  }

  /** Take in what a protocol that is none of medicine said of a host. */
  identify(identity: HostIdentity): void {
    this.#hosts.identify(identity)
  }

  /** ARP or neighbour discovery said that `address` is at `mac`. `vlanId` is the outermost VLAN tag. */
  neighbour(address: string, mac: string, _interfaceIndex: number, vlanId: number | undefined, time: number): void {
    const state = this.#registry.claim(address, mac, time)
    if (state === undefined || vlanId === undefined) return
    this.#hosts.note(state, { attribute: 'vlan', raw: String(vlanId), protocol: 'ethernet', field: '802.1Q VID', confidence: 'high' }, time)
  }

  /** The device at an address: the same object until something other than times and counts changes. */
  deviceAt(address: string): Device | undefined {
    const state = this.#registry.at(address)
    return state === undefined ? undefined : this.#registry.settle(state).snapshot()
  }

  /** True for addresses of the site's own networks (`local_networks`). */
  isLocal(address: string): boolean {
    return this.#registry.isLocal(address)
  }

  /** Devices that use an AE title. Looks through all: for the rare question, not for each packet. */
  devicesWithAeTitle(title: string): readonly Device[] {
    return this.#registry
      .all()
      .filter(state => state.evidence.knows('ae_title', title))
      .map(state => state.snapshot())
  }

  /** All devices as of now, oldest first. */
  devices(): readonly Device[] {
    return this.#registry
      .all()
      .map(state => state.describe())
      .sort((a, b) => a.firstSeen - b.firstSeen || (a.id < b.id ? -1 : 1))
  }

  /** Let packet time pass: report what was held long enough, save what changed. About once a second. */
  tick(time: number): void {
    if (this.#assets !== undefined) this.#refreshAssets(this.#assets, time)
    this.#registry.reconsider(time)
    this.#news.report(time, false)
    this.#ageing.tick(time, () => this.#registry.all())
    this.#persistence.tick(time)
  }

  /** The input is over: report and save everything. */
  finish(time: number): void {
    this.#registry.reconsider(time)
    this.#news.report(time, true)
    this.#ageing.finish()
    this.#persistence.save(true)
  }

  #seen(state: DeviceState, time: number): void {
    if (state.silentSince !== undefined) this.#news.returned(state, time)
    this.#persistence.touched(state)
  }

  #pend(state: DeviceState, time: number): void {
    this.#persistence.changed(state)
    this.#news.hold(state, time)
  }

  /** All that is known of a device, before it is reported. */
  #complete(candidate: DeviceState): DeviceState {
    const state = this.#registry.settle(candidate)
    for (const mac of state.macs) this.#hosts.recall(state, mac)
    if (this.#assets !== undefined) state.assign(this.#assets.list.match(assetIdentityOf(state)), state.changedAt)
    return state
  }

  /** Take in the asset list: at the start, and when its file changed. One that cannot be used leaves the one before in force. */
  #refreshAssets(assets: AssetFile, time: number): void {
    if (Math.abs(time - this.#nextAssetCheck) > ASSET_CHECK) this.#nextAssetCheck = time
    if (time >= this.#nextAssetCheck) {
      this.#nextAssetCheck = time + ASSET_CHECK
      this.#assetsPending = this.#isChanged(assets) || this.#assetsPending
    }
    if (!this.#assetsPending) return
    this.#assetsPending = false
    for (const state of this.#registry.all()) if (state.assign(assets.list.match(assetIdentityOf(state)), time)) this.#pend(state, time)
  }

  #isChanged(assets: AssetFile): boolean {
    try {
      if (!assets.refresh()) return false
      this.#log.info('The asset list was read again', { rows: assets.list.rows.length })
      return true
    } catch (error) {
      const { message, fields } = describeError(error)
      this.#log.error(`The asset list of before stays in force: ${message}`, fields)
      return false
    }
  }

  #removed(state: DeviceState): void {
    this.#news.drop(state)
    this.#persistence.removed(state)
  }
}
