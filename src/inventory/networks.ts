import { BlockList, isIP } from 'node:net'

/**
 * Address blocks that are not reachable from the public internet (IANA special-purpose registries, RFC 6890): private, shared,
 * link-local, loopback, benchmarking and documentation, and their IPv6 counterparts.
 */
export const LOCAL_NETWORKS: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  '198.18.0.0/15',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  'fc00::/7',
  'fe80::/10',
  '::1/128',
  '2001:db8::/32',
]

/** Answers remembered; beyond it they are worked out again. */
const MAX_REMEMBERED = 8192

/** Tells the site's own addresses from foreign ones. Remembers answers, because parsing an address costs more than a look-up. */
export class AddressScope {
  readonly #blocks = new BlockList()
  readonly #answers = new Map<string, boolean>()

  /** `networks` in CIDR notation, already validated. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address, prefix] = network.split('/')
      this.#blocks.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
    }
  }

  /** False also for text that is no address. */
  isLocal(address: string): boolean {
    const known = this.#answers.get(address)
    if (known !== undefined) return known
    const family = isIP(address)
    const local = family !== 0 && this.#blocks.check(address, family === 6 ? 'ipv6' : 'ipv4')
    if (this.#answers.size >= MAX_REMEMBERED) this.#answers.clear()
    this.#answers.set(address, local)
    return local
  }
}

/** True for fe80::/10 and 169.254.0.0/16. */
export function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address)
}

/** The /24 of an IPv4 address or the /64 of an IPv6 one: near enough to "the same subnet" where the mask is not known. */
export function subnetOf(address: string): string {
  if (!address.includes(':')) return address.slice(0, address.lastIndexOf('.'))
  return groupsOf(address)
    .slice(0, 4)
    .map(group => group.toString(16))
    .join(':')
}

/**
 * True for IPv6 addresses whose interface identifier was drawn at random (RFC 8981 temporary, RFC 7217 opaque): it is neither made of a MAC
 * (RFC 4291 appendix A) nor a number that somebody assigned.
 */
export function isRandomAddress(address: string): boolean {
  if (!address.includes(':')) return false
  const [high, middle, low] = groupsOf(address).slice(4)
  const isOfMac = (middle & 0xff) === 0xff && low >> 8 === 0xfe
  return !isOfMac && (high | middle) !== 0
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [head, tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return groups.map(group => Number.parseInt(group, 16))
}
