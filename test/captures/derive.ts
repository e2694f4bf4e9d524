// Variants of a recorded capture, the same on every run:   node test/captures/derive.ts IN OUT '[{"loss": 0.02, "seed": 7}]'
import { readFileSync, writeFileSync } from 'node:fs'
import { type Format, type Frame, readPcap, writeCapture } from './pcap.ts'

/** One change to a capture; a list of them is applied in order. */
export type Step =
  /** Frames that the mirror port lost: this share of those that carry TCP data, always or from one second of 1970 UTC to another. */
  | { readonly loss: number; readonly seed: number; readonly from?: number; readonly to?: number }
  /** Lose exactly these frames, counted from 1 as tshark does. */
  | { readonly drop: readonly number[] }
  /** This share of neighbouring frames changes places. */
  | { readonly reorder: number; readonly seed: number }
  /** This share of frames is seen twice. */
  | { readonly duplicate: number; readonly seed: number }
  /**
   * Frames are seen again `delay` µs later, as by a mirror of both directions of a port: behind another VLAN tag, behind a router (other hardware
   * addresses, shorter time to live), or unchanged.
   */
  | { readonly copy: { readonly vlan?: number; readonly routed?: boolean }; readonly delay: number }
  /** The capture begins after this many frames. */
  | { readonly midstream: number }
  /** The mirror port shows only what this side of each connection sends. */
  | { readonly only: 'client' | 'server' }
  /** 802.1Q tags, outermost first. */
  | { readonly vlan: readonly number[] }
  /** Remote mirroring: every frame inside a tunnel. */
  | { readonly tunnel: 'erspan' | 'gre' | 'vxlan' }
  /** How it is written down, and how many packets the capture lost (pcapng only). */
  | { readonly format: Format; readonly dropped?: number }

export function derive(capture: Buffer, steps: readonly Step[]): Buffer {
  let frames = readPcap(capture)
  let format: Format = 'microsecond'
  let dropped: number | undefined
  for (const step of steps) {
    if ('format' in step) ({ format, dropped } = step)
    else frames = apply(frames, step)
  }
  return writeCapture(frames, format, dropped)
}

function apply(frames: readonly Frame[], step: Exclude<Step, { readonly format: Format }>): readonly Frame[] {
  if ('loss' in step) return lose(frames, step)
  if ('drop' in step) return frames.filter((_, index) => !step.drop.includes(index + 1))
  if ('reorder' in step) return reorder(frames, step.reorder, step.seed)
  if ('duplicate' in step) return duplicate(frames, step.duplicate, step.seed)
  if ('copy' in step) return copied(frames, step.copy, step.delay)
  if ('midstream' in step) return frames.slice(step.midstream)
  if ('only' in step) return oneSide(frames, step.only)
  if ('vlan' in step) return frames.map(frame => ({ ...frame, data: tagged(frame.data, step.vlan) }))
  return frames.map((frame, index) => ({ ...frame, data: tunnelled(frame.data, step.tunnel, index) }))
}

/** mulberry32: uniform in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

function lose(frames: readonly Frame[], { loss, seed, from = 0, to }: Extract<Step, { readonly loss: number }>): readonly Frame[] {
  const random = generator(seed)
  const isDuring = (time: bigint): boolean => time >= seconds(from) && (to === undefined || time < seconds(to))
  return frames.filter(({ time, data }) => !isDuring(time) || (tcpPayloadLength(data) ?? 0) === 0 || random() >= loss)
}

/** Nanoseconds. */
function seconds(value: number): bigint {
  return BigInt(Math.round(value * 1e6)) * 1000n
}

/** Neighbours keep the times of their places, as after a jumble on the way to the mirror port. */
function reorder(frames: readonly Frame[], share: number, seed: number): readonly Frame[] {
  const random = generator(seed)
  const out = [...frames]
  for (let index = 0; index + 1 < out.length; index++) {
    if (random() >= share) continue
    const [first, second] = [out[index]!, out[index + 1]!]
    out[index] = { time: first.time, data: second.data }
    out[index + 1] = { time: second.time, data: first.data }
    index++
  }
  return out
}

function duplicate(frames: readonly Frame[], share: number, seed: number): readonly Frame[] {
  const random = generator(seed)
  return frames.flatMap(frame => (random() < share ? [frame, frame] : [frame]))
}

function copied(frames: readonly Frame[], { vlan, routed = false }: { vlan?: number; routed?: boolean }, delay: number): readonly Frame[] {
  const changed = (data: Buffer): Buffer => {
    const passed = routed ? routedOn(data) : data
    return vlan === undefined ? passed : tagged(passed, [vlan])
  }
  const copies = frames.map(({ time, data }) => ({ time: time + BigInt(delay) * 1000n, data: changed(data) }))
  return [...frames, ...copies].sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0))
}

/** A frame as the router sends it on; what is not IPv4 stays as it is. */
function routedOn(data: Buffer): Buffer {
  const out = Buffer.from(data)
  if (data.readUInt16BE(12) !== 0x0800) return out
  out.set(ROUTER, 6)
  out.writeUInt8(data[22]! - 1, 22)
  out.writeUInt16BE(0, 24)
  out.writeUInt16BE(headerChecksum(out.subarray(14, 14 + (out[14]! & 15) * 4)), 24)
  return out
}

const ROUTER = Buffer.from('0200000000fe', 'hex')

function headerChecksum(header: Buffer): number {
  let sum = 0
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function oneSide(frames: readonly Frame[], side: 'client' | 'server'): readonly Frame[] {
  const clients = new Set<string>()
  return frames.filter(({ data }) => {
    const ends = tcpEnds(data)
    if (ends === undefined) return true
    if ((ends.flags & 0x12) === 0x02) clients.add(ends.forward)
    return clients.has(ends.forward) === (side === 'client')
  })
}

/** Addresses and ports of an untagged IPv4 TCP frame. */
function tcpEnds(data: Buffer): { readonly forward: string; readonly flags: number } | undefined {
  if (data.length < 54 || data.readUInt16BE(12) !== 0x0800 || data[23] !== 6) return undefined
  const tcp = 14 + (data[14]! & 15) * 4
  return { forward: `${data.toString('hex', 26, 34)}${data.toString('hex', tcp, tcp + 4)}`, flags: data[tcp + 13]! }
}

function tcpPayloadLength(data: Buffer): number | undefined {
  if (tcpEnds(data) === undefined) return undefined
  const header = (data[14]! & 15) * 4
  return data.readUInt16BE(16) - header - (data[14 + header + 12]! >> 4) * 4
}

function tagged(data: Buffer, ids: readonly number[]): Buffer {
  const tags = ids.map((id, index) => {
    const tag = Buffer.alloc(4)
    tag.writeUInt16BE(index + 1 < ids.length ? 0x88a8 : 0x8100, 0)
    tag.writeUInt16BE(id, 2)
    return tag
  })
  return Buffer.concat([data.subarray(0, 12), ...tags, data.subarray(12)])
}

const OUTER_ETHERNET = Buffer.from('0200000000020200000000010800', 'hex')
const OUTER_SOURCE = Buffer.from([192, 0, 2, 1])
const OUTER_TARGET = Buffer.from([192, 0, 2, 2])

function tunnelled(data: Buffer, kind: 'erspan' | 'gre' | 'vxlan', index: number): Buffer {
  if (kind === 'vxlan') {
    const header = Buffer.alloc(16)
    header.writeUInt16BE(49152, 0)
    header.writeUInt16BE(4789, 2)
    header.writeUInt16BE(16 + data.length, 4)
    header.writeUInt8(0x08, 8)
    header.writeUInt32BE(5001 << 8, 12)
    return outer(17, Buffer.concat([header, data]), index)
  }
  if (kind === 'gre') return outer(47, Buffer.concat([Buffer.from('00006558', 'hex'), data]), index)
  const header = Buffer.alloc(16)
  header.writeUInt32BE(0x1000_88be, 0)
  header.writeUInt32BE(index, 4)
  header.writeUInt16BE(0x1000, 8)
  header.writeUInt16BE(0x0001, 10)
  return outer(47, Buffer.concat([header, data]), index)
}

function outer(protocol: number, payload: Buffer, id: number): Buffer {
  const ip = Buffer.alloc(20)
  ip.writeUInt8(0x45, 0)
  ip.writeUInt16BE(20 + payload.length, 2)
  ip.writeUInt16BE(id & 0xffff, 4)
  ip.writeUInt8(64, 8)
  ip.writeUInt8(protocol, 9)
  OUTER_SOURCE.copy(ip, 12)
  OUTER_TARGET.copy(ip, 16)
  ip.writeUInt16BE(headerChecksum(ip), 10)
  return Buffer.concat([OUTER_ETHERNET, ip, payload])
}

if (import.meta.main) {
  const [input, output, steps] = process.argv.slice(2)
  if (input === undefined || output === undefined || steps === undefined) throw new Error("usage: derive.ts IN OUT '[{…}]'")
  writeFileSync(output, derive(readFileSync(input), JSON.parse(steps) as Step[]))
}
