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

/** Source of evidence that the imported asset list is. */
export const ASSET_LIST = 'assets'

/** A value must be stated this many times as often as the one in force to push it out while both are still stated. */
const OUTVOTE = 2

/**
 * Choose one value: trust first, then how often it was stated, then which was stated last. A value that another one of equal trust
 * has replaced (it was not stated since the other appeared) no longer counts, so an upgrade shows at once. `current` stays while
 * nothing beats it clearly: two sources that contradict each other do not make a change at every message.
 */
export function resolve(rows: readonly EvidenceRow[], current: string | undefined): Resolution | undefined {
  if (rows.length === 0) return undefined
  const all = candidates(rows)
  const rank = Math.max(...all.map(candidate => RANK[candidate.confidence]))
  const trusted = all.filter(candidate => RANK[candidate.confidence] === rank)
  const live = trusted.filter(candidate => !trusted.some(other => other !== candidate && other.firstSeen > candidate.lastSeen))
  const best = live.reduce((a, b) => (b.count > a.count || (b.count === a.count && b.lastSeen > a.lastSeen) ? b : a))
  const incumbent = live.find(candidate => candidate.value === current)
  const chosen = incumbent !== undefined && best.count < incumbent.count * OUTVOTE ? incumbent : best
  return { value: chosen.value, confidence: chosen.confidence, why: reason(chosen, trusted.length) }
}

function candidates(rows: readonly EvidenceRow[]): Candidate[] {
  const byValue = new Map<string, Candidate>()
  for (const row of rows) {
    const known = byValue.get(row.value)
    byValue.set(row.value, known === undefined ? { ...pick(row), row } : merge(known, row))
  }
  return [...byValue.values()]
}

function pick({ value, confidence, count, firstSeen, lastSeen }: EvidenceRow): Omit<Candidate, 'row'> {
  return { value, confidence, count, firstSeen, lastSeen }
}

/** Statements of lesser trust do not add to those of higher trust. */
function merge(known: Candidate, row: EvidenceRow): Candidate {
  const difference = RANK[row.confidence] - RANK[known.confidence]
  if (difference < 0) return known
  if (difference > 0) return { ...pick(row), row }
  return {
    ...known,
    count: known.count + row.count,
    firstSeen: Math.min(known.firstSeen, row.firstSeen),
    lastSeen: Math.max(known.lastSeen, row.lastSeen),
  }
}

function reason({ row, confidence, count }: Candidate, rivals: number): string {
  const times = count === 1 ? 'once' : `${count} times`
  const others = rivals > 1 ? `, against ${rivals - 1} other value${rivals > 2 ? 's' : ''}` : ''
  return `${row.protocol} ${row.field} said so ${times} (${confidence} confidence)${others}`
}

/** The asset list is the site's own word: what it says needs no other. Who made the network adapter counts where nothing else is said. */
export function authoritative(rows: readonly EvidenceRow[]): readonly EvidenceRow[] {
  const listed = rows.filter(row => row.protocol === ASSET_LIST)
  if (listed.length > 0) return listed
  const stated = rows.filter(row => row.field !== 'OUI')
  return stated.length > 0 ? stated : rows
}

/** High: make and model on good authority. Medium: it speaks a medical protocol. Low: only ports or addresses hint at it. */
export function confidenceOf(resolutions: ReadonlyMap<string, Resolution>, rows: readonly EvidenceRow[]): Confidence {
  const sure = (attribute: string): boolean => RANK[resolutions.get(attribute)?.confidence ?? 'low'] >= RANK.medium
  if (sure('manufacturer') && sure('model')) return 'high'
  return rows.some(row => MEDICAL_PROTOCOLS.has(row.protocol)) ? 'medium' : 'low'
}
