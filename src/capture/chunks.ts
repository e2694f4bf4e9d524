import { isPcap, PcapReader } from './pcap.ts'
import { isPcapng, PcapngReader } from './pcapng.ts'
import type { FormatFault, FormatReader } from './reader.ts'
import type { CaptureEnd, PacketSink } from './source.ts'

/**
 * Takes a capture stream in chunks of any size and finds out its format. Packets are delivered straight from the chunk; only a unit that
 * straddles two chunks is copied together.
 */
export class CaptureStream {
  readonly #name: string
  #reader: FormatReader | undefined
  #fault: FormatFault | undefined
  /** The partial unit that the last chunk ended with. */
  #tail = new Uint8Array(0)
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

  /** False once the stream cannot be read on. */
  feed(chunk: Uint8Array, sink: PacketSink): boolean {
    if (this.#fault !== undefined) return false
    const data = this.#tail.length === 0 ? chunk : concatenated(this.#tail, chunk)
    const base = this.#position - this.#tail.length
    this.#position += chunk.length
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    this.#reader ??= this.#recognize(view, data.length)
    if (this.#fault !== undefined) return false
    const consumed = this.#reader?.read(data, view, 0, data.length, base, sink) ?? 0
    if (typeof consumed !== 'number') {
      this.#fault = consumed
      return false
    }
    this.#tail = data.slice(consumed)
    return true
  }

  /** How the stream ended, now that no more comes. */
  end(): CaptureEnd {
    if (this.#fault !== undefined) return this.#failed(this.#fault.code, this.#fault.message, this.#fault.offset)
    if (this.#reader === undefined) return this.#failed('capture_foreign', 'it is too short to be a capture', 0)
    if (this.#tail.length === 0) return { kind: 'complete' }
    return this.#failed(
      'capture_truncated',
      'it ends in the middle of a packet; every packet before it was read',
      this.#position - this.#tail.length,
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

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
