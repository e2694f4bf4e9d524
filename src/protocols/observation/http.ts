import type { Direction } from '../../net/flow.ts'
import type { DicomOperation } from './dicom.ts'
import type { Outcome, Seen } from './seen.ts'

/** Kind of credential that a request came with. */
export type AuthenticationScheme =
  | 'none'
  | 'basic'
  | 'bearer'
  | 'digest'
  | 'negotiate'
  | 'ntlm'
  | 'api_key'
  | 'signature'
  | 'client_certificate'
  | 'cookie'
  | 'other'

/** One HTTP request with its response, whatever they carry. */
export interface HttpExchange {
  /** Undefined where only the response was seen. */
  readonly method: string | undefined
  /** `1.1` */
  readonly version: string
  /** Host field, without the port. */
  readonly host: string | undefined
  readonly userAgent: string | undefined
  /** Undefined where only the response was seen. */
  readonly authentication: AuthenticationScheme | undefined
  /** Media types in lower case, without parameters. */
  readonly requestType: string | undefined
  readonly responseType: string | undefined
  /** Undefined without a response. */
  readonly status: number | undefined
  /** Bytes of the bodies; of all of them in a roll-up. */
  readonly requestBytes: number
  readonly responseBytes: number
}

/** PS3.18: search, retrieve, retrieve by URI, store, worklist; and the deletion that servers add to it. */
export type DicomWebService = 'qido_rs' | 'wado_rs' | 'wado_uri' | 'stow_rs' | 'ups_rs' | 'delete'
export type DicomWebLevel = 'patient' | 'study' | 'series' | 'instance' | 'frame' | 'workitem'
/** What of a resource is asked for, where not the resource itself. */
export type DicomWebRepresentation = 'metadata' | 'rendered' | 'thumbnail' | 'bulkdata'
export type DicomQuery = NonNullable<DicomOperation['query']>

/** A DICOMweb request with its response, or steady retrievals of a window (`requests` > 1). `flow` is the latest that carried one. */
export interface DicomWebRequest extends Seen {
  readonly kind: 'dicomweb-request'
  /** Who sent the request. */
  readonly direction: Direction
  readonly http: HttpExchange
  /** Undefined for DICOM content under a path that is not of DICOMweb, or without its request. */
  readonly service: DicomWebService | undefined
  /** Level of the resource; a search has it in its query. */
  readonly level: DicomWebLevel | undefined
  readonly representation: DicomWebRepresentation | undefined
  readonly query: DicomQuery | undefined
  /** Matches that a search was answered with, where they can be counted. */
  readonly results: number | undefined
  readonly requests: number
  /** DICOM files in the bodies. */
  readonly instances: number
  /** Other parts of multipart bodies: frames, bulk data, metadata. */
  readonly parts: number
  /** Keyed hash of the path under which the service was asked for: for counting inside the sensor. */
  readonly root: string | undefined
  /** Keyed hash of the study that the path names: for counting inside the sensor. */
  readonly study: string | undefined
  /** Distinct studies that paths named. */
  readonly studies: number
  /** Codes of violations, e.g. `executable_preamble`. */
  readonly violations: readonly string[]
  readonly outcome: Outcome
}

/** Codes of FHIR's value set type-restful-interaction and system-restful-interaction, and `operation`. */
export type FhirInteractionCode =
  | 'read'
  | 'vread'
  | 'update'
  | 'patch'
  | 'delete'
  | 'history-instance'
  | 'history-type'
  | 'history-system'
  | 'create'
  | 'search-type'
  | 'search-system'
  | 'search-compartment'
  | 'capabilities'
  | 'batch'
  | 'transaction'
  | 'operation'

/** A FHIR request with its response. */
export interface FhirInteraction extends Seen {
  readonly kind: 'fhir-interaction'
  /** Who sent the request. */
  readonly direction: Direction
  readonly http: HttpExchange
  /** Undefined for a Bundle of unknown type, or without the request. */
  readonly interaction: FhirInteractionCode | undefined
  readonly resourceType: string | undefined
  /** `$everything` */
  readonly operation: string | undefined
  /** Names with modifiers and chains, never a value. */
  readonly searchParameters: readonly string[]
  /** FHIR release that a media type names: `4.0`. */
  readonly version: string | undefined
  readonly violations: readonly string[]
  readonly outcome: Outcome
}
