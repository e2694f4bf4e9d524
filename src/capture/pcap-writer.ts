import type { Writable } from 'node:stream'

/** Records are handed over together when there are this many bytes of them. */
const BLOCK_BYTES = 256 * 1024
const MAGIC_MICROSECONDS = 0xa1b2c3d4
const VERSION_MAJOR = 2
const VERSION_MINOR = 4
const HEADER = 24
const RECORD_HEADER = 16

/**
 * Writes classic little-endian pcap of µs resolution (draft-ietf-opsawg-pcap) to a stream, many records at a time. What the stream cannot pass
 * on yet waits in memory; when more than `maxWaiting` bytes do, records are dropped and counted.
 */
export class PcapWriter {
  dropped = 0
  readonly #output: Writable
  readonly #maxWaiting: number
  #block = newBlock()
  #length = HEADER

  constructor(output: Writable, linkType: number, snapLength: number, maxWaiting: number) {
    this.#output = output
    this.#maxWaiting = maxWaiting
    const { view } = this.#block
    view.setUint32(0, MAGIC_MICROSECONDS, true)
    view.setUint16(4, VERSION_MAJOR, true)
    view.setUint16(6, VERSION_MINOR, true)
    view.setUint32(16, snapLength, true)
    view.setUint32(20, linkType, true)
  }

  /** `captured` bytes of `frame` at `time`, µs since 1970 UTC. */
  record(time: number, frame: Buffer, captured: number, original: number): void {
    if (this.#length + RECORD_HEADER + captured > BLOCK_BYTES) this.flush()
    if (this.#output.writableLength > this.#maxWaiting) {
      this.dropped++
      return
    }
    const { bytes, view } = this.#block
    const at = this.#length
    const seconds = Math.floor(time / 1e6)
    view.setUint32(at, seconds, true)
    view.setUint32(at + 4, time - seconds * 1e6, true)
    view.setUint32(at + 8, captured, true)
    view.setUint32(at + 12, original, true)
    frame.copy(bytes, at + RECORD_HEADER, 0, captured)
    this.#length = at + RECORD_HEADER + captured
  }

  /** Hands over what is there. */
  flush(): void {
    if (this.#length === 0) return
    this.#output.write(this.#block.bytes.subarray(0, this.#length))
    this.#length = 0
    if (this.#output.writableLength > 0) this.#block = newBlock()
  }
}

interface Block {
  readonly bytes: Buffer
  readonly view: DataView
}

function newBlock(): Block {
  const bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, BLOCK_BYTES) }
}
