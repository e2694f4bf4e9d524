import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBytes } from './collector.ts'
import { type PcapShape, pcap, pcapng, type TestInterface, type TestPacket, type TestSection } from './formats.ts'

const LINK_TYPES = [0, 1, 101, 108, 113, 228, 229, 276]
/** Between 2001 and 2096, in ms: exact in every resolution. */
const time = fc.integer({ min: 1_000_000_000_000, max: 4_000_000_000_000 }).map(ms => BigInt(ms) * 1_000_000n)

function packet(interfaces: number): fc.Arbitrary<TestPacket> {
  return fc.record({ time, data: fc.uint8Array({ maxLength: 90 }), cut: fc.nat(2000), interface: fc.nat(interfaces - 1) }).map(parts => ({
    time: parts.time,
    data: Buffer.from(parts.data),
    length: parts.data.length + parts.cut,
    interface: parts.interface,
  }))
}

const shape: fc.Arbitrary<PcapShape> = fc.record({
  bigEndian: fc.boolean(),
  nanoseconds: fc.boolean(),
  linkType: fc.constantFrom(...LINK_TYPES),
})

const networkInterface: fc.Arbitrary<TestInterface> = fc.record({
  name: fc.constantFrom('eth0', 'en7', 'br-lan', ''),
  linkType: fc.constantFrom(...LINK_TYPES),
  resolution: fc.constantFrom(3 as const, 6 as const, 9 as const),
  offset: fc.constantFrom(0n, 3600n, 900_000_000n),
})

const section: fc.Arbitrary<TestSection> = fc.array(networkInterface, { minLength: 1, maxLength: 3 }).chain(interfaces =>
  fc.record({
    bigEndian: fc.boolean(),
    interfaces: fc.constant(interfaces),
    packets: fc.array(packet(interfaces.length), { maxLength: 6 }),
    dropped: fc.option(fc.bigInt(0n, 1n << 40n), { nil: undefined }),
    obsolete: fc.boolean(),
  }),
)

const cuts = fc.array(fc.nat(2500), { maxLength: 40 })

function expectPackets(
  found: ReturnType<typeof readBytes>,
  expected: readonly (TestPacket & { readonly linkType: number; readonly index: number })[],
): void {
  expect(
    found.packets.map(({ frame, linkType, interfaceIndex, originalLength }) => ({ frame, linkType, interfaceIndex, originalLength })),
  ).toEqual(
    expected.map(({ data, linkType, index, length }) => ({
      frame: data.toString('latin1'),
      linkType,
      interfaceIndex: index,
      originalLength: length,
    })),
  )
  expect(found.packets.map(({ time }) => time)).toEqual(expected.map(({ time }) => Number(time / 1000n)))
}

describe('pcap', () => {
  test('every byte order, resolution and link type, in pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(packet(1), { maxLength: 12 }), shape, cuts, (packets, form, places) => {
        const bytes = pcap(packets, form)
        const whole = readBytes(bytes)
        expect(whole.end).toEqual({ kind: 'complete' })
        expectPackets(
          whole,
          packets.map(one => ({ ...one, linkType: form.linkType, index: 0 })),
        )
        expect(readBytes(bytes, places)).toEqual(whole)
      }),
    )
  })

  test('byte by byte', () => {
    const bytes = pcap([{ time: 1_700_000_000_123_456_000n, data: Buffer.from('one frame'), length: 9, interface: 0 }], {
      bigEndian: true,
      nanoseconds: true,
      linkType: 1,
    })
    expect(readBytes(bytes, [...bytes.keys()])).toEqual(readBytes(bytes))
    expect(readBytes(bytes).packets[0]?.time).toBe(1_700_000_000_123_456)
  })

  test('FCS bits beside the link type are not part of it', () => {
    const bytes = pcap([], { bigEndian: false, nanoseconds: false, linkType: 0x1400_0001 })
    const record = Buffer.alloc(16 + 4)
    record.writeUInt32LE(4, 8)
    record.writeUInt32LE(4, 12)
    expect(readBytes(Buffer.concat([bytes, record])).packets[0]?.linkType).toBe(1)
  })
})

describe('pcapng', () => {
  test('several sections, interfaces, byte orders and resolutions, in pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 3 }), cuts, (sections, places) => {
        const bytes = pcapng(sections)
        const whole = readBytes(bytes)
        expect(whole.end).toEqual({ kind: 'complete' })
        expect(whole.interfaces).toEqual(sections.flatMap(({ interfaces }) => interfaces.map(({ name }) => name)))
        let before = 0
        const expected = sections.flatMap(({ interfaces, packets }) => {
          const first = before
          before += interfaces.length
          return packets.map(one => ({
            ...one,
            linkType: interfaces[one.interface].linkType,
            index: first + one.interface,
          }))
        })
        expectPackets(whole, expected)
        const drops = sections.map(({ dropped }) => dropped).filter(dropped => dropped !== undefined)
        expect(whole.dropped).toBe(drops.length === 0 ? undefined : Number(drops.reduce((sum, drop) => sum + drop, 0n)))
        expect(readBytes(bytes, places)).toEqual(whole)
      }),
    )
  })

  test('simple packet blocks belong to the first interface and carry no time', () => {
    const bytes = pcapng([
      {
        bigEndian: true,
        interfaces: [{ name: 'eth0', linkType: 101, resolution: 6, offset: 0n }],
        packets: [{ time: 0n, data: Buffer.from('12345'), length: 5, interface: 0 }],
        packetBlock: 'simple',
      },
    ])
    expect(readBytes(bytes)).toMatchObject({
      packets: [{ frame: '12345', linkType: 101, interfaceIndex: 0, originalLength: 5 }],
      end: { kind: 'complete' },
    })
  })

  test('whole microseconds are exact in every resolution, and nanoseconds as far as a double holds them', () => {
    const read = (resolution: 3 | 6 | 9, time: bigint): number | undefined =>
      readBytes(
        pcapng([
          {
            bigEndian: false,
            interfaces: [{ name: 'eth0', linkType: 1, resolution, offset: 0n }],
            packets: [{ time, data: Buffer.from('x'), length: 1, interface: 0 }],
          },
        ]),
      ).packets[0]?.time
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000_000_000_000, max: 4_000_000_000_000_000 }), microseconds => {
        const time = BigInt(microseconds) * 1000n
        expect(read(6, time)).toBe(microseconds)
        expect(read(9, time)).toBe(microseconds)
      }),
    )
    expect(read(9, 1_700_000_000_123_456_500n)).toBe(1_700_000_000_123_456.5)
    expect(read(3, 1_700_000_000_123_000_000n)).toBe(1_700_000_000_123_000)
  })
})

describe('what no writer would write', () => {
  const intact = [
    pcap(
      [0, 1, 2].map(index => ({ time: BigInt(index) * 1_000_000n, data: Buffer.alloc(20 + index, index), length: 60, interface: 0 })),
      { bigEndian: false, nanoseconds: false, linkType: 1 },
    ),
    pcapng(
      [false, true].map(bigEndian => ({
        bigEndian,
        interfaces: [{ name: 'eth0', linkType: 1, resolution: 9 as const, offset: 0n }],
        packets: [0, 1].map(index => ({ time: 1_000_000n, data: Buffer.alloc(7 + index, index), length: 60, interface: 0 })),
        dropped: 3n,
      })),
    ),
  ]

  test('every prefix gives every whole packet and says where it was cut off', () => {
    for (const bytes of intact) {
      const all = readBytes(bytes).packets
      let most = 0
      for (let length = 0; length <= bytes.length; length++) {
        const { packets, end } = readBytes(bytes.subarray(0, length))
        expect(packets).toEqual(all.slice(0, packets.length))
        expect(packets.length).toBeGreaterThanOrEqual(most)
        most = packets.length
        if (end.kind === 'complete') continue
        expect(end).toMatchObject({ kind: 'failed', code: length < 4 ? 'capture_foreign' : 'capture_truncated' })
        if (end.kind === 'failed') {
          expect(end.message).toContain(`test.pcap: `)
          expect(end.message).toContain(`(offset ${end.offset})`)
          expect(end.offset).toBeLessThanOrEqual(length)
          expect(end.mend).not.toBe('')
        }
      }
      expect(most).toBe(all.length)
    }
  })

  test('a flipped byte anywhere neither throws nor invents a packet longer than the rest', () => {
    for (const bytes of intact)
      for (let at = 0; at < bytes.length; at++)
        for (const flip of [0x01, 0x80, 0xff]) {
          const damaged = Buffer.from(bytes)
          damaged[at] ^= flip
          for (const { frame } of readBytes(damaged).packets) expect(frame.length).toBeLessThan(bytes.length)
        }
  })

  test('any bytes at all, with or without a valid beginning', () => {
    const beginnings = [
      Buffer.alloc(0),
      ...intact.map(bytes => bytes.subarray(0, 60)),
      intact[1].subarray(0, 28),
      Buffer.from('d4c3b2a1', 'hex'),
    ]
    fc.assert(
      fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 300 }), cuts, (begin, rest, places) => {
        const bytes = Buffer.concat([begin, rest])
        const whole = readBytes(bytes)
        expect(readBytes(bytes, places)).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })

  test('a record that claims more than any frame has is damage, at its offset', () => {
    const bytes = Buffer.concat([intact[0], Buffer.alloc(16, 0xff)])
    const { packets, end } = readBytes(bytes)
    expect(packets).toHaveLength(3)
    expect(end).toMatchObject({ kind: 'failed', code: 'capture_corrupt', offset: intact[0].length })
  })

  test('other files are told by what they begin with', () => {
    expect(readBytes(Buffer.from('PK\u0003\u0004 a zip file'))).toMatchObject({
      packets: [],
      end: { kind: 'failed', code: 'capture_foreign', offset: 0, message: expect.stringContaining('begins with 504b0304') },
    })
    expect(readBytes(Buffer.alloc(0)).end).toMatchObject({ code: 'capture_foreign', message: expect.stringContaining('too short') })
  })
})
