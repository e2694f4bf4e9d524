import { createRequire } from 'node:module'
import type { Logger } from 'winston'
import { WardwireError } from './error.ts'
import type { LogSettings } from './settings.ts'

const require = createRequire(import.meta.url)

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

type Line = Readonly<Record<string | symbol, unknown>>

/** ECS field names, one JSON object a line. */
function ecsJson({ level, message, timestamp, ...fields }: Line): string {
  return JSON.stringify({
    '@timestamp': timestamp,
    'log.level': level,
    message,
    'ecs.version': '9.4.0',
    'service.name': 'wardwire',
    ...fields,
  })
}

function human({ level, message, timestamp, ...fields }: Line): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' && /\s/.test(value) ? JSON.stringify(value) : String(value)}`)
  return `${String(timestamp).slice(11, 19)} ${String(level).padEnd(5)} ${String(message)}${details.join('')}`
}

/**
 * A log to standard error, and a file where configured, which is there from the start. Standard output stays free for events. What writes it is
 * loaded for the first line: a replay may have none.
 */
export function createLog(settings: LogSettings): Log {
  let opened = settings.file === undefined ? undefined : openLogger(settings)
  const logger = (): Logger => {
    opened ??= openLogger(settings)
    return opened
  }
  return {
    error: (message, fields) => void logger().error(message, fields),
    warn: (message, fields) => void logger().warn(message, fields),
    info: (message, fields) => void logger().info(message, fields),
    debug: (message, fields) => void logger().debug(message, fields),
  }
}

function openLogger(settings: LogSettings): Logger {
  const { createLogger, format, transports } = require('winston') as typeof import('winston')
  const wantsHuman = settings.format === 'human' || (settings.format === 'auto' && process.stderr.isTTY === true)
  const toStderr = new transports.Console({
    stderrLevels: ['error', 'warn', 'info', 'debug'],
    format: format.combine(format.timestamp(), format.printf(wantsHuman ? human : ecsJson)),
  })
  const toFile =
    settings.file === undefined
      ? []
      : [new transports.File({ filename: settings.file, format: format.combine(format.timestamp(), format.printf(ecsJson)) })]
  return createLogger({ level: settings.level, transports: [toStderr, ...toFile] })
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
