/** Beyond this the two clocks are taken for having gone apart: the wall clock was set, or is being slewed. ms */
const TOLERANCE_MS = 2
/** A correction backwards that is smaller is made by standing still. ms */
const STEP_MS = 1000

/** The wall clock in µs since 1970 UTC, in the fine steps of the monotonic clock. It goes backwards only when the system time is set back. */
export class WallClock {
  #offset = performance.timeOrigin
  #latest = 0

  now(): number {
    const wall = Date.now()
    let time = this.#offset + performance.now()
    if (Math.abs(time - wall) > TOLERANCE_MS) {
      this.#offset += wall - time
      time = wall
    }
    if (time < this.#latest && time > this.#latest - STEP_MS) return this.#latest * 1000
    this.#latest = time
    return time * 1000
  }
}
