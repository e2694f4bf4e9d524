import { emptyPacket, type FormatFault, type FormatReader, MAX_CAPTURED_LENGTH } from './reader.ts'
import type { PacketSink } from './source.ts'

/** Bytes of the global header and of a record header. */
export const PCAP_HEADER = 24
const RECORD_HEADER = 16

const MAGIC_MICROSECONDS = 0xa1b2c3d4
const MAGIC_NANOSECONDS = 0xa1b23c4d

/** True when the first four bytes are those of a classic pcap, in either byte order. */
export function isPcap(view: DataView, offset: number): boolean {
  const magics = [view.getUint32(offset, false), view.getUint32(offset, true)]
  return magics.includes(MAGIC_MICROSECONDS) || magics.includes(MAGIC_NANOSECONDS)
}

/**
 * Classic pcap (draft-ietf-opsawg-pcap):
 *   header: magic u32, major u16, minor u16, reserved u32×2, snaplen u32, FCS bits and link type u32
 *   record: seconds u32, fraction u32, captured length u32, original length u32, frame
 */
export class PcapReader implements FormatReader {
  readonly interfaces: readonly string[] = []
  readonly dropped = undefined
  readonly #packet = emptyPacket()
  #littleEndian = false
  /** µs for one unit of the fraction. */
  #fraction = 1
  #begun = false

  read(data: Uint8Array, view: DataView, from: number, to: number, base: number, sink: PacketSink): number | FormatFault {
    let at = from
    if (!this.#begun) {
      if (to - at < PCAP_HEADER) return at
      this.#header(view, at)
      at += PCAP_HEADER
    }
    const packet = this.#packet
    const little = this.#littleEndian
    packet.data = data
    packet.view = view
    while (to - at >= RECORD_HEADER) {
      const captured = view.getUint32(at + 8, little)
      if (captured > MAX_CAPTURED_LENGTH)
        return { code: 'capture_corrupt', message: `a record claims ${captured} bytes, more than any frame has`, offset: base + at }
      if (to - at - RECORD_HEADER < captured) break
      packet.time = view.getUint32(at, little) * 1e6 + view.getUint32(at + 4, little) * this.#fraction
      packet.offset = at + RECORD_HEADER
      packet.capturedLength = captured
      packet.originalLength = Math.max(captured, view.getUint32(at + 12, little))
      sink.packet(packet)
      at += RECORD_HEADER + captured
    }
    return at
  }

  #header(view: DataView, at: number): void {
    this.#begun = true
    const magic = view.getUint32(at, true)
    this.#littleEndian = magic === MAGIC_MICROSECONDS || magic === MAGIC_NANOSECONDS
    this.#fraction = view.getUint32(at, this.#littleEndian) === MAGIC_NANOSECONDS ? 1e-3 : 1
    this.#packet.linkType = view.getUint32(at + 20, this.#littleEndian) & 0x0fff_ffff & 0xffff
  }
}
