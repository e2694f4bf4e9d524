import type { Memory } from '../../bytes/memory.ts'
import { type Direction, type FlowEnd, opposite } from '../../net/flow.ts'
import type { DecoderContext, StreamDecoder } from '../decoder.ts'
import type { Incomplete, Outcome } from '../observation.ts'
import type { OnOverload } from '../overload.ts'
import { BatchReader } from './batch.ts'
import { deviationsOf, findMessage, type HllpBlock, readHllp } from './block.ts'
import {
  type AckFacts,
  ackFacts,
  continuationOf,
  isDeviceObservation,
  isOrder,
  type MessageFacts,
  SEGMENT,
  StructureReader,
  transactionOf,
  triggerOf,
} from './facts.ts'
import { type Header, HeaderReader } from './header.ts'
import { type IdentifierReader, RecentFields } from './identifiers.ts'
import { type DeviceFacts, identityOf, ReportedDevices, receiverFacts, senderFacts } from './identity.ts'
import type { Hl7Text } from './message.ts'
import { type Block, MLLP_ACK, MLLP_NAK, MllpReader } from './mllp.ts'
import { type Ack, type Batch, messageObservation, type Pending, PendingMessages, unseenMessage } from './pending.ts'
import { RecentList, RecentValues } from './recent-values.ts'
import type { Hl7Settings } from './settings.ts'
import { MessageTemplate } from './template.ts'

/** Control ids remembered to notice one that comes again. */
const MAX_REMEMBERED = 1024
/** Acknowledgments are acknowledged at once, if at all. */
const MAX_ACKS_REMEMBERED = 256
/** µs of silence after which an unframed message is taken to be whole; one that lacks its end only, as long as its acknowledgment may take. */
const SILENCE = 5_000_000
/** µs for which reported devices are held, to see whether the sender is a gateway of several. */
const GATEWAY_WAIT = 10_000_000

const NO_BYTES = new Uint8Array(0)
/** Acknowledgments of the lower layer, which name no message. */
const COMMIT: AckFacts = { code: 'CA', controlId: undefined, errorCode: undefined }
const REFUSAL: AckFacts = { code: 'CR', controlId: undefined, errorCode: undefined }

/** What one side of the connection did. */
class Side {
  readonly reader: MllpReader
  readonly batches = new BatchReader()
  /** Messages of this side. */
  readonly pending = new PendingMessages()
  /** Control ids of messages of this side. What acknowledges one that waits no more is for no other message. */
  readonly controlIds = new RecentValues(MAX_REMEMBERED)
  /** Control ids of acknowledgments that this side sent: what acknowledges those is no news. */
  readonly ackIds = new RecentList(MAX_ACKS_REMEMBERED)
  readonly template = new MessageTemplate()
  readonly headers = new HeaderReader()
  readonly structures = new StructureReader()
  readonly identifiers = new RecentFields()
  readonly reported = new ReportedDevices()
  /** Header and SFT segment of which the sender was told last, and the header of which the receiver was. */
  senderOf: Header | undefined
  software: Uint8Array = NO_BYTES
  receiverOf: Header | undefined
  readonly told = new RecentValues(MAX_REMEMBERED)
  /** Devices to tell. One that an order names is the order's target. */
  readonly devices = new Map<string, { readonly device: DeviceFacts; readonly block: Block; readonly isTarget: boolean }>()
  devicesSince = 0
  /** Devices told apart so far; more than one make the sender a gateway. */
  readonly devicesKnown = new Set<string>()
  incomplete: Incomplete[]
  /** Since when messages of this side may have been missed, whose acknowledgments are still to come. */
  missedSince: number | undefined

  constructor(reader: MllpReader, midstream: boolean) {
    this.reader = reader
    this.missedSince = midstream ? 0 : undefined
    this.incomplete = midstream ? ['midstream'] : []
  }
}

/** What all connections read with, one after the other. */
export interface SharedReaders {
  readonly memory: Memory
  readonly text: Hl7Text
  readonly identifiers: IdentifierReader
}

/** One connection that speaks HL7 v2 over MLLP: messages paired with their acknowledgments (HL7 v2.9 §2.9). */
export class Hl7Session implements StreamDecoder {
  readonly #settings: Hl7Settings
  readonly #context: DecoderContext
  readonly #text: Hl7Text
  readonly #identifiers: IdentifierReader
  readonly #onOverload: OnOverload
  readonly #sides: readonly [Side, Side]

  constructor(settings: Hl7Settings, context: DecoderContext, shared: SharedReaders, onOverload: OnOverload) {
    this.#settings = settings
    this.#context = context
    this.#text = shared.text
    this.#identifiers = shared.identifiers
    this.#onOverload = onOverload
    const { midstream } = context.flow
    const side = (direction: Direction): Side =>
      new Side(new MllpReader(settings.max_message_bytes, shared.memory, midstream, block => this.#block(direction, block)), midstream)
    this.#sides = [side(0), side(1)]
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    this.#sides[opposite(direction)].reader.settle()
    this.#sides[direction].reader.feed(bytes, offset, length, time)
  }

  gap(direction: Direction, length: number, time: number): void {
    const side = this.#sides[direction]
    this.#sides[opposite(direction)].reader.settle()
    side.reader.gap(length)
    side.batches.reset()
    side.missedSince = time
    side.incomplete = ['gap']
    for (const pending of this.#sides[opposite(direction)].pending) addOnce(pending.partial as Incomplete[], 'gap')
  }

  halfClosed(direction: Direction, _time: number): void {
    this.#sides[direction].reader.end()
  }

  end(_end: FlowEnd, time: number): void {
    for (const side of this.#sides) side.reader.end()
    for (const direction of [0, 1] as const) {
      const side = this.#sides[direction]
      this.#reportUntil(side, Number.POSITIVE_INFINITY)
      this.#tellDevices(direction, time)
    }
  }

  tick(time: number): void {
    const timeout = this.#settings.ack_timeout_seconds * 1_000_000
    for (const direction of [0, 1] as const) {
      const side = this.#sides[direction]
      const patience = side.reader.isFramed ? timeout : SILENCE
      if (side.reader.isOpen && time - side.reader.lastTime > patience) side.reader.end()
      side.reader.settle()
      this.#reportUntil(side, time - timeout)
      if (side.devices.size > 0 && time - side.devicesSince > GATEWAY_WAIT) this.#tellDevices(direction, time)
    }
  }

  #block(direction: Direction, block: Block): void {
    const { bytes, from, to } = block
    if (to - from === 1 && (bytes[from] === MLLP_ACK || bytes[from] === MLLP_NAK)) {
      this.#acknowledge(direction, bytes[from] === MLLP_ACK ? COMMIT : REFUSAL, block)
      return
    }
    const hllp = readHllp(bytes, from, to)
    if (hllp?.isRefusal === true) {
      this.#acknowledge(direction, REFUSAL, block)
      return
    }
    const { batches, template } = this.#sides[direction]
    const end = hllp?.to ?? to
    let behind = hllp?.from ?? from
    for (let at = findMessage(bytes, behind, end); at >= 0; ) {
      const batch = batches.between(bytes, behind, at)
      behind = this.#text.read(bytes, at, end, template)
      this.#message(direction, block, at, behind, hllp, batch)
      at = behind < end ? findMessage(bytes, behind, end) : -1
    }
    batches.between(bytes, behind, end)
    batches.blockEnds()
  }

  /** The message in hand. */
  #message(direction: Direction, block: Block, from: number, to: number, hllp: HllpBlock | undefined, batch: Batch | undefined): void {
    const text = this.#text
    const side = this.#sides[direction]
    const header = side.headers.read(text)
    const { controlId } = side.headers
    const ack = ackFacts(text, this.#sides[opposite(direction)].pending.oldest?.facts.controlId)
    if (ack !== undefined) {
      if (controlId !== undefined) side.ackIds.add(controlId)
      if (!this.#acknowledge(direction, ack, block)) this.#acknowledgeUnseen(direction, header, ack, block)
      const { applicationAcknowledgment } = header
      if (isPureAck(header) || applicationAcknowledgment === undefined || applicationAcknowledgment === 'NE') return
    }
    if (side.template.dialect !== header.dialect) text.forgetTemplate()
    const deviceObservation = isDeviceObservation(text, header)
    const facts: MessageFacts = {
      header,
      controlId,
      trigger: triggerOf(text, header),
      structure: side.structures.read(text),
      deviceObservation,
      transaction: transactionOf(text, header, deviceObservation),
      continuation: continuationOf(text, header),
      identifiers: this.#identifiers.read(text, header, side.identifiers, side.template),
    }
    const deviations = deviationsOf(block, text, hllp)
    const partial = side.incomplete
    const violations: string[] = []
    side.incomplete = []
    if (block.truncated) {
      partial.push('truncated')
      violations.push('message_exceeds_limit')
      this.#onOverload('hl7_message')
    }
    if (controlId === undefined) violations.push('missing_control_id')
    else if (!side.controlIds.add(controlId)) violations.push('duplicate_control_id')
    const streamOffset = block.streamOffset + (from - block.from)
    const pending: Pending = {
      facts,
      direction,
      start: block.start,
      end: block.end,
      streamOffset,
      bytes: to - from,
      batch,
      deviations,
      partial,
      violations,
      isUnseen: false,
      accepted: undefined,
    }
    if (batch !== undefined) {
      batch.messages++
      batch.latest = pending
    }
    this.#wait(side, pending)
    this.#learnSender(direction, text, header, block)
    side.template.keep(text, header.dialect, facts.identifiers)
  }

  #wait(side: Side, pending: Pending): void {
    side.pending.add(pending)
    const { oldest } = side.pending
    if (oldest === undefined || side.pending.size <= this.#settings.max_pending_messages) return
    side.pending.remove(oldest)
    addOnce(oldest.partial as Incomplete[], 'limit')
    this.#onOverload('hl7_pending_messages')
    this.#reportUnanswered(oldest)
  }

  /** `direction` sent an acknowledgment: pair it with the message that the other side sent. False when there is none. */
  #acknowledge(direction: Direction, facts: AckFacts, block: Block): boolean {
    const sender = this.#sides[opposite(direction)]
    const pending = this.#match(sender, facts.controlId)
    if (pending === undefined) return false
    if (sender.missedSince !== undefined && pending.start >= sender.missedSince && pending.facts.controlId === facts.controlId)
      sender.missedSince = undefined
    if (facts.controlId !== undefined && pending.facts.controlId !== facts.controlId) pending.violations.push('ack_id_mismatch')
    const ack: Ack = {
      code: facts.code,
      mode: facts.code.startsWith('C') ? 'accept' : 'application',
      errorCode: facts.errorCode,
      controlId: facts.controlId,
    }
    if (facts.code === 'CA' && expectsApplicationAck(pending.facts.header)) {
      pending.accepted = { ack, time: block.end }
      return true
    }
    sender.pending.remove(pending)
    this.#report(pending, ack, block.end)
    return true
  }

  /** A mirror of one direction only does not show what is acknowledged: the acknowledgment tells what it can of it, once. */
  #acknowledgeUnseen(direction: Direction, header: Header, facts: AckFacts, block: Block): void {
    const requester = opposite(direction)
    const sender = this.#sides[requester]
    if (this.#wasSeen(requester) || facts.controlId === undefined || !sender.controlIds.add(facts.controlId)) return
    this.#wait(sender, unseenMessage(header, facts.controlId, requester, block))
    this.#acknowledge(direction, facts, block)
  }

  #match(sender: Side, controlId: string | undefined): Pending | undefined {
    if (controlId !== undefined) {
      const pending = sender.pending.of(controlId)
      if (pending !== undefined) return pending
      if (sender.ackIds.has(controlId) || sender.controlIds.has(controlId) || sender.pending.size !== 1 || sender.missedSince !== undefined)
        return undefined
    }
    return sender.pending.oldest
  }

  #report(pending: Pending, ack: Ack, time: number): void {
    this.#context.emit(messageObservation(this.#context.flow, pending, ack, time, outcomeOf(ack.code)))
    if (ack.code === 'AA' || ack.code === 'CA') this.#learnReceiver(pending)
  }

  /** Messages that came before `time`, and for which nothing more is to be expected. */
  #reportUntil(side: Side, time: number): void {
    for (let { oldest } = side.pending; oldest !== undefined && oldest.end <= time; { oldest } = side.pending) {
      side.pending.remove(oldest)
      this.#reportUnanswered(oldest)
    }
  }

  #reportUnanswered(pending: Pending): void {
    if (pending.accepted !== undefined) {
      this.#report(pending, pending.accepted.ack, pending.accepted.time)
      return
    }
    const heard = this.#wasSeen(opposite(pending.direction))
    if (!heard) addOnce(pending.partial as Incomplete[], 'one_sided')
    const unsure = !heard || pending.partial.includes('gap')
    this.#context.emit(messageObservation(this.#context.flow, pending, undefined, pending.end, unsure ? 'unknown' : 'failure'))
  }

  /** A mirror of one direction only shows no packet of the other. */
  #wasSeen(direction: Direction): boolean {
    const { flow } = this.#context
    return (direction === 0 ? flow.packetsFromClient : flow.packetsFromServer) > 0
  }

  #learnSender(direction: Direction, text: Hl7Text, header: Header, block: Block): void {
    const side = this.#sides[direction]
    const software = text.first(SEGMENT.SFT)
    if (side.senderOf !== header || !text.segmentIs(software, side.software)) {
      side.senderOf = header
      side.software = text.copySegment(software)
      this.#tell(direction, side, senderFacts(text, header), false, block)
    }
    for (const device of side.reported.news(text, header)) {
      if (side.told.has(device.key) || side.devices.has(device.key)) continue
      if (side.devices.size === 0) side.devicesSince = block.end
      side.devices.set(device.key, { device, block, isTarget: isOrder(header) })
      if (side.devicesKnown.size < MAX_REMEMBERED) side.devicesKnown.add(identityOf(device))
    }
  }

  #learnReceiver(pending: Pending): void {
    const { header } = pending.facts
    const receiver = opposite(pending.direction)
    const side = this.#sides[receiver]
    if (side.receiverOf === header) return
    side.receiverOf = header
    this.#tell(receiver, side, receiverFacts(header), false, pending)
  }

  /** A sender that reports of several devices is a gateway: what it says is about others. */
  #tellDevices(direction: Direction, _time: number): void {
    const side = this.#sides[direction]
    for (const { device, block, isTarget } of side.devices.values())
      this.#tell(direction, side, device, isTarget || side.devicesKnown.size > 1, block)
    side.devices.clear()
  }

  #tell(
    direction: Direction,
    side: Side,
    { key, facts }: DeviceFacts,
    forwarded: boolean,
    seen: { readonly start: number; readonly end: number; readonly streamOffset: number },
  ): void {
    if (facts.length === 0 || side.told.has(key)) return
    side.told.add(key)
    const { start, end, streamOffset } = seen
    const about = direction === 0 ? 'client' : 'server'
    this.#context.emit({
      kind: 'device-identity',
      protocol: 'hl7',
      flow: this.#context.flow,
      start,
      end,
      streamOffset,
      partial: [],
      about,
      forwarded,
      facts,
    })
  }
}

/** Enhanced mode: MSH-16 asks for an application acknowledgment besides the accept one. */
function expectsApplicationAck({ applicationAcknowledgment: wanted }: Header): boolean {
  return wanted === 'AL' || wanted === 'SU' || wanted === 'ER'
}

/** ACK and MCF say nothing but yes or no; responses to queries carry MSA too. */
function isPureAck({ type }: Header): boolean {
  return type === 'ACK' || type === 'MCF' || type === undefined
}

function outcomeOf(code: string): Outcome {
  if (code === 'AA' || code === 'CA') return 'success'
  return ['AE', 'AR', 'CE', 'CR'].includes(code) ? 'failure' : 'unknown'
}

function addOnce(list: Incomplete[], value: Incomplete): void {
  if (!list.includes(value)) list.push(value)
}
