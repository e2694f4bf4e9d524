import { describe, expect, test } from 'vitest'
import { LinkType } from '../../src/capture/source.ts'
import { A, B, Bench, ETHERTYPE, ethernet, FLAG, ipv4, ipv6, SECOND, tcp, udp, vlan } from './packets.ts'

const datagram = (client: number): Buffer => ethernet(ipv4(udp(Buffer.from('x'), client, 53), { protocol: 17 }))
const syn = (client: number): Buffer => ethernet(ipv4(tcp(undefined, { sourcePort: client, flags: FLAG.SYN, sequence: 100 })))
const segment = (client: number, sequence: number): Buffer =>
  ethernet(ipv4(tcp(Buffer.from('x'), { sourcePort: client, sequence, flags: FLAG.ACK | FLAG.PSH })))

describe('the flow table', () => {
  test('keeps flows apart by every part of their key', () => {
    const bench = new Bench()
    for (const source of ['10.0.0.1', '10.0.0.3'])
      for (const protocol of [17, 132])
        for (const client of [1000, 1001])
          for (const server of [53, 54]) bench.see(ethernet(ipv4(udp(Buffer.from('x'), client, server), { protocol, source })))
    expect(new Set(bench.flows.map(({ communityId }) => communityId)).size).toBe(16)
    expect(bench.stage.statistics.flows).toBe(16)
  })

  test('takes both directions for one flow', () => {
    const there = ethernet(ipv4(udp(Buffer.from('question'), 5000, 53), { protocol: 17 }))
    const back = ethernet(ipv4(udp(Buffer.from('answer'), 53, 5000), { protocol: 17, source: B, target: A }))
    const bench = new Bench().see(there, back, there)
    expect(bench.told).toMatchObject([{ direction: 0 }, { direction: 1 }, { direction: 0 }])
    expect(bench.flows).toMatchObject([{ packetsFromClient: 2, packetsFromServer: 1, clientPort: 5000 }])
  })

  test('tells VLANs apart only when asked to', () => {
    const frames = [7, 8].map(id => ethernet(vlan(id, ipv4(udp(Buffer.from('x')), { protocol: 17 })), ETHERTYPE.VLAN))
    expect(new Bench().see(...frames).flows).toHaveLength(1)
    expect(new Bench({ vlan_in_flow_key: true }).see(...frames).flows).toHaveLength(2)
  })

  test('when full gives up the flow that was silent for longest', () => {
    const bench = new Bench({ max_flows: 3 })
    for (const client of [1, 2, 3]) bench.see(datagram(client)).wait(2 * SECOND)
    bench.see(datagram(1), datagram(4))
    expect(bench.ends()).toEqual(['evicted'])
    expect(bench.stage.statistics).toMatchObject({ flows: 3, flowsTotal: 4, flowsEvicted: 1 })
    bench.see(datagram(1), datagram(3))
    expect(bench.stage.statistics.flowsTotal).toBe(4)
  })

  test('never gives up for longest silent one that talks all the time', () => {
    const bench = new Bench({ max_flows: 3 })
    bench.see(datagram(1))
    for (let half = 0; half < 20; half++) {
      bench.wait(SECOND / 2).see(datagram(1))
      if (half === 2) bench.see(datagram(2), datagram(3))
    }
    bench.see(datagram(4), datagram(1))
    expect(bench.stage.statistics).toMatchObject({ flowsTotal: 4, flowsEvicted: 1 })
  })

  test('ends what is silent too long, also behind one that talks all the time', () => {
    const bench = new Bench()
    bench.see(syn(1), datagram(2))
    for (let half = 0; half < 130; half++) bench.see(segment(1, 101 + half)).wait(SECOND / 2)
    expect(bench.ends()).toEqual(['timed_out'])
    expect(bench.stage.statistics.flows).toBe(1)
  })

  test('waits as long as configured', () => {
    const bench = new Bench({ tcp_idle_seconds: 100, udp_idle_seconds: 10 }).see(syn(1), datagram(2))
    expect(bench.wait(9 * SECOND).ends()).toEqual([])
    expect(bench.wait(2 * SECOND).ends()).toEqual(['timed_out'])
    expect(bench.wait(88 * SECOND).ends()).toEqual(['timed_out'])
    expect(bench.wait(2 * SECOND).ends()).toEqual(['timed_out', 'timed_out'])
  })

  test('at the end of input ends every flow once', () => {
    const bench = new Bench().see(syn(1), datagram(2), syn(3)).finish()
    expect(bench.ends()).toEqual(['open', 'open', 'open'])
    expect(bench.finish().ends()).toHaveLength(3)
    expect(bench.stage.statistics.flows).toBe(0)
  })

  test('takes an ICMP request and its answer for one flow, an error for another', () => {
    const icmp = (type: number, source: string, target: string): Buffer =>
      ethernet(ipv4(Buffer.from([type, 0, 0, 0, 0, 1, 0, 1]), { protocol: 1, source, target }))
    const bench = new Bench().see(icmp(8, A, B), icmp(0, B, A), icmp(3, B, A))
    expect(bench.flows).toMatchObject([
      { transport: 'icmp', packetsFromClient: 1, packetsFromServer: 1 },
      { transport: 'icmp', packetsFromClient: 1, packetsFromServer: 0 },
    ])
  })
})

describe('neighbours', () => {
  const ARP = Buffer.from('0001080006040002 020000000001 0a000001 020000000002 0a000002'.replaceAll(' ', ''), 'hex')

  test('are told by ARP', () => {
    const told = { kind: 'neighbour', address: '10.0.0.1', mac: '02-00-00-00-00-01' }
    expect(new Bench().see(ethernet(ARP, ETHERTYPE.ARP)).told).toEqual([{ ...told, vlanId: undefined }])
    expect(new Bench().see(ethernet(vlan(20, ARP, ETHERTYPE.ARP), ETHERTYPE.VLAN)).told).toEqual([{ ...told, vlanId: 20 }])
  })

  test('are not told by an ARP probe, which has no address yet, or half of one', () => {
    const probe = Buffer.from(ARP).fill(0, 14, 18)
    expect(new Bench().see(ethernet(probe, ETHERTYPE.ARP), ethernet(ARP.subarray(0, 20), ETHERTYPE.ARP)).told).toEqual([])
  })

  const discovery = (type: number, target: string, option: string): Buffer =>
    ethernet(ipv6(Buffer.from(`${type.toString(16)}000000 00000000 ${target} ${option}`.replaceAll(' ', ''), 'hex'), 58), ETHERTYPE.IPV6)

  test('are told by IPv6 neighbour discovery', () => {
    const target = 'fe800000000000000000000000000009'
    const bench = new Bench().see(discovery(135, target, '0101 020000000001'), discovery(136, target, '0201 020000000009'))
    expect(bench.told).toMatchObject([
      { address: '2001:db8::1', mac: '02-00-00-00-00-01' },
      { address: 'fe80::9', mac: '02-00-00-00-00-09' },
    ])
  })

  test('an option without length ends the list', () => {
    expect(new Bench().see(discovery(135, 'fe800000000000000000000000000009', '0e00 000000000000')).told).toEqual([])
  })

  test('are none without link addresses', () => {
    expect(new Bench().seeOn(LinkType.RAW, ipv4(udp(Buffer.from('x')), { protocol: 17 })).told).toMatchObject([{ kind: 'datagram' }])
  })
})
