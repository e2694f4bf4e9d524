import { BlockList, isIP } from 'node:net'

/** Addresses of a site's own: RFC 1918, RFC 6598, link-local, loopback, multicast and broadcast, ULA. */
const PRIVATE_NETWORKS: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['255.255.255.255', 32, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
]

let privateList: BlockList | undefined

function privateNetworks(): BlockList {
  if (privateList !== undefined) return privateList
  privateList = new BlockList()
  for (const [network, prefix, family] of PRIVATE_NETWORKS) privateList.addSubnet(network, prefix, family)
  return privateList
}

/** Whether an address belongs to a private network; undefined for what is no IP address. */
function isPrivate(address: string): boolean | undefined {
  const version = isIP(address)
  return version === 0 ? undefined : privateNetworks().check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** `network.direction` of a conversation, as seen from the site. */
export function networkDirection(client: string, server: string): 'internal' | 'inbound' | 'outbound' | 'external' | 'unknown' {
  const fromInside = isPrivate(client)
  const toInside = isPrivate(server)
  if (fromInside === undefined || toInside === undefined) return 'unknown'
  if (fromInside) return toInside ? 'internal' : 'outbound'
  return toInside ? 'inbound' : 'external'
}
