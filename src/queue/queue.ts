import type { EncodedEvent } from '../normalize/event.ts'

/** A stored event with its place in the queue. Positions grow and are never reused. */
export interface QueuedEvent extends EncodedEvent {
  readonly position: number
}

/** What happened to events that could not be kept: counted, and reported as an event. */
export interface QueueLoss {
  readonly events: number
  readonly alerts: number
  readonly reason: 'full' | 'disk_full' | 'corrupt'
}

export interface QueueStatistics {
  readonly events: number
  readonly bytes: number
  readonly oldestTime: number | undefined
  readonly lost: Readonly<Record<QueueLoss['reason'], number>>
}

/**
 * The durable queue: events in order, one cursor for each output. Promise: once `append` has returned (true), its events survive
 * `kill -9` and power loss until every output has passed them.
 */
export interface Queue {
  /** Store a batch durably (one transaction, synchronous). False when the policy is `block` and there is no room: try again later. */
  append(events: readonly EncodedEvent[]): boolean
  /** Up to `maxEvents`/`maxBytes` events after `output`'s read position `after`. */
  read(output: string, after: number, maxEvents: number, maxBytes: number): readonly QueuedEvent[]
  /** Everything up to and including `position` is dealt with for `output`; frees what all outputs have passed. */
  acknowledge(output: string, position: number): void
  cursor(output: string): number
  /** Keep an event that an output refused for good, with the reason (never payload in the reason). */
  deadLetter(output: string, event: QueuedEvent, reason: string): void
  statistics(): QueueStatistics
  close(): void
}
