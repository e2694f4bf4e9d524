// Networks that no recording shows: recorded conversations between other addresses, at other times, with ARP and DHCP around them.
//   node test/captures/scenes.ts     writes the captures of test/golden/inventory-*
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Frame, readPcap, writeCapture } from './pcap.ts'

const RECORDED = join(import.meta.dirname, 'recorded')
const GOLDEN = join(import.meta.dirname, '..', 'golden')

/** A host as its frames show it. Behind a router the MAC is the router's. */
export interface Host {
  readonly mac: string
  readonly ip: string
}

/** Seconds since the scene began. */
type Seconds = number

/** 2026-11-23T08:00:00Z */
const BEGIN = 1_795_420_800n
const NANOSECONDS = 1_000_000_000n

const IPV4 = 0x0800
const ARP = 0x0806
const TCP = 6
const UDP = 17
const SYN = 0x02

/**
 * What the first two hosts of recording `name` say to each other, client to server, `at` seconds into the scene. `rename` replaces texts of the same length wherever they
 * stand: serial numbers, AE titles, station names.
 */
export function conversation(
  name: string,
  client: Host,
  server: Host,
  at: Seconds,
  rename: Readonly<Record<string, string>> = {},
): readonly Frame[] {
  const frames = readPcap(readFileSync(join(RECORDED, `${name}.pcap`))).filter(({ data }) => isTcp(data))
  const pair = pairOf(frames[0].data)
  const between = frames.filter(({ data }) => pairOf(data) === pair)
  return placed(
    between.map(({ time, data }) => ({ time, data: renamed(data, rename) })),
    client,
    server,
    at,
  )
}

/** The frames of one TCP conversation, client first, between these hosts and at this time. */
export function placed(frames: readonly Frame[], client: Host, server: Host, at: Seconds): readonly Frame[] {
  const [first] = frames
  const fromClient = Buffer.from(first.data.subarray(26, 30))
  return frames.map(({ time, data }) => {
    const [source, target] = data.subarray(26, 30).equals(fromClient) ? [client, server] : [server, client]
    return { time: timeAt(at) + (time - first.time), data: readdressed(data, source, target) }
  })
}

/** How an operating system opens connections. */
interface Stack {
  readonly ttl: number
  readonly window: number
  readonly options: Buffer
}

export const STACKS = {
  windows: { ttl: 128, window: 64_240, options: hex('020405b40103030801010402') },
  /** One that no table has. */
  embedded: { ttl: 64, window: 8192, options: hex('020405b4') },
} as const satisfies Readonly<Record<string, Stack>>

/** The same frames, as if a host with another operating system had opened the connection. */
export function openedBy({ ttl, window, options }: Stack, frames: readonly Frame[]): readonly Frame[] {
  return frames.map(({ time, data }) => {
    const tcp = 14 + (data[14] & 15) * 4
    if (data[tcp + 13] !== SYN) return { time, data }
    const opening = Buffer.concat([data.subarray(0, tcp + 20), options])
    opening.writeUInt16BE(opening.length - 14, 16)
    opening[22] = ttl
    opening[tcp + 12] = (5 + options.length / 4) << 4
    opening.writeUInt16BE(window, tcp + 14)
    return { time, data: checksummed(opening) }
  })
}

/** A host says that it has its address (RFC 5227 announcement). */
export function announcement({ mac, ip }: Host, at: Seconds): Frame {
  const body = Buffer.concat([hex('0001080006040001'), macBytes(mac), ipBytes(ip), Buffer.alloc(6), ipBytes(ip)])
  return { time: timeAt(at), data: Buffer.concat([hex('ffffffffffff'), macBytes(mac), word(ARP), body]) }
}

/** A client asks for an address under its name, and `server` grants it (RFC 2131). `asks` are further options of the request. */
export function lease(
  { mac, ip }: Host,
  hostname: string,
  server: Host,
  at: Seconds,
  asks: readonly (readonly [code: number, value: Buffer])[] = [],
): readonly Frame[] {
  const request = dhcp(1, 3, mac, '0.0.0.0', [[12, Buffer.from(hostname)], ...asks])
  const grant = dhcp(2, 5, mac, ip, [[54, ipBytes(server.ip)]])
  return [datagram({ mac, ip: '0.0.0.0' }, BROADCAST, 68, 67, request, at), datagram(server, BROADCAST, 67, 68, grant, at + 0.001)]
}

export function capture(...parts: readonly (Frame | readonly Frame[])[]): Buffer {
  const frames = parts.flat().sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0))
  return writeCapture(frames)
}

/**
 * A host announces itself to its switch (IEEE 802.1AB): chassis id 1, port id 2, time to live 3, system name 5, system description 6, and what
 * LLDP-MED has of its inventory, by subtype (ANSI/TIA-1057 §10.2.6).
 */
export function lldp(
  { mac }: Host,
  name: string,
  description: string,
  at: Seconds,
  inventory: Readonly<Record<number, string>> = {},
): Frame {
  const tlv = (type: number, value: Buffer): Buffer => Buffer.concat([word((type << 9) | value.length), value])
  const med = Object.entries(inventory).map(([subtype, text]) =>
    tlv(127, Buffer.concat([hex('0012bb'), Buffer.of(Number(subtype)), Buffer.from(text)])),
  )
  const port = Buffer.concat([Buffer.of(3), macBytes(mac)])
  const chassis = Buffer.concat([Buffer.of(4), macBytes(mac)])
  const texts = [tlv(5, Buffer.from(name)), tlv(6, Buffer.from(description))]
  const body = Buffer.concat([tlv(1, chassis), tlv(2, port), tlv(3, word(120)), ...texts, ...med, word(0)])
  return { time: timeAt(at), data: Buffer.concat([hex('0180c200000e'), macBytes(mac), word(0x88cc), body]) }
}

/** A frame of 802.3 with an LLC and SNAP header of `organization` and `type`. */
export function snap({ mac }: Host, target: string, organization: number, type: number, payload: Buffer, at: Seconds): Frame {
  const body = Buffer.concat([
    hex('aaaa03'),
    Buffer.of(organization >>> 16, (organization >>> 8) & 255, organization & 255),
    word(type),
    payload,
  ])
  return { time: timeAt(at), data: Buffer.concat([macBytes(target), macBytes(mac), word(body.length), body]) }
}

function timeAt(at: Seconds): bigint {
  return BEGIN * NANOSECONDS + BigInt(Math.round(at * 1e6)) * 1000n
}

/** Both addresses of an IPv4 frame, in either order. */
function pairOf(data: Buffer): string {
  return [data.toString('hex', 26, 30), data.toString('hex', 30, 34)].sort().join()
}

function isTcp(data: Buffer): boolean {
  return data.length >= 54 && data.readUInt16BE(12) === IPV4 && data[23] === TCP
}

function renamed(data: Buffer, rename: Readonly<Record<string, string>>): Buffer {
  const out = Buffer.from(data)
  for (const [from, to] of Object.entries(rename)) {
    if (from.length !== to.length) throw new Error(`${from} and ${to} differ in length`)
    for (let at = data.indexOf(from); at >= 0; at = data.indexOf(from, at + 1)) out.write(to, at, 'latin1')
  }
  return out
}

function readdressed(data: Buffer, source: Host, target: Host): Buffer {
  macBytes(target.mac).copy(data, 0)
  macBytes(source.mac).copy(data, 6)
  ipBytes(source.ip).copy(data, 26)
  ipBytes(target.ip).copy(data, 30)
  return checksummed(data)
}

function checksummed(data: Buffer): Buffer {
  const head = (data[14] & 15) * 4
  data.writeUInt16BE(0, 24)
  data.writeUInt16BE(checksum(data.subarray(14, 14 + head)), 24)
  const segment = data.subarray(14 + head, 14 + data.readUInt16BE(16))
  segment.writeUInt16BE(0, 16)
  segment.writeUInt16BE(checksum(Buffer.concat([data.subarray(26, 34), word(TCP), word(segment.length), segment])), 16)
  return data
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** BOOTP message of `operation` with DHCP message `type` (RFC 2131 §2). */
function dhcp(operation: number, type: number, mac: string, yourAddress: string, options: readonly (readonly [number, Buffer])[]): Buffer {
  const coded = [[53, Buffer.of(type)] as const, ...options].map(([code, value]) => Buffer.concat([Buffer.of(code, value.length), value]))
  return Buffer.concat([
    Buffer.of(operation, 1, 6, 0),
    hex('3903f326'),
    Buffer.alloc(8),
    ipBytes(yourAddress),
    Buffer.alloc(8),
    macBytes(mac),
    Buffer.alloc(10 + 64 + 128),
    hex('63825363'),
    ...coded,
    Buffer.of(255),
  ])
}

/** Everybody on the network. */
export const BROADCAST: Host = { mac: 'FF-FF-FF-FF-FF-FF', ip: '255.255.255.255' }

/** A UDP datagram; its checksum may be zero (RFC 768). */
export function datagram(source: Host, target: Host, from: number, to: number, payload: Buffer, at: Seconds): Frame {
  const ip = Buffer.concat([
    hex('4500'),
    word(28 + payload.length),
    hex('0000000040'),
    Buffer.of(UDP),
    word(0),
    ipBytes(source.ip),
    ipBytes(target.ip),
  ])
  ip.writeUInt16BE(checksum(ip), 10)
  const udp = Buffer.concat([word(from), word(to), word(8 + payload.length), word(0)])
  const data = Buffer.concat([macBytes(target.mac), macBytes(source.mac), word(IPV4), ip, udp, payload])
  return { time: timeAt(at), data }
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex')
}

const macBytes = (mac: string): Buffer => hex(mac.replaceAll('-', ''))
const ipBytes = (ip: string): Buffer => Buffer.from(ip.split('.').map(Number))

function word(value: number): Buffer {
  const out = Buffer.alloc(2)
  out.writeUInt16BE(value)
  return out
}

const ARCHIVE: Host = { mac: '10-65-30-AA-20-01', ip: '10.20.0.20' }
const ROUTER: Host = { mac: '00-1D-45-7C-20-01', ip: '10.20.0.1' }
const CT = '88-4B-39-10-22-01'
/** The recorded scanner under another name, and as another unit. */
const OTHER_NAME = { CT01: 'CT02' }
const OTHER_UNIT = { ...OTHER_NAME, 66023: '71007' }
const MINUTE = 60
const HOUR = 60 * MINUTE

/** The captures by golden case. */
export const SCENES: Readonly<Record<string, () => Buffer>> = {
  'inventory-router': () =>
    capture(
      announcement(ROUTER, 0),
      announcement(ARCHIVE, 1),
      conversation('dicom-echo-dcmtk', { ...ROUTER, ip: '10.30.1.13' }, ARCHIVE, 10, { CT01: 'CT03' }),
      conversation('dicom-store-implicit', { ...ROUTER, ip: '10.30.1.11' }, ARCHIVE, MINUTE),
      conversation('dicom-store-implicit', { ...ROUTER, ip: '10.31.1.12' }, ARCHIVE, 2 * MINUTE, OTHER_UNIT),
      conversation('dicom-store-jpeg', { ...ROUTER, ip: '10.31.1.14' }, ARCHIVE, 3 * MINUTE),
    ),
  'inventory-router-unannounced': () => {
    const router = { mac: ROUTER.mac }
    return capture(
      conversation('dicom-echo-dcmtk', { ...router, ip: '10.30.1.13' }, ARCHIVE, 10, { CT01: 'CT03' }),
      conversation('dicom-echo-dcmtk', { ...router, ip: '10.31.1.15' }, ARCHIVE, MINUTE, { CT01: 'CT05' }),
    )
  },
  'inventory-nat': () => {
    const translator: Host = { mac: '00-1B-17-00-41-10', ip: '10.20.0.40' }
    return capture(
      announcement(translator, 0),
      [0, 1, 2].flatMap(round => [
        ...conversation('dicom-store-implicit', translator, ARCHIVE, 10 + round * MINUTE),
        ...conversation('dicom-store-implicit', translator, ARCHIVE, 40 + round * MINUTE, OTHER_UNIT),
      ]),
    )
  },
  'inventory-dhcp-churn': () => {
    const server: Host = { mac: '00-0C-29-8F-50-67', ip: '10.20.0.5' }
    const before: Host = { mac: CT, ip: '10.20.0.11' }
    const after: Host = { mac: CT, ip: '10.20.0.77' }
    const successor: Host = { mac: '00-60-19-02-11-13', ip: '10.20.0.11' }
    return capture(
      lease(before, 'CT-CONSOLE', server, 0),
      conversation('dicom-store-implicit', before, ARCHIVE, 10),
      lease(after, 'CT-CONSOLE', server, 24 * HOUR),
      conversation('dicom-store-implicit', after, ARCHIVE, 24 * HOUR + 10),
      lease(successor, 'US-CART', server, 25 * HOUR),
      conversation('dicom-store-jpeg', successor, ARCHIVE, 25 * HOUR + 10),
    )
  },
  'inventory-mac-randomization': () => {
    const server: Host = { mac: '00-0C-29-8F-50-67', ip: '10.20.0.5' }
    const cart = (last: string, ip: string): Host => ({ mac: `DA-A1-19-37-0C-${last}`, ip })
    const tablet = (last: string, ip: string): Host => ({ mac: `6E-40-08-51-22-${last}`, ip })
    return capture(
      conversation('dicom-store-jpeg', cart('01', '10.20.0.61'), ARCHIVE, 10),
      conversation('dicom-store-jpeg', cart('02', '10.20.0.62'), ARCHIVE, 2 * HOUR),
      lease(tablet('01', '10.20.0.71'), 'REVIEW-TABLET-7', server, 3 * HOUR),
      conversation('dicom-echo-dcmtk', tablet('01', '10.20.0.71'), ARCHIVE, 3 * HOUR + 10, { CT01: 'TAB7' }),
      lease(tablet('02', '10.20.0.72'), 'REVIEW-TABLET-7', server, 5 * HOUR),
      conversation('dicom-echo-dcmtk', tablet('02', '10.20.0.72'), ARCHIVE, 5 * HOUR + 10, { CT01: 'TAB7' }),
    )
  },
  'inventory-dual-homed': () => {
    const images: Host = { mac: CT, ip: '10.20.0.11' }
    const service: Host = { mac: '88-4B-39-10-22-02', ip: '10.21.0.11' }
    const backup: Host = { mac: '10-65-30-AA-20-02', ip: '10.21.0.20' }
    return capture(
      [0, 1, 2].flatMap(round => [
        ...conversation('dicom-store-implicit', images, ARCHIVE, 10 + round * MINUTE),
        ...conversation('dicom-store-implicit', service, backup, 40 + round * MINUTE),
      ]),
    )
  },
  'inventory-cloned-serial': () => {
    const one: Host = { mac: CT, ip: '10.20.0.11' }
    const other: Host = { mac: '88-4B-39-10-22-09', ip: '10.20.0.12' }
    return capture(
      [0, 1, 2].flatMap(round => [
        ...conversation('dicom-store-implicit', one, ARCHIVE, 10 + round * MINUTE),
        ...conversation('dicom-store-implicit', other, ARCHIVE, 40 + round * MINUTE, OTHER_NAME),
      ]),
    )
  },
  'inventory-cloned-serial-in-turn': () => {
    const one: Host = { mac: CT, ip: '10.20.0.11' }
    const other: Host = { mac: '88-4B-39-10-22-09', ip: '10.20.0.12' }
    return capture(
      [one, other, one, other].flatMap((host, turn) => conversation('dicom-store-implicit', host, ARCHIVE, 10 + turn * 30 * MINUTE)),
    )
  },
  'inventory-upnp': () => {
    const technician: Host = { mac: '18-60-24-5C-30-02', ip: '10.20.0.30' }
    const engine: Host = { mac: '00-0C-29-8F-50-04', ip: '10.20.0.50' }
    const gateway: Host = { mac: '00-40-9D-4C-1A-07', ip: '10.20.0.60' }
    const names = { PIIC_IX: 'AXON_GW', '0009FBFFFE4660A1': '00409DFFFE4C1A07' }
    return capture(
      conversation('http-upnp-miniupnpd', technician, gateway, 10),
      conversation('hl7-pcd-alarm-node-python', gateway, engine, MINUTE, names),
    )
  },
}

if (import.meta.main) for (const [name, make] of Object.entries(SCENES)) writeFileSync(join(GOLDEN, name, 'input.pcap'), make())
