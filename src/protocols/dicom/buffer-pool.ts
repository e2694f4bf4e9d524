const NO_BYTES = Buffer.alloc(0)
const MIN_BUFFER = 1024

/**
 * Memory for what is kept of the messages of one association: bounded, and handed on from one message to the next, so that an association
 * holds as much as its messages have under way at once.
 */
export class BufferPool {
  readonly #limit: number
  #spare: Buffer = NO_BYTES
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** A buffer with room for `needed` bytes that begins with the `used` bytes of `buffer`, in whose place it is; undefined beyond the limit. */
  grow(buffer: Buffer, used: number, needed: number): Buffer | undefined {
    if (needed <= buffer.length) return buffer
    const larger = this.#take(needed, Math.max(MIN_BUFFER, buffer.length * 2))
    if (larger === undefined) return undefined
    buffer.copy(larger, 0, 0, used)
    this.give(buffer)
    return larger
  }

  /** Take back a buffer that is no longer needed. The largest is kept for the next message. */
  give(buffer: Buffer): void {
    const [kept, dropped] = buffer.length > this.#spare.length ? [buffer, this.#spare] : [this.#spare, buffer]
    this.#taken -= dropped.length
    this.#spare = kept
  }

  /** Give up what is kept for the next message. */
  release(): void {
    this.#taken -= this.#spare.length
    this.#spare = NO_BYTES
  }

  #take(needed: number, wanted: number): Buffer | undefined {
    if (this.#spare.length >= needed) {
      const spare = this.#spare
      this.#spare = NO_BYTES
      return spare
    }
    const size = Math.max(needed, Math.min(wanted, this.#limit - this.#taken))
    if (this.#taken + size > this.#limit) this.release()
    if (this.#taken + size > this.#limit) return undefined
    this.#taken += size
    return Buffer.allocUnsafe(size)
  }
}
