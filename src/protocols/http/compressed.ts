import { constants, unzipSync } from 'node:zlib'
import type { BodyReader } from './body.ts'

/** Compressed bytes that are kept of one body, and what they may become. */
const MAX_COMPRESSED = 32_768
const MAX_PLAIN = 1 << 20
/** Fewer bytes hold nothing but the frame of the format. */
const MIN_COMPRESSED = 16

/** Shows a reader the beginning of a body in gzip or zlib format (RFC 9110 §8.4.1): all of a small body, whose end then is its end. */
export class Compressed implements BodyReader {
  /** There was more than was looked at. */
  isCut = false
  readonly #reader: BodyReader
  #head = Buffer.alloc(0)
  #used = 0

  constructor(reader: BodyReader) {
    this.#reader = reader
  }

  feed(bytes: Buffer, from: number, to: number): void {
    if (this.isCut) return
    const taken = Math.min(to - from, MAX_COMPRESSED - this.#used)
    this.isCut = taken < to - from
    if (this.#used + taken > this.#head.length) {
      const grown = Buffer.allocUnsafe(Math.min(MAX_COMPRESSED, Math.max(4096, (this.#used + taken) * 2)))
      this.#head.copy(grown, 0, 0, this.#used)
      this.#head = grown
    }
    bytes.copy(this.#head, this.#used, from, from + taken)
    this.#used += taken
  }

  /** Behind lost bytes nothing can be read. */
  gap(): void {
    this.isCut = true
  }

  end(whole: boolean): void {
    const plain = this.#inflate()
    this.#head = Buffer.alloc(0)
    this.#reader.feed(plain, 0, plain.length)
    this.#reader.end(whole && !this.isCut)
  }

  /** Of input that swells beyond the limit a shorter piece is taken. */
  #inflate(): Buffer {
    for (let size = this.#used; size > MIN_COMPRESSED; size >>>= 2) {
      try {
        return unzipSync(this.#head.subarray(0, size), { maxOutputLength: MAX_PLAIN, finishFlush: constants.Z_SYNC_FLUSH })
      } catch (error) {
        this.isCut = true
        if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') break
      }
    }
    return Buffer.alloc(0)
  }
}
