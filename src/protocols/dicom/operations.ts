import type { Direction } from '../../net/flow.ts'
import type { DicomInstance, DicomOperation, DicomStatus, DicomStatuses, Incomplete, Outcome } from '../observation.ts'
import type { AcceptedContext, Association } from './association.ts'
import type { Command } from './command.ts'
import type { ContentHashes } from './content-hash.ts'
import type { QueryHead } from './identifier.ts'
import type { StoreRollup } from './store.ts'
import { keywordOf } from './tags.ts'
import { namedUid } from './uids.ts'
import { operationOf, PRIORITIES, statusClass, statusCode } from './words.ts'

/** A request that waits for its final response. */
export interface PendingOperation {
  readonly operation: string
  readonly direction: Direction
  readonly messageId: number
  readonly priority: DicomOperation['priority']
  readonly sopClass: string | undefined
  readonly transferSyntax: string | undefined
  readonly moveDestination: string | undefined
  /** C-STORE: the instance, in clear: for a keyed hash only. */
  readonly sopInstance: string | undefined
  readonly start: number
  readonly streamOffset: number
  /** C-STORE: where its answer is counted. */
  readonly store: StoreRollup | undefined
  readonly partial: Incomplete[]
  end: number
  responses: number
  cancelled: boolean
  status: DicomStatus | undefined
  readonly statuses: { -readonly [Class in keyof DicomStatuses]: number }
  subOperations: DicomOperation['subOperations']
  typeId: number | undefined
  error: DicomOperation['error']
  query: QueryHead | undefined
}

/** Begin to wait for the answer to a request. */
export function pendingOperation(
  command: Command,
  direction: Direction,
  context: AcceptedContext | undefined,
  times: { readonly start: number; readonly end: number; readonly streamOffset: number },
  store: StoreRollup | undefined,
): PendingOperation {
  return {
    operation: operationOf(command.field)?.name ?? '',
    direction,
    messageId: command.messageId ?? command.respondedTo ?? 0,
    priority: command.priority === undefined ? undefined : PRIORITIES.get(command.priority),
    sopClass: command.sopClass ?? context?.abstractSyntax,
    transferSyntax: context?.transferSyntax,
    moveDestination: command.moveDestination,
    sopInstance: command.sopInstance,
    ...times,
    store,
    partial: [],
    responses: 0,
    cancelled: false,
    status: undefined,
    statuses: {},
    subOperations: undefined,
    typeId: command.typeId,
    error: undefined,
    query: undefined,
  }
}

/** Note a response. True when it was the final one. */
export function answered(pending: PendingOperation, command: Command, end: number): boolean {
  const code = command.status ?? 0
  pending.end = end
  pending.responses++
  pending.status = { code: statusCode(code), class: statusClass(code) }
  pending.statuses[pending.status.class] = (pending.statuses[pending.status.class] ?? 0) + 1
  if ([command.completed, command.failed, command.warning, command.remaining].some(count => count !== undefined))
    pending.subOperations = {
      completed: command.completed ?? pending.subOperations?.completed,
      failed: command.failed ?? pending.subOperations?.failed,
      warning: command.warning ?? pending.subOperations?.warning,
      remaining: command.remaining,
    }
  pending.typeId ??= command.typeId
  if (command.errorId !== undefined || command.offendingElements.length > 0)
    pending.error = { id: command.errorId, attributes: command.offendingElements.map(keywordOf) }
  return pending.status.class !== 'pending'
}

/** C-ECHO and C-STORE are counted on the association and rolled up; everything else is an event of its own. */
export function hasOwnEvent({ operation }: PendingOperation): boolean {
  return operation !== 'C-STORE' && operation !== 'C-ECHO'
}

/** `over`: the association came to its end in sight of the sensor, so an answer that lacks was not given. */
export function operationObservation(pending: PendingOperation, association: Association, over: boolean): DicomOperation {
  const { query } = pending
  return {
    kind: 'dicom-operation',
    flow: association.flow,
    association: association.key,
    start: pending.start,
    end: pending.end,
    streamOffset: pending.streamOffset,
    partial: [...new Set([...association.partial, ...pending.partial])],
    operation: pending.operation,
    direction: pending.direction,
    messageId: pending.messageId,
    priority: pending.priority,
    sopClass: pending.sopClass === undefined ? undefined : namedUid(pending.sopClass),
    transferSyntax: pending.transferSyntax === undefined ? undefined : namedUid(pending.transferSyntax),
    status: pending.status,
    responses: pending.responses,
    statuses: pending.statuses,
    cancelled: pending.cancelled,
    query: query?.query,
    moveDestination: pending.moveDestination,
    subOperations: pending.subOperations,
    typeId: pending.typeId,
    error: pending.error,
    modalities: query?.modalities ?? [],
    violations: [],
    outcome: outcomeOf(pending.status, over && !association.unsure && pending.partial.length === 0),
  }
}

function outcomeOf(status: DicomStatus | undefined, isOver: boolean): Outcome {
  if (status?.class === 'success' || status?.class === 'warning') return 'success'
  if (status?.class === 'failure' || status?.class === 'cancel') return 'failure'
  return isOver ? 'failure' : 'unknown'
}

/** A stored instance with the hashes of its content. */
export function instanceObservation(
  pending: PendingOperation,
  association: Association,
  instance: string,
  { attributes, bulk }: ContentHashes,
): DicomInstance {
  return {
    kind: 'dicom-instance',
    flow: association.flow,
    association: association.key,
    start: pending.start,
    end: pending.end,
    streamOffset: pending.streamOffset,
    partial: association.partial,
    direction: pending.direction,
    instance,
    sopClass: pending.sopClass === undefined ? undefined : namedUid(pending.sopClass),
    transferSyntax: pending.transferSyntax === undefined ? undefined : namedUid(pending.transferSyntax),
    attributes,
    bulk,
  }
}
