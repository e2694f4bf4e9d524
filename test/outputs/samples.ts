import { hostname } from 'node:os'
import { join } from 'node:path'
import Joi from 'joi'
import type { DeliveryOptions } from '../../src/outputs/delivery.ts'
import { fileSchema } from '../../src/outputs/file/index.ts'
import type { OutputSettings } from '../../src/outputs/index.ts'
import { queueSchema } from '../../src/queue/settings.ts'
import { lines } from '../queue/samples.ts'

/** Settings of a file output with every default, which does not wait for batches to fill. */
export function fileSettings(path: string, settings: object = {}): OutputSettings {
  return Joi.attempt({ type: 'file', path, batch: { age_ms: 0 }, ...settings }, fileSchema) as OutputSettings
}

/** Options of a delivery into `events.ndjson` in a folder, with its queue beside it. */
export function deliveryOptions(folder: string, options: Partial<DeliveryOptions> = {}): DeliveryOptions {
  return {
    directory: join(folder, 'queue'),
    queue: Joi.attempt({}, queueSchema),
    outputs: { file: fileSettings(join(folder, 'events.ndjson')) },
    sensorName: 'test',
    hostname: hostname(),
    log: lines().log,
    ...options,
  }
}
