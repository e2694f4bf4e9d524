import type { OutputFigures } from '../normalize/health.ts'
import type { Queue, QueuedEvent } from '../queue/queue.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { Log, LogFields } from '../telemetry/log.ts'
import { Backoff } from './backoff.ts'
import type { Output, Verdict } from './output.ts'
import { adviceOf, outputLog } from './output-log.ts'

/** All in ms. */
export interface DeliveryTiming {
  /** Back-off between attempts. */
  readonly firstRetryMs: number
  readonly longestRetryMs: number
  /** Between attempts while the receiver refuses our credentials. */
  readonly pauseMs: number
  /** A receiver that has not answered after this time is asked again. */
  readonly answerMs: number
}

const TIMING: DeliveryTiming = { firstRetryMs: 500, longestRetryMs: 60_000, pauseMs: 60_000, answerMs: 120_000 }
/** The longest Retry-After that is believed, ms. */
const MAX_AFTER_MS = 600_000
/** A warning that repeats is written once in this time, ms. */
const WARN_MS = 60_000
/** The longest text of a receiver in a reason. */
const MAX_REASON = 300

export interface DelivererOptions {
  readonly name: string
  readonly type: string
  readonly queue: Queue
  /** Where it could be made already. */
  readonly output?: Output | undefined
  /** Makes the output; an error is tried again like a receiver that is down. */
  readonly open: () => Promise<Output>
  readonly log: Log
  /** The output has dealt with events: they may be freed. */
  readonly onProgress: () => void
  readonly timing?: Partial<DeliveryTiming>
}

/**
 * Brings the events of the queue to one output, in order, until it is stopped: batches by age and size, unlimited retry, bisection of
 * what is refused as a whole, dead letters. What is not delivered stays in the queue, so nothing here ever gives up.
 */
export class Deliverer {
  readonly #options: DelivererOptions
  readonly #timing: DeliveryTiming
  readonly #log: Log
  readonly #backoff: Backoff
  readonly #running: Promise<void>
  readonly #counters = { delivered: 0, retried: 0, rejected: 0, deadLettered: 0 }
  /** When each of the warnings that repeat was last written, ms. */
  readonly #warned = new Map<string, number>()
  #output: Output | undefined
  /** Everything up to here was read from the queue. */
  #position: number
  /** When the oldest of the events in hand, or of those that wait, was stored, ms. */
  #oldest: number | undefined
  #hurried = false
  #stopped = false
  #lastError: string | undefined
  /** End the wait for events, the rest before another attempt, the request under way. */
  #wake = nothing
  #endRest = nothing
  #endRequest = nothing

  constructor(options: DelivererOptions) {
    this.#options = options
    this.#timing = { ...TIMING, ...options.timing }
    this.#log = outputLog(options.log, options.name)
    this.#backoff = new Backoff({ firstMs: this.#timing.firstRetryMs, longestMs: this.#timing.longestRetryMs })
    this.#position = options.queue.cursor(options.name)
    this.#output = options.output
    this.#running = this.#run()
  }

  /** There are new events in the queue. */
  wake(): void {
    this.#wake()
  }

  /** Do not wait for batches to fill any more, and try once more now what waits for a retry. */
  hurry(): void {
    this.#hurried = true
    this.#wake()
    this.#endRest()
  }

  /** Nothing waits for this output. */
  get idle(): boolean {
    return this.#options.queue.cursor(this.#options.name) >= this.#options.queue.end
  }

  /** Totals since the start; `lagMs` is the age of the oldest event that waits. */
  figures(): OutputFigures {
    const { name, type, queue } = this.#options
    return {
      name,
      type,
      ...this.#counters,
      lagMs: this.idle || this.#oldest === undefined ? 0 : Math.max(0, Date.now() - this.#oldest),
      queued: Math.min(queue.end - queue.cursor(name), queue.statistics().events),
      lastError: this.#lastError,
    }
  }

  /** Break off. What is under way may arrive and be delivered again after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    this.#endRest()
    this.#endRequest()
    await this.#running
    await this.#output?.close()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#output ??= await this.#options.open()
        await this.#deliverNext(this.#output)
      } catch (error) {
        await this.#retryLater(this.#describeFailure(error), this.#backoff.next())
      }
    }
  }

  async #deliverNext(output: Output): Promise<void> {
    if (!(await this.#enough(output))) return
    const { events, bytes } = output.limits
    const { queue, name, onProgress } = this.#options
    const batch = queue.read(this.#position, events, bytes)
    if (batch.length > 0) {
      this.#oldest = batch[0].stored
      await this.#settle(output, batch)
      if (this.#stopped) return
    }
    // Nothing to read before the end of the queue: those events were dropped from it.
    this.#position = batch.at(-1)?.position ?? queue.end
    queue.acknowledge(name, this.#position)
    this.#oldest = this.#position < queue.end ? Date.now() : undefined
    onProgress()
  }

  /** Wait until a batch is full or old enough. False when something changed meanwhile: look again. */
  async #enough({ limits }: Output): Promise<boolean> {
    const waiting = this.#options.queue.end - this.#position
    if (waiting >= limits.events || (waiting > 0 && this.#hurried)) return true
    if (waiting > 0) this.#oldest ??= Date.now()
    const missing = this.#oldest === undefined ? undefined : this.#oldest + limits.ageMs - Date.now()
    if (missing !== undefined && missing <= 0) return true
    await pause(missing, end => {
      this.#wake = end
    })
    return false
  }

  /** Until each of these events is delivered or a dead letter, or we are stopped. They are in order and all before them is settled. */
  async #settle(output: Output, events: readonly QueuedEvent[]): Promise<void> {
    for (let left = events; left.length > 0 && !this.#stopped; ) {
      const verdict = await this.#send(output, left)
      if (this.#stopped) return
      switch (verdict.kind) {
        case 'done':
          left = this.#conclude(left, verdict)
          if (left.length > 0) await this.#retryLater('the receiver refused some events for now', this.#backoff.next(), left.length)
          break
        case 'split':
          if (left.length > 1) return this.#halve(output, left)
          this.#bury(left, new Map([[0, verdict.reason]]))
          left = []
          break
        case 'retry':
          await this.#retryLater(verdict.reason, retryDelay(verdict.afterMs, this.#backoff), left.length)
          break
        case 'pause':
          await this.#retryLater(verdict.reason, this.#timing.pauseMs, left.length)
          break
      }
    }
  }

  async #halve(output: Output, events: readonly QueuedEvent[]): Promise<void> {
    const middle = events.length >> 1
    const first = events.slice(0, middle)
    await this.#settle(output, first)
    if (this.#stopped) return
    this.#options.queue.acknowledge(this.#options.name, first[middle - 1].position)
    await this.#settle(output, events.slice(middle))
  }

  /** Take in what the receiver said of each event; answers those to send again. */
  #conclude(events: readonly QueuedEvent[], { rejected, retry, notes = [] }: Extract<Verdict, { kind: 'done' }>): readonly QueuedEvent[] {
    const again = new Set(retry)
    this.#counters.delivered += events.length - rejected.size - again.size
    for (const note of notes) this.#warnSometimes('Something to know about this output', { 'event.reason': shorten(note) })
    if (again.size === 0) this.#recovered()
    this.#bury(events, rejected)
    return events.filter((_, index) => again.has(index))
  }

  #bury(events: readonly QueuedEvent[], rejected: ReadonlyMap<number, string>): void {
    if (rejected.size === 0) return
    for (const [index, reason] of rejected) this.#options.queue.deadLetter(this.#options.name, events[index], shorten(reason))
    this.#counters.rejected += rejected.size
    this.#counters.deadLettered += rejected.size
    const [reason] = rejected.values()
    this.#lastError = shorten(reason)
    this.#warnSometimes('The receiver refused events for good: they are kept as dead letters', {
      'wardwire.output.dead_lettered': rejected.size,
      'event.reason': this.#lastError,
    })
  }

  /** One request, which ends when the receiver answers, when it has had time enough, or when we are stopped. */
  async #send(output: Output, events: readonly QueuedEvent[]): Promise<Verdict> {
    const request = new AbortController()
    let answered = false
    const late = pause(this.#timing.answerMs, end => {
      this.#endRequest = end
    }).then((): Verdict => {
      if (!answered) request.abort()
      return { kind: 'retry', reason: `no answer within ${this.#timing.answerMs / 1000} s` }
    })
    try {
      return await Promise.race([output.send(events, request.signal), late])
    } finally {
      answered = true
      this.#endRequest()
    }
  }

  async #retryLater(reason: string, delay: number, events = 0): Promise<void> {
    const text = shorten(reason)
    if (text !== this.#lastError) this.#log.warn('The output does not deliver: its events wait in the queue', { 'event.reason': text })
    this.#lastError = text
    await pause(delay, end => {
      this.#endRest = end
    })
    this.#counters.retried += events
  }

  /** What can be true of every batch is not said of every batch. */
  #warnSometimes(message: string, fields: LogFields): void {
    const now = Date.now()
    if (now - (this.#warned.get(message) ?? 0) < WARN_MS) return
    this.#warned.set(message, now)
    this.#log.warn(message, fields)
  }

  /** Errors that are not meant for operators may quote an event: only their kind and place are told. */
  #describeFailure(error: unknown): string {
    if (error instanceof WardwireError) return adviceOf(error)
    const { name, code, stack = '' } = error as NodeJS.ErrnoException
    this.#log.error('An output failed', { 'error.type': name, 'error.stack_trace': stack.slice(Math.max(0, stack.indexOf('\n    at '))) })
    return `internal error (${code ?? name})`
  }

  #recovered(): void {
    this.#backoff.reset()
    if (this.#lastError === undefined) return
    this.#lastError = undefined
    this.#log.info('The output delivers again')
  }
}

function nothing(): void {}

/** Until the time (ms) is over, without end where it is undefined, or until the function given to `onBegin` is called. */
function pause(delay: number | undefined, onBegin: (end: () => void) => void): Promise<void> {
  return new Promise(resolve => {
    const timer = delay === undefined ? undefined : setTimeout(resolve, delay)
    onBegin(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function retryDelay(afterMs: number | undefined, backoff: Backoff): number {
  const own = backoff.next()
  return afterMs === undefined ? own : Math.min(MAX_AFTER_MS, afterMs) + own
}

function shorten(reason: string): string {
  return reason.length <= MAX_REASON ? reason : `${reason.slice(0, MAX_REASON)}…`
}
