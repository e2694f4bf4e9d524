import type { WardwireError } from '../telemetry/error.ts'
import type { Log } from '../telemetry/log.ts'

/** A log whose lines carry the name of an output. */
export function outputLog(log: Log, name: string): Log {
  const withName = (fields: Parameters<Log['info']>[1]): Parameters<Log['info']>[1] => ({ 'wardwire.output.name': name, ...fields })
  return {
    error: (message, fields) => log.error(message, withName(fields)),
    warn: (message, fields) => log.warn(message, withName(fields)),
    info: (message, fields) => log.info(message, withName(fields)),
    debug: (message, fields) => log.debug(message, withName(fields)),
  }
}

/** What is wrong and what to do about it, in one line. */
export function adviceOf({ message, mend }: WardwireError): string {
  return mend === undefined ? message : `${message} — ${mend}`
}
