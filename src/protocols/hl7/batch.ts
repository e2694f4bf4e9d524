import { segmentCode } from './message.ts'
import type { Batch, Pending } from './pending.ts'
import { leadingNumber, nextLine } from './scan.ts'

const FHS = segmentCode('FHS')
const BHS = segmentCode('BHS')
const BTS = segmentCode('BTS')
const FTS = segmentCode('FTS')
const NAME_AND_SEPARATOR = 4

/**
 * Batches of one sender (HL7 v2.9 §2.10.3), by what stands between its messages:
 *   file: [FHS] { [BHS] { message } [BTS] } [FTS]      BTS-1: number of messages      FTS-1: number of batches
 * A file lies in one block; where a header has a block of its own, so do the messages and the trailer.
 */
export class BatchReader {
  #batch: Batch | undefined
  /** Its header has a block of its own. */
  #spansBlocks = false
  /** Batches of the file, and its message read last. */
  #batches = 0
  #latest: Pending | undefined

  /** Read what stands in front of a message, or behind the last one of a block. Gives the batch that the message is of. */
  between(bytes: Uint8Array, from: number, to: number): Batch | undefined {
    for (let at = from; at + NAME_AND_SEPARATOR - 1 <= to; at = nextLine(bytes, at, to))
      this.#segment((bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2], bytes, at + NAME_AND_SEPARATOR, to)
    return this.#batch
  }

  /** A trailer may lack: then a batch is over with its block. */
  blockEnds(): void {
    if (this.#batch === undefined) return
    if (this.#batch.messages === 0) this.#spansBlocks = true
    else if (!this.#spansBlocks) this.#close()
  }

  /** What was begun is not known to go on. */
  reset(): void {
    this.#close()
    this.#batches = 0
    this.#latest = undefined
  }

  #segment(code: number, bytes: Uint8Array, at: number, to: number): void {
    switch (code) {
      case FHS:
        this.reset()
        return
      case BHS:
        this.#close()
        this.#batch = { messages: 0, latest: undefined }
        this.#batches++
        return
      case BTS: {
        const count = leadingNumber(bytes, at, to)
        if (this.#batch !== undefined && count !== undefined && count !== this.#batch.messages)
          this.#batch.latest?.violations.push('batch_count_mismatch')
        this.#close()
        return
      }
      case FTS: {
        this.#close()
        const count = leadingNumber(bytes, at, to)
        if (this.#batches > 0 && count !== undefined && count !== this.#batches) this.#latest?.violations.push('file_count_mismatch')
        this.reset()
      }
    }
  }

  #close(): void {
    this.#latest = this.#batch?.latest ?? this.#latest
    this.#batch = undefined
    this.#spansBlocks = false
  }
}
