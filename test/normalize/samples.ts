import type { Alert } from '../../src/detect/rule.ts'
import type { Device, InventoryChange } from '../../src/inventory/device.ts'
import type { Flow } from '../../src/net/flow.ts'
import { Normalizer, type NormalizerOptions } from '../../src/normalize/ecs.ts'
import type { WardwireEvent } from '../../src/normalize/event.ts'
import type { HealthReport } from '../../src/normalize/health.ts'
import type {
  DicomAssociation,
  DicomOperation,
  DicomStore,
  DicomWebRequest,
  FhirInteraction,
  FlowEnded,
  Hl7Message,
  Hl7Observations,
  Observation,
  TlsHandshake,
} from '../../src/protocols/observation.ts'

/** 2026-03-01T08:00:00Z in µs. */
export const T0 = Date.UTC(2026, 2, 1, 8) * 1000
const SECOND = 1_000_000

export function sampleFlow(overrides: Partial<Flow> = {}): Flow {
  return {
    number: 7,
    transport: 'tcp',
    protocolNumber: 6,
    ipVersion: 4,
    clientAddress: '10.20.1.11',
    serverAddress: '10.20.2.5',
    clientPort: 50112,
    serverPort: 11112,
    clientMac: '00-0B-AB-10-20-30',
    serverMac: '00-50-56-AA-BB-CC',
    vlanIds: [120],
    interfaceIndex: 0,
    startTime: T0,
    lastTime: T0 + 4 * SECOND,
    packetsFromClient: 120,
    packetsFromServer: 80,
    bytesFromClient: 6_000_000,
    bytesFromServer: 4200,
    clientSyn: undefined,
    midstream: false,
    clientGuessed: false,
    gapBytesFromClient: 0,
    gapBytesFromServer: 0,
    overlapConflicts: 0,
    communityId: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
    ...overrides,
  }
}

export const SCANNER: Device = {
  id: 'd-0001',
  manufacturer: 'SIEMENS',
  model: 'SOMATOM Force',
  type: 'CT',
  serialNumber: '75123',
  softwareVersion: 'VA50A',
  firmwareVersion: undefined,
  udi: '(01)04056869000000',
  os: { name: 'Windows 10', version: '1809', build: '10.0.17763' },
  hostname: 'CT-01',
  macs: ['00-0B-AB-10-20-30'],
  nicVendors: ['Advantech Technology (CHINA) Co., Ltd.'],
  ips: ['10.20.1.11', '2001:db8::11'],
  vlans: ['120'],
  aeTitles: ['CT_SCANNER'],
  stations: ['CT01'],
  hl7Applications: [],
  hl7Facilities: [],
  hl7Sends: [],
  hl7Receives: [],
  roles: ['storage_scu', 'query_scu'],
  services: ['dicom tcp/104'],
  encryption: ['dicom: none'],
  peers: ['10.20.1.20'],
  conflicts: [],
  owner: undefined,
  site: 'General Hospital',
  location: undefined,
  department: undefined,
  criticality: 'high',
  firstSeen: T0 - 3600 * SECOND,
  lastSeen: T0,
  confidence: 'high',
  sources: ['dicom', 'ethernet'],
  reasons: {},
  evidence: [
    {
      attribute: 'manufacturer',
      value: 'SIEMENS',
      protocol: 'dicom',
      field: '(0008,0070)',
      confidence: 'high',
      firstSeen: T0,
      lastSeen: T0,
      count: 3,
    },
    {
      attribute: 'manufacturer',
      value: 'Siemens',
      protocol: 'ethernet',
      field: 'OUI',
      table: 'oui',
      confidence: 'low',
      firstSeen: T0,
      lastSeen: T0,
      count: 1,
    },
  ],
}

export const ARCHIVE: Device = {
  ...SCANNER,
  id: 'd-0002',
  manufacturer: undefined,
  model: undefined,
  type: 'PACS archive',
  serialNumber: undefined,
  softwareVersion: undefined,
  udi: undefined,
  os: undefined,
  hostname: undefined,
  macs: [],
  ips: ['10.20.2.5'],
  aeTitles: ['ARCHIVE'],
  stations: [],
  roles: ['storage_scp'],
  conflicts: [],
  owner: undefined,
  location: undefined,
  department: undefined,
  criticality: undefined,
  sources: ['dicom'],
  reasons: {},
  evidence: [],
}

const SEEN = { flow: sampleFlow(), start: T0, end: T0 + 2.5 * SECOND, streamOffset: 205, partial: [] }
const KEY = { id: 'a1b2c3d4', requestedBy: 0 as const, callingAeTitle: 'CT_SCANNER', calledAeTitle: 'ARCHIVE' }
const CT_STORAGE = { uid: '1.2.840.10008.5.1.4.1.1.2', name: 'CT Image Storage' }
const EXPLICIT_LE = { uid: '1.2.840.10008.1.2.1', name: 'Explicit VR Little Endian' }

export const ASSOCIATION: DicomAssociation = {
  ...SEEN,
  kind: 'dicom-association',
  association: KEY,
  result: 'accepted',
  ending: 'released',
  reject: undefined,
  abort: undefined,
  applicationContext: '1.2.840.10008.3.1.1.1',
  protocolVersion: 1,
  contexts: [
    {
      id: 1,
      abstractSyntax: CT_STORAGE.uid,
      transferSyntaxes: [EXPLICIT_LE.uid],
      result: 0,
      acceptedTransferSyntax: EXPLICIT_LE.uid,
      roleSelection: undefined,
    },
    {
      id: 3,
      abstractSyntax: '1.2.840.10008.1.1',
      transferSyntaxes: [EXPLICIT_LE.uid],
      result: 3,
      acceptedTransferSyntax: undefined,
      roleSelection: undefined,
    },
  ],
  requestor: { classUid: '1.3.12.2.1107.5.9', version: 'SIEMENS_S7VA50', maxPduBytes: 32768 },
  acceptor: { classUid: '1.2.276.0.7230010.3.0.3.6.7', version: 'OFFIS_DCMTK_367', maxPduBytes: 0 },
  asyncWindow: undefined,
  extendedNegotiation: [],
  userIdentity: { type: 'username_passcode', responseRequested: false, answered: false },
  unknownItems: [],
  operations: { echo: 0, store: 12 },
  statuses: { success: 12 },
  responseTimes: { mean: 12_000, longest: 85_000 },
  usedSopClasses: [CT_STORAGE],
  studies: 1,
  pixelBytes: 6_291_456,
  violations: [],
  outcome: 'success',
}

export const REJECTED: DicomAssociation = {
  ...ASSOCIATION,
  association: { ...KEY, id: 'a1b2c3d5' },
  result: 'rejected',
  ending: undefined,
  reject: { result: 'rejected_permanent', source: 'dicom_ul_service_user', reason: 'called_ae_title_not_recognized' },
  acceptor: { classUid: undefined, version: undefined, maxPduBytes: undefined },
  contexts: ASSOCIATION.contexts.map(context => ({ ...context, result: undefined, acceptedTransferSyntax: undefined })),
  userIdentity: undefined,
  operations: {},
  usedSopClasses: [],
  studies: 0,
  pixelBytes: 0,
  outcome: 'failure',
}

const MIDSTREAM: DicomAssociation = {
  ...REJECTED,
  association: { id: 'a1b2c3d6', requestedBy: 0, callingAeTitle: undefined, calledAeTitle: undefined },
  result: 'unknown',
  ending: 'aborted',
  reject: undefined,
  abort: { source: 'service_provider', reason: 'unexpected_pdu' },
  contexts: [],
  requestor: { classUid: undefined, version: undefined, maxPduBytes: undefined },
  operations: { store: 3 },
  violations: ['pdu_exceeds_maximum'],
  partial: ['midstream', 'one_sided'],
  outcome: 'unknown',
}

export const FIND: DicomOperation = {
  ...SEEN,
  kind: 'dicom-operation',
  association: KEY,
  operation: 'C-FIND',
  direction: 0,
  messageId: 4,
  priority: 'medium',
  sopClass: { uid: '1.2.840.10008.5.1.4.1.2.2.1', name: 'Study Root Query/Retrieve Information Model - FIND' },
  transferSyntax: EXPLICIT_LE,
  status: { code: '0x0000', class: 'success' },
  responses: 13,
  statuses: { pending: 12, success: 1 },
  cancelled: false,
  query: {
    level: 'STUDY',
    model: 'study_root',
    keys: ['PatientName', 'StudyDate'],
    matchingKeys: ['StudyDate'],
    wildcard: false,
    universal: false,
  },
  moveDestination: undefined,
  subOperations: undefined,
  modalities: [],
  violations: [],
  outcome: 'success',
}

export const MOVE: DicomOperation = {
  ...FIND,
  operation: 'C-MOVE',
  messageId: 5,
  query: undefined,
  moveDestination: 'WS_3',
  subOperations: { completed: 40, failed: 1, warning: 0, remaining: undefined },
  modalities: ['CT', 'SR'],
  streamOffset: 900,
}

export const REFUSED_MOVE: DicomOperation = {
  ...MOVE,
  messageId: 6,
  streamOffset: 1300,
  status: { code: '0xA801', class: 'failure' },
  subOperations: undefined,
  outcome: 'failure',
}

export const EVENT_REPORT: DicomOperation = {
  ...FIND,
  operation: 'N-EVENT-REPORT',
  direction: 1,
  query: undefined,
  sopClass: { uid: '1.2.840.10008.1.20.1', name: 'Storage Commitment Push Model SOP Class' },
  responses: 0,
  status: undefined,
  priority: undefined,
  outcome: 'unknown',
}

export const STORE: DicomStore = {
  ...SEEN,
  kind: 'dicom-store',
  association: KEY,
  direction: 0,
  sopClass: CT_STORAGE,
  transferSyntaxes: [EXPLICIT_LE],
  instances: 12,
  failed: 0,
  studies: 1,
  series: 2,
  pixelBytes: 6_291_456,
  modalities: ['CT'],
  status: { code: '0x0000', class: 'success' },
  statuses: { success: 12 },
  responseTimes: { mean: 12_000, longest: 85_000 },
  outcome: 'success',
}

export const MESSAGE: Hl7Message = {
  ...SEEN,
  flow: sampleFlow({ serverPort: 6661, serverAddress: '10.20.2.9' }),
  kind: 'hl7-message',
  direction: 0,
  type: 'ORU',
  trigger: 'R01',
  structure: 'ORU_R01',
  controlId: '59689',
  processingId: 'P',
  version: '2.6',
  characterSet: 'UNICODE UTF-8',
  profiles: ['IHE_PCD_001'],
  sending: { application: 'MINDRAY_EGATEWAY^00A037009A00DE5A^EUI-64', facility: 'ICU' },
  receiving: { application: 'ENGINE', facility: undefined },
  ack: { code: 'AA', mode: 'application', errorCode: undefined, controlId: '59689' },
  responseTime: 4200,
  segmentNames: ['MSH', 'PID', 'OBR', 'OBX'],
  segmentCount: 21,
  results: 18,
  bytes: 2411,
  deviceObservation: true,
  transaction: 'PCD-01',
  continuation: undefined,
  batchMessages: undefined,
  identifiers: { patients: [], placerOrders: [], fillerOrders: [], accessions: [] },
  framingDeviations: ['lf_delimiters'],
  violations: [],
  outcome: 'success',
}

export const UNANSWERED: Hl7Message = {
  ...MESSAGE,
  streamOffset: 3000,
  type: 'ADT',
  trigger: undefined,
  structure: undefined,
  controlId: undefined,
  profiles: [],
  sending: { application: undefined, facility: undefined },
  receiving: { application: undefined, facility: undefined },
  ack: undefined,
  responseTime: undefined,
  framingDeviations: [],
  results: 0,
  outcome: 'failure',
}

const REFUSED_MESSAGE: Hl7Message = {
  ...MESSAGE,
  streamOffset: 6000,
  direction: 1,
  type: 'QBP',
  trigger: 'Q22',
  ack: { code: 'AR', mode: 'application', errorCode: '203', controlId: '59689' },
  outcome: 'failure',
}

const QUERY_MESSAGE: Hl7Message = { ...REFUSED_MESSAGE, streamOffset: 6500, direction: 0, ack: MESSAGE.ack, outcome: 'success' }

export const OBSERVATIONS: Hl7Observations = {
  ...SEEN,
  end: T0 + 60 * SECOND,
  kind: 'hl7-observations',
  type: 'ORU',
  trigger: 'R01',
  transaction: 'PCD-01',
  version: '2.6',
  sending: MESSAGE.sending,
  receiving: MESSAGE.receiving,
  ackCode: 'AA',
  messages: 60,
  results: 1080,
  bytes: 144_660,
  outcome: 'success',
}

export const SEARCH: DicomWebRequest = {
  ...SEEN,
  flow: sampleFlow({ serverPort: 8042 }),
  kind: 'dicomweb-request',
  direction: 0,
  http: {
    method: 'GET',
    version: '1.1',
    host: 'pacs.hospital.example',
    userAgent: 'viewer/1.0',
    authentication: 'none',
    requestType: undefined,
    responseType: 'application/dicom+json',
    status: 200,
    requestBytes: 0,
    responseBytes: 4096,
  },
  service: 'qido_rs',
  level: undefined,
  representation: undefined,
  query: { level: 'STUDY', model: undefined, keys: ['PatientName'], matchingKeys: ['PatientName'], wildcard: true, universal: false },
  results: 12,
  requests: 1,
  instances: 0,
  parts: 0,
  root: 'r-1',
  study: undefined,
  studies: 0,
  violations: [],
  outcome: 'success',
}

export const RETRIEVALS: DicomWebRequest = {
  ...SEARCH,
  streamOffset: 700,
  service: 'wado_rs',
  level: 'frame',
  representation: 'rendered',
  query: undefined,
  results: undefined,
  requests: 240,
  parts: 240,
  studies: 2,
}

export const WEB_STORE: DicomWebRequest = {
  ...RETRIEVALS,
  streamOffset: 1400,
  http: { ...SEARCH.http, method: 'POST', requestType: 'multipart/related', requestBytes: 6_000_000 },
  service: 'stow_rs',
  level: undefined,
  representation: undefined,
  requests: 1,
  instances: 12,
  parts: 0,
  studies: 0,
  violations: ['executable_preamble'],
}

export const WEB_DENIED: DicomWebRequest = {
  ...SEARCH,
  streamOffset: 2100,
  http: { ...SEARCH.http, authentication: 'basic', status: 401, responseType: undefined, responseBytes: 0 },
  results: undefined,
  outcome: 'failure',
}

export const WEB_RESPONSE: DicomWebRequest = {
  ...SEARCH,
  streamOffset: 2800,
  http: { ...SEARCH.http, method: undefined, host: undefined, userAgent: undefined, authentication: undefined },
  service: undefined,
  query: undefined,
  results: undefined,
  partial: ['one_sided'],
}

export const FHIR_SEARCH: FhirInteraction = {
  ...SEEN,
  flow: sampleFlow({ serverPort: 8080, serverAddress: '10.20.2.9' }),
  kind: 'fhir-interaction',
  direction: 0,
  http: { ...SEARCH.http, host: '10.20.2.9', responseType: 'application/fhir+json', authentication: 'bearer' },
  interaction: 'search-type',
  resourceType: 'Patient',
  operation: undefined,
  searchParameters: ['family', 'birthdate'],
  version: '4.0',
  violations: [],
  outcome: 'success',
}

export const FHIR_OPERATION: FhirInteraction = {
  ...FHIR_SEARCH,
  streamOffset: 900,
  http: { ...FHIR_SEARCH.http, status: undefined },
  interaction: 'operation',
  operation: '$everything',
  searchParameters: [],
  version: undefined,
  outcome: 'unknown',
  partial: ['one_sided'],
}

export const TLS: TlsHandshake = {
  ...SEEN,
  kind: 'tls-handshake',
  version: '1.2',
  serverName: 'pacs.hospital.example',
  applicationProtocols: ['http/1.1'],
  cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  ja4: 't12d1312h1_b2b2b2b2b2b2_c3c3c3c3c3c3',
  resumed: false,
  established: true,
  clientCertificateRequested: true,
  clientCertificatePresented: false,
  certificate: {
    subject: 'CN=pacs.hospital.example',
    issuer: 'CN=Hospital CA',
    notBefore: T0 - 86_400 * SECOND,
    notAfter: T0 + 86_400 * SECOND,
    publicKeyAlgorithm: 'RSA',
    publicKeyBits: 2048,
    serialNumber: '0A1B',
    selfSigned: false,
  },
}

export const FLOW: FlowEnded = { ...SEEN, kind: 'flow-ended', application: 'dicom', flowEnd: 'closed', tls: undefined }
export const TLS_FLOW: FlowEnded = {
  ...FLOW,
  flow: sampleFlow({ clientPort: 50113, serverPort: 443, serverAddress: '203.0.113.7', vlanIds: [120, 7] }),
  application: undefined,
  flowEnd: 'reset',
  tls: TLS,
}
export const IPV6_FLOW: FlowEnded = {
  ...FLOW,
  flow: sampleFlow({
    ipVersion: 6,
    transport: 'udp',
    protocolNumber: 17,
    clientAddress: '2001:db8::11',
    serverAddress: 'fd00::5',
    clientMac: undefined,
    serverMac: undefined,
    vlanIds: [],
    interfaceIndex: 9,
    packetsFromServer: 0,
  }),
  application: undefined,
  flowEnd: 'timed_out',
}

export const ALERT: Alert = {
  rule: {
    id: 'dcm-move-new-dest',
    name: 'C-MOVE to a new destination',
    category: 'dicom',
    version: '1',
    severity: 'high',
    reference: 'https://attack.mitre.org/techniques/T1020/',
    enterprise: [
      { id: 'T1020', name: 'Automated Exfiltration', tactic: { id: 'TA0010', name: 'Exfiltration' } },
      { id: 'T1110.001', name: 'Password Guessing', tactic: { id: 'TA0006', name: 'Credential Access' } },
    ],
    ics: [{ id: 'T0882', name: 'Theft of Operational Information' }],
    nextSteps: ['Ask who asked for it', 'Check the destination'],
  },
  key: 'ARCHIVE WS_3',
  action: 'alert-raised',
  severity: 'high',
  confidence: 'medium',
  message: 'CT_SCANNER asked ARCHIVE to send studies to WS_3, never seen before',
  evidence: ['C-MOVE to WS_3', 'no earlier move to it'],
  count: 1,
  firstSeen: T0,
  lastSeen: T0 + SECOND,
  flow: sampleFlow(),
  streamOffset: 900,
  captureFilter: 'host 10.20.1.11 and tcp port 11112',
  fields: {
    'dicom.calling_ae_title': 'CT_SCANNER',
    'dicom.called_ae_title': 'ARCHIVE',
    'dicom.modality': 'CT',
    'dicom.move.destination_ae_title': 'WS_3',
    'no.such.field': 'x',
  },
  denied: false,
}

export const UPDATED_ALERT: Alert = {
  ...ALERT,
  rule: { ...ALERT.rule, id: 'net-scan', category: 'network', enterprise: [], ics: [], reference: '', nextSteps: [] },
  action: 'alert-updated',
  severity: 'critical',
  count: 31,
  lastSeen: T0 + 9 * SECOND,
  fields: {},
  evidence: [],
  denied: true,
}

const DISCOVERED: InventoryChange = { kind: 'device-discovered', device: SCANNER, time: T0 }
const BARE_DISCOVERED: InventoryChange = { kind: 'device-discovered', device: ARCHIVE, time: T0 }
export const CHANGED: InventoryChange = {
  kind: 'device-changed',
  device: SCANNER,
  time: T0,
  attribute: 'software_version',
  before: 'VA40A',
  after: 'VA50A',
  reason: '(0018,1020) of a stored instance',
}

const IDENTIFIED: InventoryChange = {
  kind: 'device-merged',
  device: SCANNER,
  time: T0,
  attribute: 'id',
  before: 'dev-0123456789abcdef',
  after: SCANNER.id,
  reason: 'both are Siemens Healthineers SOMATOM Force 75123',
}
const SPLIT: InventoryChange = { ...IDENTIFIED, kind: 'device-split', attribute: 'ips', before: '10.1.0.1, 10.2.0.1', after: '10.1.0.1' }
const SILENT: InventoryChange = { ...IDENTIFIED, kind: 'device-silent', attribute: 'presence', before: 'seen', after: 'silent' }
const RETURNED: InventoryChange = { ...IDENTIFIED, kind: 'device-returned', attribute: 'presence', before: 'silent', after: 'seen' }
export const SNAPSHOT: InventoryChange = { kind: 'device-snapshot', device: SCANNER, time: T0 }

const FIGURES = {
  packets: 1000,
  bytes: 900_000,
  dropped: 0,
  inferredLost: 1460,
  decodeErrors: 1,
  encryptedShare: 0.25,
  flows: 12,
  devices: 4,
  queueEvents: 3,
  queueBytes: 4096,
  queueLost: 0,
}
const OUTPUT = {
  name: 'siem',
  type: 'elasticsearch',
  delivered: 100,
  retried: 2,
  rejected: 0,
  deadLettered: 0,
  lagMs: 12.5,
  queued: 3,
  lastError: undefined,
}

const REPORTS: readonly HealthReport[] = [
  { kind: 'sensor-started', time: T0 },
  { kind: 'sensor-stopped', time: T0 + SECOND, reason: 'end of input', since: T0, figures: FIGURES },
  { kind: 'sensor-health', time: T0 + 60 * SECOND, since: T0, figures: { ...FIGURES, dropped: undefined, encryptedShare: undefined } },
  { kind: 'output-health', time: T0 + 60 * SECOND, since: T0, output: OUTPUT },
  {
    kind: 'output-health',
    time: T0 + 60 * SECOND,
    since: T0,
    output: { ...OUTPUT, name: 'other', rejected: 3, lagMs: undefined, lastError: 'HTTP 400' },
  },
  { kind: 'visibility-lost', time: T0, interface: 'eth1', reason: 'no packets for 60 s' },
  { kind: 'visibility-restored', time: T0 + SECOND, interface: 'eth1', reason: 'packets again' },
]

export const OBSERVED: readonly Observation[] = [
  ASSOCIATION,
  REJECTED,
  { ...REJECTED, association: { ...KEY, id: 'a1b2c3d7' }, result: 'unanswered', reject: undefined },
  MIDSTREAM,
  FIND,
  {
    ...FIND,
    messageId: 9,
    status: undefined,
    cancelled: true,
    query: undefined,
    sopClass: undefined,
    transferSyntax: undefined,
    outcome: 'unknown',
  },
  MOVE,
  REFUSED_MOVE,
  { ...MOVE, operation: 'C-GET', moveDestination: undefined },
  { ...EVENT_REPORT, operation: 'N-CREATE', direction: 0 },
  EVENT_REPORT,
  STORE,
  {
    ...STORE,
    direction: 1,
    sopClass: { uid: '1.2.3', name: '1.2.3' },
    failed: 2,
    status: { code: '0xA700', class: 'failure' },
    transferSyntaxes: [],
    modalities: [],
    outcome: 'failure',
  },
  MESSAGE,
  UNANSWERED,
  REFUSED_MESSAGE,
  QUERY_MESSAGE,
  OBSERVATIONS,
  SEARCH,
  RETRIEVALS,
  WEB_STORE,
  WEB_DENIED,
  WEB_RESPONSE,
  { ...RETRIEVALS, streamOffset: 3500, service: 'delete', level: 'study', requests: 1, representation: undefined },
  FHIR_SEARCH,
  FHIR_OPERATION,
  { ...FHIR_SEARCH, streamOffset: 1500, interaction: undefined, resourceType: undefined, searchParameters: [], version: undefined },
  { ...FHIR_SEARCH, streamOffset: 2000, interaction: 'delete', http: { ...FHIR_SEARCH.http, status: 403 }, outcome: 'failure' },
  FLOW,
  TLS_FLOW,
  IPV6_FLOW,
]

export function sampleNormalizer(overrides: Partial<NormalizerOptions> = {}): Normalizer {
  return new Normalizer({
    sensorId: 'sensor-1',
    sensorName: 'ward-3',
    hostname: 'sensor01',
    version: '0.1.0',
    interfaces: () => ['eth1'],
    deviceAt: address => [SCANNER, ARCHIVE].find(device => device.ips.includes(address)),
    now: packetTime => packetTime,
    patients: 'omit',
    strict: true,
    ...overrides,
  })
}

/** An event of every dataset and variant that the sensor makes today. */
export function sampleEvents(normalizer = sampleNormalizer()): readonly WardwireEvent[] {
  return [
    ...OBSERVED.map(observation => normalizer.observation(observation)).filter(event => event !== undefined),
    normalizer.alert(ALERT),
    normalizer.alert(UPDATED_ALERT),
    normalizer.asset(DISCOVERED),
    normalizer.asset(BARE_DISCOVERED),
    normalizer.asset(CHANGED),
    normalizer.asset(IDENTIFIED),
    normalizer.asset(SPLIT),
    normalizer.asset(SILENT),
    normalizer.asset(RETURNED),
    normalizer.asset(SNAPSHOT),
    ...REPORTS.map(report => normalizer.health(report)),
  ]
}
