import type { SyslogSettings } from './settings.ts'

/**
 * One message on a stream.
 *
 * octet counting (RFC 6587 §3.4.1, RFC 5425 §4.3): `MSG-LEN SP SYSLOG-MSG`, the length in bytes
 * newline (RFC 6587 §3.4.2): `SYSLOG-MSG LF`
 */
export function frame(message: string, framing: SyslogSettings['framing']): Buffer {
  return Buffer.from(framing === 'newline' ? `${message}\n` : `${Buffer.byteLength(message)} ${message}`)
}

/** How long after writing a connection that ends in good order counts as proof that everything was read, ms. */
const SETTLED_MS = 10_000

/**
 * What was written last and may not have been read. Syslog has no acknowledgments: what the kernel took is lost when the receiver
 * goes away before reading it. These frames are sent again on the next connection; receivers may so see an event twice, under the same id.
 */
export class UnconfirmedTail {
  readonly #limit: number
  #frames: { readonly bytes: Buffer; readonly writtenAt: number }[] = []
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get frames(): readonly Buffer[] {
    return this.#frames.map(({ bytes }) => bytes)
  }

  /** Frames that were handed to the kernel at `now` (ms, monotonic). */
  add(frames: readonly Buffer[], now: number): void {
    for (const bytes of frames) {
      this.#frames.push({ bytes, writtenAt: now })
      this.#bytes += bytes.length
    }
    let first = 0
    while (this.#bytes > this.#limit) this.#bytes -= this.#frames[first++].bytes.length
    this.#frames.splice(0, first)
  }

  /** The receiver ended the connection in good order at `now`: what it had time to read is confirmed. */
  settle(now: number): void {
    this.#frames = this.#frames.filter(({ writtenAt }) => now - writtenAt < SETTLED_MS)
    this.#bytes = this.#frames.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** All of it was written again at `now`. */
  touch(now: number): void {
    this.#frames = this.#frames.map(({ bytes }) => ({ bytes, writtenAt: now }))
  }
}
