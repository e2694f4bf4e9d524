import { brotliDecompressSync, constants, inflateRawSync, unzipSync } from 'node:zlib'
import type { BodyReader } from './body.ts'

/** A body may become this many times as long. */
const MAX_RATIO = 16
/** Fewer bytes hold nothing but the frame of the format. */
const MIN_COMPRESSED = 16

type Decompress = (bytes: Buffer, maxOutputLength: number) => Buffer

const unzip: Decompress = (bytes, maxOutputLength) => unzipSync(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH })
/** Some senders leave the zlib format out around the deflated data, which nothing announces (RFC 9110 §8.4.1.2). */
const inflate: Decompress = (bytes, maxOutputLength) =>
  isFramed(bytes) ? unzip(bytes, maxOutputLength) : inflateRawSync(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH })
const unbrotli: Decompress = (bytes, maxOutputLength) =>
  brotliDecompressSync(bytes, { maxOutputLength, finishFlush: constants.BROTLI_OPERATION_FLUSH })

/** Content codings that are read (RFC 9110 §8.4.1, RFC 7932), and how. */
export const CODINGS: ReadonlyMap<string, Decompress> = new Map([
  ['gzip', unzip],
  ['x-gzip', unzip],
  ['deflate', inflate],
  ['br', unbrotli],
])

const GZIP = 0x1f8b

/** It begins as the zlib format does, with compression method 8 and a multiple of 31 (RFC 1950 §2.2), or is gzip by a wrong name. */
function isFramed(bytes: Buffer): boolean {
  const head = bytes.readUInt16BE(0)
  return head === GZIP || ((head & 0x0f00) === 0x0800 && head % 31 === 0)
}

/** Shows a reader the beginning of a compressed body: all of a small body, whose end then is its end. */
export class Compressed implements BodyReader {
  /** There was more than was looked at, or it could not be made out. */
  isCut = false
  /** There was more than is kept, or it became too long. */
  isTooLong = false
  readonly #reader: BodyReader
  readonly #decompress: Decompress
  readonly #limit: number
  #head = Buffer.alloc(0)
  #used = 0

  /** `limit`: bytes that are kept. */
  constructor(reader: BodyReader, decompress: Decompress, limit: number) {
    this.#reader = reader
    this.#decompress = decompress
    this.#limit = limit
  }

  feed(bytes: Buffer, from: number, to: number): void {
    if (this.isCut) return
    const taken = Math.min(to - from, this.#limit - this.#used)
    if (taken < to - from) this.#cut()
    if (this.#used + taken > this.#head.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(4096, (this.#used + taken) * 2)))
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
        return this.#decompress(this.#head.subarray(0, size), this.#limit * MAX_RATIO)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') break
        this.#cut()
      }
    }
    this.isCut ||= this.#used > 0
    return Buffer.alloc(0)
  }

  #cut(): void {
    this.isCut = true
    this.isTooLong = true
  }
}
