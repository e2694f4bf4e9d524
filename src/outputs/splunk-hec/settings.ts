import Joi from 'joi'
import type { Secret } from '../../config/secret.ts'
import { secretSchema } from '../../config/secret-schema.ts'
import { type BatchSettings, batchSchema } from '../batch.ts'
import { type TlsSettings, tlsSchema } from '../tls.ts'
import { urlSchema } from '../url.ts'
import { type SplunkManagementSettings, splunkManagementSchema } from './management.ts'

/** A Splunk HTTP Event Collector. */
export interface SplunkHecSettings {
  readonly type: 'splunk-hec'
  readonly url: string
  readonly token: Secret
  readonly index?: string
  readonly host?: string
  readonly sourcetype: string
  readonly acknowledge: boolean
  readonly acknowledge_seconds: number
  readonly timeout_seconds: number
  readonly batch: BatchSettings
  readonly tls: TlsSettings
  readonly management?: SplunkManagementSettings
}

export const splunkHecSchema = Joi.object<SplunkHecSettings>({
  type: Joi.string().valid('splunk-hec').required().description('kind of receiver'),
  url: urlSchema()
    .required()
    .description('address of the collector; /services/collector is added where it is missing')
    .example('https://splunk.example.org:8088'),
  token: secretSchema().required().description('token of the collector').example('${env:SPLUNK_HEC_TOKEN}'),
  index: Joi.string().max(80).description('index to write to; default: that of the token').example('ot'),
  host: Joi.string()
    .max(255)
    .description('host of the events in Splunk; default: the host name of the sensor')
    .example('sensor-radiology-1'),
  sourcetype: Joi.string().max(255).default('wardwire:json').description('sourcetype of the events'),
  acknowledge: Joi.boolean()
    .default(false)
    .description('wait until the indexer has written each batch; the token must have indexer acknowledgment on'),
  acknowledge_seconds: Joi.number()
    .min(1)
    .max(100)
    .default(60)
    .description('a batch that is not acknowledged after this time is sent again, seconds'),
  timeout_seconds: Joi.number().min(1).max(100).default(30).description('longest wait for an answer'),
  batch: batchSchema({ events: 1000, bytes: 1_000_000, age_ms: 1000 }),
  tls: tlsSchema,
  management: splunkManagementSchema,
})
