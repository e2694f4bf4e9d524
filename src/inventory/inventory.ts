import { isIP } from 'node:net'
import type { Direction, Flow } from '../net/flow.ts'
import type {
  DeviceIdentity,
  DicomAssociation,
  DicomAssociationKey,
  DicomWebRequest,
  FhirInteraction,
  Hl7Message,
  Hl7Observations,
  HostIdentity,
  IdentityAttribute,
  IdentityProtocol,
  Observation,
  TlsHandshake,
} from '../protocols/observation.ts'
import { Ageing } from './ageing.ts'
import { type AssetList, loadAssetList } from './assets.ts'
import type { Device, InventoryChange } from './device.ts'
import type { Fact } from './evidence.ts'
import { factsOf, impliedFacts } from './facts.ts'
import { HostMemory } from './host-memory.ts'
import { loadUserKnowledge, type UserKnowledge } from './knowledge/user.ts'
import { unitOf } from './known-by.ts'
import { News } from './news.ts'
import { Persistence } from './persistence.ts'
import { DeviceRegistry } from './registry.ts'
import type { InventorySettings } from './settings.ts'
import type { DeviceState } from './state.ts'
import type { InventoryStore } from './store.ts'
import { isArchive, isTranslator } from './types.ts'

const SECOND = 1_000_000
/** Protocols whose content makes the host that speaks them a device; anything speaks the others. */
const SHOWS_DEVICES: ReadonlySet<IdentityProtocol> = new Set(['dicom', 'hl7'])
type Side = 'client' | 'server'

/**
 * The devices on the network. A host becomes a device when medical traffic shows it at an end of a flow; what its conversations say of
 * it is kept as evidence, bounded, and the values in force are resolved from that. News is held for a second, so that a device is
 * discovered with the identity that its first conversation gives.
 */
export class Inventory {
  /** What TLS on a port is taken to hide. */
  readonly #serviceOfPort: ReadonlyMap<number, string>
  readonly #news: News
  readonly #persistence: Persistence
  readonly #registry: DeviceRegistry
  readonly #ageing: Ageing
  readonly #memory = new HostMemory()
  readonly #knowledge: UserKnowledge | undefined
  readonly #assets: AssetList | undefined
  /** Devices from the store have not been held against the asset list yet. */
  #assetsPending: boolean

  /**
   * `store`, where given, is loaded now and written as devices change. So are the asset list and the
   * knowledge file of the settings: throws `assets_invalid` or `knowledge_invalid` when one cannot be used.
   */
  constructor(settings: InventorySettings, emit: (change: InventoryChange) => void, store?: InventoryStore) {
    this.#serviceOfPort = new Map(
      Object.entries(settings.encrypted_ports).flatMap(([service, ports]) => ports.map(port => [port, service] as const)),
    )
    this.#news = new News({ settle: candidate => this.#complete(candidate), emit })
    this.#persistence = new Persistence(store, settings.save_seconds * SECOND)
    this.#knowledge = settings.knowledge_file === undefined ? undefined : loadUserKnowledge(settings.knowledge_file)
    const listener = {
      changed: (state: DeviceState, time: number) => this.#pend(state, time),
      removed: (state: DeviceState) => this.#removed(state),
      renamed: (before: string) => this.#persistence.renamed(before),
    }
    this.#registry = new DeviceRegistry(settings, listener, this.#knowledge)
    this.#ageing = new Ageing(settings, {
      silent: (state, time) => {
        this.#news.silent(state, time)
        this.#persistence.changed(state)
      },
      calm: (state, time) => this.#pend(state, time),
      snapshot: (state, time) => this.#news.snapshot(state, time),
      forget: time => this.#registry.forget(time),
    })
    this.#assets = settings.assets && loadAssetList(settings.assets)
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
    const { flow, end } = observation
    this.#news.passed(end)
    if (flow.clientMac !== flow.serverMac) {
      if (flow.clientMac !== undefined) this.#registry.frame(flow.clientMac, flow.clientAddress, end)
      if (flow.serverMac !== undefined) this.#registry.frame(flow.serverMac, flow.serverAddress, end)
    }
    switch (observation.kind) {
      case 'device-identity':
        this.#identity(observation)
        break
      case 'dicom-association':
        this.#association(observation)
        break
      case 'dicom-operation':
      case 'dicom-store':
        this.#peers(flow, observation.association, end)
        break
      case 'hl7-message':
        this.#message(observation)
        break
      case 'hl7-observations':
        this.#deviceObservations(observation)
        break
      case 'dicomweb-request':
      case 'fhir-interaction':
        this.#web(observation)
        break
      case 'tls-handshake':
        this.#tls(observation)
        break
      case 'flow-ended':
        this.#seen(flow.clientAddress, end)
        this.#seen(flow.serverAddress, end)
    }
  }

  /**
   * Take in what a protocol that is none of medicine said of a host. It adds to the device that the host is; a host that medical traffic has
   * not shown yet does not become one by it, but what was said is remembered until then. That something is said of a host does not mean that
   * it is there: name servers answer for others.
   */
  identify(identity: HostIdentity): void {
    const { protocol, subject, facts, time } = identity
    if (subject.mac !== undefined && subject.address !== undefined && facts.some(isLease))
      this.neighbour(subject.address, subject.mac, 0, undefined, time)
    const state = this.#registry.find(subject)
    if (state === undefined) {
      this.#memory.keep(identity)
      return
    }
    for (const { attribute, value, field } of facts) this.#learn(state, attribute, value, protocol, field, time)
  }

  /** ARP or neighbour discovery said that `address` is at `mac`. `vlanId` is the outermost VLAN tag. */
  neighbour(address: string, mac: string, _interfaceIndex: number, vlanId: number | undefined, time: number): void {
    const state = this.#registry.claim(address, mac, time)
    if (state === undefined || vlanId === undefined) return
    this.#note(state, { attribute: 'vlan', raw: String(vlanId), protocol: 'ethernet', field: '802.1Q VID', confidence: 'high' }, time)
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
    if (this.#assetsPending) this.#assignAll(time)
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

  #identity(observation: DeviceIdentity): void {
    const { flow, about, protocol, facts, end, forwarded } = observation
    if (!SHOWS_DEVICES.has(protocol)) {
      this.identify({ kind: 'host-identity', protocol, subject: { mac: undefined, address: addressOf(flow, about) }, time: end, facts })
      return
    }
    const state = this.#shown(flow, about, protocol, end)
    if (state === undefined) return
    if (forwarded || (isOfImages(facts) && isArchive(state.evidence))) {
      const field = facts[0]?.field ?? 'content'
      this.#note(state, { attribute: 'relays', raw: protocol, protocol, field, confidence: 'medium' }, end)
      return
    }
    const unit = unitOf(facts, protocol)
    if (unit !== undefined) {
      this.#note(state, unit, end)
      this.#registry.stated(state, macOf(flow, about), addressOf(flow, about), end)
    }
    const speaker = unit !== undefined && isTranslator(state.evidence) ? this.#behind(state, unit, end) : state
    for (const { attribute, value, field } of facts) this.#learn(speaker, attribute, value, protocol, field, end)
  }

  /** A unit that speaks from behind the address of several. */
  #behind(gateway: DeviceState, unit: Fact, time: number): DeviceState {
    const state = this.#registry.behind(gateway, unit, time)
    if (state === undefined) return gateway
    state.lastSeen = Math.max(state.lastSeen, time)
    const { first: address = '' } = gateway.addresses
    this.#note(state, { attribute: 'behind', raw: address, protocol: unit.protocol, field: unit.field, confidence: 'medium' }, time)
    return state
  }

  #association(observation: DicomAssociation): void {
    const { flow, end, association, requestor, acceptor, result } = observation
    if (result !== 'accepted') {
      this.#shown(flow, 'client', 'dicom', end)
      if (result !== 'unanswered') this.#shown(flow, 'server', 'dicom', end)
      return
    }
    const [requesting, accepting] = this.#peers(flow, association, end)
    this.#supplement(requesting, 'implementation_class_uid', requestor.classUid, 'dicom', '0x52', end)
    this.#supplement(requesting, 'implementation_version', requestor.version, 'dicom', '0x55', end)
    this.#supplement(accepting, 'implementation_class_uid', acceptor.classUid, 'dicom', '0x52', end)
    this.#supplement(accepting, 'implementation_version', acceptor.version, 'dicom', '0x55', end)
  }

  /** Both ends of an association that the server took, with the AE titles by which they know each other. */
  #peers(
    flow: Flow,
    association: DicomAssociationKey,
    time: number,
  ): readonly [requestor: DeviceState | undefined, acceptor: DeviceState | undefined] {
    const client = this.#shown(flow, 'client', 'dicom', time)
    const server = this.#shown(flow, 'server', 'dicom', time)
    const [requestor, acceptor] = association.requestedBy === 0 ? [client, server] : [server, client]
    this.#supplement(requestor, 'ae_title', association.callingAeTitle, 'dicom', 'calling AE title', time)
    this.#supplement(acceptor, 'ae_title', association.calledAeTitle, 'dicom', 'called AE title', time)
    return [requestor, acceptor]
  }

  #message(observation: Hl7Message): void {
    const { flow, end, direction, type, trigger, ack, sending } = observation
    const sender = this.#shown(flow, sideOf(direction), 'hl7', end)
    this.#supplement(sender, 'hl7_application', sending.application, 'hl7', 'MSH-3', end)
    if (sender !== undefined && type !== undefined) {
      const raw = trigger === undefined ? type : `${type}^${trigger}`
      this.#note(sender, { attribute: 'hl7_sends', raw, protocol: 'hl7', field: 'MSH-9', confidence: 'high' }, end)
      if (observation.deviceObservation) this.#reports(sender, raw, end)
    }
    if (ack === undefined) return
    const receiver = this.#shown(flow, sideOf(direction === 0 ? 1 : 0), 'hl7', end)
    if (receiver === undefined) return
    const raw = sending.application ?? (direction === 0 ? flow.clientAddress : flow.serverAddress)
    this.#note(receiver, { attribute: 'hl7_peer', raw, protocol: 'hl7', field: 'MSH-3', confidence: 'high' }, end)
  }

  /** A roll-up does not say who opened the flow; device reports are pushed, so the client is the sender. */
  #deviceObservations({ flow, end, type, trigger, ackCode }: Hl7Observations): void {
    const sender = this.#shown(flow, 'client', 'hl7', end)
    if (sender !== undefined) this.#reports(sender, [type, trigger].filter(part => part !== undefined).join('^'), end)
    if (ackCode !== 'none') this.#shown(flow, 'server', 'hl7', end)
  }

  /** DICOM and FHIR over HTTP: any server can be asked, but only one of the kind gives what was asked for. */
  #web({ kind, flow, direction, http, end }: DicomWebRequest | FhirInteraction): void {
    const protocol = kind === 'fhir-interaction' ? 'fhir' : 'dicomweb'
    if (http.authentication !== undefined) this.#shown(flow, sideOf(direction), protocol, end)
    if (http.status !== undefined && http.status < 300) this.#shown(flow, sideOf(direction === 0 ? 1 : 0), protocol, end)
  }

  #reports(sender: DeviceState, raw: string, time: number): void {
    this.#note(sender, { attribute: 'device_observations', raw, protocol: 'hl7', field: 'MSH-9', confidence: 'high' }, time)
  }

  #tls({ flow, end, established, serverName }: TlsHandshake): void {
    const service = this.#serviceOfPort.get(flow.serverPort)
    if (!established) return
    for (const side of ['client', 'server'] as const) {
      const state = service === undefined ? this.#seen(addressOf(flow, side), end) : this.#at(flow, side, end)
      if (state === undefined) continue
      if (service !== undefined) {
        const field = `port ${flow.serverPort}`
        this.#note(state, { attribute: 'protocol', raw: `${service} over tls`, protocol: 'tls', field, confidence: 'low' }, end)
      }
      if (side === 'server' && serverName !== undefined && isIP(serverName) === 0) {
        this.#note(
          state,
          { attribute: 'hostname', raw: serverName.toLowerCase(), protocol: 'tls', field: 'server_name', confidence: 'low' },
          end,
        )
      }
    }
  }

  /** Content of a medical protocol showed the device at one end of a flow. */
  #shown(flow: Flow, side: Side, protocol: string, time: number): DeviceState | undefined {
    const state = this.#at(flow, side, time)
    if (state !== undefined && state.learn('protocol', protocol, protocol, 'content', time) === 'new') {
      this.#note(state, { attribute: 'protocol', raw: protocol, protocol, field: 'content', confidence: 'high' }, time)
    }
    return state
  }

  /** The device at one end of a flow, made a candidate where it is new and local. */
  #at(flow: Flow, side: Side, time: number): DeviceState | undefined {
    const address = addressOf(flow, side)
    const mac = macOf(flow, side)
    const occupant = this.#seen(address, time)
    if (occupant !== undefined && mac !== undefined && flow.clientMac !== flow.serverMac) this.#registry.leave(occupant, mac, address, time)
    const known = this.#registry.at(address)
    if (known === undefined) return this.#discover(address, flow.clientMac === flow.serverMac ? undefined : mac, time)
    if (known.macs.size === 0 && known.id !== undefined && mac !== undefined) this.#registry.offerMac(known, mac, address, time)
    return known
  }

  /** A new candidate, with what was said of the host before. */
  #discover(address: string, mac: string | undefined, time: number): DeviceState | undefined {
    const state = this.#registry.create(address, mac, time)
    if (state === undefined) return undefined
    this.#recall(state, address)
    if (mac !== undefined && this.#registry.identifies(mac, address)) this.#recall(state, mac)
    return state
  }

  #recall(state: DeviceState, host: string): void {
    for (const { attribute, value, protocol, field, time } of this.#memory.take(host))
      this.#learn(state, attribute, value, protocol, field, time)
  }

  #seen(address: string, time: number): DeviceState | undefined {
    const state = this.#registry.at(address)
    if (state !== undefined && time > state.lastSeen) {
      state.lastSeen = time
      state.addresses.see(address, time)
      if (state.silentSince !== undefined) this.#news.returned(state, time)
      this.#persistence.touched(state)
    }
    return state
  }

  #learn(state: DeviceState, attribute: IdentityAttribute, raw: string, protocol: IdentityProtocol, field: string, time: number): void {
    const news = state.learn(attribute, raw, protocol, field, time)
    if (news === 'contrary') this.#pend(state, time)
    const facts = (news === 'new' ? factsOf : impliedFacts)(attribute, raw, protocol, field, this.#knowledge)
    for (const fact of facts) this.#note(state, fact, time)
  }

  /** What the observation says by itself, where no decoder stated it as a fact. */
  #supplement(
    state: DeviceState | undefined,
    attribute: IdentityAttribute,
    raw: string | undefined,
    protocol: IdentityProtocol,
    field: string,
    time: number,
  ): void {
    if (state === undefined || raw === undefined || raw === '') return
    if (state.evidence.knows(attribute, raw)) state.learn(attribute, raw, protocol, field, time)
    else this.#learn(state, attribute, raw, protocol, field, time)
  }

  #note(state: DeviceState, fact: Fact, time: number): void {
    if (state.note(fact, time)) this.#pend(state, time)
  }

  #pend(state: DeviceState, time: number): void {
    this.#persistence.changed(state)
    this.#news.hold(state, time)
  }

  /** All that is known of a device, before it is reported. */
  #complete(candidate: DeviceState): DeviceState {
    const state = this.#registry.settle(candidate)
    for (const mac of state.macs) this.#recall(state, mac)
    if (this.#assets !== undefined) state.assign(this.#assets.match(state), state.changedAt)
    return state
  }

  #assignAll(time: number): void {
    this.#assetsPending = false
    for (const state of this.#registry.all()) if (state.assign(this.#assets?.match(state), time)) this.#pend(state, time)
  }

  #removed(state: DeviceState): void {
    this.#news.drop(state)
    this.#persistence.removed(state)
  }
}

/** A server's word that an address is the client's; the client itself may claim any. */
function isLease({ field }: HostIdentity['facts'][number]): boolean {
  return field === 'yiaddr'
}

/** Tags of stored images, as opposed to what the sender says of itself. */
function isOfImages(facts: DeviceIdentity['facts']): boolean {
  return facts.some(({ field }) => field.startsWith('('))
}

function addressOf(flow: Flow, side: Side): string {
  return side === 'client' ? flow.clientAddress : flow.serverAddress
}

function macOf(flow: Flow, side: Side): string | undefined {
  return side === 'client' ? flow.clientMac : flow.serverMac
}

function sideOf(direction: Direction): Side {
  return direction === 0 ? 'client' : 'server'
}
