import { createHash } from 'node:crypto'

/** ICMP types whose answer has another type (Community ID v1 specification): request to reply. */
const ICMP_PAIRS: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [0, 8],
  [13, 14],
  [14, 13],
  [15, 16],
  [16, 15],
  [17, 18],
  [18, 17],
  [10, 9],
  [9, 10],
])
const ICMPV6_PAIRS: ReadonlyMap<number, number> = new Map([
  [128, 129],
  [129, 128],
  [133, 134],
  [134, 133],
  [135, 136],
  [136, 135],
  [130, 131],
  [131, 130],
  [139, 140],
  [140, 139],
  [144, 145],
  [145, 144],
])

export interface CommunityTuple {
  readonly version: 4 | 6
  readonly protocol: number
  readonly sourceAddress: Int32Array
  readonly targetAddress: Int32Array
  readonly sourcePort: number
  readonly targetPort: number
}

/** The port pair that stands for an ICMP message, and whether its answer can be told (else it is one-way). */
export function icmpPorts(
  protocol: number,
  type: number,
  code: number,
): { readonly source: number; readonly target: number; readonly oneWay: boolean } {
  const reply = (protocol === 1 ? ICMP_PAIRS : ICMPV6_PAIRS).get(type)
  return reply === undefined ? { source: type, target: code, oneWay: true } : { source: type, target: reply, oneWay: false }
}

/** Community ID v1 with seed 0: `1:` and base64 of SHA-1 over seed, addresses, protocol, zero and ports, smaller end first. */
export function communityId(tuple: CommunityTuple, oneWay: boolean): string {
  const words = tuple.version === 4 ? 1 : 4
  const swap = !oneWay && !isOrdered(tuple, words)
  const [firstAddress, secondAddress] = swap ? [tuple.targetAddress, tuple.sourceAddress] : [tuple.sourceAddress, tuple.targetAddress]
  const [firstPort, secondPort] = swap ? [tuple.targetPort, tuple.sourcePort] : [tuple.sourcePort, tuple.targetPort]
  const bytes = Buffer.alloc(2 + words * 8 + 2 + 4)
  for (let word = 0; word < words; word++) {
    bytes.writeInt32BE(firstAddress[word], 2 + word * 4)
    bytes.writeInt32BE(secondAddress[word], 2 + words * 4 + word * 4)
  }
  const rest = 2 + words * 8
  bytes.writeUInt8(tuple.protocol, rest)
  const hasPorts = tuple.sourcePort >= 0
  if (hasPorts) {
    bytes.writeUInt16BE(firstPort, rest + 2)
    bytes.writeUInt16BE(secondPort, rest + 4)
  }
  const used = hasPorts ? bytes : bytes.subarray(0, rest + 2)
  return `1:${createHash('sha1').update(used).digest('base64')}`
}

function isOrdered({ sourceAddress, targetAddress, sourcePort, targetPort }: CommunityTuple, words: number): boolean {
  for (let word = 0; word < words; word++) {
    const [source, target] = [sourceAddress[word] >>> 0, targetAddress[word] >>> 0]
    if (source !== target) return source < target
  }
  return sourcePort < targetPort || sourcePort === targetPort
}
