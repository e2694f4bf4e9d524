import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import type { Flow } from '../../src/net/flow.ts'
import { leaves } from '../../src/normalize/catalogue.ts'
import { encodeEvent } from '../../src/normalize/ecs.ts'
import { DATASETS, type EcsDocument, type WardwireEvent } from '../../src/normalize/event.ts'
import {
  ALERT,
  ARCHIVE,
  ASSOCIATION,
  CHANGED,
  EVENT_REPORT,
  FIND,
  FLOW,
  IPV6_FLOW,
  MESSAGE,
  MOVE,
  OBSERVATIONS,
  OBSERVED,
  REFUSED_MOVE,
  REJECTED,
  SCANNER,
  SNAPSHOT,
  STORE,
  sampleEvents,
  sampleFlow,
  sampleNormalizer,
  T0,
  TLS,
  TLS_FLOW,
  UNANSWERED,
  UPDATED_ALERT,
} from './samples.ts'

interface EcsField {
  readonly type: string
  readonly normalize: readonly string[]
  readonly pattern?: string
  readonly allowed_values?: readonly { readonly name: string; readonly expected_event_types?: readonly string[] }[]
}

const ecs = createRequire(import.meta.url)('@elastic/ecs') as { EcsVersion: string; EcsFlat: Readonly<Record<string, EcsField>> }
const OUR_NAMESPACES = /^(dicom|hl7|wardwire)\./

/** Fields whose values ECS fixes in words only. */
const DIRECTIONS = ['internal', 'inbound', 'outbound', 'external', 'unknown']

function at(document: EcsDocument, name: string): unknown {
  return new Map(leaves(document)).get(name)
}

function allowedValues(field: string): readonly string[] {
  return (ecs.EcsFlat[field].allowed_values ?? []).map(({ name }) => name)
}

const events = sampleEvents()
const named: readonly (readonly [string, WardwireEvent])[] = events.map((event, index) => [
  `${index} ${at(event.document, 'event.action')}`,
  event,
])

describe('every event', () => {
  test('the samples cover every dataset that the sensor makes', () => {
    const made = new Set(events.map(event => event.dataset))
    expect([...made].sort()).toEqual(DATASETS.filter(dataset => dataset !== 'wardwire.vulnerability').toSorted())
  })

  test.each(named)('%s: its fields are those of ECS, in type and array-ness', (_, { document }) => {
    for (const [name, value] of leaves(document)) {
      if (OUR_NAMESPACES.test(name)) continue
      const field = ecs.EcsFlat[name]
      expect(field, name).toBeDefined()
      expect(Array.isArray(value), name).toBe(field.normalize.includes('array'))
      for (const item of Array.isArray(value) ? value : [value]) {
        expect(typeof item, name).toBe(jsonType(field.type))
        if (field.pattern !== undefined) expect(item).toMatch(new RegExp(field.pattern))
        if (allowedValues(name).length > 0) expect(allowedValues(name)).toContain(item)
      }
    }
  })

  test.each(named)('%s: every event.type is expected by one of its categories', (_, { document }) => {
    const categories = at(document, 'event.category') as readonly string[]
    const expected = categories.flatMap(
      category => ecs.EcsFlat['event.category'].allowed_values?.find(({ name }) => name === category)?.expected_event_types ?? [],
    )
    for (const type of at(document, 'event.type') as readonly string[]) expect(expected).toContain(type)
  })

  test.each(named)('%s: it says what all events say', (_, { id, dataset, document }) => {
    const required = ['@timestamp', 'message', 'ecs.version', 'observer.name', 'observer.hostname', 'observer.version']
    const ofEvent = ['id', 'kind', 'category', 'type', 'action', 'outcome', 'module', 'dataset', 'created', 'sequence']
    for (const name of [...required, ...ofEvent.map(part => `event.${part}`)]) expect(at(document, name), name).toBeDefined()
    expect(at(document, 'event.id')).toBe(id)
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(at(document, 'event.dataset')).toBe(dataset)
    expect(at(document, 'ecs.version')).toBe(ecs.EcsVersion)
    expect(at(document, 'observer.type')).toBe('sensor')
    expect(at(document, '@timestamp')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  })

  test.each(named)('%s: it holds nothing empty', (_, event) => {
    expect(emptyParts(JSON.parse(encodeEvent(event).json), '')).toEqual([])
  })

  test('network events say both ends, as source and destination and as client and server', () => {
    const network = events.filter(event => at(event.document, 'network.type') !== undefined)
    expect(network.length).toBeGreaterThan(OBSERVED.length)
    for (const { document } of network) {
      for (const side of ['source', 'destination', 'client', 'server'])
        for (const part of ['address', 'ip', 'port']) expect(at(document, `${side}.${part}`), `${side}.${part}`).toBeDefined()
      expect(at(document, 'related.ip')).toEqual(expect.arrayContaining([at(document, 'client.ip'), at(document, 'server.ip')]))
      expect(DIRECTIONS).toContain(at(document, 'network.direction'))
    }
  })

  test.each(named)('%s: it is encoded as JSON', (_, event) => {
    expect(encodeEvent(event).json).toBe(JSON.stringify(event.document))
    expect(encodeEvent(event).json).toBe(JSON.stringify(event.document))
  })

  test('keys come in one order', () => {
    const order = Object.keys(events[0].document)
    for (const { document } of events) {
      const keys = Object.keys(document).filter(key => order.includes(key))
      expect(keys).toEqual(order.filter(key => keys.includes(key)))
    }
  })
})

describe('event ids', () => {
  test('the same input gives the same events, byte for byte', () => {
    const again = sampleEvents(sampleNormalizer())
    expect(again.map(event => encodeEvent(event))).toEqual(events.map(event => encodeEvent(event)))
  })

  test('different events have different ids', () => {
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  })

  const id = (change: object) => sampleNormalizer().observation({ ...MESSAGE, ...change })?.id
  test.each([
    ['time', { start: T0 + 1 }],
    ['place in the stream', { streamOffset: 206 }],
    ['control id', { controlId: '59690' }],
    ['direction', { direction: 1 }],
    ['flow', { flow: sampleFlow({ clientPort: 50113 }) }],
    ['VLAN', { flow: sampleFlow({ ...MESSAGE.flow, vlanIds: [121] }) }],
  ])('another %s is another event', (_, change) => {
    expect(id(change)).not.toBe(id({}))
  })

  test('what is learned later does not change the id', () => {
    expect(id({ end: T0 + 9, outcome: 'failure', ack: undefined })).toBe(id({}))
    expect(sampleNormalizer({ deviceAt: () => undefined }).observation(MESSAGE)?.id).toBe(id({}))
  })

  test('another sensor gives other ids', () => {
    expect(sampleNormalizer({ sensorId: 'sensor-2' }).observation(MESSAGE)?.id).not.toBe(id({}))
  })

  test('an alert keeps its alert id over its updates, and each update has its own event id', () => {
    const normalizer = sampleNormalizer()
    const raised = normalizer.alert(ALERT)
    const updated = normalizer.alert({ ...ALERT, action: 'alert-updated', count: 2, lastSeen: ALERT.lastSeen + 1 })
    expect(at(updated.document, 'wardwire.alert.id')).toBe(at(raised.document, 'wardwire.alert.id'))
    expect(updated.id).not.toBe(raised.id)
  })
})

test('what a flow or a device shows later is in the next event', () => {
  const flow: { -readonly [Key in keyof Flow]: Flow[Key] } = { ...MESSAGE.flow, serverMac: undefined }
  let device = { ...SCANNER, hostname: 'old' }
  const normalizer = sampleNormalizer({ deviceAt: address => (address === flow.clientAddress ? device : undefined) })
  const encoded = () => JSON.parse(encodeEvent(normalizer.observation({ ...MESSAGE, flow })!).json)
  expect(encoded()).toMatchObject({ source: { domain: 'old' }, host: { hostname: 'old' } })
  expect(encoded().destination.mac).toBeUndefined()
  flow.serverMac = '00-50-56-AA-BB-CC'
  device = { ...device, hostname: 'new' }
  expect(encoded()).toMatchObject({ source: { domain: 'new' }, host: { hostname: 'new' }, destination: { mac: '00-50-56-AA-BB-CC' } })
})

describe('times', () => {
  test('@timestamp is packet time in microseconds, and created is now', () => {
    const normalizer = sampleNormalizer({ now: time => time + 1_500_000 })
    const document = normalizer.observation({ ...MESSAGE, end: T0 + 123_456 })?.document ?? {}
    expect(at(document, '@timestamp')).toBe('2026-03-01T08:00:00.123456Z')
    expect(at(document, 'event.created')).toBe('2026-03-01T08:00:01.623456Z')
  })

  test('an encoded event carries its packet time in µs', () => {
    const event = sampleNormalizer().observation({ ...MESSAGE, end: T0 + 123_456.25 })
    expect(event && encodeEvent(event).time).toBe(T0 + 123_456)
  })

  test.each([0, -5, Number.NaN, Number.POSITIVE_INFINITY, 1e20])('a capture with time %d gives a valid event', time => {
    const event = sampleNormalizer().observation({ ...MESSAGE, start: time, end: time })
    expect(event && at(event.document, '@timestamp')).toMatch(/^\d{4}-\d\d-\d\dT/)
    expect(event && at(event.document, 'event.start')).toBeUndefined()
  })
})

describe('DICOM', () => {
  const of = (observation: (typeof OBSERVED)[number]) => sampleNormalizer().observation(observation)?.document ?? {}

  test('an association tells contexts, operations and both implementations', () => {
    expect(of(ASSOCIATION)).toMatchObject({
      message: 'CT_SCANNER had a DICOM association with ARCHIVE: 12 C-STORE, released',
      event: { action: 'dicom-association', outcome: 'success', duration: 2_500_000_000 },
      network: { protocol: 'dicom', direction: 'internal', bytes: 6_004_200, packets: 200, vlan: { id: '120' } },
      dicom: {
        association: { id: 'a1b2c3d4', result: 'accepted', end: 'released' },
        presentation_context: { proposed: 2, accepted: 1, rejected: 1 },
        operations: { store: 12 },
        requestor: { implementation: { version: 'SIEMENS_S7VA50' }, max_pdu_bytes: 32768 },
        acceptor: { max_pdu_bytes: 0 },
        user_identity: { type: 'username_passcode', response_requested: false },
      },
      host: { id: 'd-0001', name: 'ct-01' },
    })
  })

  test('of a flow behind a load balancer, whom that one speaks for is told too', () => {
    const flow = sampleFlow({ ...ASSOCIATION.flow, forwardedFor: '192.0.2.7' })
    const document = of({ ...ASSOCIATION, flow })
    expect(document).toMatchObject({ network: { forwarded_ip: '192.0.2.7' }, client: { ip: flow.clientAddress } })
    expect(at(document, 'related.ip')).toEqual([flow.clientAddress, flow.serverAddress, '192.0.2.7'])
  })

  test('an association tells what was negotiated beside its contexts, and nothing where nothing was', () => {
    const [first, ...others] = ASSOCIATION.contexts
    const negotiated: typeof ASSOCIATION = {
      ...ASSOCIATION,
      contexts: [{ ...first, roleSelection: { scu: true, scp: true } }, ...others],
      asyncWindow: { invoked: 4, performed: 1 },
      extendedNegotiation: ['1.2.840.10008.5.1.4.1.2.2.1', '1.2.840.10008.5.1.4.1.2.2.1'],
      unknownItems: [{ type: 0x5a, length: 12 }],
    }
    expect(of(negotiated)['dicom']).toMatchObject({
      async_window: { invoked: 4, performed: 1 },
      role_selection: { proposed: 1, accepted: 0 },
      extended_negotiation: { uid: ['1.2.840.10008.5.1.4.1.2.2.1'] },
      unknown_items: ['0x5A'],
    })
    expect(JSON.stringify(of(ASSOCIATION))).not.toMatch(/async_window|role_selection|extended_negotiation|unknown_items/)
  })

  test('a rejected association is denied', () => {
    expect(of(REJECTED)).toMatchObject({
      message: 'ARCHIVE rejected the DICOM association of CT_SCANNER: called AE title not recognized',
      event: { type: ['protocol', 'connection', 'denied'], outcome: 'failure' },
      dicom: { association: { result: 'rejected', reject: { reason: 'called_ae_title_not_recognized' } } },
    })
  })

  test.each([
    [FIND, 'dicom-find'],
    [MOVE, 'dicom-move'],
    [{ ...FIND, operation: 'C-GET' }, 'dicom-get'],
    [STORE, 'dicom-store'],
    [EVENT_REPORT, 'dicom-n-event-report'],
    [{ ...EVENT_REPORT, operation: 'N-ACTION' }, 'dicom-n-action'],
    [{ ...EVENT_REPORT, operation: 'N-CREATE' }, 'dicom-n-create'],
    [{ ...EVENT_REPORT, operation: 'N-DELETE' }, 'dicom-n-delete'],
    [{ ...EVENT_REPORT, operation: 'N-GET' }, 'dicom-n-get'],
    [{ ...EVENT_REPORT, operation: 'N-SET' }, 'dicom-n-set'],
  ])('the action of operation %# is %s', (observation, action) => {
    expect(at(of(observation), 'event.action')).toBe(action)
  })

  test('a query tells the keys, never a value', () => {
    expect(of(FIND)).toMatchObject({
      event: { type: ['protocol', 'access'] },
      dicom: { query: { level: 'STUDY', model: 'study_root', matching_keys: ['StudyDate'], universal: false }, responses: 13 },
    })
  })

  test('a refused move is denied, with its status', () => {
    expect(of(REFUSED_MOVE)).toMatchObject({
      message: 'CT_SCANNER asked ARCHIVE to send instances to WS_3, failed with status 0xA801',
      event: { type: ['protocol', 'denied'] },
      dicom: { move: { destination_ae_title: 'WS_3' }, status: { code: '0xA801', class: 'failure' } },
    })
  })

  test('stores of a class are one event', () => {
    expect(of(STORE)).toMatchObject({
      message: 'CT_SCANNER stored 12 CT Image Storage instances to ARCHIVE',
      dicom: { store: { instances: 12, failed: 0, studies: 1, series: 2, pixel_bytes: 6_291_456 }, operation: 'C-STORE', modality: ['CT'] },
    })
  })

  test('the sender of a request is the source, whoever opened the connection', () => {
    expect(of(EVENT_REPORT)).toMatchObject({
      source: { ip: '10.20.2.5' },
      destination: { ip: '10.20.1.11' },
      client: { ip: '10.20.1.11' },
      server: { ip: '10.20.2.5' },
      wardwire: { source: { device: { id: 'd-0002' } }, destination: { device: { id: 'd-0001' } } },
    })
  })
})

describe('HL7', () => {
  const of = (observation: (typeof OBSERVED)[number]) => sampleNormalizer().observation(observation)?.document ?? {}

  test('the time to the acknowledgment is the duration', () => {
    expect(of(MESSAGE)).toMatchObject({
      event: { action: 'hl7-message', duration: 4_200_000, outcome: 'success' },
      hl7: { message: { type: 'ORU', control_id: '59689' }, ack: { code: 'AA', mode: 'application' }, segment: { count: 21 } },
    })
  })

  test('a message without an answer says so, and claims no duration', () => {
    const document = of(UNANSWERED)
    expect(document).toMatchObject({ event: { outcome: 'failure' }, hl7: { ack: { code: 'none' } } })
    expect(at(document, 'event.duration')).toBeUndefined()
  })

  test('a rejected message is denied', () => {
    const document = of({ ...MESSAGE, ack: { code: 'AR', mode: 'application', errorCode: '200', controlId: '1' } })
    expect(at(document, 'event.type')).toEqual(['protocol', 'info', 'denied'])
    expect(at(document, 'hl7.ack.error_code')).toBe('200')
  })

  test('a roll-up counts messages and results', () => {
    expect(of(OBSERVATIONS)).toMatchObject({
      event: { action: 'hl7-observations' },
      hl7: { observations: { messages: 60, results: 1080 } },
    })
  })
})

describe('flows', () => {
  const of = (observation: (typeof OBSERVED)[number]) => sampleNormalizer().observation(observation)?.document ?? {}

  test('a flow carries its counters', () => {
    expect(of(FLOW)).toMatchObject({
      source: { bytes: 6_000_000, packets: 120 },
      destination: { bytes: 4200, packets: 80 },
      network: { bytes: 6_004_200, packets: 200 },
      event: { outcome: 'success' },
    })
  })

  test('a flow to outside carries what TLS showed', () => {
    expect(of(TLS_FLOW)).toMatchObject({
      event: { outcome: 'failure' },
      network: { direction: 'outbound', protocol: 'tls', vlan: { id: '120' }, inner: { vlan: { id: '7' } } },
      tls: { version: '1.2', client: { server_name: 'pacs.hospital.example' }, server: { subject: 'CN=pacs.hospital.example' } },
      related: { hosts: ['CT-01', 'pacs.hospital.example'] },
      wardwire: { tls: { client_ja4: TLS.ja4, client_certificate_requested: true } },
    })
  })

  test('a flow whose bytes were sent in two versions says so, and no other one', () => {
    const disputed = { ...FLOW, flow: { ...FLOW.flow, overlapConflicts: 2 } }
    expect(at(of(disputed), 'wardwire.flow.overlap_conflicts')).toBe(2)
    expect(at(of(FLOW), 'wardwire.flow.overlap_conflicts')).toBeUndefined()
  })

  test('an unanswered flow has no outcome, and an interface without name is left out', () => {
    const document = of(IPV6_FLOW)
    expect(document).toMatchObject({ event: { outcome: 'unknown' }, network: { type: 'ipv6', transport: 'udp', direction: 'inbound' } })
    expect(at(document, 'observer.ingress.interface.name')).toBeUndefined()
    expect(at(document, 'source.mac')).toBeUndefined()
  })

  test.each([
    ['10.0.0.1', '192.168.1.1', 'internal'],
    ['172.31.255.1', '172.32.0.1', 'outbound'],
    ['8.8.8.8', '169.254.1.1', 'inbound'],
    ['8.8.8.8', '9.9.9.9', 'external'],
    ['fe80::1', 'ff02::fb', 'internal'],
    ['2001:db8::1', '2001:db8::2', 'external'],
    ['::ffff:10.0.0.1', 'fd00::1', 'internal'],
    ['', '10.0.0.1', 'unknown'],
  ])('from %s to %s is %s', (clientAddress, serverAddress, direction) => {
    const flow = sampleFlow({ clientAddress, serverAddress })
    expect(at(sampleNormalizer({ strict: false }).observation({ ...FLOW, flow })?.document ?? {}, 'network.direction')).toBe(direction)
  })

  test('observations for the inventory alone make no event', () => {
    expect(sampleNormalizer().observation(TLS)).toBeUndefined()
    const identity = { ...TLS, kind: 'device-identity', protocol: 'dicom', about: 'client', forwarded: false, facts: [] } as const
    expect(sampleNormalizer().observation(identity)).toBeUndefined()
  })
})

describe('alerts', () => {
  test('an alert carries rule, threat, evidence and the fields of its rule', () => {
    const { document } = sampleNormalizer().alert(ALERT)
    expect(document).toMatchObject({
      event: { kind: 'alert', severity: 73, risk_score: 73, type: ['info'] },
      rule: { id: 'dcm-move-new-dest', category: 'dicom' },
      threat: {
        framework: 'MITRE ATT&CK',
        tactic: { id: ['TA0010', 'TA0006'] },
        technique: { id: ['T1020', 'T1110'], subtechnique: { id: ['T1110.001'] } },
      },
      dicom: { calling_ae_title: 'CT_SCANNER', modality: ['CT'], move: { destination_ae_title: 'WS_3' } },
      wardwire: { attack: { ics: { id: ['T0882'] } }, alert: { count: 1, confidence: 'medium', capture_filter: ALERT.captureFilter } },
      host: { id: ARCHIVE.id },
    })
    expect(JSON.stringify(document)).not.toContain('no.such.field')
  })

  test('an update carries the running count; a denied one says so', () => {
    expect(sampleNormalizer().alert(UPDATED_ALERT).document).toMatchObject({
      event: { action: 'alert-updated', severity: 99, type: ['info', 'denied'], outcome: 'failure' },
      wardwire: { alert: { count: 31 } },
    })
  })
})

describe('assets', () => {
  test('a change says what changed, from what and why', () => {
    expect(sampleNormalizer().asset(CHANGED).document).toMatchObject({
      event: { kind: 'event', category: ['host'], type: ['change'], action: 'device-changed' },
      wardwire: { change: { attribute: 'software_version', before: 'VA40A', after: 'VA50A' }, device: { ae_titles: ['CT_SCANNER'] } },
      host: { id: SCANNER.id, os: { type: 'windows' } },
      entity: { id: SCANNER.id, type: ['host'], sub_type: 'CT' },
    })
  })

  test('the daily state is of kind asset', () => {
    expect(sampleNormalizer().asset(SNAPSHOT).document).toMatchObject({
      event: { kind: 'asset', category: ['host'], type: ['info'], action: 'device-snapshot' },
      device: { id: SCANNER.id },
    })
  })

  test.each([
    ['VxWorks', undefined],
    ['QNX', undefined],
    ['Windows XP Embedded', 'windows'],
    ['Ubuntu', 'linux'],
    ['Cisco IOS', undefined],
    ['iOS', 'ios'],
    ['FreeBSD', 'unix'],
    ['macOS', 'macos'],
  ])('operating system %s is of ECS family %s', (name, family) => {
    const { document } = sampleNormalizer().asset({ ...CHANGED, device: { ...SCANNER, os: { name } } })
    expect(at(document, 'host.os.type')).toBe(family)
  })
})

test('names from the wire put no control characters into messages', () => {
  const association = { ...ASSOCIATION.association, callingAeTitle: 'EVIL\nCEF:0|x\u0000' }
  const document = sampleNormalizer().observation({ ...ASSOCIATION, association })?.document ?? {}
  expect(at(document, 'message')).toBe('EVIL CEF:0|x  had a DICOM association with ARCHIVE: 12 C-STORE, released')
})

test('strict mode throws on a document that the catalogue does not know', () => {
  const priority = 7 as unknown as 'low'
  expect(() => sampleNormalizer({ strict: true }).observation({ ...FIND, priority })).toThrow(/dicom\.priority: wrong type/)
  expect(() => sampleNormalizer({ strict: false }).observation({ ...FIND, priority })).not.toThrow()
})

function jsonType(type: string): string {
  if (type === 'boolean') return 'boolean'
  return ['long', 'float', 'integer', 'scaled_float', 'double'].includes(type) ? 'number' : 'string'
}

/** Names of empty strings, lists, objects and nulls. */
function emptyParts(value: unknown, name: string): string[] {
  if (value === null || value === '') return [name]
  if (typeof value !== 'object') return []
  const entries = Object.entries(value)
  return entries.length === 0 ? [name] : entries.flatMap(([key, part]) => emptyParts(part, `${name}.${key}`))
}
