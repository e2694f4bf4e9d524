import { isPcap, PcapReader } from './pcap.ts'
import { isPcapng, PcapngReader } from './pcapng.ts'
import type { FormatFault, FormatReader } from './reader.ts'
import type { CaptureEnd, PacketSink } from './source.ts'

/** Fits the second-level cache of a processor; grows for a unit that is longer. */
const BUFFER_BYTES = 1024 * 1024
/** Less room than this behind an unfinished unit is not worth a read. */
const MIN_SPACE = 64 * 1024

/**
 * Takes a capture stream in pieces of any size and finds out its format. Packets are delivered straight from the buffer that the stream
 * was read into; only the beginning of a unit that is not whole yet is moved to its front.
 */
export class CaptureStream {
  readonly #name: string
  #reader: FormatReader | undefined
  #fault: FormatFault | undefined
  /** Begins with the `#held` bytes of the unit that is not whole yet. */
  #buffer = new Uint8Array(BUFFER_BYTES)
  #held = 0
  /** Stream offset of the next byte to come. */
  #position = 0

  constructor(name: string) {
    this.#name = name
  }

  get interfaces(): readonly string[] {
    return this.#reader?.interfaces ?? []
  }

  get dropped(): number | undefined {
    return this.#reader?.dropped
  }

  /** Bytes of the stream taken in. */
  get position(): number {
    return this.#position
  }

  /** Where the next bytes of the stream may be written, at least one; `filled` then takes them. Saves the copy that `feed` makes. */
  space(): Uint8Array {
    if (this.#buffer.length - this.#held < MIN_SPACE) this.#buffer = grown(this.#buffer, this.#held)
    return this.#buffer.subarray(this.#held)
  }

  /** `length` bytes were written to `space()`. False once the stream cannot be read on. */
  filled(length: number, sink: PacketSink): boolean {
    if (this.#fault !== undefined) return false
    const data = this.#buffer
    const base = this.#position - this.#held
    const end = this.#held + length
    this.#position += length
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    this.#reader ??= this.#recognize(view, end)
    if (this.#fault !== undefined) return false
    const consumed = this.#reader?.read(data, view, 0, end, base, sink) ?? 0
    if (typeof consumed !== 'number') {
      this.#fault = consumed
      return false
    }
    data.copyWithin(0, consumed, end)
    this.#held = end - consumed
    return true
  }

  /** Take bytes in. False once the stream cannot be read on. */
  feed(chunk: Uint8Array, sink: PacketSink): boolean {
    for (let at = 0; at < chunk.length; ) {
      const space = this.space()
      const take = Math.min(space.length, chunk.length - at)
      space.set(chunk.subarray(at, at + take))
      if (!this.filled(take, sink)) return false
      at += take
    }
    return this.#fault === undefined
  }

  /** How the stream ended, now that no more comes. */
  end(): CaptureEnd {
    if (this.#fault !== undefined) return this.#failed(this.#fault.code, this.#fault.message, this.#fault.offset)
    if (this.#reader === undefined) return this.#failed('capture_foreign', 'it is too short to be a capture', 0)
    if (this.#held === 0) return { kind: 'complete' }
    return this.#failed(
      'capture_truncated',
      'it ends in the middle of a packet; every packet before it was read',
      this.#position - this.#held,
    )
  }

  #failed(code: string, message: string, offset: number): CaptureEnd {
    return { kind: 'failed', code, message: `${this.#name}: ${message} (offset ${offset})`, mend: MEND[code] ?? '', offset }
  }

  #recognize(view: DataView, length: number): FormatReader | undefined {
    if (length < 4) return undefined
    if (isPcap(view, 0)) return new PcapReader()
    if (isPcapng(view, 0)) return new PcapngReader()
    this.#fault = {
      code: 'capture_foreign',
      message: `it begins with ${view.getUint32(0, false).toString(16).padStart(8, '0')}, which no capture does`,
      offset: 0,
    }
    return undefined
  }
}

const MEND: Readonly<Record<string, string>> = {
  capture_foreign: 'give a pcap or pcapng file, gzip-compressed or not',
  capture_truncated: 'the recording was cut off or is still being written; what was read is kept',
  capture_corrupt: 'the file is damaged from there on; what was read before it is kept',
}

/** A buffer of twice the size that begins with the `held` bytes of `buffer`. */
function grown(buffer: Uint8Array, held: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(buffer.length * 2)
  larger.set(buffer.subarray(0, held))
  return larger
}
