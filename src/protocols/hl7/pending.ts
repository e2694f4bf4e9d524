import type { Direction, Flow } from '../../net/flow.ts'
import type { Hl7Message, Hl7Party, Incomplete, Outcome } from '../observation.ts'
import { type MessageFacts, NO_STRUCTURE } from './facts.ts'
import type { Header } from './header.ts'
import { NO_IDENTIFIERS } from './identifiers.ts'
import type { Block } from './mllp.ts'

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
  /** The mirror does not show it: all that is known is what its acknowledgment says. */
  readonly isUnseen: boolean
  /** An accept acknowledgment came, the application's is still due. */
  accepted: { readonly ack: Ack; readonly time: number } | undefined
}

/** Messages of one side that wait, oldest first: mostly one, which is why they are a list. */
export class PendingMessages {
  readonly #list: Pending[] = []

  get size(): number {
    return this.#list.length
  }

  get oldest(): Pending | undefined {
    return this.#list[0]
  }

  /** The oldest with that control id. */
  of(controlId: string): Pending | undefined {
    for (const pending of this.#list) if (pending.facts.controlId === controlId) return pending
    return undefined
  }

  add(pending: Pending): void {
    this.#list.push(pending)
  }

  remove(pending: Pending): void {
    this.#list.splice(this.#list.indexOf(pending), 1)
  }

  [Symbol.iterator](): IterableIterator<Pending> {
    return this.#list.values()
  }
}

const UNKNOWN: Hl7Party = { application: undefined, facility: undefined }

/**
 * The message of an acknowledgment with that header, of which nothing else was seen: who acknowledges may go by other names than it was
 * addressed by. Another acknowledgment may follow an accept one.
 */
export function unseenMessage(header: Header, controlId: string | undefined, direction: Direction, block: Block): Pending {
  const unknown = {
    type: undefined,
    deviceTransaction: undefined,
    structure: undefined,
    characterSet: undefined,
    sendingEui64: undefined,
    profiles: [],
  }
  return {
    facts: {
      header: { ...header, ...unknown, sending: UNKNOWN, receiving: UNKNOWN, applicationAcknowledgment: 'AL' },
      controlId,
      trigger: header.type === 'ACK' ? header.trigger : undefined,
      structure: NO_STRUCTURE,
      deviceObservation: false,
      transaction: undefined,
      continuation: undefined,
      identifiers: NO_IDENTIFIERS,
    },
    direction,
    start: block.start,
    end: block.end,
    streamOffset: block.streamOffset,
    bytes: 0,
    batch: undefined,
    deviations: [],
    partial: ['one_sided'],
    violations: [],
    isUnseen: true,
    accepted: undefined,
  }
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
    responseTime: ack === undefined || pending.isUnseen ? undefined : end - pending.end,
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
