import type { Direction } from '../../net/flow.ts'
import type { Outcome, Seen } from './seen.ts'

export interface DicomImplementation {
  readonly classUid: string | undefined
  readonly version: string | undefined
}

export interface NamedUid {
  readonly uid: string
  /** Name in PS3.6, or the UID itself where it is not in our table. */
  readonly name: string
}

/** What every event of one association shares. */
export interface DicomAssociationKey {
  /** Same on every event of the association; unique per sensor and reproducible from the same packets. */
  readonly id: string
  /** Who asked for the association; a guess when it was joined midstream. */
  readonly requestedBy: Direction
  /** Trimmed of padding; undefined when the association was joined midstream. */
  readonly callingAeTitle: string | undefined
  readonly calledAeTitle: string | undefined
}

export interface DicomPresentationContext {
  readonly id: number
  readonly abstractSyntax: string
  readonly transferSyntaxes: readonly string[]
  /** Of the acceptor: 0 acceptance … 4 transfer syntaxes not supported (PS3.8 table 9-18); undefined without an answer. */
  readonly result: number | undefined
  readonly acceptedTransferSyntax: string | undefined
  /** 0x54 as proposed and as answered. */
  readonly roleSelection:
    | { readonly scu: boolean; readonly scp: boolean; readonly accepted?: { readonly scu: boolean; readonly scp: boolean } }
    | undefined
}

/** An association, reported once, at its end. */
export interface DicomAssociation extends Seen {
  readonly kind: 'dicom-association'
  readonly association: DicomAssociationKey
  readonly result: 'accepted' | 'rejected' | 'unanswered' | 'unknown'
  readonly ending: 'released' | 'aborted' | 'reset' | 'timed_out' | 'superseded' | 'open' | 'closed' | undefined
  /** Words of PS3.8 table 9-21, lower snake case. */
  readonly reject: { readonly result: string; readonly source: string; readonly reason: string } | undefined
  /** Words of PS3.8 table 9-26. */
  readonly abort: { readonly source: string; readonly reason: string } | undefined
  readonly applicationContext: string | undefined
  readonly protocolVersion: number | undefined
  readonly contexts: readonly DicomPresentationContext[]
  readonly requestor: DicomImplementation & { readonly maxPduBytes: number | undefined }
  readonly acceptor: DicomImplementation & { readonly maxPduBytes: number | undefined }
  readonly asyncWindow: { readonly invoked: number; readonly performed: number } | undefined
  readonly extendedNegotiation: readonly string[]
  readonly userIdentity: { readonly type: string; readonly responseRequested: boolean; readonly answered: boolean } | undefined
  /** User-information items of unknown type: type and length. */
  readonly unknownItems: readonly { readonly type: number; readonly length: number }[]
  /** Requests seen, by lower-case operation: echo, store, find, move, get, cancel, n_action … */
  readonly operations: Readonly<Record<string, number>>
  /** Responses to all operations by the class of their status. */
  readonly statuses: DicomStatuses
  readonly responseTimes: DicomResponseTimes | undefined
  /** SOP classes that operations used, as distinct from those proposed. */
  readonly usedSopClasses: readonly NamedUid[]
  readonly studies: number
  readonly pixelBytes: number
  /** Codes of protocol violations, e.g. `pdu_exceeds_maximum`. */
  readonly violations: readonly string[]
  readonly outcome: Outcome
}

export interface DicomStatus {
  /** `0x0000` */
  readonly code: string
  readonly class: 'success' | 'pending' | 'cancel' | 'warning' | 'failure'
}

/** Responses counted by the class of their status; a class without one is left out. */
export type DicomStatuses = { readonly [Class in DicomStatus['class']]?: number }

/** How long the other side took to answer, from the end of a request to that of its first response, µs. */
export interface DicomResponseTimes {
  readonly mean: number
  readonly longest: number
}

/** One C-FIND, C-MOVE, C-GET or N-* with its final response (C-ECHO and C-STORE are counted on the association). */
export interface DicomOperation extends Seen {
  readonly kind: 'dicom-operation'
  readonly association: DicomAssociationKey
  /** `C-FIND`, `N-CREATE` … */
  readonly operation: string
  /** Who sent the request. */
  readonly direction: Direction
  readonly messageId: number
  readonly priority: 'low' | 'medium' | 'high' | undefined
  readonly sopClass: NamedUid | undefined
  readonly transferSyntax: NamedUid | undefined
  readonly status: DicomStatus | undefined
  readonly responses: number
  readonly statuses: DicomStatuses
  readonly cancelled: boolean
  readonly query:
    | {
        readonly level: string | undefined
        readonly model: string | undefined
        readonly keys: readonly string[]
        readonly matchingKeys: readonly string[]
        readonly wildcard: boolean
        readonly universal: boolean
      }
    | undefined
  readonly moveDestination: string | undefined
  readonly subOperations:
    | {
        readonly completed: number | undefined
        readonly failed: number | undefined
        readonly warning: number | undefined
        readonly remaining: number | undefined
      }
    | undefined
  /** N-EVENT-REPORT: event type, N-ACTION: action type, as its SOP class numbers them (storage commitment: event 2 is a failure). */
  readonly typeId?: number | undefined
  /** What a failure says beside its status: error id, and keywords of the attributes at fault. */
  readonly error?: { readonly id: number | undefined; readonly attributes: readonly string[] } | undefined
  readonly modalities: readonly string[]
  readonly violations: readonly string[]
  readonly outcome: Outcome
}

/** All C-STOREs of one SOP class in one association. */
export interface DicomStore extends Seen {
  readonly kind: 'dicom-store'
  readonly association: DicomAssociationKey
  readonly direction: Direction
  readonly sopClass: NamedUid
  readonly transferSyntaxes: readonly NamedUid[]
  readonly instances: number
  readonly failed: number
  readonly studies: number
  readonly series: number
  readonly pixelBytes: number
  readonly modalities: readonly string[]
  /** The last status that was not success, else success; undefined when nothing was answered. */
  readonly status: DicomStatus | undefined
  readonly statuses: DicomStatuses
  readonly responseTimes: DicomResponseTimes | undefined
  readonly outcome: Outcome
}

/**
 * One stored instance with hashes of its content, where the configuration asks for them (`protocols.dicom.instance_hashes`). For rules inside
 * the sensor: no event is made of it.
 */
export interface DicomInstance extends Seen {
  readonly kind: 'dicom-instance'
  readonly association: DicomAssociationKey
  readonly direction: Direction
  /** Keyed hash of the SOP instance UID. */
  readonly instance: string
  readonly sopClass: NamedUid | undefined
  readonly transferSyntax: NamedUid | undefined
  /** Hash of its elements without bulk data. */
  readonly attributes: string
  /** Hash of the value of its pixel data or encapsulated document; undefined where it has none that was found. */
  readonly bulk: string | undefined
}
