import { isIP, SocketAddress } from 'node:net'
import { formatIpv4, formatIpv6 } from '../../net/addresses.ts'
import { type Direction, FROM_CLIENT } from '../../net/flow.ts'
import type { DecoderContext, Protocol, StreamDecoder } from '../decoder.ts'

/**
 * What a load balancer puts in front of a connection that it passes on (PROXY protocol of HAProxy, §2.1 and §2.2):
 *   version 1: "PROXY" SP ("TCP4" | "TCP6") SP source SP target SP port SP port CR LF, or "PROXY UNKNOWN" … CR LF; at most 107 bytes
 *   version 2: signature 12, version 4 bits (2), command 4 bits (0 LOCAL, 1 PROXY), family 4 bits (1 IPv4, 2 IPv6) and transport 4 bits,
 *              length 2, then source, target, port 2, port 2, and extensions
 */
const SIGNATURES = [Buffer.from('PROXY TCP4 '), Buffer.from('PROXY TCP6 '), Buffer.from('PROXY UNKNOWN')] as const
const SIGNATURE_2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
const MAX_LINE = 107
const HEADER_2 = 16
/** Bytes of a source address by family. */
const SOURCE_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 16 }
const LF = 0x0a

/** A header, of which all that is of interest was seen. */
interface Header {
  readonly length: number
  /** Who opened the connection; undefined when it is the balancer itself, or nobody that has an IP address. */
  readonly source: string | undefined
}

/** The header of the PROXY protocol: what it stands in front of is identified, and the flow knows for whom its client speaks. */
export function proxy(): Protocol {
  return {
    name: 'proxy',
    probe: (_direction, bytes, offset, length) => {
      const seen = readHeader(bytes.subarray(offset, offset + length))
      return typeof seen === 'string' ? seen : 'match'
    },
    opener: direction => direction,
    open: context => new ProxySession(context),
  }
}

/** The header that bytes begin with; `more` when they are too few to tell, `reject` when they begin with none. */
function readHeader(bytes: Uint8Array): Header | 'more' | 'reject' {
  if (startsAs(bytes, SIGNATURE_2)) return readHeader2(bytes)
  if (!SIGNATURES.some(signature => startsAs(bytes, signature))) return 'reject'
  const lf = bytes.subarray(0, MAX_LINE).indexOf(LF)
  if (lf < 0) return bytes.length < MAX_LINE ? 'more' : 'reject'
  const [, family, source = ''] = Buffer.from(bytes.subarray(0, lf)).toString('latin1').split(' ')
  return { length: lf + 1, source: family === 'UNKNOWN' ? undefined : canonical(source) }
}

/** As addresses of packets are written. */
function canonical(address: string): string | undefined {
  const version = isIP(address)
  return version === 0 ? undefined : new SocketAddress({ address, family: version === 4 ? 'ipv4' : 'ipv6' }).address
}

function readHeader2(bytes: Uint8Array): Header | 'more' | 'reject' {
  if (bytes.length < HEADER_2) return 'more'
  if (bytes[12] >>> 4 !== 2) return 'reject'
  const rest = (bytes[14] << 8) | bytes[15]
  const isForwarded = (bytes[12] & 15) === 1
  const width = SOURCE_BYTES[bytes[13] >>> 4]
  if (!isForwarded || width === undefined || rest < width) return { length: HEADER_2 + rest, source: undefined }
  if (bytes.length < HEADER_2 + width) return 'more'
  return { length: HEADER_2 + rest, source: addressAt(bytes, HEADER_2, width) }
}

function addressAt(bytes: Uint8Array, at: number, width: number): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, width)
  if (width === 4) return formatIpv4(view.getInt32(0))
  return formatIpv6(view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12))
}

function startsAs(bytes: Uint8Array, signature: Buffer): boolean {
  const known = Math.min(bytes.length, signature.length)
  return signature.compare(bytes, 0, known, 0, known) === 0
}

/** Passes over the header, and hands over what follows it. */
class ProxySession implements StreamDecoder {
  readonly #context: DecoderContext
  /** The header as far as it came and is not known how long it is. */
  #head = Buffer.alloc(0)
  /** Bytes of it that are still to come, once that is known. */
  #left: number | undefined
  #sender: Direction | undefined

  constructor(context: DecoderContext) {
    this.#context = context
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    this.#sender ??= direction
    if (direction !== this.#sender) return
    this.#left ??= this.#lengthLeft(bytes, offset, length)
    if (this.#left === undefined) return
    const taken = Math.min(this.#left, length)
    this.#left -= taken
    if (this.#left === 0) this.#context.handOver?.(direction, bytes, offset + taken, length - taken, time)
  }

  gap(direction: Direction, length: number): void {
    if (direction === this.#sender && this.#left !== undefined) this.#left = Math.max(0, this.#left - length)
  }

  halfClosed(): void {}

  end(): void {}

  tick(): void {}

  /** Bytes of the header from `offset` on, and who it says has opened the connection. */
  #lengthLeft(bytes: Uint8Array, offset: number, length: number): number | undefined {
    const before = this.#head.length
    this.#head = Buffer.concat([this.#head, bytes.subarray(offset, offset + Math.min(length, MAX_LINE))])
    const header = readHeader(this.#head)
    if (typeof header === 'string') return undefined
    if (this.#sender === FROM_CLIENT) this.#context.flow.forwardedFor = header.source
    return header.length - before
  }
}
