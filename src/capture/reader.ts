import type { PacketSink, RawPacket } from './source.ts'

/** Why an input cannot be read on; offsets are bytes of the capture stream. */
export interface FormatFault {
  readonly code: 'capture_corrupt' | 'capture_foreign'
  readonly message: string
  readonly offset: number
}

/** Incremental reader of one capture format. */
export interface FormatReader {
  readonly interfaces: readonly string[]
  /** Packets that the writer of the capture says it lost. */
  readonly dropped: number | undefined
  /**
   * Read whole units of `data[from .. to)`, delivering packets. Gives the offset of the first byte that is not consumed (a partial unit),
   * or a fault. `base` is the stream offset of `data[0]`.
   */
  read(data: Uint8Array, view: DataView, from: number, to: number, base: number, sink: PacketSink): number | FormatFault
}

/** A frame longer than this is no frame: libpcap's own bound. */
export const MAX_CAPTURED_LENGTH = 262_144

export function emptyPacket(): RawPacket {
  const data = new Uint8Array(0)
  return { data, view: new DataView(data.buffer), offset: 0, capturedLength: 0, originalLength: 0, time: 0, linkType: 0, interfaceIndex: 0 }
}
