import { createHash } from 'node:crypto'
import type { BulkData } from './dataset.ts'

/** SHA-256 of what one data set holds, as 128 bits in base64url. */
export interface ContentHashes {
  /** Of the elements without their bulk data. */
  readonly attributes: string
  /** Of the value of the pixel data or encapsulated document, if any. */
  readonly bulk: string | undefined
}

const LENGTH = 22

/**
 * Hashes a data set as it passes, each byte once: its bulk data apart from its other elements. SHA-256, because an attacker must not be able
 * to make another image with the same hash, and processors have instructions for it.
 */
export class ContentHash {
  readonly #attributes = createHash('sha256')
  readonly #bulk = createHash('sha256')
  readonly #hasBulk: boolean
  /** Bytes until the bulk data begins, and of it until it ends. */
  #before: number
  #inside: number

  /** `bulk`: where the bulk data lies, counted from the first byte that will come. */
  constructor(bulk: BulkData | undefined) {
    this.#hasBulk = bulk !== undefined
    this.#before = bulk?.at ?? Number.POSITIVE_INFINITY
    this.#inside = bulk?.length ?? Number.POSITIVE_INFINITY
  }

  update(data: Uint8Array, from: number, to: number): void {
    let at = from
    if (this.#before > 0 && at < to) {
      const end = Math.min(to, at + this.#before)
      this.#attributes.update(data.subarray(at, end))
      this.#before -= end - at
      at = end
    }
    if (this.#inside > 0 && at < to) {
      const end = Math.min(to, at + this.#inside)
      this.#bulk.update(data.subarray(at, end))
      this.#inside -= end - at
      at = end
    }
    if (at < to) this.#attributes.update(data.subarray(at, to))
  }

  digest(): ContentHashes {
    const attributes = this.#attributes.digest('base64url').slice(0, LENGTH)
    return { attributes, bulk: this.#hasBulk ? this.#bulk.digest('base64url').slice(0, LENGTH) : undefined }
  }
}
