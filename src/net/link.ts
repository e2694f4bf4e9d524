import { LinkType } from '../capture/source.ts'
import { EtherType, type Layers, MALFORMED, MIN_ETHERTYPE, NOTHING } from './layers.ts'

const MAX_VLAN_TAGS = 4
const MAX_MPLS_LABELS = 16

/** Read the link-layer header; gives the EtherType of what follows, or an answer below zero. `unknown` link types are for the caller to count. */
export function readLink(layers: Layers, linkType: number): number | undefined {
  const { view, at, end } = layers
  switch (linkType) {
    case LinkType.ETHERNET:
      return readEthernet(layers)
    case LinkType.RAW:
    case LinkType.IPV4:
    case LinkType.IPV6:
      return at < end ? ipByVersion(view.getUint8(at)) : MALFORMED
    case LinkType.NULL:
    case LinkType.LOOP:
      return readLoopback(layers)
    case LinkType.LINUX_SLL:
      return readCooked(layers)
    case LinkType.LINUX_SLL2:
      return readCooked2(layers)
    default:
      return undefined
  }
}

/** Ethernet II and 802.3: destination 6, source 6, type or length 2. */
export function readEthernet(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 14) return MALFORMED
  layers.targetMacHigh = view.getUint16(at)
  layers.targetMacLow = view.getInt32(at + 2)
  layers.sourceMacHigh = view.getUint16(at + 6)
  layers.sourceMacLow = view.getInt32(at + 8)
  layers.at = at + 14
  return readTagged(layers, view.getUint16(at + 12))
}

/** VLAN tags (TCI 2, type 2), 802.3 with LLC and SNAP, MPLS, PPPoE: down to a network-layer type. */
export function readTagged(layers: Layers, type: number): number {
  const { view, end } = layers
  for (let tags = 0; tags <= MAX_VLAN_TAGS; tags++) {
    if (type !== EtherType.VLAN && type !== EtherType.QINQ && type !== EtherType.OLD_QINQ) break
    if (tags === MAX_VLAN_TAGS || end - layers.at < 4) return MALFORMED
    layers.vlans.push(view.getUint16(layers.at) & 0x0fff)
    type = view.getUint16(layers.at + 2)
    layers.at += 4
  }
  if (type < MIN_ETHERTYPE) return readSnap(layers)
  if (type === EtherType.MPLS || type === EtherType.MPLS_MULTICAST) return readMpls(layers)
  if (type === EtherType.PPPOE_SESSION) return readPppoe(layers)
  return type
}

/** LLC AA AA 03, SNAP: organization 3, type 2. Other LLC (spanning tree …) is nothing of ours. */
function readSnap(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 8 || view.getUint16(at) !== 0xaaaa) return NOTHING
  layers.at = at + 8
  return view.getUint16(at + 6)
}

/** MPLS (RFC 3032): label 20, class 3, bottom of stack 1, TTL 8; then IP by its version, or a pseudo-wire's Ethernet with or without control word. */
function readMpls(layers: Layers): number {
  const { view, end } = layers
  for (let labels = 0; labels < MAX_MPLS_LABELS; labels++) {
    if (end - layers.at < 5) return MALFORMED
    const label = view.getUint32(layers.at)
    layers.at += 4
    if ((label & 0x100) === 0) continue
    const first = view.getUint8(layers.at) >>> 4
    if (first === 4 || first === 6) return ipByVersion(view.getUint8(layers.at))
    if (first === 0 && end - layers.at >= 18) layers.at += 4
    return readEthernet(layers)
  }
  return MALFORMED
}

/** PPPoE session (RFC 2516): version and type 1, code 1, session 2, length 2; then the PPP protocol 2. */
function readPppoe(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 8) return MALFORMED
  layers.at = at + 8
  return pppType(view.getUint16(at + 6))
}

/** PPP protocol number to EtherType. */
export function pppType(protocol: number): number {
  if (protocol === 0x0021) return EtherType.IPV4
  return protocol === 0x0057 ? EtherType.IPV6 : NOTHING
}

/** BSD loopback: address family 4, in the byte order of the recorder; IPv6 is 10, 24, 28 or 30 depending on the system. */
function readLoopback(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 5) return MALFORMED
  layers.at = at + 4
  const big = view.getUint32(at)
  const family = big > 0xffff ? view.getUint32(at, true) : big
  if (family === 2) return EtherType.IPV4
  return family === 10 || family === 24 || family === 28 || family === 30 ? EtherType.IPV6 : NOTHING
}

/** Linux cooked v1: packet type 2, ARPHRD 2, address length 2, address 8, protocol 2. */
function readCooked(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 16) return MALFORMED
  if (view.getUint16(at + 4) === 6) setSource(layers, at + 6)
  layers.at = at + 16
  return readTagged(layers, view.getUint16(at + 14))
}

/** Linux cooked v2: protocol 2, reserved 2, interface 4, ARPHRD 2, packet type 1, address length 1, address 8. */
function readCooked2(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 20) return MALFORMED
  if (view.getUint8(at + 11) === 6) setSource(layers, at + 12)
  layers.at = at + 20
  return readTagged(layers, view.getUint16(at))
}

function setSource(layers: Layers, at: number): void {
  layers.sourceMacHigh = layers.view.getUint16(at)
  layers.sourceMacLow = layers.view.getInt32(at + 2)
}

/** EtherType by the version nibble of an IP header. */
export function ipByVersion(firstByte: number): number {
  const version = firstByte >>> 4
  if (version === 4) return EtherType.IPV4
  return version === 6 ? EtherType.IPV6 : MALFORMED
}
