import { describe, expect, test } from 'vitest'
import { LinkType } from '../../src/capture/source.ts'
import { A, B, Bench, cooked, cooked2, ETHERTYPE, ethernet, ipv4, ipv6, udp, vlan } from './packets.ts'

const HELLO = udp(Buffer.from('hello'))
const V4 = ipv4(HELLO, { protocol: 17 })
const V6 = ipv6(HELLO, 17)
const hex = (text: string, payload: Uint8Array): Buffer => Buffer.concat([Buffer.from(text.replaceAll(' ', ''), 'hex'), payload])

describe('link layers', () => {
  test.each([
    ['Ethernet', LinkType.ETHERNET, ethernet(V4), 4, []],
    ['Ethernet with IPv6', LinkType.ETHERNET, ethernet(V6, ETHERTYPE.IPV6), 6, []],
    ['a VLAN', LinkType.ETHERNET, ethernet(vlan(120, V4), ETHERTYPE.VLAN), 4, [120]],
    ['QinQ', LinkType.ETHERNET, ethernet(vlan(100, vlan(20, V6, ETHERTYPE.IPV6), ETHERTYPE.VLAN), ETHERTYPE.QINQ), 6, [100, 20]],
    ['802.3 with SNAP', LinkType.ETHERNET, hex('020000000002 020000000001 0029 aaaa03 000000 0800', V4), 4, []],
    ['MPLS', LinkType.ETHERNET, ethernet(hex('00010040 00020140', V4), ETHERTYPE.MPLS), 4, []],
    ['a pseudo-wire in MPLS', LinkType.ETHERNET, ethernet(hex('00020140 00000000', ethernet(V4)), ETHERTYPE.MPLS), 4, []],
    ['PPPoE', LinkType.ETHERNET, ethernet(hex('1100 0007 0023 0057', V6), ETHERTYPE.PPPOE), 6, []],
    ['Linux cooked', LinkType.LINUX_SLL, cooked(V4), 4, []],
    ['Linux cooked with a VLAN', LinkType.LINUX_SLL, cooked(vlan(7, V4), ETHERTYPE.VLAN), 4, [7]],
    ['Linux cooked v2', LinkType.LINUX_SLL2, cooked2(V6, ETHERTYPE.IPV6), 6, []],
    ['raw IP', LinkType.RAW, V4, 4, []],
    ['raw IPv6', LinkType.IPV6, V6, 6, []],
    ['raw IPv4', LinkType.IPV4, V4, 4, []],
    ['loopback, little endian', LinkType.NULL, hex('02000000', V4), 4, []],
    ['loopback, big endian', LinkType.NULL, hex('00000002', V4), 4, []],
    ['loopback of macOS with IPv6', LinkType.NULL, hex('1e000000', V6), 6, []],
    ['loopback of FreeBSD with IPv6', LinkType.NULL, hex('1c000000', V6), 6, []],
    ['loopback of OpenBSD', LinkType.LOOP, hex('00000018', V6), 6, []],
  ] as const)('%s', (_, linkType, frame, ipVersion, vlanIds) => {
    const bench = new Bench().seeOn(linkType, frame)
    expect(bench.told).toEqual([{ kind: 'datagram', direction: 0, text: 'hello' }])
    expect(bench.flows[0]).toMatchObject({ ipVersion, vlanIds, serverPort: 53, transport: 'udp' })
    expect(bench.flows[0].bytesFromClient).toBe(ipVersion === 4 ? V4.length : V6.length)
  })

  test('tell the addresses of the machines', () => {
    const [flow] = new Bench().see(ethernet(V4)).flows
    expect(flow).toMatchObject({ clientAddress: A, serverAddress: B, clientMac: '02-00-00-00-00-01', serverMac: '02-00-00-00-00-02' })
    const [cookedFlow] = new Bench().seeOn(LinkType.LINUX_SLL, cooked(V4)).flows
    expect(cookedFlow).toMatchObject({ clientMac: '02-00-00-00-00-01', serverMac: undefined })
    expect(new Bench().seeOn(LinkType.RAW, V4).flows[0]).toMatchObject({ clientMac: undefined, serverMac: undefined })
  })

  test('of an unknown kind are counted', () => {
    expect(new Bench().seeOn(147, V4).stage.statistics).toMatchObject({ packets: 1, unknownLinkTypes: 1, malformed: 0, flowsTotal: 0 })
  })

  test.each([
    ['Ethernet', LinkType.ETHERNET, ethernet(V4)],
    ['QinQ', LinkType.ETHERNET, ethernet(vlan(100, vlan(20, V4), ETHERTYPE.VLAN), ETHERTYPE.QINQ)],
    ['Linux cooked', LinkType.LINUX_SLL, cooked(V4)],
    ['Linux cooked v2', LinkType.LINUX_SLL2, cooked2(V4)],
    ['loopback', LinkType.NULL, hex('02000000', V4)],
    ['raw IP', LinkType.RAW, V4],
  ])('%s cut anywhere is no flow and no mistake', (_, linkType, frame) => {
    for (let length = 0; length < frame.length - HELLO.length + 8; length++) {
      const bench = new Bench().seeOn(linkType, frame.subarray(0, length))
      expect(bench.flows).toEqual([])
      expect(bench.stage.statistics.malformed).toBe(1)
    }
  })

  test('more tags than any switch adds are malformed', () => {
    const tags = (depth: number): Buffer => (depth === 0 ? V4 : vlan(depth, tags(depth - 1), depth === 1 ? ETHERTYPE.IPV4 : ETHERTYPE.VLAN))
    expect(new Bench().see(ethernet(tags(4), ETHERTYPE.VLAN)).flows).toHaveLength(1)
    expect(new Bench().see(ethernet(tags(5), ETHERTYPE.VLAN)).stage.statistics.malformed).toBe(1)
  })

  test('what is no IP is left alone', () => {
    const spanningTree = hex('0180c2000000 020000000001 0026 424203', Buffer.alloc(35))
    const lldp = ethernet(Buffer.alloc(46), 0x88cc)
    expect(new Bench().see(spanningTree, lldp).stage.statistics).toMatchObject({ packets: 2, flowsTotal: 0, malformed: 0 })
  })
})
