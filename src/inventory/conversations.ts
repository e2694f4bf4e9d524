import { isIP } from 'node:net'
import { type Direction, type Flow, opposite } from '../net/flow.ts'
import type {
  DeviceIdentity,
  DicomAssociation,
  DicomAssociationKey,
  DicomWebRequest,
  FhirInteraction,
  FlowEnded,
  Hl7Message,
  Hl7Observations,
  IdentityProtocol,
  Observation,
  TlsHandshake,
} from '../protocols/observation.ts'
import type { Fact } from './evidence.ts'
import { addressOf, type Hosts, ownMacOf, type Side } from './hosts.ts'
import { unitOf } from './known-by.ts'
import { Refrains } from './refrains.ts'
import type { DeviceRegistry } from './registry.ts'
import type { InventorySettings } from './settings.ts'
import type { DeviceState } from './state.ts'
import { isArchive, isTranslator } from './types.ts'

/** Protocols whose content makes the host that speaks them a device; anything speaks the others. */
const SHOWS_DEVICES: ReadonlySet<IdentityProtocol> = new Set(['dicom', 'hl7'])

/** SYN, acknowledgment, and something after it: whoever makes up the address of a sender does not get so far. */
const MIN_PACKETS = 3

/** What conversations say of those who have them: who they are, what they do and offer, with whom, and how well protected. */
export class Conversations {
  readonly #hosts: Hosts
  readonly #registry: DeviceRegistry
  /** What TLS on a port is taken to hide. */
  readonly #serviceOfPort: ReadonlyMap<number, string>
  readonly #refrains = new Refrains()

  constructor(hosts: Hosts, registry: DeviceRegistry, ports: InventorySettings['encrypted_ports']) {
    this.#hosts = hosts
    this.#registry = registry
    this.#serviceOfPort = new Map(Object.entries(ports).flatMap(([service, numbers]) => numbers.map(port => [port, service] as const)))
  }

  observe(observation: Observation): void {
    const { flow, end } = observation
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
        this.#titles(flow, observation.association, end)
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
        this.#ended(observation)
    }
  }

  #identity(observation: DeviceIdentity): void {
    const { flow, about, protocol, facts, end, forwarded } = observation
    if (!SHOWS_DEVICES.has(protocol)) {
      this.#hosts.identify({
        kind: 'host-identity',
        protocol,
        subject: { mac: undefined, address: addressOf(flow, about) },
        time: end,
        facts,
      })
      return
    }
    const state = this.#hosts.shown(flow, about, protocol, end)
    if (state === undefined) return
    if (forwarded || (isOfImages(facts) && isArchive(state.evidence))) {
      const field = facts[0]?.field ?? 'content'
      this.#hosts.note(state, { attribute: 'relays', raw: protocol, protocol, field, confidence: 'medium' }, end)
      return
    }
    const unit = unitOf(facts, protocol)
    if (unit !== undefined) {
      this.#hosts.note(state, unit, end)
      this.#registry.stated(state, ownMacOf(flow, about), addressOf(flow, about), end)
    }
    const speaker = unit !== undefined && isTranslator(state.evidence) ? this.#behind(state, unit, end) : state
    for (const { attribute, value, field } of facts) this.#hosts.learn(speaker, attribute, value, protocol, field, end)
  }

  /** A unit that speaks from behind the address of several. */
  #behind(gateway: DeviceState, unit: Fact, time: number): DeviceState {
    const state = this.#registry.behind(gateway, unit, time)
    if (state === undefined) return gateway
    state.lastSeen = Math.max(state.lastSeen, time)
    const { first: address = '' } = gateway.addresses
    this.#hosts.note(state, { attribute: 'behind', raw: address, protocol: unit.protocol, field: unit.field, confidence: 'medium' }, time)
    return state
  }

  #association(observation: DicomAssociation): void {
    const { flow, end, association, requestor, acceptor, result } = observation
    if (result !== 'accepted') {
      const caller = this.#hosts.shown(flow, 'client', 'dicom', end)
      const raw = refusedTitle(observation)
      if (caller !== undefined && raw !== undefined)
        this.#hosts.mention(
          caller,
          { attribute: 'refused_title', raw, protocol: 'dicom', field: 'A-ASSOCIATE-RJ', confidence: 'high' },
          end,
        )
      if (result !== 'unanswered') this.#hosts.shown(flow, 'server', 'dicom', end)
      return
    }
    const [requesting, accepting] = this.#titles(flow, association, end)
    this.#hosts.supplement(requesting, 'implementation_class_uid', requestor.classUid, 'dicom', '0x52', end)
    this.#hosts.supplement(requesting, 'implementation_version', requestor.version, 'dicom', '0x55', end)
    this.#hosts.supplement(accepting, 'implementation_class_uid', acceptor.classUid, 'dicom', '0x52', end)
    this.#hosts.supplement(accepting, 'implementation_version', acceptor.version, 'dicom', '0x55', end)
    this.#spoke(flow, 'dicom', end)
  }

  /** Both ends of an association that the server took, with the AE titles by which they know each other. */
  #titles(
    flow: Flow,
    association: DicomAssociationKey,
    time: number,
  ): readonly [requestor: DeviceState | undefined, acceptor: DeviceState | undefined] {
    const client = this.#hosts.shown(flow, 'client', 'dicom', time)
    const server = this.#hosts.shown(flow, 'server', 'dicom', time)
    const [requestor, acceptor] = association.requestedBy === 0 ? [client, server] : [server, client]
    this.#hosts.supplement(requestor, 'ae_title', association.callingAeTitle, 'dicom', 'calling AE title', time)
    this.#hosts.supplement(acceptor, 'ae_title', association.calledAeTitle, 'dicom', 'called AE title', time)
    return [requestor, acceptor]
  }

  /** Most messages of a flow say of their ends what the one before said: they are counted, and nothing more. */
  #message(message: Hl7Message): void {
    const { flow, end, direction, type, trigger, ack, sending } = message
    const sender = this.#hosts.at(flow, sideOf(direction), end)
    const receiver = ack === undefined ? undefined : this.#hosts.at(flow, sideOf(opposite(direction)), end)
    if (this.#refrains.repeat(message, sender, receiver)) return
    this.#hosts.shown(flow, sideOf(direction), 'hl7', end)
    this.#hosts.supplement(sender, 'hl7_application', sending.application, 'hl7', 'MSH-3', end)
    const raw = joined(type, trigger)
    if (sender !== undefined && raw !== '') {
      this.#hosts.note(sender, { attribute: 'hl7_sends', raw, protocol: 'hl7', field: 'MSH-9', confidence: 'high' }, end)
      if (message.deviceObservation) this.#reports(sender, raw, end)
    }
    if (receiver !== undefined) this.#received(message, receiver, raw)
    this.#refrains.learn(message, sender, receiver)
  }

  #received({ flow, direction, sending, end }: Hl7Message, receiver: DeviceState, raw: string): void {
    this.#hosts.shown(flow, sideOf(opposite(direction)), 'hl7', end)
    const peer = sending.application ?? addressOf(flow, sideOf(direction))
    this.#hosts.note(receiver, { attribute: 'hl7_peer', raw: peer, protocol: 'hl7', field: 'MSH-3', confidence: 'high' }, end)
    if (raw !== '')
      this.#hosts.mention(receiver, { attribute: 'hl7_receives', raw, protocol: 'hl7', field: 'MSH-9', confidence: 'high' }, end)
    this.#spoke(flow, 'hl7', end)
  }

  /** A roll-up does not say who opened the flow; device reports are pushed, so the client is the sender. */
  #deviceObservations({ flow, end, type, trigger, ackCode }: Hl7Observations): void {
    const sender = this.#hosts.shown(flow, 'client', 'hl7', end)
    if (sender !== undefined) this.#reports(sender, joined(type, trigger), end)
    if (ackCode !== 'none') this.#hosts.shown(flow, 'server', 'hl7', end)
  }

  #reports(sender: DeviceState, raw: string, time: number): void {
    this.#hosts.note(sender, { attribute: 'device_observations', raw, protocol: 'hl7', field: 'MSH-9', confidence: 'high' }, time)
  }

  /** DICOM and FHIR over HTTP: any server can be asked, but only one of the kind gives what was asked for. */
  #web({ kind, flow, direction, http, end }: DicomWebRequest | FhirInteraction): void {
    const protocol = kind === 'fhir-interaction' ? 'fhir' : 'dicomweb'
    if (http.authentication !== undefined) this.#hosts.shown(flow, sideOf(direction), protocol, end)
    if (http.status === undefined || http.status >= 300) return
    this.#hosts.shown(flow, sideOf(opposite(direction)), protocol, end)
    this.#spoke(flow, protocol, end)
  }

  #tls({ flow, end, established, serverName, version }: TlsHandshake): void {
    const service = this.#serviceOfPort.get(flow.serverPort)
    if (!established) return
    const field = `port ${flow.serverPort}`
    for (const side of ['client', 'server'] as const) {
      const state = service === undefined ? this.#hosts.seen(addressOf(flow, side), end) : this.#hosts.at(flow, side, end)
      if (state === undefined) continue
      if (service !== undefined)
        this.#hosts.note(state, { attribute: 'protocol', raw: `${service} over tls`, protocol: 'tls', field, confidence: 'low' }, end)
      const raw = `${service ?? `tcp/${flow.serverPort}`}: TLS${version === undefined ? '' : ` ${version}`}`
      this.#hosts.mention(state, { attribute: 'encryption', raw, protocol: 'tls', field: 'handshake', confidence: 'high' }, end)
      if (side === 'server' && serverName !== undefined && isIP(serverName) === 0) {
        const name = serverName.toLowerCase()
        this.#hosts.note(state, { attribute: 'hostname', raw: name, protocol: 'tls', field: 'server_name', confidence: 'low' }, end)
      }
    }
    if (service !== undefined) this.#spoke(flow, 'tls', end, service)
  }

  /** Both ends had a conversation: they are peers, and one of them offers what it was about. `hidden`: what TLS is taken to hide. */
  #spoke(flow: Flow, protocol: string, time: number, hidden?: string): void {
    const address = addressOf(flow, 'client')
    const client = this.#registry.at(address)
    const server = this.#registry.at(flow.serverAddress)
    const fact = { protocol, field: 'conversation', confidence: hidden === undefined ? 'high' : 'low' } as const
    if (client !== undefined) this.#hosts.mention(client, { ...fact, attribute: 'peer', raw: flow.serverAddress }, time)
    if (server === undefined) return
    this.#hosts.mention(server, { ...fact, attribute: 'peer', raw: address }, time)
    const name = hidden === undefined ? protocol : `${hidden} over tls`
    this.#hosts.mention(server, { ...fact, attribute: 'service', raw: `${name} tcp/${flow.serverPort}` }, time)
  }

  #ended({ flow, end }: FlowEnded): void {
    for (const side of ['client', 'server'] as const) {
      const state = this.#hosts.seen(addressOf(flow, side), end)
      if (state === undefined) continue
      if (flow.vlanIds.length > 0) this.#hosts.noteVlan(state, flow, side, end)
      if (side === 'client' && flow.packetsFromClient >= MIN_PACKETS) this.#hosts.noteStack(state, flow, end)
    }
  }
}

/** The AE title that was the reason of a rejection (PS3.8 table 9-21). */
function refusedTitle({ reject, association }: DicomAssociation): string | undefined {
  if (reject?.reason === 'called_ae_title_not_recognized') return association.calledAeTitle
  return reject?.reason === 'calling_ae_title_not_recognized' ? association.callingAeTitle : undefined
}

/** `ORU^R01`. */
function joined(type: string | undefined, trigger: string | undefined): string {
  return trigger === undefined ? (type ?? '') : `${type ?? ''}^${trigger}`
}

/** Tags of stored images, as opposed to what the sender says of itself. */
function isOfImages(facts: DeviceIdentity['facts']): boolean {
  return facts.some(({ field }) => field.startsWith('('))
}

function sideOf(direction: Direction): Side {
  return direction === 0 ? 'client' : 'server'
}
