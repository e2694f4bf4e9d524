import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { replayEvents } from '../../src/sensor.ts'
import { type Frame, readPcap, writeCapture } from '../captures/pcap.ts'
import { bytes, hex, ip, word } from './datagrams.ts'

const RECORDED = join(import.meta.dirname, '..', 'captures', 'recorded', 'dicom-echo-dcmtk.pcap')
const SECOND = 1_000_000_000n

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-identity-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ethernet = (source: string, type: number, payload: Uint8Array): Buffer => bytes(hex('ffffffffffff'), hex(source), word(type), payload)

/** An IPv4 broadcast without checksums. */
function udp(source: string, port: number, payload: Uint8Array): Buffer {
  const segment = bytes(word(port, port, payload.length + 8, 0), payload)
  return bytes(word(0x4500, segment.length + 20, 1, 0, 0x4011, 0), ip(source), ip('255.255.255.255'), segment)
}

const option = (code: number, data: string | Uint8Array | number): Buffer => bytes(code, bytes(data).length, data)

function discover(mac: string): Buffer {
  const fixed = bytes(hex('01010600 01020304 00000000'), Buffer.alloc(16), hex(mac), Buffer.alloc(10 + 64 + 128))
  return bytes(fixed, hex('63825363'), option(53, 1), option(12, 'CT-CONSOLE'), option(60, 'MSFT 5.0'), option(255, ''))
}

const lldp = (mac: string): Buffer =>
  bytes(word(0x0207), 4, hex(mac), word(0x0402), 5, '1', word(0x0602, 120), word(0x0c06), 'QNX 7.', word(0))

test('what DHCP and LLDP say of a device goes into its events', async () => {
  const frames = readPcap(readFileSync(RECORDED))
  const first = frames.find(({ data }) => data.readUInt16BE(12) === 0x0800)?.data ?? Buffer.alloc(0)
  const mac = first.toString('hex', 6, 12)
  const client = [...first.subarray(26, 30)].join('.')
  const last = frames[frames.length - 1].time
  const said: readonly Frame[] = [
    { time: last + 3n * SECOND, data: ethernet(mac, 0x0800, udp('0.0.0.0', 67, discover(mac))) },
    { time: last + 4n * SECOND, data: ethernet(mac, 0x88cc, lldp(mac)) },
    { time: last + 9n * SECOND, data: ethernet(mac, 0x88cc, lldp(mac)) },
  ]
  const file = join(folder, 'identity.pcap')
  writeFileSync(file, writeCapture([...frames, ...said]))
  const changes = (await replayEvents([file])).filter(({ event }) => (event as { action?: string }).action === 'device-changed')
  const hosts = changes.map(({ host }) => host as { ip: readonly string[]; name: string; hostname: string; os?: { name: string } })
  expect(hosts.every(host => host.ip.includes(client))).toBe(true)
  expect(hosts.at(-1)).toMatchObject({ hostname: 'ct-console', name: 'ct-console', os: { name: 'QNX' } })
})
