import { EtherType, type Layers, MALFORMED, NOTHING } from './layers.ts'
import { ipByVersion, pppType } from './link.ts'

const VXLAN_PORTS: ReadonlySet<number> = new Set([4789, 8472])
const GENEVE_PORT = 6081

/**
 * GRE (RFC 2784, 2890; version 1 RFC 2637): flags 2, protocol 2, then checksum 4, key 4, sequence 4 as the flags say. Gives the
 * EtherType inside; ERSPAN (draft-foschiano-erspan) is opened to its Ethernet frame.
 */
export function readGre(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 4) return MALFORMED
  const flags = view.getUint16(at)
  const type = view.getUint16(at + 2)
  const version = flags & 7
  let length = 4
  if (flags & 0x8000 || flags & 0x4000) length += 4
  if (flags & 0x2000) length += 4
  if (flags & 0x1000) length += 4
  if (version === 1 && flags & 0x0080) length += 4
  if (end - at < length) return MALFORMED
  layers.at = at + length
  if (version === 1) return readPpp(layers)
  if (type === EtherType.ERSPAN_1_2) return readErspan2(layers, (flags & 0x1000) !== 0)
  if (type === EtherType.ERSPAN_3) return readErspan3(layers)
  return type
}

/** Enhanced GRE carries PPP: address and control FF 03 where not compressed, protocol 2 or, compressed, 1. */
function readPpp(layers: Layers): number {
  const { view, end } = layers
  if (end - layers.at >= 4 && view.getUint16(layers.at) === 0xff03) layers.at += 2
  if (end - layers.at < 2) return NOTHING
  const first = view.getUint8(layers.at)
  const compressed = (first & 1) === 1
  const protocol = compressed ? first : view.getUint16(layers.at)
  layers.at += compressed ? 1 : 2
  return pppType(protocol)
}

/** ERSPAN I has no header and no GRE sequence number; II has 8 bytes. */
function readErspan2(layers: Layers, sequenced: boolean): number {
  if (sequenced) layers.at += 8
  return layers.at < layers.end ? EtherType.TRANSPARENT_ETHERNET : MALFORMED
}

/**
 * ERSPAN III: 12 bytes, of which the last two are P 1 bit, frame type 5, hardware 6, direction 1, granularity 2, O 1; and a platform-specific 8
 * more when the O bit is set. Frame type 2 is an IP packet without its frame.
 */
function readErspan3(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 12) return MALFORMED
  const bits = view.getUint16(at + 10)
  layers.at = at + 12 + (bits & 1 ? 8 : 0)
  if (layers.at >= end) return MALFORMED
  return ((bits >>> 10) & 0x1f) === 2 ? ipByVersion(view.getUint8(layers.at)) : EtherType.TRANSPARENT_ETHERNET
}

/** VXLAN (RFC 7348 §5) and GENEVE (RFC 8926 §3.4) by destination port; `NOTHING` when the datagram is neither. */
export function readUdpTunnel(layers: Layers, targetPort: number): number {
  const { view, at, end } = layers
  if (VXLAN_PORTS.has(targetPort)) {
    if (end - at < 8 + 14 || (view.getUint8(at) & 0x08) === 0) return NOTHING
    layers.at = at + 8
    return EtherType.TRANSPARENT_ETHERNET
  }
  if (targetPort !== GENEVE_PORT || end - at < 8 || view.getUint8(at) >>> 6 !== 0) return NOTHING
  const length = 8 + (view.getUint8(at) & 0x3f) * 4
  if (end - at < length) return NOTHING
  layers.at = at + length
  return view.getUint16(at + 2)
}
