import type { QueuedEvent } from '../queue/queue.ts'
import type { Log } from '../telemetry/log.ts'

/** What an output may know of the sensor that it speaks for. */
export interface OutputContext {
  readonly log: Log
  readonly sensorName: string
  readonly hostname: string
}

/**
 * What a receiver said of a request.
 * - `done`: `rejected[i]` gives the reason for event i that was refused for good; events in `retry` (indexes) were refused for now; all others are delivered.
 * - `retry`: nothing is known to be delivered; try the same batch again after `afterMs` or the back-off.
 * - `split`: too large or wholly malformed: send it in halves, down to the single bad event.
 * - `pause`: credentials or permissions: keep everything, say so, try again rarely.
 */
export type Verdict =
  | {
      readonly kind: 'done'
      readonly rejected: ReadonlyMap<number, string>
      readonly retry: readonly number[]
      readonly notes?: readonly string[]
    }
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: 'split'; readonly reason: string }
  | { readonly kind: 'pause'; readonly reason: string }

/** One receiver. `deliver.ts` owns batching, retry, back-off, bisecting and dead letters; an output only encodes and sends. */
export interface Output {
  readonly name: string
  readonly type: string
  /** Batch limits that the receiver likes. */
  readonly limits: { readonly events: number; readonly bytes: number; readonly ageMs: number }
  /** Encode and send one batch. Resolves with what the receiver said; never rejects for a receiver's fault. */
  send(events: readonly QueuedEvent[], signal: AbortSignal): Promise<Verdict>
  close(): Promise<void>
}
