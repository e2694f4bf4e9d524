import type { Direction } from '../../net/flow.ts'
import type { DecoderContext, ProbeAnswer, Protocol, StreamDecoder } from '../decoder.ts'

/**
 * What a load balancer puts in front of a connection that it passes on (PROXY protocol of HAProxy, §2.1 and §2.2):
 *   version 1: "PROXY" SP ("TCP4" | "TCP6" | "UNKNOWN") …, CR LF; at most 107 bytes
 *   version 2: signature 12, version 4 bits (2), command 4 bits, family and transport 1, length 2, addresses and extensions
 */
const SIGNATURES = [Buffer.from('PROXY TCP4 '), Buffer.from('PROXY TCP6 '), Buffer.from('PROXY UNKNOWN')] as const
const SIGNATURE_2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
const MAX_LINE = 107
const HEADER_2 = 16
const LF = 0x0a

/** The header of the PROXY protocol. It is passed over, and what it stands in front of is identified. */
export function proxy(): Protocol {
  return {
    name: 'proxy',
    probe: (_direction, bytes, offset, length) => {
      const seen = headerLength(bytes.subarray(offset, offset + length))
      return typeof seen === 'number' ? 'match' : seen
    },
    opener: direction => direction,
    open: context => new ProxySession(context),
  }
}

/** How long the header is that bytes begin with; `more` when they are too few to tell, `reject` when they begin with none. */
function headerLength(bytes: Uint8Array): number | Exclude<ProbeAnswer, 'match'> {
  if (startsAs(bytes, SIGNATURE_2)) return headerLength2(bytes)
  if (!SIGNATURES.some(signature => startsAs(bytes, signature))) return 'reject'
  const lf = bytes.subarray(0, MAX_LINE).indexOf(LF)
  if (lf >= 0) return lf + 1
  return bytes.length < MAX_LINE ? 'more' : 'reject'
}

function headerLength2(bytes: Uint8Array): number | Exclude<ProbeAnswer, 'match'> {
  if (bytes.length < HEADER_2) return 'more'
  return bytes[12] >>> 4 === 2 ? HEADER_2 + ((bytes[14] << 8) | bytes[15]) : 'reject'
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

  /** Bytes of the header from `offset` on. */
  #lengthLeft(bytes: Uint8Array, offset: number, length: number): number | undefined {
    const before = this.#head.length
    this.#head = Buffer.concat([this.#head, bytes.subarray(offset, offset + Math.min(length, MAX_LINE))])
    const whole = headerLength(this.#head)
    return typeof whole === 'number' ? whole - before : undefined
  }
}
