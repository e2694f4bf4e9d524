/** Waiting times between attempts, ms. */
export interface BackoffTiming {
  readonly firstMs: number
  readonly longestMs: number
}

/** Exponential back-off with full jitter: the n-th wait is anything up to `firstMs` × 2ⁿ, so that many sensors do not return in step. */
export class Backoff {
  readonly #timing: BackoffTiming
  #attempts = 0

  constructor(timing: BackoffTiming) {
    this.#timing = timing
  }

  next(): number {
    const { firstMs, longestMs } = this.#timing
    const limit = Math.min(longestMs, firstMs * 2 ** this.#attempts++)
    return Math.random() * limit
  }

  reset(): void {
    this.#attempts = 0
  }
}
