import { type Direction, type FlowEnd, FROM_SERVER, opposite } from '../../net/flow.ts'
import type { DecoderContext, StreamDecoder } from '../decoder.ts'
import type { Incomplete } from '../observation.ts'
import { NO_OVERLOAD, type OnOverload } from '../overload.ts'
import { readAssociateAc, readAssociateRq } from './associate.ts'
import { Association, type Ending } from './association.ts'
import { BufferPool } from './buffer-pool.ts'
import { ConnectionMemory, Dialogue, type Place } from './dialogue.ts'
import { type LastPdu, PduType, type TornPdu } from './pdu.ts'
import type { DicomSettings } from './settings.ts'
import { type DicomOverload, Side, type SideHandler } from './side.ts'
import { abortWords, rejectWords } from './words.ts'

/** µs */
const SECOND = 1_000_000
const RESERVED = 'nonzero_reserved_bytes'
/** Content of a rejection, of a release's two PDUs and of an abort (PS3.8 §9.3.4, §9.3.6 to §9.3.8). */
const FIXED_LENGTH = 4

/**
 * One connection that speaks DICOM: its associations one after the other (PS3.8 §9.2), each with the messages that it carries.
 */
export class DicomSession implements StreamDecoder {
  readonly #settings: DicomSettings
  readonly #context: DecoderContext
  readonly #onOverload: OnOverload
  readonly #pool: BufferPool
  readonly #memory: ConnectionMemory
  readonly #sides: readonly [Side, Side]
  #current: { readonly association: Association; readonly dialogue: Dialogue } | undefined
  /** Why an association that turns up without its request is incomplete. */
  #missed: Incomplete | undefined
  /** After an abort or a rejection nothing counts but a new request: what the other side had under way is ignored (PS3.8 §9.2, Sta13). */
  #awaitsClose = false

  constructor(settings: DicomSettings, context: DecoderContext, onOverload: OnOverload = NO_OVERLOAD) {
    const { midstream } = context.flow
    this.#settings = settings
    this.#context = context
    this.#onOverload = onOverload
    this.#pool = new BufferPool(settings.association_buffer_bytes)
    this.#memory = new ConnectionMemory(context)
    this.#missed = midstream ? 'midstream' : undefined
    const handler = this.#handler()
    this.#sides = [new Side(0, midstream, settings, this.#pool, handler), new Side(1, midstream, settings, this.#pool, handler)]
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    this.#sides[direction].reader.feed(bytes, offset, length, time)
  }

  gap(direction: Direction, length: number, _time: number): void {
    if (this.#current === undefined) this.#missed ??= 'gap'
    else this.#current.association.incomplete('gap')
    this.#awaitsClose = false
    this.#sides[direction].reader.gap(length)
  }

  halfClosed(direction: Direction): void {
    this.#tear(direction)
  }

  end(end: FlowEnd, _time: number): void {
    if (end !== 'open' && end !== 'evicted') for (const direction of [0, 1] as const) this.#tear(direction)
    const { association } = this.#current ?? {}
    if (association === undefined) return
    association.lastTime = Math.max(association.lastTime, this.#context.flow.lastTime)
    if (end === 'evicted') association.incomplete('limit')
    this.#finish(this.#endingOf(association, end))
  }

  tick(time: number): void {
    const silence = time - this.#context.flow.lastTime
    if (silence > SECOND) this.#pool.release()
    if (this.#current === undefined) return
    if (silence <= this.#settings.association_idle_seconds * SECOND) {
      this.#current.dialogue.tick(time)
      return
    }
    this.#finish('timed_out')
    this.#missed = 'midstream'
  }

  #handler(): SideHandler {
    return {
      control: (direction, type, reserved, data, at) => this.#control(direction, type, reserved, data, at),
      dataPdu: (direction, length, reserved, start, streamOffset) => this.#dataPdu(direction, length, reserved, { start, streamOffset }),
      command: (direction, command, contextId, at) => this.#current?.dialogue.command(direction, command, contextId, at),
      dataset: (direction, head, contextId, end) => this.#current?.dialogue.dataset(direction, head, contextId, end),
      encoding: contextId => this.#current?.association.context(contextId)?.encoding,
      violation: code => this.#violation(code),
      overload: policy => this.#overload(policy),
    }
  }

  // --- upper layer (PS3.8 §9.3) ---

  #control(direction: Direction, type: number, reserved: number, data: Buffer, at: Place): void {
    if (type === PduType.ASSOCIATE_RQ) {
      this.#request(direction, reserved, data, at)
      return
    }
    const known = this.#current?.association
    if (known === undefined && (this.#awaitsClose || type === PduType.RELEASE_RP || type === PduType.ABORT)) return
    const association = known ?? this.#begin(requesterOf(direction, type), at, this.#missed)
    association.lastTime = at.end
    if (known === undefined && !association.unsure) association.violate('unexpected_pdu')
    if (reserved !== 0 || hasReserved(type, data)) association.violate(RESERVED)
    if (type !== PduType.ASSOCIATE_AC && data.length !== FIXED_LENGTH)
      association.violate(data.length < FIXED_LENGTH ? 'short_pdu' : 'bad_pdu_length')
    if (!isDue(association, type, direction)) {
      association.violate('unexpected_pdu')
      if (type !== PduType.RELEASE_RQ && type !== PduType.RELEASE_RP) return
    }
    switch (type) {
      case PduType.ASSOCIATE_AC:
        association.accept(readAssociateAc(data))
        return
      case PduType.ASSOCIATE_RJ:
        if (data.length >= FIXED_LENGTH) association.reject = rejectWords(data[1], data[2], data[3])
        this.#finish(undefined)
        this.#awaitsClose = true
        return
      case PduType.RELEASE_RQ:
        association.releaseRequestedBy.add(direction)
        return
      case PduType.RELEASE_RP:
        this.#finish('released')
        return
      case PduType.ABORT:
        if (data.length >= FIXED_LENGTH) association.abort ??= abortWords(data[2], data[3])
        this.#finish('aborted')
        this.#awaitsClose = true
    }
  }

  #request(direction: Direction, reserved: number, data: Buffer, at: Place): void {
    const earlier = this.#current?.association
    if (earlier !== undefined) {
      if (!earlier.unsure) earlier.violate('unexpected_pdu')
      this.#finish('superseded')
    }
    const request = readAssociateRq(data)
    const association = this.#begin(direction, at, undefined)
    this.#sides[opposite(direction)].reader.synchronize()
    association.lastTime = at.end
    association.request = request
    for (const code of request.violations) association.violate(code)
    if (reserved !== 0) association.violate(RESERVED)
    if (direction === FROM_SERVER && !this.#context.flow.midstream) association.violate('unexpected_pdu')
  }

  #begin(requestedBy: Direction, at: Omit<Place, 'end'>, missed: Incomplete | undefined): Association {
    const association = new Association(this.#context.flow, requestedBy, at.start, at.streamOffset)
    const dialogue = new Dialogue(association, this.#context, this.#memory, this.#settings.max_pending_operations, () =>
      this.#onOverload('dicom_pending_operations'),
    )
    if (missed !== undefined) association.incomplete(missed)
    this.#missed = undefined
    this.#awaitsClose = false
    this.#current = { association, dialogue }
    for (const side of this.#sides) side.assembler.reset()
    return association
  }

  #dataPdu(direction: Direction, length: number, reserved: number, at: Omit<Place, 'end'>): void {
    if (this.#current === undefined && this.#awaitsClose) return
    const association = this.#current?.association ?? this.#begin(0, at, this.#missed)
    if (!isDue(association, PduType.P_DATA, direction)) association.violate('unexpected_pdu')
    if (length === 0) association.violate('empty_pdu')
    const receiver = direction === association.requestedBy ? association.answer : association.request
    const maximum = receiver?.maxPduBytes ?? 0
    if (maximum > 0 && length > maximum) association.violate('pdu_exceeds_maximum')
    if (reserved !== 0) association.violate(RESERVED)
  }

  /** What an association's bytes do against the rules before there is an association has no event to stand on. */
  #violation(code: string): void {
    this.#current?.association.violate(code)
  }

  #overload(policy: DicomOverload): void {
    this.#onOverload(policy)
    this.#current?.association.incomplete('limit')
  }

  /** One side has ended, perhaps inside a PDU: to abort, which does not wait for the end of one, or because it died. */
  #tear(direction: Direction): void {
    const { torn, lastPdu } = this.#sides[direction].reader
    if (lastPdu !== undefined) this.#endsIn(direction, lastPdu)
    if (torn === undefined) return
    if (this.#current === undefined && torn.type === PduType.ASSOCIATE_RQ) this.#tornRequest(direction, torn)
    const { association } = this.#current ?? {}
    if (association === undefined) return
    association.truncated = true
    if (torn.abort !== undefined) association.abort ??= abortWords(torn.abort.source, torn.abort.reason)
  }

  /** The place in what a side sent was lost, but its last bytes say how the association ended. */
  #endsIn(direction: Direction, { type, source, reason }: LastPdu): void {
    const { association } = this.#current ?? {}
    if (association === undefined) return
    if (type === PduType.ABORT) association.abort ??= abortWords(source, reason)
    else if (type === PduType.RELEASE_RQ) association.releaseRequestedBy.add(direction)
    else association.releaseRequestedBy.add(opposite(direction))
  }

  /** A request of which only the beginning came: as far as it goes, it says who sent it. */
  #tornRequest(direction: Direction, { data, start, streamOffset }: TornPdu): void {
    const association = this.#begin(direction, { start, streamOffset }, undefined)
    association.request = readAssociateRq(data)
  }

  #endingOf(association: Association, end: FlowEnd): Ending | undefined {
    if (association.abort !== undefined) return 'aborted'
    switch (end) {
      case 'closed':
        return association.releaseRequested ? 'released' : 'closed'
      case 'evicted':
        return undefined
      default:
        return association.releaseRequested && association.oneSided ? 'released' : end
    }
  }

  #finish(ending: Ending | undefined): void {
    if (this.#current === undefined) return
    const { association, dialogue } = this.#current
    dialogue.finish(ending !== 'open' && ending !== undefined)
    this.#context.emit(association.observation(ending))
    this.#current = undefined
    for (const side of this.#sides) side.assembler.reset()
  }
}

/** Bytes of short PDUs that shall be zero and shall not be tested (PS3.8 §9.3.4, §9.3.6 to §9.3.8): all of a release, one or two of the others. */
function hasReserved(type: number, data: Buffer): boolean {
  if (data.length < FIXED_LENGTH) return false
  switch (type) {
    case PduType.ASSOCIATE_RJ:
      return data[0] !== 0
    case PduType.RELEASE_RQ:
    case PduType.RELEASE_RP:
      return data.readUInt32BE(0) !== 0
    case PduType.ABORT:
      return data.readUInt16BE(0) !== 0
    default:
      return false
  }
}

/**
 * May a side send such a PDU now (PS3.8 §9.2, tables 9-6 to 9-9)? An answer comes from the other side than its question and comes once; data
 * and releases come between acceptance and the sender's own request for release.
 */
function isDue(association: Association, type: number, sender: Direction): boolean {
  const { answer, request, requestedBy, releaseRequestedBy, unsure } = association
  switch (type) {
    case PduType.ASSOCIATE_AC:
    case PduType.ASSOCIATE_RJ:
      return answer === undefined && (request === undefined || sender !== requestedBy)
    case PduType.P_DATA:
    case PduType.RELEASE_RQ:
      return unsure || (answer !== undefined && !releaseRequestedBy.has(sender))
    case PduType.RELEASE_RP:
      return unsure || releaseRequestedBy.has(opposite(sender))
    default:
      return true
  }
}

/** Who requested an association of which a later PDU is the first that is seen: acceptances and rejections come from the other side. */
function requesterOf(sender: Direction, type: number): Direction {
  const isAnswer = type === PduType.ASSOCIATE_AC || type === PduType.ASSOCIATE_RJ
  if (!isAnswer) return 0
  return opposite(sender)
}
