import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { WardwireError } from '../telemetry/error.ts'
import { lastCommit } from './journal.ts'
import { type BatchRow, checksumOf, prepareStatements, readTally, TABLES } from './spool-tables.ts'

const FILE = 'queue.sqlite'
/** Layout of the file; another number is another layout. */
const LAYOUT = 1
/** Damaged files kept for inspection; older ones are removed. */
const QUARANTINE_FILES = 3
/** Rows copied in one transaction when a damaged file is salvaged. */
const SALVAGE_ROWS = 64

/** A damaged file that was moved aside, and what could be saved of it. */
interface Quarantined {
  readonly path: string
  readonly reason: string
  readonly saved: number
  /** At least so many events are lost. */
  readonly lost: number
}

export interface SpoolFile {
  readonly database: DatabaseSync
  readonly quarantined: Quarantined | undefined
}

/**
 * Open or create `queue.sqlite` in `directory`. A file that is damaged or of another layout is moved to `quarantine/` and what can be
 * read of it goes into a new one. Throws `queue_in_use` when another process has it, `queue_unusable` when the folder cannot be written.
 */
export function openSpoolFile(directory: string): SpoolFile {
  const path = join(directory, FILE)
  try {
    createPrivately(path)
    try {
      return openWithJournal(path)
    } catch (error) {
      if (!isDamage(error)) throw error
      return replaceDamaged(path, messageOf(error))
    }
  } catch (cause) {
    if ((errorCode(cause) & 0xff) === SQLITE.BUSY)
      throw new WardwireError('queue_in_use', `another process uses the queue in ${directory}`, {
        mend: 'stop the other wardwire, or give this one its own sensor.state_directory or queue.directory',
        cause,
      })
    throw new WardwireError('queue_unusable', `the queue cannot be kept in ${directory}: ${messageOf(cause)}`, {
      mend: 'give the sensor a folder on a local disk that it may write and that has free space',
      cause,
    })
  }
}

/** Move the file of a queue that was found damaged while it was open, and go on with a new one. */
export function replaceSpoolFile(directory: string, reason: string): SpoolFile {
  return replaceDamaged(join(directory, FILE), reason)
}

/** True for errors that say that the content of a file is not to be trusted, as against a disk that refuses. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedFile) return true
  const code = errorCode(error)
  return code === SQLITE.IOERR_SHORT_READ || (code & 0xff) === SQLITE.CORRUPT || code === SQLITE.NOTADB
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** End a transaction that failed, where the failure has not ended it already. */
export function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // SQLite has rolled back by itself.
  }
}

/** Result codes of SQLite, the last an extended one: the file is shorter than it says (sqlite.org/rescode.html). */
const SQLITE = { BUSY: 5, CORRUPT: 11, NOTADB: 26, IOERR_SHORT_READ: 522 } as const

class DamagedFile extends Error {}

/** Extended result code; 0 for errors of others. */
function errorCode(error: unknown): number {
  return (error as { errcode?: number } | undefined)?.errcode ?? 0
}

/** The file and its folder exist and are for this user alone; both survive a power cut. */
function createPrivately(path: string): void {
  const directory = dirname(path)
  const made = mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (existsSync(path)) return
  closeSync(openSync(path, 'a', 0o600))
  syncFolder(directory)
  if (made !== undefined) syncFolder(dirname(directory))
}

function syncFolder(directory: string): void {
  const folder = openSync(directory, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** SQLite gives its journal the mode of the file. The exclusive lock keeps a second process out until this one ends, however it ends. */
function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec(`
      PRAGMA busy_timeout = 2000;
      PRAGMA page_size = 16384;
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA temp_store = MEMORY`)
    const layout = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (layout !== 0 && layout !== LAYOUT) throw new DamagedFile(`layout ${layout} is not known to this version`)
    const check = String(Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0])
    if (check !== 'ok') throw new DamagedFile(check)
    if (layout === 0) database.exec(`${TABLES}; PRAGMA user_version = ${LAYOUT}`)
    demandTables(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** SQLite passes over the damaged part of a journal in silence: that is told, and the journal kept for inspection. */
function openWithJournal(path: string): SpoolFile {
  const written = lastCommit(`${path}-wal`)
  const database = openDatabase(path)
  const { log: read } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number }
  if (written <= read) return { database, quarantined: undefined }
  const kept = `${quarantinePath(path)}-wal`
  copyFileSync(`${path}-wal`, kept)
  return { database, quarantined: { path: kept, reason: 'the journal is damaged', saved: keptEvents(database) ?? 0, lost: 1 } }
}

function demandTables(database: DatabaseSync): void {
  try {
    prepareStatements(database)
  } catch (error) {
    throw new DamagedFile(messageOf(error))
  }
}

function replaceDamaged(path: string, reason: string): SpoolFile {
  const moved = quarantine(path)
  createPrivately(path)
  const database = openDatabase(path)
  const { saved, lost } = salvage(moved, database)
  return { database, quarantined: { path: moved, reason, saved, lost } }
}

/** Moves the file and its journal to `quarantine/`; answers the new path. */
function quarantine(path: string): string {
  const moved = quarantinePath(path)
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, moved + suffix)
  return moved
}

/** A free name in `quarantine/`, where only the latest files stay. */
function quarantinePath(path: string): string {
  const folder = join(dirname(path), 'quarantine')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const numbers = readdirSync(folder).map(name => Number(/^queue-(\d+)\.sqlite/.exec(name)?.[1] ?? 0))
  const known = [...new Set(numbers)].sort((one, other) => one - other)
  for (const number of known.slice(0, Math.max(0, known.length - QUARANTINE_FILES + 1)))
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `queue-${number}.sqlite${suffix}`), { force: true })
  return join(folder, `queue-${(known.at(-1) ?? 0) + 1}.sqlite`)
}

/** Copy what can be read from a damaged file. Nothing in it is trusted: each body must have its checksum. */
function salvage(path: string, into: DatabaseSync): { readonly saved: number; readonly lost: number } {
  let from: DatabaseSync | undefined
  try {
    from = new DatabaseSync(path)
    const expected = keptEvents(from)
    const saved = copyBatches(from, into)
    copySmallTables(from, into)
    return { saved, lost: Math.max(expected === undefined ? 1 : 0, (expected ?? 0) - saved) }
  } catch {
    return { saved: 0, lost: 1 }
  } finally {
    from?.close()
  }
}

function keptEvents(from: DatabaseSync): number | undefined {
  try {
    return readTally(from).get('kept')?.events ?? 0
  } catch {
    return undefined
  }
}

/** Forward to the first unreadable page, then backward to the last. */
function copyBatches(from: DatabaseSync, into: DatabaseSync): number {
  const insert = into.prepare('INSERT OR IGNORE INTO batch (last, events, alert, stored, checksum, body) VALUES (?, ?, ?, ?, ?, ?)')
  let saved = 0
  let inTransaction = 0
  const copy = (row: BatchRow): void => {
    if (checksumOf(row) !== row.checksum) return
    if (inTransaction === 0) into.exec('BEGIN')
    const { changes } = insert.run(row.last, row.events, row.alert, row.stored, row.checksum, row.body)
    if (Number(changes) > 0) saved += row.events
    inTransaction = (inTransaction + 1) % SALVAGE_ROWS
    if (inTransaction === 0) into.exec('COMMIT')
  }
  for (const order of ['ASC', 'DESC'])
    try {
      for (const row of from.prepare(`SELECT last, events, alert, stored, checksum, body FROM batch ORDER BY last ${order}`).iterate())
        copy(row as unknown as BatchRow)
      break
    } catch {
      // This direction ends at an unreadable page; the other may reach what lies behind it.
    }
  if (inTransaction > 0) into.exec('COMMIT')
  return saved
}

function copySmallTables(from: DatabaseSync, into: DatabaseSync): void {
  const tables: readonly (readonly [string, string])[] = [
    ['cursor', 'output, position, checksum'],
    ['tally', 'name, events, alerts, checksum'],
    ['dead_letter', 'output, reason, buried, id, dataset, time, json'],
  ]
  for (const [table, columns] of tables) {
    try {
      const rows = from.prepare(`SELECT ${columns} FROM ${table}`).all()
      const insert = into.prepare(`INSERT OR IGNORE INTO ${table} (${columns}) VALUES (${columns.replace(/\w+/g, '?')})`)
      into.exec('BEGIN')
      for (const row of rows) insert.run(...Object.values(row))
      into.exec('COMMIT')
    } catch {
      rollBack(into)
    }
  }
}
