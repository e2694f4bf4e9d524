import { generateKeyPairSync } from 'node:crypto'
import type { ConnectionOptions, SecureVersion, TLSSocketOptions } from 'node:tls'
import { describe, expect, test } from 'vitest'
import type { Flow } from '../../../src/net/flow.ts'
import type { Observation, TlsHandshake } from '../../../src/protocols/observation.ts'
import type { OverloadPolicy } from '../../../src/protocols/overload.ts'
import { tls } from '../../../src/protocols/tls/index.ts'
import { sampleFlow } from '../../normalize/samples.ts'
import { type Happening, observe } from '../replay.ts'
import { clientHello, dialogue, type Heard, identity, record, records, SETTINGS, uint16s } from './peers.ts'

const ANY_VERSION = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
const SERVER: TLSSocketOptions = {
  ...identity({ commonName: 'pacs.hospital.example', organization: 'General Hospital, Inc' }),
  ...ANY_VERSION,
}
const TIME = 1_700_000_000_000_000

const only = (version: SecureVersion): ConnectionOptions => ({ ...ANY_VERSION, minVersion: version, maxVersion: version })

/** Everything that was heard, a µs apart, then the end of the flow. */
function happenings(heard: readonly Heard[]): readonly Happening[] {
  const data = heard.map(({ direction, bytes }, index): Happening => ({ kind: 'data', direction, bytes, time: TIME + index }))
  return [...data, { kind: 'ended', end: 'closed', time: TIME + 1_000_000 }]
}

function handshakes(said: readonly Happening[], flow: Partial<Flow> = {}): readonly TlsHandshake[] {
  return observations(said, flow).filter(observation => observation.kind === 'tls-handshake')
}

function observations(said: readonly Happening[], flow: Partial<Flow> = {}): readonly Observation[] {
  return observe([{ flow: sampleFlow(flow), happenings: said }], [tls(SETTINGS)])
}

/** `about attribute value` of everything that was said of the two. */
function identities(said: readonly Happening[], flow: Partial<Flow> = {}): readonly string[] {
  return observations(said, flow).flatMap(observation =>
    observation.kind === 'device-identity'
      ? observation.facts.map(({ attribute, value }) => `${observation.about} ${attribute} ${value}`)
      : [],
  )
}

function handshake(said: readonly Happening[], flow: Partial<Flow> = {}): TlsHandshake {
  const found = handshakes(said, flow)
  expect(found).toHaveLength(1)
  return found[0]
}

describe('a handshake between OpenSSL peers', () => {
  test.each([
    ['TLSv1', '1.0'],
    ['TLSv1.1', '1.1'],
    ['TLSv1.2', '1.2'],
    ['TLSv1.3', '1.3'],
  ] as const)('of %s is told as the peers know it', async (version, told) => {
    const { heard, client } = await dialogue({ ...only(version), servername: 'pacs.hospital.example' }, SERVER)
    const seen = handshake(happenings(heard))
    expect(client?.protocol).toBe(version)
    expect(seen).toMatchObject({
      version: told,
      cipher: client?.cipher,
      serverName: 'pacs.hospital.example',
      resumed: false,
      established: true,
      clientCertificateRequested: false,
      partial: [],
      start: TIME,
    })
    expect(seen.end).toBeLessThan(TIME + heard.length)
    expect(seen.ja4).toMatch(/^t1[0-3]d\d{4}00_[0-9a-f]{12}_[0-9a-f]{12}$/)
  })

  test('up to TLS 1.2 shows the certificate of the server', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    expect(handshake(happenings(heard)).certificate).toEqual({
      subject: 'CN=pacs.hospital.example, O=General Hospital\\, Inc',
      issuer: 'CN=pacs.hospital.example, O=General Hospital\\, Inc',
      notBefore: Date.UTC(2020, 0, 1) * 1000,
      notAfter: Date.UTC(2040, 0, 1) * 1000,
      serialNumber: '0A1B',
      publicKeyAlgorithm: 'RSA',
      publicKeyBits: 2048,
      selfSigned: true,
    })
  })

  test('of TLS 1.3 hides it', async () => {
    const { heard } = await dialogue(only('TLSv1.3'), { ...SERVER, requestCert: true, rejectUnauthorized: false })
    expect(handshake(happenings(heard))).toMatchObject({ established: true, certificate: undefined, clientCertificateRequested: false })
  })

  test('with an elliptic-curve certificate tells its size', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
    const { heard } = await dialogue(only('TLSv1.2'), { ...identity({ commonName: 'x' }, pair), ...ANY_VERSION })
    expect(handshake(happenings(heard)).certificate).toMatchObject({ publicKeyAlgorithm: 'ECDSA', publicKeyBits: 384 })
  })

  test('with a client certificate tells that one was asked for, and nothing of it', async () => {
    const client = identity({ commonName: 'scanner', serial: '7777' })
    const server = { ...SERVER, requestCert: true, rejectUnauthorized: false }
    const { heard } = await dialogue({ ...only('TLSv1.2'), ...client }, server)
    const seen = handshake(happenings(heard))
    expect(seen).toMatchObject({ clientCertificateRequested: true, clientCertificatePresented: true, established: true })
    expect(seen.certificate?.serialNumber).toBe('0A1B')
    expect(JSON.stringify({ ...seen, flow: undefined })).not.toMatch(/scanner|7777/)
  })

  test('says by its certificates who the two are, once', async () => {
    const client = identity({ commonName: 'CT 66023', organization: 'Siemens Healthineers' })
    const server = { ...SERVER, requestCert: true, rejectUnauthorized: false }
    const { heard } = await dialogue({ ...only('TLSv1.2'), ...client }, server)
    const turned = heard.map(({ direction, bytes }): Heard => ({ direction: direction === 0 ? 1 : 0, bytes }))
    expect(identities(happenings(heard))).toEqual([
      'client certificate_subject CN=CT 66023, O=Siemens Healthineers',
      'server hostname pacs.hospital.example',
      'server certificate_subject CN=pacs.hospital.example, O=General Hospital\\, Inc',
    ])
    expect(identities(happenings(turned), { midstream: true })).toEqual([
      'server certificate_subject CN=CT 66023, O=Siemens Healthineers',
      'client hostname pacs.hospital.example',
      'client certificate_subject CN=pacs.hospital.example, O=General Hospital\\, Inc',
    ])
  })

  test('says nothing of a person by their certificate', async () => {
    const client = identity({ commonName: 'John Doe', attributes: { emailAddress: 'doe@hospital.example' } })
    const server = { ...SERVER, requestCert: true, rejectUnauthorized: false }
    const { heard } = await dialogue({ ...only('TLSv1.2'), ...client }, server)
    expect(JSON.stringify(observations(happenings(heard)).map(seen => ({ ...seen, flow: undefined })))).not.toMatch(/doe/i)
  })

  test('without the client certificate that was asked for says so', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), { ...SERVER, requestCert: true, rejectUnauthorized: false })
    expect(handshake(happenings(heard))).toMatchObject({ clientCertificateRequested: true, clientCertificatePresented: false })
  })

  test('that asks for no client certificate says nothing of one', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    expect(handshake(happenings(heard))).toMatchObject({ clientCertificateRequested: false, clientCertificatePresented: undefined })
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('of %s that resumes says so', async version => {
    const server = { ...SERVER, ticketKeys: Buffer.alloc(48, 7) }
    const first = await dialogue(only(version), server)
    const second = await dialogue({ ...only(version), session: first.session }, server)
    expect(second.client?.reused).toBe(true)
    expect(handshake(happenings(first.heard)).resumed).toBe(false)
    expect(handshake(happenings(second.heard))).toMatchObject({ resumed: true, established: true, certificate: undefined })
  })

  test('that begins anew after a HelloRetryRequest is one handshake', async () => {
    const { heard } = await dialogue({ ...only('TLSv1.3'), ecdhCurve: 'X25519:P-256' }, { ...SERVER, ecdhCurve: 'P-256' })
    const hellos = heard.flatMap(({ bytes }) => records(bytes)).filter(({ type, fragment }) => type === 22 && fragment[0] === 1)
    expect(hellos).toHaveLength(2)
    expect(handshake(happenings(heard))).toMatchObject({ version: '1.3', resumed: false, established: true })
  })

  test.each([
    ['TLSv1.2', ['h2']],
    ['TLSv1.3', ['acr-nema', 'h2']],
  ] as const)(
    'of %s tells the application protocol that was chosen, or where that is protected, those offered',
    async (version, protocols) => {
      const { heard, client } = await dialogue(
        { ...only(version), ALPNProtocols: ['acr-nema', 'h2'] },
        { ...SERVER, ALPNProtocols: ['h2'] },
      )
      expect(client?.alpn).toBe('h2')
      expect(handshake(happenings(heard)).applicationProtocols).toEqual(protocols)
    },
  )
})

describe('a handshake that fails', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('because the server has no suite or version in common (%s)', async version => {
    const server = version === 'TLSv1.2' ? { ...SERVER, ciphers: 'AES256-SHA' } : { ...SERVER, maxVersion: 'TLSv1.2' as const }
    const { heard, client } = await dialogue({ ...only(version), ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }, server)
    expect(client).toBeUndefined()
    expect(handshake(happenings(heard))).toMatchObject({ established: false, partial: [], version: undefined, cipher: undefined })
  })

  test('because the client refuses the certificate with an alert in clear', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    const alert = { direction: 0, bytes: record(21, Uint8Array.of(2, 48)) } as const
    const seen = handshake(happenings([...heard.slice(0, 2), alert]))
    expect(seen).toMatchObject({ established: false, version: '1.2', resumed: false, end: TIME + 2 })
    expect(seen.certificate?.subject).toContain('CN=pacs.hospital.example')
  })

  test('because the client refuses it with a protected alert, which is too short for a Finished', async () => {
    const { heard } = await dialogue(only('TLSv1.3'), SERVER)
    const alert = { direction: 0, bytes: record(23, new Uint8Array(19)) } as const
    expect(handshake(happenings([...heard.slice(0, 2), alert]))).toMatchObject({ established: false, version: '1.3' })
  })

  test('because the server refuses the certificate of the client behind its Finished', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    const alert = { direction: 1, bytes: record(21, Uint8Array.of(2, 48)) } as const
    expect(handshake(happenings([...heard.slice(0, 3), alert]))).toMatchObject({ established: false, version: '1.2' })
  })

  test('not because of a warning', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    const warning = { direction: 1, bytes: record(21, Uint8Array.of(1, 112)) } as const
    expect(handshake(happenings([heard[0], warning, ...heard.slice(1)]))).toMatchObject({ established: true })
  })

  test('because nobody answers', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    expect(handshake(happenings(heard.slice(0, 1)))).toMatchObject({ established: false, resumed: undefined })
  })

  test('although the client sent early data', () => {
    const hello = clientHello({ cipherSuites: [0x1301], extensions: [[42, new Uint8Array(0)]] })
    const early = { direction: 0, bytes: Buffer.concat([record(22, hello), record(23, new Uint8Array(500))]) } as const
    expect(handshake(happenings([early]))).toMatchObject({ established: false })
  })
})

describe('an incomplete view', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of the client alone (%s) knows the hello, and by its data that it was answered',
    async version => {
      const { heard } = await dialogue({ ...only(version), servername: 'pacs.hospital.example' }, SERVER)
      const seen = handshake(happenings(heard.filter(({ direction }) => direction === 0)), { packetsFromServer: 0 })
      expect(seen).toMatchObject({ partial: ['one_sided'], established: true, serverName: 'pacs.hospital.example', version: undefined })
      expect(seen).toMatchObject({ resumed: undefined, cipher: undefined })
    },
  )

  test('of a client that was refused does not say that it was established', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    const client = heard.filter(({ direction }) => direction === 0).slice(0, 2)
    expect(handshake(happenings(client), { packetsFromServer: 0 })).toMatchObject({ partial: ['one_sided'], established: false })
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('of the server alone (%s) knows the choice', async version => {
    const { heard, client } = await dialogue(only(version), SERVER)
    const seen = handshake(happenings(heard.filter(({ direction }) => direction === 1)), { packetsFromClient: 0 })
    expect(seen).toMatchObject({ partial: ['one_sided'], established: true, cipher: client?.cipher, ja4: undefined })
  })

  test('joined after the handshake is known by two records in a row', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    const seen = handshake(happenings(heard.slice(4)), { midstream: true })
    expect(seen).toMatchObject({ partial: ['midstream'], established: true, version: undefined, cipher: undefined, resumed: undefined })
  })

  test('joined inside a record finds the next ones', () => {
    const bytes = Buffer.concat([Buffer.alloc(700, 0xee), record(23, new Uint8Array(100)), record(23, new Uint8Array(50))])
    expect(handshake(happenings([{ direction: 1, bytes }]), { midstream: true })).toMatchObject({ established: true })
  })

  test('that missed the SYN only is whole, whoever is taken for the client', async () => {
    const { heard, client } = await dialogue({ ...only('TLSv1.2'), servername: 'pacs.hospital.example' }, SERVER)
    const turned = heard.map(({ direction, bytes }): Heard => ({ direction: direction === 0 ? 1 : 0, bytes }))
    for (const said of [heard, turned]) {
      const seen = handshake(happenings(said), { midstream: true })
      expect(seen).toMatchObject({ partial: ['midstream'], established: true, version: '1.2', cipher: client?.cipher, resumed: false })
      expect(seen).toMatchObject({ serverName: 'pacs.hospital.example', certificate: { serialNumber: '0A1B' } })
    }
  })

  test('with a gap inside the certificate goes on with the next record', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    const said = happenings(heard)
    const [hello, flight, ...rest] = said
    if (flight.kind !== 'data') throw new Error('no data')
    const cut: Happening[] = [
      { ...flight, bytes: flight.bytes.subarray(0, 300) },
      { kind: 'gap', direction: 1, length: 200, time: flight.time },
      { ...flight, bytes: flight.bytes.subarray(500) },
    ]
    const seen = handshake([hello, ...cut, ...rest])
    expect(seen).toMatchObject({ partial: ['gap'], established: true, version: '1.2', certificate: undefined })
  })

  test.each([
    [700, true],
    [18_000, true],
    [18_500, false],
  ])('behind a gap is looked for in as many bytes as a record can have, not more: %d', (length, isFound) => {
    const hello = record(22, clientHello({ cipherSuites: [0x1301] }))
    const [noise, found] = [Buffer.alloc(length, 0xee), Buffer.concat([record(23, new Uint8Array(100)), record(23, new Uint8Array(50))])]
    const seen = handshake([
      { kind: 'data', direction: 0, bytes: hello, time: TIME },
      { kind: 'gap', direction: 1, length: 4000, time: TIME + 1 },
      { kind: 'data', direction: 1, bytes: noise, time: TIME + 2 },
      { kind: 'data', direction: 1, bytes: found, time: TIME + 3 },
      { kind: 'ended', end: 'closed', time: TIME + 4 },
    ])
    expect(seen).toMatchObject({ partial: ['gap'], established: isFound })
  })

  test('with a gap over several records finds the next ones', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    const said = happenings(heard)
    const bytes = said.flatMap(happening => (happening.kind === 'data' && happening.direction === 1 ? [happening.bytes.length] : []))
    const lost = said.map((happening): Happening => {
      if (happening.kind !== 'data' || happening.direction === 0 || happening.bytes.length !== bytes[0]) return happening
      return { kind: 'gap', direction: 1, length: happening.bytes.length, time: happening.time }
    })
    expect(handshake(lost)).toMatchObject({ partial: ['gap'], established: true, version: undefined })
  })
})

describe('whatever records the messages come in', () => {
  /** The same handshake messages of the server's first flight in fragments of `size` bytes. */
  const rerecorded = (heard: readonly Heard[], size: number): readonly Heard[] =>
    heard.map((part, index) => {
      if (index > 1) return part
      const messages = Buffer.concat(records(part.bytes).map(({ fragment }) => fragment))
      const parts: Uint8Array[] = []
      for (let at = 0; at < messages.length; at += size) parts.push(record(22, messages.subarray(at, at + size)))
      return { direction: part.direction, bytes: Buffer.concat(parts) }
    })

  test.each([1, 2, 3, 5, 39, 1000, 16_384])('fragments of %i bytes give the same handshake', async size => {
    const { heard } = await dialogue({ ...only('TLSv1.2'), servername: 'pacs.hospital.example' }, SERVER)
    expect(handshake(happenings(rerecorded(heard, size)))).toEqual(handshake(happenings(heard)))
  })

  test('a chain beyond all measure is cut, and the handshake goes on', async () => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    const [hello, flight, ...rest] = heard
    const [answer, , ...others] = records(flight.bytes)
    const chain = Buffer.concat([Buffer.from([11, 3, 0, 0]), Buffer.alloc(0x030000, 0xff)])
    const parts: Uint8Array[] = []
    for (let at = 0; at < chain.length; at += 16_000) parts.push(record(22, chain.subarray(at, at + 16_000)))
    const bytes = Buffer.concat([record(22, answer.fragment), ...parts, ...others.map(({ type, fragment }) => record(type, fragment))])
    const seen = handshake(happenings([hello, { direction: 1, bytes }, ...rest]))
    expect(seen).toMatchObject({ partial: ['limit'], established: true, certificate: undefined, version: '1.2' })
  })

  test.each([
    [4096, []],
    [512, ['tls_handshake']],
  ])('of a message beyond %i bytes the limit is counted: %j', async (max_handshake_bytes, expected) => {
    const { heard } = await dialogue(only('TLSv1.2'), SERVER)
    const hits: OverloadPolicy[] = []
    const protocol = tls({ max_handshake_bytes }, policy => hits.push(policy))
    observe([{ flow: sampleFlow(), happenings: happenings(heard) }], [protocol])
    expect(hits).toEqual(expected)
  })

  test('a hello that makes no sense is no hello', () => {
    const hello = clientHello({ cipherSuites: [0x1301] })
    hello[39] = 0xff
    const seen = handshake(happenings([{ direction: 0, bytes: record(22, hello) }]))
    expect(seen).toMatchObject({ established: false, ja4: undefined, serverName: undefined, applicationProtocols: [] })
  })

  test('a name of another type than that of a host is none', () => {
    const serverName = (type: number): Buffer => Buffer.concat([uint16s([7]), Buffer.from([type]), uint16s([4]), Buffer.from('pacs')])
    const hello = (type: number): Uint8Array => clientHello({ cipherSuites: [0x1301], extensions: [[0, serverName(type)]] })
    const seen = [0, 1].map(type => handshake(happenings([{ direction: 0, bytes: record(22, hello(type)) }])).serverName)
    expect(seen).toEqual(['pacs', undefined])
  })

  test('names that are none stay inside', () => {
    const serverName = Buffer.concat([uint16s([9]), Buffer.from([0]), uint16s([6]), Buffer.from('a\nb\u0007\0c', 'latin1')])
    const names = Buffer.concat([uint16s([6]), Buffer.from([2, 0xfa, 0xfa, 2]), Buffer.from('h2')])
    const hello = clientHello({
      cipherSuites: [0x1301],
      extensions: [
        [0, serverName],
        [16, names],
      ],
    })
    const seen = handshake(happenings([{ direction: 0, bytes: record(22, hello) }]))
    expect(seen).toMatchObject({ serverName: undefined, applicationProtocols: ['h2'] })
  })
})
