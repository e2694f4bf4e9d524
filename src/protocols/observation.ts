import type { FlowEnd } from '../net/flow.ts'
import type { DicomAssociation, DicomInstance, DicomOperation, DicomStore } from './observation/dicom.ts'
import type { Hl7Message, Hl7Observations } from './observation/hl7.ts'
import type { DicomWebRequest, FhirInteraction } from './observation/http.ts'
import type { DeviceIdentity } from './observation/identity.ts'
import type { Seen } from './observation/seen.ts'
import type { TlsHandshake } from './observation/tls.ts'

export type * from './observation/dicom.ts'
export type * from './observation/hl7.ts'
export type * from './observation/http.ts'
export type * from './observation/identity.ts'
export type { Incomplete, Outcome } from './observation/seen.ts'
export type * from './observation/tls.ts'

/**
 * What the decoders report: facts about one unit of conversation, free of patient data. Inventory, detection and normalization all
 * read these. Names follow the event contract; values are the field's standard words.
 */
export type Observation =
  | DicomAssociation
  | DicomOperation
  | DicomStore
  | DicomInstance
  | Hl7Message
  | Hl7Observations
  | DicomWebRequest
  | FhirInteraction
  | TlsHandshake
  | DeviceIdentity
  | FlowEnded

/** A flow is over; made by the sensor, not by a decoder. `application` is what its content was. */
export interface FlowEnded extends Seen {
  readonly kind: 'flow-ended'
  readonly application: string | undefined
  readonly flowEnd: FlowEnd
  readonly tls: TlsHandshake | undefined
}
