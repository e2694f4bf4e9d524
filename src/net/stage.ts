import type { PacketSink, RawPacket } from '../capture/source.ts'
import { formatIpv4, formatIpv6, formatMac } from './addresses.ts'
import { icmpPorts } from './community-id.ts'
import { CopyDetector } from './copies.ts'
import type { Direction, FlowEnd, FlowHandler, LinkLayerProtocol } from './flow.ts'
import { FlowState } from './flow-state.ts'
import { FlowTable } from './flow-table.ts'
import { FragmentTable } from './fragments.ts'
import { Protocol, readExtensions, readIpv4, readIpv6 } from './ip.ts'
import { createLayers, EtherType, type Layers, MALFORMED, MIN_ETHERTYPE } from './layers.ts'
import { readEthernet, readLink, readTagged } from './link.ts'
import { Reassembler } from './reassembly.ts'
import type { NetSettings } from './settings.ts'
import type { InterfaceStatistics, NetStatistics } from './statistics.ts'
import { SynReader } from './syn.ts'
import { TcpReader } from './tcp.ts'
import { readGre, readUdpTunnel } from './tunnels.ts'

const MAX_TUNNELS = 5
/** Interfaces counted one by one; a recording can claim any number. */
const MAX_INTERFACES = 256
const SECOND = 1_000_000
/** A finished TCP flow stays this long for its last packets, so that they open no new one. */
const LINGER = 5 * SECOND
/** A flow moves to the end of the age list only when this much time has passed: one packet in many pays for it. */
const TOUCH_INTERVAL = SECOND

/** Packets to flows: link layer, tunnels, IP with fragments, TCP in order, UDP. Never throws on wire data. */
export class NetworkStage implements PacketSink {
  readonly #settings: NetSettings
  readonly #handler: FlowHandler
  readonly #layers: Layers = createLayers()
  readonly #table = new FlowTable()
  readonly #fragments: FragmentTable
  readonly #copies = new CopyDetector()
  readonly #reassembler: Reassembler
  readonly #tcp: TcpReader
  readonly #syns = new SynReader()
  readonly #seed = (Math.random() * 0x1_0000_0000) | 0
  readonly #interfaces: InterfaceStatistics[] = []
  #packets = 0
  #bytes = 0
  #flowsTotal = 0
  #flowsEvicted = 0
  #malformed = 0
  #unknownLinkTypes = 0
  #fragmentsSeen = 0
  #duplicates = 0

  constructor(settings: NetSettings, handler: FlowHandler) {
    this.#settings = settings
    this.#handler = handler
    this.#fragments = new FragmentTable(settings.fragments_max)
    this.#reassembler = new Reassembler(
      { bytesPerFlow: settings.reassembly_bytes_per_flow, bytesTotal: settings.reassembly_bytes_total },
      handler,
      (flow, bytes) => {
        this.#interface(flow.interfaceIndex).lostBytes += bytes
      },
    )
    this.#tcp = new TcpReader(this.#reassembler, (flow, end, time) => this.#end(flow, end, time))
  }

  get statistics(): NetStatistics {
    return {
      packets: this.#packets,
      bytes: this.#bytes,
      flows: this.#table.size,
      flowsTotal: this.#flowsTotal,
      flowsEvicted: this.#flowsEvicted,
      malformed: this.#malformed,
      unknownLinkTypes: this.#unknownLinkTypes,
      fragments: this.#fragmentsSeen,
      fragmentLimit: this.#fragments.limitHits,
      fragmentsIncomplete: this.#fragments.incomplete,
      fragmentOverlaps: this.#fragments.overlaps,
      reassemblyLimit: this.#reassembler.limitHits,
      retransmits: this.#reassembler.retransmits,
      duplicates: this.#duplicates,
      overlapConflicts: this.#reassembler.conflicts,
      inferredLostBytes: this.#reassembler.lostBytes,
      interfaces: this.#interfaces,
    }
  }

  packet(raw: RawPacket): void {
    this.#packets++
    this.#bytes += raw.originalLength
    const seen = this.#interface(raw.interfaceIndex)
    seen.packets++
    seen.bytes += raw.originalLength
    const layers = this.#layers
    layers.data = raw.data
    layers.view = raw.view
    layers.at = raw.offset
    layers.end = raw.offset + raw.capturedLength
    layers.wireEnd = raw.offset + raw.originalLength
    layers.time = raw.time
    layers.interfaceIndex = raw.interfaceIndex
    layers.sourceMacHigh = -1
    layers.targetMacHigh = -1
    layers.depth = 0
    if (layers.vlans.length > 0) layers.vlans.length = 0
    const type = readLink(layers, raw.linkType)
    if (type === undefined) this.#unknownLinkTypes++
    else this.#network(type)
  }

  /** Let time pass: end what was silent too long, give up holes and fragments. */
  tick(time: number): void {
    this.#fragments.tick(time)
    const tcpIdle = this.#settings.tcp_idle_seconds * SECOND
    const udpIdle = this.#settings.udp_idle_seconds * SECOND
    const shortest = Math.min(LINGER, udpIdle, tcpIdle)
    for (let flow = this.#table.oldest; flow !== undefined && time - flow.lastTime > shortest; ) {
      const following: FlowState | undefined = flow.newer
      const isTcp = flow.protocolNumber === Protocol.TCP
      const silence = flow.ended ? LINGER : isTcp ? tcpIdle : udpIdle
      if (isTcp && !flow.ended) this.#tcp.review(flow, time)
      if (time - flow.lastTime > silence) this.#drop(flow, 'timed_out', time)
      flow = following
    }
  }

  /** End of input: every flow that is still open ends as `open`. */
  finish(time: number): void {
    for (let flow = this.#table.oldest; flow !== undefined; flow = this.#table.oldest) this.#drop(flow, 'open', time)
  }

  #interface(index: number): InterfaceStatistics {
    return this.#interfaces[index] ?? this.#newInterface(Math.min(index, MAX_INTERFACES - 1))
  }

  #newInterface(index: number): InterfaceStatistics {
    while (this.#interfaces.length <= index) this.#interfaces.push({ packets: 0, bytes: 0, lostBytes: 0 })
    return this.#interfaces[index]
  }

  #network(type: number): void {
    const layers = this.#layers
    if (type === EtherType.IPV4) {
      if (readIpv4(layers) < 0) this.#malformed++
      else this.#internet()
    } else if (type === EtherType.IPV6) {
      if (readIpv6(layers) < 0) this.#malformed++
      else this.#internet()
    } else if (type === EtherType.ARP) this.#arp()
    else if (type === EtherType.TRANSPARENT_ETHERNET) this.#network(readEthernet(layers))
    else if (type === EtherType.LLDP) this.#link('lldp')
    else if (type === EtherType.CDP) this.#link('cdp')
    else if (type === MALFORMED) this.#malformed++
  }

  #link(protocol: LinkLayerProtocol): void {
    const { data, at, end, sourceMacHigh, sourceMacLow, interfaceIndex, vlans, time } = this.#layers
    if (end > at) this.#handler.link?.(protocol, data, at, end - at, formatMac(sourceMacHigh, sourceMacLow), interfaceIndex, vlans[0], time)
  }

  #internet(): void {
    const layers = this.#layers
    if (!layers.moreFragments && layers.fragmentOffset === 0) {
      this.#transport()
      return
    }
    this.#fragmentsSeen++
    if (this.#isCopy(layers.at)) return
    const whole = this.#fragments.add(layers)
    if (whole === undefined) return
    layers.data = whole.data
    layers.view = new DataView(whole.data.buffer)
    layers.at = 0
    layers.end = whole.length
    layers.wireEnd = whole.length
    layers.protocol = whole.protocol
    layers.fragmentOffset = 0
    layers.moreFragments = false
    layers.ipLength = whole.length + (layers.version === 4 ? 20 : 40)
    if (layers.version === 6 && readExtensions(layers, layers.protocol) < 0) {
      this.#malformed++
      return
    }
    this.#transport()
  }

  #transport(): void {
    const layers = this.#layers
    const { view, at, end } = layers
    switch (layers.protocol) {
      case Protocol.TCP:
        if (end - at < 20 || tcpHeaderLength(layers) < 20) this.#malformed++
        else this.#tcpPacket(view.getUint16(at), view.getUint16(at + 2))
        return
      case Protocol.UDP:
        if (end - at < 8) this.#malformed++
        else this.#udpPacket(view.getUint16(at), view.getUint16(at + 2))
        return
      case Protocol.ICMP:
      case Protocol.ICMPV6:
        if (end - at >= 4 && !this.#isCopy(at)) this.#icmpPacket(view.getUint8(at), view.getUint8(at + 1))
        return
      case Protocol.GRE:
        this.#tunnel(readGre(layers))
        return
      case Protocol.IPIP:
        this.#tunnel(EtherType.IPV4)
        return
      case Protocol.IPV6:
        this.#tunnel(EtherType.IPV6)
        return
      case Protocol.SCTP:
        if (end - at >= 4 && !this.#isCopy(at)) this.#plain(view.getUint16(at), view.getUint16(at + 2), false)
        return
      default:
        if (!this.#isCopy(at)) this.#plain(-1, -1, false)
    }
  }

  /** True, and counted, when the packet in hand, whose transport header begins at `at`, was just seen. */
  #isCopy(at: number): boolean {
    if (!this.#copies.isCopy(this.#layers, at, this.#scope())) return false
    this.#duplicates++
    return true
  }

  /** Where flows in different VLANs are told apart, so are copies. */
  #scope(): number {
    return this.#settings.vlan_in_flow_key ? (this.#layers.vlans[0] ?? 0) : 0
  }

  #tunnel(type: number): void {
    const layers = this.#layers
    if (layers.depth >= MAX_TUNNELS) return
    layers.depth++
    this.#network(type >= MIN_ETHERTYPE ? readTagged(layers, type) : type)
  }

  /** TCP (RFC 9293 §3.1). */
  #tcpPacket(sourcePort: number, targetPort: number): void {
    const layers = this.#layers
    const flags = layers.view.getUint8(layers.at + 13)
    const seen = this.#copies.isCopy(layers, layers.at, this.#scope())
    let flow = this.#find(sourcePort, targetPort)
    if (seen && (flow === undefined || !this.#tcp.contradicts(flow, this.#direction, layers))) {
      this.#duplicates++
      return
    }
    if (flow !== undefined && this.#tcp.opensAnew(flow, this.#direction, layers, flags)) {
      this.#drop(flow, 'superseded', layers.time)
      flow = undefined
    }
    if (flow === undefined) {
      if ((flags & 0x04) !== 0 && (flags & 0x02) === 0) return
      flow = this.#open(sourcePort, targetPort, this.#tcp.swaps(flags, sourcePort, targetPort), false)
      flow.midstream = (flags & 0x02) === 0
      if (this.#tcp.opens(flags)) flow.clientSyn = this.#syns.read(layers)
      flow.clientGuessed = flow.midstream && this.#tcp.isGuess(sourcePort, targetPort)
    }
    this.#tcp.read(flow, this.#direction, layers, flags)
  }

  #udpPacket(sourcePort: number, targetPort: number): void {
    const layers = this.#layers
    const { at } = layers
    const length = Math.min(layers.view.getUint16(at + 4) || layers.end - at, layers.end - at)
    layers.at = at + 8
    if (layers.depth < MAX_TUNNELS) {
      const inner = readUdpTunnel(layers, targetPort)
      if (inner >= 0) {
        this.#tunnel(inner)
        return
      }
    }
    if (this.#isCopy(at)) return
    const flow = this.#plain(sourcePort, targetPort, false)
    if (length > 8) this.#handler.datagram(flow, this.#direction, layers.data, at + 8, length - 8, layers.time)
  }

  #icmpPacket(type: number, code: number): void {
    const layers = this.#layers
    if (layers.protocol === Protocol.ICMPV6 && (type === 135 || type === 136)) this.#neighbourDiscovery(type)
    const ports = icmpPorts(layers.protocol, type, code)
    this.#plain(ports.source, ports.target, ports.oneWay)
  }

  /** A packet of a flow whose content is not followed. */
  #plain(sourcePort: number, targetPort: number, oneWay: boolean): FlowState {
    const layers = this.#layers
    const flow = this.#find(sourcePort, targetPort) ?? this.#open(sourcePort, targetPort, false, oneWay)
    flow.count(this.#direction, layers)
    return flow
  }

  /** Direction of the packet in hand within the flow that `#find` or `#open` gave last. */
  #direction: Direction = 0

  #find(sourcePort: number, targetPort: number): FlowState | undefined {
    const layers = this.#layers
    for (let flow = this.#table.first(this.#hash(sourcePort, targetPort)); flow !== undefined; flow = flow.next) {
      const direction = flow.direction(layers, sourcePort, targetPort)
      if (direction < 0 || (this.#settings.vlan_in_flow_key && !sameVlans(flow.vlanIds, layers.vlans))) continue
      this.#direction = direction as Direction
      if (layers.time - flow.touchedTime > TOUCH_INTERVAL) {
        flow.touchedTime = layers.time
        this.#table.touch(flow)
      }
      return flow
    }
    return undefined
  }

  #open(sourcePort: number, targetPort: number, swap: boolean, oneWay: boolean): FlowState {
    if (this.#table.size >= this.#settings.max_flows && this.#table.oldest !== undefined) {
      this.#flowsEvicted++
      this.#drop(this.#table.oldest, 'evicted', this.#layers.time)
    }
    this.#flowsTotal++
    const flow = new FlowState(this.#flowsTotal, this.#hash(sourcePort, targetPort), this.#layers, sourcePort, targetPort, swap, oneWay)
    this.#direction = swap ? 1 : 0
    this.#table.add(flow)
    this.#handler.opened(flow)
    return flow
  }

  /** The same for both directions. */
  #hash(sourcePort: number, targetPort: number): number {
    const { source, target, protocol, version } = this.#layers
    let ends = source[0] ^ target[0]
    if (version === 6) ends ^= source[1] ^ target[1] ^ source[2] ^ target[2] ^ Math.imul(source[3] ^ target[3], 0x9e3779b1)
    let hash =
      Math.imul(ends ^ this.#seed, 0x85ebca6b) ^
      Math.imul((sourcePort ^ targetPort) + (sourcePort + targetPort) * 65_537 + protocol, 0xc2b2ae35)
    hash ^= hash >>> 15
    return Math.imul(hash, 0x27d4eb2f) | 0
  }

  /** Tell the right what a flow came to; it lingers in the table for late packets. */
  #end(flow: FlowState, end: FlowEnd, time: number): void {
    if (flow.ended) return
    const seen = flow.protocolNumber === Protocol.TCP ? this.#tcp.flush(flow, time) : undefined
    flow.ended = true
    flow.fromClient = undefined
    flow.fromServer = undefined
    this.#handler.ended(flow, end === 'reset' ? end : (seen ?? end), time)
  }

  #drop(flow: FlowState, end: FlowEnd, time: number): void {
    this.#end(flow, end, time)
    this.#table.remove(flow)
  }

  /** ARP (RFC 826): hardware 2, protocol 2, lengths 2, operation 2, sender MAC 6, sender IP 4, target MAC 6, target IP 4. */
  #arp(): void {
    const { view, at, end, vlans, interfaceIndex, time } = this.#layers
    if (end - at < 28 || view.getUint16(at) !== 1 || view.getUint16(at + 2) !== EtherType.IPV4) return
    const address = view.getInt32(at + 14)
    const mac = formatMac(view.getUint16(at + 8), view.getInt32(at + 10))
    if (address !== 0 && mac !== undefined) this.#handler.neighbour?.(formatIpv4(address), mac, interfaceIndex, vlans[0], time)
  }

  /** Neighbour solicitation (source address, option 1) and advertisement (target address, option 2): RFC 4861 §4.3, §4.4. */
  #neighbourDiscovery(type: number): void {
    const { view, at, end, source, vlans, interfaceIndex, time } = this.#layers
    for (let option = at + 24; end - option >= 8; option += view.getUint8(option + 1) * 8) {
      if (view.getUint8(option + 1) === 0) return
      if (view.getUint8(option) !== (type === 135 ? 1 : 2)) continue
      const mac = formatMac(view.getUint16(option + 2), view.getInt32(option + 4))
      const word = (index: number): number => (type === 135 ? source[index] : view.getInt32(at + 8 + index * 4))
      const address = formatIpv6(word(0), word(1), word(2), word(3))
      if (mac !== undefined && address !== '::') this.#handler.neighbour?.(address, mac, interfaceIndex, vlans[0], time)
      return
    }
  }
}

function tcpHeaderLength({ view, at }: Layers): number {
  return (view.getUint8(at + 12) >>> 4) * 4
}

function sameVlans(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index])
}
