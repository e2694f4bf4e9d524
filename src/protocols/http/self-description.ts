import type { IdentityFact, IdentityProtocol } from '../observation.ts'
import type { BodyReader } from './body.ts'

/** Bytes of a body in which a device may describe itself. */
export const DESCRIPTION_BYTES = 8192
/** Bytes after which the body is looked at first; then again whenever there are twice as many. */
const FIRST_LOOK = 1024

/** What the beginning of a body (latin1) says of the device; `more` while it may say something further on, which the `last` look can not wait for. */
export type Look = (beginning: string, last: boolean) => readonly IdentityFact[] | 'more'

/** A body in which a device describes itself: its beginning is looked at, and nothing of it is kept but the facts. */
export class SelfDescription implements BodyReader {
  readonly protocol: IdentityProtocol
  facts: readonly IdentityFact[] = []
  readonly #look: Look
  #beginning = ''
  #next = FIRST_LOOK
  #isOver = false

  constructor(protocol: IdentityProtocol, look: Look) {
    this.protocol = protocol
    this.#look = look
  }

  feed(bytes: Buffer, from: number, to: number): void {
    if (this.#isOver) return
    this.#beginning += bytes.toString('latin1', from, Math.min(to, from + DESCRIPTION_BYTES - this.#beginning.length))
    const isFull = this.#beginning.length >= DESCRIPTION_BYTES
    if (isFull || this.#beginning.length >= this.#next) this.#lookAtIt(isFull)
  }

  /** What lies behind lost bytes is no beginning. */
  gap(): void {
    this.end()
  }

  end(): void {
    if (!this.#isOver) this.#lookAtIt(true)
  }

  #lookAtIt(last: boolean): void {
    this.#next = this.#beginning.length * 2
    const facts = this.#look(this.#beginning, last)
    if (facts !== 'more') this.facts = facts
    this.#isOver = last || facts !== 'more'
    if (this.#isOver) this.#beginning = ''
  }
}
