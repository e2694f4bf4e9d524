import Joi from 'joi'

/** How much an output sends at once. */
export interface BatchSettings {
  readonly events: number
  readonly bytes: number
  readonly age_ms: number
}

/** The largest batches that anyone should ask for. */
const MOST = { events: 100_000, bytes: 64 * 1024 * 1024, ageMs: 60_000 } as const

/** The key `batch` of an output, with the sizes that its receivers like as defaults. */
export function batchSchema(defaults: BatchSettings): Joi.ObjectSchema<BatchSettings> {
  return Joi.object<BatchSettings>({
    events: Joi.number().integer().min(1).max(MOST.events).default(defaults.events).description('most events in one request'),
    bytes: Joi.number().integer().min(1024).max(MOST.bytes).default(defaults.bytes).description('most bytes of events in one request'),
    age_ms: Joi.number()
      .integer()
      .min(0)
      .max(MOST.ageMs)
      .default(defaults.age_ms)
      .description('longest time that an event waits for others, ms'),
  })
    .default()
    .description('how many events go out together')
}

/** Settings as the delivery loop reads them. */
export function batchLimits({ events, bytes, age_ms }: BatchSettings): {
  readonly events: number
  readonly bytes: number
  readonly ageMs: number
} {
  return { events, bytes, ageMs: age_ms }
}
