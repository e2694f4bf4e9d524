import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NetSettings } from '../../src/net/settings.ts'
import { A, B, Bench, ethernet, FLAG, ipv4, SECOND, tcp } from './packets.ts'

const { SYN, ACK } = FLAG

/** A range of the stream that is sent, `bytes` where they are others than the stream's. */
interface Piece {
  readonly from: number
  readonly to: number
  readonly bytes?: string
}

const streamOf = (length: number): string => Array.from({ length }, (_, index) => String.fromCharCode(0x30 + ((index * 7) % 64))).join('')

/** A connection whose client sends a stream from an initial sequence number; the server has acknowledged the SYN. */
class Connection {
  readonly bench: Bench
  readonly #stream: string
  readonly #initial: number
  readonly #port: number
  /** Of IP packets: a retransmission has a new one. */
  #identification = 0

  constructor(stream: string, initial = 1000, settings: Partial<NetSettings> = {}, bench = new Bench(settings), port = 40_000) {
    this.bench = bench
    this.#stream = stream
    this.#initial = initial
    this.#port = port
  }

  open(): this {
    this.bench.see(this.#frame('', 0, SYN, -1), this.#answer(0, SYN | ACK))
    return this
  }

  send(...pieces: readonly Piece[]): this {
    for (const { from, to, bytes = this.#stream.slice(from, to) } of pieces) this.bench.see(this.#frame(bytes, from, ACK))
    return this
  }

  acknowledge(upTo: number): this {
    this.bench.see(this.#answer(upTo, ACK))
    return this
  }

  #frame(bytes: string, from: number, flags: number, shift = 0): Buffer {
    const sequence = (this.#initial + 1 + from + shift) >>> 0
    return ethernet(
      ipv4(tcp(Buffer.from(bytes, 'latin1'), { sourcePort: this.#port, sequence, acknowledgment: 5001, flags }), {
        id: ++this.#identification & 0xffff,
      }),
    )
  }

  #answer(upTo: number, flags: number): Buffer {
    const acknowledgment = (this.#initial + 1 + upTo) >>> 0
    const fields = { sourcePort: 104, targetPort: this.#port, sequence: (flags & SYN) === 0 ? 5001 : 5000, acknowledgment, flags }
    return ethernet(ipv4(tcp(undefined, fields), { source: B, target: A }))
  }
}

/** What came out, with holes as `_`. */
function delivered({ told }: Bench): string {
  return told
    .map(item =>
      item.kind === 'data' && item.direction === 0 ? item.text : item.kind === 'gap' && item.direction === 0 ? '_'.repeat(item.length) : '',
    )
    .join('')
}

const LENGTH = 900
const STREAM = streamOf(LENGTH)
/** Initial sequence numbers, most of them about to begin again at 0. */
const INITIAL = fc.oneof(fc.integer({ min: 0xffff_ffff - LENGTH, max: 0xffff_ffff }), fc.integer({ min: 0, max: 0xffff_ffff }))
const CUTS = fc.array(fc.integer({ min: 1, max: LENGTH - 1 }), { maxLength: 30 })
const OVERLAPS = fc.array(
  fc.tuple(fc.nat(LENGTH - 1), fc.integer({ min: 1, max: 300 })).map(([from, length]) => ({ from, to: Math.min(LENGTH, from + length) })),
  { maxLength: 20 },
)

function cut(cuts: readonly number[]): readonly Piece[] {
  const at = [...new Set([0, ...cuts, LENGTH])].sort((a, b) => a - b)
  return at.slice(1).map((to, index) => ({ from: at[index], to }))
}

const shuffled = <Item>(items: readonly Item[]): fc.Arbitrary<Item[]> => fc.shuffledSubarray([...items], { minLength: items.length })

/** Pieces that cover the stream, overlap, and come twice, in any order. */
const JUMBLE = fc.tuple(CUTS, OVERLAPS).chain(([cuts, overlaps]) => shuffled([...cut(cuts), ...overlaps]))

describe('a TCP stream', () => {
  test('comes out as it was sent, whatever the order, repetition and overlap of its segments', () => {
    fc.assert(
      fc.property(JUMBLE, INITIAL, (pieces, initial) => {
        const { bench } = new Connection(STREAM, initial).open().send(...pieces)
        expect(delivered(bench)).toBe(STREAM)
        expect(bench.flows[0]).toMatchObject({ gapBytesFromClient: 0, overlapConflicts: 0 })
        expect(bench.finish().gaps(0)).toEqual([])
      }),
    )
  })

  test('of which copies differ comes out with the first copy of every byte', () => {
    const marked = JUMBLE.chain(pieces =>
      fc
        .array(fc.boolean(), { minLength: pieces.length, maxLength: pieces.length })
        .map(marks =>
          pieces.map(({ from, to }, index) => ({ from, to, bytes: marks[index] ? '!'.repeat(to - from) : STREAM.slice(from, to) })),
        ),
    )
    fc.assert(
      fc.property(marked, INITIAL, (pieces, initial) => {
        const first: string[] = []
        for (const { from, to, bytes } of pieces) for (let at = from; at < to; at++) first[at] ??= bytes[at - from]
        expect(delivered(new Connection(STREAM, initial).open().send(...pieces).bench)).toBe(first.join(''))
      }),
    )
  })

  test('of which segments were lost has gaps of their size once they are acknowledged', () => {
    const losses = CUTS.chain(cuts => fc.tuple(fc.constant(cut(cuts)), fc.array(fc.boolean(), { minLength: 31, maxLength: 31 })))
    fc.assert(
      fc.property(losses, INITIAL, ([pieces, lost], initial) => {
        const connection = new Connection(STREAM, initial).open()
        connection.send(...pieces.filter((_, index) => !lost[index])).acknowledge(LENGTH)
        const bench = connection.bench.wait(6 * SECOND).finish()
        expect(delivered(bench)).toBe(
          pieces.map(({ from, to }, index) => (lost[index] ? '_'.repeat(to - from) : STREAM.slice(from, to))).join(''),
        )
        const missing = pieces.reduce((sum, { from, to }, index) => sum + (lost[index] ? to - from : 0), 0)
        expect(bench.flows[0].gapBytesFromClient).toBe(missing)
        expect(bench.stage.statistics.inferredLostBytes).toBe(missing)
      }),
    )
  })

  test('that is joined midstream begins with the first segment seen', () => {
    fc.assert(
      fc.property(CUTS, fc.nat(30), INITIAL, (cuts, skipped, initial) => {
        const pieces = cut(cuts).slice(skipped)
        if (pieces.length === 0) return
        const { bench } = new Connection(STREAM, initial).send(...pieces)
        expect(bench.flows[0].midstream).toBe(true)
        expect(delivered(bench)).toBe(STREAM.slice(pieces[0].from))
      }),
    )
  })
})

describe('a copy of a segment with other bytes is flagged', () => {
  const other = (from: number, to: number): Piece => ({ from, to, bytes: '!'.repeat(to - from) })

  test.each([
    ['behind delivered bytes', [{ from: 0, to: 100 }, other(0, 100), { from: 100, to: LENGTH }]],
    ['while it waits', [{ from: 100, to: 200 }, other(100, 200), { from: 0, to: 100 }, { from: 200, to: LENGTH }]],
    ['overlapping one that waits', [{ from: 100, to: 200 }, other(150, 300), { from: 0, to: 100 }, { from: 300, to: LENGTH }]],
    ['before one that waits', [{ from: 100, to: 200 }, other(0, 150), { from: 200, to: LENGTH }]],
  ] as const)('%s', (_, pieces) => {
    const { bench } = new Connection(STREAM).open().send(...pieces)
    expect(bench.flows[0].overlapConflicts).toBe(1)
    expect(bench.stage.statistics.overlapConflicts).toBe(1)
  })

  test('also where it looks like a packet that the mirror sent twice', () => {
    const [frame, copy] = [STREAM.slice(0, 100), '!'.repeat(100)].map(bytes =>
      ethernet(ipv4(tcp(Buffer.from(bytes), { sequence: 1001, acknowledgment: 5001 }), { id: 77 })),
    )
    const { bench } = new Connection(STREAM).open()
    bench.see(frame, frame, copy)
    expect(bench.stage.statistics).toMatchObject({ overlapConflicts: 1, duplicates: 1 })
  })

  test('with the same bytes not', () => {
    const { bench } = new Connection(STREAM)
      .open()
      .send({ from: 0, to: 300 }, { from: 0, to: 300 }, { from: 100, to: 500 }, { from: 0, to: 600 })
    expect(bench.stage.statistics).toMatchObject({ overlapConflicts: 0, retransmits: 3 })
  })
})

describe('a hole', () => {
  const behind = (count: number): readonly Piece[] => Array.from({ length: count }, (_, index) => ({ from: 10 + index, to: 11 + index }))

  test('is waited for while the receiver waits too', () => {
    const { bench } = new Connection(STREAM).open().send(...behind(100))
    expect(delivered(bench)).toBe('')
    expect(delivered(bench.wait(6 * SECOND))).toBe('')
  })

  test('that the receiver has filled is given up after some segments', () => {
    const { bench } = new Connection(STREAM)
      .open()
      .send(...behind(20))
      .acknowledge(30)
    expect(delivered(bench)).toBe(`${'_'.repeat(10)}${STREAM.slice(10, 30)}`)
  })

  test('that the receiver has filled is given up after some time', () => {
    const connection = new Connection(STREAM)
      .open()
      .send(...behind(2))
      .acknowledge(12)
    expect(delivered(connection.bench)).toBe('')
    expect(delivered(connection.bench.wait(6 * SECOND))).toBe(`${'_'.repeat(10)}${STREAM.slice(10, 12)}`)
  })

  test('is filled by a late segment', () => {
    const { bench } = new Connection(STREAM)
      .open()
      .send(...behind(3))
      .acknowledge(13)
      .send({ from: 0, to: 10 })
    expect(delivered(bench)).toBe(STREAM.slice(0, 13))
    expect(bench.stage.statistics.inferredLostBytes).toBe(0)
  })

  test('of which nobody says anything is given up after ten seconds', () => {
    const { bench } = new Connection(STREAM).open().send(...behind(2))
    expect(delivered(bench.wait(11 * SECOND))).toBe(`${'_'.repeat(10)}${STREAM.slice(10, 12)}`)
    expect(bench.stage.statistics.inferredLostBytes).toBe(0)
  })

  test.each([0x4000_0000 + 1002, 0x6000_0000, 0x8000_0000 + 1001, 0xb000_0000])(
    'larger than any window is none: a segment at %i is not of this connection',
    sequence => {
      const far = ethernet(ipv4(tcp(Buffer.from('far'), { sequence })))
      const { bench } = new Connection(STREAM).open()
      expect(delivered(bench.see(far).finish())).toBe('')
    },
  )
})

describe('memory', () => {
  const PER_FLOW = 20_000
  const TOTAL = 50_000

  test('for one connection is never exceeded, and its limit is counted', () => {
    const stream = streamOf(200_000)
    const connection = new Connection(stream, 1000, { reassembly_bytes_per_flow: PER_FLOW, reassembly_bytes_total: TOTAL }).open()
    let shown = 0
    for (let from = 1; from + 1000 <= stream.length; from += 1100) {
      connection.send({ from, to: from + 1000 })
      shown += 1000
      expect(shown - connection.bench.stream(0).length).toBeLessThanOrEqual(PER_FLOW)
    }
    expect(connection.bench.stage.statistics.reassemblyLimit).toBeGreaterThan(0)
    expect(connection.bench.finish().gaps(0).length).toBeGreaterThan(100)
  })

  test('for all connections together is never exceeded', () => {
    const stream = streamOf(10_000)
    const bench = new Bench({ reassembly_bytes_per_flow: PER_FLOW, reassembly_bytes_total: TOTAL })
    let shown = 0
    for (let port = 1; port <= 100; port++) {
      const connection = new Connection(stream, 1000, {}, bench, port).open()
      for (let from = 1; from < 5000; from += 1000) {
        connection.send({ from, to: from + 500 })
        shown += 500
        expect(shown - bench.stream(0).length).toBeLessThanOrEqual(TOTAL)
      }
    }
    expect(bench.stage.statistics.reassemblyLimit).toBeGreaterThan(0)
  })

  test('is charged for segments of one byte too', () => {
    const stream = streamOf(60_000)
    const connection = new Connection(stream, 1000, { reassembly_bytes_per_flow: PER_FLOW, reassembly_bytes_total: TOTAL }).open()
    for (let from = 1, shown = 1; from < 2000; from += 2, shown++) {
      connection.send({ from, to: from + 1 })
      expect(shown - connection.bench.stream(0).length).toBeLessThanOrEqual(PER_FLOW / 100)
    }
  })

  test('holds very many holes, and gives them all back', () => {
    const holes = 20_000
    const connection = new Connection(streamOf(holes * 2 + 2)).open()
    for (let hole = 0; hole < holes; hole++) connection.send({ from: hole * 2 + 1, to: hole * 2 + 2 })
    expect(connection.bench.stream(0)).toBe('')
    const bench = connection.bench.finish()
    expect(bench.stream(0)).toHaveLength(holes)
    expect(bench.gaps(0)).toHaveLength(holes)
  })
})
