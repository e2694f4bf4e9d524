import type { Dataset, EncodedEvent } from '../../src/normalize/event.ts'
import { type Batch, encodeBatches } from '../../src/queue/batch.ts'
import type { Queue } from '../../src/queue/queue.ts'
import { openSpool, type SpoolOptions } from '../../src/queue/spool.ts'
import type { Log, LogFields } from '../../src/telemetry/log.ts'

export const MEBI = 1024 * 1024
/** µs */
export const START = 1_700_000_000_000_000

/** Events with ids that tell their number; `bytes` is about the size of each. */
export function events(count: number, options: { first?: number; dataset?: Dataset; bytes?: number } = {}): readonly EncodedEvent[] {
  const { first = 0, dataset = 'wardwire.dicom', bytes = 200 } = options
  const pad = 'x'.repeat(Math.max(0, bytes - 100))
  return Array.from({ length: count }, (_, index) => {
    const id = idOf(first + index)
    const time = START + (first + index) * 1000
    const at = new Date(time / 1000).toISOString()
    return { id, dataset, time, json: JSON.stringify({ '@timestamp': at, event: { id, dataset }, message: pad }) }
  })
}

export function idOf(number: number): string {
  return number.toString(16).padStart(32, '0')
}

export function batches(...args: Parameters<typeof events>): readonly Batch[] {
  return encodeBatches(events(...args))
}

export function spool(
  directory: string,
  options: Partial<SpoolOptions['settings']> & { outputs?: readonly string[]; log?: Log } = {},
): Queue {
  const { outputs = ['siem'], log = lines().log, ...settings } = options
  return openSpool({
    directory,
    outputs,
    log,
    settings: { max_bytes: 64 * MEBI, min_free_bytes: 0, full: 'drop-oldest', alert_reserve: 0.05, ...settings },
  })
}

/** Ids of everything after `after`, in order. */
export function readIds(queue: Queue, after = 0): readonly string[] {
  const ids: string[] = []
  for (let position = after; ; ) {
    const read = queue.read(position, 100, MEBI)
    if (read.length === 0) return ids
    ids.push(...read.map(event => event.id))
    position = read.at(-1)?.position ?? position
  }
}

export interface Line {
  readonly level: string
  readonly message: string
  readonly fields: LogFields | undefined
}

/** A log whose lines can be looked at. */
export function lines(): { readonly log: Log; readonly lines: Line[] } {
  const found: Line[] = []
  const at = (level: string) => (message: string, fields?: LogFields) => void found.push({ level, message, fields })
  return { log: { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }, lines: found }
}
