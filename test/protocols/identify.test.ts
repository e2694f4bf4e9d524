import { beforeAll, describe, expect, test } from 'vitest'
import type { Direction, Flow } from '../../src/net/flow.ts'
import { ProtocolIdentifier } from '../../src/protocols/identify.ts'
import type { Observation, TlsHandshake } from '../../src/protocols/observation.ts'
import { sampleFlow } from '../normalize/samples.ts'
import { CONTEXTS, imageElements, storeRq, storeRsp } from './dicom/dialogues.ts'
import * as dicom from './dicom/encode.ts'
import { acknowledgment, FS, framed, message } from './hl7/conversation.ts'
import { identified, PROTOCOLS } from './identified.ts'
import { dialogue, type Heard, identity } from './tls/peers.ts'

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
/** SETTINGS (RFC 9113 §6.5), which a server begins with. */
const SETTINGS_FRAME = Buffer.from('000000040000000000', 'hex')

let tls: readonly Heard[]
beforeAll(async () => {
  const server = { ...identity({ commonName: 'pacs.hospital.example' }), maxVersion: 'TLSv1.2' } as const
  tls = (await dialogue({ servername: 'pacs.hospital.example' }, server)).heard
})

const client = (said: string | Buffer): Heard => ({ direction: 0, bytes: Buffer.from(said as string) })
const server = (said: string | Buffer): Heard => ({ direction: 1, bytes: Buffer.from(said as string) })

const SEEN: Partial<TlsHandshake> = { version: '1.2', serverName: 'pacs.hospital.example', established: true, partial: [], resumed: false }

describe('TLS that begins later', () => {
  const CONVERSATIONS: readonly (readonly [string, readonly Heard[], Partial<Flow>])[] = [
    [
      'RDP (MS-RDPBCGR §1.3.1.1)',
      [
        client(Buffer.from('030000130ee000000000000100080003000000', 'hex')),
        server(Buffer.from('030000130ed000001234000201080002000000', 'hex')),
      ],
      {},
    ],
    [
      'LDAP (RFC 4511 §4.14)',
      [
        client(Buffer.from('301d02010177188016312e332e362e312e342e312e313436362e3230303337', 'hex')),
        server(Buffer.from('300c02010178070a010004000400', 'hex')),
      ],
      {},
    ],
    ['PostgreSQL', [client(Buffer.from('0000000804d2162f', 'hex')), server('S')], {}],
    [
      'SMTP (RFC 3207)',
      [
        server('220 mail.hospital.example ESMTP\r\n'),
        client('EHLO ct-1\r\n'),
        server('250-mail.hospital.example\r\n250 STARTTLS\r\n'),
        client('STARTTLS\r\n'),
        server('220 go ahead\r\n'),
      ],
      { serverPort: 25 },
    ],
    ['FTP (RFC 4217)', [server('220 FTP ready\r\n'), client('AUTH TLS\r\n'), server('234 go ahead\r\n')], { serverPort: 21 }],
    [
      'an HTTP proxy (RFC 9110 §9.3.6)',
      [client('CONNECT maker.example:443 HTTP/1.1\r\nHost: maker.example\r\n\r\n'), server('HTTP/1.1 200 OK\r\n\r\n')],
      {},
    ],
    [
      'an upgrade (RFC 2817)',
      [
        client('OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n'),
        server('HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n'),
      ],
      {},
    ],
  ]

  test.each(CONVERSATIONS)('behind %s is known as it is from the start, whatever the pieces', (_, opening, flow) => {
    for (const size of [Number.POSITIVE_INFINITY, 1, 7]) {
      const { application, facts } = identified([...opening, ...tls], flow, size)
      expect(application).toBe('tls')
      expect(facts).toMatchObject(SEEN)
      expect(facts?.certificate?.subject).toBe('CN=pacs.hospital.example')
    }
  })

  test('is looked for at a few turns only; where it begins within one, its answer is known', () => {
    const turn = [client('what is this'), server('nobody knows')]
    const turns = (count: number): readonly Heard[] => Array.from({ length: count }, () => turn).flat()
    expect(identified([...turns(4), ...tls]).application).toBe('tls')
    expect(identified([...turns(12), ...tls]).application).toBeUndefined()
    const within = client(Buffer.concat([Buffer.from('x'), tls[0].bytes]))
    expect(identified([...turns(1), within]).application).toBeUndefined()
    expect(identified([...turns(1), within, ...tls.slice(1)]).facts).toMatchObject({ version: '1.2', serverName: undefined })
  })

  test('leaves other conversations what they were', () => {
    const smtp = [server('220 mail ESMTP\r\n'), client('EHLO ct-1\r\n'), server('250 mail\r\n'), client('MAIL FROM:<ct@x>\r\n')]
    expect(identified(smtp, { serverPort: 25 })).toMatchObject({ application: 'smtp', facts: undefined, flows: { smtp: 1 } })
  })
})

describe('HTTP/2 in clear is recognized, and not decoded', () => {
  test('with prior knowledge', () => {
    for (const size of [Number.POSITIVE_INFINITY, 1]) {
      const seen = identified([client(PREFACE), server(SETTINGS_FRAME), client('GET / HTTP/1.1\r\n\r\n')], {}, size)
      expect(seen).toMatchObject({ application: 'http2', observations: [], flows: { http2: 1 } })
    }
  })

  test('behind an upgrade, whose request is told', () => {
    const upgrade = 'GET /fhir/Patient/1 HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n'
    const switching = Buffer.concat([Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'), SETTINGS_FRAME])
    for (const size of [Number.POSITIVE_INFINITY, 1]) {
      const seen = identified([client(upgrade), server(switching), client(PREFACE)], {}, size)
      expect(seen).toMatchObject({ application: 'http2', flows: { http: 1, http2: 1 } })
      expect(seen.observations[0]).toMatchObject({ kind: 'fhir-interaction', interaction: 'read', http: { status: 101 }, partial: [] })
    }
  })
})

describe('behind a tunnel', () => {
  const connect = [client('CONNECT pacs:8042 HTTP/1.1\r\n\r\n'), server('HTTP/1.1 200 OK\r\n\r\n')]

  test('HTTP is HTTP', () => {
    const search = client('GET /dicom-web/studies?limit=1 HTTP/1.1\r\nHost: pacs\r\n\r\n')
    const found = server('HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: 2\r\n\r\n[]')
    for (const size of [Number.POSITIVE_INFINITY, 1]) {
      const seen = identified([...connect, search, found], {}, size)
      expect(seen.application).toBe('http')
      expect(seen.observations.filter(({ kind }) => kind === 'dicomweb-request')).toMatchObject([{ service: 'qido_rs', results: 0 }])
    }
  })

  test('what nobody knows stays HTTP', () => {
    const seen = identified([...connect, client(Buffer.alloc(50, 1)), server(Buffer.alloc(50, 1))])
    expect(seen).toMatchObject({ application: 'http', facts: undefined, flows: { http: 1 } })
  })
})

describe('who is the client of a flow between unknown ports, joined in its middle', () => {
  const MIDSTREAM = {
    midstream: true,
    clientGuessed: true,
    clientAddress: '10.0.0.9',
    clientPort: 40_000,
    serverAddress: '10.0.0.5',
    serverPort: 30_000,
  }
  const [image, rest] = [dicom.dataset(5, ...imageElements(Buffer.alloc(900))), dicom.pData(dicom.pdv(5, 0, Buffer.alloc(200)))]
  const ack = framed(acknowledgment('AA', 'M1'))
  const answered = framed(message({ type: 'RSP^K22', segments: ['MSA|AA|1'] }))

  /** One side speaks, in pieces; the addresses of client and server of what is reported. */
  const endsOf = (from: Direction, said: string | Buffer, flow: Partial<Flow> = MIDSTREAM): readonly string[] =>
    [Number.POSITIVE_INFINITY, 1, 7].map(size => {
      const bytes = Buffer.from(said as string, 'latin1')
      const { observations, view } = identified([{ direction: from, bytes }], flow, size)
      for (const one of observations) expect(one.flow).toBe(view)
      return [view.clientAddress, view.clientPort, view.serverAddress, view.serverPort].join(' ')
    })
  const GUESSED = '10.0.0.9 40000 10.0.0.5 30000'
  const TURNED = '10.0.0.5 30000 10.0.0.9 40000'
  const of = (client: Direction): readonly string[] => Array.from({ length: 3 }, () => (client === 0 ? GUESSED : TURNED))

  test.each<readonly [string, string | Buffer]>([
    ['a request for an association', dicom.associateRq({ contexts: CONTEXTS })],
    ['a request for an operation', storeRq(1)],
    ['bytes of a long data set', Buffer.concat([Buffer.alloc(50), rest])],
    ['an HL7 message', framed(message())],
    ['an HL7 message behind the end of another', `^JANE\r${FS}\r${framed(message())}`],
    ['an HL7 message without a frame', message({ segments: ['PID|1'] })],
    ['an HTTP request', 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['the header of the PROXY protocol', `PROXY UNKNOWN\r\n${ack}`],
  ])('is who sends %s', (_, said) => {
    expect(endsOf(0, said)).toEqual(of(0))
    expect(endsOf(1, said)).toEqual(of(1))
  })

  test.each<readonly [string, string | Buffer]>([
    ['the answer to an operation', storeRsp(1)],
    ['an HL7 acknowledgment', ack],
    ['an HL7 answer to a query', answered],
    ['a commit acknowledgment', '\x0b\x06\x1c\r'],
    ['an HTTP response', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ])('is not who sends %s', (_, said) => {
    expect(endsOf(0, said)).toEqual(of(1))
    expect(endsOf(1, said)).toEqual(of(0))
  })

  test('is who says the hello of a client', () => {
    expect(endsOf(1, Buffer.from(tls[0].bytes))).toEqual(of(1))
    expect(endsOf(0, Buffer.from(tls[1].bytes))).toEqual(of(1))
  })

  test.each<readonly [string, string | Buffer]>([
    ['a data set in one PDU, which may be an answer', image],
    ['a report of an event', dicom.command(1, { 2: '1.2', 256: 0x0100, 272: 1, 2048: 0x0101 })],
    ['the header of a batch, which may hold either', framed('BHS|^~\\&|A\r')],
  ])('stays a guess behind %s', (_, said) => {
    expect(endsOf(0, said)).toEqual(of(0))
    expect(endsOf(1, said)).toEqual(of(0))
  })

  test('is no question where a SYN or a known port told it', () => {
    expect(endsOf(1, framed(message()), { ...MIDSTREAM, clientGuessed: false })).toEqual(of(0))
  })

  test('counts, gaps and ends are those of the sides as turned', () => {
    const heard: readonly Heard[] = [
      { direction: 1, bytes: dicom.associateRq({ contexts: CONTEXTS }) },
      { direction: 0, bytes: dicom.associateAc({ contexts: CONTEXTS }) },
      { direction: 1, bytes: storeRq(1) },
      { direction: 1, bytes: image },
      { direction: 0, bytes: storeRsp(1) },
    ]
    const { observations, view } = identified(heard, {
      ...MIDSTREAM,
      packetsFromClient: 2,
      packetsFromServer: 3,
      clientMac: 'AA',
      serverMac: 'BB',
    })
    expect(view).toMatchObject({ packetsFromClient: 3, packetsFromServer: 2, clientMac: 'BB', serverMac: 'AA' })
    expect(observations.find(({ kind }) => kind === 'dicom-store')).toMatchObject({
      direction: 0,
      association: { requestedBy: 0 },
      instances: 1,
    })
  })

  test('what is lost, and the end of a side, is of the side as turned', () => {
    const observations: Observation[] = []
    const emit = (observation: Observation): number => observations.push(observation)
    const identifier = new ProtocolIdentifier(PROTOCOLS, {
      pseudonym: kind => kind,
      emit,
      onFailure: protocol => expect(protocol).toBe(''),
    })
    const on = sampleFlow(MIDSTREAM)
    const say = (text: string): void => identifier.data(on, 1, Buffer.from(text, 'latin1'), 0, text.length, 1000)
    say(framed(message({ id: 'A' })))
    identifier.gap(on, 0, 100, 1000)
    say(`\x0b${message({ id: 'B' })}`)
    identifier.halfClosed(on, 1, 1000)
    say(framed(message({ id: 'C' })))
    identifier.ended(on, 'closed', 2000)
    expect(observations.filter(({ kind }) => kind === 'hl7-message')).toMatchObject([
      { controlId: 'A', direction: 0, partial: ['midstream', 'gap'] },
      { controlId: 'B', framingDeviations: ['missing_end_block'] },
      { controlId: 'C', framingDeviations: [] },
    ])
  })

  test('is not asked again of what follows', () => {
    const said = [server('CONNECT maker.example:443 HTTP/1.1\r\n\r\n'), client('HTTP/1.1 200 OK\r\n\r\n')]
    const { view, facts } = identified(
      [...said, ...tls.map(({ direction, bytes }): Heard => ({ direction: direction === 0 ? 1 : 0, bytes }))],
      MIDSTREAM,
    )
    expect(view.clientPort).toBe(30_000)
    expect(facts).toMatchObject({ serverName: 'pacs.hospital.example', established: true })
    expect(facts?.flow).toBe(view)
  })
})
