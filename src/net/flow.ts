import type { SynTraits } from './syn.ts'

/** Contract between the net stage and the protocol decoders: what a flow is, and what it reports. */

/** Direction of travel: 0 from the client (the side that opened the flow, as far as known) to the server, 1 back. */
export type Direction = 0 | 1
export const FROM_CLIENT: Direction = 0
export const FROM_SERVER: Direction = 1

/** The direction of what answers. */
export function opposite(direction: Direction): Direction {
  return direction === FROM_CLIENT ? FROM_SERVER : FROM_CLIENT
}

export type Transport = 'tcp' | 'udp' | 'icmp' | 'ipv6-icmp' | 'sctp' | 'other'

/** Why a flow is over. `open` = the sensor stopped first; `superseded` = a new connection took over the same addresses and ports. */
export type FlowEnd = 'closed' | 'reset' | 'timed_out' | 'superseded' | 'evicted' | 'open'

/**
 * One conversation between two transport addresses. Created and updated by the net stage only; everyone to the right reads it.
 * Strings (addresses, MACs, community id) are made on first use and kept.
 */
export interface Flow {
  /** Running number within this run of the sensor. */
  readonly number: number
  readonly transport: Transport
  /** IANA protocol number. */
  readonly protocolNumber: number
  /** 4 or 6. */
  readonly ipVersion: 4 | 6
  readonly clientAddress: string
  readonly serverAddress: string
  readonly clientPort: number
  readonly serverPort: number
  /** Link-layer source seen on packets from that side: `AA-BB-CC-DD-EE-FF`, or undefined where the link has none. May be a router's. */
  readonly clientMac: string | undefined
  readonly serverMac: string | undefined
  /** VLAN ids, outermost first. */
  readonly vlanIds: readonly number[]
  readonly interfaceIndex: number
  /** Packet time of the first and the latest packet, µs. */
  readonly startTime: number
  readonly lastTime: number
  /** IP packets and bytes (IP header and up) by direction. */
  readonly packetsFromClient: number
  readonly packetsFromServer: number
  readonly bytesFromClient: number
  readonly bytesFromServer: number
  /** The flow was already running when the sensor first saw it. */
  readonly midstream: boolean
  /** How the client opened the connection; undefined where its first packet seen was no SYN. */
  readonly clientSyn: SynTraits | undefined
  /** Neither a SYN nor a known port tells who opened it: the lower port is taken for the one that serves. */
  readonly clientGuessed: boolean
  /**
   * For whom the client speaks, as it says itself before the conversation begins (PROXY protocol): then the client is a load balancer. The one
   * thing here that the content tells.
   */
  forwardedFor?: string | undefined
  /** TCP only: bytes of stream never seen, by direction. */
  readonly gapBytesFromClient: number
  readonly gapBytesFromServer: number
  /** TCP only: retransmissions that carried other bytes than the first copy (first wins). */
  readonly overlapConflicts: number
  /** Community ID v1, seed 0, e.g. `1:LQU9qZlK+B5F3KDmev6m5PMibrg=`. */
  readonly communityId: string
}

/** Discovery protocols without IP: IEEE 802.1AB and Cisco's. */
export type LinkLayerProtocol = 'lldp' | 'cdp'

/** Receives what the net stage makes of packets. Byte arguments are valid during the call only. Must not throw. */
export interface FlowHandler {
  opened(flow: Flow): void
  /** TCP payload in stream order, each byte once. */
  data(flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void
  /** `length` bytes of the TCP stream were lost for good; what follows continues after them. */
  gap(flow: Flow, direction: Direction, length: number, time: number): void
  /** One UDP payload. */
  datagram(flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void
  /** One side sent FIN and all its bytes were delivered. */
  halfClosed(flow: Flow, direction: Direction, time: number): void
  ended(flow: Flow, end: FlowEnd, time: number): void
  /** ARP or IPv6 neighbour discovery said that `address` is at `mac` (`AA-BB-CC-DD-EE-FF`); `vlanId` is the outermost tag. */
  neighbour?(address: string, mac: string, interfaceIndex: number, vlanId: number | undefined, time: number): void
  /** What follows the link-layer header of a discovery protocol, sent by `sourceMac`; `vlanId` is the outermost tag. */
  link?(
    protocol: LinkLayerProtocol,
    bytes: Uint8Array,
    offset: number,
    length: number,
    sourceMac: string | undefined,
    interfaceIndex: number,
    vlanId: number | undefined,
    time: number,
  ): void
}
