/** Windows open at once; beyond it nothing is gathered. */
const MAX_WINDOWS = 10_000

/** Windows of packet time by key, for what is gathered into one event each: opened by the first that comes, closed when their time is over. */
export class Windows<Window extends { readonly opened: number }> {
  readonly #length: number
  readonly #closed: (window: Window) => void
  readonly #open = new Map<string, Window>()

  /** `length` in µs. `closed` is told each window once. */
  constructor(length: number, closed: (window: Window) => void) {
    this.#length = length
    this.#closed = closed
  }

  /** The window of `key` at `time`, made by `open` where there is none; undefined when there are too many. */
  at(key: string, time: number, open: () => Window): Window | undefined {
    let window = this.#open.get(key)
    if (window !== undefined && this.isOver(window, time)) {
      this.#close(key, window)
      window = undefined
    }
    if (window !== undefined) return window
    if (this.#open.size >= MAX_WINDOWS) return undefined
    window = open()
    this.#open.set(key, window)
    return window
  }

  isOver(window: Window, time: number): boolean {
    return time - window.opened >= this.#length
  }

  /** Close what is over. */
  tick(time: number): void {
    for (const [key, window] of this.#open) if (this.isOver(window, time)) this.#close(key, window)
  }

  /** Close every window. */
  finish(): void {
    for (const [key, window] of this.#open) this.#close(key, window)
  }

  #close(key: string, window: Window): void {
    this.#open.delete(key)
    this.#closed(window)
  }
}
