import { describe, expect, test } from 'vitest'
import { LinkType } from '../../src/capture/source.ts'
import { Bench, ETHERTYPE, ethernet, fragment6, geneve, gre, ipv4, ipv6, udp, vlan, vxlan } from './packets.ts'

const TRANSPARENT = 0x6558
const GRE = 47
const INNER = ipv4(udp(Buffer.from('inner'), 5001, 54), { protocol: 17, source: '192.168.1.1', target: '192.168.1.2' })
const FRAME = ethernet(INNER)
const TOLD = [{ kind: 'datagram', direction: 0, text: 'inner' }]

const outer = (payload: Buffer, protocol: number): Buffer => ethernet(ipv4(payload, { protocol }))
const erspan = (header: string): Buffer => Buffer.concat([Buffer.from(header, 'hex'), FRAME])

describe('tunnels are opened', () => {
  test.each([
    ['GRE with IP', outer(gre(INNER, ETHERTYPE.IPV4), GRE)],
    ['GRE with checksum, key and sequence', outer(gre(INNER, ETHERTYPE.IPV4, 0xb000), GRE)],
    ['GRE with Ethernet', outer(gre(FRAME, TRANSPARENT), GRE)],
    ['GRE with a VLAN', outer(gre(ethernet(vlan(9, INNER), ETHERTYPE.VLAN), TRANSPARENT), GRE)],
    ['GRE with MPLS', outer(gre(Buffer.concat([Buffer.from('0001004000020140', 'hex'), INNER]), 0x8847), GRE)],
    ['GRE with PPPoE', outer(gre(Buffer.concat([Buffer.from('1100000700230021', 'hex'), INNER]), 0x8864), GRE)],
    ['GRE with a VLAN and no Ethernet', outer(gre(vlan(9, INNER), ETHERTYPE.VLAN), GRE)],
    ['GRE with QinQ in Ethernet', outer(gre(ethernet(vlan(9, vlan(7, INNER), ETHERTYPE.VLAN), ETHERTYPE.QINQ), TRANSPARENT), GRE)],
    [
      'GRE in MPLS',
      ethernet(Buffer.concat([Buffer.from('00010140', 'hex'), ipv4(gre(FRAME, TRANSPARENT), { protocol: GRE })]), ETHERTYPE.MPLS),
    ],
    ['PPTP', outer(Buffer.concat([Buffer.from('3081880b00540001 00000001 00000001 ff030021'.replaceAll(' ', ''), 'hex'), INNER]), GRE)],
    ['ERSPAN I', outer(gre(FRAME, 0x88be), GRE)],
    ['ERSPAN II', outer(gre(erspan('1000000100000000'), 0x88be, 0x1000), GRE)],
    ['ERSPAN III', outer(gre(erspan('200000010000000000000000'), 0x22eb, 0x1000), GRE)],
    ['ERSPAN III with a subheader', outer(gre(erspan('2000000100000000000000011122334455667788'), 0x22eb, 0x1000), GRE)],
    [
      'ERSPAN III with a packet and no frame',
      outer(gre(Buffer.concat([Buffer.from('200000010000000000000800', 'hex'), INNER]), 0x22eb, 0x1000), GRE),
    ],
    ['VXLAN', outer(udp(vxlan(FRAME), 50_000, 4789), 17)],
    ['VXLAN with tags', outer(udp(vxlan(ethernet(vlan(9, vlan(7, INNER), ETHERTYPE.VLAN), ETHERTYPE.QINQ)), 50_000, 4789), 17)],
    ['GENEVE with MPLS', outer(udp(geneve(Buffer.concat([Buffer.from('00010140', 'hex'), INNER]), 0x8847), 50_000, 6081), 17)],
    ['VXLAN on the port of Linux', outer(udp(vxlan(FRAME), 50_000, 8472), 17)],
    ['GENEVE with Ethernet', outer(udp(geneve(FRAME, TRANSPARENT), 50_000, 6081), 17)],
    ['GENEVE with IP and options', outer(udp(geneve(INNER, ETHERTYPE.IPV4, 3), 50_000, 6081), 17)],
    ['IP in IP', outer(INNER, 4)],
    ['IP in IPv6', ethernet(ipv6(INNER, 4), ETHERTYPE.IPV6)],
    ['GRE in a fragment of IPv6', ethernet(ipv6(fragment6(GRE, gre(INNER, ETHERTYPE.IPV4)), 44), ETHERTYPE.IPV6)],
    ['VXLAN in VXLAN', outer(udp(vxlan(outer(udp(vxlan(FRAME), 1, 4789), 17)), 1, 4789), 17)],
  ])('%s', (_, frame) => {
    const bench = new Bench().see(frame)
    expect(bench.told).toEqual(TOLD)
    expect(bench.flows).toMatchObject([{ clientAddress: '192.168.1.1', serverAddress: '192.168.1.2', clientPort: 5001, serverPort: 54 }])
    expect(bench.flows[0].bytesFromClient).toBe(INNER.length)
  })

  test('IPv6 in IP', () => {
    const inner = ipv6(udp(Buffer.from('inner')), 17)
    const bench = new Bench().see(outer(inner, 41))
    expect(bench.told).toEqual(TOLD)
    expect(bench.flows[0].clientAddress).toBe('2001:db8::1')
  })

  test('the VLANs of both are told, outermost first', () => {
    const frame = ethernet(vlan(100, ipv4(gre(ethernet(vlan(7, INNER), ETHERTYPE.VLAN), TRANSPARENT), { protocol: GRE })), ETHERTYPE.VLAN)
    expect(new Bench().see(frame).flows[0].vlanIds).toEqual([100, 7])
  })

  test('the addresses of machines are those inside', () => {
    const cooked = Buffer.concat([Buffer.from('0a0000000002 0a0000000001 0800'.replaceAll(' ', ''), 'hex'), INNER])
    expect(new Bench().see(outer(gre(cooked, TRANSPARENT), GRE)).flows[0].clientMac).toBe('0A-00-00-00-00-01')
    expect(new Bench().seeOn(LinkType.RAW, ipv4(gre(INNER, ETHERTYPE.IPV4), { protocol: GRE })).flows[0].clientMac).toBeUndefined()
  })

  test('only so deep', () => {
    const nested = (depth: number): Buffer => (depth === 0 ? INNER : ipv4(nested(depth - 1), { protocol: 4 }))
    expect(new Bench().see(ethernet(nested(5))).told).toEqual(TOLD)
    expect(new Bench().see(ethernet(nested(6))).told).toEqual([])
    expect(new Bench().see(ethernet(nested(200))).stage.statistics.flowsTotal).toBe(0)
  })

  test.each([
    ['VXLAN without its flag', udp(Buffer.concat([Buffer.alloc(8), FRAME]), 50_000, 4789)],
    ['VXLAN too short for a frame', udp(vxlan(Buffer.alloc(5)), 50_000, 4789)],
    ['GENEVE of another version', udp(Buffer.concat([Buffer.from([0xc0]), Buffer.alloc(30)]), 50_000, 6081)],
    ['GENEVE whose options go beyond', udp(geneve(Buffer.alloc(0), TRANSPARENT, 0).fill(0x3f, 0, 1), 50_000, 6081)],
  ])('%s is a datagram like any other', (_, datagram) => {
    const bench = new Bench().see(outer(datagram, 17))
    expect(bench.flows).toMatchObject([{ clientPort: 50_000 }])
    expect(bench.told).toHaveLength(1)
  })

  test.each([
    ['GRE', outer(gre(FRAME, TRANSPARENT, 0xb000), GRE), 34 + 16 + 14 + 20],
    ['ERSPAN II', outer(gre(erspan('1000000100000000'), 0x88be, 0x1000), GRE), 34 + 8 + 8 + 14 + 20],
    ['ERSPAN III', outer(gre(erspan('2000000100000000000000011122334455667788'), 0x22eb, 0x1000), GRE), 34 + 8 + 20 + 14 + 20],
    ['VXLAN', outer(udp(vxlan(FRAME), 1, 4789), 17), 34],
  ])('%s cut anywhere is no mistake', (_, frame, whole) => {
    for (let length = 34; length < whole; length++) {
      const bench = new Bench().seeCut(frame, length)
      expect(bench.flows).toEqual([])
      expect(bench.stage.statistics.malformed).toBe(1)
    }
  })
})
