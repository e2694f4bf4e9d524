// What hosts of a hospital say besides their work: file services, names, and what they tell whoever asks. Made from the standards.
import { Connection } from '../bench/frames.ts'
import { bytes, hex, ip, word } from '../protocols/datagrams.ts'
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
import type { Frame } from './pcap.ts'
import { BROADCAST, datagram, type Host, placed, snap } from './scenes.ts'

/** Names that NTLM gives of a host ([MS-NLMP] §2.2.2.1). */
interface Names {
  readonly computer: string
  readonly domain?: string
  readonly dns?: string
  readonly dns_domain?: string
}

/** SMB 1 with native names of one side, or SMB 2 with an NTLM version of one side. */
interface Smb {
  readonly as: 'client' | 'server'
  /** SMB 1: native operating system and LAN manager. */
  readonly native?: readonly [os: string, lanManager: string]
  /** NTLM version: `10.0.17763`. */
  readonly build?: string
  readonly names?: Names
  /** Realm of a Kerberos ticket with which its client comes instead. */
  readonly realm?: string
}

/** What a host says of itself. All values are the wire's. */
export interface Chatter {
  readonly smb?: Smb
  /** NetBIOS name that it registers, and the version of Windows in its browser announcement. */
  readonly netbios?: { readonly name: string; readonly version: readonly [major: number, minor: number] }
  /** Name that it makes sure of by LLMNR. */
  readonly llmnr?: string
  /** Host name, AE title of its DICOM service, texts of its `_device-info`. */
  readonly mdns?: { readonly name: string; readonly ae?: string; readonly info?: readonly string[] }
  /** SERVER field of its announcement. */
  readonly ssdp?: string
  /** Texts of objects by the numbers behind 1.3.6.1.2.1. */
  readonly snmp?: Readonly<Record<string, string>>
  readonly cdp?: { readonly id: string; readonly platform: string; readonly version: string }
  /** First words of its server on this port. */
  readonly banner?: { readonly port: number; readonly text: string }
}

type Seconds = number

/** Frames of all that a host says from `at` on; `peer` asks and answers. */
export function chatter(host: Host, said: Chatter, peer: Host, at: Seconds): readonly Frame[] {
  const { smb, netbios, llmnr, mdns, ssdp, snmp, cdp, banner } = said
  return [
    ...(smb === undefined ? [] : fileService(host, smb, peer, at)),
    ...(netbios === undefined ? [] : netbiosName(host, netbios.name, netbios.version, at + 0.1)),
    ...(llmnr === undefined ? [] : [datagram(host, BROADCAST, 5355, 5355, question(llmnr, 255), at + 0.2)]),
    ...(mdns === undefined ? [] : [datagram(host, BROADCAST, 5353, 5353, serviceRecords(host, mdns), at + 0.3)]),
    ...(ssdp === undefined ? [] : [datagram(host, BROADCAST, 1900, 1900, announcement(ssdp), at + 0.4)]),
    ...(snmp === undefined ? [] : [datagram(host, peer, 161, 50_161, systemGroup(snmp), at + 0.5)]),
    ...(cdp === undefined ? [] : [snap(host, '01-00-0C-CC-CC-CC', 0x00000c, 0x2000, ciscoDiscovery(host, cdp), at + 0.6)]),
    ...(banner === undefined ? [] : greeting(host, banner.port, banner.text, peer, at + 0.7)),
  ]
}

// --- TCP ---

const CLIENT = { address: 0x0a28_0101, port: 50_445 }
const server = (port: number) => ({ address: 0x0a28_0114, port })

/** Frames of a connection, client first. */
function connected(port: number, talk: (connection: Connection) => readonly Buffer[]): readonly Frame[] {
  const connection = new Connection(CLIENT, server(port))
  const frames = [...connection.opened(), ...talk(connection)]
  return frames.map((data, index) => ({ time: BigInt(index) * 1_000_000n, data }))
}

function fileService(host: Host, smb: Smb, peer: Host, at: Seconds): readonly Frame[] {
  const frames = connected(445, connection => [
    ...(smb.as === 'client' ? asClient(smb) : asServer(smb)).flatMap(([side, message]) =>
      side === 'client' ? connection.sent(packet(message)) : connection.answered(packet(message)),
    ),
  ])
  return smb.as === 'client' ? placed(frames, host, peer, at) : placed(frames, peer, host, at)
}

type Turn = readonly [side: 'client' | 'server', message: Uint8Array]

function asClient({ native, build = '', names }: Smb): readonly Turn[] {
  if (native !== undefined) return [['client', smb1SetupRequest(['', '', ...native])]]
  return [
    ['client', smb2SetupRequest(wrapped(negotiate(build)))],
    ['client', smb2SetupRequest(wrapped(authenticate(build, 'service', names?.computer ?? '')))],
  ]
}

function asServer({ native, build, names, realm }: Smb): readonly Turn[] {
  const token = build === undefined ? undefined : challenge(build, pairsOf(names))
  if (native !== undefined) {
    return [
      ['server', smb1NegotiateResponse(names?.domain ?? '', names?.computer ?? '')],
      ['server', smb1SetupResponse(token, [...native, ''])],
    ]
  }
  const opening: Turn = ['server', smb2NegotiateResponse(0x0311)]
  if (realm !== undefined) return [opening, ['client', smb2SetupRequest(wrapped(kerberosToken(realm, 'cifs', names?.dns ?? '')))]]
  return [opening, ['server', smb2SetupResponse(wrapped(token ?? Buffer.alloc(0)))]]
}

function pairsOf({ computer, domain, dns, dns_domain }: Names = { computer: '' }): Readonly<Record<number, string>> {
  const pairs = Object.entries({ 1: computer, 2: domain, 3: dns, 4: dns_domain })
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

/** The first words of a server: SSH identification (RFC 4253 §4.2), reply 220 (RFC 959, RFC 5321), or text behind a telnet option. */
function greeting(host: Host, port: number, text: string, peer: Host, at: Seconds): readonly Frame[] {
  const frames = connected(port, connection => connection.answered(bytes(port === 23 ? hex('fffd18') : '', text)))
  return placed(frames, peer, host, at)
}

// --- UDP ---

const name = (text: string): Buffer => bytes(...text.split('.').flatMap(label => [label.length, label]), 0)
const record = (owner: Uint8Array, type: number, data: Uint8Array): Buffer => bytes(owner, word(type, 0x8001, 0, 120, data.length), data)
/** A query with one question (RFC 1035 §4.1). */
const question = (text: string, type: number): Buffer => bytes(word(1, 0, 1, 0, 0, 0), name(text), word(type, 1))

function serviceRecords(host: Host, { name: label, ae, info }: NonNullable<Chatter['mdns']>): Buffer {
  const records = [record(name(`${label}.local`), 1, ip(host.ip))]
  if (ae !== undefined) records.push(record(name(`${ae}._dicom._tcp.local`), 33, bytes(word(0, 0, 104), name(`${label}.local`))))
  if (info !== undefined)
    records.push(record(name(`${label}._device-info._tcp.local`), 16, bytes(...info.flatMap(text => [text.length, text]))))
  return bytes(word(0, 0x8400, 0, records.length, 0, 0), ...records)
}

const announcement = (server: string): Buffer =>
  bytes(
    [
      'NOTIFY * HTTP/1.1',
      'HOST: 239.255.255.250:1900',
      'NT: upnp:rootdevice',
      'NTS: ssdp:alive',
      `SERVER: ${server}`,
      'USN: uuid:5d1e0001-0000-4000-8000-000000000001::upnp:rootdevice',
      '',
      '',
    ].join('\r\n'),
  )

/** Registration of a NetBIOS name (RFC 1002 §4.2.2), and an announcement of the browser ([MS-BRWS] §2.2.1). */
function netbiosName(host: Host, label: string, version: readonly [number, number], at: Seconds): readonly Frame[] {
  const encoded = netbiosEncoded(label, 0)
  const registration = bytes(word(1, 0x2910, 1, 0, 0, 1), encoded, word(32, 1), word(0xc00c, 32, 1, 0, 300, 6, 0), ip(host.ip))
  const frame = bytes(1, 0, hex('80fc0a00'), label.padEnd(16, '\0'), ...version, hex('03100000 0f01 55aa'), 0)
  const mailslot = bytes('\\MAILSLOT\\BROWSE', 0)
  const little = (value: number): Buffer => Buffer.of(value & 255, value >>> 8)
  const words = bytes(Buffer.alloc(22), little(frame.length), little(32 + 1 + 34 + 2 + mailslot.length), Buffer.alloc(8))
  const transaction = bytes(hex('ff534d42 25'), Buffer.alloc(27), 17, words, little(mailslot.length + frame.length), mailslot, frame)
  const names = bytes(encoded, netbiosEncoded('HOSPITAL', 0x1d))
  const announced = bytes(hex('110a0001'), ip(host.ip), word(138, names.length + transaction.length, 0), names, transaction)
  return [datagram(host, BROADCAST, 137, 137, registration, at), datagram(host, BROADCAST, 138, 138, announced, at + 0.01)]
}

/** First level encoding (RFC 1001 §14.1). */
function netbiosEncoded(label: string, suffix: number): Buffer {
  return bytes(32, ...[...bytes(label.padEnd(15), suffix)].flatMap(byte => [0x41 + (byte >>> 4), 0x41 + (byte & 15)]), 0)
}

/** Response of SNMPv2c (RFC 3416 §3) with texts. */
function systemGroup(objects: Readonly<Record<string, string>>): Buffer {
  const variables = Object.entries(objects).map(([numbers, text]) => {
    const oid = bytes(hex('2b06010201'), ...numbers.split('.').map(Number))
    return element(0x30, element(6, oid), element(4, bytes(text)))
  })
  const integer = element(2, Buffer.of(0))
  const pdu = element(0xa2, integer, integer, integer, element(0x30, ...variables))
  return element(0x30, element(2, Buffer.of(1)), element(4, bytes('public')), pdu)
}

function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = bytes(...content)
  return body.length < 0x80 ? bytes(tag, body.length, body) : bytes(tag, 0x82, word(body.length), body)
}

/** CDP version 2: device id 1, address 2, software version 5, platform 6. */
function ciscoDiscovery(host: Host, { id, platform, version }: NonNullable<Chatter['cdp']>): Buffer {
  const tlv = (type: number, value: Uint8Array): Buffer => bytes(word(type, value.length + 4), value)
  const address = bytes(word(0, 1), hex('0101cc'), word(4), ip(host.ip))
  return bytes(2, 180, word(0), tlv(1, bytes(id)), tlv(2, address), tlv(5, bytes(version)), tlv(6, bytes(platform)))
}
