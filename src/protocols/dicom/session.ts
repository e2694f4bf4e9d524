import type { Direction, FlowEnd } from '../../net/flow.ts'
import type { DecoderContext, StreamDecoder } from '../decoder.ts'
import type { DeviceIdentity, Incomplete } from '../observation.ts'
import { readAssociate } from './associate.ts'
import { Association, type Ending } from './association.ts'
import type { Command } from './command.ts'
import type { Encoding } from './dataset.ts'
import { readQuery, readStoredHead } from './identifier.ts'
import { AcquiringDevices, roleOf, scuOf } from './identity.ts'
import { type DatasetHead, MessageAssembler, type MessageSink } from './message.ts'
import { answered, hasOwnEvent, operationObservation, type PendingOperation, pendingOperation } from './operations.ts'
import { PduReader, type PduSink, PduType } from './pdu.ts'
import type { DicomSettings } from './settings.ts'
import { StoreRollup } from './store.ts'
import { abortWords, operationOf, RESPONSE, rejectWords } from './words.ts'

/** µs */
const SECOND = 1_000_000
/** µs for which the devices that made stored images are held, to see whether their sender only passes them on. */
const FORWARDER_WAIT = 10 * SECOND
/** Facts of devices already told on a connection. */
const MAX_TOLD = 256

/** What one side of the connection sends. */
class Side {
  readonly reader: PduReader
  readonly assembler: MessageAssembler
  /** Requests of this side by message id, oldest first. */
  readonly pending = new Map<number, PendingOperation>()
  /** What the data set that comes next on a presentation context belongs to. */
  readonly datasetOf = new Map<number, PendingOperation>()
  acquiring = new AcquiringDevices()

  constructor(reader: PduReader, assembler: MessageAssembler) {
    this.reader = reader
    this.assembler = assembler
  }

  forget(): void {
    this.pending.clear()
    this.datasetOf.clear()
    this.assembler.reset()
    this.acquiring = new AcquiringDevices()
  }
}

/**
 * One connection that speaks DICOM: its associations one after the other (PS3.8 §9.2), their DIMSE requests paired with responses
 * (PS3.7 §9, §10).
 */
export class DicomSession implements StreamDecoder {
  readonly #settings: DicomSettings
  readonly #context: DecoderContext
  readonly #sides: readonly [Side, Side]
  #association: Association | undefined
  /** Why an association that turns up without its request is incomplete. */
  #missed: Incomplete | undefined
  readonly #told = new Set<string>()
  /** The study counted last, in clear, with its keyed hash: images of one study come in a row. */
  #lastStudy: { readonly uid: string; readonly pseudonym: string } | undefined

  constructor(settings: DicomSettings, context: DecoderContext) {
    this.#settings = settings
    this.#context = context
    this.#missed = context.flow.midstream ? 'midstream' : undefined
    this.#sides = [this.#createSide(0), this.#createSide(1)]
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    this.#sides[direction].reader.feed(bytes, offset, length, time)
  }

  gap(direction: Direction, length: number, _time: number): void {
    if (this.#association === undefined) this.#missed ??= 'gap'
    else this.#association.incomplete('gap')
    this.#sides[direction].reader.gap(length)
  }

  halfClosed(): void {}

  end(end: FlowEnd, _time: number): void {
    const association = this.#association
    if (association === undefined) return
    association.lastTime = Math.max(association.lastTime, this.#context.flow.lastTime)
    if (end === 'evicted') association.incomplete('limit')
    this.#finish(this.#endingOf(association, end))
  }

  tick(time: number): void {
    const association = this.#association
    if (association === undefined) return
    if (time - this.#context.flow.lastTime > this.#settings.association_idle_seconds * SECOND) {
      this.#finish('timed_out')
      this.#missed = 'midstream'
      return
    }
    for (const direction of [0, 1] as const) {
      const { since } = this.#sides[direction].acquiring
      if (since > 0 && time - since > FORWARDER_WAIT) this.#tellDevices(association, direction)
    }
  }

  #createSide(direction: Direction): Side {
    const messages: MessageSink = {
      command: (command, contextId, start, end, streamOffset) => this.#command(direction, command, contextId, { start, end, streamOffset }),
      dataset: (head, contextId, end) => this.#dataset(direction, head, contextId, end),
      encoding: contextId => this.#encoding(contextId),
      violation: code => this.#association?.violate(code),
    }
    const assembler = new MessageAssembler(this.#settings.dataset_header_bytes, messages)
    const pdus: PduSink = {
      control: (type, data, length, start, end, streamOffset) => this.#control(direction, type, data, length, { start, end, streamOffset }),
      dataPdu: (length, start, streamOffset) => this.#dataPdu(direction, length, start, streamOffset),
      fragmentStart: (contextId, flags) => assembler.fragmentStart(contextId, flags),
      fragmentData: (data, offset, length) => assembler.fragmentData(data, offset, length),
      fragmentEnd: end => assembler.fragmentEnd(end),
      violation: code => this.#violation(code),
      lost: () => assembler.reset(),
      damaged: () => assembler.damaged(),
    }
    const reader = new PduReader(this.#settings.max_control_pdu_bytes, this.#context.flow.midstream, pdus)
    return new Side(reader, assembler)
  }

  // --- upper layer (PS3.8 §9.3) ---

  #control(direction: Direction, type: number, data: Buffer, length: number, at: Place): void {
    if (type === PduType.ASSOCIATE_RQ) {
      this.#request(direction, data, length, at)
      return
    }
    const association = this.#association
    if (association === undefined && (type === PduType.RELEASE_RP || type === PduType.ABORT)) return
    const current = association ?? this.#begin(opposite(direction, type), at, this.#missed)
    current.lastTime = at.end
    if (association === undefined && !current.unsure) current.violate('unexpected_pdu')
    switch (type) {
      case PduType.ASSOCIATE_AC:
        if (current.answer !== undefined) current.violate('unexpected_pdu')
        else current.accept(readAssociate(data, 0, length))
        return
      case PduType.ASSOCIATE_RJ:
        if (length < 4) current.violate('short_pdu')
        else current.reject = rejectWords(data[1], data[2], data[3])
        this.#finish(undefined)
        return
      case PduType.RELEASE_RQ:
        current.releaseRequested = true
        return
      case PduType.RELEASE_RP:
        if (!current.releaseRequested && !current.unsure) current.violate('unexpected_pdu')
        this.#finish('released')
        return
      case PduType.ABORT:
        if (length < 4) current.violate('short_pdu')
        else current.abort = abortWords(data[2], data[3])
        this.#finish('aborted')
    }
  }

  #request(direction: Direction, data: Buffer, length: number, at: Place): void {
    if (this.#association !== undefined) {
      if (!this.#association.unsure) this.#association.violate('unexpected_pdu')
      this.#finish('superseded')
    }
    const request = readAssociate(data, 0, length)
    const association = this.#begin(direction, at, undefined)
    this.#sides[direction === 0 ? 1 : 0].reader.synchronize()
    association.lastTime = at.end
    association.request = request
    for (const code of request.violations) association.violate(code)
  }

  #begin(requestedBy: Direction, at: Omit<Place, 'end'>, missed: Incomplete | undefined): Association {
    const association = new Association(this.#context.flow, requestedBy, at.start, at.streamOffset)
    if (missed !== undefined) association.incomplete(missed)
    this.#missed = undefined
    this.#association = association
    for (const side of this.#sides) side.forget()
    return association
  }

  #dataPdu(direction: Direction, length: number, start: number, streamOffset: number): void {
    let association = this.#association
    if (association === undefined) {
      association = this.#begin(0, { start, streamOffset }, this.#missed)
      if (!association.unsure) association.violate('unexpected_pdu')
    }
    const receiver = direction === association.requestedBy ? association.answer : association.request
    const maximum = receiver?.maxPduBytes ?? 0
    if (maximum > 0 && length > maximum) association.violate('pdu_exceeds_maximum')
    this.#sides[direction].assembler.at(start, streamOffset)
  }

  /** What an association's bytes do against the rules before there is an association has no event to stand on. */
  #violation(code: string): void {
    this.#association?.violate(code)
  }

  #endingOf(association: Association, end: FlowEnd): Ending | undefined {
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
    const association = this.#association
    if (association === undefined) return
    const over = ending !== 'open' && ending !== undefined
    for (const direction of [0, 1] as const) {
      this.#tellDevices(association, direction)
      for (const pending of this.#sides[direction].pending.values())
        if (hasOwnEvent(pending)) this.#context.emit(operationObservation(pending, association, over))
    }
    const unseen = association.unsure || !over
    for (const store of association.stores.values())
      this.#context.emit(store.observation(this.#context.flow, association.key, association.partial, unseen))
    this.#context.emit(association.observation(ending))
    this.#association = undefined
    for (const side of this.#sides) side.forget()
  }

  // --- DIMSE (PS3.7) ---

  #command(direction: Direction, command: Command, contextId: number, at: Place): void {
    const association = this.#association
    if (association === undefined) return
    association.lastTime = at.end
    const operation = operationOf(command.field)
    if (operation === undefined) {
      association.violate('unknown_command')
      return
    }
    this.#sides[direction].datasetOf.delete(contextId)
    this.#checkContext(association, contextId)
    if ((command.field & RESPONSE) !== 0) this.#response(association, direction, command, contextId, at)
    else if (operation.key === 'cancel') this.#cancel(association, direction, command)
    else this.#requestOperation(association, direction, command, contextId, at)
  }

  #checkContext(association: Association, contextId: number): void {
    const state = association.context(contextId)?.state
    if (state === 'rejected') association.violate('rejected_presentation_context')
    if (state === 'unknown' && !association.unsure) association.violate('unknown_presentation_context')
  }

  #requestOperation(association: Association, direction: Direction, command: Command, contextId: number, at: Place): void {
    const { name = '', key = '' } = operationOf(command.field) ?? {}
    const context = association.context(contextId)
    const sopClass = command.sopClass ?? context?.abstractSyntax
    association.count(key)
    if (sopClass !== undefined) association.used(sopClass)
    const store = name === 'C-STORE' ? this.#store(association, direction, sopClass, at) : undefined
    if (store !== undefined) {
      store.instances++
      store.end = at.end
      if (context?.transferSyntax !== undefined) store.transferSyntaxes.add(context.transferSyntax)
      if (command.moveOriginator !== undefined) this.#sides[direction].acquiring.relayed = true
    }
    const pending = pendingOperation(command, direction, context, at, store)
    this.#tellRole(direction, name, sopClass, 'RQ', at)
    if (command.hasDataset) this.#sides[direction].datasetOf.set(contextId, pending)
    this.#wait(association, this.#sides[direction], pending)
  }

  #wait(association: Association, side: Side, pending: PendingOperation): void {
    const earlier = side.pending.get(pending.messageId)
    if (earlier !== undefined) {
      if (!association.unsure) association.violate('duplicate_message_id')
      this.#giveUp(association, side, earlier)
    }
    side.pending.set(pending.messageId, pending)
    if (side.pending.size <= this.#settings.max_pending_operations) return
    const [oldest] = side.pending.values()
    oldest.partial.push('limit')
    this.#giveUp(association, side, oldest)
  }

  /** Wait no longer for an answer. */
  #giveUp(association: Association, side: Side, pending: PendingOperation): void {
    side.pending.delete(pending.messageId)
    if (hasOwnEvent(pending)) this.#context.emit(operationObservation(pending, association, true))
  }

  #response(association: Association, direction: Direction, command: Command, contextId: number, at: Place): void {
    const requester = this.#sides[direction === 0 ? 1 : 0]
    const messageId = command.respondedTo ?? -1
    const pending = requester.pending.get(messageId) ?? this.#unseenRequest(association, direction, command, contextId, at)
    if (pending === undefined) {
      if (!association.unsure) association.violate('unexpected_response')
      return
    }
    const { store } = pending
    if (!answered(pending, command, at.end)) return
    requester.pending.delete(messageId)
    if (store !== undefined && pending.status !== undefined) {
      store.answer(pending.status)
      store.end = at.end
    }
    if (pending.status?.class === 'success' || pending.status?.class === 'warning')
      this.#tellRole(direction, pending.operation, pending.sopClass, 'RSP', at)
    if (hasOwnEvent(pending)) this.#context.emit(operationObservation(pending, association, true))
  }

  /** The answer to a request that a mirror of one direction could not show. */
  #unseenRequest(
    association: Association,
    direction: Direction,
    command: Command,
    contextId: number,
    at: Place,
  ): PendingOperation | undefined {
    const { packetsFromClient, packetsFromServer } = this.#context.flow
    const requester: Direction = direction === 0 ? 1 : 0
    if ((requester === 0 ? packetsFromClient : packetsFromServer) > 0) return undefined
    const context = association.context(contextId)
    const isStore = operationOf(command.field)?.name === 'C-STORE'
    const store = isStore ? this.#store(association, requester, command.sopClass ?? context?.abstractSyntax, at) : undefined
    if (store !== undefined) store.instances++
    const pending = pendingOperation(command, requester, context, at, store)
    this.#sides[requester].pending.set(pending.messageId, pending)
    return pending
  }

  #cancel(association: Association, direction: Direction, command: Command): void {
    association.count('cancel')
    const pending = this.#sides[direction].pending.get(command.respondedTo ?? -1)
    if (pending !== undefined) pending.cancelled = true
  }

  #store(association: Association, direction: Direction, sopClass: string | undefined, at: Place): StoreRollup {
    const uid = sopClass ?? 'unknown'
    const key = `${direction} ${uid}`
    let store = association.stores.get(key)
    if (store === undefined) {
      store = new StoreRollup(uid, direction, at.start, at.streamOffset)
      association.stores.set(key, store)
    }
    return store
  }

  // --- data sets ---

  #encoding(contextId: number): Encoding | undefined {
    return this.#association?.context(contextId)?.encoding
  }

  #dataset(direction: Direction, head: DatasetHead, contextId: number, end: number): void {
    const association = this.#association
    if (association === undefined) return
    association.lastTime = end
    const side = this.#sides[direction]
    const pending = side.datasetOf.get(contextId)
    side.datasetOf.delete(contextId)
    if (pending === undefined) return
    pending.end = Math.max(pending.end, end)
    if (pending.store !== undefined) this.#stored(association, side, pending.store, head, end)
    else if (isQuery(pending.operation) && head.encoding !== undefined && !head.damaged)
      pending.query = readQuery(head.data, head.length, head.encoding, pending.sopClass ?? '')
  }

  #stored(association: Association, side: Side, store: StoreRollup, head: DatasetHead, end: number): void {
    store.end = end
    store.pixelBytes += head.pixelBytes
    association.pixelBytes += head.pixelBytes
    if (head.encoding === undefined || head.damaged) return
    const stored = readStoredHead(head.data, head.length, head.encoding)
    if (stored.modality !== undefined) store.modality(stored.modality)
    if (stored.studyUid !== undefined) {
      const study = this.#studyPseudonym(stored.studyUid)
      store.distinct(store.studies, study)
      association.study(study)
    }
    if (stored.seriesUid !== undefined) store.distinct(store.series, this.#context.pseudonym('series', stored.seriesUid))
    side.acquiring.add(stored, end)
  }

  #studyPseudonym(uid: string): string {
    if (this.#lastStudy?.uid !== uid) this.#lastStudy = { uid, pseudonym: this.#context.pseudonym('study', uid) }
    return this.#lastStudy.pseudonym
  }

  // --- identity ---

  /** Images say which device made them. That is their sender only if it is one device, and it does not act for a C-MOVE or C-GET. */
  #tellDevices(association: Association, direction: Direction): void {
    const { acquiring } = this.#sides[direction]
    const { forwarded, devices } = acquiring.take()
    if (devices.length > 1) acquiring.relayed = true
    const isForwarder = forwarded || direction !== association.requestedBy
    for (const facts of devices)
      this.#tell(direction, facts, isForwarder, {
        start: association.start,
        end: association.lastTime,
        streamOffset: association.streamOffset,
      })
  }

  #tellRole(sender: Direction, operation: string, sopClass: string | undefined, message: 'RQ' | 'RSP', at: Place): void {
    const requester: Direction = message === 'RQ' ? sender : sender === 0 ? 1 : 0
    const isScu = (message === 'RQ') === (scuOf(operation, requester) === requester)
    const role = roleOf(operation, sopClass, isScu ? 'scu' : 'scp')
    if (role !== undefined) this.#tell(sender, [{ attribute: 'role', value: role, field: `${operation}-${message}` }], false, at)
  }

  #tell(direction: Direction, facts: DeviceIdentity['facts'], forwarded: boolean, at: Place): void {
    const about = direction === 0 ? 'client' : 'server'
    const key = `${about} ${forwarded} ${facts.map(({ attribute, value }) => `${attribute}=${value}`).join('|')}`
    if (this.#told.has(key)) return
    if (this.#told.size >= MAX_TOLD) this.#told.clear()
    this.#told.add(key)
    this.#context.emit({
      kind: 'device-identity',
      protocol: 'dicom',
      flow: this.#context.flow,
      ...at,
      partial: [],
      about,
      forwarded,
      facts,
    })
  }
}

/** Times of the first and last byte of a unit, and where it begins in its side's stream. */
interface Place {
  readonly start: number
  readonly end: number
  readonly streamOffset: number
}

function isQuery(operation: string): boolean {
  return operation === 'C-FIND' || operation === 'C-MOVE' || operation === 'C-GET'
}

/** Who requested an association of which a later PDU is the first that is seen: acceptances and rejections come from the other side. */
function opposite(sender: Direction, type: number): Direction {
  const isAnswer = type === PduType.ASSOCIATE_AC || type === PduType.ASSOCIATE_RJ
  if (!isAnswer) return 0
  return sender === 0 ? 1 : 0
}
