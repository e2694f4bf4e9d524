import { type Layers, MALFORMED } from './layers.ts'

const MAX_EXTENSION_HEADERS = 12

/** IANA protocol numbers that the stage reads. */
export const Protocol = {
  HOP_BY_HOP: 0,
  ICMP: 1,
  IPIP: 4,
  TCP: 6,
  UDP: 17,
  IPV6: 41,
  ROUTING: 43,
  FRAGMENT: 44,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPV6: 58,
  NO_NEXT: 59,
  DESTINATION: 60,
  SCTP: 132,
  MOBILITY: 135,
} as const

/** Read an IPv4 header (RFC 791 §3.1). Gives 0, or an answer below zero. A total length of 0 is segmentation offload: the capture's length counts. */
export function readIpv4(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 20) return MALFORMED
  const headerLength = (view.getUint8(at) & 15) * 4
  const total = view.getUint16(at + 2) || layers.wireEnd - at
  if (headerLength < 20 || total < headerLength || end - at < headerLength) return MALFORMED
  const fragment = view.getUint16(at + 6)
  layers.version = 4
  layers.protocol = view.getUint8(at + 9)
  layers.ttl = view.getUint8(at + 8)
  layers.source[0] = view.getInt32(at + 12)
  layers.target[0] = view.getInt32(at + 16)
  layers.ipLength = total
  layers.fragmentId = view.getUint16(at + 4)
  layers.fragmentOffset = (fragment & 0x1fff) * 8
  layers.moreFragments = (fragment & 0x2000) !== 0
  layers.wireEnd = at + total
  layers.end = Math.min(end, layers.wireEnd)
  layers.at = at + headerLength
  return 0
}

/** Read an IPv6 header and its extension headers (RFC 8200 §3, §4) down to the upper layer or the fragment header. */
export function readIpv6(layers: Layers): number {
  const { view, at, end } = layers
  if (end - at < 40) return MALFORMED
  const payload = view.getUint16(at + 4) || layers.wireEnd - at - 40
  for (let word = 0; word < 4; word++) {
    layers.source[word] = view.getInt32(at + 8 + word * 4)
    layers.target[word] = view.getInt32(at + 24 + word * 4)
  }
  layers.version = 6
  layers.ttl = view.getUint8(at + 7)
  layers.ipLength = 40 + payload
  layers.fragmentId = 0
  layers.fragmentOffset = 0
  layers.moreFragments = false
  layers.wireEnd = at + 40 + payload
  layers.end = Math.min(end, layers.wireEnd)
  layers.at = at + 40
  return readExtensions(layers, view.getUint8(at + 6))
}

/** Extension headers: next header 1, length 1 in 8-byte units beyond the first (AH: 4-byte units beyond two). */
export function readExtensions(layers: Layers, next: number): number {
  const { view } = layers
  for (let headers = 0; headers < MAX_EXTENSION_HEADERS; headers++) {
    const { at, end } = layers
    if (next === Protocol.FRAGMENT) {
      if (end - at < 8) return MALFORMED
      const field = view.getUint16(at + 2)
      layers.protocol = view.getUint8(at)
      layers.fragmentOffset = field & 0xfff8
      layers.moreFragments = (field & 1) !== 0
      layers.fragmentId = view.getInt32(at + 4)
      layers.at = at + 8
      if (layers.fragmentOffset !== 0 || layers.moreFragments) return 0
      next = layers.protocol
      continue
    }
    if (
      next !== Protocol.HOP_BY_HOP &&
      next !== Protocol.ROUTING &&
      next !== Protocol.DESTINATION &&
      next !== Protocol.AH &&
      next !== Protocol.MOBILITY
    ) {
      layers.protocol = next
      return 0
    }
    if (end - at < 8) return MALFORMED
    const length = next === Protocol.AH ? (view.getUint8(at + 1) + 2) * 4 : (view.getUint8(at + 1) + 1) * 8
    if (end - at < length) return MALFORMED
    next = view.getUint8(at)
    layers.at = at + length
  }
  return MALFORMED
}
