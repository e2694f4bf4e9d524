import Joi from 'joi'
import { type ElasticsearchSettings, elasticsearchSchema } from './elasticsearch/settings.ts'
import { type FileSettings, fileSchema } from './file/settings.ts'
import { type SplunkHecSettings, splunkHecSchema } from './splunk-hec/settings.ts'
import { type StdoutSettings, stdoutSchema } from './stdout/settings.ts'
import { type SyslogSettings, syslogSchema } from './syslog/settings.ts'

export type OutputSettings = FileSettings | StdoutSettings | SyslogSettings | ElasticsearchSettings | SplunkHecSettings

const SCHEMAS: Readonly<Record<OutputSettings['type'], Joi.ObjectSchema>> = {
  file: fileSchema,
  stdout: stdoutSchema,
  syslog: syslogSchema,
  elasticsearch: elasticsearchSchema,
  'splunk-hec': splunkHecSchema,
}

/** One output of the configuration: `type` says which keys it has. */
export const outputSchema = Joi.alternatives().conditional('.type', {
  switch: Object.entries(SCHEMAS).map(([type, schema]) => ({ is: type, then: schema })),
  otherwise: Joi.object({
    type: Joi.string()
      .valid(...Object.keys(SCHEMAS))
      .required(),
  }).unknown(),
})
