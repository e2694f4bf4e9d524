import { join } from 'node:path'
import Joi from 'joi'
import { type BatchSettings, batchSchema } from '../batch.ts'

/** A file of one event a line. */
export interface FileSettings {
  readonly type: 'file'
  readonly path: string
  readonly format: 'ndjson' | 'cef' | 'leef'
  /** 0: never. */
  readonly rotate_bytes: number
  /** 0: never. */
  readonly rotate_hours: number
  readonly keep: number
  readonly compress: boolean
  readonly batch: BatchSettings
}

export const fileSchema = Joi.object<FileSettings>({
  type: Joi.string().valid('file').required().description('kind of receiver'),
  path: Joi.string().required().description('file to append to; its folder is made').example('/var/log/wardwire/events.ndjson'),
  format: Joi.string().valid('ndjson', 'cef', 'leef').default('ndjson').description('what a line holds; ndjson: an ECS document'),
  rotate_bytes: Joi.number()
    .integer()
    .min(0)
    .max(1_099_511_627_776)
    .default(100_000_000)
    .description('size at which the file is moved aside and a new one begun; 0: never'),
  rotate_hours: Joi.number().min(0).max(8784).default(24).description('age at which it is moved aside, hours; 0: never'),
  keep: Joi.number().integer().min(1).max(10_000).default(14).description('files moved aside that are kept'),
  compress: Joi.boolean().default(true).description('compress files moved aside (gzip)'),
  batch: batchSchema({ events: 4096, bytes: 4 * 1024 * 1024, age_ms: 500 }),
})

/** The outputs that write `events.ndjson` and `events.cef` into a folder, by name; without rotation where each must be one file. */
export function folderOutputs(folder: string, rotation: 'rotated' | 'whole'): Readonly<Record<string, FileSettings>> {
  const never = rotation === 'whole' ? { rotate_bytes: 0, rotate_hours: 0 } : {}
  const file = (format: 'ndjson' | 'cef'): FileSettings =>
    Joi.attempt({ type: 'file', path: join(folder, `events.${format}`), format, ...never }, fileSchema) as FileSettings
  return { 'out-ndjson': file('ndjson'), 'out-cef': file('cef') }
}
