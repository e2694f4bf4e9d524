import { type BulkData, type Encoding, isBulkData, MAX_ELEMENT_HEADER, readHeader, readTag, UNDEFINED_LENGTH } from './dataset.ts'

const MIN_HEADER = 8

/**
 * Finds the bulk data of a data set whose head is longer than what is kept of it, as that of an image of many frames can be: passes over
 * elements at the top as long as their lengths are known.
 */
export class LateBulk {
  /** Where the bulk data lies, once that is known. */
  found: BulkData | undefined
  readonly #encoding: Encoding
  /** Where the next element begins in the data set; -1 when there is nothing to look for any more. */
  #next: number
  readonly #header = Buffer.alloc(MAX_ELEMENT_HEADER)
  #held = 0

  constructor(encoding: Encoding, next: number) {
    this.#encoding = encoding
    this.#next = next
  }

  /** Bytes of the data set, of which `data[from]` stands at `position`. */
  feed(data: Uint8Array, from: number, to: number, position: number): void {
    const begin = position - from
    while (this.#next >= 0) {
      const at = this.#next + this.#held - begin
      if (at >= to) return
      this.#header[this.#held++] = data[at]
      if (this.#held >= MIN_HEADER) this.#read()
    }
  }

  #read(): void {
    const header = readHeader(this.#header, 0, this.#held, this.#encoding)
    if (header === undefined) return
    this.#held = 0
    if (header === 'malformed') {
      this.#next = -1
      return
    }
    const tag = readTag(this.#header, 0, this.#encoding.bigEndian)
    const at = this.#next + header.from
    const length = header.length === UNDEFINED_LENGTH ? undefined : header.length
    if (isBulkData(tag)) this.found = { end: 'bulk', at, tag, length }
    this.#next = isBulkData(tag) || length === undefined ? -1 : at + length
  }
}
