import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { WardwireError } from '../telemetry/error.ts'
import type { Head } from './folder-file.ts'

const FILE = 'capture-folder.sqlite'
/** Layout of the file; another number is another layout. */
const LAYOUT = 1
/** Positions are stored this long after they were reached, ms: by then the queue has stored the events, so that nothing is skipped. */
const STORE_DELAY_MS = 1000
/** A file that is not seen for this long is forgotten, ms: a folder on the network may be away for a while. */
const FORGET_MS = 3_600_000

/** How far a capture file was read. */
export interface Position {
  readonly name: string
  /** Packets that were handed on. */
  readonly packets: number
  /** `open`: more may come. `finished`: read to its end. `truncated`: that end is in the middle of a packet. `bad`: cannot be read on. */
  readonly state: 'open' | 'finished' | 'truncated' | 'bad'
  /** By which a name that was used again is noticed. */
  readonly head: Head
  /** Size and time of modification (ms) when it was last read. */
  readonly size: number
  readonly modified: number
}

/** Positions in the files of one folder, kept on disk: each is stored whole or not at all. */
export class FolderPositions {
  /** Where a file that could not be read was moved to, and why. */
  readonly quarantined: { readonly path: string; readonly reason: string } | undefined
  readonly #folder: string
  readonly #database: DatabaseSync
  readonly #positions = new Map<string, Position>()
  readonly #missingSince = new Map<string, number>()
  /** Reached since `#turned`, and before that: the latter are stored next. */
  #reached = new Map<string, Position>()
  #due = new Map<string, Position>()
  #turned = 0

  /** Throws `capture_state` only when nothing can be written in `directory`. */
  constructor(directory: string, folder: string) {
    const path = join(directory, FILE)
    this.#folder = folder
    try {
      mkdirSync(directory, { recursive: true })
      const opened = openOrQuarantine(path)
      this.#database = opened.database
      this.quarantined = opened.quarantined
    } catch (cause) {
      throw new WardwireError('capture_state', `positions in the capture folder cannot be kept in ${path}: ${messageOf(cause)}`, {
        mend: 'give the sensor a state_directory that it may write, on a disk with free space',
        cause,
      })
    }
    for (const row of this.#database.prepare('SELECT * FROM position WHERE folder = ?').all(folder)) {
      const position = fromRow(row)
      this.#positions.set(position.name, position)
    }
  }

  get(name: string): Position | undefined {
    return this.#positions.get(name)
  }

  reach(position: Position): void {
    if (isDeepStrictEqual(position, this.#positions.get(position.name))) return
    this.#positions.set(position.name, position)
    this.#reached.set(position.name, position)
  }

  /** True when the position of `name` is on disk as it is. */
  isStored(name: string): boolean {
    return this.#positions.has(name) && !this.#reached.has(name) && !this.#due.has(name)
  }

  /** Stores what was reached a while ago. `now` in ms. Throws when it cannot be stored; it is tried again. */
  store(now: number): void {
    if (now - this.#turned < STORE_DELAY_MS) return
    this.#write([...this.#due.values()])
    this.#due = this.#reached
    this.#reached = new Map()
    this.#turned = now
  }

  /** Stores everything that was reached. */
  storeAll(): void {
    this.#write([...this.#due.values(), ...this.#reached.values()])
    this.#due.clear()
    this.#reached.clear()
  }

  remove(name: string): void {
    for (const map of [this.#positions, this.#missingSince, this.#reached, this.#due]) map.delete(name)
    this.#database.prepare('DELETE FROM position WHERE folder = ? AND name = ?').run(this.#folder, name)
  }

  /** Forgets files that are gone for good, now that `present` are in the folder. `now` in ms. */
  forgetMissing(present: ReadonlySet<string>, now: number): void {
    for (const name of this.#positions.keys()) {
      if (present.has(name)) this.#missingSince.delete(name)
      else if (!this.#missingSince.has(name)) this.#missingSince.set(name, now)
      else if (now - (this.#missingSince.get(name) ?? now) > FORGET_MS) this.remove(name)
    }
  }

  close(): void {
    this.#database.close()
  }

  #write(positions: readonly Position[]): void {
    if (positions.length === 0) return
    const upsert = this.#database.prepare('INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    this.#database.exec('BEGIN')
    try {
      for (const { name, packets, state, head, size, modified } of positions)
        upsert.run(this.#folder, name, packets, state, head.hash, head.bytes, size, modified)
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

function openOrQuarantine(path: string): { readonly database: DatabaseSync; readonly quarantined: FolderPositions['quarantined'] } {
  const existed = existsSync(path)
  try {
    return { database: openDatabase(path), quarantined: undefined }
  } catch (error) {
    if (!existed) throw error
    const moved = moveAside(path)
    return { database: openDatabase(path), quarantined: { path: moved, reason: messageOf(error) } }
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000')
    const layout = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (layout !== 0 && layout !== LAYOUT) throw new Error(`layout ${layout} is not known to this version`)
    database.exec(`
      CREATE TABLE IF NOT EXISTS position (
        folder TEXT, name TEXT, packets INTEGER NOT NULL, state TEXT NOT NULL,
        head TEXT NOT NULL, head_bytes INTEGER NOT NULL, size INTEGER NOT NULL, modified REAL NOT NULL,
        PRIMARY KEY (folder, name)
      ) STRICT, WITHOUT ROWID;
      PRAGMA user_version = ${LAYOUT}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Moves the file and its journal aside; answers the new path. */
function moveAside(path: string): string {
  let number = 1
  while (existsSync(`${path}.corrupt-${number}`)) number++
  const moved = `${path}.corrupt-${number}`
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, moved + suffix)
  return moved
}

function fromRow(row: Record<string, unknown>): Position {
  return {
    name: String(row['name']),
    packets: Number(row['packets']),
    state: String(row['state']) as Position['state'],
    head: { hash: String(row['head']), bytes: Number(row['head_bytes']) },
    size: Number(row['size']),
    modified: Number(row['modified']),
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
