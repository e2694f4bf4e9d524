import type {
  DicomAssociation,
  DicomOperation,
  DicomPresentationContext,
  DicomStatuses,
  DicomStore,
  Hl7Message,
  Hl7Party,
  Observation,
} from '../../src/protocols/observation.ts'

// Whether what was observed of a damaged recording is part of what there is to observe in the whole one.

/** An observation without what says where and when it was seen. */
export function contentOf(observation: Observation): object {
  const { flow: _flow, start: _start, end: _end, streamOffset: _offset, ...seen } = observation
  if ('responseTime' in seen) return { ...seen, responseTime: undefined }
  const content = 'responseTimes' in seen ? { ...seen, responseTimes: undefined } : seen
  return 'association' in content ? { ...content, association: { ...content.association, id: undefined } } : content
}

/** What is said that is not true, or differs without being marked partial; nothing where all is well. */
export function falsehoods(damaged: readonly Observation[], truth: readonly Observation[]): readonly string[] {
  const known = new Set(truth.map(one => JSON.stringify(contentOf(one))))
  return damaged.flatMap(one => {
    if (known.has(JSON.stringify(contentOf(one)))) return []
    const problems = candidates(one, truth).map(candidate => untrue(one, candidate))
    if (problems.length === 0) return [`${one.kind}: nothing like it`]
    const [fewest] = problems.toSorted((left, right) => left.length - right.length)
    if (fewest.length > 0) return [`${one.kind}: ${fewest.join(', ')}`]
    return one.kind === 'device-identity' || one.partial.length > 0 ? [] : [`${one.kind}: incomplete, and not marked so`]
  })
}

function candidates<Kind extends Observation>(one: Kind, truth: readonly Observation[]): readonly Kind[] {
  return truth.filter((other): other is Kind => other.kind === one.kind)
}

function untrue(one: Observation, truth: Observation): readonly string[] {
  switch (one.kind) {
    case 'dicom-association':
      return untrueAssociation(one, truth as DicomAssociation)
    case 'dicom-operation':
      return untrueOperation(one, truth as DicomOperation)
    case 'dicom-store':
      return untrueStore(one, truth as DicomStore)
    case 'hl7-message':
      return untrueMessage(one, truth as Hl7Message)
    case 'device-identity':
      return truth.kind === 'device-identity' ? [] : ['kind']
    default:
      return []
  }
}

/** Facts of devices are held against all that is true of the same end: they come in other portions when something is missing. */
export function untrueFacts(damaged: readonly Observation[], truth: readonly Observation[]): readonly string[] {
  const said = (all: readonly Observation[]): readonly string[] =>
    all.flatMap(one =>
      one.kind === 'device-identity' ? one.facts.map(({ attribute, value }) => `${one.about} ${attribute}=${value}`) : [],
    )
  const known = new Set(said(truth))
  return said(damaged).filter(fact => !known.has(fact))
}

type Check = readonly [name: string, holds: boolean]
const failed = (...checks: readonly Check[]): readonly string[] => checks.filter(([, holds]) => !holds).map(([name]) => name)

/** Not known, or the same. */
const unknownOr = <Value>(said: Value | undefined, truth: Value | undefined): boolean =>
  said === undefined || JSON.stringify(said) === JSON.stringify(truth)
const within = (said: readonly string[], truth: readonly string[]): boolean => said.every(value => truth.includes(value))
const atMost = (said: object, truth: object): boolean =>
  Object.entries(said).every(([key, count]) => count <= ((truth as Record<string, number>)[key] ?? 0))

function untrueAssociation(one: DicomAssociation, truth: DicomAssociation): readonly string[] {
  return failed(
    ['calling AE title', unknownOr(one.association.callingAeTitle, truth.association.callingAeTitle)],
    ['called AE title', unknownOr(one.association.calledAeTitle, truth.association.calledAeTitle)],
    ['result', one.result === 'unknown' || one.result === truth.result],
    ['rejection', unknownOr(one.reject, truth.reject)],
    ['abort', unknownOr(one.abort, truth.abort)],
    ['contexts', one.contexts.every(context => truth.contexts.some(other => isPartOf(context, other)))],
    ['requestor', Object.entries(one.requestor).every(([key, value]) => unknownOr(value, truth.requestor[key as 'version']))],
    ['acceptor', Object.entries(one.acceptor).every(([key, value]) => unknownOr(value, truth.acceptor[key as 'version']))],
    ['user identity', unknownOr(one.userIdentity?.type, truth.userIdentity?.type)],
    ['operations', atMost(one.operations, truth.operations)],
    ['statuses', atMost(one.statuses, truth.statuses as DicomStatuses)],
    ['SOP classes', within(uids(one.usedSopClasses), uids(truth.usedSopClasses))],
    ['studies', one.studies <= truth.studies],
    ['pixel bytes', one.pixelBytes <= truth.pixelBytes],
    ['violations', within(one.violations, truth.violations)],
    ['outcome', one.outcome === 'unknown' || one.outcome === truth.outcome],
  )
}

const uids = (named: readonly { readonly uid: string }[]): readonly string[] => named.map(({ uid }) => uid)

function isPartOf(one: DicomPresentationContext, truth: DicomPresentationContext): boolean {
  return (
    one.id === truth.id &&
    (one.abstractSyntax === '' || one.abstractSyntax === truth.abstractSyntax) &&
    within(one.transferSyntaxes, truth.transferSyntaxes) &&
    unknownOr(one.result, truth.result) &&
    unknownOr(one.acceptedTransferSyntax, truth.acceptedTransferSyntax)
  )
}

function untrueOperation(one: DicomOperation, truth: DicomOperation): readonly string[] {
  return failed(
    ['operation', one.operation === truth.operation],
    ['message id', one.messageId === truth.messageId],
    ['direction', one.direction === truth.direction],
    ['SOP class', unknownOr(one.sopClass, truth.sopClass)],
    ['transfer syntax', unknownOr(one.transferSyntax, truth.transferSyntax)],
    ['status', one.status?.class === 'pending' || unknownOr(one.status, truth.status)],
    ['responses', one.responses <= truth.responses && atMost(one.statuses, truth.statuses)],
    ['query', unknownOr(one.query, truth.query)],
    ['destination', unknownOr(one.moveDestination, truth.moveDestination)],
    ['violations', within(one.violations, truth.violations)],
    ['outcome', one.outcome === 'unknown' || one.outcome === truth.outcome],
  )
}

function untrueStore(one: DicomStore, truth: DicomStore): readonly string[] {
  return failed(
    ['SOP class', one.sopClass.uid === 'unknown' || one.sopClass.uid === truth.sopClass.uid],
    ['direction', one.direction === truth.direction],
    ['instances', one.instances <= truth.instances],
    ['failed', one.failed <= truth.failed && atMost(one.statuses, truth.statuses)],
    ['studies', one.studies <= truth.studies && one.series <= truth.series],
    ['pixel bytes', one.pixelBytes <= truth.pixelBytes],
    ['modalities', within(one.modalities, truth.modalities)],
    ['outcome', one.outcome === 'unknown' || one.outcome === truth.outcome],
  )
}

const isParty = (one: Hl7Party, truth: Hl7Party): boolean =>
  unknownOr(one.application, truth.application) && unknownOr(one.facility, truth.facility)

function untrueMessage(one: Hl7Message, truth: Hl7Message): readonly string[] {
  return failed(
    ['control id', one.controlId === truth.controlId],
    ['direction', one.direction === truth.direction],
    ['type', unknownOr(one.type, truth.type) && unknownOr(one.trigger, truth.trigger)],
    ['parties', isParty(one.sending, truth.sending) && isParty(one.receiving, truth.receiving)],
    ['acknowledgment', unknownOr(one.ack, truth.ack)],
    ['segments', within(one.segmentNames, truth.segmentNames) && one.segmentCount <= truth.segmentCount],
    ['framing', within(one.framingDeviations, truth.framingDeviations)],
    ['violations', within(one.violations, truth.violations)],
    ['outcome', one.outcome === 'unknown' || one.outcome === truth.outcome],
  )
}
