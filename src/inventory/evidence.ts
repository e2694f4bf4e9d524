import type { Evidence } from './device.ts'

export type Confidence = Evidence['confidence']

/** Order of trust. */
export const RANK: Readonly<Record<Confidence, number>> = { low: 0, medium: 1, high: 2 }

/** A statement about a device as it comes in. `raw` is what the wire said; `value` what it means, where a table translated it. */
export interface Fact {
  readonly attribute: string
  readonly raw: string
  readonly value?: string
  readonly protocol: string
  readonly field: string
  readonly table?: string
  readonly confidence: Confidence
}

/** One line of evidence: a fact with how often and when it was stated. */
export type EvidenceRow = { -readonly [K in keyof Evidence]: Evidence[K] } & { readonly raw: string }

/** Attributes of which a device has many values at once; the others have one value that may change. */
const SET_ATTRIBUTES: ReadonlySet<string> = new Set([
  'ae_title',
  'station_name',
  'hl7_application',
  'hl7_facility',
  'role',
  'modality',
  'hl7_peer',
  'http_server',
  'user_agent',
  'banner',
  'capability',
  'service',
])

export interface EvidenceLimits {
  readonly valuesPerAttribute: number
  readonly rows: number
}

/**
 * Everything that was said of one device, bounded. A full set keeps its oldest values (a flood of made-up names must not push out the
 * real ones); of a single-valued attribute the value unseen for longest gives way, so that an upgrade is seen after years.
 */
export class EvidenceBook {
  readonly #attributes = new Map<string, Map<string, EvidenceRow[]>>()
  readonly #limits: EvidenceLimits
  #rows = 0
  /** Values that a limit kept out. */
  refused = 0

  constructor(limits: EvidenceLimits) {
    this.#limits = limits
  }

  /** Note that `protocol` said `raw` at `field` again; undefined when this statement is new and wants `add`. Allocates nothing. */
  again(attribute: string, raw: string, protocol: string, field: string, time: number): EvidenceRow | undefined {
    const rows = this.#attributes.get(attribute)?.get(raw)
    if (rows === undefined) return undefined
    for (const row of rows) {
      if (row.field !== field || row.protocol !== protocol) continue
      row.count++
      if (time > row.lastSeen) row.lastSeen = time
      return row
    }
    return undefined
  }

  /** Keep a statement that `again` did not know. False when a limit refused it. */
  add(fact: Fact, time: number): boolean {
    return this.insert({
      attribute: fact.attribute,
      raw: fact.raw,
      value: fact.value ?? fact.raw,
      protocol: fact.protocol,
      field: fact.field,
      ...(fact.table === undefined ? {} : { table: fact.table }),
      confidence: fact.confidence,
      firstSeen: time,
      lastSeen: time,
      count: 1,
    })
  }

  /** Keep a whole row: from the store, or of a device that turned out to be this one. */
  insert(row: EvidenceRow): boolean {
    let values = this.#attributes.get(row.attribute)
    if (values === undefined) {
      values = new Map()
      this.#attributes.set(row.attribute, values)
    }
    const rows = values.get(row.raw)
    const known = rows?.find(other => other.protocol === row.protocol && other.field === row.field)
    if (known !== undefined) {
      known.count += row.count
      known.firstSeen = Math.min(known.firstSeen, row.firstSeen)
      known.lastSeen = Math.max(known.lastSeen, row.lastSeen)
      return true
    }
    if (rows === undefined && values.size >= this.#limits.valuesPerAttribute && !this.#makeRoom(row.attribute, values))
      return this.#refuse()
    if (this.#rows >= this.#limits.rows) return this.#refuse()
    if (rows === undefined) values.set(row.raw, [row])
    else rows.push(row)
    this.#rows++
    return true
  }

  rows(attribute: string): readonly EvidenceRow[] {
    const values = this.#attributes.get(attribute)
    return values === undefined ? [] : [...values.values()].flat()
  }

  /** Distinct values of an attribute in order of first appearance. */
  values(attribute: string): readonly string[] {
    return [...new Set(this.rows(attribute).map(row => row.value))]
  }

  all(): readonly EvidenceRow[] {
    return [...this.#attributes.values()].flatMap(values => [...values.values()].flat())
  }

  /** True when any protocol said `raw` of `attribute`. */
  knows(attribute: string, raw: string): boolean {
    return this.#attributes.get(attribute)?.has(raw) ?? false
  }

  /** Forget what one protocol said. */
  retract(protocol: string): void {
    const kept = this.all().filter(row => row.protocol !== protocol)
    this.#attributes.clear()
    this.#rows = 0
    for (const row of kept) this.insert(row)
  }

  #makeRoom(attribute: string, values: Map<string, EvidenceRow[]>): boolean {
    if (SET_ATTRIBUTES.has(attribute)) return false
    let oldest: string | undefined
    let oldestTime = Number.POSITIVE_INFINITY
    for (const [raw, rows] of values) {
      const lastSeen = Math.max(...rows.map(row => row.lastSeen))
      if (lastSeen >= oldestTime) continue
      oldest = raw
      oldestTime = lastSeen
    }
    if (oldest === undefined) return false
    this.#rows -= values.get(oldest)?.length ?? 0
    return values.delete(oldest)
  }

  #refuse(): false {
    this.refused++
    return false
  }
}
