/**
 * Where the parts of the packet in hand lie. One instance is reused for every packet: a layer's reader moves `at` behind its header and
 * fills in what it learned. `end` is the end of what was captured, `wireEnd` where the layer ends by its own length field.
 */
export interface Layers {
  data: Uint8Array
  view: DataView
  at: number
  end: number
  wireEnd: number
  time: number
  interfaceIndex: number
  /** MACs: upper 16 and lower 32 bits; upper is -1 where the link has none. */
  sourceMacHigh: number
  sourceMacLow: number
  targetMacHigh: number
  targetMacLow: number
  readonly vlans: number[]
  version: 4 | 6
  protocol: number
  /** Time to live, or hop limit. */
  ttl: number
  /** Addresses as 32-bit words; IPv4 uses the first. */
  readonly source: Int32Array
  readonly target: Int32Array
  /** IP header and up, bytes on the wire. */
  ipLength: number
  fragmentId: number
  fragmentOffset: number
  moreFragments: boolean
  /** Tunnels opened so far. */
  depth: number
}

export function createLayers(): Layers {
  const data = new Uint8Array(0)
  return {
    data,
    view: new DataView(data.buffer),
    at: 0,
    end: 0,
    wireEnd: 0,
    time: 0,
    interfaceIndex: 0,
    sourceMacHigh: -1,
    sourceMacLow: 0,
    targetMacHigh: -1,
    targetMacLow: 0,
    vlans: [],
    version: 4,
    protocol: 0,
    ttl: 0,
    source: new Int32Array(4),
    target: new Int32Array(4),
    ipLength: 0,
    fragmentId: 0,
    fragmentOffset: 0,
    moreFragments: false,
    depth: 0,
  }
}

/** Smaller numbers in the place of an EtherType are lengths (IEEE 802.3 §3.2.6). */
export const MIN_ETHERTYPE = 0x0600

/** EtherTypes and pseudo-types that the readers hand to each other. */
export const EtherType = {
  IPV4: 0x0800,
  ARP: 0x0806,
  /** SNAP type of Cisco's organization (00-00-0C); no EtherType of anybody's. */
  CDP: 0x2000,
  TRANSPARENT_ETHERNET: 0x6558,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  MPLS: 0x8847,
  MPLS_MULTICAST: 0x8848,
  PPPOE_SESSION: 0x8864,
  QINQ: 0x88a8,
  ERSPAN_1_2: 0x88be,
  LLDP: 0x88cc,
  OLD_QINQ: 0x9100,
  ERSPAN_3: 0x22eb,
} as const

/** A reader's answers below zero. */
export const NOTHING = -1
export const MALFORMED = -2
