import { type Direction, type Flow, FROM_CLIENT } from '../net/flow.ts'
import type { Incomplete } from '../protocols/observation.ts'
import { networkDirection } from './address.ts'
import { type Context, compact, distinct, type EventFacts, eventFields, eventId, type Fields, finish, list, sentence } from './common.ts'
import { deviceParts } from './device-fields.ts'
import type { WardwireEvent } from './event.ts'
import { share } from './shared.ts'
import { timestamp } from './time.ts'

/** What an event about a flow is made of, beside the flow itself. */
export interface NetworkFacts extends EventFacts {
  readonly flow: Flow
  readonly streamOffset: number
  /** Tells events of the same kind, flow, time and offset apart. */
  readonly discriminator: string
  /** Who sent the request or message: that end becomes `source`. */
  readonly sender: Direction
  /** Lower case: dicom, hl7, tls … */
  readonly protocol: string | undefined
  /** The flow's byte and packet counters belong to this event. */
  readonly counters: boolean
  /** Which end the event is about, when both are known devices. */
  readonly about: 'client' | 'server'
  readonly message: string
  readonly hosts?: readonly (string | undefined)[]
  readonly partial: readonly Incomplete[]
  /** Further groups of the document, in order: `{dicom: …}`. */
  readonly body: Fields
  /** Further groups of `wardwire.*`. */
  readonly wardwire?: Fields
}

/** What does not change over the life of a flow, and the groups without counters as the latest event had them. */
interface FlowParts {
  readonly tuple: string
  readonly direction: string
  readonly vlan: Fields | undefined
  readonly innerVlan: Fields | undefined
  readonly addresses: readonly string[] | undefined
  network: Fields | undefined
  client: Fields | undefined
  server: Fields | undefined
}

const partsByFlow = new WeakMap<Flow, FlowParts>()

function flowParts(flow: Flow): FlowParts {
  const known = partsByFlow.get(flow)
  if (known !== undefined) return known
  const { clientAddress, serverAddress, forwardedFor, vlanIds } = flow
  const parts: FlowParts = {
    tuple: [flow.transport, clientAddress, flow.clientPort, serverAddress, flow.serverPort, vlanIds.join('.')].join(' '),
    direction: networkDirection(clientAddress, serverAddress),
    vlan: vlanIds.length > 0 ? { id: String(vlanIds[0]) } : undefined,
    innerVlan: vlanIds.length > 1 ? { vlan: { id: String(vlanIds[1]) } } : undefined,
    addresses: distinct([clientAddress, serverAddress, forwardedFor]),
    network: undefined,
    client: undefined,
    server: undefined,
  }
  partsByFlow.set(flow, parts)
  return parts
}

/** Id of an event about a flow. */
function flowEventId(context: Context, flow: Flow, time: number, streamOffset: number, kind: string, discriminator: string): string {
  return eventId(context.sensorId, flowParts(flow).tuple, time, streamOffset, kind, discriminator)
}

/** Build the document of an event about a flow: everything common, then the body. */
export function networkEvent(context: Context, facts: NetworkFacts): WardwireEvent {
  const { flow } = facts
  const parts = flowParts(flow)
  const id = flowEventId(context, flow, facts.start ?? facts.time, facts.streamOffset, facts.action, facts.discriminator)
  const clientDevice = context.deviceAt(flow.clientAddress)
  const serverDevice = context.deviceAt(flow.serverAddress)
  const device = facts.about === 'client' ? (clientDevice ?? serverDevice) : (serverDevice ?? clientDevice)
  const about = device && deviceParts(device)
  const client = clientSide(flow, parts, clientDevice?.hostname || undefined, facts.counters)
  const server = serverSide(flow, parts, serverDevice?.hostname || undefined, facts.counters)
  const clientEnd = clientDevice && deviceParts(clientDevice).end
  const serverEnd = serverDevice && deviceParts(serverDevice).end
  const forward = facts.sender === FROM_CLIENT
  return finish(facts.dataset, id, {
    '@timestamp': timestamp(facts.time),
    message: sentence(facts.message),
    ecs: context.ecs,
    event: eventFields(context, id, facts),
    observer: context.observer(context.interfaceName(flow.interfaceIndex)),
    network: networkFields(flow, parts, facts),
    source: forward ? client : server,
    destination: forward ? server : client,
    client,
    server,
    related: compact({
      ip: parts.addresses,
      hosts: distinct([clientDevice?.hostname, serverDevice?.hostname, ...(facts.hosts ?? [])]),
    }),
    device: about?.device,
    host: about?.host,
    entity: about?.entity,
    ...facts.body,
    wardwire: compact({
      source: forward ? clientEnd : serverEnd,
      destination: forward ? serverEnd : clientEnd,
      partial: list(facts.partial),
      ...facts.wardwire,
    }),
  })
}

function networkFields(flow: Flow, parts: FlowParts, { protocol, counters }: NetworkFacts): Fields {
  if (!counters && parts.network !== undefined && parts.network['protocol'] === protocol) return parts.network
  const fields = {
    type: flow.ipVersion === 4 ? 'ipv4' : 'ipv6',
    transport: flow.transport === 'other' ? undefined : flow.transport,
    iana_number: String(flow.protocolNumber),
    protocol,
    direction: parts.direction,
    community_id: flow.communityId,
    forwarded_ip: flow.forwardedFor,
    bytes: counters ? flow.bytesFromClient + flow.bytesFromServer : undefined,
    packets: counters ? flow.packetsFromClient + flow.packetsFromServer : undefined,
    vlan: parts.vlan,
    inner: parts.innerVlan,
  }
  if (counters) return fields
  parts.network = share(fields)
  return fields
}

function clientSide(flow: Flow, parts: FlowParts, domain: string | undefined, counters: boolean): Fields {
  const side = {
    address: flow.clientAddress,
    ip: flow.clientAddress,
    port: hasPorts(flow) ? flow.clientPort : undefined,
    mac: flow.clientMac,
    domain,
  }
  if (counters) return { ...side, bytes: flow.bytesFromClient, packets: flow.packetsFromClient }
  if (!sameSide(parts.client, side)) parts.client = share(side)
  return parts.client ?? side
}

function serverSide(flow: Flow, parts: FlowParts, domain: string | undefined, counters: boolean): Fields {
  const side = {
    address: flow.serverAddress,
    ip: flow.serverAddress,
    port: hasPorts(flow) ? flow.serverPort : undefined,
    mac: flow.serverMac,
    domain,
  }
  if (counters) return { ...side, bytes: flow.bytesFromServer, packets: flow.packetsFromServer }
  if (!sameSide(parts.server, side)) parts.server = share(side)
  return parts.server ?? side
}

/** MAC and hostname may become known later. */
function sameSide(known: Fields | undefined, side: Fields): boolean {
  return known !== undefined && known['mac'] === side['mac'] && known['domain'] === side['domain']
}

function hasPorts(flow: Flow): boolean {
  return flow.transport === 'tcp' || flow.transport === 'udp' || flow.transport === 'sctp'
}

/** Categories of protocol events. */
export const NETWORK: readonly string[] = ['network']
