/**
 * Reads a range of bytes field by field. Past its end everything is zero or empty, and `short` says so: a reader checks once, behind the
 * fields, and nothing on the wire makes it throw. Strings are copies; all else refers to the bytes given.
 */
export class Cursor {
  readonly bytes: Uint8Array
  readonly end: number
  at: number
  /** Something was asked for that is not there. */
  short = false

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.bytes = bytes
    this.at = from
    this.end = to
  }

  get left(): number {
    return this.end - this.at
  }

  uint8(): number {
    return this.#has(1) ? this.bytes[this.at++] : 0
  }

  uint16(): number {
    return (this.uint8() << 8) | this.uint8()
  }

  uint24(): number {
    return (this.uint16() << 8) | this.uint8()
  }

  uint32(): number {
    return this.uint16() * 0x1_0000 + this.uint16()
  }

  uint16le(): number {
    return this.uint8() | (this.uint8() << 8)
  }

  uint32le(): number {
    return this.uint16le() + this.uint16le() * 0x1_0000
  }

  skip(length: number): void {
    if (this.#has(length)) this.at += length
  }

  /** The next bytes as a range of their own. */
  take(length: number): Cursor {
    if (!this.#has(length)) return new Cursor(this.bytes, this.end, this.end)
    this.at += length
    return new Cursor(this.bytes, this.at - length, this.at)
  }

  latin1(length = this.left): string {
    return this.#text(length, 'latin1')
  }

  utf16le(length = this.left): string {
    return this.#text(length, 'utf16le')
  }

  /** UTF-8, or ISO 8859-1 where it is none. */
  text(length = this.left): string {
    const { at } = this
    const utf8 = this.#text(length, 'utf8')
    if (!utf8.includes('\ufffd')) return utf8
    this.at = at
    return this.#text(length, 'latin1')
  }

  /** Lower case, without separators. */
  hex(length = this.left): string {
    return this.#text(length, 'hex')
  }

  #text(length: number, encoding: BufferEncoding): string {
    if (!this.#has(length)) return ''
    const { buffer, byteOffset } = this.bytes
    this.at += length
    return Buffer.from(buffer, byteOffset + this.at - length, length).toString(encoding)
  }

  #has(length: number): boolean {
    if (length <= this.end - this.at) return true
    this.short = true
    this.at = this.end
    return false
  }
}
