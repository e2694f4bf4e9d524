import { emptyPacket, type FormatFault, type FormatReader, MAX_CAPTURED_LENGTH } from './reader.ts'
import type { PacketSink } from './source.ts'

const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE_DESCRIPTION = 1
const OBSOLETE_PACKET = 2
const SIMPLE_PACKET = 3
const INTERFACE_STATISTICS = 5
const ENHANCED_PACKET = 6
const BYTE_ORDER_MAGIC = 0x1a2b3c4d

const OPTION_END = 0
const IF_NAME = 2
const IF_TSRESOL = 9
const IF_TSOFFSET = 14
const ISB_IFDROP = 5

/** Larger blocks are taken for corruption. */
const MAX_BLOCK = 64 * 1024 * 1024
const MIN_BLOCK = 12

interface Interface {
  readonly linkType: number
  readonly snapLength: number
  readonly resolution: Resolution
  /** µs added to each time stamp. */
  readonly offset: number
  /** Index over all sections. */
  readonly index: number
  dropped: number | undefined
}

/** How a time stamp becomes µs: `high * whole + ((high * rest + low) * multiplier) / divisor`, so that only the last step rounds. */
interface Resolution {
  readonly whole: number
  readonly rest: number
  readonly multiplier: number
  readonly divisor: number
}

/** True when the first four bytes open a pcapng section. */
export function isPcapng(view: DataView, offset: number): boolean {
  return view.getUint32(offset, false) === SECTION_HEADER
}

/** pcapng (draft-ietf-opsawg-pcapng): blocks of type u32, total length u32, body, total length u32, in sections with their own byte order and interfaces. */
export class PcapngReader implements FormatReader {
  readonly interfaces: string[] = []
  readonly #packet = emptyPacket()
  readonly #utf8 = new TextDecoder()
  #section: Interface[] = []
  #all: Interface[] = []
  #littleEndian = true

  get dropped(): number | undefined {
    const known = this.#all.map(({ dropped }) => dropped).filter(dropped => dropped !== undefined)
    return known.length === 0 ? undefined : known.reduce((sum, dropped) => sum + dropped, 0)
  }

  read(data: Uint8Array, view: DataView, from: number, to: number, base: number, sink: PacketSink): number | FormatFault {
    let at = from
    this.#packet.data = data
    this.#packet.view = view
    while (to - at >= MIN_BLOCK) {
      const isSection = view.getUint32(at, false) === SECTION_HEADER
      if (isSection && !this.#byteOrder(view, at))
        return { code: 'capture_corrupt', message: 'a section header has no valid byte-order magic', offset: base + at }
      const little = this.#littleEndian
      const length = view.getUint32(at + 4, little)
      if (length < MIN_BLOCK || length > MAX_BLOCK || length % 4 !== 0)
        return { code: 'capture_corrupt', message: `a block claims an impossible length of ${length} bytes`, offset: base + at }
      if (to - at < length) break
      const fault = isSection ? this.#beginSection() : this.#block(view, at, length, sink)
      if (fault !== undefined) return { code: 'capture_corrupt', message: fault, offset: base + at }
      at += length
    }
    return at
  }

  #byteOrder(view: DataView, at: number): boolean {
    if (view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) this.#littleEndian = true
    else if (view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC) this.#littleEndian = false
    else return false
    return true
  }

  #beginSection(): undefined {
    this.#section = []
  }

  #block(view: DataView, at: number, length: number, sink: PacketSink): string | undefined {
    const little = this.#littleEndian
    switch (view.getUint32(at, little)) {
      case ENHANCED_PACKET:
        return length < 32 ? 'a packet block is too short' : this.#timed(view, at, length, view.getUint32(at + 8, little), sink)
      case OBSOLETE_PACKET:
        return length < 32 ? 'a packet block is too short' : this.#timed(view, at, length, view.getUint16(at + 8, little), sink)
      case SIMPLE_PACKET:
        return length < 16 ? 'a packet block is too short' : this.#simple(view, at, length, sink)
      case INTERFACE_DESCRIPTION:
        return length < 20 ? 'an interface block is too short' : this.#describe(view, at, length)
      case INTERFACE_STATISTICS:
        if (length >= 24) this.#statistics(view, at, length)
        return undefined
      default:
        return undefined
    }
  }

  /** Enhanced and obsolete packet blocks: interface, time stamp high and low, captured length, original length, frame. */
  #timed(view: DataView, at: number, length: number, interfaceId: number, sink: PacketSink): string | undefined {
    const little = this.#littleEndian
    const origin = this.#section[interfaceId]
    if (origin === undefined) return `a packet names interface ${interfaceId}, which the section does not have`
    const captured = view.getUint32(at + 20, little)
    if (captured > MAX_CAPTURED_LENGTH || captured > length - 32) return `a packet claims ${captured} bytes, more than its block holds`
    const { whole, rest, multiplier, divisor } = origin.resolution
    const high = view.getUint32(at + 12, little)
    const time = high * whole + ((high * rest + view.getUint32(at + 16, little)) * multiplier) / divisor + origin.offset
    this.#deliver(origin, at + 28, captured, view.getUint32(at + 24, little), time, sink)
    return undefined
  }

  #simple(view: DataView, at: number, length: number, sink: PacketSink): string | undefined {
    const origin = this.#section[0]
    if (origin === undefined) return 'a simple packet comes before any interface'
    const original = view.getUint32(at + 8, this.#littleEndian)
    const bound = origin.snapLength === 0 ? original : Math.min(original, origin.snapLength)
    this.#deliver(origin, at + 12, Math.min(bound, length - 16), original, this.#packet.time, sink)
    return undefined
  }

  #deliver(origin: Interface, offset: number, captured: number, original: number, time: number, sink: PacketSink): void {
    const packet = this.#packet
    packet.offset = offset
    packet.capturedLength = captured
    packet.originalLength = Math.max(captured, original)
    packet.time = time
    packet.linkType = origin.linkType
    packet.interfaceIndex = origin.index
    sink.packet(packet)
  }

  #describe(view: DataView, at: number, length: number): undefined {
    const little = this.#littleEndian
    let name = ''
    let resolution = MICROSECONDS
    let offset = 0
    for (const option of this.#options(view, at + 16, at + length - 4)) {
      if (option.code === IF_NAME)
        name = this.#utf8.decode(new Uint8Array(view.buffer, view.byteOffset + option.at, option.length)).replaceAll('\0', '')
      if (option.code === IF_TSRESOL && option.length >= 1) resolution = resolutionOf(view.getUint8(option.at))
      if (option.code === IF_TSOFFSET && option.length >= 8) offset = Number(view.getBigInt64(option.at, little)) * 1e6
    }
    const index = this.#all.length
    const described = {
      linkType: view.getUint16(at + 8, little),
      snapLength: view.getUint32(at + 12, little),
      resolution,
      offset,
      index,
      dropped: undefined,
    }
    this.#section.push(described)
    this.#all.push(described)
    this.interfaces.push(name)
  }

  #statistics(view: DataView, at: number, length: number): void {
    const origin = this.#section[view.getUint32(at + 8, this.#littleEndian)]
    if (origin === undefined) return
    for (const option of this.#options(view, at + 20, at + length - 4))
      if (option.code === ISB_IFDROP && option.length >= 8) origin.dropped = Number(view.getBigUint64(option.at, this.#littleEndian))
  }

  /** Options: code u16, length u16, value padded to 4 bytes. */
  *#options(view: DataView, from: number, to: number): Generator<{ readonly code: number; readonly at: number; readonly length: number }> {
    let at = from
    while (to - at >= 4) {
      const code = view.getUint16(at, this.#littleEndian)
      const length = view.getUint16(at + 2, this.#littleEndian)
      if (code === OPTION_END || length > to - at - 4) return
      yield { code, at: at + 4, length }
      at += 4 + length + ((4 - (length % 4)) % 4)
    }
  }
}

/** What one unit of the high half of a time stamp is worth in units of the low half. */
const LOW_HALF = 2 ** 32
const MICROSECONDS: Resolution = { whole: LOW_HALF, rest: 0, multiplier: 1, divisor: 1 }

/** if_tsresol: a negative power of ten, or of two with the top bit. */
function resolutionOf(value: number): Resolution {
  const exponent = value & 0x7f
  if (value & 0x80) return { whole: (LOW_HALF * 1e6) / 2 ** exponent, rest: 0, multiplier: 1e6, divisor: 2 ** exponent }
  if (exponent <= 6) return { whole: LOW_HALF * 10 ** (6 - exponent), rest: 0, multiplier: 10 ** (6 - exponent), divisor: 1 }
  const divisor = 10 ** (exponent - 6)
  return { whole: Math.floor(LOW_HALF / divisor), rest: LOW_HALF % divisor, multiplier: 1, divisor }
}
