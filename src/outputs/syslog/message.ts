import type { EcsDocument, EncodedEvent } from '../../normalize/event.ts'
import { cutBytes } from '../../normalize/record.ts'
import { formatLine } from '../format.ts'
import { FACILITIES, type SyslogSettings } from './settings.ts'

/** APP-NAME of every message. */
export const APP_NAME = 'wardwire'
/** Severity of RFC 5424 table 2 for `event.severity`; events without one are informational. */
const SEVERITY: Readonly<Record<number, number>> = { 99: 2, 73: 3, 47: 4, 21: 5 }
const INFORMATIONAL = 6

/** The parts of a syslog message that depend on the event. */
export interface SyslogMessage {
  readonly severity: number
  /** The event's own time, as `rt` in CEF: whole milliseconds. */
  readonly time: Date
  readonly msgId: string
  readonly text: string
  /** Fields at the end are missing because of `max_message_bytes`. */
  readonly cut: boolean
}

/** The message of an event, or undefined when it cannot be brought within `max_message_bytes`. */
export function syslogMessage(event: EncodedEvent, settings: SyslogSettings, hostname: string): SyslogMessage | undefined {
  const whole = {
    severity: severityOf(event),
    time: new Date(Math.floor(event.time / 1000)),
    msgId: event.dataset,
    text: oneLine(tag(settings) + formatLine(event, settings.format)),
    cut: false,
  }
  const room = settings.max_message_bytes - Buffer.byteLength(syslogHeader(whole, settings, hostname))
  if (Buffer.byteLength(whole.text) <= room) return whole
  const text = cutFields(whole.text, room, settings.format)
  return text === undefined ? undefined : { ...whole, text, cut: true }
}

/**
 * Everything before the text, with the blank that ends it.
 *
 * RFC 5424 §6: `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG`; the text is UTF-8 without a byte order
 * mark, which CEF parsers do not expect.
 * RFC 3164 §4.1: `<PRI>Mmm dd hh:mm:ss HOSTNAME CONTENT`, in local time; no tag before CEF and LEEF, as their own documents have it.
 */
export function syslogHeader(message: SyslogMessage, settings: SyslogSettings, hostname: string): string {
  const priority = `<${FACILITIES.indexOf(settings.facility) * 8 + message.severity}>`
  if (settings.header === 'rfc3164') return `${priority}${bsdTime(message.time)} ${hostname} `
  return `${priority}1 ${message.time.toISOString()} ${hostname} ${APP_NAME} ${process.pid} ${message.msgId} - `
}

/** HOSTNAME: printable ASCII without blanks, at most 255 (RFC 5424 §6). */
export function headerHostname(hostname: string): string {
  return hostname.replace(/[^!-~]/g, '').slice(0, 255) || '-'
}

/** RFC 3164 receivers find the program before a colon; CEF and LEEF begin with one of their own. */
function tag({ header, format }: SyslogSettings): string {
  return header === 'rfc3164' && format === 'json' ? `${APP_NAME}: ` : ''
}

function severityOf(event: EncodedEvent): number {
  if (!event.json.includes('"severity":')) return INFORMATIONAL
  const { severity } = ((JSON.parse(event.json) as EcsDocument)['event'] ?? {}) as { readonly severity?: number }
  return SEVERITY[severity ?? 0] ?? INFORMATIONAL
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/g

/** Formats write none; whatever happens there, one event stays one message. */
function oneLine(text: string): string {
  return text.replace(CONTROL, ' ')
}

/** Pipes that end the header of a record. */
const HEADER_PIPES = { cef: 7, leef: 6 } as const

/** The record without the fields at its end that do not fit; undefined where a part of the text would be no record at all. */
function cutFields(text: string, limit: number, format: SyslogSettings['format']): string | undefined {
  if (format === 'json') return undefined
  const header = afterPipes(text, HEADER_PIPES[format])
  const end = cutBytes(text, limit).length
  const starts = text.matchAll(format === 'cef' ? / [A-Za-z0-9_]+=/g : leefDelimiters(text, header))
  let last: number | undefined
  for (const { index } of starts) {
    if (index > end) break
    if (index > header) last = index
  }
  return last === undefined ? undefined : text.slice(0, last)
}

function leefDelimiters(text: string, header: number): RegExp {
  return new RegExp(`\\u{${text.codePointAt(header - 2)!.toString(16)}}`, 'gu')
}

/** Position after the given number of pipes. */
function afterPipes(text: string, count: number): number {
  let position = 0
  for (let seen = 0; seen < count; seen++) position = text.indexOf('|', position) + 1
  return position
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

function bsdTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')
  return `${MONTHS[time.getMonth()]} ${String(time.getDate()).padStart(2, ' ')} ${clock}`
}
