import { type Direction, FROM_CLIENT } from '../net/flow.ts'
import type {
  DicomAssociation,
  DicomAssociationKey,
  DicomImplementation,
  DicomOperation,
  DicomStatus,
  DicomStore,
  NamedUid,
} from '../protocols/observation.ts'
import { type Context, compact, count, distinct, type Fields, list, text } from './common.ts'
import type { WardwireEvent } from './event.ts'
import { NETWORK, networkEvent } from './network.ts'
import { nanoseconds } from './time.ts'

const ASSOCIATION_TYPES = ['protocol', 'connection', 'end']
const DENIED_TYPES = ['protocol', 'denied']
const DENIED_ASSOCIATION_TYPES = ['protocol', 'connection', 'denied']
const ACCESS_TYPES = ['protocol', 'access']
const INFO_TYPES = ['protocol', 'info']

/** Operations that read or hand over data, as opposed to those that report or change the state of work. */
const ACCESS_OPERATIONS = new Set(['C-STORE', 'C-FIND', 'C-MOVE', 'C-GET', 'N-GET'])

/** An association, at its end. */
export function associationEvent(context: Context, seen: DicomAssociation): WardwireEvent {
  return networkEvent(context, {
    ...common(seen),
    type: seen.result === 'rejected' ? DENIED_ASSOCIATION_TYPES : ASSOCIATION_TYPES,
    action: 'dicom-association',
    sender: seen.association.requestedBy,
    discriminator: seen.association.id,
    counters: true,
    message: associationMessage(seen),
    body: { dicom: associationFields(seen) },
  })
}

/** A request with its final response. */
export function operationEvent(context: Context, seen: DicomOperation): WardwireEvent {
  return networkEvent(context, {
    ...common(seen),
    type: operationTypes(seen),
    action: `dicom-${seen.operation.toLowerCase().replace(/^c-/, '')}`,
    sender: seen.direction,
    discriminator: `${seen.association.id} ${seen.operation} ${seen.messageId} ${seen.direction}`,
    counters: false,
    message: operationMessage(seen),
    body: { dicom: operationFields(seen) },
  })
}

/** All C-STOREs of one SOP class in one association. */
export function storeEvent(context: Context, seen: DicomStore): WardwireEvent {
  return networkEvent(context, {
    ...common(seen),
    type: isRefused(seen.status) ? DENIED_TYPES : ACCESS_TYPES,
    action: 'dicom-store',
    sender: seen.direction,
    discriminator: `${seen.association.id} C-STORE ${seen.sopClass.uid} ${seen.direction}`,
    counters: false,
    message: storeMessage(seen),
    body: { dicom: storeFields(seen) },
  })
}

function common(seen: DicomAssociation | DicomOperation | DicomStore) {
  return {
    flow: seen.flow,
    streamOffset: seen.streamOffset,
    dataset: 'wardwire.dicom',
    kind: 'event',
    category: NETWORK,
    outcome: seen.outcome,
    time: seen.end,
    start: seen.start,
    end: seen.end,
    duration: nanoseconds(seen.end - seen.start),
    protocol: 'dicom',
    about: 'client',
    partial: seen.partial,
  } as const
}

function operationTypes(seen: DicomOperation): readonly string[] {
  if (isRefused(seen.status)) return DENIED_TYPES
  return ACCESS_OPERATIONS.has(seen.operation) ? ACCESS_TYPES : INFO_TYPES
}

/** Statuses that PS3.7 annex C and PS3.4 call "Refused": SOP class not supported, not authorized, out of resources, destination unknown. */
const REFUSED = /^0x(0122|0124|A7[0-9A-F]{2}|A801)$/i

function isRefused(status: DicomStatus | undefined): boolean {
  return status !== undefined && REFUSED.test(status.code)
}

function associationFields(seen: DicomAssociation): Fields {
  const { reject, abort, userIdentity, usedSopClasses, contexts, operations } = seen
  const accepted = contexts.filter(context => context.result === 0)
  const refused = contexts.filter(context => context.result !== undefined && context.result !== 0)
  const roles = contexts.map(({ roleSelection }) => roleSelection).filter(role => role !== undefined)
  const sopClasses = usedSopClasses.length > 0 ? usedSopClasses : undefined
  const transferSyntaxes = [...new Set(accepted.map(context => context.acceptedTransferSyntax).filter(uid => uid !== undefined))]
  return {
    association: {
      id: seen.association.id,
      result: seen.result,
      end: seen.ending,
      reject: reject && { result: reject.result, source: reject.source, reason: reject.reason },
      abort: abort && { source: abort.source, reason: abort.reason },
    },
    ...aeTitles(seen.association),
    requestor: partyFields(seen.requestor),
    acceptor: partyFields(seen.acceptor),
    user_identity: userIdentity && { type: userIdentity.type, response_requested: userIdentity.responseRequested },
    async_window: seen.asyncWindow,
    role_selection:
      roles.length > 0 ? { proposed: roles.length, accepted: roles.filter(role => role.accepted !== undefined).length } : undefined,
    extended_negotiation: compact({ uid: distinct(seen.extendedNegotiation) }),
    unknown_items: distinct(seen.unknownItems.map(({ type }) => `0x${type.toString(16).toUpperCase().padStart(2, '0')}`)),
    presentation_context:
      contexts.length > 0 ? { proposed: contexts.length, accepted: accepted.length, rejected: refused.length } : undefined,
    sop_class: sopClasses ? namedUids(sopClasses) : compact({ uid: distinct(contexts.map(context => context.abstractSyntax)) }),
    transfer_syntax: compact({ uid: list(transferSyntaxes) }),
    operations: compact({ ...operations }),
    statuses: compact({ ...seen.statuses }),
    response_time: responseTimes(seen),
    store: storedTotals(seen),
    violations: list(seen.violations),
  }
}

function storedTotals(seen: DicomAssociation): Fields | undefined {
  return seen.studies > 0 || seen.pixelBytes > 0 ? { studies: seen.studies, pixel_bytes: seen.pixelBytes } : undefined
}

function operationFields(seen: DicomOperation): Fields {
  const { query, subOperations, status, error } = seen
  return {
    association: { id: seen.association.id },
    ...aeTitles(seen.association),
    sop_class: seen.sopClass && namedUids([seen.sopClass]),
    transfer_syntax: seen.transferSyntax && namedUids([seen.transferSyntax]),
    operation: seen.operation,
    message_id: seen.messageId,
    priority: seen.priority,
    status: status && { code: status.code, class: status.class },
    responses: seen.responses,
    statuses: compact({ ...seen.statuses }),
    query: query && {
      level: text(query.level),
      model: text(query.model),
      keys: list(query.keys),
      matching_keys: list(query.matchingKeys),
      wildcard: query.wildcard,
      universal: query.universal,
    },
    move: seen.moveDestination ? { destination_ae_title: seen.moveDestination } : undefined,
    sub_operations: subOperations && compact({ ...subOperations }),
    type_id: seen.typeId,
    error: error && compact({ id: error.id, attributes: list(error.attributes) }),
    modality: list(seen.modalities),
    violations: list(seen.violations),
  }
}

function storeFields(seen: DicomStore): Fields {
  return {
    association: { id: seen.association.id },
    ...aeTitles(seen.association),
    sop_class: namedUids([seen.sopClass]),
    transfer_syntax: seen.transferSyntaxes.length > 0 ? namedUids(seen.transferSyntaxes) : undefined,
    operation: 'C-STORE',
    status: seen.status && { code: seen.status.code, class: seen.status.class },
    statuses: compact({ ...seen.statuses }),
    response_time: responseTimes(seen),
    store: { instances: seen.instances, failed: seen.failed, studies: seen.studies, series: seen.series, pixel_bytes: seen.pixelBytes },
    modality: list(seen.modalities),
  }
}

function responseTimes({ responseTimes: times }: DicomAssociation | DicomStore): Fields | undefined {
  return times && { mean: nanoseconds(times.mean), max: nanoseconds(times.longest) }
}

function aeTitles(association: DicomAssociationKey): Fields {
  return { calling_ae_title: text(association.callingAeTitle), called_ae_title: text(association.calledAeTitle) }
}

function partyFields(party: DicomImplementation & { readonly maxPduBytes: number | undefined }): Fields | undefined {
  const implementation = compact({ class_uid: text(party.classUid), version: text(party.version) })
  return compact({ implementation, max_pdu_bytes: party.maxPduBytes })
}

function namedUids(uids: readonly NamedUid[]): Fields {
  return { name: uids.map(uid => uid.name), uid: uids.map(uid => uid.uid) }
}

/** Names of sender and receiver of a request: AE titles, else addresses. */
function parties(seen: DicomOperation | DicomStore | DicomAssociation, direction: Direction): readonly [string, string] {
  const { callingAeTitle, calledAeTitle, requestedBy } = seen.association
  const byClient = requestedBy === FROM_CLIENT
  const client = (byClient ? callingAeTitle : calledAeTitle) || seen.flow.clientAddress
  const server = (byClient ? calledAeTitle : callingAeTitle) || seen.flow.serverAddress
  return direction === FROM_CLIENT ? [client, server] : [server, client]
}

function associationMessage(seen: DicomAssociation): string {
  const [client, server] = parties(seen, seen.association.requestedBy)
  switch (seen.result) {
    case 'rejected':
      return `${server} rejected the DICOM association of ${client}${seen.reject ? `: ${words(seen.reject.reason)}` : ''}`
    case 'unanswered':
      return `${server} did not answer the DICOM association request of ${client}`
    case 'accepted':
    case 'unknown': {
      const operations = Object.entries(seen.operations).filter(([, requests]) => requests > 0)
      const done = operations.map(([name, requests]) => `${requests} ${operationName(name)}`).join(', ') || 'no operations'
      return `${client} had a DICOM association with ${server}: ${done}${seen.ending ? `, ${words(seen.ending)}` : ''}`
    }
  }
}

function operationMessage(seen: DicomOperation): string {
  const [sender, receiver] = parties(seen, seen.direction)
  return `${sender} ${operationDeed(seen, receiver)}${operationResult(seen)}`
}

function operationDeed(seen: DicomOperation, receiver: string): string {
  switch (seen.operation) {
    case 'C-FIND':
      return `queried ${receiver}${seen.query?.level ? ` at ${seen.query.level} level` : ''} (${count(seen.responses, 'response')})`
    case 'C-MOVE':
      return `asked ${receiver} to send instances to ${seen.moveDestination ?? 'an unknown destination'}${transferred(seen)}`
    case 'C-GET':
      return `retrieved instances from ${receiver}${transferred(seen)}`
    default:
      return `sent ${seen.operation}${seen.sopClass ? ` for ${seen.sopClass.name}` : ''} to ${receiver}`
  }
}

function transferred(seen: DicomOperation): string {
  const completed = seen.subOperations?.completed
  return completed === undefined ? '' : ` (${completed} completed)`
}

function operationResult(seen: DicomOperation): string {
  if (seen.cancelled) return ', cancelled'
  if (seen.status === undefined) return ', no final response seen'
  return seen.outcome === 'failure' ? `, failed with status ${seen.status.code}` : ''
}

function storeMessage(seen: DicomStore): string {
  const [sender, receiver] = parties(seen, seen.direction)
  const failed = seen.failed > 0 ? `, ${seen.failed} failed` : ''
  return `${sender} stored ${seen.instances} ${seen.sopClass.name} ${seen.instances === 1 ? 'instance' : 'instances'} to ${receiver}${failed}`
}

/** `n_action` → `N-ACTION`, `store` → `C-STORE`. */
function operationName(key: string): string {
  return key.startsWith('n_') ? key.toUpperCase().replaceAll('_', '-') : `C-${key.toUpperCase()}`
}

function words(code: string): string {
  return code.replaceAll('_', ' ').replace(/\bae\b/, 'AE')
}
