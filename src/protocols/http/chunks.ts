const CR = 0x0d
const LF = 0x0a
/** Longest chunk-size line with extensions, and longest trailer section, in bytes: what is longer is no chunked body. */
const MAX_CHUNK_LINE = 4096
const MAX_TRAILER = 65_536
/** A chunk size of more digits is none. */
const MAX_SIZE_DIGITS = 13

/**
 * The framing of a chunked body, around its data (RFC 9112 §7.1):
 *   *( 1*HEXDIG [ chunk-ext ] CRLF data CRLF ) 1*"0" [ chunk-ext ] CRLF *( field-line CRLF ) CRLF
 */
export class ChunkFraming {
  /** `data`: `left` bytes of content come next. `over`: the body ended. `broken`: what came is no framing. */
  state: 'size' | 'data' | 'end' | 'trailer' | 'over' | 'broken' = 'size'
  /** Bytes of the chunk that are still to come. */
  left = 0
  #digits = 0
  /** Bytes of the chunk-size line or of the trailer so far, and of its current line. */
  #sectionBytes = 0
  #lineBytes = 0

  /** Nothing of it came yet. */
  get isUntouched(): boolean {
    return this.state === 'size' && this.#sectionBytes === 0 && this.left === 0
  }

  /** Take framing from `bytes[from ..]`, up to data, the end, or what is wrong; gives the place behind it. Not to be called in `data`. */
  step(bytes: Buffer, from: number): number {
    switch (this.state) {
      case 'size':
        return this.#size(bytes, from)
      case 'end':
        return this.#end(bytes, from)
      case 'trailer':
        return this.#trailer(bytes, from)
      default:
        return from
    }
  }

  /** So many bytes of content passed, or were lost. */
  passed(length: number): void {
    this.left -= length
    if (this.left === 0) this.state = 'end'
  }

  #size(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === LF && this.#digits > 0) {
        this.state = this.left === 0 ? 'trailer' : 'data'
        this.#sectionBytes = 0
        return at + 1
      }
      // As long as every byte of the line was a digit, the size goes on; behind it stand extensions.
      const digit = this.#sectionBytes === this.#digits ? hexDigit(byte) : -1
      this.#sectionBytes++
      if (digit >= 0) {
        this.left = this.left * 16 + digit
        this.#digits++
      }
      if (this.#digits === 0 || this.#digits > MAX_SIZE_DIGITS || this.#sectionBytes > MAX_CHUNK_LINE) {
        this.state = 'broken'
        return at
      }
    }
    return bytes.length
  }

  #end(bytes: Buffer, at: number): number {
    if (bytes[at] === LF) {
      this.state = 'size'
      this.#digits = 0
    } else if (bytes[at] !== CR) {
      this.state = 'broken'
      return at
    }
    return at + 1
  }

  #trailer(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      if (++this.#sectionBytes > MAX_TRAILER) {
        this.state = 'broken'
        return at
      }
      if (bytes[at] === LF) {
        if (this.#lineBytes === 0) {
          this.state = 'over'
          return at + 1
        }
        this.#lineBytes = 0
      } else if (bytes[at] !== CR) this.#lineBytes++
    }
    return bytes.length
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
