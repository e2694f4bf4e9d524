import type { Direction, Flow, LinkLayerProtocol } from '../net/flow.ts'
import type { HostIdentity, HostSubject, IdentityProtocol } from './observation.ts'

/** Takes what datagrams and frames say of hosts. Called synchronously. */
export type EmitHost = (identity: HostIdentity) => void

/** One UDP payload, `bytes[offset .. offset+length)`, valid during the call only. */
export interface Datagram {
  readonly flow: Flow
  readonly direction: Direction
  readonly bytes: Uint8Array
  readonly offset: number
  readonly length: number
  /** Packet time, µs. */
  readonly time: number
}

/** A protocol of single UDP datagrams, without state between them. Nothing on the wire makes it throw or loop without bound. */
export interface DatagramProtocol {
  readonly name: IdentityProtocol
  /** UDP ports on which it is expected. */
  readonly ports: readonly number[]
  /** Its content is told from everything else, so that it is looked for on any port at the cost of a few bytes. */
  readonly onAnyPort: boolean
  /** Read one datagram; false when it is not of this protocol. */
  read(datagram: Datagram, emit: EmitHost): boolean
}

/** One link-layer message: what follows the EtherType or SNAP header. Valid during the call only. */
export interface LinkFrame {
  readonly bytes: Uint8Array
  readonly offset: number
  readonly length: number
  /** `AA-BB-CC-DD-EE-FF` */
  readonly sourceMac: string | undefined
  readonly interfaceIndex: number
  /** Outermost VLAN tag. */
  readonly vlanId: number | undefined
  /** Packet time, µs. */
  readonly time: number
}

/** A protocol directly on the link layer. The same promises as of datagrams. */
export interface LinkProtocol {
  readonly name: LinkLayerProtocol
  read(frame: LinkFrame, emit: EmitHost): boolean
}

/** The sender of a datagram by its address alone: right for what routers pass on. */
export function senderAddress({ flow, direction }: Datagram): HostSubject {
  return { mac: undefined, address: direction === 0 ? flow.clientAddress : flow.serverAddress }
}

/** The sender of a broadcast or link-local multicast, which no router passes on, so that the frame's source is its own MAC. */
export function neighbourSender({ flow, direction }: Datagram): HostSubject {
  return direction === 0 ? { mac: flow.clientMac, address: flow.clientAddress } : { mac: flow.serverMac, address: flow.serverAddress }
}
