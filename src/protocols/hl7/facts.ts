import type { Hl7Party } from '../observation.ts'
import { type Hl7Text, type Segment, segmentCode } from './message.ts'

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
  readonly type: string | undefined
  readonly trigger: string | undefined
  readonly structure: string | undefined
  readonly controlId: string | undefined
  readonly processingId: string | undefined
  readonly version: string | undefined
  readonly characterSet: string | undefined
  readonly profiles: readonly string[]
  readonly sending: Hl7Party
  readonly receiving: Hl7Party
  /** MSH-15 and MSH-16: under which condition the sender wants an acknowledgment (table 0155: AL, NE, ER, SU). */
  readonly acceptAcknowledgment: string | undefined
  readonly applicationAcknowledgment: string | undefined
  readonly segmentNames: readonly string[]
  readonly segmentCount: number
  readonly results: number
  readonly deviceObservation: boolean
}

/** MSA and ERR of an acknowledgment. */
export interface AckFacts {
  readonly code: string
  readonly controlId: string | undefined
  readonly errorCode: string | undefined
}

export function messageFacts(text: Hl7Text): MessageFacts {
  const msh = text.segments[0]
  const [type, trigger, structure] = text.components(msh, 9, 1)[0] ?? []
  const profiles = text.components(msh, 21).flatMap(([identifier]) => (identifier === undefined ? [] : [identifier]))
  let results = 0
  let deviceResult = false
  for (const segment of text.segments) {
    if (segment.code === SEGMENT.OBX) {
      results++
      deviceResult ||= isDeviceResult(text, segment)
    } else if (segment.code === SEGMENT.PRT) deviceResult ||= text.has(segment, 10)
  }
  return {
    type,
    trigger,
    structure,
    controlId: text.text(msh, 10),
    processingId: text.component(msh, 11, 1),
    version: text.component(msh, 12, 1),
    characterSet: text.characterSet,
    profiles,
    sending: { application: party(text, msh, 3), facility: party(text, msh, 4) },
    receiving: { application: party(text, msh, 5), facility: party(text, msh, 6) },
    acceptAcknowledgment: text.text(msh, 15),
    applicationAcknowledgment: text.text(msh, 16),
    segmentNames: text.names(),
    segmentCount: text.segments.length,
    results,
    deviceObservation:
      type === 'ORU' && (deviceResult || profiles.some(profile => profile.startsWith('IHE_PCD') || profile.startsWith('IHE PCD'))),
  }
}

/** The result of a device: OBX-18 names one, or OBX-3 is coded in IEEE 11073 (MDC). */
function isDeviceResult(text: Hl7Text, obx: Segment): boolean {
  return text.componentIs(obx, 3, 3, 'MDC') || text.has(obx, 18)
}

/** MSH-3 to 6: component 1, or all, joined, where there is more. */
function party(text: Hl7Text, msh: Segment, field: number): string | undefined {
  const components = text.components(msh, field, 1)[0]?.filter(component => component !== undefined) ?? []
  return components.length === 0 ? undefined : components.join('^')
}

/** The acknowledgment in a message, if it is one. */
export function ackFacts(text: Hl7Text): AckFacts | undefined {
  const msa = text.first(SEGMENT.MSA)
  if (msa === undefined) return undefined
  const err = text.first(SEGMENT.ERR)
  return {
    code: text.text(msa, 1) ?? 'unknown',
    controlId: text.text(msa, 2),
    errorCode: text.component(err, 3, 1) ?? oldErrorCode(text, err) ?? text.component(msa, 6, 1),
  }
}

/** ERR-1 before 2.5: segment, sequence, field, then the code, itself coded. */
function oldErrorCode(text: Hl7Text, err: Segment | undefined): string | undefined {
  const [code] = (text.component(err, 1, 4) ?? '').split('&')
  return code === '' ? undefined : code
}
