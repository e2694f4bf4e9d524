import type { Direction, Flow, FlowEnd } from '../net/flow.ts'
import type { Emit, ProbeAnswer, Protocol, StreamDecoder } from './decoder.ts'
import type { Observation, TlsHandshake } from './observation.ts'

/** Bytes kept of each direction while the protocol is not known. */
const PROBE_BYTES = 2048
/** Segments probed on a flow whose beginning was missed, before it is let go. */
const MIDSTREAM_TRIES = 200

export interface IdentifierOptions {
  readonly pseudonym: (kind: string, value: string) => string
  readonly emit: Emit
  /** A decoder threw, which none should. */
  readonly onFailure: (protocol: string, error: unknown) => void
}

/** Bytes that wait for a decision, in the order in which they came. */
interface Waiting {
  readonly direction: Direction
  readonly bytes: Uint8Array
  readonly time: number
}

/** What is known of one flow's content. */
interface Content {
  decoder: StreamDecoder | undefined
  protocol: Protocol['name'] | undefined
  /** Protocols that still can be it, by direction. */
  candidates: readonly Protocol[]
  readonly waiting: Waiting[]
  readonly probed: [number, number]
  /** The direction's beginning was missed, so bytes may start inside a unit. */
  readonly midstream: [boolean, boolean]
  triesLeft: number
  tls: TlsHandshake | undefined
  failed: boolean
}

/** Finds out by content what a TCP flow speaks, on any port, and feeds its decoder. Unknown flows cost next to nothing. */
export class ProtocolIdentifier {
  readonly flowsByProtocol = new Map<string, number>()
  /** Decoders that failed and were taken off their flow. */
  failures = 0
  readonly #protocols: readonly Protocol[]
  readonly #options: IdentifierOptions
  readonly #contents = new Map<number, Content>()
  readonly #open = new Set<Content>()

  constructor(protocols: readonly Protocol[], options: IdentifierOptions) {
    this.#protocols = protocols
    this.#options = options
  }

  data(flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    const content = this.#content(flow)
    if (content.decoder !== undefined) {
      this.#guard(content, decoder => decoder.data(direction, bytes, offset, length, time))
      return
    }
    if (content.candidates.length === 0) return
    this.#probe(flow, content, direction, bytes, offset, length, time)
  }

  gap(flow: Flow, direction: Direction, length: number, time: number): void {
    const content = this.#content(flow)
    if (content.decoder !== undefined) {
      this.#guard(content, decoder => decoder.gap(direction, length, time))
      return
    }
    content.midstream[direction] = true
    content.probed[direction] = 0
    content.waiting.length = 0
    if (content.triesLeft > 0) content.candidates = this.#protocols
  }

  halfClosed(flow: Flow, direction: Direction, time: number): void {
    const content = this.#contents.get(flow.number)
    if (content?.decoder !== undefined) this.#guard(content, decoder => decoder.halfClosed(direction, time))
  }

  /** The flow is over: its decoder reports what is open. Gives the TLS facts of the flow, if any. */
  ended(flow: Flow, end: FlowEnd, time: number): TlsHandshake | undefined {
    const content = this.#contents.get(flow.number)
    if (content === undefined) return undefined
    this.#guard(content, decoder => decoder.end(end, time))
    this.#contents.delete(flow.number)
    this.#open.delete(content)
    return content.tls
  }

  /** What the flow speaks, once that is known. */
  application(flow: Flow): Protocol['name'] | undefined {
    return this.#contents.get(flow.number)?.protocol
  }

  /** About once a second. */
  tick(time: number): void {
    for (const content of this.#open) this.#guard(content, decoder => decoder.tick(time))
  }

  #content(flow: Flow): Content {
    const known = this.#contents.get(flow.number)
    if (known !== undefined) return known
    const content: Content = {
      decoder: undefined,
      protocol: undefined,
      candidates: this.#protocols,
      waiting: [],
      probed: [0, 0],
      midstream: [flow.midstream, flow.midstream],
      triesLeft: MIDSTREAM_TRIES,
      tls: undefined,
      failed: false,
    }
    this.#contents.set(flow.number, content)
    return content
  }

  /** Ask the candidates about everything seen so far from this side. */
  #probe(flow: Flow, content: Content, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    const take = Math.min(length, PROBE_BYTES)
    content.waiting.push({ direction, bytes: bytes.slice(offset, offset + length), time })
    content.probed[direction] += take
    const seen = joined(content.waiting, direction)
    const midstream = content.midstream[direction]
    const answers = content.candidates.map(
      protocol => [protocol, protocol.probe(direction, seen, 0, seen.length, midstream, flow)] as const,
    )
    const match = answers.find(([, answer]) => answer === 'match')?.[0]
    if (match !== undefined) {
      this.#start(flow, content, match)
      return
    }
    const full = content.probed[direction] >= PROBE_BYTES
    const left = answers.filter(([, answer]) => mayStillMatch(answer, full)).map(([protocol]) => protocol)
    if (left.length > 0) {
      content.candidates = left
      return
    }
    this.#letGo(content, direction, midstream)
  }

  /** Nothing matched: a flow joined midstream may start a unit with one of its next segments. */
  #letGo(content: Content, direction: Direction, midstream: boolean): void {
    content.waiting.length = 0
    content.probed[direction] = 0
    content.triesLeft--
    content.candidates = midstream && content.triesLeft > 0 ? this.#protocols : []
  }

  #start(flow: Flow, content: Content, protocol: Protocol): void {
    content.protocol = protocol.name
    content.candidates = []
    this.flowsByProtocol.set(protocol.name, (this.flowsByProtocol.get(protocol.name) ?? 0) + 1)
    content.decoder = protocol.open({ flow, emit: observation => this.#emit(content, observation), pseudonym: this.#options.pseudonym })
    this.#open.add(content)
    for (const direction of [0, 1] as const)
      if (content.midstream[direction] && !flow.midstream) this.#guard(content, decoder => decoder.gap(direction, 0, flow.lastTime))
    for (const { direction, bytes, time } of content.waiting.splice(0))
      this.#guard(content, decoder => decoder.data(direction, bytes, 0, bytes.length, time))
  }

  #emit(content: Content, observation: Observation): void {
    if (observation.kind === 'tls-handshake') content.tls = observation
    this.#options.emit(observation)
  }

  /** A decoder's mistake must cost its flow only. */
  #guard(content: Content, call: (decoder: StreamDecoder) => void): void {
    const { decoder } = content
    if (decoder === undefined || content.failed) return
    try {
      call(decoder)
    } catch (error) {
      content.failed = true
      this.failures++
      this.#open.delete(content)
      this.#options.onFailure(content.protocol ?? 'unknown', error)
    }
  }
}

/** With the probe window full, a protocol that cannot tell by now is none. */
function mayStillMatch(answer: ProbeAnswer, full: boolean): boolean {
  return answer === 'more' && !full
}

function joined(waiting: readonly Waiting[], direction: Direction): Uint8Array {
  const parts = waiting.filter(part => part.direction === direction)
  if (parts.length === 1) return parts[0].bytes
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part.bytes, at)
    at += part.bytes.length
  }
  return bytes
}
