import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Direction } from '../../src/net/flow.ts'
import { ftp, smtp, ssh, telnet } from '../../src/protocols/banner/index.ts'
import type { Protocol } from '../../src/protocols/decoder.ts'
import { http } from '../../src/protocols/http/index.ts'
import { DatagramIdentifier } from '../../src/protocols/identify-datagram.ts'
import { createDatagramProtocols, createLinkProtocols } from '../../src/protocols/index.ts'
import type { HostIdentity, IdentityFact, Observation } from '../../src/protocols/observation.ts'
import { smb } from '../../src/protocols/smb/index.ts'
import { sampleFlow } from '../normalize/samples.ts'
import { bytes, hex, ip, udpFlow, word } from '../protocols/datagrams.ts'
import { answer, get, SETTINGS } from '../protocols/http/conversation.ts'
import {
  authenticate,
  challenge,
  kerberosToken,
  negotiate,
  packet,
  smb1NegotiateResponse,
  smb1SetupRequest,
  smb1SetupResponse,
  smb2NegotiateResponse,
  smb2SetupRequest,
  smb2SetupResponse,
  wrapped,
} from '../protocols/smb/messages.ts'
import { below, forSeconds, generator, mutated, pick, type Random, randomBytes } from './mutate.ts'

const SECONDS = Number(process.env['WARDWIRE_FUZZ_SECONDS'] ?? 10) * 0.2
const SEED = Number(process.env['WARDWIRE_FUZZ_SEED'] ?? Date.now() >>> 0)
/** Longest text that may leave a decoder. */
const MAX_VALUE = 1024

const dnsName = (text: string): Buffer => bytes(...text.split('.').flatMap(label => [label.length, label]), 0)
const dnsRecord = (name: string, type: number, data: Uint8Array): Buffer => bytes(dnsName(name), word(type, 1, 0, 120, data.length), data)
const netbios = (suffix: string): string => `${'EDFECNEDEPEOFDEPEMEFCACACACACA'}${suffix}`
const dhcpOption = (code: number, data: string | Uint8Array | number): Buffer => bytes(code, bytes(data).length, data)

const DHCP = bytes(
  hex('01010600 01020304 00000000'),
  Buffer.alloc(16),
  hex('020000000005'),
  Buffer.alloc(10 + 64 + 128),
  hex('63825363'),
  dhcpOption(53, 1),
  dhcpOption(12, 'ct-1'),
  dhcpOption(81, bytes(4, 0, 0, dnsName('ct.local'))),
  dhcpOption(61, hex('ff010203')),
  dhcpOption(52, 3),
  dhcpOption(124, hex('00000e08 05 04 50756d70')),
  dhcpOption(125, hex('00000de9 05 02 03 534e31')),
  dhcpOption(161, 'https://maker.example/pump'),
  255,
)
const v6Option = (code: number, data: Uint8Array): Buffer => bytes(word(code, data.length), data)
const SOLICIT = bytes(1, hex('010203'), v6Option(1, word(3, 1)), v6Option(39, bytes(1, dnsName('ct.local'))))
const DHCPV6 = bytes(12, 0, Buffer.alloc(32, 3), v6Option(9, SOLICIT))
const MDNS = bytes(
  word(0, 0x8400, 0, 4, 0, 0),
  dnsRecord('ct.local', 1, ip('10.0.0.5')),
  dnsRecord('x._ipp._tcp.local', 16, bytes(8, 'ty=Maker', 9, 'usb_MFG=M')),
  dnsRecord('_services._dns-sd._udp.local', 12, word(0xc00c)),
  dnsRecord('CT1._dicom._tcp.local', 33, bytes(word(0, 0, 104), dnsName('ct.local'))),
)
const NBNS = bytes(word(1, 0x2910, 1, 0, 0, 1), dnsName(netbios('AA')), word(32, 1), word(0xc00c, 32, 1, 0, 300, 6, 0), ip('10.0.0.5'))
const NBDGM = bytes(
  hex('110a0001'),
  ip('10.0.0.5'),
  word(138, 200, 0),
  dnsName(netbios('AA')),
  dnsName(netbios('BN')),
  hex('ff534d4225'),
  Buffer.alloc(90, 1),
)
const SSDP = bytes('NOTIFY * HTTP/1.1\r\nNT: urn:x:device:Y:1\r\nUSN: uuid:12345678-1234\r\nSERVER: Linux/3 UPnP/1.0 A/1\r\n\r\n')
const SNMP = hex('3026 020101 0406 7075626c6963 a219 020101 020100 020100 300e 300c 0608 2b06010201010500 0400')
const der = (tag: number, ...content: readonly (Uint8Array | string)[]): Buffer => bytes(tag, bytes(...content).length, ...content)
const integer = (value: number): Buffer => der(2, Buffer.of(value))
const ENGINE = der(4, hex('80000e08 03 020000000007'))
const SYSTEM_NAME = der(0x30, der(6, hex('2b06010201010500')), der(4, 'pump'))
const RESPONSE = der(0xa2, integer(1), integer(0), integer(0), der(0x30, SYSTEM_NAME))
const SNMP_V3 = der(
  0x30,
  integer(3),
  der(0x30, integer(1), integer(5), der(4, Buffer.of(1)), integer(3)),
  der(4, der(0x30, ENGINE, integer(1), integer(2), der(4), der(4), der(4))),
  der(0x30, ENGINE, der(4), RESPONSE),
)
const SNMP_TRAP = der(
  0x30,
  integer(0),
  der(4, 'public'),
  der(0xa4, der(6, hex('2b060104019c0801')), der(0x40, ip('10.0.0.5')), integer(6), integer(1), der(0x43, Buffer.of(1)), der(0x30)),
)
const LLDP = bytes(
  hex('0207 04 020000000005 0402 0531 0602 0078'),
  word(0x0a04),
  'pump',
  word(0x100c),
  5,
  1,
  ip('10.0.0.5'),
  2,
  hex('00000001 00'),
  hex('fe07 0012bb 08 414243'),
  hex('fe06 0080c2 01 0014'),
  hex('fe08 00005e 01 75726c78'),
  word(0),
)
const CDP = bytes(
  2,
  180,
  word(0),
  word(1, 6),
  'R1',
  word(10, 6, 20),
  word(0x17, 7),
  0,
  'B1',
  word(2, 17),
  hex('00000001 0101cc 0004 0a000005'),
  word(6, 8),
  'IOS1',
)

const DATAGRAMS: readonly (readonly [port: number, payload: Uint8Array])[] = [
  [67, DHCP],
  [547, DHCPV6],
  [5353, MDNS],
  [5355, MDNS],
  [137, NBNS],
  [138, NBDGM],
  [1900, SSDP],
  [161, SNMP],
  [161, SNMP_V3],
  [162, SNMP_TRAP],
]
const FRAMES = [
  ['lldp', LLDP],
  ['cdp', CDP],
] as const

const PAGE = '<html><head><meta charset="iso-8859-1"><title>Pump &amp; &#80;ort</title></head>'
const DESCRIPTION =
  '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>' +
  '<manufacturer>Maker</manufacturer><modelName>Pump</modelName><serialNumber>7</serialNumber><UDN>uuid:12345678-1234</UDN></device></root>'

const NAMES = { 1: 'CT', 2: 'HOSPITAL', 3: 'ct.hospital.example', 4: 'hospital.example' }
const CONVERSATIONS: readonly (readonly [protocol: Protocol, pieces: readonly Uint8Array[]])[] = [
  [
    smb(),
    [
      packet(smb1NegotiateResponse('HOSPITAL', 'CT')),
      packet(smb1SetupRequest(['user', 'HOSPITAL', 'Windows 5.1', 'Windows 2000 LAN Manager'])),
      packet(smb1SetupResponse(challenge('5.1.2600', NAMES), ['Windows 5.1', 'Windows 2000 LAN Manager', ''])),
      packet(smb2NegotiateResponse(0x0311)),
      packet(smb2SetupRequest(wrapped(negotiate('10.0.19041')))),
      packet(smb2SetupResponse(wrapped(challenge('10.0.17763', NAMES)))),
      packet(smb2SetupRequest(wrapped(authenticate('10.0.19041', 'user', 'ROOM-2')))),
      packet(smb2SetupRequest(wrapped(kerberosToken('HOSPITAL', 'cifs', 'ct')))),
    ],
  ],
  [ssh(), [bytes('SSH-2.0-OpenSSH_7.6p1 Ubuntu\r\n'), bytes('SSH-2.0-PuTTY\r\n')]],
  [ftp(), [bytes('220-Welcome\r\n220 FTP ready\r\n')]],
  [smtp(), [bytes('220 x ESMTP\r\n')]],
  [
    http(SETTINGS),
    [
      bytes(get('/')),
      answer(200, 'text/html; charset=utf-8', PAGE),
      answer(200, 'text/html', gzipSync(PAGE), 'Content-Encoding: gzip'),
      answer(401, 'text/html', PAGE, 'WWW-Authenticate: Basic realm="Pump"'),
      bytes(get('/d.xml')),
      answer(200, 'text/xml', DESCRIPTION),
    ],
  ],
  [telnet(), [hex('fffd18 fffb01 fffa1801fff0'), bytes('pump 7\r\nlogin: ')]],
]

/** `GET`: no other piece begins with its letter. */
const isRequest = (piece: Uint8Array): boolean => piece[0] === 0x47

function expectBounded(facts: readonly IdentityFact[]): void {
  expect(facts.length).toBeLessThan(600)
  for (const { value } of facts) expect(value.length).toBeLessThanOrEqual(MAX_VALUE)
}

test('the samples are whole before they are damaged', () => {
  const heard: string[] = []
  const options = { emit: ({ protocol }: HostIdentity) => heard.push(protocol), onFailure: () => undefined }
  const identifier = new DatagramIdentifier(createDatagramProtocols(), createLinkProtocols(), options)
  for (const [port, payload] of DATAGRAMS) {
    const before = heard.length
    identifier.datagram(udpFlow(port), 0, payload, 0, payload.length, 1)
    expect(heard.length, `port ${port}`).toBeGreaterThan(before)
  }
  for (const [name, frame] of FRAMES)
    identifier.link(name, {
      bytes: frame,
      offset: 0,
      length: frame.length,
      sourceMac: undefined,
      interfaceIndex: 0,
      vlanId: undefined,
      time: 1,
    })
  for (const [protocol, pieces] of CONVERSATIONS) {
    const emit = (observation: Observation): void => {
      heard.push(observation.kind === 'device-identity' ? observation.protocol : protocol.name)
    }
    const decoder = protocol.open({ flow: sampleFlow(), emit, pseudonym: () => '' })
    for (const piece of pieces) decoder.data(isRequest(piece) ? 0 : 1, piece, 0, piece.length, 1)
    decoder.end('closed', 1)
  }
  const expected = [
    'dhcp',
    'dhcpv6',
    'mdns',
    'llmnr',
    'nbns',
    'nbdgm',
    'ssdp',
    'snmp',
    'lldp',
    'cdp',
    'smb',
    'ssh',
    'ftp',
    'smtp',
    'http',
    'upnp',
    'telnet',
  ]
  expect([...new Set(heard)]).toEqual(expected)
})

describe(`identities from damaged input (seed ${SEED})`, () => {
  test(
    'no datagram and no frame makes a decoder fail or say too much',
    async () => {
      const random = generator(SEED)
      const failures: unknown[] = []
      const identifier = new DatagramIdentifier(createDatagramProtocols(), createLinkProtocols(), {
        emit: ({ facts }: HostIdentity) => expectBounded(facts),
        onFailure: (protocol, error) => failures.push(protocol, error),
      })
      const runs = await forSeconds(SECONDS, () => {
        const [port, payload] = pick(random, DATAGRAMS)
        const data = random() < 0.1 ? randomBytes(random, below(random, 600)) : mutated(payload, random, pick(random, DATAGRAMS)[1])
        const flow = udpFlow(random() < 0.8 ? port : 50_000, { packetsFromClient: 1, packetsFromServer: 0 })
        identifier.datagram(flow, below(random, 2) as Direction, data, 0, data.length, 1)
        const [name, frame] = pick(random, FRAMES)
        const content = mutated(frame, random, payload)
        const sourceMac = random() < 0.5 ? undefined : '02-00-00-00-00-05'
        identifier.link(name, {
          bytes: content,
          offset: 0,
          length: content.length,
          sourceMac,
          interfaceIndex: 0,
          vlanId: undefined,
          time: 1,
        })
      })
      expect(runs).toBeGreaterThan(0)
      expect(failures).toEqual([])
    },
    SECONDS * 2000 + 60_000,
  )

  test(
    'no conversation makes a decoder fail or say too much',
    async () => {
      const random = generator(SEED + 1)
      const runs = await forSeconds(SECONDS, () => {
        const [protocol, pieces] = pick(random, CONVERSATIONS)
        const flow = sampleFlow({ midstream: random() < 0.3, serverPort: pick(random, [21, 25, 5000]) })
        const emit = (observation: Observation): void => {
          if (observation.kind === 'device-identity') expectBounded(observation.facts)
        }
        const decoder = protocol.open({ flow, emit, pseudonym: () => '' })
        for (let count = 0; count < 12; count++) {
          const data = damaged(random, pieces)
          const direction: Direction = random() < 0.5 ? (below(random, 2) as Direction) : isRequest(data) ? 0 : 1
          protocol.probe(direction, data, 0, data.length, flow.midstream, flow)
          decoder.data(direction, data, 0, data.length, 1)
          if (random() < 0.1) decoder.gap(direction, below(random, pick(random, [4, 5000, 1 << 30])), 1)
        }
        decoder.end('closed', 1)
      })
      expect(runs).toBeGreaterThan(0)
    },
    SECONDS * 2000 + 60_000,
  )
})

function damaged(random: Random, pieces: readonly Uint8Array[]): Uint8Array {
  const piece = pick(random, pieces)
  return random() < 0.3 ? piece : mutated(piece, random, pick(random, pieces))
}
