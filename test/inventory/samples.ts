import Joi from 'joi'
import type { InventoryChange } from '../../src/inventory/device.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { type InventorySettings, inventorySchema } from '../../src/inventory/settings.ts'
import type { InventoryStore } from '../../src/inventory/store.ts'
import type { Flow } from '../../src/net/flow.ts'
import type {
  DeviceIdentity,
  DicomAssociation,
  DicomInstance,
  DicomOperation,
  DicomStore,
  FlowEnded,
  Hl7Message,
  IdentityAttribute,
  TlsHandshake,
} from '../../src/protocols/observation.ts'
import type { Log } from '../../src/telemetry/log.ts'

export const SECOND = 1_000_000
export const HOUR = 3600 * SECOND
/** 2024-01-02T03:04:05Z in µs. */
export const START = Date.UTC(2024, 0, 2, 3, 4, 5) * 1000

/** A MAC with a registered, non-medical owner, numbered by its last byte. */
export function mac(last: number): string {
  return `00-50-56-00-00-${last.toString(16).toUpperCase().padStart(2, '0')}`
}

let flowNumber = 0

/** Hand-made flow: 10.1.0.10 talks to 10.1.0.20:104 unless said otherwise. */
export function flow(changes: Partial<Flow> = {}): Flow {
  flowNumber++
  return {
    number: flowNumber,
    transport: 'tcp',
    protocolNumber: 6,
    ipVersion: 4,
    clientAddress: '10.1.0.10',
    serverAddress: '10.1.0.20',
    clientPort: 40_000 + (flowNumber % 20_000),
    serverPort: 104,
    clientMac: mac(10),
    serverMac: mac(20),
    vlanIds: [],
    interfaceIndex: 0,
    startTime: START,
    lastTime: START,
    packetsFromClient: 5,
    packetsFromServer: 5,
    bytesFromClient: 1000,
    bytesFromServer: 1000,
    midstream: false,
    clientSyn: undefined,
    clientGuessed: false,
    gapBytesFromClient: 0,
    gapBytesFromServer: 0,
    overlapConflicts: 0,
    communityId: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
    ...changes,
  }
}

function seen(on: Flow, time: number) {
  return { flow: on, start: time, end: time, streamOffset: 0, partial: [] } as const
}

const UNKNOWN_NODE = { classUid: undefined, version: undefined, maxPduBytes: 16_384 }

/** An accepted and released association with one echo. */
export function association(on: Flow, time: number, changes: Partial<DicomAssociation> = {}): DicomAssociation {
  return {
    kind: 'dicom-association',
    ...seen(on, time),
    association: { id: `a${on.number}`, requestedBy: 0, callingAeTitle: 'MODALITY', calledAeTitle: 'ARCHIVE' },
    result: 'accepted',
    ending: 'released',
    reject: undefined,
    abort: undefined,
    applicationContext: '1.2.840.10008.3.1.1.1',
    protocolVersion: 1,
    contexts: [],
    requestor: UNKNOWN_NODE,
    acceptor: UNKNOWN_NODE,
    asyncWindow: undefined,
    extendedNegotiation: [],
    userIdentity: undefined,
    unknownItems: [],
    operations: { echo: 1 },
    statuses: {},
    responseTimes: undefined,
    usedSopClasses: [],
    studies: 0,
    pixelBytes: 0,
    violations: [],
    outcome: 'success',
    ...changes,
  }
}

/** An association that the server refused because of an AE title. */
export function rejection(on: Flow, time: number, calling: string, called: string, reason: string): DicomAssociation {
  return association(on, time, {
    association: { id: `a${on.number}`, requestedBy: 0, callingAeTitle: calling, calledAeTitle: called },
    result: 'rejected',
    ending: undefined,
    reject: { result: 'rejected_permanent', source: 'service_user', reason },
    operations: {},
    outcome: 'failure',
  })
}

/** A C-MOVE of one study that ended well. */
export function move(on: Flow, time: number, destination: string | undefined, changes: Partial<DicomOperation> = {}): DicomOperation {
  return {
    kind: 'dicom-operation',
    ...seen(on, time),
    association: { id: `a${on.number}`, requestedBy: 0, callingAeTitle: 'WORKSTATION', calledAeTitle: 'ARCHIVE' },
    operation: 'C-MOVE',
    direction: 0,
    messageId: 1,
    priority: 'medium',
    sopClass: { uid: '1.2.840.10008.5.1.4.1.2.2.2', name: 'Study Root Query/Retrieve Information Model - MOVE' },
    transferSyntax: undefined,
    status: { code: '0x0000', class: 'success' },
    responses: 2,
    statuses: {},
    cancelled: false,
    query: { level: 'STUDY', model: 'study_root', keys: [], matchingKeys: ['StudyInstanceUID'], wildcard: false, universal: false },
    moveDestination: destination,
    subOperations: { completed: 3, failed: 0, warning: 0, remaining: 0 },
    modalities: [],
    violations: [],
    outcome: 'success',
    ...changes,
  }
}

/** A C-FIND with a matching key. */
export function find(on: Flow, time: number, changes: Partial<DicomOperation> = {}): DicomOperation {
  return move(on, time, undefined, {
    operation: 'C-FIND',
    sopClass: { uid: '1.2.840.10008.5.1.4.1.2.2.1', name: 'Study Root Query/Retrieve Information Model - FIND' },
    subOperations: undefined,
    ...changes,
  })
}

export function store(on: Flow, time: number, changes: Partial<DicomStore> = {}): DicomStore {
  return {
    kind: 'dicom-store',
    ...seen(on, time),
    association: { id: `a${on.number}`, requestedBy: 0, callingAeTitle: 'MODALITY', calledAeTitle: 'ARCHIVE' },
    direction: 0,
    sopClass: { uid: '1.2.840.10008.5.1.4.1.1.2', name: 'CT Image Storage' },
    transferSyntaxes: [],
    instances: 1,
    failed: 0,
    studies: 1,
    series: 1,
    pixelBytes: 1000,
    modalities: ['CT'],
    status: { code: '0x0000', class: 'success' },
    statuses: {},
    responseTimes: undefined,
    outcome: 'success',
    ...changes,
  }
}

export function message(on: Flow, time: number, changes: Partial<Hl7Message> = {}): Hl7Message {
  return {
    kind: 'hl7-message',
    ...seen(on, time),
    direction: 0,
    type: 'ADT',
    trigger: 'A01',
    structure: 'ADT_A01',
    controlId: '1',
    processingId: 'P',
    version: '2.5',
    characterSet: undefined,
    profiles: [],
    sending: { application: 'HIS', facility: 'HOSPITAL' },
    receiving: { application: 'ENGINE', facility: 'HOSPITAL' },
    ack: { code: 'AA', mode: 'application', errorCode: undefined, controlId: '1' },
    responseTime: 1000,
    segmentNames: ['MSH', 'EVN', 'PID', 'PV1'],
    segmentCount: 4,
    results: 0,
    bytes: 300,
    deviceObservation: false,
    transaction: undefined,
    continuation: undefined,
    batchMessages: undefined,
    identifiers: { patients: [], placerOrders: [], fillerOrders: [], accessions: [] },
    framingDeviations: [],
    violations: [],
    outcome: 'success',
    ...changes,
  }
}

export function tls(on: Flow, time: number, changes: Partial<TlsHandshake> = {}): TlsHandshake {
  return {
    kind: 'tls-handshake',
    ...seen(on, time),
    version: '1.2',
    serverName: undefined,
    applicationProtocols: [],
    cipher: undefined,
    ja4: undefined,
    resumed: false,
    established: true,
    clientCertificateRequested: false,
    clientCertificatePresented: undefined,
    certificate: undefined,
    ...changes,
  }
}

export function flowEnded(on: Flow, time: number): FlowEnded {
  return { kind: 'flow-ended', ...seen(on, time), application: undefined, flowEnd: 'closed', tls: undefined }
}

/** A stored instance with the hashes of its content. */
export function instance(on: Flow, time: number, changes: Partial<DicomInstance> = {}): DicomInstance {
  return {
    kind: 'dicom-instance',
    ...seen(on, time),
    association: { id: 'a', requestedBy: 0, callingAeTitle: 'CT01', calledAeTitle: 'PACS' },
    direction: 0,
    instance: 'keyed hash of a UID',
    sopClass: { uid: '1.2.840.10008.5.1.4.1.1.2', name: 'CT Image Storage' },
    transferSyntax: { uid: '1.2.840.10008.1.2.1', name: 'Explicit VR Little Endian' },
    attributes: 'attributes',
    bulk: 'pixels',
    ...changes,
  }
}

/** Facts as `attribute: [value, field]`. */
export function identity(
  on: Flow,
  time: number,
  about: 'client' | 'server',
  facts: Partial<Record<IdentityAttribute, readonly [string, string]>>,
  changes: Partial<DeviceIdentity> = {},
): DeviceIdentity {
  return {
    kind: 'device-identity',
    ...seen(on, time),
    protocol: 'dicom',
    about,
    forwarded: false,
    facts: Object.entries(facts).map(([attribute, [value, field]]) => ({ attribute: attribute as IdentityAttribute, value, field })),
    ...changes,
  }
}

export function roles(on: Flow, time: number, about: 'client' | 'server', ...names: readonly string[]): DeviceIdentity {
  return identity(on, time, about, {}, { facts: names.map(value => ({ attribute: 'role', value, field: 'DIMSE' })) })
}

/** What a CT scanner says of itself in its images. */
export function ctFacts(version = 'syngo CT 2011A'): Partial<Record<IdentityAttribute, readonly [string, string]>> {
  return {
    manufacturer: ['SIEMENS', '(0008,0070)'],
    model: ['SOMATOM Definition AS', '(0008,1090)'],
    serial_number: ['64120', '(0018,1000)'],
    software_version: [version, '(0018,1020)'],
    station_name: ['CT64120', '(0008,1010)'],
    modality: ['CT', '(0008,0060)'],
    role: ['storage_scu', 'C-STORE-RQ'],
  }
}

function inventorySettings(changes: Partial<InventorySettings> = {}): InventorySettings {
  return Joi.attempt(changes, inventorySchema) as InventorySettings
}

/** An inventory whose changes are collected. */
export function inventory(changes: Partial<InventorySettings> = {}, store?: InventoryStore, log?: Log) {
  const events: InventoryChange[] = []
  return { inventory: new Inventory(inventorySettings(changes), event => events.push(event), store, log), events }
}
