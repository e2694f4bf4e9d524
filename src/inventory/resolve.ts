import { type Confidence, type EvidenceRow, RANK } from './evidence.ts'

/** The value that stands for an attribute, and the evidence that decided it. */
export interface Resolution {
  readonly value: string
  readonly confidence: Confidence
  readonly why: string
}

interface Candidate {
  readonly value: string
  readonly confidence: Confidence
  readonly count: number
  readonly firstSeen: number
  readonly lastSeen: number
  readonly row: EvidenceRow
}

const MEDICAL_PROTOCOLS: ReadonlySet<string> = new Set(['dicom', 'dicomweb', 'hl7', 'fhir'])

/** Evidence that counts where nothing else is said: who made the network adapter, how a host opens TCP connections. */
const HINTS: ReadonlySet<string> = new Set(['OUI', 'SYN'])

/** Source of evidence that the imported asset list is. */
export const ASSET_LIST = 'assets'

/** A value must be stated this many times as often as the one in force to push it out while both are still stated. */
const OUTVOTE = 2

/** Answers whether who says `family` says the same as who says `value`, only less exactly. */
type FamilyTest = (family: string, value: string) => boolean

const unrelated: FamilyTest = () => false

/**
 * Choose one value: trust first, then how often it was stated, then which was stated last. A value that another one of equal trust
 * has replaced (it was not stated since the other appeared) no longer counts, so an upgrade shows at once. `current` stays while
 * nothing beats it clearly: two sources that contradict each other do not make a change at every message. Where values are of families
 * (`isFamilyOf`), a family is chosen in this way with the votes of all that belong to it, and then, in the same way, what of it is known
 * more exactly.
 */
export function resolve(rows: readonly EvidenceRow[], current: string | undefined, isFamilyOf = unrelated): Resolution | undefined {
  if (rows.length === 0) return undefined
  const families = withoutKinds([...new Set(rows.map(row => row.value))], isFamilyOf)
  const isWithin = (family: string, value: string): boolean => family === value || isFamilyOf(family, value)
  const familyOf = (value: string): string => families.find(family => isWithin(family, value)) ?? value
  const { chosen, rivals } = choose(candidates(rows, familyOf), current === undefined ? undefined : familyOf(current))
  const kinds = rows.filter(row => isFamilyOf(chosen.value, row.value))
  const kind = resolve(kinds, current, isFamilyOf)
  if (kind === undefined) return { value: chosen.value, confidence: chosen.confidence, why: reason(chosen, rivals) }
  const [family] = candidates(rows.filter(row => row.value === chosen.value))
  return { ...kind, why: `${kind.why}; its family, ${family.value}: ${reason(family, rivals)}` }
}

/** Values that are of no family among the others. */
function withoutKinds(values: readonly string[], isFamilyOf: FamilyTest): readonly string[] {
  return values.filter(value => !values.some(other => isFamilyOf(other, value)))
}

function choose(all: readonly Candidate[], current: string | undefined): { readonly chosen: Candidate; readonly rivals: number } {
  const rank = Math.max(...all.map(candidate => RANK[candidate.confidence]))
  const trusted = all.filter(candidate => RANK[candidate.confidence] === rank)
  const live = trusted.filter(candidate => !trusted.some(other => other !== candidate && other.firstSeen > candidate.lastSeen))
  const best = live.reduce((a, b) => (b.count > a.count || (b.count === a.count && b.lastSeen > a.lastSeen) ? b : a))
  const incumbent = live.find(candidate => candidate.value === current)
  const chosen = incumbent !== undefined && best.count < incumbent.count * OUTVOTE ? incumbent : best
  return { chosen, rivals: trusted.length - 1 }
}

/** What the rows state, each value under the name that `nameOf` gives it. */
function candidates(rows: readonly EvidenceRow[], nameOf = (value: string): string => value): Candidate[] {
  const byName = new Map<string, Candidate>()
  for (const row of rows) {
    const name = nameOf(row.value)
    const known = byName.get(name)
    byName.set(name, known === undefined ? { ...pick(row), value: name, row } : merge(known, row))
  }
  return [...byName.values()]
}

function pick({ value, confidence, count, firstSeen, lastSeen }: EvidenceRow): Omit<Candidate, 'row'> {
  return { value, confidence, count, firstSeen, lastSeen }
}

/** Statements of lesser trust do not add to those of higher trust. */
function merge(known: Candidate, row: EvidenceRow): Candidate {
  const difference = RANK[row.confidence] - RANK[known.confidence]
  if (difference < 0) return known
  if (difference > 0) return { ...pick(row), value: known.value, row }
  return {
    ...known,
    count: known.count + row.count,
    firstSeen: Math.min(known.firstSeen, row.firstSeen),
    lastSeen: Math.max(known.lastSeen, row.lastSeen),
  }
}

function reason({ row, confidence, count }: Candidate, rivals: number): string {
  const times = count === 1 ? 'once' : `${count} times`
  const others = rivals > 0 ? `, against ${rivals} other value${rivals > 1 ? 's' : ''}` : ''
  return `${row.protocol} ${row.field} said so ${times} (${confidence} confidence)${others}`
}

/** The asset list is the site's own word: what it says needs no other. Hints count where nothing else is said. */
export function authoritative(rows: readonly EvidenceRow[]): readonly EvidenceRow[] {
  const listed = rows.filter(row => row.protocol === ASSET_LIST)
  if (listed.length > 0) return listed
  const stated = rows.filter(row => !HINTS.has(row.field))
  return stated.length > 0 ? stated : rows
}

/** Nothing but how the device opens TCP connections tells of its operating system. */
export function areOfSyns(rows: readonly EvidenceRow[]): boolean {
  return rows.every(row => row.field === 'SYN')
}

/** High: make and model on good authority. Medium: it speaks a medical protocol. Low: only ports or addresses hint at it. */
export function confidenceOf(resolutions: ReadonlyMap<string, Resolution>, rows: readonly EvidenceRow[]): Confidence {
  const sure = (attribute: string): boolean => RANK[resolutions.get(attribute)?.confidence ?? 'low'] >= RANK.medium
  if (sure('manufacturer') && sure('model')) return 'high'
  return rows.some(row => MEDICAL_PROTOCOLS.has(row.protocol)) ? 'medium' : 'low'
}
