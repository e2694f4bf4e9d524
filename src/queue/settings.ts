import Joi from 'joi'

/** What happens when there is no room: see `queueSchema`. */
type FullPolicy = 'drop-oldest' | 'drop-newest' | 'block'

export interface QueueSettings {
  /** Undefined: a folder below `sensor.state_directory`. */
  readonly directory: string | undefined
  readonly max_bytes: number
  readonly min_free_bytes: number
  readonly full: FullPolicy
  /** Share of `max_bytes`, 0 to 0.5. */
  readonly alert_reserve: number
}

/** The durable queue between the sensor and its outputs. */
export const queueSchema = Joi.object<QueueSettings>({
  directory: Joi.string()
    .description('folder of the queue, on a local disk; default: queue below sensor.state_directory')
    .example('/var/lib/wardwire/queue'),
  max_bytes: Joi.number()
    .integer()
    .min(16_777_216)
    .max(1_099_511_627_776)
    .default(1_073_741_824)
    .description('most bytes of events kept for outputs that are behind'),
  min_free_bytes: Joi.number()
    .integer()
    .min(0)
    .max(1_099_511_627_776)
    .default(268_435_456)
    .description('free disk space that the queue leaves to others: below it, it grows no further than 16 MiB'),
  full: Joi.string()
    .valid('drop-oldest', 'drop-newest', 'block')
    .default('drop-oldest')
    .description('what gives way when there is no room: the oldest events, the newest, or (block) the reader of packets waits'),
  alert_reserve: Joi.number()
    .min(0)
    .max(0.5)
    .default(0.05)
    .description('share of max_bytes that only alerts may use; an alert never gives way to other events'),
}).default()
