import Joi from 'joi'

export interface Hl7Settings {
  readonly max_message_bytes: number
  readonly ack_timeout_seconds: number
  readonly max_pending_messages: number
  readonly observations_window_seconds: number
  readonly oru_events_per_minute: number
}

/** HL7 v2 over MLLP. */
export const hl7Schema = Joi.object<Hl7Settings>({
  max_message_bytes: Joi.number()
    .integer()
    .min(65_536)
    .default(16_777_216)
    .description('bytes of one message that are looked at; the rest of a longer one is skipped'),
  ack_timeout_seconds: Joi.number()
    .integer()
    .min(1)
    .default(60)
    .description('seconds after which a message without acknowledgment is reported as unanswered'),
  max_pending_messages: Joi.number()
    .integer()
    .min(10)
    .default(1000)
    .description('messages of one connection that wait for their acknowledgment'),
  observations_window_seconds: Joi.number()
    .integer()
    .min(1)
    .default(60)
    .description('window in which steady device observations become one event'),
  oru_events_per_minute: Joi.number()
    .integer()
    .min(0)
    .default(600)
    .description('other result messages (ORU) of one route and window that get an event each; what exceeds it rolls up'),
}).default()
