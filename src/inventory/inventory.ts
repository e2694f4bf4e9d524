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
import type { Device, InventoryChange } from './device.ts'
import type { Fact } from './evidence.ts'
import { factsOf, impliedFacts } from './facts.ts'
import { DeviceRegistry } from './registry.ts'
import type { InventorySettings } from './settings.ts'
import type { DeviceState } from './state.ts'
import type { InventoryStore } from './store.ts'

const SECOND = 1_000_000
/** How long news waits for more of the same conversation, so that one event tells all. */
const HOLD = SECOND
/** Packet time that steps back further than this was set back. */
const CLOCK_STEP = 60 * SECOND
/** Times and counts alone are saved this seldom. */
const SAVE_TOUCHED = 300 * SECOND
/** Protocols whose content makes the host that speaks them a device; anything speaks the others. */
const SHOWS_DEVICES: ReadonlySet<IdentityProtocol> = new Set(['dicom', 'hl7'])
type Side = 'client' | 'server'

/**
 * The devices on the network. A host becomes a device when medical traffic shows it at an end of a flow; what its conversations say of
 * it is kept as evidence, bounded, and the values in force are resolved from that. News is held for a second, so that a device is
 * discovered with the identity that its first conversation gives.
 */
export class Inventory {
  readonly #saveInterval: number
  /** What TLS on a port is taken to hide. */
  readonly #serviceOfPort: ReadonlyMap<number, string>
  readonly #emit: (change: InventoryChange) => void
  readonly #store: InventoryStore | undefined
  readonly #registry: DeviceRegistry
  readonly #pending = new Set<DeviceState>()
  readonly #unsaved = new Set<DeviceState>()
  readonly #touched = new Set<DeviceState>()
  #nextReport = Number.POSITIVE_INFINITY
  #nextSave = 0
  #nextTouchedSave = 0

  /** `store`, where given, is loaded now and written as devices change. */
  constructor(settings: InventorySettings, emit: (change: InventoryChange) => void, store?: InventoryStore) {
    this.#saveInterval = settings.save_seconds * SECOND
    this.#serviceOfPort = new Map(
      Object.entries(settings.encrypted_ports).flatMap(([service, ports]) => ports.map(port => [port, service] as const)),
    )
    this.#emit = emit
    this.#store = store
    this.#registry = new DeviceRegistry(settings, {
      changed: (state, time) => this.#pend(state, time),
      removed: state => this.#removed(state),
    })
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
    if (end >= this.#nextReport) this.#report(end, false)
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
   * not shown yet does not become one by it. That something is said of a host does not mean that it is there: name servers answer for others.
   */
  identify({ protocol, subject, facts, time }: HostIdentity): void {
    const state = this.#registry.find(subject)
    if (state === undefined) return
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
    if (this.#pending.size > 0) this.#report(time, false)
    if (this.#store === undefined || time < this.#nextSave) return
    this.#nextSave = time + this.#saveInterval
    this.#save(time >= this.#nextTouchedSave)
    if (time >= this.#nextTouchedSave) this.#nextTouchedSave = time + SAVE_TOUCHED
  }

  /** The input is over: report and save everything. */
  finish(time: number): void {
    this.#report(time, true)
    this.#save(true)
  }

  #identity(observation: DeviceIdentity): void {
    const { flow, about, protocol, facts, end, forwarded } = observation
    if (!SHOWS_DEVICES.has(protocol)) {
      this.identify({ kind: 'host-identity', protocol, subject: { mac: undefined, address: addressOf(flow, about) }, time: end, facts })
      return
    }
    const state = this.#shown(flow, about, protocol, end)
    if (state === undefined) return
    if (forwarded || (isOfImages(facts) && isArchive(state))) {
      const field = facts[0]?.field ?? 'content'
      this.#note(state, { attribute: 'relays', raw: protocol, protocol, field, confidence: 'medium' }, end)
      return
    }
    for (const { attribute, value, field } of facts) this.#learn(state, attribute, value, protocol, field, end)
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
    const mac = side === 'client' ? flow.clientMac : flow.serverMac
    const known = this.#seen(address, time)
    if (known === undefined) return this.#registry.create(address, flow.clientMac === flow.serverMac ? undefined : mac, time)
    if (known.macs.size === 0 && known.id !== undefined && mac !== undefined) this.#registry.offerMac(known, mac, address, time)
    return known
  }

  #seen(address: string, time: number): DeviceState | undefined {
    const state = this.#registry.at(address)
    if (state !== undefined && time > state.lastSeen) {
      state.lastSeen = time
      if (this.#store !== undefined) this.#touched.add(state)
    }
    return state
  }

  #learn(state: DeviceState, attribute: IdentityAttribute, raw: string, protocol: IdentityProtocol, field: string, time: number): void {
    const news = state.learn(attribute, raw, protocol, field, time)
    if (news === 'contrary') this.#pend(state, time)
    const facts = news === 'new' ? factsOf(attribute, raw, protocol, field) : impliedFacts(attribute, raw, protocol, field)
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
    state.changedAt = time
    if (this.#store !== undefined) this.#unsaved.add(state)
    if (state.pendingSince !== undefined) return
    state.pendingSince = time
    this.#pending.add(state)
    this.#nextReport = Math.min(this.#nextReport, time + HOLD)
  }

  /** Report held news that is due; all of it when `all`, or when the clock was set back. */
  #report(time: number, all: boolean): void {
    for (const state of [...this.#pending]) {
      const since = state.pendingSince
      if (since === undefined || all || time >= since + HOLD || time < since - CLOCK_STEP) this.#reportState(state)
    }
    let next = Number.POSITIVE_INFINITY
    for (const { pendingSince } of this.#pending) if (pendingSince !== undefined) next = Math.min(next, pendingSince + HOLD)
    this.#nextReport = next
  }

  #reportState(candidate: DeviceState): void {
    const state = this.#registry.settle(candidate)
    this.#pending.delete(candidate)
    this.#pending.delete(state)
    const discovered = !state.announced
    const differences = state.announce()
    if (discovered) {
      this.#emit({ kind: 'device-discovered', device: state.describe(), time: state.changedAt })
      return
    }
    if (differences.length === 0) return
    const device = state.describe()
    for (const difference of differences) this.#emit({ kind: 'device-changed', device, time: state.changedAt, ...difference })
  }

  #removed(state: DeviceState): void {
    this.#pending.delete(state)
    this.#unsaved.delete(state)
    this.#touched.delete(state)
    if (state.id !== undefined) this.#store?.remove(state.id)
  }

  #save(withTouched: boolean): void {
    if (this.#store === undefined) return
    if (withTouched) for (const state of this.#touched) this.#unsaved.add(state)
    const ready = [...this.#unsaved].filter(state => state.id !== undefined)
    if (!this.#store.save(ready.map(state => state.save()))) return
    for (const state of ready) this.#unsaved.delete(state)
    if (withTouched) this.#touched.clear()
  }
}

/** Tags of stored images, as opposed to what the sender says of itself. */
function isOfImages(facts: DeviceIdentity['facts']): boolean {
  return facts.some(({ field }) => field.startsWith('('))
}

/** Takes images and answers queries: what it sends was made elsewhere. */
function isArchive({ evidence }: DeviceState): boolean {
  return evidence.knows('role', 'storage_scp') && evidence.knows('role', 'query_scp')
}

function addressOf(flow: Flow, side: Side): string {
  return side === 'client' ? flow.clientAddress : flow.serverAddress
}

function sideOf(direction: Direction): Side {
  return direction === 0 ? 'client' : 'server'
}
