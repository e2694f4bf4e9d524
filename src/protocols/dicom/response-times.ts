import type { DicomResponseTimes } from '../observation.ts'

/** How long answers took: from the last byte of a request and its data set to the last byte of its first response, µs. */
export class ResponseTimes {
  #count = 0
  #sum = 0
  #longest = 0

  add(time: number): void {
    this.#count++
    this.#sum += time
    this.#longest = Math.max(this.#longest, time)
  }

  /** Undefined where nothing was answered. */
  get figures(): DicomResponseTimes | undefined {
    return this.#count === 0 ? undefined : { mean: this.#sum / this.#count, longest: this.#longest }
  }
}
