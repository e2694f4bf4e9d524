import Joi from 'joi'

export interface HttpSettings {
  readonly max_head_bytes: number
  readonly max_body_bytes: number
  readonly max_pending_requests: number
  readonly response_timeout_seconds: number
  readonly retrievals_window_seconds: number
  readonly retrievals_per_minute: number
}

/** HTTP/1.1, for DICOMweb and FHIR. */
export const httpSchema = Joi.object<HttpSettings>({
  max_head_bytes: Joi.number()
    .integer()
    .min(8192)
    .default(65_536)
    .description('bytes of the start line and header fields of one message, or of one part of it; what has a longer head is passed over'),
  max_body_bytes: Joi.number()
    .integer()
    .min(4096)
    .default(65_536)
    .description(
      'bytes of a compressed body, and of the beginning of a FHIR Bundle, that are looked at; other bodies are read as they pass',
    ),
  max_pending_requests: Joi.number().integer().min(10).default(100).description('requests of one connection that wait for their response'),
  response_timeout_seconds: Joi.number()
    .integer()
    .min(1)
    .default(300)
    .description('seconds after which a request without response is reported as unanswered'),
  retrievals_window_seconds: Joi.number()
    .integer()
    .min(1)
    .default(60)
    .description('window in which DICOMweb retrievals beyond the rate become one event'),
  retrievals_per_minute: Joi.number()
    .integer()
    .min(0)
    .default(60)
    .description('DICOMweb retrievals of one client, server, service and outcome that get an event each; what exceeds it rolls up'),
}).default()
