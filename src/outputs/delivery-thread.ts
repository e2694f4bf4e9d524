import { resolve } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import { GroupCommit } from '../queue/group-commit.ts'
import type { Queue } from '../queue/queue.ts'
import { openSpool } from '../queue/spool.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { Log, LogFields, LogLevel } from '../telemetry/log.ts'
import { createOutput } from './create.ts'
import { Deliverer } from './deliver.ts'
import type { DeliveryPlan, DeliveryReport, Notice, Order } from './delivery-messages.ts'
import type { Output } from './output.ts'
import { adviceOf, outputLog } from './output-log.ts'

/** Between reports to the engine, ms. */
const REPORT_MS = 500
/** What outputs have acknowledged is written at the latest after this time, ms. */
const SYNC_MS = 50
/** How long outputs may take to close, ms. */
const CLOSE_MS = 5_000

type Tell = (notice: Notice) => void

/** The delivery thread: opens the queue and the outputs, and obeys the engine until it says stop. */
export async function runDeliveryThread(port: MessagePort, plan: DeliveryPlan): Promise<void> {
  const tell: Tell = notice => port.postMessage(notice)
  const log = logThrough(tell)
  try {
    const opened = plan.strict ? await openOutputs(plan, log) : new Map<string, Output>()
    const queue = openSpool({ directory: plan.directory, settings: plan.queue, outputs: Object.keys(plan.outputs), log })
    const thread = new DeliveryThread(plan, queue, opened, tell, log)
    tell({ kind: 'ready', report: thread.report() })
    port.on('message', async (order: Order) => {
      if (order.kind !== 'stop') return thread.obey(order)
      await thread.stop()
      port.close()
    })
  } catch (error) {
    if (!(error instanceof WardwireError)) throw error
    tell({ kind: 'refused', code: error.code, message: error.message, mend: error.mend })
    port.close()
  }
}

class DeliveryThread {
  readonly #queue: Queue
  readonly #blocking: boolean
  readonly #tell: Tell
  readonly #commit: GroupCommit
  readonly #deliverers: readonly Deliverer[]
  readonly #reporting: NodeJS.Timeout
  #syncing: NodeJS.Timeout | undefined
  #drainDeadline: NodeJS.Timeout | undefined
  #taken = 0
  #settled = 0
  #heard = 0

  constructor(plan: DeliveryPlan, queue: Queue, opened: ReadonlyMap<string, Output>, tell: Tell, log: Log) {
    this.#queue = queue
    this.#blocking = plan.queue.full === 'block'
    this.#tell = tell
    this.#commit = new GroupCommit({ queue, blocking: this.#blocking, onSettled: sequence => this.#onSettled(sequence), log })
    this.#deliverers = Object.entries(plan.outputs).map(
      ([name, settings]) =>
        new Deliverer({
          name,
          type: settings.type,
          queue,
          log,
          output: opened.get(name),
          open: () => open(name, plan, log),
          onProgress: () => this.#onProgress(),
        }),
    )
    this.#reporting = setInterval(() => tell({ kind: 'report', report: this.report() }), REPORT_MS)
  }

  obey(order: Exclude<Order, { kind: 'stop' }>): void {
    switch (order.kind) {
      case 'append':
        this.#commit.offer(order.sequence, order.batches)
        if (!this.#blocking) this.#taken = order.sequence
        this.#tellProgress()
        break
      case 'lost':
        this.#queue.lose(order.loss)
        break
      case 'reported':
        this.#queue.reported(order.losses)
        this.#heard++
        break
      case 'flush':
        this.#commit.commit()
        break
      case 'drain':
        this.#drain(order.deadlineMs)
        break
    }
  }

  report(): DeliveryReport {
    return {
      queue: this.#queue.statistics(),
      outputs: this.#deliverers.map(deliverer => deliverer.figures()),
      losses: this.#queue.losses(),
      heard: this.#heard,
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#reporting)
    clearTimeout(this.#syncing)
    clearTimeout(this.#drainDeadline)
    const closed = Promise.allSettled(this.#deliverers.map(deliverer => deliverer.stop()))
    await Promise.race([closed, new Promise(resolve => setTimeout(resolve, CLOSE_MS).unref())])
    this.#commit.close()
    this.#queue.sync()
    this.#tell({ kind: 'stopped', report: this.report() })
    this.#queue.close()
  }

  #onSettled(sequence: number): void {
    this.#settled = sequence
    this.#taken = Math.max(this.#taken, sequence)
    this.#tellProgress()
    for (const deliverer of this.#deliverers) deliverer.wake()
    this.#endDrain()
  }

  #tellProgress(): void {
    this.#tell({ kind: 'progress', taken: this.#taken, settled: this.#settled })
  }

  /** Acknowledgments are written together; they make room for those who wait at a full queue. */
  #onProgress(): void {
    this.#syncing ??= setTimeout(() => {
      this.#syncing = undefined
      this.#queue.sync()
      if (this.#commit.waiting) this.#commit.commit()
    }, SYNC_MS)
    this.#endDrain()
  }

  #drain(deadlineMs: number): void {
    this.#commit.commit()
    for (const deliverer of this.#deliverers) deliverer.hurry()
    this.#drainDeadline = setTimeout(() => this.#tellDrained(), deadlineMs)
    this.#endDrain()
  }

  #endDrain(): void {
    if (this.#drainDeadline === undefined || this.#commit.waiting) return
    if (this.#deliverers.every(deliverer => deliverer.idle)) this.#tellDrained()
  }

  #tellDrained(): void {
    clearTimeout(this.#drainDeadline)
    this.#drainDeadline = undefined
    this.#tell({ kind: 'drained', report: this.report() })
  }
}

/** Make every output, or say of all that cannot be made why: their errors name the output. */
async function openOutputs(plan: DeliveryPlan, log: Log): Promise<ReadonlyMap<string, Output>> {
  const opened = new Map<string, Output>()
  const problems = sharedFiles(plan)
  for (const name of Object.keys(plan.outputs))
    try {
      opened.set(name, await open(name, plan, log))
    } catch (error) {
      if (!(error instanceof WardwireError)) throw error
      problems.push(adviceOf(error))
    }
  if (problems.length > 0) throw new WardwireError('output_unusable', problems.join('\n'))
  return opened
}

/** Two outputs that append to one file would tear each other's lines. */
function sharedFiles({ outputs }: DeliveryPlan): string[] {
  const owners = new Map<string, string>()
  return Object.entries(outputs).flatMap(([name, settings]) => {
    if (settings.type !== 'file') return []
    const path = resolve(settings.path)
    const owner = owners.get(path)
    owners.set(path, name)
    return owner === undefined ? [] : [`outputs.${name}: ${path} is the file of outputs.${owner} already`]
  })
}

function open(name: string, { outputs, sensorName, hostname }: DeliveryPlan, log: Log): Promise<Output> {
  return createOutput(name, outputs[name], { log: outputLog(log, name), sensorName, hostname })
}

function logThrough(tell: Tell): Log {
  const write =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void =>
      tell({ kind: 'log', level, message, fields })
  return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') }
}
