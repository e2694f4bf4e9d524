import { formatIpv4, formatIpv6, formatMac } from './addresses.ts'
import { communityId } from './community-id.ts'
import type { Direction, Flow, Transport } from './flow.ts'
import { Protocol } from './ip.ts'
import type { Layers } from './layers.ts'
import type { SynTraits } from './syn.ts'
import type { TcpStream } from './tcp-stream.ts'

const TRANSPORTS: ReadonlyMap<number, Transport> = new Map([
  [Protocol.TCP, 'tcp'],
  [Protocol.UDP, 'udp'],
  [Protocol.ICMP, 'icmp'],
  [Protocol.ICMPV6, 'ipv6-icmp'],
  [Protocol.SCTP, 'sctp'],
])
const NO_VLANS: readonly number[] = []

/** A flow as the net stage keeps it: numbers only; text is made when somebody asks. */
export class FlowState implements Flow {
  readonly number: number
  readonly protocolNumber: number
  readonly ipVersion: 4 | 6
  readonly hash: number
  clientPort: number
  serverPort: number
  readonly client: Address
  readonly server: Address
  clientMacHigh = -1
  clientMacLow = 0
  serverMacHigh = -1
  serverMacLow = 0
  vlanIds: readonly number[]
  readonly interfaceIndex: number
  readonly startTime: number
  lastTime: number
  packetsFromClient = 0
  packetsFromServer = 0
  bytesFromClient = 0
  bytesFromServer = 0
  midstream = false
  clientSyn: SynTraits | undefined
  clientGuessed = false
  forwardedFor: string | undefined
  gapBytesFromClient = 0
  gapBytesFromServer = 0
  overlapConflicts = 0
  /** One-way ICMP messages have an id of their own direction. */
  readonly oneWay: boolean
  /** TCP: the two directions, by sender. */
  fromClient: TcpStream | undefined
  fromServer: TcpStream | undefined
  /** Its end was told: the flow lingers for late packets only. */
  ended = false
  /** When it was last moved to the end of the age list. */
  touchedTime: number
  /** Chain of flows with the same hash, and the list by age. */
  next: FlowState | undefined
  older: FlowState | undefined
  newer: FlowState | undefined
  #communityId: string | undefined
  #clientAddress: string | undefined
  #serverAddress: string | undefined
  #clientMac: string | undefined
  #serverMac: string | undefined

  constructor(number: number, hash: number, layers: Layers, sourcePort: number, targetPort: number, swap: boolean, oneWay: boolean) {
    this.number = number
    this.hash = hash
    this.protocolNumber = layers.protocol
    this.ipVersion = layers.version
    const [client, server] = swap ? [layers.target, layers.source] : [layers.source, layers.target]
    this.client = addressOf(client, layers.version)
    this.server = addressOf(server, layers.version)
    this.clientPort = swap ? targetPort : sourcePort
    this.serverPort = swap ? sourcePort : targetPort
    this.vlanIds = layers.vlans.length === 0 ? NO_VLANS : [...layers.vlans]
    this.interfaceIndex = layers.interfaceIndex
    this.startTime = layers.time
    this.lastTime = layers.time
    this.touchedTime = layers.time
    this.oneWay = oneWay
  }

  /** Direction of a packet with these layers, or -1 when it belongs to another flow. */
  direction(layers: Layers, sourcePort: number, targetPort: number): Direction | -1 {
    if (layers.protocol !== this.protocolNumber || layers.version !== this.ipVersion) return -1
    if (
      sourcePort === this.clientPort &&
      targetPort === this.serverPort &&
      same(this.client, layers.source) &&
      same(this.server, layers.target)
    )
      return 0
    if (
      sourcePort === this.serverPort &&
      targetPort === this.clientPort &&
      same(this.server, layers.source) &&
      same(this.client, layers.target)
    )
      return 1
    return -1
  }

  /** Count a packet of this flow. */
  count(direction: Direction, layers: Layers): void {
    if (layers.time > this.lastTime) this.lastTime = layers.time
    if (direction === 0) {
      this.packetsFromClient++
      this.bytesFromClient += layers.ipLength
      if (this.clientMacHigh < 0) this.#setMacs(layers.sourceMacHigh, layers.sourceMacLow, layers.targetMacHigh, layers.targetMacLow)
      return
    }
    this.packetsFromServer++
    this.bytesFromServer += layers.ipLength
    if (this.serverMacHigh < 0) this.#setMacs(layers.targetMacHigh, layers.targetMacLow, layers.sourceMacHigh, layers.sourceMacLow)
  }

  #setMacs(clientHigh: number, clientLow: number, serverHigh: number, serverLow: number): void {
    if (clientHigh >= 0) {
      this.clientMacHigh = clientHigh
      this.clientMacLow = clientLow
    }
    if (serverHigh >= 0 && this.serverMacHigh < 0) {
      this.serverMacHigh = serverHigh
      this.serverMacLow = serverLow
    }
  }

  get transport(): Transport {
    return TRANSPORTS.get(this.protocolNumber) ?? 'other'
  }

  get clientAddress(): string {
    this.#clientAddress ??= addressText(this.client)
    return this.#clientAddress
  }

  get serverAddress(): string {
    this.#serverAddress ??= addressText(this.server)
    return this.#serverAddress
  }

  get clientMac(): string | undefined {
    if (this.#clientMac === undefined && this.clientMacHigh >= 0) this.#clientMac = formatMac(this.clientMacHigh, this.clientMacLow)
    return this.#clientMac
  }

  get serverMac(): string | undefined {
    if (this.#serverMac === undefined && this.serverMacHigh >= 0) this.#serverMac = formatMac(this.serverMacHigh, this.serverMacLow)
    return this.#serverMac
  }

  get communityId(): string {
    this.#communityId ??= communityId(
      {
        version: this.ipVersion,
        protocol: this.protocolNumber,
        sourceAddress: wordsOf(this.client),
        targetAddress: wordsOf(this.server),
        sourcePort: this.clientPort,
        targetPort: this.serverPort,
      },
      this.oneWay,
    )
    return this.#communityId
  }
}

/** An IPv4 address as its word, an IPv6 address as its four: a number takes no memory beside the flow's. */
type Address = number | Int32Array

function addressOf(words: Int32Array, version: 4 | 6): Address {
  return version === 4 ? words[0] : words.slice()
}

function wordsOf(address: Address): Int32Array {
  return typeof address === 'number' ? Int32Array.of(address) : address
}

function same(kept: Address, seen: Int32Array): boolean {
  if (typeof kept === 'number') return kept === seen[0]
  return kept[0] === seen[0] && kept[1] === seen[1] && kept[2] === seen[2] && kept[3] === seen[3]
}

function addressText(address: Address): string {
  return typeof address === 'number' ? formatIpv4(address) : formatIpv6(address[0], address[1], address[2], address[3])
}
