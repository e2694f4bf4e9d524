import Joi from 'joi'

export interface LogSettings {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  readonly format: 'auto' | 'json' | 'human'
  readonly file: string | undefined
}

export interface TelemetrySettings {
  readonly log: LogSettings
  readonly metrics: { readonly enabled: boolean; readonly address: string; readonly port: number }
  readonly health_interval_seconds: number
}

/** The sensor's own log, metrics and health. */
export const telemetrySchema = Joi.object<TelemetrySettings>({
  log: Joi.object({
    level: Joi.string().valid('error', 'warn', 'info', 'debug').default('info').description('least severe level that is written'),
    format: Joi.string()
      .valid('auto', 'json', 'human')
      .default('auto')
      .description('json lines with ECS names, or text for people; auto: human on a terminal, else json'),
    file: Joi.string().description('also append the log to this file').example('/var/log/wardwire/wardwire.log'),
  })
    .default()
    .description("the sensor's own log; it goes to standard error"),
  metrics: Joi.object({
    enabled: Joi.boolean().default(true).description('serve Prometheus metrics on /metrics and health on /health'),
    address: Joi.string()
      .ip({ cidr: 'forbidden' })
      .default('127.0.0.1')
      .description('address to listen on; keep it on loopback unless a scraper needs it'),
    port: Joi.number().port().default(9464).description('TCP port to listen on'),
  })
    .default()
    .description('metrics and health endpoint'),
  health_interval_seconds: Joi.number()
    .integer()
    .min(1)
    .max(86_400)
    .default(60)
    .description('seconds between health events of the sensor and of each output'),
}).default()
