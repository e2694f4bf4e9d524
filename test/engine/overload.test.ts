import { describe, expect, test } from 'vitest'
import { LinkType } from '../../src/capture/source.ts'
import { sensorMetrics } from '../../src/commands/run.ts'
import type { EcsDocument } from '../../src/normalize/event.ts'
import type { Policy } from '../../src/normalize/visibility.ts'
import { Sensor } from '../../src/sensor.ts'
import { defaultSettings, type Settings } from '../../src/settings.ts'
import { Connection, tcpFrame } from '../bench/frames.ts'
import { valueAt } from '../golden/case.ts'
import { ethernet, ipv4, udp } from '../net/packets.ts'
import { CONTEXTS, findRq, imageElements, STORE, storeRq } from '../protocols/dicom/dialogues.ts'
import { associateAc, associateRq, pData, pdv } from '../protocols/dicom/encode.ts'
import { framed, message } from '../protocols/hl7/conversation.ts'
import { get, head } from '../protocols/http/conversation.ts'
import { clientHello, record } from '../protocols/tls/peers.ts'

const CLIENT = { address: 0x0a_01_00_0a, port: 40_000 }
const SERVER = { address: 0x0a_01_00_14, port: 104 }
const START = 1_700_000_000_000_000

type Seen = Buffer | { readonly frame: Buffer; readonly interfaceIndex: number }

/** A sensor with limits smaller than anybody would configure, and what it made of the frames. */
function watched(
  frames: readonly Seen[],
  { net, protocols, inventory }: { readonly [Part in 'net' | 'protocols' | 'inventory']?: object } = {},
) {
  const base = defaultSettings()
  const settings: Settings = {
    ...base,
    net: { ...base.net, ...net },
    inventory: { ...base.inventory, ...inventory },
    protocols: {
      ...base.protocols,
      dicom: { ...base.protocols.dicom, ...protocols },
      hl7: { ...base.protocols.hl7, ...protocols },
      http: { ...base.protocols.http, ...protocols },
      tls: { ...base.protocols.tls, ...protocols },
    },
  }
  const documents: EcsDocument[] = []
  const sensor = new Sensor({
    settings,
    recorded: true,
    strict: true,
    interfaces: () => ['mirror0', 'mirror1'],
    deliver: events => documents.push(...events.map(({ json }) => JSON.parse(json) as EcsDocument)),
  })
  frames.forEach((seen, index) => {
    const { frame, interfaceIndex } = 'frame' in seen ? seen : { frame: seen, interfaceIndex: 0 }
    const data = Uint8Array.from(frame)
    const view = new DataView(data.buffer)
    const length = { offset: 0, capturedLength: data.length, originalLength: data.length }
    sensor.packet({ data, view, ...length, time: START + index * 20_000, linkType: LinkType.ETHERNET, interfaceIndex })
  })
  sensor.finish()
  const lost = documents.filter(document => valueAt(document, 'event.action') === 'visibility-lost')
  return { sensor, documents, lost }
}

function dicom(...said: readonly Buffer[]): readonly Buffer[] {
  const talk = new Connection(CLIENT, SERVER)
  const contexts = [...CONTEXTS, { ...STORE, id: 7 }]
  return [
    ...talk.opened(),
    ...talk.sent(associateRq({ contexts })),
    ...talk.answered(associateAc({ contexts })),
    ...said.flatMap(bytes => talk.sent(bytes)),
  ]
}

function hl7(...said: readonly string[]): readonly Buffer[] {
  const talk = new Connection(CLIENT, { ...SERVER, port: 2575 })
  return [...talk.opened(), ...said.flatMap(text => talk.sent(Buffer.from(text)))]
}

/** Requests, then what the server says. */
function http(asked: string, answered = ''): readonly Buffer[] {
  const talk = new Connection(CLIENT, { ...SERVER, port: 8042 })
  return [...talk.opened(), ...talk.sent(Buffer.from(asked)), ...(answered === '' ? [] : talk.answered(Buffer.from(answered)))]
}

function tls(...hello: Parameters<typeof clientHello>): readonly Buffer[] {
  const talk = new Connection(CLIENT, { ...SERVER, port: 2762 })
  return [...talk.opened(), ...talk.sent(Buffer.from(record(22, clientHello(...hello))))]
}

const BUNDLE = `{"resourceType":"Bundle","meta":{"tag":"${'x'.repeat(5000)}"},"type":"batch"}`

const datagrams = (count: number): readonly Buffer[] =>
  Array.from({ length: count }, (_, index) => ethernet(ipv4(udp(Buffer.from('x'), 1000 + index, 9), { protocol: 17, id: index + 1 })))
const pieces = (count: number): readonly Buffer[] =>
  Array.from({ length: count }, (_, index) => ethernet(ipv4(Buffer.alloc(16), { protocol: 17, id: index + 1, more: true })))
const behindHole = [
  ...hl7(),
  ...Array.from({ length: 20 }, (_, index) =>
    tcpFrame(CLIENT, { ...SERVER, port: 2575 }, 1100 + index * 1000, 5001, 0x18, Buffer.alloc(1000)),
  ),
]
const image = Buffer.concat(imageElements(Buffer.alloc(7000)))

const CASES: readonly (readonly [Policy, string, readonly Buffer[], Parameters<typeof watched>[1]])[] = [
  ['flow_table', 'net.max_flows', datagrams(20), { net: { max_flows: 5 } }],
  ['reassembly', 'net.reassembly_bytes_per_flow', behindHole, { net: { reassembly_bytes_per_flow: 5000 } }],
  ['fragments', 'net.fragments_max', pieces(20), { net: { fragments_max: 5 } }],
  [
    'dicom_association_buffer',
    'protocols.dicom.association_buffer_bytes',
    dicom(storeRq(1), pData(pdv(5, 0, image)), storeRq(2, '1.2.4', 7), pData(pdv(7, 0, image))),
    { protocols: { association_buffer_bytes: 9000 } },
  ],
  [
    'dicom_command',
    'protocols.dicom.max_command_bytes',
    dicom(pData(pdv(1, 3, Buffer.alloc(300)))),
    { protocols: { max_command_bytes: 200 } },
  ],
  ['dicom_control_pdu', 'protocols.dicom.max_control_pdu_bytes', dicom(), { protocols: { max_control_pdu_bytes: 100 } }],
  [
    'dicom_pending_operations',
    'protocols.dicom.max_pending_operations',
    dicom(findRq(1), findRq(2), findRq(3)),
    { protocols: { max_pending_operations: 2 } },
  ],
  [
    'hl7_message',
    'protocols.hl7.max_message_bytes',
    hl7(framed(message({ segments: ['ZZZ|'.padEnd(900, 'x')] }))),
    { protocols: { max_message_bytes: 500 } },
  ],
  [
    'hl7_pending_messages',
    'protocols.hl7.max_pending_messages',
    hl7(...['1', '2', '3'].map(id => framed(message({ id })))),
    { protocols: { max_pending_messages: 2 } },
  ],
  [
    'http_head',
    'protocols.http.max_head_bytes',
    http(get('/dicom-web/studies?PatientID=1', `X-Filler: ${'x'.repeat(900)}`)),
    { protocols: { max_head_bytes: 500 } },
  ],
  [
    'http_body',
    'protocols.http.max_body_bytes',
    http(
      `${head('POST /fhir HTTP/1.1', 'Content-Type: application/fhir+json', `Content-Length: ${BUNDLE.length}`)}${BUNDLE}`,
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    ),
    { protocols: { max_body_bytes: 1000 } },
  ],
  [
    'http_pending_requests',
    'protocols.http.max_pending_requests',
    http(get('/dicom-web/studies?PatientID=1').repeat(3)),
    { protocols: { max_pending_requests: 2 } },
  ],
  [
    'tls_handshake',
    'protocols.tls.max_handshake_bytes',
    tls({ cipherSuites: Array.from({ length: 300 }, (_, index) => index) }),
    { protocols: { max_handshake_bytes: 500 } },
  ],
  ['inventory', 'inventory.max_devices', dicom(), { inventory: { max_devices: 1 } }],
]

describe('a limit that is hit', () => {
  test.each(CASES)('%s: is counted, measured and reported with its setting', (policy, setting, frames, limits) => {
    const { sensor, lost } = watched(frames, limits)
    const { hits } = sensor.unseen
    expect(hits[policy]).toBeGreaterThan(0)
    expect(Object.entries(hits).filter(([name, count]) => name !== policy && count > 0)).toEqual([])
    expect(lost).toHaveLength(1)
    expect(valueAt(lost[0], 'event.reason')).toMatch(new RegExp(`^${hits[policy]} .*${setting}`))
    const metric = sensorMetrics(sensor, { interfaces: [] }).find(({ name }) => name === 'wardwire_overload_total')
    expect(metric?.read()).toContainEqual({ labels: { policy }, value: hits[policy] })
  })

  test.each(CASES)('%s: is not hit with the limits as they come', (_, __, frames) => {
    const { sensor, lost } = watched(frames)
    expect([Object.values(sensor.unseen.hits).every(count => count === 0), lost]).toEqual([true, []])
  })
})

describe('bytes that a receiver acknowledged and the sensor never saw', () => {
  /** One connection on each interface; on the second a segment of 100 bytes is missing. */
  const frames = [0, 1].flatMap(interfaceIndex => {
    const talk = new Connection({ ...CLIENT, port: 40_000 + interfaceIndex }, SERVER)
    const opened = talk.opened()
    const missed = talk.sent(Buffer.alloc(100))
    const said = [...talk.sent(Buffer.alloc(10)), ...talk.answered(Buffer.alloc(10))]
    return [...opened, ...(interfaceIndex === 0 ? missed : []), ...said].map(frame => ({ frame, interfaceIndex }))
  })

  test('are reported for the interface that missed them', () => {
    const { sensor, lost } = watched(frames)
    expect(sensor.unseen.interfaces.map(({ lostBytes }) => lostBytes)).toEqual([0, 100])
    expect(lost).toMatchObject([
      {
        observer: { ingress: { interface: { name: 'mirror1' } } },
        wardwire: { health: { inferred_lost: 100, packets: 5 } },
        event: { outcome: 'failure', reason: '100 bytes acknowledged by a receiver but never seen' },
      },
    ])
    const metric = sensorMetrics(sensor, { interfaces: ['mirror0', 'mirror1'] }).find(({ name }) => name.includes('inferred'))
    expect(metric?.read()).toEqual([
      { labels: { interface: 'mirror0' }, value: 0 },
      { labels: { interface: 'mirror1' }, value: 100 },
    ])
  })
})

test('packets that are other than they should be are measured by kind', () => {
  const talk = new Connection(CLIENT, { ...SERVER, port: 2575 })
  const opened = talk.opened()
  const said = talk.sent(Buffer.from(framed(message({ id: '1' }))))
  const [first] = said
  const forged = Buffer.from(first)
  forged.write('9', forged.indexOf('|1|P|') + 1, 'latin1')
  forged.writeUInt16BE(forged.readUInt16BE(18) + 5, 18)
  const { sensor } = watched([...opened, ...said, first, forged, ethernet(Buffer.from([0x45, 0]))])
  const metric = sensorMetrics(sensor, { interfaces: [] }).find(({ name }) => name === 'wardwire_oddities_total')
  const found = Object.fromEntries(metric?.read().map(({ labels, value }) => [labels?.['kind'], value]) ?? [])
  expect(found).toMatchObject({ malformed: 1, retransmit: 2, overlap_conflict: 1, unknown_link_type: 0 })
  expect(Object.keys(found)).toContain('duplicate')
})
