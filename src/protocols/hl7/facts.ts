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
} as const

/** What the header and structure of one message say. */
export interface MessageFacts {
  readonly header: Header
  readonly controlId: string | undefined
  readonly structure: Structure
  readonly deviceObservation: boolean
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

/** Reads which segments messages have; one whose segments are those of the message before costs a comparison. */
export class StructureReader {
  #codes = new Int32Array(0)
  #structure: Structure = { names: [], count: 0, results: 0 }

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

/** The acknowledgment in a message, if it is one. */
export function ackFacts(text: Hl7Text): AckFacts | undefined {
  const msa = text.first(SEGMENT.MSA)
  if (msa === ABSENT) return undefined
  const err = text.first(SEGMENT.ERR)
  return {
    code: text.text(msa, 1) ?? 'unknown',
    controlId: text.text(msa, 2),
    errorCode: text.component(err, 3, 1) ?? oldErrorCode(text, err) ?? text.component(msa, 6, 1),
  }
}

/** ERR-1 before 2.5: segment, sequence, field, then the code, itself coded. */
function oldErrorCode(text: Hl7Text, err: Segment): string | undefined {
  const [code] = (text.component(err, 1, 4) ?? '').split('&')
  return code === '' ? undefined : code
}
