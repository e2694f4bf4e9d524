import { statfsSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Log } from '../telemetry/log.ts'
import type { Batch } from './batch.ts'
import { type Figures, loadFigures, ROW_BYTES, sizeOf } from './figures.ts'
import { type AppendResult, LOSS_REASONS, type Queue, type QueuedEvent, type QueueLoss, type QueueStatistics } from './queue.ts'
import type { QueueSettings } from './settings.ts'
import { isDamage, messageOf, openSpoolFile, replaceSpoolFile, rollBack, type SpoolFile } from './spool-file.ts'
import {
  type BatchRow,
  checksumOf,
  checksumOfValues,
  decodeRow,
  prepareStatements,
  readCursors,
  readTotals,
  type Statements,
} from './spool-tables.ts'

/** Below the floor of free disk space the queue still keeps so much, or nothing would pass through it. */
const WORKING_BYTES = 16 * 1024 * 1024
/** Dead letters kept; the oldest give way. */
const MAX_DEAD_LETTERS = 10_000
/** An empty file larger than this gives its space back. */
const LARGE_FILE_BYTES = 64 * 1024 * 1024
/** Decoded batches kept for the other outputs, which read the same ones. */
const CACHED_BATCHES = 8

export interface SpoolOptions {
  readonly directory: string
  readonly settings: Pick<QueueSettings, 'max_bytes' | 'min_free_bytes' | 'full' | 'alert_reserve'>
  /**
   * Outputs that read the queue. One that is new here starts at the oldest event kept, so that a renamed output misses nothing; one
   * that is no longer named loses its cursor and holds nothing back.
   */
  readonly outputs: readonly string[]
  readonly log: Log
}

/** Open the durable queue in `directory`. Never fails because of what is in the file; errors are those of `openSpoolFile`. */
export function openSpool(options: SpoolOptions): Queue {
  return new Spool(options)
}

interface DeadLetter {
  readonly output: string
  readonly reason: string
  readonly buried: number
  readonly event: QueuedEvent
}

class Spool implements Queue {
  problem: string | undefined
  readonly #options: SpoolOptions
  readonly #cursors = new Map<string, number>()
  readonly #decoded = new Map<number, readonly QueuedEvent[]>()
  #database: DatabaseSync
  #statements: Statements
  #figures: Figures
  #quarantined = 0
  /** What the next transaction writes beside its batches. */
  #deadLetters: DeadLetter[] = []
  #unreadable = new Set<number>()
  #dirty = false
  /** A damaged file was given up and no new one could be made yet. */
  #homeless = false

  constructor(options: SpoolOptions) {
    this.#options = options
    const file = openSpoolFile(options.directory)
    this.#database = file.database
    this.#statements = prepareStatements(file.database)
    this.#figures = loadFigures(this.#database)
    this.#openCursors()
    this.#noteQuarantine(file)
    this.sync()
  }

  get end(): number {
    return this.#figures.end
  }

  append(batches: readonly Batch[]): AppendResult {
    let full = false
    const done = this.#transaction(() => {
      const capacity = this.#capacity()
      full = this.#options.settings.full === 'block' && this.#isFull(batches, capacity)
      if (!full) for (const batch of batches) this.#store(batch, capacity)
    })
    if (!done) return 'failed'
    return full ? 'full' : 'stored'
  }

  read(after: number, maxEvents: number, maxBytes: number): readonly QueuedEvent[] {
    if (this.#homeless) return []
    try {
      return this.#read(after, maxEvents, maxBytes)
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#recover(error)
      return this.#read(after, maxEvents, maxBytes)
    }
  }

  acknowledge(output: string, position: number): void {
    if (position <= this.cursor(output)) return
    this.#cursors.set(output, position)
    this.#dirty = true
  }

  cursor(output: string): number {
    return this.#cursors.get(output) ?? 0
  }

  deadLetter(output: string, event: QueuedEvent, reason: string): void {
    this.#deadLetters.push({ output, reason, buried: Date.now(), event })
    if (this.#deadLetters.length > MAX_DEAD_LETTERS) this.#deadLetters.shift()
    this.#dirty = true
  }

  lose({ reason, events, alerts }: QueueLoss): void {
    this.#figures.losses[reason].events += events
    this.#figures.losses[reason].alerts += alerts
    this.#figures.lost[reason] += events
    this.#dirty = true
  }

  losses(): readonly QueueLoss[] {
    return LOSS_REASONS.map(reason => ({ reason, ...this.#figures.losses[reason] })).filter(({ events }) => events > 0)
  }

  reported(losses: readonly QueueLoss[]): void {
    for (const { reason, events, alerts } of losses) {
      this.#figures.losses[reason].events -= events
      this.#figures.losses[reason].alerts -= alerts
    }
    this.#dirty = true
  }

  sync(): boolean {
    if (this.#dirty && !this.#transaction(() => {})) return false
    if (this.#figures.events === 0 && !this.#homeless) this.#shrink()
    return true
  }

  statistics(): QueueStatistics {
    const { events, bytes, lost } = this.#figures
    return { events, bytes, lost: { ...lost }, quarantined: this.#quarantined }
  }

  close(): void {
    this.sync()
    if (!this.#homeless) this.#database.close()
  }

  // --- writing ---

  /** Everything that waits to be written, and `work`, or nothing. */
  #transaction(work: () => void): boolean {
    try {
      if (this.#homeless) this.#adopt(openSpoolFile(this.#options.directory))
      this.#attempt(work)
    } catch (error) {
      if (!isDamage(error)) return this.#refused(error)
      try {
        this.#recover(error)
        this.#attempt(work)
      } catch (again) {
        return this.#refused(again)
      }
    }
    this.problem = undefined
    this.#dirty = false
    this.#deadLetters = []
    this.#unreadable.clear()
    return true
  }

  #attempt(work: () => void): void {
    const before = structuredClone(this.#figures)
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      this.#writeWaiting()
      work()
      this.#writeTally()
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#figures = before
      rollBack(this.#database)
      throw error
    }
  }

  #refused(error: unknown): boolean {
    this.problem = messageOf(error)
    return false
  }

  #writeWaiting(): void {
    const { clearCursors, setCursor, bury, pruneDeadLetters } = this.#statements
    clearCursors.run()
    for (const [output, position] of this.#cursors) setCursor.run(output, position, checksumOfValues(output, position))
    for (const { output, reason, buried, event } of this.#deadLetters)
      bury.run(output, reason, buried, event.id, event.dataset, event.time, event.json)
    if (this.#deadLetters.length > 0) pruneDeadLetters.run(MAX_DEAD_LETTERS)
    for (const last of this.#unreadable) this.#remove(this.#statements.removeOne, last)
    this.#remove(this.#statements.removePassed, Math.min(this.#figures.end, ...this.#cursors.values()))
  }

  #writeTally(): void {
    const set = (name: string, events: number, alerts: number) =>
      this.#statements.setTally.run(name, events, alerts, checksumOfValues(name, events, alerts))
    set('kept', this.#figures.events, 0)
    for (const reason of LOSS_REASONS) set(reason, this.#figures.losses[reason].events, this.#figures.losses[reason].alerts)
  }

  #store(batch: Batch, capacity: number): void {
    if (!this.#makeRoom(batch, capacity)) {
      this.lose({ reason: 'full', events: batch.events, alerts: batch.alert ? batch.events : 0 })
      return
    }
    const { events, alert, body } = batch
    const row = { last: this.#figures.end + events, events, alert: Number(alert), stored: Date.now(), body }
    this.#statements.insert.run(row.last, row.events, row.alert, row.stored, checksumOf(row), row.body)
    this.#figures.end = row.last
    this.#figures.events += batch.events
    this.#figures.bytes += sizeOf(batch)
  }

  // --- room ---

  /** Bytes that may be kept: by the settings, and by what the disk has beyond the floor. */
  #capacity(): number {
    const { max_bytes, min_free_bytes } = this.#options.settings
    const free = freeBytes(this.#options.directory)
    if (free - min_free_bytes >= max_bytes) return max_bytes
    const { freelist_count } = this.#statements.freePages.get() as { freelist_count: number }
    const { page_size } = this.#statements.pageSize.get() as { page_size: number }
    const room = Math.max(0, free - min_free_bytes) + freelist_count * page_size
    return Math.min(max_bytes, Math.max(WORKING_BYTES, this.#figures.bytes + room))
  }

  /** An empty queue takes anything, or a large batch would wait for ever. */
  #isFull(batches: readonly Batch[], capacity: number): boolean {
    if (this.#figures.events === 0) return false
    return this.#figures.bytes + batches.reduce((sum, batch) => sum + sizeOf(batch), 0) > capacity
  }

  /** By policy: others give way to an alert, but an alert gives way only to an alert. */
  #makeRoom(batch: Batch, capacity: number): boolean {
    const { full, alert_reserve } = this.#options.settings
    if (full === 'block') return true
    const limit = batch.alert ? capacity : capacity * (1 - alert_reserve)
    while (this.#figures.bytes + sizeOf(batch) > limit) {
      if (this.#figures.events === 0) return true
      if (full === 'drop-newest' || !this.#evict(batch.alert)) return false
    }
    return true
  }

  #evict(alertsToo: boolean): boolean {
    const { oldestOther, oldest, removeOne } = this.#statements
    const row = (oldestOther.get() ?? (alertsToo ? oldest.get() : undefined)) as { last: number } | undefined
    if (row === undefined) return false
    const { events, alerts } = this.#remove(removeOne, row.last)
    this.lose({ reason: 'full', events, alerts })
    return true
  }

  #remove(statement: StatementSync, position: number): { readonly events: number; readonly alerts: number } {
    const rows = statement.all(position) as unknown as readonly { events: number; alert: number; bytes: number }[]
    const sum = { events: 0, alerts: 0 }
    for (const { events, alert, bytes } of rows) {
      sum.events += events
      sum.alerts += alert === 1 ? events : 0
      this.#figures.events -= events
      this.#figures.bytes -= bytes + ROW_BYTES
    }
    return sum
  }

  /** Give the disk back what a backlog took, once it is gone. A failure changes nothing. */
  #shrink(): void {
    try {
      const { page_count } = this.#statements.pageCount.get() as { page_count: number }
      const { page_size } = this.#statements.pageSize.get() as { page_size: number }
      if (page_count * page_size > LARGE_FILE_BYTES) this.#database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      this.#options.log.debug('The queue file keeps its size', { 'error.message': messageOf(error) })
    }
  }

  // --- reading ---

  #read(after: number, maxEvents: number, maxBytes: number): readonly QueuedEvent[] {
    const found: QueuedEvent[] = []
    let bytes = 0
    for (let from = after; ; ) {
      const head = this.#statements.nextHead.get(from) as Omit<BatchRow, 'body'> | undefined
      if (head === undefined) return found
      for (const event of this.#decode(head)) {
        if (event.position <= after) continue
        bytes += event.json.length
        if (found.length === maxEvents || (found.length > 0 && bytes > maxBytes)) return found
        found.push(event)
      }
      from = head.last
    }
  }

  #decode(head: Omit<BatchRow, 'body'>): readonly QueuedEvent[] {
    if (this.#unreadable.has(head.last)) return []
    const known = this.#decoded.get(head.last)
    if (known !== undefined) return known
    const { body } = this.#statements.body.get(head.last) as { body: Uint8Array }
    const events = decodeRow({ ...head, body })
    if (events === undefined) {
      this.#unreadable.add(head.last)
      this.lose({ reason: 'corrupt', events: head.events, alerts: head.alert === 1 ? head.events : 0 })
      this.#options.log.error('Stored events are damaged and are left out', { 'wardwire.health.queue_lost': head.events })
      return []
    }
    if (this.#decoded.size >= CACHED_BATCHES) this.#decoded.delete(this.#decoded.keys().next().value ?? 0)
    this.#decoded.set(head.last, events)
    return events
  }

  // --- opening and mending ---

  #openCursors(): void {
    const { before } = readTotals(this.#database)
    const known = readCursors(this.#database)
    for (const output of this.#options.outputs) this.#cursors.set(output, known.get(output) ?? before ?? this.#figures.end)
    this.#dirty = true
  }

  /** The file turned out to be damaged while in use: go on with what can be read of it. Positions stay as they are. */
  #recover(error: unknown): void {
    this.#database.close()
    this.#homeless = true
    try {
      this.#adopt(replaceSpoolFile(this.#options.directory, messageOf(error)))
    } catch (refusal) {
      this.lose({ reason: 'corrupt', events: this.#figures.events, alerts: 0 })
      this.#figures.events = 0
      this.#figures.bytes = 0
      throw refusal
    }
  }

  #adopt(file: SpoolFile): void {
    const { end, losses, lost } = this.#figures
    this.#database = file.database
    this.#statements = prepareStatements(file.database)
    this.#homeless = false
    this.#decoded.clear()
    const found = loadFigures(this.#database)
    this.#figures = { ...found, end: Math.max(end, found.end), losses, lost }
    this.#noteQuarantine(file)
  }

  #noteQuarantine({ quarantined }: SpoolFile): void {
    if (quarantined === undefined) return
    this.#quarantined++
    const { path, reason, saved, lost } = quarantined
    if (lost > 0) this.lose({ reason: 'corrupt', events: lost, alerts: 0 })
    this.#options.log.error('The queue file is damaged: it was moved aside, and what could be read of it goes on', {
      'file.path': path,
      'error.message': reason,
      'wardwire.health.queue_events': saved,
      'wardwire.health.queue_lost': lost,
    })
  }
}

function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
