import { rmSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Log } from '../telemetry/log.ts'
import { FolderFile } from './folder-file.ts'
import { type ListedFile, listFolder, patternOf } from './folder-list.ts'
import type { FolderPositions, Position } from './folder-positions.ts'
import { gzipFault } from './gzip.ts'
import type { FolderSettings } from './settings.ts'
import type { CaptureEnd, PacketSink } from './source.ts'
import { DropTally } from './statistics.ts'

export interface FolderReaderOptions {
  readonly folder: string
  readonly settings: FolderSettings
  readonly positions: FolderPositions
  readonly sink: PacketSink
  readonly signal: AbortSignal
  /** Waits while the engine wants no more. */
  readonly hold: () => Promise<void>
  readonly log: Log
}

type Problem = Pick<Extract<CaptureEnd, { kind: 'failed' }>, 'code' | 'message' | 'mend'>

/** What a file was when its position was taken. */
type Stamp = Pick<ListedFile, 'size' | 'modified'>

/** Two bytes tell compressed files from others. */
const MIN_BYTES = 2
/** What the positions are called in messages. */
const POSITIONS = 'positions in the capture folder'

/** Reads what is new in a capture folder, each time that it is told to look. */
export class FolderReader {
  /** Bytes of captures read. */
  bytes = 0
  readonly #options: FolderReaderOptions
  readonly #patterns: readonly RegExp[]
  /** Files in which more is expected. */
  readonly #open = new Map<string, FolderFile>()
  /** Since when each file has been as it is, ms. */
  readonly #unchanged = new Map<string, Stamp & { readonly since: number }>()
  /** What was logged and is still wrong. */
  readonly #logged = new Set<string>()
  readonly #drops = new DropTally()
  #current: FolderFile | undefined

  constructor(options: FolderReaderOptions) {
    this.#options = options
    this.#patterns = options.settings.patterns.map(patternOf)
  }

  get interfaces(): readonly string[] {
    return this.#current?.stream.interfaces ?? []
  }

  get dropped(): number | undefined {
    return this.#drops.total
  }

  /** Reads everything that was written since the last look. Never throws: what goes wrong is logged, and tried again next time. */
  async look(): Promise<void> {
    const { folder, positions, settings, signal } = this.#options
    const files = await this.#guarded(folder, 'read', () => listFolder(folder, this.#patterns))
    if (files === undefined) return
    for (const listed of files) {
      if (signal.aborted) return
      if ((await this.#guarded(listed.path, 'read', () => this.#visit(listed))) === 'unsettled') break
    }
    const present = new Set(files.map(({ name }) => name))
    for (const file of this.#open.values()) if (!present.has(file.name)) await this.#guarded(file.path, 'read', () => this.#vanished(file))
    for (const name of this.#unchanged.keys()) if (!present.has(name)) this.#unchanged.delete(name)
    await this.#guarded(POSITIONS, 'stored', () => {
      if (files.length > 0) positions.forgetMissing(present, Date.now())
      positions.store(Date.now())
    })
    if (settings.finished === 'delete') for (const listed of files) await this.#guarded(listed.path, 'deleted', () => this.#delete(listed))
  }

  /** Stores how far it came. */
  async close(): Promise<void> {
    const { positions } = this.#options
    for (const file of this.#open.values()) file.close()
    await this.#guarded(POSITIONS, 'stored', () => positions.storeAll())
    positions.close()
  }

  /** `unsettled`: the file must be complete before it can be read, and later files before that would be out of order. */
  async #visit(listed: ListedFile): Promise<'done' | 'unsettled'> {
    const known = this.#options.positions.get(listed.name)
    const unfinished = known === undefined || known.state === 'open'
    if (listed.size < MIN_BYTES || (!unfinished && isUnchanged(known, listed))) return 'done'
    const settled = this.#isSettled(listed)
    const file = await this.#file(listed, known)
    if (file === undefined) return 'done'
    if (file.compressed && !settled) {
      this.#close(file)
      return unfinished ? 'unsettled' : 'done'
    }
    const fault = await this.#readOn(file, listed)
    const cutOff = problemOfEnd(file)
    const mayGrow = cutOff !== undefined || listed.newestOfRotation
    const over = file.compressed || file.path !== listed.path || !mayGrow || (settled && !listed.newest)
    if (fault !== undefined || over) this.#finish(file, listed, fault ?? cutOff)
    return 'done'
  }

  /** The file, opened at the packet where reading goes on; undefined when there is nothing more to read in it. */
  async #file(listed: ListedFile, known: Position | undefined): Promise<FolderFile | undefined> {
    const open = this.#open.get(listed.name)
    if (open !== undefined) {
      const replaced = open.path === listed.path && open.inode !== listed.inode
      if (replaced) await this.#readOn(open, listed)
      if (!replaced && (known === undefined || open.beginsWith(known.head))) return open
      this.#close(open)
    }
    const file = new FolderFile(listed.name, listed.path, this.#options.sink)
    if (open === undefined && known !== undefined && file.beginsWith(known.head)) {
      if (!mayHoldMore(known, file)) {
        file.close()
        this.#options.positions.reach({ ...known, size: listed.size, modified: listed.modified })
        return undefined
      }
      file.skip = known.packets
    }
    this.#open.set(listed.name, file)
    return file
  }

  /** Reads to the end of what is there, or to a fault that cannot be read past. */
  async #readOn(file: FolderFile, stamp: Stamp): Promise<Problem | undefined> {
    const { signal, hold, positions } = this.#options
    this.#current = file
    try {
      for await (const chunk of file.news()) {
        this.bytes += chunk.length
        if (!file.stream.feed(chunk, file)) return problemOfEnd(file)
        if (signal.aborted) break
        await hold()
        this.#reach(file, stamp, 'open')
        await this.#guarded(POSITIONS, 'stored', () => positions.store(Date.now()))
        await nextTurn()
      }
      this.#reach(file, stamp, 'open')
      return undefined
    } catch (error) {
      const fault = gzipFault(error, file.path, file.stream.position)
      if (fault?.kind === 'failed') return fault
      this.#close(file)
      throw error
    } finally {
      this.#drops.update(file.stream.dropped)
    }
  }

  /** A file that was deleted or moved away while it was read: what it held can still be read. */
  async #vanished(file: FolderFile): Promise<void> {
    const stamp = this.#options.positions.get(file.name) ?? { size: 0, modified: 0 }
    const fault = file.compressed ? undefined : await this.#readOn(file, stamp)
    this.#finish(file, stamp, fault ?? problemOfEnd(file))
  }

  #finish(file: FolderFile, stamp: Stamp, problem: Problem | undefined): void {
    if (this.#options.signal.aborted) return
    this.#reach(file, stamp, problem === undefined ? 'finished' : problem.code === 'capture_truncated' ? 'truncated' : 'bad')
    this.#close(file)
    if (problem !== undefined) this.#warn(problem)
  }

  #reach(file: FolderFile, { size, modified }: Stamp, state: Position['state']): void {
    const packets = Math.max(file.packets, file.skip)
    this.#options.positions.reach({ name: file.name, packets, state, head: file.head(), size, modified })
  }

  #delete(listed: ListedFile): void {
    const { positions } = this.#options
    const known = positions.get(listed.name)
    if (known?.state !== 'finished' || !isUnchanged(known, listed) || !positions.isStored(listed.name)) return
    if (!listed.newestOfRotation && this.#isSettled(listed)) rmSync(listed.path)
  }

  #close(file: FolderFile): void {
    this.#open.delete(file.name)
    file.close()
  }

  /** True when the file has been as it is for a while. */
  #isSettled({ name, size, modified }: ListedFile): boolean {
    const now = Date.now()
    const before = this.#unchanged.get(name)
    const same = before !== undefined && before.size === size && before.modified === modified
    const since = same ? before.since : before === undefined ? Math.min(now, modified) : now
    this.#unchanged.set(name, { size, modified, since })
    return now - since >= this.#options.settings.settle_seconds * 1000
  }

  /** Does `work`; when that fails, logs once that `subject` cannot be `done`, until it goes well again. */
  async #guarded<Result>(subject: string, done: string, work: () => Result | Promise<Result>): Promise<Result | undefined> {
    const key = `${subject} ${done}`
    try {
      const result = await work()
      this.#logged.delete(key)
      return result
    } catch (error) {
      if (!this.#logged.has(key)) this.#warn(failureOf(subject, done, error))
      this.#logged.add(key)
      return undefined
    }
  }

  #warn({ code, message, mend }: Problem): void {
    this.#options.log.warn(`${message} — ${mend}`, { 'error.code': code })
  }
}

/**
 * A file that has changed since it was dealt with: plain files grow, a cut-off one may be copied again, but a compressed file whose capture was
 * read is the same capture compressed afterwards, and what follows damage in a plain file stays unreadable.
 */
function mayHoldMore({ state }: Position, { compressed }: FolderFile): boolean {
  if (state === 'finished') return !compressed
  if (state === 'bad') return compressed
  return true
}

function isUnchanged(position: Position, listed: ListedFile): boolean {
  return position.size === listed.size && position.modified === listed.modified
}

function problemOfEnd({ stream }: FolderFile): Problem | undefined {
  const end = stream.end()
  return end.kind === 'failed' ? end : undefined
}

function failureOf(subject: string, done: string, error: unknown): Problem {
  const reason = (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error))
  return {
    code: subject === POSITIONS ? 'capture_state' : 'capture_unreadable',
    message: `${subject}: cannot be ${done} (${reason})`,
    mend: 'check permissions and free space; it is tried again',
  }
}
