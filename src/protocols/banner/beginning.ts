/** Longest text that is waited for: the longest identification string of SSH (RFC 4253 §4.2), and far more than a greeting's line. */
const MAX_TEXT = 1024

/** Collects the text that one side begins with, bounded; bytes of it come in any pieces. */
export class Beginning {
  #text = ''
  #full = false

  /** Take bytes up to the limit. */
  add(bytes: Uint8Array, offset: number, length: number): void {
    const take = Math.min(length, MAX_TEXT - this.#text.length)
    this.#text += Buffer.from(bytes.buffer, bytes.byteOffset + offset, take).toString('latin1')
    this.#full ||= this.#text.length >= MAX_TEXT
  }

  get text(): string {
    return this.#text
  }

  /** Nothing more is taken. */
  get full(): boolean {
    return this.#full
  }
}
