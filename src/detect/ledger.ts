import type { Flow } from '../net/flow.ts'
import { BoundedMap } from './bounded-map.ts'
import type { Alert, RuleDescription, Severity } from './rule.ts'

const SECOND = 1_000_000
/** Hits that did not double the count are reported this often. */
export const UPDATE_INTERVAL = 60 * SECOND
/** Alerts remembered by one rule. */
const MAX_ALERTS = 4096

const RANK: Readonly<Record<Severity, number>> = { low: 0, medium: 1, high: 2, critical: 3 }

/** What a rule found. `key` names what it is about. */
export interface Hit {
  readonly key: string
  readonly time: number
  readonly flow: Flow
  readonly streamOffset: number
  readonly severity: Severity
  readonly confidence: Alert['confidence']
  readonly message: string
  readonly evidence: readonly string[]
  readonly captureFilter: string
  readonly fields: Alert['fields']
  readonly denied: boolean
  /** What the hit stands for when it opens an alert: so many occurrences since then. Default: itself. */
  readonly opening?: { readonly count: number; readonly firstSeen: number }
}

interface Entry {
  hit: Hit
  count: number
  /** Count at the latest report. */
  reportedCount: number
  reportedAt: number
  readonly firstSeen: number
  readonly openedAt: number
  lastSeen: number
}

/**
 * Turns hits into alerts: the first of a key raises one, later ones within `window` µs of it update it: at once when the count has
 * doubled or the severity rose, else at most once a minute. Bounded; driven by packet time only.
 */
export class AlertLedger {
  readonly #rule: RuleDescription
  readonly #window: number
  readonly #entries = new BoundedMap<string, Entry>(MAX_ALERTS)
  readonly #waiting = new Set<Entry>()

  constructor(rule: RuleDescription, window: number) {
    this.#rule = rule
    this.#window = window
  }

  /** True while an alert about `key` is open. */
  isOpen(key: string, time: number): boolean {
    const entry = this.#entries.get(key)
    return entry !== undefined && time - entry.openedAt <= this.#window
  }

  hit(hit: Hit, raise: (alert: Alert) => void): void {
    const entry = this.#entries.get(hit.key)
    if (entry === undefined || hit.time - entry.openedAt > this.#window) {
      if (entry !== undefined) this.#flush(entry, hit.time, raise)
      this.#open(hit, raise)
      return
    }
    const worse = RANK[hit.severity] > RANK[entry.hit.severity]
    entry.count++
    entry.lastSeen = Math.max(entry.lastSeen, hit.time)
    entry.hit = worse || hit.severity === entry.hit.severity ? hit : { ...entry.hit, flow: hit.flow, streamOffset: hit.streamOffset }
    if (worse || entry.count >= entry.reportedCount * 2) this.#report(entry, 'alert-updated', hit.time, raise)
    else this.#waiting.add(entry)
  }

  tick(time: number, raise: (alert: Alert) => void): void {
    for (const entry of this.#waiting) if (time - entry.reportedAt >= UPDATE_INTERVAL) this.#report(entry, 'alert-updated', time, raise)
    this.#entries.expire(entry => time - entry.openedAt > this.#window && !this.#waiting.has(entry))
  }

  #open(hit: Hit, raise: (alert: Alert) => void): void {
    const { count, firstSeen } = hit.opening ?? { count: 1, firstSeen: hit.time }
    const entry: Entry = { hit, count, reportedCount: 0, reportedAt: hit.time, firstSeen, openedAt: hit.time, lastSeen: hit.time }
    this.#entries.set(hit.key, entry)
    this.#report(entry, 'alert-raised', hit.time, raise)
  }

  #flush(entry: Entry, time: number, raise: (alert: Alert) => void): void {
    if (this.#waiting.has(entry)) this.#report(entry, 'alert-updated', time, raise)
  }

  #report(entry: Entry, action: Alert['action'], time: number, raise: (alert: Alert) => void): void {
    this.#waiting.delete(entry)
    entry.reportedCount = entry.count
    entry.reportedAt = time
    const { time: _time, opening: _opening, ...hit } = entry.hit
    raise({ rule: this.#rule, action, ...hit, count: entry.count, firstSeen: entry.firstSeen, lastSeen: entry.lastSeen })
  }
}
