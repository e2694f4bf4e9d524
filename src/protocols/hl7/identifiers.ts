import type { Hl7Identifiers } from '../observation.ts'
import type { Header } from './header.ts'
import { type Hl7Text, type Segment, segmentCode } from './message.ts'
import type { MessageTemplate } from './template.ts'

const PID = segmentCode('PID')
const ORC = segmentCode('ORC')
const OBR = segmentCode('OBR')
const IPC = segmentCode('IPC')

/** Identifiers of one kind that a message hands on, and fields whose hashes are kept for the next message that has them. */
const MAX_IDENTIFIERS = 16
const MAX_KEPT = 4096

const NO_HASHES: readonly string[] = []
export const NO_IDENTIFIERS: Hl7Identifiers = { patients: [], placerOrders: [], fillerOrders: [], accessions: [] }

/**
 * Reads what ties messages to each other and to images, as keyed hashes: patient identifiers (PID-3), placer and filler order numbers (ORC-2
 * and OBR-2, ORC-3 and OBR-3), accession numbers (IPC-1, and OBR-18 as IHE Radiology uses it). A number has the same hash wherever it
 * stands, because sites use one for the other.
 */
export class IdentifierReader {
  readonly #pseudonym: (kind: string, value: string) => string
  readonly #hashes = new Map<string, readonly string[]>()

  constructor(pseudonym: (kind: string, value: string) => string) {
    this.#pseudonym = pseudonym
  }

  /** `recent`: the fields of the sender's message before; `template`: the message by which this one was read. */
  read(text: Hl7Text, { dialect }: Header, recent: RecentFields, template: MessageTemplate): Hl7Identifiers {
    if (template.identifiers !== undefined && repeatsAll(text)) return template.identifiers
    recent.expect(dialect)
    let found: Record<keyof Hl7Identifiers, string[]> | undefined
    for (let segment = 0; segment < text.count; segment++) {
      const fields = FIELDS.get(text.code(segment))
      if (fields === undefined) continue
      found ??= { patients: [], placerOrders: [], fillerOrders: [], accessions: [] }
      for (const field of fields)
        for (const hash of this.#hashesOf(text, segment, field, recent)) {
          const list = found[field.list]
          if (list.length < MAX_IDENTIFIERS && !list.includes(hash)) list.push(hash)
        }
    }
    return found ?? NO_IDENTIFIERS
  }

  #hashesOf(text: Hl7Text, segment: Segment, field: Field, recent: RecentFields): readonly string[] {
    const last = recent.fields.get(field)
    if (last !== undefined && text.holds(segment, field.field, last.raw)) return last.hashes
    if (!text.has(segment, field.field)) return NO_HASHES
    const hashes = this.#hashed(text, segment, field, recent.dialect)
    recent.fields.set(field, { raw: text.copy(segment, field.field), hashes })
    return hashes
  }

  /** Of the first component of each repetition. */
  #hashed(text: Hl7Text, segment: Segment, { field, kind }: Field, dialect: string): readonly string[] {
    const key = `${kind} ${dialect} ${text.raw(segment, field)}`
    const known = this.#hashes.get(key)
    if (known !== undefined) return known
    const hashes = text.components(segment, field).flatMap(([id]) => (id === undefined ? [] : [this.#pseudonym(kind, id)]))
    if (this.#hashes.size >= MAX_KEPT) this.#hashes.clear()
    this.#hashes.set(key, hashes)
    return hashes
  }
}

/** Everything that identifies is as in the template. */
function repeatsAll(text: Hl7Text): boolean {
  if (!text.isShaped) return false
  for (let segment = 0; segment < text.count; segment++) if (!text.repeats(segment) && FIELDS.has(text.code(segment))) return false
  return true
}

/** Fields of one sender as they came last, which most come again: a comparison instead of a look-up. */
export class RecentFields {
  readonly fields = new Map<Field, { readonly raw: Uint8Array; readonly hashes: readonly string[] }>()
  dialect = ''

  /** Fields of another dialect are forgotten: the same bytes may mean something else. */
  expect(dialect: string): void {
    if (dialect === this.dialect) return
    this.dialect = dialect
    this.fields.clear()
  }
}

export interface Field {
  readonly field: number
  readonly list: keyof Hl7Identifiers
  readonly kind: 'patient' | 'order'
}

const FIELDS: ReadonlyMap<number, readonly Field[]> = new Map([
  [PID, [{ field: 3, list: 'patients', kind: 'patient' }]],
  [
    ORC,
    [
      { field: 2, list: 'placerOrders', kind: 'order' },
      { field: 3, list: 'fillerOrders', kind: 'order' },
    ],
  ],
  [
    OBR,
    [
      { field: 2, list: 'placerOrders', kind: 'order' },
      { field: 3, list: 'fillerOrders', kind: 'order' },
      { field: 18, list: 'accessions', kind: 'order' },
    ],
  ],
  [IPC, [{ field: 1, list: 'accessions', kind: 'order' }]],
])
