import { FROM_CLIENT } from '../net/flow.ts'
import type { Hl7Identifiers, Hl7Message, Hl7Observations, Hl7Party } from '../protocols/observation.ts'
import { type Context, compact, count, type Fields, list, text } from './common.ts'
import type { WardwireEvent } from './event.ts'
import { NETWORK, networkEvent } from './network.ts'
import { nanoseconds } from './time.ts'

const INFO_TYPES = ['protocol', 'info']
const ACCESS_TYPES = ['protocol', 'access']
const DENIED_TYPES = ['protocol', 'info', 'denied']

/** Message codes that ask for data (HL7 v2.9 chapter 5, and the original-mode queries before it). */
const QUERIES = new Set(['QBP', 'QRY', 'QVR', 'QSB', 'QCN', 'QSX', 'EQQ', 'SPQ', 'VQQ', 'RQQ', 'QCK'])

/** A message with its acknowledgment, or unanswered. */
export function messageEvent(context: Context, seen: Hl7Message): WardwireEvent {
  return networkEvent(context, {
    ...common(seen),
    type: messageTypes(seen),
    action: 'hl7-message',
    duration: seen.responseTime === undefined ? undefined : nanoseconds(seen.responseTime),
    sender: seen.direction,
    discriminator: `${seen.direction} ${seen.controlId ?? ''}`,
    message: messageSentence(seen),
    body: { hl7: messageFields(seen) },
  })
}

/** A window of steady device observations. */
export function observationsEvent(context: Context, seen: Hl7Observations): WardwireEvent {
  const key = [
    seen.type,
    seen.trigger,
    seen.sending.application,
    seen.sending.facility,
    seen.receiving.application,
    seen.receiving.facility,
  ]
  return networkEvent(context, {
    ...common(seen),
    type: isRefusal(seen.ackCode) ? DENIED_TYPES : INFO_TYPES,
    action: 'hl7-observations',
    duration: nanoseconds(seen.end - seen.start),
    sender: FROM_CLIENT,
    discriminator: `${key.join(' ')} ${seen.ackCode} ${seen.outcome}`,
    message: observationsSentence(seen),
    body: { hl7: observationsFields(seen) },
  })
}

function common(seen: Hl7Message | Hl7Observations) {
  return {
    flow: seen.flow,
    streamOffset: seen.streamOffset,
    dataset: 'wardwire.hl7',
    kind: 'event',
    category: NETWORK,
    outcome: seen.outcome,
    time: seen.end,
    start: seen.start,
    end: seen.end,
    protocol: 'hl7',
    counters: false,
    about: 'client',
    partial: seen.partial,
  } as const
}

function messageTypes(seen: Hl7Message): readonly string[] {
  if (seen.ack !== undefined && isRefusal(seen.ack.code)) return DENIED_TYPES
  return seen.type !== undefined && QUERIES.has(seen.type) ? ACCESS_TYPES : INFO_TYPES
}

/** Application reject and commit reject (HL7 table 0008). */
function isRefusal(code: string): boolean {
  return code === 'AR' || code === 'CR'
}

function messageFields(seen: Hl7Message): Fields {
  const { ack } = seen
  return {
    message: compact({
      type: text(seen.type),
      trigger: text(seen.trigger),
      structure: text(seen.structure),
      control_id: text(seen.controlId),
      processing_id: text(seen.processingId),
      version: text(seen.version),
      character_set: text(seen.characterSet),
      profiles: list(seen.profiles),
      transaction: text(seen.transaction),
      continuation: seen.continuation,
      bytes: seen.bytes > 0 ? seen.bytes : undefined,
    }),
    sending: partyFields(seen.sending),
    receiving: partyFields(seen.receiving),
    ack:
      ack === undefined
        ? { code: 'none' }
        : { code: ack.code || 'none', mode: ack.mode, error_code: text(ack.errorCode), control_id: text(ack.controlId) },
    segment: seen.segmentCount > 0 ? { names: list(seen.segmentNames), count: seen.segmentCount } : undefined,
    batch: seen.batchMessages === undefined ? undefined : { messages: seen.batchMessages },
    ...identifierFields(seen.identifiers),
    framing: seen.framingDeviations.length > 0 ? { deviations: seen.framingDeviations } : undefined,
    observations: seen.results > 0 ? { results: seen.results } : undefined,
    violations: list(seen.violations),
  }
}

/** Patient data, however hashed: the redaction gate decides whether they stay. */
function identifierFields({ patients, placerOrders, fillerOrders, accessions }: Hl7Identifiers): Fields {
  const order = [
    ['placer_pseudonym', placerOrders],
    ['filler_pseudonym', fillerOrders],
    ['accession_pseudonym', accessions],
  ] as const
  return {
    patient: patients.length > 0 ? { id_pseudonym: patients } : undefined,
    order: compact(Object.fromEntries(order.filter(([, values]) => values.length > 0))),
  }
}

function observationsFields(seen: Hl7Observations): Fields {
  return {
    message: {
      type: text(seen.type),
      trigger: text(seen.trigger),
      transaction: text(seen.transaction),
      version: text(seen.version),
      bytes: seen.bytes,
    },
    sending: partyFields(seen.sending),
    receiving: partyFields(seen.receiving),
    ack: { code: seen.ackCode || 'none' },
    observations: { messages: seen.messages, results: seen.results },
  }
}

function partyFields(party: Hl7Party): Fields | undefined {
  return compact({ application: text(party.application), facility: text(party.facility) })
}

function messageName(seen: Hl7Message | Hl7Observations): string {
  if (!seen.type) return 'an HL7 message'
  return seen.trigger ? `${seen.type}^${seen.trigger}` : seen.type
}

function messageSentence(seen: Hl7Message): string {
  const forward = seen.direction === FROM_CLIENT
  const sender = seen.sending.application || (forward ? seen.flow.clientAddress : seen.flow.serverAddress)
  const receiver = seen.receiving.application || (forward ? seen.flow.serverAddress : seen.flow.clientAddress)
  return `${sender} sent ${messageName(seen)} to ${receiver}, ${answer(seen.ack?.code)}`
}

function observationsSentence(seen: Hl7Observations): string {
  const sender = seen.sending.application || seen.flow.clientAddress
  const receiver = seen.receiving.application || seen.flow.serverAddress
  const seconds = Math.round((seen.end - seen.start) / 1_000_000)
  return `${sender} sent ${count(seen.messages, 'observation message')} (${messageName(seen)}) to ${receiver} in ${seconds} s, ${answer(seen.ackCode)}`
}

function answer(code: string | undefined): string {
  switch (code) {
    case undefined:
    case '':
    case 'none':
      return 'no acknowledgment seen'
    case 'AA':
    case 'CA':
      return `accepted (${code})`
    case 'AE':
    case 'CE':
      return `answered with an error (${code})`
    case 'AR':
    case 'CR':
      return `rejected (${code})`
    default:
      return `answered ${code}`
  }
}
