import { type Direction, opposite } from '../../net/flow.ts'
import type { DecoderContext } from '../decoder.ts'
import type { DeviceIdentity } from '../observation.ts'
import type { Association } from './association.ts'
import type { Command } from './command.ts'
import { readQuery } from './identifier.ts'
import { AcquiringDevices, roleOf, scuOf } from './identity.ts'
import type { DatasetHead } from './message.ts'
import { answered, hasOwnEvent, instanceObservation, operationObservation, type PendingOperation, pendingOperation } from './operations.ts'
import { readStation } from './station.ts'
import { StoreRollup } from './store.ts'
import { readStoredHead } from './stored-head.ts'
import { operationOf, RESPONSE } from './words.ts'

/** µs for which the devices that made stored images are held, to see whether their sender only passes them on. */
const FORWARDER_WAIT = 10_000_000
/** Facts of devices already told on a connection. */
const MAX_TOLD = 256
const WORKLIST_FIND = '1.2.840.10008.5.1.4.31'
const PERFORMED_PROCEDURE_STEP = '1.2.840.10008.3.1.2.3.3'

/** Times of the first and last byte of a unit, and where it begins in its side's stream. */
export interface Place {
  readonly start: number
  readonly end: number
  readonly streamOffset: number
}

/** What one side of an association asked for, and which data sets it still owes. */
class Asker {
  /** Its requests by message id, oldest first. */
  readonly pending = new Map<number, PendingOperation>()
  /** What the data set that comes next on a presentation context belongs to; undefined where that is a response. */
  readonly datasetOf = new Map<number, PendingOperation | undefined>()
  readonly acquiring = new AcquiringDevices()
}

/** An identifier in clear, with its keyed hash. */
interface Hashed {
  readonly uid: string
  readonly pseudonym: string
}

/** What outlives the associations of a connection: what was told of devices, and the study and series that images in a row belong to. */
export class ConnectionMemory {
  readonly #told = new Set<string>()
  readonly #context: DecoderContext
  #lastStudy: Hashed | undefined
  #lastSeries: Hashed | undefined

  constructor(context: DecoderContext) {
    this.#context = context
  }

  studyPseudonym(uid: string): string {
    if (this.#lastStudy?.uid !== uid) this.#lastStudy = { uid, pseudonym: this.#context.pseudonym('study', uid) }
    return this.#lastStudy.pseudonym
  }

  seriesPseudonym(uid: string): string {
    if (this.#lastSeries?.uid !== uid) this.#lastSeries = { uid, pseudonym: this.#context.pseudonym('series', uid) }
    return this.#lastSeries.pseudonym
  }

  /** Report facts of the device at one end, once. */
  tell(direction: Direction, facts: DeviceIdentity['facts'], forwarded: boolean, { start, end, streamOffset }: Place): void {
    const about = direction === 0 ? 'client' : 'server'
    const key = `${about} ${forwarded} ${facts.map(({ attribute, value }) => `${attribute}=${value}`).join('|')}`
    if (facts.length === 0 || this.#told.has(key)) return
    if (this.#told.size >= MAX_TOLD) this.#told.clear()
    this.#told.add(key)
    const { flow, emit } = this.#context
    emit({ kind: 'device-identity', protocol: 'dicom', flow, start, end, streamOffset, partial: [], about, forwarded, facts })
  }
}

/** The DIMSE messages of one association: requests paired with their responses, and what their data sets say (PS3.7 §9, §10). */
export class Dialogue {
  readonly #association: Association
  readonly #context: DecoderContext
  readonly #memory: ConnectionMemory
  readonly #maxPending: number
  readonly #onOverfull: () => void
  readonly #askers: [Asker | undefined, Asker | undefined] = [undefined, undefined]

  /** `onOverfull`: more than `maxPending` requests of one side wait for their response, and the oldest was given up. */
  constructor(association: Association, context: DecoderContext, memory: ConnectionMemory, maxPending: number, onOverfull: () => void) {
    this.#association = association
    this.#context = context
    this.#memory = memory
    this.#maxPending = maxPending
    this.#onOverfull = onOverfull
  }

  command(direction: Direction, command: Command, contextId: number, at: Place): void {
    const association = this.#association
    association.lastTime = at.end
    const operation = operationOf(command.field)
    if (operation === undefined) {
      association.violate('unknown_command')
      return
    }
    if (command.malformed) association.violate('bad_command_set')
    this.#checkContext(contextId)
    this.#expectDataset(direction, command, contextId)
    if ((command.field & RESPONSE) !== 0) this.#response(direction, command, contextId, at)
    else if (operation.key === 'cancel') this.#cancel(direction, command)
    else this.#request(direction, command, contextId, at)
  }

  dataset(direction: Direction, head: DatasetHead, contextId: number, end: number): void {
    const association = this.#association
    association.lastTime = end
    const asker = this.#asker(direction)
    const pending = asker.datasetOf.get(contextId)
    if (!asker.datasetOf.delete(contextId) && !association.unsure) association.violate('unexpected_dataset')
    if (head.malformed && !association.unsure) association.violate('malformed_dataset')
    if (pending === undefined) return
    pending.end = Math.max(pending.end, end)
    if (pending.store !== undefined) this.#stored(asker, pending, pending.store, head, end)
    if (head.encoding === undefined || head.damaged) return
    if (isQuery(pending.operation)) pending.query = readQuery(head.data, head.length, head.encoding, pending.sopClass ?? '')
    if (namesStation(pending)) this.#tellStation(direction, head, pending, end)
  }

  /** Let time pass: devices that made stored images are told once it is clear enough that their sender is one of them. */
  tick(time: number): void {
    for (const direction of [0, 1] as const) {
      const since = this.#askers[direction]?.acquiring.since ?? 0
      if (since > 0 && time - since > FORWARDER_WAIT) this.#tellDevices(direction)
    }
  }

  /** Report what is still open. `over`: the association came to its end in sight of the sensor. */
  finish(over: boolean): void {
    const association = this.#association
    for (const direction of [0, 1] as const) {
      this.#tellDevices(direction)
      for (const pending of this.#askers[direction]?.pending.values() ?? [])
        if (hasOwnEvent(pending)) this.#context.emit(operationObservation(pending, association, over))
    }
    const unseen = association.unsure || !over
    for (const store of association.stores.values())
      this.#context.emit(store.observation(this.#context.flow, association.key, association.partial, unseen))
  }

  #asker(direction: Direction): Asker {
    this.#askers[direction] ??= new Asker()
    return this.#askers[direction]
  }

  /** A data set follows its command on the same presentation context, where the command says so (PS3.7 §9.1, (0000,0800)). */
  #expectDataset(direction: Direction, command: Command, contextId: number): void {
    const { datasetOf } = this.#asker(direction)
    if (datasetOf.delete(contextId) && !this.#association.unsure) this.#association.violate('missing_dataset')
    if (command.hasDataset) datasetOf.set(contextId, undefined)
  }

  #checkContext(contextId: number): void {
    const association = this.#association
    const state = association.context(contextId)?.state
    if (state === 'rejected') association.violate('rejected_presentation_context')
    if (state === 'unknown' && !association.unsure) association.violate('unknown_presentation_context')
  }

  #request(direction: Direction, command: Command, contextId: number, at: Place): void {
    const association = this.#association
    const asker = this.#asker(direction)
    const { name = '', key = '' } = operationOf(command.field) ?? {}
    const context = association.context(contextId)
    const sopClass = command.sopClass ?? context?.abstractSyntax
    association.count(key)
    if (sopClass !== undefined) association.used(sopClass)
    const store = name === 'C-STORE' ? this.#store(direction, sopClass, at) : undefined
    if (store !== undefined) {
      store.instances++
      store.end = at.end
      if (context?.transferSyntax !== undefined) store.transferSyntaxes.add(context.transferSyntax)
      if (command.moveOriginator !== undefined) asker.acquiring.relayed = true
    }
    const pending = pendingOperation(command, direction, context, at, store)
    this.#tellRole(direction, name, sopClass, 'RQ', at)
    if (command.hasDataset) asker.datasetOf.set(contextId, pending)
    this.#wait(asker, pending)
  }

  #wait(asker: Asker, pending: PendingOperation): void {
    const earlier = asker.pending.get(pending.messageId)
    if (earlier !== undefined) {
      if (!this.#association.unsure) this.#association.violate('duplicate_message_id')
      this.#giveUp(asker, earlier)
    }
    asker.pending.set(pending.messageId, pending)
    if (asker.pending.size > 1 && asker.pending.size > this.#association.windowOf(pending.direction))
      this.#association.violate('async_window_exceeded')
    if (asker.pending.size <= this.#maxPending) return
    const [oldest] = asker.pending.values()
    oldest.partial.push('limit')
    this.#onOverfull()
    this.#giveUp(asker, oldest)
  }

  /** Wait no longer for an answer. */
  #giveUp(asker: Asker, pending: PendingOperation): void {
    asker.pending.delete(pending.messageId)
    if (hasOwnEvent(pending)) this.#context.emit(operationObservation(pending, this.#association, true))
  }

  #response(direction: Direction, command: Command, contextId: number, at: Place): void {
    const association = this.#association
    const asker = this.#asker(opposite(direction))
    const messageId = command.respondedTo ?? -1
    const pending = asker.pending.get(messageId) ?? this.#unseenRequest(direction, command, contextId, at)
    if (pending === undefined) {
      if (!association.unsure) association.violate('unexpected_response')
      return
    }
    const { store } = pending
    if (pending.responses === 0 && !association.unsure) {
      const time = Math.max(0, at.end - pending.end)
      association.responseTimes.add(time)
      store?.responseTimes.add(time)
    }
    const isFinal = answered(pending, command, at.end)
    if (pending.status !== undefined) association.countStatus(pending.status.class)
    if (!isFinal) return
    asker.pending.delete(messageId)
    if (store !== undefined && pending.status !== undefined) {
      store.answer(pending.status)
      store.end = at.end
    }
    if (pending.status?.class === 'success' || pending.status?.class === 'warning')
      this.#tellRole(direction, pending.operation, pending.sopClass, 'RSP', at)
    if (hasOwnEvent(pending)) this.#context.emit(operationObservation(pending, association, true))
  }

  /** The answer to a request that a mirror of one direction could not show. */
  #unseenRequest(direction: Direction, command: Command, contextId: number, at: Place): PendingOperation | undefined {
    const { packetsFromClient, packetsFromServer } = this.#context.flow
    const requester: Direction = opposite(direction)
    if ((requester === 0 ? packetsFromClient : packetsFromServer) > 0) return undefined
    const context = this.#association.context(contextId)
    const isStore = operationOf(command.field)?.name === 'C-STORE'
    const store = isStore ? this.#store(requester, command.sopClass ?? context?.abstractSyntax, at) : undefined
    if (store !== undefined) store.instances++
    const pending = pendingOperation(command, requester, context, at, store)
    this.#asker(requester).pending.set(pending.messageId, pending)
    return pending
  }

  #cancel(direction: Direction, command: Command): void {
    this.#association.count('cancel')
    const pending = this.#askers[direction]?.pending.get(command.respondedTo ?? -1)
    if (pending !== undefined) pending.cancelled = true
  }

  #store(direction: Direction, sopClass: string | undefined, at: Place): StoreRollup {
    const { stores } = this.#association
    const uid = sopClass ?? 'unknown'
    const key = `${direction} ${uid}`
    let store = stores.get(key)
    if (store === undefined) {
      store = new StoreRollup(uid, direction, at.start, at.streamOffset)
      stores.set(key, store)
    }
    return store
  }

  #stored(asker: Asker, pending: PendingOperation, store: StoreRollup, head: DatasetHead, end: number): void {
    const association = this.#association
    store.end = end
    store.pixelBytes += head.pixelBytes
    association.pixelBytes += head.pixelBytes
    if (head.encoding === undefined || head.damaged) return
    const stored = readStoredHead(head.data, head.length, head.encoding, head.trailing)
    if (stored.holdsProgram) association.violate('executable_content')
    if (stored.modality !== undefined) store.modality(stored.modality)
    if (stored.studyUid !== undefined) {
      const study = this.#memory.studyPseudonym(stored.studyUid)
      store.distinct(store.studies, study)
      association.study(study)
    }
    if (stored.seriesUid !== undefined) store.distinct(store.series, this.#memory.seriesPseudonym(stored.seriesUid))
    asker.acquiring.add(stored, end)
    if (head.hashes !== undefined && pending.sopInstance !== undefined)
      this.#context.emit(instanceObservation(pending, association, this.#context.pseudonym('instance', pending.sopInstance), head.hashes))
  }

  // --- identity ---

  /** Images say which device made them. That is their sender only if it is one device, and it does not act for a C-MOVE or C-GET. */
  #tellDevices(direction: Direction): void {
    const association = this.#association
    const acquiring = this.#askers[direction]?.acquiring
    if (acquiring === undefined) return
    const { forwarded, devices, others } = acquiring.take()
    if (devices.length > 1) acquiring.relayed = true
    const isForwarder = forwarded || direction !== association.requestedBy
    const at = { start: association.start, end: association.lastTime, streamOffset: association.streamOffset }
    for (const facts of devices) this.#memory.tell(direction, facts, isForwarder, at)
    for (const facts of others) this.#memory.tell(direction, facts, true, at)
  }

  /**
   * A modality asks the worklist for its own steps, and reports which station performed them: under its own AE title that is the sender. Others
   * do so for whole departments.
   */
  #tellStation(direction: Direction, head: DatasetHead, pending: PendingOperation, end: number): void {
    const association = this.#association
    if (head.encoding === undefined || direction !== association.requestedBy) return
    const station = readStation(head.data, head.length, head.encoding)
    if (station.aeTitle === undefined || station.aeTitle !== association.key.callingAeTitle) return
    this.#memory.tell(direction, station.facts, false, { start: pending.start, end, streamOffset: pending.streamOffset })
  }

  #tellRole(sender: Direction, operation: string, sopClass: string | undefined, message: 'RQ' | 'RSP', at: Place): void {
    const requester: Direction = message === 'RQ' ? sender : opposite(sender)
    const isScu = (message === 'RQ') === (scuOf(operation, requester) === requester)
    const role = roleOf(operation, sopClass, isScu ? 'scu' : 'scp')
    if (role !== undefined) this.#memory.tell(sender, [{ attribute: 'role', value: role, field: `${operation}-${message}` }], false, at)
  }
}

function isQuery(operation: string): boolean {
  return operation === 'C-FIND' || operation === 'C-MOVE' || operation === 'C-GET'
}

/** The data set of the request says which station it is about. */
function namesStation({ operation, sopClass }: PendingOperation): boolean {
  return (operation === 'C-FIND' && sopClass === WORKLIST_FIND) || (operation === 'N-CREATE' && sopClass === PERFORMED_PROCEDURE_STEP)
}
