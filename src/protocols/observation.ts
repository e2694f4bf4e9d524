import type { Direction, Flow, FlowEnd } from '../net/flow.ts'

/**
 * What the decoders report: facts about one unit of conversation, free of patient data. Inventory, detection and normalization all
 * read these. Names follow the event contract; values are the field's standard words.
 */
export type Observation =
  | DicomAssociation
  | DicomOperation
  | DicomStore
  | DicomInstance
  | Hl7Message
  | Hl7Observations
  | DicomWebRequest
  | FhirInteraction
  | TlsHandshake
  | DeviceIdentity
  | FlowEnded

/** Why the picture is incomplete. */
export type Incomplete = 'midstream' | 'gap' | 'one_sided' | 'truncated' | 'limit'

/** Common to all: where on the wire it was seen. */
interface Seen {
  readonly flow: Flow
  /** Packet time of the first and last byte that it is about, µs. */
  readonly start: number
  readonly end: number
  /** Offset in the client's (or, where only the server speaks, the server's) stream at which it began: part of the event id. */
  readonly streamOffset: number
  readonly partial: readonly Incomplete[]
}

export type Outcome = 'success' | 'failure' | 'unknown'

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

export interface Hl7Party {
  readonly application: string | undefined
  readonly facility: string | undefined
}

/** Keyed hashes of what ties messages to each other and to images: for correlation inside the sensor. */
export interface Hl7Identifiers {
  /** PID-3 */
  readonly patients: readonly string[]
  /** ORC-2 and OBR-2, ORC-3 and OBR-3. */
  readonly placerOrders: readonly string[]
  readonly fillerOrders: readonly string[]
  /** IPC-1, OBR-18 */
  readonly accessions: readonly string[]
}

/**
 * A message with its acknowledgment, or unanswered. Where a mirror shows only the acknowledgment, what that says of it: no type, no segments.
 */
export interface Hl7Message extends Seen {
  readonly kind: 'hl7-message'
  readonly direction: Direction
  readonly type: string | undefined
  readonly trigger: string | undefined
  readonly structure: string | undefined
  readonly controlId: string | undefined
  readonly processingId: string | undefined
  readonly version: string | undefined
  readonly characterSet: string | undefined
  /** MSH-21, entity identifier component. */
  readonly profiles: readonly string[]
  readonly sending: Hl7Party
  readonly receiving: Hl7Party
  readonly ack:
    | {
        readonly code: string
        readonly mode: 'accept' | 'application'
        readonly errorCode: string | undefined
        readonly controlId: string | undefined
      }
    | undefined
  /** µs from the last byte of the message to the last byte of its acknowledgment. */
  readonly responseTime: number | undefined
  readonly segmentNames: readonly string[]
  readonly segmentCount: number
  /** OBX segments. */
  readonly results: number
  readonly bytes: number
  /** Reports of a device (PCD profile, OBX-18/PRT device, MDC codes), which roll up. */
  readonly deviceObservation: boolean
  /** IHE Patient Care Device: `PCD-01` … */
  readonly transaction: string | undefined
  /** Its place in a message that was cut in several. */
  readonly continuation: 'first' | 'middle' | 'last' | undefined
  /** Messages of the batch that it came in. */
  readonly batchMessages: number | undefined
  readonly identifiers: Hl7Identifiers
  readonly framingDeviations: readonly string[]
  readonly violations: readonly string[]
  readonly outcome: Outcome
}

/** 60 s (by default) of steady device observations of one sender, receiver, type and outcome. `flow` is the latest that carried one. */
export interface Hl7Observations extends Seen {
  readonly kind: 'hl7-observations'
  readonly type: string | undefined
  readonly trigger: string | undefined
  /** IHE Patient Care Device: `PCD-01` … */
  readonly transaction: string | undefined
  readonly version: string | undefined
  readonly sending: Hl7Party
  readonly receiving: Hl7Party
  readonly ackCode: string
  readonly messages: number
  readonly results: number
  readonly bytes: number
  readonly outcome: Outcome
}

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

/** What a TLS handshake shows in clear. */
export interface TlsHandshake extends Seen {
  readonly kind: 'tls-handshake'
  /** ECS form: `1.2`. */
  readonly version: string | undefined
  readonly serverName: string | undefined
  readonly applicationProtocols: readonly string[]
  readonly cipher: string | undefined
  readonly ja4: string | undefined
  readonly resumed: boolean | undefined
  readonly established: boolean
  readonly clientCertificateRequested: boolean
  /** The client sent one when it was asked for it; undefined where that is protected or was not seen. */
  readonly clientCertificatePresented: boolean | undefined
  readonly certificate:
    | {
        readonly subject: string
        readonly issuer: string
        readonly notBefore: number
        readonly notAfter: number
        readonly publicKeyAlgorithm: string
        readonly publicKeyBits: number | undefined
        readonly serialNumber: string
        readonly selfSigned: boolean
      }
    | undefined
}

/** Attributes that protocols say of a device. */
export type IdentityAttribute =
  | 'manufacturer'
  | 'model'
  | 'model_number'
  | 'serial_number'
  | 'software_version'
  | 'station_name'
  | 'institution'
  | 'department'
  | 'modality'
  | 'device_uid'
  | 'udi'
  | 'eui64'
  | 'ae_title'
  | 'hl7_application'
  | 'hl7_facility'
  | 'implementation_class_uid'
  | 'implementation_version'
  | 'role'
  | 'mac'
  | 'ip'
  | 'vlan'
  | 'hostname'
  | 'domain'
  | 'os'
  | 'os_version'
  | 'os_build'
  | 'native_os'
  | 'native_lan_manager'
  | 'smb_dialect'
  | 'vendor_class'
  | 'dhcp_fingerprint'
  | 'dhcp_client_id'
  | 'enterprise_number'
  | 'mud_url'
  | 'firmware_version'
  | 'hardware_revision'
  | 'asset_tag'
  | 'location'
  | 'capability'
  | 'service'
  | 'system_description'
  | 'system_object_id'
  | 'upnp_server'
  | 'upnp_uuid'
  | 'banner'
  | 'user_agent'
  | 'http_server'
  | 'http_title'
  | 'http_realm'
  | 'certificate_subject'
  | 'certificate_issuer'

/** Protocols that say something of a device. */
export type IdentityProtocol =
  | 'dicom'
  | 'hl7'
  | 'tls'
  | 'http'
  | 'smb'
  | 'ssh'
  | 'ftp'
  | 'smtp'
  | 'telnet'
  | 'dhcp'
  | 'dhcpv6'
  | 'nbns'
  | 'nbdgm'
  | 'llmnr'
  | 'mdns'
  | 'ssdp'
  | 'upnp'
  | 'snmp'
  | 'lldp'
  | 'cdp'

/** One statement. `field` is the standard's name of the place: `(0008,0070)`, `OBX-18`, `0x52`, `option 12`, `sysDescr`. */
export interface IdentityFact {
  readonly attribute: IdentityAttribute
  readonly value: string
  readonly field: string
}

/**
 * A protocol said something about the device at one end of a flow (`about`), or, where `forwarded`, about another device whose
 * data passes through that end (archives forward the modality's tags).
 */
export interface DeviceIdentity extends Seen {
  readonly kind: 'device-identity'
  readonly protocol: IdentityProtocol
  readonly about: 'client' | 'server'
  readonly forwarded: boolean
  readonly facts: readonly IdentityFact[]
}

/** Names a host by what a message says of it: MAC `AA-BB-CC-DD-EE-FF`, IP address, or both. At least one is there. */
export interface HostSubject {
  readonly mac: string | undefined
  readonly address: string | undefined
}

/**
 * A protocol said something about a host that its message names, and that need not be an end of a flow: a DHCP client that has no address
 * yet, the owner of a NetBIOS name, the sender of an LLDP frame. No `Observation`, because there may be no flow at all.
 */
export interface HostIdentity {
  readonly kind: 'host-identity'
  readonly protocol: IdentityProtocol
  readonly subject: HostSubject
  /** Packet time, µs. */
  readonly time: number
  readonly facts: readonly IdentityFact[]
}

/** A flow is over; made by the sensor, not by a decoder. `application` is what its content was. */
export interface FlowEnded extends Seen {
  readonly kind: 'flow-ended'
  readonly application: string | undefined
  readonly flowEnd: FlowEnd
  readonly tls: TlsHandshake | undefined
}
