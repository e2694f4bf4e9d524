import { createLogger as createWinston, format, transports } from 'winston'
import { WardwireError } from './error.ts'
import type { LogSettings } from './settings.ts'

export type LogLevel = LogSettings['level']
/** Structured facts of a log line, with ECS or catalogue names. Never wire payload, never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** The sensor's own log. */
export interface Log {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
}

/** ECS field names, one JSON object a line. */
const ecsJson = format.printf(({ level, message, timestamp, ...fields }) =>
  JSON.stringify({ '@timestamp': timestamp, 'log.level': level, message, 'ecs.version': '9.4.0', 'service.name': 'wardwire', ...fields }),
)

const human = format.printf(({ level, message, timestamp, ...fields }) => {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' && /\s/.test(value) ? JSON.stringify(value) : String(value)}`)
  return `${String(timestamp).slice(11, 19)} ${level.padEnd(5)} ${String(message)}${details.join('')}`
})

/** A log to standard error (and a file where configured). Standard output stays free for events. */
export function createLog(settings: LogSettings): Log {
  const wantsHuman = settings.format === 'human' || (settings.format === 'auto' && process.stderr.isTTY === true)
  const toStderr = new transports.Console({
    stderrLevels: ['error', 'warn', 'info', 'debug'],
    format: format.combine(format.timestamp(), wantsHuman ? human : ecsJson),
  })
  const toFile =
    settings.file === undefined
      ? []
      : [new transports.File({ filename: settings.file, format: format.combine(format.timestamp(), ecsJson) })]
  const logger = createWinston({ level: settings.level, transports: [toStderr, ...toFile] })
  return {
    error: (message, fields) => void logger.error(message, fields),
    warn: (message, fields) => void logger.warn(message, fields),
    info: (message, fields) => void logger.info(message, fields),
    debug: (message, fields) => void logger.debug(message, fields),
  }
}

/** A log that keeps nothing. */
export const SILENT_LOG: Log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

/** What an operator reads of an error: message, what to do, and its code. */
export function describeError(error: unknown): { readonly message: string; readonly fields: LogFields } {
  if (error instanceof WardwireError)
    return { message: error.mend === undefined ? error.message : `${error.message} — ${error.mend}`, fields: { 'error.code': error.code } }
  if (error instanceof Error) return { message: error.message, fields: { 'error.type': error.name, 'error.stack_trace': error.stack } }
  return { message: String(error), fields: {} }
}
