import type { EncodedEvent } from '../normalize/event.ts'
import type { Batch } from './batch.ts'

/** A stored event with its place in the queue. Positions grow and are never reused. */
export interface QueuedEvent extends EncodedEvent {
  readonly position: number
  /** When the queue took it, ms since 1970 UTC. */
  readonly stored: number
}

/**
 * Why events could not be kept.
 * - `full`: the queue had reached `max_bytes` or the floor of free disk space;
 * - `disk_full`: the disk refused to store them, again and again;
 * - `corrupt`: what was stored could not be read back;
 * - `overrun`: the delivery thread did not keep up with the engine.
 */
export const LOSS_REASONS = ['full', 'disk_full', 'corrupt', 'overrun'] as const
export type LossReason = (typeof LOSS_REASONS)[number]

/** Events that could not be kept. For `corrupt` at least so many. */
export interface QueueLoss {
  readonly reason: LossReason
  /** Alerts among them included. */
  readonly events: number
  readonly alerts: number
}

export interface QueueStatistics {
  /** Events that at least one output has not passed, and their size in the file. */
  readonly events: number
  readonly bytes: number
  /** Events lost by reason since the queue was opened, and what an earlier run lost but could not report any more. */
  readonly lost: Readonly<Record<LossReason, number>>
  /** Damaged files moved aside since the queue was opened. */
  readonly quarantined: number
}

/**
 * What became of an append: `stored` durably (or dropped and counted, by the policy); `full`: the policy is `block` and there is no
 * room yet; `failed`: the disk refused (`problem` says why), nothing of it is stored and everything stored before still is.
 */
export type AppendResult = 'stored' | 'full' | 'failed'

/**
 * The durable queue: events in order, one cursor for each output.
 *
 * Promise: an event acknowledged by the queue (`append` answered `stored`) survives `kill -9` and power loss until every output has
 * passed it; what could not be kept is counted, and stays in `losses` until it was reported.
 *
 * What outputs acknowledge, dead letters and losses are remembered at once and written with the next append or `sync`. If the process
 * dies before, events are delivered again with the same id.
 */
export interface Queue {
  /** Position of the newest event ever taken; 0 before the first. */
  readonly end: number
  /** Why the disk refused last; undefined when the last write went well. */
  readonly problem: string | undefined
  /** Store batches in one transaction, together with all that waits to be written. Synchronous. */
  append(batches: readonly Batch[]): AppendResult
  /** Up to `maxEvents` events and about `maxBytes` of text (always at least one event) that come after position `after`. */
  read(after: number, maxEvents: number, maxBytes: number): readonly QueuedEvent[]
  /** Everything up to and including `position` is dealt with for `output`. */
  acknowledge(output: string, position: number): void
  cursor(output: string): number
  /** Keep an event that an output refused for good, with the reason (never payload in the reason). */
  deadLetter(output: string, event: QueuedEvent, reason: string): void
  /** Count events that never reached the queue. */
  lose(loss: QueueLoss): void
  /** Losses of this run and earlier ones that no event tells of yet. */
  losses(): readonly QueueLoss[]
  /** An event tells of these losses now. */
  reported(losses: readonly QueueLoss[]): void
  /** Write what waits, and free what every output has passed. False when the disk refused: call again later. */
  sync(): boolean
  statistics(): QueueStatistics
  close(): void
}
