import Joi from 'joi'
import { type AeBruteSettings, aeBruteSchema } from './rules/dcm-ae-brute.ts'
import { type ContextEnumerationSettings, contextEnumerationSchema } from './rules/dcm-ctx-enum.ts'
import { type DeleteSettings, deleteSchema } from './rules/dcm-delete.ts'
import { type ExposedSettings, exposedSchema } from './rules/dcm-exposed.ts'
import { type FindBulkSettings, findBulkSchema } from './rules/dcm-find-bulk.ts'
import { type MoveNewDestinationSettings, moveNewDestinationSchema } from './rules/dcm-move-new-dest.ts'
import { type PduMalformedSettings, pduMalformedSchema } from './rules/dcm-pdu-malformed.ts'
import { type PreambleExecutableSettings, preambleExecutableSchema } from './rules/dcm-preamble-exec.ts'
import { type ScanSweepSettings, scanSweepSchema } from './rules/dcm-scan-sweep.ts'
import { type ToolSignatureSettings, toolSignatureSchema } from './rules/dcm-tool-sig.ts'
import { type WebEnumerationSettings, webEnumerationSchema } from './rules/dcm-web-enum.ts'
import { type WebNoAuthenticationSettings, webNoAuthenticationSchema } from './rules/dcm-web-noauth.ts'
import { type Hl7ExternalSettings, hl7ExternalSchema } from './rules/hl7-external.ts'
import { type Hl7FrameSettings, hl7FrameSchema } from './rules/hl7-frame.ts'
import { type SopAlteredSettings, sopAlteredSchema } from './rules/wf-sop-altered.ts'

/** Settings of each rule by its catalogue id. */
export interface DetectSettings {
  readonly 'dcm-move-new-dest': MoveNewDestinationSettings
  readonly 'dcm-ae-brute': AeBruteSettings
  readonly 'dcm-scan-sweep': ScanSweepSettings
  readonly 'dcm-tool-sig': ToolSignatureSettings
  readonly 'dcm-ctx-enum': ContextEnumerationSettings
  readonly 'dcm-find-bulk': FindBulkSettings
  readonly 'dcm-pdu-malformed': PduMalformedSettings
  readonly 'dcm-exposed': ExposedSettings
  readonly 'dcm-preamble-exec': PreambleExecutableSettings
  readonly 'dcm-delete': DeleteSettings
  readonly 'dcm-web-noauth': WebNoAuthenticationSettings
  readonly 'dcm-web-enum': WebEnumerationSettings
  readonly 'hl7-external': Hl7ExternalSettings
  readonly 'hl7-frame': Hl7FrameSettings
  readonly 'wf-sop-altered': SopAlteredSettings
}

export const detectSchema = Joi.object<DetectSettings>({
  'dcm-move-new-dest': moveNewDestinationSchema,
  'dcm-ae-brute': aeBruteSchema,
  'dcm-scan-sweep': scanSweepSchema,
  'dcm-tool-sig': toolSignatureSchema,
  'dcm-ctx-enum': contextEnumerationSchema,
  'dcm-find-bulk': findBulkSchema,
  'dcm-pdu-malformed': pduMalformedSchema,
  'dcm-exposed': exposedSchema,
  'dcm-preamble-exec': preambleExecutableSchema,
  'dcm-delete': deleteSchema,
  'dcm-web-noauth': webNoAuthenticationSchema,
  'dcm-web-enum': webEnumerationSchema,
  'hl7-external': hl7ExternalSchema,
  'hl7-frame': hl7FrameSchema,
  'wf-sop-altered': sopAlteredSchema,
}).default()
