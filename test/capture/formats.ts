// Captures in memory in every shape that the readers know, for tests.

export interface TestPacket {
  /** Nanoseconds since 1970 UTC, whole units of the interface's resolution. */
  readonly time: bigint
  readonly data: Buffer
  /** Length on the wire. */
  readonly length: number
  /** Index into the interfaces of the section. */
  readonly interface: number
}

export interface TestInterface {
  readonly name: string
  readonly linkType: number
  /** if_tsresol: power of ten. */
  readonly resolution: 3 | 6 | 9
  /** if_tsoffset, s. */
  readonly offset: bigint
}

export interface TestSection {
  readonly bigEndian: boolean
  readonly interfaces: readonly TestInterface[]
  readonly packets: readonly TestPacket[]
  /** isb_ifdrop of the first interface. */
  readonly dropped?: bigint
  readonly packetBlock?: 'enhanced' | 'obsolete' | 'simple'
}

export interface PcapShape {
  readonly bigEndian: boolean
  readonly nanoseconds: boolean
  readonly linkType: number
}

const NANOSECONDS = 1_000_000_000n

export function pcap(packets: readonly TestPacket[], { bigEndian, nanoseconds, linkType }: PcapShape): Buffer {
  const words = (...values: readonly number[]): Buffer => Buffer.concat(values.map(value => u32(value, bigEndian)))
  const version = bigEndian ? 0x0002_0004 : 0x0004_0002
  const parts = [words(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, version, 0, 0, 262_144, linkType)]
  for (const { time, data, length } of packets) {
    const fraction = time % NANOSECONDS
    parts.push(words(Number(time / NANOSECONDS), Number(nanoseconds ? fraction : fraction / 1000n), data.length, length), data)
  }
  return Buffer.concat(parts)
}

export function pcapng(sections: readonly TestSection[]): Buffer {
  return Buffer.concat(sections.flatMap(sectionBlocks))
}

function sectionBlocks({ bigEndian, interfaces, packets, dropped, packetBlock = 'enhanced' }: TestSection): readonly Buffer[] {
  const block = (type: number, ...body: readonly Buffer[]): Buffer => {
    const content = padded(Buffer.concat(body))
    const length = u32(content.length + 12, bigEndian)
    return Buffer.concat([u32(type, bigEndian), length, content, length])
  }
  const option = (code: number, value: Buffer): Buffer => Buffer.concat([u16(code, bigEndian), u16(value.length, bigEndian), padded(value)])
  const end = Buffer.alloc(4)
  const blocks = [block(0x0a0d0d0a, u32(0x1a2b3c4d, bigEndian), u16(1, bigEndian), u16(0, bigEndian), Buffer.alloc(8, 0xff))]
  for (const { name, linkType, resolution, offset } of interfaces)
    blocks.push(
      block(
        1,
        u16(linkType, bigEndian),
        Buffer.alloc(2),
        u32(262_144, bigEndian),
        option(2, Buffer.from(name)),
        option(9, Buffer.of(resolution)),
        option(14, u64(offset, bigEndian)),
        end,
      ),
    )
  for (const packet of packets) {
    const data = padded(packet.data)
    if (packetBlock === 'simple') {
      blocks.push(block(3, u32(packet.length, bigEndian), data))
      continue
    }
    const { resolution, offset } = interfaces[packet.interface]
    const units = (packet.time - offset * NANOSECONDS) / 10n ** BigInt(9 - resolution)
    const head = [units >> 32n, units & 0xffff_ffffn, BigInt(packet.data.length), BigInt(packet.length)]
    const origin = packetBlock === 'obsolete' ? [u16(packet.interface, bigEndian), u16(0, bigEndian)] : [u32(packet.interface, bigEndian)]
    blocks.push(block(packetBlock === 'obsolete' ? 2 : 6, ...origin, ...head.map(value => u32(Number(value), bigEndian)), data))
  }
  // A block of a type that nobody knows, which readers pass over.
  blocks.push(block(0x0bad_b10c, Buffer.from('whatever')))
  if (dropped !== undefined) blocks.push(block(5, u32(0, bigEndian), Buffer.alloc(8), option(5, u64(dropped, bigEndian)), end))
  return blocks
}

function padded(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
}

function u16(value: number, bigEndian: boolean): Buffer {
  const out = Buffer.alloc(2)
  bigEndian ? out.writeUInt16BE(value) : out.writeUInt16LE(value)
  return out
}

function u32(value: number, bigEndian: boolean): Buffer {
  const out = Buffer.alloc(4)
  bigEndian ? out.writeUInt32BE(value) : out.writeUInt32LE(value)
  return out
}

function u64(value: bigint, bigEndian: boolean): Buffer {
  const out = Buffer.alloc(8)
  bigEndian ? out.writeBigInt64BE(value) : out.writeBigInt64LE(value)
  return out
}
