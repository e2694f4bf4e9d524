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
  #at = 0
  #bulkFrom = Number.POSITIVE_INFINITY
  #bulkTo = Number.POSITIVE_INFINITY

  /** Where the bulk data lies, once that is known: before any of it is hashed. */
  expect({ at, length }: BulkData): void {
    this.#bulkFrom = at
    this.#bulkTo = at + (length ?? Number.POSITIVE_INFINITY)
  }

  update(data: Uint8Array, from: number, to: number): void {
    const begin = from - this.#at
    const bulkFrom = clamp(begin + this.#bulkFrom, from, to)
    const bulkTo = clamp(begin + this.#bulkTo, from, to)
    if (bulkFrom > from) this.#attributes.update(data.subarray(from, bulkFrom))
    if (bulkTo > bulkFrom) this.#bulk.update(data.subarray(bulkFrom, bulkTo))
    if (to > bulkTo) this.#attributes.update(data.subarray(bulkTo, to))
    this.#at += to - from
  }

  digest(): ContentHashes {
    const attributes = this.#attributes.digest('base64url').slice(0, LENGTH)
    return { attributes, bulk: Number.isFinite(this.#bulkFrom) ? this.#bulk.digest('base64url').slice(0, LENGTH) : undefined }
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
