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
export type EvidenceRow = Evidence & { readonly raw: string }

/** Attributes of which a device has many values at once; the others have one value that may change. */
const SET_ATTRIBUTES: ReadonlySet<string> = new Set([
  'ae_title',
  'refused_title',
  'station_name',
  'hl7_application',
  'hl7_facility',
  'role',
  'modality',
  'hl7_sends',
  'hl7_receives',
  'hl7_peer',
  'peer',
  'encryption',
  'http_server',
  'user_agent',
  'banner',
  'capability',
  'service',
  'unit',
  'conflict',
  'behind',
])

export interface EvidenceLimits {
  readonly valuesPerAttribute: number
  readonly rows: number
}

/** What was said, without when and how often. */
interface Statement {
  readonly attribute: string
  readonly raw: string
  readonly value: string
  readonly protocol: string
  readonly field: string
  readonly table: string | undefined
  readonly confidence: Confidence
}

/** Attributes whose values name one device; the others are said of many in the same words, and kept once for all of them. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'unit',
  'serial_number',
  'mac',
  'ip',
  'hostname',
  'fqdn',
  'station_name',
  'ae_title',
  'eui64',
])
/** Statements kept for sharing; beyond it sharing begins anew. */
const MAX_SHARED = 32_768
const sharedStatements = new Map<string, Statement>()

function statementOf({ attribute, raw, value = raw, protocol, field, table, confidence }: Fact): Statement {
  const statement: Statement = { attribute, raw, value, protocol, field, table, confidence }
  if (OWN_NAMES.has(attribute)) return statement
  const key = [attribute, raw, value, protocol, field, table, confidence].join('\n')
  const known = sharedStatements.get(key)
  if (known !== undefined) return known
  if (sharedStatements.size >= MAX_SHARED) sharedStatements.clear()
  sharedStatements.set(key, statement)
  return statement
}

/** Many devices have no value of many attributes. */
const NONE: readonly string[] = []

/** Figures of one statement: first seen, last seen, count. */
const FIGURES = 3
const FIRST = 0
const LAST = 1
const COUNT = 2

/**
 * Everything that was said of one device, bounded. A full set keeps its oldest values (a flood of made-up names must not push out the
 * real ones); of a single-valued attribute the value unseen for longest gives way, so that an upgrade is seen after years. There are many
 * devices, so statements lie beside a plain array of their figures.
 */
export class EvidenceBook {
  #statements: Statement[] = []
  #figures: number[] = []
  #fullSets: Set<string> | undefined
  /** Changes when rows are not where they were. */
  edition = 0
  readonly #limits: EvidenceLimits
  /** Values that a limit kept out. */
  refused = 0

  constructor(limits: EvidenceLimits) {
    this.#limits = limits
  }

  /** Note that `protocol` said `raw` at `field` again; undefined when this statement is new and wants `add`. Allocates nothing. */
  again(attribute: string, raw: string, protocol: string, field: string, time: number): { readonly value: string } | undefined {
    const index = this.#indexOf(attribute, raw, protocol, field)
    if (index < 0) return undefined
    this.repeat(index, time)
    return this.#statements[index]
  }

  /** Where a statement is kept, for `repeat`, as long as `edition` stays; undefined when it is not kept. */
  find(attribute: string, raw: string, protocol: string, field: string): number | undefined {
    const index = this.#indexOf(attribute, raw, protocol, field)
    return index < 0 ? undefined : index
  }

  /** The statement at `index` was made again. */
  repeat(index: number, time: number): void {
    this.#figures[index * FIGURES + COUNT] += 1
    if (time > this.#figures[index * FIGURES + LAST]) this.#figures[index * FIGURES + LAST] = time
  }

  /** Keep a statement that `again` did not know. False when a limit refused it. */
  add(fact: Fact, time: number): boolean {
    return this.insert({ ...fact, value: fact.value ?? fact.raw, firstSeen: time, lastSeen: time, count: 1 })
  }

  /** Keep a whole row: from the store, or of a device that turned out to be this one. */
  insert(row: EvidenceRow): boolean {
    const { attribute, raw, protocol, field, firstSeen, lastSeen, count } = row
    const at = this.#indexOf(attribute, raw, protocol, field) * FIGURES
    if (at >= 0) {
      const figures = this.#figures
      figures[at + FIRST] = Math.min(figures[at + FIRST], firstSeen)
      figures[at + LAST] = Math.max(figures[at + LAST], lastSeen)
      figures[at + COUNT] += count
      return true
    }
    if (this.#isFull(attribute) && !this.knows(attribute, raw) && !this.#makeRoom(attribute)) return this.#refuse()
    if (this.#statements.length >= this.#limits.rows) return this.#refuse()
    this.#statements.push(statementOf(row))
    this.#figures.push(firstSeen, lastSeen, count)
    return true
  }

  rows(attribute: string): readonly EvidenceRow[] {
    return this.#statements.flatMap((statement, index) => (statement.attribute === attribute ? [this.#row(statement, index)] : []))
  }

  /** Distinct values of an attribute in order of first appearance. */
  values(attribute: string): readonly string[] {
    const statements = this.#of(attribute)
    return statements.length === 0 ? NONE : [...new Set(statements.map(({ value }) => value))]
  }

  /** How many different things were said of an attribute. */
  count(attribute: string): number {
    return new Set(this.#of(attribute).map(({ raw }) => raw)).size
  }

  all(): readonly EvidenceRow[] {
    return this.#statements.map((statement, index) => this.#row(statement, index))
  }

  /** True when any protocol said `raw` of `attribute`. */
  knows(attribute: string, raw: string): boolean {
    return this.#statements.some(statement => statement.raw === raw && statement.attribute === attribute)
  }

  /** Forget what one protocol said. */
  retract(protocol: string): void {
    this.#keep(row => row.protocol !== protocol)
  }

  /** Forget rows. */
  drop(unwanted: (row: EvidenceRow) => boolean): void {
    this.#keep(row => !unwanted(row))
  }

  /** Give back what growing arrays hold in reserve: nothing new is expected for a while. */
  compact(): void {
    this.#statements = this.#statements.slice()
    this.#figures = this.#figures.slice()
  }

  #of(attribute: string): readonly Statement[] {
    return this.#statements.filter(statement => statement.attribute === attribute)
  }

  #indexOf(attribute: string, raw: string, protocol: string, field: string): number {
    for (let index = 0; index < this.#statements.length; index++) {
      const known = this.#statements[index]
      if (known.raw === raw && known.field === field && known.attribute === attribute && known.protocol === protocol) return index
    }
    return -1
  }

  #row({ table, ...statement }: Statement, index: number): EvidenceRow {
    const [firstSeen, lastSeen, count] = this.#figures.slice(index * FIGURES, (index + 1) * FIGURES)
    return { ...statement, ...(table === undefined ? {} : { table }), firstSeen, lastSeen, count }
  }

  #keep(wanted: (row: EvidenceRow) => boolean): void {
    const kept = this.all().filter(wanted)
    this.#statements = []
    this.#figures = []
    this.#fullSets = undefined
    this.edition++
    for (const row of kept) this.insert(row)
  }

  /** A set that is full stays full, so that refusing the rest costs no counting. */
  #isFull(attribute: string): boolean {
    if (this.#fullSets?.has(attribute)) return true
    const isFull = this.count(attribute) >= this.#limits.valuesPerAttribute
    if (isFull && SET_ATTRIBUTES.has(attribute)) {
      this.#fullSets ??= new Set()
      this.#fullSets.add(attribute)
    }
    return isFull
  }

  #makeRoom(attribute: string): boolean {
    if (SET_ATTRIBUTES.has(attribute)) return false
    const lastSeen = new Map<string, number>()
    for (const row of this.rows(attribute)) lastSeen.set(row.raw, Math.max(lastSeen.get(row.raw) ?? 0, row.lastSeen))
    const [oldest] = [...lastSeen].sort(([, one], [, other]) => one - other)
    if (oldest === undefined) return false
    this.#keep(row => row.raw !== oldest[0] || row.attribute !== attribute)
    return true
  }

  #refuse(): false {
    this.refused++
    return false
  }
}
