const DAY = 86_400 * 1_000_000
/** Changes of one attribute of one device that are told within a day; those beyond it are told as one. */
const CHANGES_A_DAY = 8

/**
 * How often one attribute of one device changes. What changes all the time (the name of a terminal server, the addresses of a proxy) is told
 * so once; the next change that is told is where it came to rest. Times are µs.
 */
export class Unrest {
  #allowance = CHANGES_A_DAY
  #time: number
  #latest: string
  #isMuted = false

  /** `value` is the one that was told. */
  constructor(value: string, time: number) {
    this.#latest = value
    this.#time = time
  }

  /** Changes are not told now. */
  get isMuted(): boolean {
    return this.#isMuted
  }

  /** Nothing changed for so long that changes are news again. */
  isCalm(time: number): boolean {
    return this.#allowanceAt(time) >= CHANGES_A_DAY
  }

  /** Is `value`, which is not what was told last, to be told? `last`: further ones are not; `rest`: it is where many changes ended. */
  weigh(value: string, time: number): 'tell' | 'last' | 'mute' | 'rest' {
    if (this.#isMuted && value === this.#latest && !this.isCalm(time)) return 'mute'
    const allowance = this.#allowanceAt(time)
    const wasMuted = this.#isMuted
    this.#latest = value
    this.#time = Math.max(time, this.#time)
    this.#allowance = Math.max(0, allowance - 1)
    if (wasMuted && allowance < CHANGES_A_DAY) return 'mute'
    this.#isMuted = allowance < 1
    if (wasMuted) return 'rest'
    return this.#isMuted ? 'last' : 'tell'
  }

  #allowanceAt(time: number): number {
    return Math.min(CHANGES_A_DAY, this.#allowance + (Math.max(0, time - this.#time) * CHANGES_A_DAY) / DAY)
  }
}
