import type { DatabaseSync } from 'node:sqlite'
import type { Batch } from './batch.ts'
import type { LossReason } from './queue.ts'
import { readCursors, readTally, readTotals } from './spool-tables.ts'

/** Bytes that a batch takes beside its body. */
export const ROW_BYTES = 64

/** Figures that change with each transaction, and go back to what they were when it fails. */
export interface Figures {
  end: number
  events: number
  bytes: number
  /** Losses that no event tells of yet. */
  readonly losses: Record<LossReason, { events: number; alerts: number }>
  readonly lost: Record<LossReason, number>
}

/** The figures of a queue file that was just opened. */
export function loadFigures(database: DatabaseSync): Figures {
  const { last, rows, events, bytes } = readTotals(database)
  const tally = readTally(database)
  const losses = fromReasons(reason => ({ events: tally.get(reason)?.events ?? 0, alerts: tally.get(reason)?.alerts ?? 0 }))
  return {
    end: Math.max(last, ...readCursors(database).values()),
    events,
    bytes: bytes + rows * ROW_BYTES,
    losses,
    lost: fromReasons(reason => losses[reason].events),
  }
}

export function sizeOf(batch: Batch): number {
  return batch.body.length + ROW_BYTES
}

function fromReasons<Value>(value: (reason: LossReason) => Value): Record<LossReason, Value> {
  return { full: value('full'), disk_full: value('disk_full'), corrupt: value('corrupt'), overrun: value('overrun') }
}
