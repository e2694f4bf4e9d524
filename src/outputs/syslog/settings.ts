import Joi from 'joi'
import { type BatchSettings, batchSchema } from '../batch.ts'
import { type TlsSettings, tlsSchema } from '../tls.ts'

/** Facility names of RFC 5424 table 1, by number. */
export const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const
type Facility = (typeof FACILITIES)[number]

/** Most bytes of a UDP datagram over IPv4, less the line end that syslog-client adds. */
const UDP_BYTES = 65_506

/** A syslog receiver. */
export interface SyslogSettings {
  readonly type: 'syslog'
  readonly host: string
  readonly port: number
  readonly protocol: 'udp' | 'tcp' | 'tls'
  readonly format: 'cef' | 'leef' | 'json'
  readonly header: 'rfc5424' | 'rfc3164'
  readonly framing: 'octet_counting' | 'newline'
  readonly facility: Facility
  readonly max_message_bytes: number
  readonly resend_bytes: number
  readonly timeout_seconds: number
  readonly batch: BatchSettings
  readonly tls: TlsSettings
}

export const syslogSchema = Joi.object<SyslogSettings>({
  type: Joi.string().valid('syslog').required().description('kind of receiver'),
  host: Joi.string().hostname().required().description('name or address of the receiver').example('syslog.example.org'),
  port: Joi.number()
    .port()
    .default((parent: Partial<SyslogSettings>) => (parent.protocol === 'udp' || parent.protocol === 'tcp' ? 514 : 6514))
    .description('port of the receiver; default: 6514 for tls, else 514')
    .example(6514),
  protocol: Joi.string()
    .valid('udp', 'tcp', 'tls')
    .default('tls')
    .description('how messages travel; udp is best effort, only tls keeps them private'),
  format: Joi.string().valid('cef', 'leef', 'json').default('cef').description('what a message holds'),
  header: Joi.string()
    .valid('rfc5424', 'rfc3164')
    .default('rfc5424')
    .description('syslog header; rfc3164 has times without year and zone, in the local time of the sensor'),
  framing: Joi.string()
    .valid('octet_counting', 'newline')
    .default('octet_counting')
    .description('what parts messages over tcp and tls; newline only for receivers that cannot count octets'),
  facility: Joi.string()
    .valid(...FACILITIES)
    .default('local0')
    .description('syslog facility'),
  max_message_bytes: Joi.number()
    .integer()
    .min(1024)
    .when('protocol', { is: 'udp', then: Joi.number().max(UDP_BYTES), otherwise: Joi.number().max(1024 * 1024) })
    .default(8192)
    .description(
      'longest message with its header; keep it at or below the limit of the receiver. cef and leef lose fields at their end, json is refused',
    ),
  resend_bytes: Joi.number()
    .integer()
    .min(0)
    .max(64 * 1024 * 1024)
    .default(1024 * 1024)
    .description('over tcp and tls: how much of what was written last is sent again when a connection breaks'),
  timeout_seconds: Joi.number()
    .min(1)
    .max(300)
    .default(10)
    .description('longest wait for a connection, and for a receiver that stops reading'),
  batch: batchSchema({ events: 500, bytes: 1024 * 1024, age_ms: 500 }),
  tls: tlsSchema,
})
