import Joi from 'joi'

export interface DicomSettings {
  readonly dataset_header_bytes: number
  readonly max_control_pdu_bytes: number
  readonly max_command_bytes: number
  readonly association_buffer_bytes: number
  readonly max_pending_operations: number
  readonly association_idle_seconds: number
  readonly instance_hashes: boolean
}

/** DICOM upper layer, DIMSE and the heads of data sets. */
export const dicomSchema = Joi.object<DicomSettings>({
  dataset_header_bytes: Joi.number()
    .integer()
    .min(4096)
    .default(65_536)
    .description('bytes of each data set that are looked at for identity and query keys; the rest is only counted'),
  max_control_pdu_bytes: Joi.number()
    .integer()
    .min(65_536)
    .default(1_048_576)
    .description('longest association PDU that is kept to be read'),
  max_command_bytes: Joi.number()
    .integer()
    .min(4096)
    .default(65_536)
    .description('longest DIMSE command that is kept to be read; real ones have some hundred bytes'),
  association_buffer_bytes: Joi.number()
    .integer()
    .min(131_072)
    .default(1_048_576)
    .description('bytes of commands and of heads of data sets that one association holds at once, in all its presentation contexts'),
  max_pending_operations: Joi.number()
    .integer()
    .min(16)
    .default(1024)
    .description('requests of one association that wait for their response'),
  association_idle_seconds: Joi.number()
    .integer()
    .min(60)
    .default(3600)
    .description('seconds of silence after which an association is reported as timed out'),
  instance_hashes: Joi.boolean()
    .default(false)
    .description('hash the content of every stored instance as it passes, for rules that notice altered images (detect.wf-sop-altered)'),
}).default()
