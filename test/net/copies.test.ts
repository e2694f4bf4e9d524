import { describe, expect, test } from 'vitest'
import { A, B, Bench, ETHERTYPE, ethernet, extension, FLAG, gre, ipv4, ipv6, SECOND, tcp, udp, vlan } from './packets.ts'

const PROTOCOL = { ICMP: 1, TCP: 6, UDP: 17, GRE: 47 } as const
const text = Buffer.from('question')
/** With a checksum, as everything but a few tunnels has. */
const datagram = (payload: Buffer = text): Buffer => {
  const bytes = udp(payload)
  bytes.writeUInt16BE(0xbeef ^ payload.length, 6)
  return bytes
}
const echo = Buffer.from('0800f7ff00010001', 'hex')
const tagged = (id: number, packet: Buffer, type: number = ETHERTYPE.IPV4): Buffer => ethernet(vlan(id, packet, type), ETHERTYPE.VLAN)

/** As the router sends it on. */
function routed(packet: Buffer): Buffer {
  const frame = ethernet(packet)
  frame.set([0x02, 0, 0, 0, 0, 0xfe], 6)
  frame.writeUInt8(63, 14 + 8)
  return frame
}

const KINDS = [
  ['UDP', ipv4(datagram(), { protocol: PROTOCOL.UDP, id: 9 })],
  ['UDP without identification', ipv4(datagram(), { protocol: PROTOCOL.UDP })],
  ['UDP without checksum', ipv4(udp(text), { protocol: PROTOCOL.UDP, id: 9 })],
  ['ICMP', ipv4(echo, { protocol: PROTOCOL.ICMP, id: 9 })],
  ['a pure acknowledgment', ipv4(tcp(), { id: 9 })],
  ['a TCP segment', ipv4(tcp(text, { flags: FLAG.ACK }), { id: 9 })],
  ['a SYN', ipv4(tcp(undefined, { flags: FLAG.SYN }), { id: 9 })],
  ['a protocol that is not followed', ipv4(text, { protocol: 99, id: 9 })],
] as const

const WAYS = [
  ['as it was', (packet: Buffer) => ethernet(packet)],
  ['behind a tag', (packet: Buffer) => tagged(20, packet)],
  ['behind a router', routed],
  ['in a tunnel too', (packet: Buffer) => ethernet(ipv4(gre(ethernet(packet), 0x6558), { protocol: PROTOCOL.GRE, source: '192.0.2.1' }))],
] as const

const counted = (bench: Bench): number =>
  bench.flows
    .filter(({ clientAddress }) => clientAddress !== '192.0.2.1')
    .reduce((sum, { packetsFromClient, packetsFromServer }) => sum + packetsFromClient + packetsFromServer, 0)

describe('a packet that the mirror shows twice is counted once', () => {
  test.each(KINDS.flatMap(([kind, packet]) => WAYS.map(([way, copy]) => [kind, way, packet, copy] as const)))(
    '%s, %s',
    (...[, , packet, copy]) => {
      const bench = new Bench().see(ethernet(packet), copy(packet))
      expect([counted(bench), bench.flows.length, bench.stage.statistics.duplicates]).toEqual([1, 1, 1])
      expect(bench.told.filter(({ kind }) => kind === 'datagram' || kind === 'data').length).toBeLessThanOrEqual(1)
    },
  )

  test('with other packets between it and its copy', () => {
    const packets = Array.from({ length: 8 }, (_, id) => ipv4(datagram(Buffer.from(`${id}`)), { protocol: PROTOCOL.UDP, id: id + 1 }))
    const bench = new Bench().see(...packets.map(packet => ethernet(packet)), ...packets.map(packet => tagged(20, packet)))
    expect([counted(bench), bench.told.length, bench.stage.statistics.duplicates]).toEqual([8, 8, 8])
  })

  test('over IPv6', () => {
    const frame = ethernet(ipv6(extension(PROTOCOL.UDP, datagram()), 60), ETHERTYPE.IPV6)
    expect(new Bench().see(frame, frame).told).toHaveLength(1)
  })

  test('in fragments', () => {
    const whole = datagram(Buffer.alloc(40, 'x'))
    const [first, second] = [
      ipv4(whole.subarray(0, 24), { protocol: PROTOCOL.UDP, id: 9, more: true }),
      ipv4(whole.subarray(24), { protocol: PROTOCOL.UDP, id: 9, fragmentOffset: 24 }),
    ]
    const bench = new Bench().see(ethernet(first), tagged(20, first), ethernet(second), tagged(20, second)).wait(40 * SECOND)
    expect(bench.told.filter(({ kind }) => kind === 'datagram')).toHaveLength(1)
    expect(bench.stage.statistics).toMatchObject({ duplicates: 2, fragmentsIncomplete: 0, fragmentOverlaps: 0 })
  })
})

describe('counted twice is', () => {
  test('what is sent again later', () => {
    for (const [, packet] of KINDS) {
      const bench = new Bench().see(ethernet(packet))
      bench.time += 11_000
      expect(counted(bench.see(ethernet(packet)))).toBe(2)
    }
  })

  test('what only looks alike and has no checksum to tell it by', () => {
    expect(counted(new Bench().see(...[1, 2].map(() => ethernet(ipv4(udp(text), { protocol: PROTOCOL.UDP })))))).toBe(2)
  })

  test.each([
    ['another identification', ipv4(datagram(), { protocol: PROTOCOL.UDP, id: 10 })],
    ['other content', ipv4(datagram(Buffer.from('Question!')), { protocol: PROTOCOL.UDP, id: 9 })],
    ['another target', ipv4(datagram(), { protocol: PROTOCOL.UDP, id: 9, target: '10.0.0.9' })],
    ['the other direction', ipv4(datagram(), { protocol: PROTOCOL.UDP, id: 9, source: B, target: A })],
  ])('a packet with %s', (_, other) => {
    expect(counted(new Bench().see(ethernet(ipv4(datagram(), { protocol: PROTOCOL.UDP, id: 9 })), ethernet(other)))).toBe(2)
  })

  test('what VLANs keep apart, where the configuration says so', () => {
    const packet = ipv4(datagram(), { protocol: PROTOCOL.UDP, id: 9 })
    const bench = new Bench({ vlan_in_flow_key: true }).see(tagged(10, packet), tagged(20, packet))
    expect([counted(bench), bench.flows.length]).toEqual([2, 2])
  })
})
