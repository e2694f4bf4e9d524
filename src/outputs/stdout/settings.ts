import Joi from 'joi'
import { type BatchSettings, batchSchema } from '../batch.ts'

/** Standard output, one event a line. */
export interface StdoutSettings {
  readonly type: 'stdout'
  readonly format: 'ndjson' | 'cef' | 'leef'
  readonly batch: BatchSettings
}

export const stdoutSchema = Joi.object<StdoutSettings>({
  type: Joi.string().valid('stdout').required().description('kind of receiver'),
  format: Joi.string().valid('ndjson', 'cef', 'leef').default('ndjson').description('what a line holds; ndjson: an ECS document'),
  batch: batchSchema({ events: 512, bytes: 256 * 1024, age_ms: 100 }),
})
