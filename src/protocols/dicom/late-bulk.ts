import {
  type BulkData,
  type Encoding,
  encodingWithin,
  ITEM,
  isBulkData,
  isItemOrDelimiter,
  MAX_ELEMENT_HEADER,
  MAX_NESTING,
  readHeader,
  UNDEFINED_LENGTH,
} from './dataset.ts'

const MIN_HEADER = 8

/**
 * Finds the bulk data of a data set whose head is longer than what is kept of it, as that of an image of many frames can be. Passes over what
 * says how long it is, and through sequences and items of undefined length (PS3.5 §7.5) header by header. Gives up where an element is
 * malformed, or nested too deep.
 */
export class LateBulk {
  /** Where the bulk data lies, once that is known. */
  found: BulkData | undefined
  /** Where the next header begins in the data set; -1 when there is nothing to look for any more. */
  #next = 0
  /** Encoding of the data set, and of each sequence and item of undefined length that is open. */
  readonly #encodings: Encoding[]
  readonly #header = Buffer.alloc(MAX_ELEMENT_HEADER)
  #held = 0

  constructor(encoding: Encoding) {
    this.#encodings = [encoding]
  }

  /** Bytes of the data set, from its first one on, of which `data[from]` stands at `position`. */
  feed(data: Uint8Array, from: number, to: number, position: number): void {
    const begin = position - from
    while (this.#next >= 0) {
      const at = this.#next + this.#held - begin
      if (at >= to) return
      this.#header[this.#held++] = data[at]
      if (this.#held === MIN_HEADER || this.#held === MAX_ELEMENT_HEADER) this.#read()
    }
  }

  #read(): void {
    const encoding = this.#encodings[this.#encodings.length - 1]
    const header = readHeader(this.#header, 0, this.#held, encoding)
    if (header === undefined) return
    this.#held = 0
    if (header === 'malformed') {
      this.#next = -1
      return
    }
    const { tag, vr, from } = header
    const at = this.#next + from
    const length = header.length === UNDEFINED_LENGTH ? undefined : header.length
    if (isItemOrDelimiter(tag) && tag !== ITEM) this.#leave(at)
    else if (this.#encodings.length === 1 && isBulkData(tag)) this.#find({ end: 'bulk', at, tag, length })
    else if (length === undefined) this.#enter(at, encodingWithin(vr, encoding))
    else this.#next = at + length
  }

  #enter(at: number, encoding: Encoding): void {
    this.#next = this.#encodings.length > MAX_NESTING ? -1 : at
    this.#encodings.push(encoding)
  }

  #leave(at: number): void {
    this.#next = at
    if (this.#encodings.length > 1) this.#encodings.pop()
  }

  #find(bulk: BulkData): void {
    this.found = bulk
    this.#next = -1
  }
}
