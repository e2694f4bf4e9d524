import { createHash } from 'node:crypto'
import type { Direction, Flow } from '../../net/flow.ts'
import type { DicomAssociation, DicomAssociationKey, DicomStatus, DicomStatuses, Incomplete, NamedUid, Outcome } from '../observation.ts'
import { type Associate, negotiated, unproposed } from './associate.ts'
import { type Encoding, encodingOf } from './dataset.ts'
import { ResponseTimes } from './response-times.ts'
import type { StoreRollup } from './store.ts'
import { namedUid } from './uids.ts'

export type Ending = NonNullable<DicomAssociation['ending']>

/** SOP classes listed as used, and distinct studies counted, in one association. */
const MAX_SOP_CLASSES = 256
const MAX_STUDIES = 100_000

/** One association while it lasts: what was negotiated, what was done, and how it came to its end. */
export class Association {
  readonly flow: Flow
  readonly start: number
  readonly streamOffset: number
  /** Who asked for it. */
  readonly requestedBy: Direction
  /** Time of the last byte that belongs to it. */
  lastTime: number
  request: Associate | undefined
  answer: Associate | undefined
  reject: DicomAssociation['reject']
  abort: DicomAssociation['abort']
  /** Sides that asked for the release: both, when their requests crossed. */
  readonly releaseRequestedBy = new Set<Direction>()
  /** The connection ended inside a PDU. */
  truncated = false
  pixelBytes = 0
  readonly operations: Record<string, number> = {}
  readonly responseTimes = new ResponseTimes()
  readonly stores = new Map<string, StoreRollup>()
  readonly #id: string
  readonly #partial = new Set<Incomplete>()
  readonly #violations = new Set<string>()
  readonly #statuses: { -readonly [Class in keyof DicomStatuses]: number } = {}
  readonly #usedSopClasses = new Map<string, NamedUid>()
  readonly #studies = new Set<string>()
  #contexts: ReadonlyMap<number, AcceptedContext> | undefined
  #key: DicomAssociationKey | undefined

  constructor(flow: Flow, requestedBy: Direction, start: number, streamOffset: number) {
    this.flow = flow
    this.requestedBy = requestedBy
    this.start = start
    this.lastTime = start
    this.streamOffset = streamOffset
    this.#id = createHash('sha256').update(`${flow.communityId}\0${start}\0${streamOffset}`).digest('hex').slice(0, 20)
  }

  /** Names that every event of the association carries; the acceptor repeats both AE titles (PS3.8 §9.3.3). */
  get key(): DicomAssociationKey {
    const named = this.request ?? this.answer
    if (this.#key === undefined || this.#key.callingAeTitle !== named?.callingAeTitle || this.#key.calledAeTitle !== named?.calledAeTitle)
      this.#key = {
        id: this.#id,
        requestedBy: this.requestedBy,
        callingAeTitle: named?.callingAeTitle,
        calledAeTitle: named?.calledAeTitle,
      }
    return this.#key
  }

  accept(answer: Associate): void {
    this.answer = answer
    this.#contexts = undefined
    for (const code of answer.violations) this.violate(code)
    if (this.request !== undefined) for (const code of unproposed(this.request, answer)) this.violate(code)
  }

  get releaseRequested(): boolean {
    return this.releaseRequestedBy.size > 0
  }

  violate(code: string): void {
    this.#violations.add(code)
  }

  incomplete(why: Incomplete): void {
    this.#partial.add(why)
  }

  count(operation: string): void {
    this.operations[operation] = (this.operations[operation] ?? 0) + 1
  }

  /** Count a response by the class of its status. */
  countStatus(statusClass: DicomStatus['class']): void {
    this.#statuses[statusClass] = (this.#statuses[statusClass] ?? 0) + 1
  }

  used(sopClass: string): void {
    if (!this.#usedSopClasses.has(sopClass) && this.#usedSopClasses.size < MAX_SOP_CLASSES)
      this.#usedSopClasses.set(sopClass, namedUid(sopClass))
  }

  /** Count a study by its keyed hash. */
  study(pseudonym: string): void {
    if (this.#studies.size < MAX_STUDIES) this.#studies.add(pseudonym)
  }

  /** What was agreed for a presentation context; undefined when the negotiation was not seen. */
  context(id: number): AcceptedContext | undefined {
    if (this.answer === undefined) return undefined
    this.#contexts ??= acceptedContexts(this.request, this.answer)
    return this.#contexts.get(id) ?? UNKNOWN_CONTEXT
  }

  /** How many operations a side may have under way at once: one, unless both agreed on more (PS3.7 §D.3.3.3); any number where that is not known. */
  windowOf(direction: Direction): number {
    if (this.request === undefined || this.answer === undefined || this.unsure) return Number.POSITIVE_INFINITY
    const { invoked = 1, performed = 1 } = this.answer.asyncWindow ?? {}
    return (direction === this.requestedBy ? invoked : performed) || Number.POSITIVE_INFINITY
  }

  /** One side of the connection was never seen: a mirror of one direction. */
  get oneSided(): boolean {
    return this.flow.packetsFromClient === 0 || this.flow.packetsFromServer === 0
  }

  /** Something may have been missed, so what was not seen tells nothing. */
  get unsure(): boolean {
    return this.#partial.size > 0 || this.oneSided
  }

  get partial(): readonly Incomplete[] {
    const partial = new Set(this.#partial)
    if (this.oneSided) partial.add('one_sided')
    if (this.truncated) partial.add('truncated')
    return [...partial]
  }

  observation(ending: Ending | undefined): DicomAssociation {
    const { request, answer } = this
    const result = this.#result()
    const contexts = negotiated(request, answer)
    const identity = request?.userIdentity
    return {
      kind: 'dicom-association',
      flow: this.flow,
      association: this.key,
      start: this.start,
      end: this.lastTime,
      streamOffset: this.streamOffset,
      partial: this.partial,
      result,
      ending,
      reject: this.reject,
      abort: this.abort,
      applicationContext: request?.applicationContext ?? answer?.applicationContext,
      protocolVersion: request?.protocolVersion ?? answer?.protocolVersion,
      contexts,
      requestor: { classUid: request?.classUid, version: request?.version, maxPduBytes: request?.maxPduBytes },
      acceptor: { classUid: answer?.classUid, version: answer?.version, maxPduBytes: answer?.maxPduBytes },
      asyncWindow: answer?.asyncWindow ?? request?.asyncWindow,
      extendedNegotiation: request?.extendedNegotiation ?? [],
      userIdentity: identity && { ...identity, answered: answer?.userIdentityAnswered ?? false },
      unknownItems: [...(request?.unknownItems ?? []), ...(answer?.unknownItems ?? [])],
      operations: this.operations,
      statuses: this.#statuses,
      responseTimes: this.responseTimes.figures,
      usedSopClasses: [...this.#usedSopClasses.values()],
      studies: this.#studies.size,
      pixelBytes: this.pixelBytes,
      violations: [...this.#violations],
      outcome: this.#outcome(result, ending),
    }
  }

  /** Where bytes are missing, the release may be among them, so that any other end tells nothing. */
  #outcome(result: DicomAssociation['result'], ending: Ending | undefined): Outcome {
    const mayBeReleased = this.#partial.has('gap') && ending !== 'released' && ending !== 'aborted' && result !== 'rejected'
    return mayBeReleased ? 'unknown' : outcomeOf(result, ending)
  }

  #result(): DicomAssociation['result'] {
    if (this.reject !== undefined) return 'rejected'
    if (this.answer !== undefined) return 'accepted'
    return this.request === undefined || this.unsure ? 'unknown' : 'unanswered'
  }
}

function outcomeOf(result: DicomAssociation['result'], ending: Ending | undefined): Outcome {
  if (result === 'rejected' || result === 'unanswered') return 'failure'
  if (ending === 'aborted' || ending === 'reset' || ending === 'timed_out') return 'failure'
  if (result === 'unknown' || ending === 'superseded' || ending === 'open' || ending === undefined) return 'unknown'
  return ending === 'released' ? 'success' : 'failure'
}

/** A presentation context as negotiated. */
export interface AcceptedContext {
  readonly state: 'accepted' | 'rejected' | 'unknown'
  readonly abstractSyntax: string | undefined
  readonly transferSyntax: string | undefined
  readonly encoding: Encoding | undefined
}

const UNKNOWN_CONTEXT: AcceptedContext = { state: 'unknown', abstractSyntax: undefined, transferSyntax: undefined, encoding: undefined }

function acceptedContexts(request: Associate | undefined, answer: Associate): ReadonlyMap<number, AcceptedContext> {
  return new Map(
    negotiated(request, answer).map(context => [
      context.id,
      {
        state: context.result === 0 ? 'accepted' : 'rejected',
        abstractSyntax: context.abstractSyntax === '' ? undefined : context.abstractSyntax,
        transferSyntax: context.acceptedTransferSyntax,
        encoding: encodingOf(context.acceptedTransferSyntax),
      },
    ]),
  )
}
