import Joi from 'joi'
import type { Protocol } from './decoder.ts'
import { dicom } from './dicom/index.ts'
import { type DicomSettings, dicomSchema } from './dicom/settings.ts'
import { hl7 } from './hl7/index.ts'
import { type Hl7Settings, hl7Schema } from './hl7/settings.ts'
import { tls } from './tls/index.ts'

/** Settings of each protocol decoder. */
export interface ProtocolSettings {
  readonly dicom: DicomSettings
  readonly hl7: Hl7Settings
}

export const protocolsSchema = Joi.object<ProtocolSettings>({
  dicom: dicomSchema.description('DICOM upper layer, DIMSE and the heads of data sets'),
  hl7: hl7Schema.description('HL7 v2 over MLLP'),
}).default()

/** Every protocol that is recognized, in the order in which the first bytes of a flow are shown to them. */
export function createProtocols(settings: ProtocolSettings): readonly Protocol[] {
  return [dicom(settings.dicom), hl7(settings.hl7), tls()]
}
