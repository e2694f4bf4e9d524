/** Times of the engine (µs since 1970 UTC as a double) as documents carry them. */

const LATEST = Date.UTC(9999, 11, 31) * 1000

let cachedSecond = Number.NaN
let cachedPrefix = ''

/** ISO 8601 with microseconds. A capture may say anything: what is beyond the years 1970 to 9999 is held at their edge. */
export function timestamp(time: number): string {
  const whole = time > 0 ? Math.min(Math.round(time), LATEST) : 0
  const second = Math.floor(whole / 1_000_000)
  if (second !== cachedSecond) {
    cachedSecond = second
    cachedPrefix = new Date(second * 1000).toISOString().slice(0, 20)
  }
  return `${cachedPrefix}${String(whole - second * 1_000_000).padStart(6, '0')}Z`
}

/** As `timestamp`, but undefined for what is no date: not known, 0, negative, not finite, or beyond the year 9999. */
export function date(time: number | undefined): string | undefined {
  return time !== undefined && time > 0 && time < LATEST ? timestamp(time) : undefined
}

let parsedPrefix = ''
let parsedTime = Number.NaN

/** The inverse of `timestamp`: µs since 1970 UTC; not a number for anything else. */
export function microseconds(isoTime: string): number {
  if (parsedPrefix === '' || !isoTime.startsWith(parsedPrefix)) {
    parsedPrefix = isoTime.slice(0, 20)
    parsedTime = Date.parse(`${parsedPrefix.slice(0, 19)}Z`) * 1000
  }
  return parsedTime + Number(isoTime.slice(20, 26))
}

/** A span of µs as `event.duration`. */
export function nanoseconds(span: number): number {
  return Math.max(0, Math.round(span * 1000))
}
