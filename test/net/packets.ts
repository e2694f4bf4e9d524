import Joi from 'joi'
import { LinkType, type RawPacket } from '../../src/capture/source.ts'
import type { Direction, Flow, FlowEnd, FlowHandler } from '../../src/net/flow.ts'
import { type NetSettings, netSchema } from '../../src/net/settings.ts'
import { NetworkStage } from '../../src/net/stage.ts'

// Packets made by hand, and a net stage whose reports are kept.

export const SECOND = 1_000_000
const START = Date.UTC(2026, 2, 1, 8) * 1000

export const A = '10.0.0.1'
export const B = '10.0.0.2'
const A6 = '2001:db8::1'
const B6 = '2001:db8::2'
const MAC_A = '020000000001'
const MAC_B = '020000000002'

const join = (...parts: readonly (Uint8Array | string)[]): Buffer =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)))

function words(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap(value => [(value >>> 8) & 255, value & 255]))
}

function long(value: number): Buffer {
  return words(value >>> 16, value & 0xffff)
}

// --- link layers ---

export const ETHERTYPE = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd, VLAN: 0x8100, QINQ: 0x88a8, MPLS: 0x8847, PPPOE: 0x8864 } as const

export function ethernet(payload: Uint8Array, type: number = ETHERTYPE.IPV4): Buffer {
  return join(MAC_B, MAC_A, words(type), payload)
}

/** A tag and what it carries; goes into `ethernet(…, ETHERTYPE.VLAN)`. */
export function vlan(id: number, payload: Uint8Array, type: number = ETHERTYPE.IPV4): Buffer {
  return join(words(0x6000 | id, type), payload)
}

export function cooked(payload: Uint8Array, type: number = ETHERTYPE.IPV4): Buffer {
  return join(words(0, 1, 6), MAC_A, '0000', words(type), payload)
}

export function cooked2(payload: Uint8Array, type: number = ETHERTYPE.IPV4): Buffer {
  return join(words(type, 0), long(3), words(1), '0006', MAC_A, '0000', payload)
}

// --- network layer ---

export interface Ipv4Fields {
  readonly source?: string
  readonly target?: string
  readonly protocol?: number
  readonly id?: number
  /** In bytes. */
  readonly fragmentOffset?: number
  readonly more?: boolean
  readonly options?: Uint8Array
  readonly totalLength?: number
}

export function ipv4(payload: Uint8Array, fields: Ipv4Fields = {}): Buffer {
  const { source = A, target = B, protocol = 6, id = 0, fragmentOffset = 0, more = false, options = new Uint8Array(0) } = fields
  const header = 20 + options.length
  const flags = (more ? 0x2000 : 0) | (fragmentOffset / 8)
  return join(
    words(0x4500 | ((header / 4) << 8), fields.totalLength ?? header + payload.length, id, flags, 0x4000 | protocol, 0),
    ...[source, target].map(address => Buffer.from(address.split('.').map(Number))),
    options,
    payload,
  )
}

export function ipv6(payload: Uint8Array, next = 6, source = A6, target = B6): Buffer {
  return join('60000000', words(payload.length, (next << 8) | 64), ipv6Address(source), ipv6Address(target), payload)
}

function ipv6Address(text: string): Buffer {
  const [head = '', tail = ''] = text.split('::')
  const groups = (part: string): readonly number[] => (part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16)))
  const [first, last] = [groups(head), groups(tail)]
  return words(...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last)
}

/** Extension header of 8 bytes. */
export function extension(next: number, payload: Uint8Array): Buffer {
  return join(Buffer.from([next, 0, 1, 4, 0, 0, 0, 0]), payload)
}

export function fragment6(
  next: number,
  payload: Uint8Array,
  fields: { readonly offset?: number; readonly more?: boolean; readonly id?: number } = {},
): Buffer {
  const { offset = 0, more = false, id = 1 } = fields
  return join(Buffer.from([next, 0]), words(offset | (more ? 1 : 0)), long(id), payload)
}

// --- transport layer ---

export const FLAG = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const

export interface TcpFields {
  readonly sourcePort?: number
  readonly targetPort?: number
  readonly sequence?: number
  readonly acknowledgment?: number
  readonly flags?: number
  /** In 32-bit words. */
  readonly dataOffset?: number
}

export function tcp(payload: Uint8Array = Buffer.alloc(0), fields: TcpFields = {}): Buffer {
  const { sourcePort = 40_000, targetPort = 104, sequence = 0, acknowledgment = 0, flags = FLAG.ACK, dataOffset = 5 } = fields
  const head = words(sourcePort, targetPort)
  return join(head, long(sequence), long(acknowledgment), words((dataOffset << 12) | flags, 0xffff, 0, 0), payload)
}

export function udp(payload: Uint8Array, sourcePort = 5000, targetPort = 53): Buffer {
  return join(words(sourcePort, targetPort, 8 + payload.length, 0), payload)
}

// --- tunnels ---

export function gre(payload: Uint8Array, type: number, flags = 0): Buffer {
  const optional = [0x8000, 0x2000, 0x1000].map(flag => Buffer.alloc((flags & flag) === 0 ? 0 : 4, 0x77))
  return join(words(flags, type), ...optional, payload)
}

export function vxlan(payload: Uint8Array): Buffer {
  return join('08000000', '00123400', payload)
}

export function geneve(payload: Uint8Array, type: number, options = 0): Buffer {
  return join(Buffer.from([options, 0]), words(type), '00123400', Buffer.alloc(options * 4, 0x55), payload)
}

// --- the stage ---

/** What a flow handler was told, in order, in a form that is easy to compare. */
export type Told =
  | { readonly kind: 'data' | 'datagram'; readonly direction: Direction; readonly text: string }
  | { readonly kind: 'gap'; readonly direction: Direction; readonly length: number }
  | { readonly kind: 'halfClosed'; readonly direction: Direction }
  | { readonly kind: 'ended'; readonly end: FlowEnd }
  | { readonly kind: 'neighbour'; readonly address: string; readonly mac: string; readonly vlanId: number | undefined }

export class Bench implements FlowHandler {
  readonly stage: NetworkStage
  readonly flows: Flow[] = []
  readonly told: Told[] = []
  time = START

  constructor(settings: Partial<NetSettings> = {}) {
    // Unchecked: tests want limits smaller than anybody would configure.
    this.stage = new NetworkStage({ ...(Joi.attempt({}, netSchema) as NetSettings), ...settings }, this)
  }

  /** Show packets to the stage, a µs apart. */
  see(...frames: readonly Uint8Array[]): this {
    return this.seeOn(LinkType.ETHERNET, ...frames)
  }

  seeOn(linkType: number, ...frames: readonly Uint8Array[]): this {
    for (const frame of frames) this.stage.packet(packet(frame, linkType, this.time++))
    return this
  }

  /** A frame of which the capture holds only the first bytes. */
  seeCut(frame: Uint8Array, capturedLength: number): this {
    this.stage.packet({ ...packet(frame, LinkType.ETHERNET, this.time++), capturedLength })
    return this
  }

  /** Let time pass and tell the stage. */
  wait(time: number): this {
    this.time += time
    this.stage.tick(this.time)
    return this
  }

  finish(): this {
    this.stage.finish(this.time)
    return this
  }

  /** The bytes of a direction as far as they were delivered. */
  stream(direction: Direction): string {
    return this.told.flatMap(item => (item.kind === 'data' && item.direction === direction ? [item.text] : [])).join('')
  }

  gaps(direction: Direction): readonly number[] {
    return this.told.flatMap(item => (item.kind === 'gap' && item.direction === direction ? [item.length] : []))
  }

  ends(): readonly FlowEnd[] {
    return this.told.flatMap(item => (item.kind === 'ended' ? [item.end] : []))
  }

  opened(flow: Flow): void {
    this.flows.push(flow)
  }

  data(_flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number): void {
    this.told.push({ kind: 'data', direction, text: text(bytes, offset, length) })
  }

  datagram(_flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number): void {
    this.told.push({ kind: 'datagram', direction, text: text(bytes, offset, length) })
  }

  gap(_flow: Flow, direction: Direction, length: number): void {
    this.told.push({ kind: 'gap', direction, length })
  }

  halfClosed(_flow: Flow, direction: Direction): void {
    this.told.push({ kind: 'halfClosed', direction })
  }

  ended(_flow: Flow, end: FlowEnd): void {
    this.told.push({ kind: 'ended', end })
  }

  neighbour(address: string, mac: string, _interfaceIndex: number, vlanId: number | undefined): void {
    this.told.push({ kind: 'neighbour', address, mac, vlanId })
  }
}

function text(bytes: Uint8Array, offset: number, length: number): string {
  return Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1')
}

/** The frame does not begin at the beginning of its memory, as in a chunk of a capture. */
function packet(frame: Uint8Array, linkType: number, time: number): RawPacket {
  const data = new Uint8Array(frame.length + 13).fill(0xee)
  data.set(frame, 7)
  return {
    data,
    view: new DataView(data.buffer),
    offset: 7,
    capturedLength: frame.length,
    originalLength: frame.length,
    time,
    linkType,
    interfaceIndex: 0,
  }
}
