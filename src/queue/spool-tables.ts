import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { decodeBatch } from './batch.ts'
import type { QueuedEvent } from './queue.ts'

export const TABLES = `
  CREATE TABLE IF NOT EXISTS batch (
    last INTEGER PRIMARY KEY,    -- position of its last event
    events INTEGER NOT NULL,
    alert INTEGER NOT NULL,      -- 1: nothing but alerts
    stored INTEGER NOT NULL,     -- ms since 1970 UTC
    checksum INTEGER NOT NULL,   -- see checksumOf
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS batch_other ON batch (last) WHERE alert = 0;
  CREATE TABLE IF NOT EXISTS cursor (output TEXT PRIMARY KEY, position INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT;
  -- Events kept, and losses by reason that no event tells of yet.
  CREATE TABLE IF NOT EXISTS tally (
    name TEXT PRIMARY KEY, events INTEGER NOT NULL, alerts INTEGER NOT NULL, checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS dead_letter (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    output TEXT NOT NULL, reason TEXT NOT NULL, buried INTEGER NOT NULL,
    id TEXT NOT NULL, dataset TEXT NOT NULL, time REAL NOT NULL, json TEXT NOT NULL
  ) STRICT`

/** A row of the table `batch`. */
export interface BatchRow {
  readonly last: number
  readonly events: number
  readonly alert: number
  readonly stored: number
  readonly checksum: number
  readonly body: Uint8Array
}

/** CRC-32 over the body and the numbers of a row: SQLite itself has no checksums. */
export function checksumOf({ last, events, alert, stored, body }: Omit<BatchRow, 'checksum'>): number {
  return crc32(`${last} ${events} ${alert} ${stored}`, crc32(body))
}

/** As `checksumOf`, for the small tables. */
export function checksumOfValues(...values: readonly (string | number)[]): number {
  return crc32(values.join(' '))
}

/** The events of a row with their positions; undefined when it is damaged. */
export function decodeRow(row: BatchRow): readonly QueuedEvent[] | undefined {
  if (checksumOf(row) !== row.checksum) return undefined
  try {
    const first = row.last - row.events + 1
    return decodeBatch(row.body).map((event, index) => ({ ...event, position: first + index, stored: row.stored }))
  } catch {
    return undefined
  }
}

/** Where each output stood. A damaged cursor is left out, so that its output begins anew rather than skip something. */
export function readCursors(database: DatabaseSync): ReadonlyMap<string, number> {
  const rows = database.prepare('SELECT output, position, checksum FROM cursor').all() as unknown as readonly CursorRow[]
  const intact = rows.filter(({ output, position, checksum }) => checksumOfValues(output, position) === checksum)
  return new Map(intact.map(({ output, position }) => [output, position]))
}

/** Events kept (`kept`), and losses by reason. */
export function readTally(database: DatabaseSync): ReadonlyMap<string, TallyRow> {
  const rows = database.prepare('SELECT name, events, alerts, checksum FROM tally').all() as unknown as readonly TallyRow[]
  const intact = rows.filter(({ name, events, alerts, checksum }) => checksumOfValues(name, events, alerts) === checksum)
  return new Map(intact.map(row => [row.name, row]))
}

interface CursorRow {
  readonly output: string
  readonly position: number
  readonly checksum: number
}

interface TallyRow {
  readonly name: string
  readonly events: number
  readonly alerts: number
  readonly checksum: number
}

/** All that is in the table `batch`: position of the newest, events, and bytes of the bodies. */
export function readTotals(database: DatabaseSync): { last: number; rows: number; events: number; bytes: number; before: number | null } {
  const query = `SELECT coalesce(max(last), 0) AS last, count(*) AS rows, coalesce(sum(events), 0) AS events,
    coalesce(sum(length(body)), 0) AS bytes, min(last - events) AS before FROM batch`
  return database.prepare(query).get() as unknown as ReturnType<typeof readTotals>
}

export type Statements = ReturnType<typeof prepareStatements>

export function prepareStatements(database: DatabaseSync) {
  const removed = 'RETURNING events, alert, length(body) AS bytes'
  return {
    insert: database.prepare('INSERT INTO batch (last, events, alert, stored, checksum, body) VALUES (?, ?, ?, ?, ?, ?)'),
    nextHead: database.prepare('SELECT last, events, alert, stored, checksum FROM batch WHERE last > ? ORDER BY last LIMIT 1'),
    body: database.prepare('SELECT body FROM batch WHERE last = ?'),
    oldest: database.prepare('SELECT last FROM batch ORDER BY last LIMIT 1'),
    oldestOther: database.prepare('SELECT last FROM batch WHERE alert = 0 ORDER BY last LIMIT 1'),
    removeOne: database.prepare(`DELETE FROM batch WHERE last = ? ${removed}`),
    removePassed: database.prepare(`DELETE FROM batch WHERE last <= ? ${removed}`),
    clearCursors: database.prepare('DELETE FROM cursor'),
    setCursor: database.prepare('INSERT OR REPLACE INTO cursor (output, position, checksum) VALUES (?, ?, ?)'),
    setTally: database.prepare('INSERT OR REPLACE INTO tally (name, events, alerts, checksum) VALUES (?, ?, ?, ?)'),
    bury: database.prepare('INSERT INTO dead_letter (output, reason, buried, id, dataset, time, json) VALUES (?, ?, ?, ?, ?, ?, ?)'),
    pruneDeadLetters: database.prepare('DELETE FROM dead_letter WHERE number <= (SELECT max(number) FROM dead_letter) - ?'),
    freePages: database.prepare('PRAGMA freelist_count'),
    pageCount: database.prepare('PRAGMA page_count'),
    pageSize: database.prepare('PRAGMA page_size'),
  }
}
