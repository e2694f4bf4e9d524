import { describe, expect, test } from 'vitest'
import { formatIpv6 } from '../../src/net/addresses.ts'
import { Bench, ETHERTYPE, ethernet, extension, fragment6, ipv4, ipv6, tcp, udp } from './packets.ts'

const HELLO = udp(Buffer.from('hello'))
const TOLD = [{ kind: 'datagram', direction: 0, text: 'hello' }]
const HEADER = {
  HOP_BY_HOP: 0,
  UDP: 17,
  ROUTING: 43,
  FRAGMENT: 44,
  AUTHENTICATION: 51,
  NO_NEXT: 59,
  DESTINATION: 60,
  MOBILITY: 135,
} as const
const v6 = (payload: Buffer, next: number): Buffer => ethernet(ipv6(payload, next), ETHERTYPE.IPV6)

describe('IPv4', () => {
  test('with options', () => {
    expect(new Bench().see(ethernet(ipv4(HELLO, { protocol: 17, options: Buffer.alloc(8, 1) }))).told).toEqual(TOLD)
  })

  test('behind which Ethernet pads', () => {
    expect(new Bench().see(Buffer.concat([ethernet(ipv4(HELLO, { protocol: 17 })), Buffer.alloc(20, 0x99)])).told).toEqual(TOLD)
  })

  test('of a card that segments by itself has length 0', () => {
    const bench = new Bench().see(ethernet(ipv4(tcp(Buffer.from('big segment')), { totalLength: 0 })))
    expect(bench.stream(0)).toBe('big segment')
  })

  test.each([
    ['a header shorter than its own length', Buffer.concat([Buffer.from([0x46]), ipv4(HELLO, { protocol: 17 }).subarray(1, 20)])],
    ['a header length below 20', Buffer.concat([Buffer.from([0x44]), ipv4(HELLO).subarray(1)])],
    ['a total length below the header', ipv4(HELLO, { totalLength: 12 })],
    ['a TCP header below 20', ipv4(tcp(Buffer.from('data'), { dataOffset: 4 }))],
    ['half a TCP header', ipv4(tcp().subarray(0, 10))],
  ])('%s is malformed', (_, packet) => {
    const bench = new Bench().see(ethernet(packet))
    expect(bench.stage.statistics).toMatchObject({ malformed: 1, flowsTotal: 0 })
    expect(bench.told).toEqual([])
  })
})

describe('IPv6', () => {
  test.each([
    ['no extension header', v6(HELLO, HEADER.UDP)],
    ['hop-by-hop options', v6(extension(HEADER.UDP, HELLO), HEADER.HOP_BY_HOP)],
    ['a chain', v6(extension(HEADER.ROUTING, extension(HEADER.DESTINATION, extension(HEADER.UDP, HELLO))), HEADER.HOP_BY_HOP)],
    ['mobility', v6(extension(HEADER.UDP, HELLO), HEADER.MOBILITY)],
    ['authentication', v6(Buffer.concat([Buffer.from([HEADER.UDP, 4, 0, 0]), Buffer.alloc(20), HELLO]), HEADER.AUTHENTICATION)],
    ['an atomic fragment', v6(fragment6(HEADER.UDP, HELLO), HEADER.FRAGMENT)],
  ])('with %s', (_, frame) => expect(new Bench().see(frame).told).toEqual(TOLD))

  test('a chain without end is malformed', () => {
    const chain = (length: number): Buffer =>
      length === 0 ? HELLO : extension(length === 1 ? HEADER.UDP : HEADER.DESTINATION, chain(length - 1))
    expect(new Bench().see(v6(chain(11), HEADER.DESTINATION)).told).toEqual(TOLD)
    expect(new Bench().see(v6(chain(13), HEADER.DESTINATION)).stage.statistics).toMatchObject({ malformed: 1, flowsTotal: 0 })
  })

  test('an extension header longer than the packet is malformed', () => {
    const long = extension(HEADER.UDP, HELLO)
    long[1] = 200
    expect(new Bench().see(v6(long, HEADER.HOP_BY_HOP)).stage.statistics.malformed).toBe(1)
  })

  test.each([
    [[0, 0, 0, 0], '::'],
    [[0, 0, 0, 1], '::1'],
    [[0x20010db8, 0, 0, 1], '2001:db8::1'],
    [[0x20010db8, 0x00000001, 0x00000001, 0x00010001], '2001:db8:0:1:0:1:1:1'],
    [[0x20010db8, 0, 0x00010000, 0], '2001:db8:0:0:1::'],
    [[0x20010db8, 0, 0x00010000, 1], '2001:db8::1:0:0:1'],
    [[0xfe800000, 0, 0x020086ff, 0xfe0580da], 'fe80::200:86ff:fe05:80da'],
  ])('address %j reads %s (RFC 5952)', ([a, b, c, d], text) => expect(formatIpv6(a, b, c, d)).toBe(text))
})
