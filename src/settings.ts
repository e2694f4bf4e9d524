import { hostname } from 'node:os'
import Joi from 'joi'
import { type CaptureSettings, captureSchema } from './capture/settings.ts'
import { type DetectSettings, detectSchema } from './detect/settings.ts'
import { type InventorySettings, inventorySchema } from './inventory/settings.ts'
import { type NetSettings, netSchema } from './net/settings.ts'
import { type OutputSettings, outputSchema } from './outputs/index.ts'
import { type PrivacySettings, privacySchema } from './privacy/settings.ts'
import { type ProtocolSettings, protocolsSchema } from './protocols/index.ts'
import { type QueueSettings, queueSchema } from './queue/settings.ts'
import { type TelemetrySettings, telemetrySchema } from './telemetry/settings.ts'

/** The whole configuration, checked and with every default filled in. Each part is described beside the stage that it belongs to. */
export interface Settings {
  readonly sensor: { readonly id: string; readonly name: string; readonly state_directory: string }
  readonly capture: CaptureSettings
  readonly net: NetSettings
  readonly protocols: ProtocolSettings
  readonly privacy: PrivacySettings
  readonly inventory: InventorySettings
  readonly detect: DetectSettings
  readonly queue: QueueSettings
  readonly outputs: Readonly<Record<string, OutputSettings>>
  readonly telemetry: TelemetrySettings
}

export const settingsSchema = Joi.object<Settings>({
  sensor: Joi.object({
    id: Joi.string()
      .max(64)
      .default(() => hostname())
      .description('stable id of this sensor, part of every event id; default: the host name')
      .example('sensor-radiology-1'),
    name: Joi.string()
      .max(64)
      .default(() => hostname())
      .description('name that events show as observer.name; default: the host name')
      .example('Radiology core switch'),
    state_directory: Joi.string()
      .default('wardwire-state')
      .description('folder for the queue, the inventory and positions in rotated captures'),
  })
    .default()
    .description('who this sensor is'),
  capture: captureSchema.description('where packets come from in `wardwire run`'),
  net: netSchema.description('flows, reassembly and their limits'),
  protocols: protocolsSchema.description('protocol decoders and their limits'),
  privacy: privacySchema.description('what may leave the sensor about patients'),
  inventory: inventorySchema.description('the device inventory'),
  detect: detectSchema.description('detections made by the sensor'),
  queue: queueSchema.description('the durable queue between the sensor and its outputs'),
  outputs: Joi.object()
    .pattern(Joi.string().pattern(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'lower-case name'), outputSchema)
    .default({})
    .description('receivers of events, by a name of your choice; each gets every event'),
  telemetry: telemetrySchema.description("the sensor's own log, metrics and health"),
})

/** Settings as they are without a config file. */
export function defaultSettings(): Settings {
  return Joi.attempt({}, settingsSchema) as Settings
}
