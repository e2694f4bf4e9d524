import type { Direction, Flow } from '../../net/flow.ts'
import type { Hl7Message, Incomplete, Outcome } from '../observation.ts'
import type { MessageFacts } from './facts.ts'

export type Ack = NonNullable<Hl7Message['ack']>

/** Messages that came together between a batch header and its trailer. */
export interface Batch {
  messages: number
  latest: Pending | undefined
}

/** A message that waits for its acknowledgment. */
export interface Pending {
  readonly facts: MessageFacts
  readonly direction: Direction
  readonly start: number
  readonly end: number
  readonly streamOffset: number
  readonly bytes: number
  readonly batch: Batch | undefined
  readonly deviations: readonly string[]
  readonly partial: readonly Incomplete[]
  readonly violations: string[]
  /** An accept acknowledgment came, the application's is still due. */
  accepted: { readonly ack: Ack; readonly time: number } | undefined
}

/** What is reported of a message, with its acknowledgment if there was one; `end` is the time of the last byte of either. */
export function messageObservation(flow: Flow, pending: Pending, ack: Ack | undefined, end: number, outcome: Outcome): Hl7Message {
  const { facts } = pending
  const { header, structure } = facts
  return {
    kind: 'hl7-message',
    flow,
    start: pending.start,
    end,
    streamOffset: pending.streamOffset,
    partial: pending.partial,
    direction: pending.direction,
    type: header.type,
    trigger: facts.trigger,
    structure: header.structure,
    controlId: facts.controlId,
    processingId: header.processingId,
    version: header.version,
    characterSet: header.characterSet,
    profiles: header.profiles,
    sending: header.sending,
    receiving: header.receiving,
    ack,
    responseTime: ack === undefined ? undefined : end - pending.end,
    segmentNames: structure.names,
    segmentCount: structure.count,
    results: structure.results,
    bytes: pending.bytes,
    deviceObservation: facts.deviceObservation,
    transaction: facts.transaction,
    continuation: facts.continuation,
    batchMessages: pending.batch?.messages,
    identifiers: facts.identifiers,
    framingDeviations: pending.deviations,
    violations: pending.violations,
    outcome,
  }
}
