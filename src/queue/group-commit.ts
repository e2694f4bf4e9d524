import type { Log } from '../telemetry/log.ts'
import type { Batch } from './batch.ts'
import type { Queue } from './queue.ts'

/** Events of one transaction, about. */
const GROUP_EVENTS = 4096
/** The longest that an event waits for others before it is stored, ms. */
const GROUP_MS = 50
/** Batches kept in memory while the disk refuses them, bytes. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024
/** With policy `block`: so long a refusing disk holds up the reader of packets, ms. */
const PATIENCE_MS = 30_000
/** Between attempts at a full queue, and the longest between attempts at a disk that refuses, ms. */
const ROOM_MS = 50
const MAX_RETRY_MS = 5_000

export interface GroupCommitOptions {
  readonly queue: Queue
  /** With policy `block` nothing is dropped for want of memory: who offers must wait until it is settled. */
  readonly blocking: boolean
  /** Every batch up to the one of this number is stored durably, or counted as lost. */
  readonly onSettled: (sequence: number) => void
  readonly log: Log
  /** Shorter times and limits, for tests. */
  readonly maxWaitingBytes?: number
  readonly patienceMs?: number
}

interface Waiting {
  readonly sequence: number
  readonly batch: Batch
}

/**
 * Stores batches in groups: one transaction, and so one wait for the disk, for all that came within 50 ms. What the disk refuses stays in
 * memory and is tried again in a fresh transaction; what memory cannot hold is counted as lost (`disk_full`), alerts last.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions
  readonly #maxWaitingBytes: number
  readonly #patienceMs: number
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #waitingEvents = 0
  #offered = 0
  #settled = 0
  #timer: NodeJS.Timeout | undefined
  /** When the disk began to refuse, ms. */
  #refusedSince: number | undefined
  #retryMs = ROOM_MS

  constructor(options: GroupCommitOptions) {
    this.#options = options
    this.#maxWaitingBytes = options.maxWaitingBytes ?? MAX_WAITING_BYTES
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS
  }

  /** Take batches under a growing number. They are stored soon; at once when a group is full. */
  offer(sequence: number, batches: readonly Batch[]): void {
    this.#offered = sequence
    for (const batch of batches) {
      this.#waiting.push({ sequence, batch })
      this.#waitingBytes += batch.body.length
      this.#waitingEvents += batch.events
    }
    if (!this.#options.blocking) this.#dropExcess()
    if (this.#waitingEvents >= GROUP_EVENTS && this.#refusedSince === undefined) this.commit()
    else this.#schedule(GROUP_MS)
  }

  /** Something is not settled yet. */
  get waiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Store what waits now. */
  commit(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#waiting.length > 0) {
      const count = this.#groupLength()
      const result = this.#options.queue.append(this.#waiting.slice(0, count).map(({ batch }) => batch))
      if (result === 'stored') this.#stored(count)
      else {
        if (result === 'full') this.#schedule(ROOM_MS)
        else this.#refused()
        break
      }
    }
    this.#reportSettled()
  }

  /** A last attempt. What cannot be stored now is lost, and said to be. */
  close(): void {
    this.commit()
    clearTimeout(this.#timer)
    const events = this.#waitingEvents
    if (events === 0) return
    this.#options.log.error('Events could not be stored before the stop and are lost', {
      'wardwire.health.queue_lost': events,
      'error.message': this.#options.queue.problem,
    })
    this.#giveUpAll()
    this.#reportSettled()
  }

  #groupLength(): number {
    let length = 0
    for (let events = 0; length < this.#waiting.length && events < GROUP_EVENTS; length++) events += this.#waiting[length].batch.events
    return length
  }

  #stored(count: number): void {
    for (const { batch } of this.#waiting.splice(0, count)) this.#forget(batch)
    if (this.#refusedSince === undefined) return
    this.#refusedSince = undefined
    this.#retryMs = ROOM_MS
    this.#options.log.info('The queue can be written again')
  }

  #refused(): void {
    const { queue, log, blocking } = this.#options
    if (this.#refusedSince === undefined) {
      this.#refusedSince = Date.now()
      log.error('The queue cannot be written: events wait in memory', { 'error.message': queue.problem })
    }
    if (blocking && Date.now() - this.#refusedSince >= this.#patienceMs) this.#giveUpAll()
    this.#schedule(this.#retryMs)
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2)
  }

  #dropExcess(): void {
    while (this.#waitingBytes > this.#maxWaitingBytes) {
      const oldestOther = this.#waiting.findIndex(({ batch }) => !batch.alert)
      const [dropped] = this.#waiting.splice(Math.max(0, oldestOther), 1)
      this.#lose(dropped.batch)
    }
  }

  #giveUpAll(): void {
    for (const { batch } of this.#waiting) this.#lose(batch)
    this.#waiting = []
  }

  #lose(batch: Batch): void {
    this.#forget(batch)
    this.#options.queue.lose({ reason: 'disk_full', events: batch.events, alerts: batch.alert ? batch.events : 0 })
  }

  #forget(batch: Batch): void {
    this.#waitingBytes -= batch.body.length
    this.#waitingEvents -= batch.events
  }

  #reportSettled(): void {
    const settled = this.#waiting.length === 0 ? this.#offered : this.#waiting[0].sequence - 1
    if (settled <= this.#settled) return
    this.#settled = settled
    this.#options.onSettled(settled)
  }

  #schedule(delay: number): void {
    this.#timer ??= setTimeout(() => this.commit(), delay)
  }
}
