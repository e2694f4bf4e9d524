import { describe, expect, test } from 'vitest'
import type { Direction, Flow } from '../../../src/net/flow.ts'
import type { DeviceIdentity } from '../../../src/protocols/observation.ts'
import { smb } from '../../../src/protocols/smb/index.ts'
import { sampleFlow } from '../../normalize/samples.ts'
import { bytes, hex } from '../datagrams.ts'
import {
  authenticate,
  challenge,
  KEEP_ALIVE,
  kerberosToken,
  negotiate,
  POSITIVE_RESPONSE,
  packet,
  SESSION_REQUEST,
  smb1NegotiateResponse,
  smb1Other,
  smb1SetupRequest,
  smb1SetupResponse,
  smb1TokenRequest,
  smb2NegotiateResponse,
  smb2Read,
  smb2SetupRequest,
  smb2SetupResponse,
  wrapped,
} from './messages.ts'

type Step = readonly [direction: Direction, content: Uint8Array | { readonly lost: number }]

function converse(steps: readonly Step[], pieces = 0, changes: Partial<Flow> = {}): readonly DeviceIdentity[] {
  const seen: DeviceIdentity[] = []
  const session = smb().open({
    flow: sampleFlow({ serverPort: 445, ...changes }),
    emit: observation => seen.push(observation as DeviceIdentity),
    pseudonym: () => '',
  })
  steps.forEach(([direction, content], index) => {
    const time = 1000 + index
    if ('lost' in content) session.gap(direction, content.lost, time)
    else
      for (let at = 0; at < content.length; at += pieces || content.length)
        session.data(direction, content, at, Math.min(pieces || content.length, content.length - at), time)
  })
  session.end('closed', 2000)
  return seen
}

const facts = (seen: readonly DeviceIdentity[]): readonly string[] =>
  seen.flatMap(({ about, facts: said }) => said.map(({ attribute, value, field }) => `${about} ${attribute}: ${value} [${field}]`))

const NAMES = { 1: 'CT-CONSOLE', 2: 'HOSPITAL', 3: 'ct-console.hospital.example', 4: 'hospital.example' }
const MODERN: readonly Step[] = [
  [1, packet(smb2NegotiateResponse(0x0311))],
  [0, packet(smb2SetupRequest(wrapped(negotiate('10.0.19041'))))],
  [1, packet(smb2SetupResponse(wrapped(challenge('10.0.17763', NAMES))))],
  [0, packet(smb2SetupRequest(wrapped(authenticate('10.0.19041', 'anna.beispiel', 'READING-ROOM-2'))))],
  [1, packet(smb2Read(5000))],
  [1, packet(smb2SetupResponse(wrapped(challenge('10.0.17763', NAMES))))],
]
const MODERN_FACTS = [
  'server service: smb [response]',
  'server smb_dialect: 3.1.1 [DialectRevision]',
  'client os_build: 10.0.19041 [NTLMSSP NEGOTIATE Version]',
  'server os_build: 10.0.17763 [NTLMSSP CHALLENGE Version]',
  'server hostname: ct-console.hospital.example [MsvAvDnsComputerName]',
  'server hostname: CT-CONSOLE [MsvAvNbComputerName]',
  'server domain: hospital.example [MsvAvDnsDomainName]',
  'server domain: HOSPITAL [MsvAvNbDomainName]',
  'client os_build: 10.0.19041 [NTLMSSP AUTHENTICATE Version]',
  'client hostname: READING-ROOM-2 [Workstation]',
]

describe('SMB 2 and 3', () => {
  test('dialect, and both hosts by NTLM, each fact once', () => expect(facts(converse(MODERN))).toEqual(MODERN_FACTS))

  test('the user is left where it is', () => expect(JSON.stringify(converse(MODERN))).not.toContain('anna'))

  test.each([1, 2, 3, 7, 64, 1000])('in pieces of %d bytes the same', pieces => expect(converse(MODERN, pieces)).toEqual(converse(MODERN)))

  test('a host in no domain, and a version that is none', () => {
    const names = { 1: 'NAS1', 2: 'NAS1', 3: 'nas1', 4: 'nas1' }
    expect(facts(converse([[1, packet(smb2SetupResponse(challenge('6.1.0', names)))]]))).toEqual([
      'server service: smb [response]',
      'server hostname: nas1 [MsvAvDnsComputerName]',
      'server hostname: NAS1 [MsvAvNbComputerName]',
    ])
  })

  test.each([
    ['whole', kerberosToken('HOSPITAL.EXAMPLE', 'cifs', 'archive.hospital.example')],
    ['cut off behind its names', kerberosToken('HOSPITAL.EXAMPLE', 'cifs', 'archive.hospital.example', 900).subarray(0, 200)],
  ])('a Kerberos ticket names the server: %s', (_, token) => {
    const seen = converse([[0, packet(smb2SetupRequest(wrapped(token)))]])
    expect(facts(seen)).toEqual([
      'server hostname: archive.hospital.example [Kerberos sname]',
      'server domain: HOSPITAL.EXAMPLE [Kerberos realm]',
    ])
  })

  test('a ticket for anything but a host, or broken anywhere, tells nothing', () => {
    const whole = kerberosToken('HOSPITAL.EXAMPLE', 'cifs', 'archive.hospital.example')
    const heard = (token: Uint8Array): readonly string[] => facts(converse([[0, packet(smb2SetupRequest(wrapped(token)))]]))
    expect(heard(kerberosToken('HOSPITAL.EXAMPLE', 'krbtgt', 'HOSPITAL.EXAMPLE'))).toEqual([])
    for (let length = 0; length < whole.length; length++)
      for (const fact of heard(whole.subarray(0, length))) expect(heard(whole)).toContain(fact)
  })

  test('Kerberos, wild dialects and empty tokens tell nothing more', () => {
    const steps: readonly Step[] = [
      [1, packet(smb2NegotiateResponse(0x02ff))],
      [0, packet(smb2SetupRequest(hex('6082 0100 6e82')))],
      [1, packet(smb2SetupResponse(Buffer.alloc(0)))],
    ]
    expect(facts(converse(steps))).toEqual(['server service: smb [response]'])
  })
})

describe('SMB 1', () => {
  test('native names of both sides; passwords and account are skipped', () => {
    const seen = converse([
      [1, packet(smb1NegotiateResponse('HOSPITAL', 'ARCHIVE'))],
      [0, packet(smb1SetupRequest(['anna.beispiel', 'HOSPITAL', 'Windows 2000 2195', 'Windows 2000 5.0']))],
      [1, packet(smb1SetupResponse(undefined, ['Windows 5.1', 'Windows 2000 LAN Manager', 'HOSPITAL']))],
    ])
    expect(facts(seen)).toEqual([
      'server service: smb [response]',
      'server smb_dialect: NT LM 0.12 [DialectRevision]',
      'server hostname: ARCHIVE [ServerName]',
      'server domain: HOSPITAL [DomainName]',
      'client native_os: Windows 2000 2195 [NativeOS]',
      'client native_lan_manager: Windows 2000 5.0 [NativeLanMan]',
      'server native_os: Windows 5.1 [NativeOS]',
      'server native_lan_manager: Windows 2000 LAN Manager [NativeLanMan]',
    ])
    expect(JSON.stringify(seen)).not.toContain('anna')
  })

  test('with extended security, in UTF-16 at odd places', () => {
    const steps: readonly Step[] = [1, 2].flatMap(odd => [
      [
        0,
        packet(
          smb1TokenRequest(bytes(negotiate('6.1.7601'), Buffer.alloc(odd)), [
            'Windows 7 Professional 7601 Service Pack 1',
            'Windows 7 Professional 6.1',
          ]),
        ),
      ] as const,
      [
        1,
        packet(smb1SetupResponse(bytes(challenge('5.1.2600', NAMES), Buffer.alloc(odd)), ['Windows 5.1', 'Windows 2000 LAN Manager', ''])),
      ] as const,
    ])
    const said = facts(converse(steps))
    expect(said).toContain('client native_os: Windows 7 Professional 7601 Service Pack 1 [NativeOS]')
    expect(said).toContain('client native_lan_manager: Windows 7 Professional 6.1 [NativeLanMan]')
    expect(said).toContain('server native_os: Windows 5.1 [NativeOS]')
    expect(said).toContain('server os_build: 5.1.2600 [NTLMSSP CHALLENGE Version]')
    expect(said).toHaveLength(new Set(said).size)
  })

  test('Samba, which says that it runs on Windows, is not believed', () => {
    expect(facts(converse([[1, packet(smb1SetupResponse(undefined, ['Windows 6.1', 'Samba 4.7.4', 'TEST'], false))]]))).toEqual([
      'server service: smb [response]',
      'server native_lan_manager: Samba 4.7.4 [NativeLanMan]',
      'server domain: TEST [DomainName]',
    ])
  })

  test('names that are no text', () => {
    expect(facts(converse([[0, packet(smb1SetupRequest(['', '', '\u9090\u9090\u0001', '\ufffd']))]]))).toEqual([])
  })
})

describe('a connection', () => {
  test('over the session service, with keep-alives', () => {
    const steps: readonly Step[] = [[0, SESSION_REQUEST], [1, bytes(POSITIVE_RESPONSE, KEEP_ALIVE)], ...MODERN]
    expect(facts(converse(steps))).toEqual(MODERN_FACTS)
  })

  test('skips what it does not read, however long, and loses nothing by a gap in it', () => {
    const read = packet(smb2Read(300_000))
    const steps: readonly Step[] = [[1, read.subarray(0, 1000)], [1, { lost: read.length - 1000 }], [1, packet(smb1Other(10))], ...MODERN]
    expect(facts(converse(steps))).toEqual(MODERN_FACTS)
  })

  test.each([0, 1, 3])('goes on behind a gap of unknown length (pieces of %d)', pieces => {
    const junk = Buffer.alloc(333, 0x53)
    const steps: readonly Step[] = [[1, { lost: 77_777 }], [1, junk], [0, { lost: 1 }], ...MODERN]
    expect(facts(converse(steps, pieces))).toEqual(MODERN_FACTS)
  })

  test('joined midstream', () => {
    const steps: readonly Step[] = [[1, Buffer.alloc(50, 0xfe)], ...MODERN]
    const seen = converse(steps, 0, { midstream: true })
    expect(facts(seen)).toEqual(MODERN_FACTS)
    expect(seen[0]?.partial).toEqual(['midstream'])
  })

  test('a message of many megabytes is read as far as it is kept', () => {
    const setup = smb2SetupResponse(challenge('10.0.17763', NAMES))
    const head = bytes(0, 0xff, 0xff, 0xff, setup)
    expect(
      facts(
        converse([
          [1, head],
          [1, Buffer.alloc(40_000)],
        ]),
      ),
    ).toContain('server os_build: 10.0.17763 [NTLMSSP CHALLENGE Version]')
  })
})

describe('SMB is told by content', () => {
  const first = packet(smb2NegotiateResponse(0x0311))
  test.each([
    ['SMB 2', first, 'match'],
    ['SMB 1', packet(smb1Other(1)), 'match'],
    ['a session request', SESSION_REQUEST, 'match'],
    ['a positive response alone', POSITIVE_RESPONSE, 'more'],
    ['a positive response and SMB', bytes(POSITIVE_RESPONSE, first), 'match'],
    ['the first bytes', first.subarray(0, 7), 'more'],
    ['nothing', Buffer.alloc(0), 'more'],
    ['something else behind a length', bytes(hex('00000040'), 'HTTP/1.1'), 'reject'],
    ['a length too short', bytes(hex('00000008'), hex('fe534d42')), 'reject'],
    ['an A-ASSOCIATE-RQ', hex('0100000001000001'), 'reject'],
    ['text', Buffer.from('GET / HTTP'), 'reject'],
  ] as const)('%s: %s', (_, content, answer) => {
    for (const midstream of [false, true])
      expect(smb().probe(0, bytes('x', content), 1, content.length, midstream, sampleFlow())).toBe(answer)
  })
})
