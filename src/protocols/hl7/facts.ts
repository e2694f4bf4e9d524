import type { Hl7Identifiers, Hl7Message } from '../observation.ts'
import type { Header } from './header.ts'
import { ABSENT, type Hl7Text, type Segment, segmentCode } from './message.ts'

export const SEGMENT = {
  MSH: segmentCode('MSH'),
  MSA: segmentCode('MSA'),
  ERR: segmentCode('ERR'),
  OBX: segmentCode('OBX'),
  PRT: segmentCode('PRT'),
  SFT: segmentCode('SFT'),
  EQU: segmentCode('EQU'),
  EVN: segmentCode('EVN'),
  DSC: segmentCode('DSC'),
} as const

/** What the header and structure of one message say. */
export interface MessageFacts {
  readonly header: Header
  readonly controlId: string | undefined
  readonly trigger: string | undefined
  readonly structure: Structure
  readonly deviceObservation: boolean
  readonly transaction: string | undefined
  readonly continuation: Hl7Message['continuation']
  readonly identifiers: Hl7Identifiers
}

/** Which segments a message has. */
export interface Structure {
  /** Distinct names in order of first appearance. */
  readonly names: readonly string[]
  readonly count: number
  /** OBX segments. */
  readonly results: number
}

/** MSA and ERR of an acknowledgment. */
export interface AckFacts {
  readonly code: string
  readonly controlId: string | undefined
  readonly errorCode: string | undefined
}

/** Segments listed by name on an event. */
const MAX_NAMES = 64
const NO_CODES = new Int32Array(0)
export const NO_STRUCTURE: Structure = { names: [], count: 0, results: 0 }

/** Reads which segments messages have; one whose segments are those of the message before costs a comparison. */
export class StructureReader {
  #codes: Int32Array = NO_CODES
  #structure: Structure = NO_STRUCTURE

  read(text: Hl7Text): Structure {
    if (!this.#isSame(text)) {
      this.#codes = Int32Array.from({ length: text.count }, (_, segment) => text.code(segment))
      this.#structure = structureOf(this.#codes)
    }
    return this.#structure
  }

  #isSame(text: Hl7Text): boolean {
    if (text.count !== this.#codes.length) return false
    for (let segment = 0; segment < text.count; segment++) if (text.code(segment) !== this.#codes[segment]) return false
    return true
  }
}

function structureOf(codes: Int32Array): Structure {
  const seen: number[] = []
  let results = 0
  for (const code of codes) {
    if (code === SEGMENT.OBX) results++
    if (seen.length < MAX_NAMES && !seen.includes(code)) seen.push(code)
  }
  return { names: seen.map(nameOf), count: codes.length, results }
}

/** Letters and digits only: a segment name is data from the wire. */
function nameOf(code: number): string {
  const name = String.fromCharCode((code >>> 16) & 255, (code >>> 8) & 255, code & 255)
  return /^[A-Z][A-Z0-9]{2}$/.test(name) ? name : '???'
}

/** Reports of a device: a PCD profile (IHE DEV TF-2), a result coded in IEEE 11073 (MDC), or a device named in OBX-18 or PRT-10. */
export function isDeviceObservation(text: Hl7Text, { type, isDeviceProfile }: Header): boolean {
  if (type !== 'ORU') return false
  if (isDeviceProfile) return true
  for (let segment = 0; segment < text.count; segment++) {
    const code = text.code(segment)
    if (code === SEGMENT.OBX && (text.componentIs(segment, 3, 3, 'MDC') || text.has(segment, 18))) return true
    if (code === SEGMENT.PRT && text.has(segment, 10)) return true
  }
  return false
}

/** The acknowledgment in a message, if it is one; `expected` is the control id that it most likely names. */
export function ackFacts(text: Hl7Text, expected: string | undefined): AckFacts | undefined {
  const msa = text.first(SEGMENT.MSA)
  if (msa === ABSENT) return undefined
  const err = text.first(SEGMENT.ERR)
  return {
    code: codeOf(text, msa),
    controlId: expected !== undefined && text.is(msa, 2, expected) ? expected : text.text(msa, 2),
    errorCode: (err === ABSENT ? undefined : (text.component(err, 3, 1) ?? oldErrorCode(text, err))) ?? text.component(msa, 6, 1),
  }
}

/** Acknowledgment codes (HL7 table 0008) by their two letters. */
const CODES: ReadonlyMap<number, string> = new Map(
  ['AA', 'AE', 'AR', 'CA', 'CE', 'CR'].map(code => [(code.charCodeAt(0) << 8) | code.charCodeAt(1), code] as const),
)

/** MSA-1; nearly always one of few words, which are not made anew. */
function codeOf(text: Hl7Text, msa: Segment): string {
  const { bytes } = text
  if (!text.find(msa, 1)) return 'unknown'
  const known = text.to - text.from === 2 ? CODES.get((bytes[text.from] << 8) | bytes[text.from + 1]) : undefined
  return known ?? text.decode(text.from, text.to) ?? 'unknown'
}

/** ERR-1 before 2.5: segment, sequence, field, then the code, itself coded. */
function oldErrorCode(text: Hl7Text, err: Segment): string | undefined {
  const [code] = (text.component(err, 1, 4) ?? '').split('&')
  return code === '' ? undefined : code
}

/** MSH-9.2; before 2.3.1 only the event segment says it (EVN-1). */
export function triggerOf(text: Hl7Text, { trigger }: Header): string | undefined {
  return trigger ?? text.component(text.first(SEGMENT.EVN), 1, 1)
}

/**
 * Where in a message that was cut in several (HL7 v2.9 §2.10.2) this one stands: a part that has another behind it ends in DSC, one that has
 * another before it repeats that pointer in MSH-14.
 */
export function continuationOf(text: Hl7Text, { continues }: Header): Hl7Message['continuation'] {
  const isContinued = text.has(text.first(SEGMENT.DSC), 1)
  if (continues) return isContinued ? 'middle' : 'last'
  return isContinued ? 'first' : undefined
}

/** Trigger events that no other profile uses. */
const OF_DEVICES_ONLY: ReadonlySet<string | undefined> = new Set(['R40', 'R41', 'R42'])

/** `PCD-01` …: by its profile (MSH-21), by a trigger event that only devices use, or because it speaks of a device. */
export function transactionOf(text: Hl7Text, header: Header, deviceObservation: boolean): string | undefined {
  const { deviceTransaction: transaction } = header
  if (transaction === undefined || header.isDeviceProfile || deviceObservation || OF_DEVICES_ONLY.has(header.trigger)) return transaction
  return transaction === 'PCD-03' && namesDevice(text) ? transaction : undefined
}

function namesDevice(text: Hl7Text): boolean {
  for (let segment = 0; segment < text.count; segment++)
    if (text.code(segment) === SEGMENT.OBX && text.componentIs(segment, 3, 3, 'MDC')) return true
  return false
}

/** Orders for a device: what they name is what they are for, and not who sends them. */
const ORDERS: ReadonlySet<string | undefined> = new Set(['RGV', 'RDE', 'RDS', 'RAS', 'OMP', 'ORM', 'OMG', 'OMI', 'OML', 'OMS', 'OMN'])

export function isOrder({ type }: Header): boolean {
  return ORDERS.has(type)
}
