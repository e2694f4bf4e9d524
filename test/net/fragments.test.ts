import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bench, ETHERTYPE, ethernet, fragment6, ipv4, ipv6, SECOND, udp } from './packets.ts'

const TEXT = Array.from({ length: 400 }, (_, index) => String.fromCharCode(0x41 + (index % 26))).join('')
const DATAGRAM = udp(Buffer.from(TEXT))
const TOLD = [{ kind: 'datagram', direction: 0, text: TEXT }]

interface Piece {
  readonly from: number
  readonly to: number
}

const v4 = (payload: Buffer, { from, to }: Piece, id = 7): Buffer =>
  ethernet(ipv4(payload.subarray(from, to), { protocol: 17, id, fragmentOffset: from, more: to < payload.length }))
const v6 = (payload: Buffer, { from, to }: Piece, id = 7, next = 17): Buffer =>
  ethernet(ipv6(fragment6(next, payload.subarray(from, to), { offset: from, more: to < payload.length, id }), 44), ETHERTYPE.IPV6)

/** Cuts at multiples of 8, as IP has them. */
function pieces(length: number, cuts: readonly number[]): readonly Piece[] {
  const at = [...new Set([0, ...cuts.map(cut => cut * 8).filter(cut => cut > 0 && cut < length), length])].sort((a, b) => a - b)
  return at.slice(1).map((to, index) => ({ from: at[index], to }))
}

const CUTS = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 })

describe('IP fragments', () => {
  test.each([
    ['IPv4', v4],
    ['IPv6', v6],
  ] as const)('of %s in any order, some of them twice, make the datagram once', (_, frame) => {
    fc.assert(
      fc.property(CUTS, fc.infiniteStream(fc.nat()), fc.boolean(), (cuts, order, twice) => {
        const whole = pieces(DATAGRAM.length, cuts)
        const shuffled = (twice ? [...whole, ...whole.slice(1)] : [...whole])
          .map(piece => ({ piece, key: order.next().value as number }))
          .sort((a, b) => a.key - b.key)
        const bench = new Bench().see(...shuffled.map(({ piece }) => frame(DATAGRAM, piece)))
        expect(bench.told.slice(0, 1)).toEqual(TOLD)
        expect(bench.flows[0]).toMatchObject({ packetsFromClient: 1 })
      }),
    )
  })

  test('overlap: the first copy of a byte wins, wherever it begins', () => {
    const other = Buffer.from(DATAGRAM).fill('#', 8)
    const [begin, middle, end] = [
      { from: 0, to: 160 },
      { from: 80, to: 240 },
      { from: 200, to: 408 },
    ]
    const first = new Bench().see(v4(DATAGRAM, begin), v4(other, middle), v4(DATAGRAM, end))
    const second = new Bench().see(v4(other, middle), v4(DATAGRAM, begin), v4(DATAGRAM, end))
    const marks = (bench: Bench): number => (bench.told[0].kind === 'datagram' ? bench.told[0].text.split('#').length - 1 : -1)
    expect([marks(first), marks(second)]).toEqual([80, 160])
    expect(first.stage.statistics.fragmentOverlaps).toBe(1)
  })

  test('of different datagrams do not mix', () => {
    const [a, b] = pieces(DATAGRAM.length, [20])
    const bench = new Bench().see(v4(DATAGRAM, a, 1), v4(DATAGRAM, b, 2))
    expect(bench.told).toEqual([])
    expect(bench.see(v4(DATAGRAM, b, 1)).told).toEqual(TOLD)
  })

  test('the first fragment says which protocol it is', () => {
    const [a, b] = pieces(DATAGRAM.length, [20])
    expect(new Bench().see(v6(DATAGRAM, a), v6(DATAGRAM, b, 7, 6)).told).toEqual(TOLD)
    expect(new Bench().see(v6(DATAGRAM, b, 7, 6), v6(DATAGRAM, a)).told).toEqual(TOLD)
  })

  test('whose datagram stays incomplete are given up after 30 s', () => {
    const [a, b] = pieces(DATAGRAM.length, [20])
    const bench = new Bench().see(v4(DATAGRAM, a)).wait(31 * SECOND)
    expect(bench.stage.statistics.fragmentsIncomplete).toBe(1)
    expect(bench.see(v4(DATAGRAM, b)).told).toEqual([])
  })

  test('beyond the limit: the oldest datagram gives way, and it is counted', () => {
    const [a, b] = pieces(DATAGRAM.length, [20])
    const bench = new Bench({ fragments_max: 16 })
    for (let id = 1; id <= 17; id++) bench.see(v4(DATAGRAM, a, id))
    expect(bench.stage.statistics).toMatchObject({ fragmentLimit: 1, fragmentsIncomplete: 1, fragments: 17 })
    expect(bench.see(v4(DATAGRAM, b, 1)).told).toEqual([])
    expect(bench.see(v4(DATAGRAM, b, 17)).told).toEqual(TOLD)
  })

  test('a datagram in more pieces than any is given up, and no other for it', () => {
    const [a, b] = pieces(DATAGRAM.length, [20])
    const bench = new Bench().see(v4(DATAGRAM, a, 1))
    for (let piece = 0; piece < 200; piece++) bench.wait(20_000).see(v4(DATAGRAM, { from: 16, to: 24 }, 2))
    expect(bench.stage.statistics.fragmentLimit).toBeGreaterThan(0)
    expect(bench.see(v4(DATAGRAM, b, 1)).told).toEqual(TOLD)
  })

  test('beyond 65 535 bytes (ping of death) or cut by the capture are left out', () => {
    const huge = ethernet(ipv4(Buffer.alloc(1000), { protocol: 17, fragmentOffset: 65_528, more: false }))
    const [a, b] = pieces(DATAGRAM.length, [20])
    const bench = new Bench().see(huge).seeCut(v4(DATAGRAM, a), 60).see(v4(DATAGRAM, b))
    expect(bench.told).toEqual([])
    expect(bench.stage.statistics.malformed).toBe(0)
  })

  test('two last fragments: the first says where the end is', () => {
    const [a, b, c] = pieces(DATAGRAM.length, [10, 20])
    const early = ethernet(ipv4(DATAGRAM.subarray(b.from, b.to), { protocol: 17, id: 7, fragmentOffset: b.from, more: false }))
    const bench = new Bench().see(v4(DATAGRAM, c), early, v4(DATAGRAM, b), v4(DATAGRAM, a))
    expect(bench.told).toEqual(TOLD)
  })
})
