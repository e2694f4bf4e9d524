import { type Direction, type Flow, type FlowEnd, FROM_SERVER, opposite } from '../net/flow.ts'
import { TurnedFlow } from '../net/turned-flow.ts'
import type { DecoderContext, Emit, Protocol, StreamDecoder } from './decoder.ts'
import type { Observation, TlsHandshake } from './observation.ts'

/** Bytes kept of each direction while the protocol is not known. */
const PROBE_BYTES = 2048
/** Segments probed on a flow whose beginning was missed, before it is let go. */
const MIDSTREAM_TRIES = 200
/** Turns of an unknown conversation at which a protocol that may begin later is looked for. */
const LATER_TURNS = 8

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

/** How far one direction of a flow was looked at. */
interface Probing {
  /** Protocols that it still can be. */
  candidates: readonly Protocol[]
  /** Bytes looked at since the candidates were all. */
  bytes: number
  /** Bytes of the stream that are gone: lost, or looked at in vain. */
  gone: number
  /** The beginning was missed, so what comes may start inside a unit. */
  midstream: boolean
  triesLeft: number
}

/** What is known of one flow's content: nothing yet, that its beginning is unknown, that no protocol speaks there, or who follows it. */
type Content = Undecided | Unknown | typeof NOBODYS | Followed

interface Undecided {
  readonly kind: 'undecided'
  readonly probing: readonly [Probing, Probing]
  readonly waiting: Waiting[]
  readonly turns: Turns
}

/** Nobody's so far, as the beginning of both sides tells. */
interface Unknown {
  readonly kind: 'unknown'
  readonly turns: Turns
}

/** Turns of a conversation: when one side speaks after the other, something may begin, whatever segments it comes in. */
interface Turns {
  last: Direction | undefined
  /** How many more are looked at. */
  left: number
  /** What was said in this one, while it may be the beginning of something. */
  said: Waiting[] | undefined
}

interface Followed {
  readonly kind: 'followed'
  readonly protocol: Protocol['name']
  readonly decoder: StreamDecoder
  tls: TlsHandshake | undefined
  failed: boolean
}

/** Shared by all flows of its kind: most flows of a network are, and shall cost nothing. */
const NOBODYS = { kind: 'nobodys' } as const

/** Finds out by content what a TCP flow speaks, on any port, and feeds its decoder. Unknown flows cost next to nothing. */
export class ProtocolIdentifier {
  readonly flowsByProtocol = new Map<string, number>()
  /** Decoders that failed and were taken off their flow. */
  failures = 0
  readonly #protocols: readonly Protocol[]
  readonly #laterProtocols: readonly Protocol[]
  readonly #options: IdentifierOptions
  /** What flows spoke before it was something else. */
  readonly #earlier = new Map<number, Protocol['name']>()
  /** Flows of which the content told that the other end is the client. */
  readonly #turned = new Map<number, Flow>()
  readonly #contents = new Map<number, Content>()
  readonly #open = new Set<Followed>()

  constructor(protocols: readonly Protocol[], options: IdentifierOptions) {
    this.#protocols = protocols
    this.#laterProtocols = protocols.filter(({ beginsLater }) => beginsLater === true)
    this.#options = options
  }

  data(flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    const turned = this.#turnedOf(flow)
    if (turned === undefined) this.#take(flow, direction, bytes, offset, length, time)
    else this.#take(turned, opposite(direction), bytes, offset, length, time)
  }

  /** Bytes of a flow as it is seen here: see `seenAs`. */
  #take(flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    const content = this.#content(flow)
    if (content.kind === 'nobodys') return
    if (content.kind === 'followed') {
      this.#follow(content, direction, bytes, offset, length, time)
      return
    }
    if (this.#startsAtTurn(flow, content.turns, direction, bytes, offset, length, time)) return
    if (content.kind === 'undecided') {
      const probing = content.probing[direction]
      if (probing.candidates.length > 0) this.#probe(flow, content, direction, bytes, offset, length, time)
      else probing.gone += length
    } else if (isOver(content.turns)) this.#contents.set(flow.number, NOBODYS)
  }

  gap(flow: Flow, direction: Direction, length: number, time: number): void {
    const content = this.#content(flow)
    const side = this.#sideOf(flow, direction)
    if (content.kind === 'followed') this.#guard(content, decoder => decoder.gap(side, length, time))
    if (content.kind === 'undecided' || content.kind === 'unknown') content.turns.said = undefined
    if (content.kind === 'undecided') {
      content.probing[side].gone += length
      this.#restart(flow, content, side, true)
    }
  }

  halfClosed(flow: Flow, direction: Direction, time: number): void {
    const content = this.#contents.get(flow.number)
    const side = this.#sideOf(flow, direction)
    if (content?.kind === 'followed') this.#guard(content, decoder => decoder.halfClosed(side, time))
  }

  /** The flow is over: its decoder reports what is open. Gives the TLS facts of the flow, if any. */
  ended(flow: Flow, end: FlowEnd, time: number): TlsHandshake | undefined {
    const content = this.#contents.get(flow.number)
    this.#contents.delete(flow.number)
    this.#earlier.delete(flow.number)
    this.#turned.delete(flow.number)
    if (content?.kind !== 'followed') return undefined
    this.#guard(content, decoder => decoder.end(end, time))
    this.#open.delete(content)
    return content.tls
  }

  /** The flow with client and server as its content tells, where the net stage could only guess. To be asked before its end. */
  seenAs(flow: Flow): Flow {
    return this.#turnedOf(flow) ?? flow
  }

  /** What the flow speaks, once that is known. */
  application(flow: Flow): Protocol['name'] | undefined {
    const content = this.#contents.get(flow.number)
    return content?.kind === 'followed' ? content.protocol : this.#earlier.get(flow.number)
  }

  /** About once a second. */
  tick(time: number): void {
    for (const content of this.#open) this.#guard(content, decoder => decoder.tick(time))
  }

  #turnedOf(flow: Flow): Flow | undefined {
    return this.#turned.size === 0 ? undefined : this.#turned.get(flow.number)
  }

  #sideOf(flow: Flow, direction: Direction): Direction {
    return this.#turnedOf(flow) === undefined ? direction : opposite(direction)
  }

  #content(flow: Flow): Content {
    const known = this.#contents.get(flow.number)
    if (known !== undefined) return known
    return this.#undecided(flow, flow.midstream)
  }

  #undecided(flow: Flow, midstream: boolean): Undecided {
    const content: Undecided = {
      kind: 'undecided',
      probing: [this.#beginProbing(midstream), this.#beginProbing(midstream)],
      waiting: [],
      turns: { last: undefined, left: midstream ? 0 : LATER_TURNS, said: undefined },
    }
    this.#contents.set(flow.number, content)
    return content
  }

  /** Ask those that may begin later about what one side has said since it was its turn. True when one of them does. */
  #startsAtTurn(flow: Flow, turns: Turns, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): boolean {
    if (turns.last !== direction) {
      turns.said = turns.last === undefined || turns.left === 0 ? undefined : []
      if (turns.said !== undefined) turns.left--
      turns.last = direction
    }
    const { said } = turns
    if (said === undefined) return false
    said.push({ direction, bytes: bytes.slice(offset, offset + length), time })
    const seen = joined(said, direction)
    const answers = this.#laterProtocols.map(protocol => [protocol, protocol.probe(direction, seen, 0, seen.length, false, flow)] as const)
    const match = answers.find(([, answer]) => answer === 'match')?.[0]
    if (match !== undefined) {
      this.#start(flow, { ...this.#undecided(flow, false), waiting: said }, match)
      return true
    }
    if (seen.length >= PROBE_BYTES || answers.every(([, answer]) => answer === 'reject')) turns.said = undefined
    return false
  }

  #beginProbing(midstream: boolean): Probing {
    return { candidates: this.#protocols, bytes: 0, gone: 0, midstream, triesLeft: MIDSTREAM_TRIES }
  }

  /** Ask the candidates about everything seen so far from this side. */
  #probe(flow: Flow, content: Undecided, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    const probing = content.probing[direction]
    content.waiting.push({ direction, bytes: bytes.slice(offset, offset + length), time })
    probing.bytes += length
    const seen = joined(content.waiting, direction)
    const answers = probing.candidates.map(
      protocol => [protocol, protocol.probe(direction, seen, 0, seen.length, probing.midstream, flow)] as const,
    )
    const match = answers.find(([, answer]) => answer === 'match')?.[0]
    const isFull = probing.bytes >= PROBE_BYTES
    if (match !== undefined) {
      const opener = this.#opener(flow, match, direction, seen)
      if (opener !== 'more' || isFull) this.#start(flow, content, match, opener)
      return
    }
    probing.candidates = answers.filter(([, answer]) => answer === 'more' && !isFull).map(([protocol]) => protocol)
    if (probing.candidates.length === 0) this.#restart(flow, content, direction, probing.midstream)
  }

  /** Who opened a flow of which that is a guess, as its first protocol tells. */
  #opener(flow: Flow, { opener }: Protocol, direction: Direction, seen: Uint8Array): Direction | 'more' | undefined {
    if (!flow.clientGuessed || this.#earlier.has(flow.number)) return undefined
    return opener?.(direction, seen, 0, Math.min(seen.length, PROBE_BYTES))
  }

  /** Forget what was seen. `looksOn`: a unit may start in what comes next, which is looked for a limited number of times. */
  #restart(flow: Flow, content: Undecided, direction: Direction, looksOn: boolean): void {
    const probing = content.probing[direction]
    probing.candidates = looksOn && --probing.triesLeft > 0 ? this.#protocols : []
    probing.midstream = true
    probing.gone += probing.bytes
    probing.bytes = 0
    drop(content.waiting, direction)
    if (content.probing.some(({ candidates }) => candidates.length > 0)) return
    const { turns } = content
    this.#contents.set(flow.number, isOver(turns) ? NOBODYS : { kind: 'unknown', turns })
  }

  /** Follow the flow from here on. Where `opener` is the side that was taken for the server, it is turned before anything is told of it. */
  #start(guessed: Flow, { probing, waiting }: Undecided, protocol: Protocol, opener?: Direction | 'more'): void {
    const isTurned = opener === FROM_SERVER
    const flow = isTurned ? new TurnedFlow(guessed) : guessed
    if (isTurned) this.#turned.set(flow.number, flow)
    this.flowsByProtocol.set(protocol.name, (this.flowsByProtocol.get(protocol.name) ?? 0) + 1)
    const emit = (observation: Observation): void => this.#emit(content, observation)
    const handOver: DecoderContext['handOver'] = (...rest) => this.#handOver(flow, content, ...rest)
    const decoder = protocol.open({ flow, emit, pseudonym: this.#options.pseudonym, handOver })
    const content: Followed = { kind: 'followed', protocol: protocol.name, decoder, tls: undefined, failed: false }
    this.#contents.set(flow.number, content)
    this.#open.add(content)
    for (const direction of [0, 1] as const)
      if (probing[direction].midstream && !flow.midstream)
        this.#guard(content, follower => follower.gap(direction, probing[direction].gone, flow.lastTime))
    for (const { direction, bytes, time } of waiting)
      this.#take(flow, isTurned ? opposite(direction) : direction, bytes, 0, bytes.length, time)
  }

  /** What a flow spoke is over, but not the flow. */
  #handOver(flow: Flow, from: Followed, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    if (this.#contents.get(flow.number) !== from) return
    this.#guard(from, decoder => decoder.end('closed', time))
    this.#open.delete(from)
    this.#earlier.set(flow.number, from.protocol)
    this.#undecided(flow, false)
    if (length > 0) this.#take(flow, direction, bytes, offset, length, time)
  }

  #emit(content: Followed, observation: Observation): void {
    if (observation.kind === 'tls-handshake') content.tls = observation
    this.#options.emit(observation)
  }

  /** As `#guard` for data, which comes with nearly every packet, so that nothing is made for it. */
  #follow(content: Followed, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    if (content.failed) return
    try {
      content.decoder.data(direction, bytes, offset, length, time)
    } catch (error) {
      this.#fail(content, error)
    }
  }

  /** A decoder's mistake must cost its flow only. */
  #guard(content: Followed, call: (decoder: StreamDecoder) => void): void {
    if (content.failed) return
    try {
      call(content.decoder)
    } catch (error) {
      this.#fail(content, error)
    }
  }

  #fail(content: Followed, error: unknown): void {
    content.failed = true
    this.failures++
    this.#open.delete(content)
    this.#options.onFailure(content.protocol, error)
  }
}

/** Nothing that begins later is looked for any more. */
function isOver({ left, said }: Turns): boolean {
  return left === 0 && said === undefined
}

function drop(waiting: Waiting[], direction: Direction): void {
  for (let index = waiting.length - 1; index >= 0; index--) if (waiting[index].direction === direction) waiting.splice(index, 1)
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
