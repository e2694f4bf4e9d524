import Joi from 'joi'
import type { Secret } from '../../config/secret.ts'
import { secretSchema } from '../../config/secret-schema.ts'
import { type BatchSettings, batchSchema } from '../batch.ts'
import { type TlsSettings, tlsSchema } from '../tls.ts'
import { urlSchema } from '../url.ts'

export interface ElasticsearchTlsSettings extends TlsSettings {
  readonly ca_fingerprint?: string
}

/** An Elasticsearch cluster, 8.x or 9.x. */
export interface ElasticsearchSettings {
  readonly type: 'elasticsearch'
  readonly url: readonly string[]
  readonly api_key?: Secret
  readonly username?: string
  readonly password?: Secret
  readonly namespace: string
  readonly compression: boolean
  readonly timeout_seconds: number
  readonly batch: BatchSettings
  readonly tls: ElasticsearchTlsSettings
}

const FINGERPRINT = /^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i
/** Data stream names: no upper case, no characters that index names forbid, no hyphen, which parts them. */
const NAMESPACE = /^[^A-Z\\/*?"<>| ,#:-]{1,100}$/

export const elasticsearchSchema = Joi.object<ElasticsearchSettings>({
  type: Joi.string().valid('elasticsearch').required().description('kind of receiver'),
  url: Joi.array()
    .items(urlSchema())
    .single()
    .min(1)
    .required()
    .description('address of a node, or a list of addresses')
    .example('https://elasticsearch.example.org:9200'),
  api_key: secretSchema().description('API key in its encoded form').example('${file:/etc/wardwire/elastic-api-key}'),
  username: Joi.string().description('user name, where there is no API key').example('wardwire'),
  password: secretSchema().description('its password').example('${env:ELASTIC_PASSWORD}'),
  namespace: Joi.string()
    .pattern(NAMESPACE, 'data stream namespace')
    .default('default')
    .description('last part of the data streams logs-wardwire.<dataset>-<namespace>'),
  compression: Joi.boolean().default(true).description('compress requests (gzip)'),
  timeout_seconds: Joi.number().min(1).max(100).default(30).description('longest wait for an answer'),
  batch: batchSchema({ events: 1000, bytes: 4 * 1024 * 1024, age_ms: 1000 }),
  tls: tlsSchema
    .append<ElasticsearchTlsSettings>({
      ca_fingerprint: Joi.string()
        .pattern(FINGERPRINT, 'SHA-256 in hexadecimal')
        .description(
          "SHA-256 fingerprint of the authority's certificate, as Elasticsearch prints it at its first start; instead of ca_file",
        )
        .example('64:F2:59:3F:…'),
    })
    .oxor('ca_file', 'ca_fingerprint'),
})
  .oxor('api_key', 'username')
  .and('username', 'password')
