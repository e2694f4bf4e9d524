import { readFileSync } from 'node:fs'

const IFF_UP = 1
/** The counters that libpcap takes for frames lost by the interface. */
const LOSS_COUNTERS = ['statistics/rx_missed_errors', 'statistics/rx_fifo_errors'] as const

/** Number of the interface, which another one of the same name would not have; undefined when it is down, away, or the system does not tell. */
export function indexOfUpInterface(name: string): number | undefined {
  const flags = readNumber(name, 'flags')
  return flags === undefined || (flags & IFF_UP) === 0 ? undefined : readNumber(name, 'ifindex')
}

/** Frames that the interface lost before anybody could capture them, since it exists; undefined where the system does not tell. */
export function lostFrames(name: string): number | undefined {
  const counts = LOSS_COUNTERS.map(counter => readNumber(name, counter))
  return counts.reduce((sum, count) => (sum === undefined || count === undefined ? undefined : sum + count), 0)
}

/** What Linux tells of an interface. */
function readNumber(name: string, file: string): number | undefined {
  try {
    return Number(readFileSync(`/sys/class/net/${name}/${file}`, 'utf8'))
  } catch {
    return undefined
  }
}
