import type { OutputFigures } from '../normalize/health.ts'
import type { Batch } from '../queue/batch.ts'
import type { QueueLoss, QueueStatistics } from '../queue/queue.ts'
import type { QueueSettings } from '../queue/settings.ts'
import type { LogFields, LogLevel } from '../telemetry/log.ts'
import type { OutputSettings } from './index.ts'

/** What the delivery thread is started with. Secrets in `outputs` are sealed on the way. */
export interface DeliveryPlan {
  /** Folder of the queue. */
  readonly directory: string
  readonly queue: QueueSettings
  readonly outputs: Readonly<Record<string, OutputSettings>>
  readonly sensorName: string
  readonly hostname: string
  /** Refuse to start when an output cannot be made; else it is tried again while the others deliver. */
  readonly strict: boolean
}

/** Totals since the delivery thread started. */
export interface DeliveryReport {
  readonly queue: QueueStatistics
  readonly outputs: readonly OutputFigures[]
  /** Losses that no event tells of yet. */
  readonly losses: readonly QueueLoss[]
  /** How many orders `reported` it knows of: `losses` may be older than the latest. */
  readonly heard: number
}

/** From the engine to the delivery thread. `sequence` grows with each append. */
export type Order =
  | { readonly kind: 'append'; readonly sequence: number; readonly batches: readonly Batch[] }
  /** Events that the engine dropped because too much was under way. */
  | { readonly kind: 'lost'; readonly loss: QueueLoss }
  /** Events of the sensor tell of these losses. */
  | { readonly kind: 'reported'; readonly losses: readonly QueueLoss[] }
  /** Store what waits now. */
  | { readonly kind: 'flush' }
  /** Bring everything to the outputs without waiting for batches to fill; answered by `drained`. */
  | { readonly kind: 'drain'; readonly deadlineMs: number }
  | { readonly kind: 'stop' }

/** From the delivery thread to the engine. */
export type Notice =
  | { readonly kind: 'ready'; readonly report: DeliveryReport }
  /** The start failed; the thread ends. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly mend: string | undefined }
  /** Appends up to `taken` need no longer be waited for; those up to `settled` are durable, or counted as lost. */
  | { readonly kind: 'progress'; readonly taken: number; readonly settled: number }
  | { readonly kind: 'report'; readonly report: DeliveryReport }
  | { readonly kind: 'drained'; readonly report: DeliveryReport }
  | { readonly kind: 'stopped'; readonly report: DeliveryReport }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: LogFields | undefined }
