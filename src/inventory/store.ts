import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { WardwireError } from '../telemetry/error.ts'
import type { SavedDevice } from './state.ts'

const FILE = 'inventory.sqlite'
/** Layout of the file; another number is another layout. */
const LAYOUT = 2

/** Devices on disk. Opening never fails because of content; saving never throws. */
export interface InventoryStore {
  /** The file that could not be read at opening, where it was moved to and why. */
  readonly quarantined: { readonly path: string; readonly reason: string } | undefined
  /** Why the last save failed; undefined when it went well. */
  readonly problem: string | undefined
  load(): readonly SavedDevice[]
  /** Write devices and remove ids, in one transaction; false when it failed and should be tried again. */
  save(devices: readonly SavedDevice[], removed?: readonly string[]): boolean
  /** A figure that was kept under a name; undefined when there is none. */
  recall(name: string): number | undefined
  /** Keep a figure; false when it failed. */
  keep(name: string, value: number): boolean
  close(): void
}

/**
 * Open or create `inventory.sqlite` in `directory`. A file that is corrupt or of another layout is moved aside. Throws
 * `INVENTORY_STORE` only when the folder cannot be written at all.
 */
export function openInventoryStore(directory: string): InventoryStore {
  const path = join(directory, FILE)
  try {
    mkdirSync(directory, { recursive: true })
    const existed = existsSync(path)
    const first = tryOpen(path)
    if (typeof first !== 'string') return new SqliteStore(first, undefined)
    if (!existed) throw new Error(first)
    const moved = quarantine(path)
    const second = tryOpen(path)
    if (typeof second === 'string') throw new Error(second)
    return new SqliteStore(second, { path: moved, reason: first })
  } catch (cause) {
    throw new WardwireError('INVENTORY_STORE', `The inventory cannot be kept in ${path}: ${messageOf(cause)}`, {
      mend: 'Give the sensor a state_directory that it may write, on a disk with free space.',
      cause,
    })
  }
}

/** True when a sensor has kept its devices in `directory`. */
export function hasInventoryStore(directory: string): boolean {
  return existsSync(join(directory, FILE))
}

/**
 * The devices in the store of a sensor that may be running; nothing is changed. Throws `inventory_missing` or `inventory_unreadable`.
 */
export function readInventoryStore(directory: string): readonly SavedDevice[] {
  const path = join(directory, FILE)
  if (!existsSync(path))
    throw new WardwireError('inventory_missing', `no sensor has kept devices in ${directory} (${FILE})`, {
      mend: 'name with --from the state_directory of a sensor that has run, or the output folder of a replay',
    })
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 2000 })
    const layout = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (layout !== LAYOUT) throw new Error(`layout ${layout} is not known to this version`)
    return readDevices(database)
  } catch (cause) {
    throw new WardwireError('inventory_unreadable', `${path} cannot be read: ${messageOf(cause)}`, {
      mend: 'run the command as the user of the sensor, with the version of the sensor',
      cause,
    })
  } finally {
    database?.close()
  }
}

function readDevices(database: DatabaseSync): readonly SavedDevice[] {
  const rows = database.prepare('SELECT state FROM device ORDER BY first_seen, id').all()
  return rows.flatMap(row => parseDevice(String(row['state'])))
}

class SqliteStore implements InventoryStore {
  readonly quarantined: InventoryStore['quarantined']
  problem: string | undefined
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync, quarantined: InventoryStore['quarantined']) {
    this.#database = database
    this.quarantined = quarantined
  }

  load(): readonly SavedDevice[] {
    return readDevices(this.#database)
  }

  save(devices: readonly SavedDevice[], removed: readonly string[] = []): boolean {
    if (devices.length + removed.length === 0) return true
    return this.#attempt(() => {
      const upsert = this.#database.prepare('INSERT OR REPLACE INTO device (id, first_seen, state) VALUES (?, ?, ?)')
      const remove = this.#database.prepare('DELETE FROM device WHERE id = ?')
      this.#database.exec('BEGIN')
      for (const id of removed) remove.run(id)
      for (const device of devices) upsert.run(device.id, device.firstSeen, JSON.stringify(device))
      this.#database.exec('COMMIT')
    })
  }

  recall(name: string): number | undefined {
    const value = this.#database.prepare('SELECT value FROM figure WHERE name = ?').get(name)?.['value']
    return typeof value === 'number' ? value : undefined
  }

  keep(name: string, value: number): boolean {
    return this.#attempt(() => void this.#database.prepare('INSERT OR REPLACE INTO figure (name, value) VALUES (?, ?)').run(name, value))
  }

  close(): void {
    this.#database.close()
  }

  /** SQLite may have ended the transaction by itself, and then says so. */
  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // Nothing was open.
    }
  }

  #attempt(work: () => void): boolean {
    try {
      work()
      this.problem = undefined
      return true
    } catch (error) {
      this.problem = messageOf(error)
      this.#rollBack()
      return false
    }
  }
}

/** The opened database, or why it cannot be used. */
function tryOpen(path: string): DatabaseSync | string {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000')
    const check = String(Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0])
    if (check !== 'ok') throw new Error(check)
    const layout = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (layout !== 0 && layout !== LAYOUT) throw new Error(`layout ${layout} is not known to this version`)
    database.exec('CREATE TABLE IF NOT EXISTS device (id TEXT PRIMARY KEY, first_seen REAL NOT NULL, state TEXT NOT NULL) STRICT')
    database.exec('CREATE TABLE IF NOT EXISTS figure (name TEXT PRIMARY KEY, value REAL NOT NULL) STRICT')
    database.exec(`PRAGMA user_version = ${LAYOUT}`)
    return database
  } catch (error) {
    database?.close()
    return messageOf(error)
  }
}

/** Moves the file and its journal aside; answers the new path. */
function quarantine(path: string): string {
  let number = 1
  while (existsSync(`${path}.corrupt-${number}`)) number++
  const moved = `${path}.corrupt-${number}`
  renameSync(path, moved)
  for (const suffix of ['-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, moved + suffix)
  return moved
}

/** A row that cannot be read is left out: the device will be found again. */
function parseDevice(text: string): SavedDevice[] {
  try {
    const device = JSON.parse(text) as SavedDevice
    return typeof device.id === 'string' && Array.isArray(device.evidence) && Array.isArray(device.addresses) && device.identity
      ? [device]
      : []
  } catch {
    return []
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
