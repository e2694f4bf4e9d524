import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { sealSecrets } from '../config/secret.ts'
import type { EncodedEvent } from '../normalize/event.ts'
import { type Batch, encodeBatches } from '../queue/batch.ts'
import type { QueueLoss } from '../queue/queue.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { Log } from '../telemetry/log.ts'
import type { DeliveryPlan, DeliveryReport, Notice, Order } from './delivery-messages.ts'
import { adviceOf } from './output-log.ts'

export type { DeliveryReport } from './delivery-messages.ts'

/** Bytes under way to the delivery thread from which the reader of packets has to wait, and those from which events are dropped. */
const PACE_BYTES = 16 * 1024 * 1024
const MAX_BYTES = 64 * 1024 * 1024
/** Unless the policy is `block`, a delivery thread that takes nothing for this time holds the reader up no longer, ms. */
const STALL_MS = 250
/** Between attempts to start the delivery thread again, ms. */
const RESTART_MS = 1_000
/** How much longer than asked the delivery thread may take to answer before it is ended by force, ms. */
const GRACE_MS = 10_000

export interface DeliveryOptions extends Omit<DeliveryPlan, 'strict'> {
  readonly log: Log
  /** Another entry of the thread, for tests. */
  readonly entry?: URL
}

/** The engine's end of the delivery thread. */
export interface Delivery {
  /** Hand over events in order. Never waits: see `pace`. */
  send(events: readonly EncodedEvent[]): void
  /** Something to wait for before reading more packets, when the queue is full (policy `block`) or too much is under way. */
  pace(): Promise<void> | undefined
  /** Until everything sent so far is durable, or counted as lost. */
  flush(): Promise<void>
  /** Until every output has everything, at most for a time; answers what each output still lacks. */
  drain(deadlineMs: number): Promise<{ readonly undelivered: Readonly<Record<string, number>> }>
  /** The latest report; at most about half a second old. */
  report(): DeliveryReport
  /** An event tells of these losses of a report: they are not mentioned again. Call it after the event was sent. */
  reported(losses: readonly QueueLoss[]): void
  /** End the thread. What is not delivered stays in the queue. */
  stop(): Promise<void>
}

/**
 * Start the delivery thread: the durable queue and the outputs. Rejects with a `WardwireError` when the queue cannot be used or an output
 * cannot work as it is configured. A thread that fails later is started again; what it had not stored is sent to it again.
 */
export async function startDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { delivery, ready } = launchDelivery(options)
  await ready
  return delivery
}

/** As `startDelivery`, without waiting: what is sent meanwhile is taken when the thread is `ready`, which rejects where the other would. */
export function launchDelivery(options: DeliveryOptions): { readonly delivery: Delivery; readonly ready: Promise<void> } {
  const delivery = new DeliveryChannel(options)
  return { delivery, ready: delivery.begin() }
}

interface Unsettled {
  readonly order: Extract<Order, { kind: 'append' }>
  readonly bytes: number
}

class DeliveryChannel implements Delivery {
  readonly #log: Log
  readonly #entry: URL
  readonly #plan: Omit<DeliveryPlan, 'strict'>
  readonly #blocking: boolean
  #worker: Worker | undefined
  #restart: NodeJS.Timeout | undefined
  #stopping = false
  #report: DeliveryReport | undefined
  /** Orders `reported` given to the thread at hand. */
  #told = 0
  #sequence = 0
  #taken = 0
  #settled = 0
  /** Sent, but neither durable nor lost yet: sent again to a new thread. */
  #unsettled: Unsettled[] = []
  #unsettledBytes = 0
  #bytesUnderWay = 0
  /** Dropped for want of room, and not told to the thread yet. */
  #overrun = { events: 0, alerts: 0 }
  /** The thread took nothing for a while: it is not waited for any more until it does. */
  #stalled = false
  #endPace = nothing
  #flushes: { readonly sequence: number; readonly done: () => void }[] = []
  #draining: { readonly deadlineMs: number; readonly done: () => void } | undefined
  /** Of the thread at hand. */
  #onReady = nothing
  #onRefused: (error: WardwireError) => void = nothing
  #onExit = nothing

  constructor({ log, entry = WORKER, ...plan }: DeliveryOptions) {
    this.#log = log
    this.#entry = entry
    this.#plan = plan
    this.#blocking = plan.queue.full === 'block'
  }

  begin(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onReady = resolve
      this.#onRefused = error => {
        this.#stopping = true
        reject(error)
      }
      this.#start(true)
    })
  }

  send(events: readonly EncodedEvent[]): void {
    const batches = encodeBatches(events).filter(batch => this.#hasRoomFor(batch))
    this.#tellOverrun()
    if (batches.length === 0) return
    const order = { kind: 'append', sequence: ++this.#sequence, batches } as const
    const bytes = batches.reduce((sum, batch) => sum + batch.body.length, 0)
    this.#remember({ order, bytes })
    this.#bytesUnderWay += bytes
    this.#post(order)
  }

  pace(): Promise<void> | undefined {
    if (this.#bytesUnderWay <= PACE_BYTES || this.#stopping) return undefined
    if (this.#stalled && !this.#blocking) return undefined
    return new Promise(resolve => {
      const timer = this.#blocking ? undefined : setTimeout(() => this.#stall(), STALL_MS)
      this.#endPace = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  flush(): Promise<void> {
    if (this.#settled >= this.#sequence) return Promise.resolve()
    this.#post({ kind: 'flush' })
    return new Promise(done => this.#flushes.push({ sequence: this.#sequence, done }))
  }

  async drain(deadlineMs: number): Promise<{ readonly undelivered: Readonly<Record<string, number>> }> {
    await within(deadlineMs + GRACE_MS, done => {
      this.#draining = { deadlineMs, done }
      this.#post({ kind: 'drain', deadlineMs })
    })
    this.#draining = undefined
    const waiting = this.report().outputs.filter(({ queued }) => queued > 0)
    return { undelivered: Object.fromEntries(waiting.map(({ name, queued }) => [name, queued])) }
  }

  report(): DeliveryReport {
    if (this.#report === undefined) throw new Error('the delivery thread has not started')
    return this.#report.heard === this.#told ? this.#report : { ...this.#report, losses: [] }
  }

  reported(losses: readonly QueueLoss[]): void {
    if (losses.length === 0) return
    this.#told++
    this.#post({ kind: 'reported', losses })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    this.#endPace()
    if (this.#worker === undefined) return
    const worker = this.#worker
    await within(GRACE_MS, done => {
      this.#onExit = done
      this.#post({ kind: 'stop' })
    })
    await worker.terminate()
  }

  // --- room ---

  /** Other events than alerts are dropped when far too much is under way; alerts have twice the room. */
  #hasRoomFor(batch: Batch): boolean {
    if (this.#blocking || this.#bytesUnderWay < (batch.alert ? 2 : 1) * MAX_BYTES) return true
    this.#overrun.events += batch.events
    this.#overrun.alerts += batch.alert ? batch.events : 0
    return false
  }

  #tellOverrun(): void {
    if (this.#overrun.events === 0 || this.#worker === undefined) return
    this.#post({ kind: 'lost', loss: { reason: 'overrun', ...this.#overrun } })
    this.#overrun = { events: 0, alerts: 0 }
  }

  /** Bounded, for a thread that waits for its disk and drops what it cannot hold. */
  #remember(unsettled: Unsettled): void {
    this.#unsettled.push(unsettled)
    this.#unsettledBytes += unsettled.bytes
    while (this.#unsettledBytes > 3 * MAX_BYTES && this.#unsettled.length > 1) this.#forgetOldest(1)
  }

  #forgetOldest(count: number): void {
    for (const { bytes } of this.#unsettled.splice(0, count)) this.#unsettledBytes -= bytes
  }

  #stall(): void {
    this.#stalled = true
    this.#endPace()
  }

  // --- the thread ---

  #start(strict: boolean): void {
    const worker = new Worker(this.#entry, {
      workerData: sealSecrets({ ...this.#plan, strict }),
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    this.#worker = worker
    this.#told = 0
    worker.on('message', (notice: Notice) => this.#heed(notice))
    worker.on('error', error => this.#log.error('The delivery thread failed', failureFields(error)))
    worker.on('exit', () => this.#onEnd())
  }

  /** The thread is gone. Unless it was told to, start it again with what it had not stored. */
  #onEnd(): void {
    this.#worker = undefined
    this.#onExit()
    if (this.#report === undefined) this.#onRefused(new WardwireError('delivery_failed', 'the delivery thread cannot start: see the log'))
    if (this.#stopping) return
    this.#log.warn('The delivery thread is started again: events wait meanwhile')
    this.#restart = setTimeout(() => {
      this.#start(false)
      for (const { order } of this.#unsettled) this.#post(order)
      if (this.#flushes.length > 0) this.#post({ kind: 'flush' })
      if (this.#draining !== undefined) this.#post({ kind: 'drain', deadlineMs: this.#draining.deadlineMs })
    }, RESTART_MS)
  }

  #post(order: Order): void {
    this.#worker?.postMessage(order)
  }

  #heed(notice: Notice): void {
    switch (notice.kind) {
      case 'ready':
        this.#report = notice.report
        this.#onReady()
        break
      case 'refused':
        this.#refused(notice)
        break
      case 'progress':
        this.#progress(notice.taken, notice.settled)
        break
      case 'report':
      case 'stopped':
        this.#report = notice.report
        break
      case 'drained':
        this.#report = notice.report
        this.#draining?.done()
        break
      case 'log':
        this.#log[notice.level](notice.message, notice.fields)
        break
    }
  }

  #refused({ code, message, mend }: Extract<Notice, { kind: 'refused' }>): void {
    const error = new WardwireError(code, message, { mend })
    if (this.#report === undefined) this.#onRefused(error)
    else this.#log.error(adviceOf(error), { 'error.code': code })
  }

  #progress(taken: number, settled: number): void {
    for (const { order, bytes } of this.#unsettled)
      if (order.sequence > this.#taken && order.sequence <= taken) this.#bytesUnderWay -= bytes
    this.#taken = Math.max(this.#taken, taken)
    this.#settled = Math.max(this.#settled, settled)
    const open = this.#unsettled.findIndex(({ order }) => order.sequence > settled)
    this.#forgetOldest(open < 0 ? this.#unsettled.length : open)
    this.#stalled = false
    if (this.#bytesUnderWay <= PACE_BYTES) this.#endPace()
    for (const { sequence, done } of this.#flushes) if (sequence <= settled) done()
    this.#flushes = this.#flushes.filter(({ sequence }) => sequence > settled)
  }
}

/** The entry beside this file, compiled or not as this one is. */
const WORKER = new URL(`./delivery-worker${extname(import.meta.url)}`, import.meta.url)

function nothing(): void {}

/** Until `done` is called, or the time (ms) is over. */
function within(deadlineMs: number, begin: (done: () => void) => void): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, deadlineMs)
    begin(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Where it failed, without the message, which may quote data. */
function failureFields(error: unknown): { readonly 'error.type': string; readonly 'error.stack_trace': string } {
  const { name, stack = '' } = error as Error
  return { 'error.type': name, 'error.stack_trace': stack.slice(Math.max(0, stack.indexOf('\n    at '))) }
}
