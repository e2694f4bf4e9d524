import { type Direction, type FlowEnd, opposite } from '../../net/flow.ts'
import type { DecoderContext, StreamDecoder } from '../decoder.ts'
import type { DeviceIdentity, DicomWebRequest, FhirInteraction, IdentityProtocol, Incomplete } from '../observation.ts'
import { NO_OVERLOAD, type OnOverload } from '../overload.ts'
import type { Body, BodyLimits } from './body.ts'
import { Exchange } from './exchange.ts'
import { type BodyLength, bodyLengthOf, type Head, type RequestLine, type StatusLine } from './message.ts'
import { HttpReader, type Place } from './reader.ts'
import type { HttpSettings } from './settings.ts'

type Fact = DeviceIdentity['facts'][number]

/** Facts of devices told on one connection. */
const MAX_TOLD = 64

/** One connection that speaks HTTP/1.1: requests paired with their responses in order (RFC 9112 §9.3.2). */
export class HttpSession implements StreamDecoder {
  readonly #settings: HttpSettings
  readonly #context: DecoderContext
  readonly #onOverload: OnOverload
  readonly #limits: BodyLimits
  readonly #readers: readonly [HttpReader, HttpReader]
  /** Who sends requests: the flow's client, but where the flow was joined midstream its first message tells. */
  #requester: Direction | undefined
  /** Exchanges that wait for their response, oldest first; one that was told is kept so that a late response is not taken for another's. */
  readonly #waiting: Exchange[] = []
  /** Responses that belong to requests which were given up. */
  #givenUp = 0
  /** Whose message a direction is in the middle of. */
  readonly #current: [Exchange | undefined, Exchange | undefined] = [undefined, undefined]
  /** Why messages may have been missed. */
  #missed: Incomplete | undefined
  /** HTTP ended on the connection, by an upgrade or because of CONNECT. */
  #isTunnel = false
  /** The client said who it is in some request, or in one that was missed. */
  #isKnownClient: boolean
  readonly #told = new Set<string>()
  #now = 0

  constructor(settings: HttpSettings, context: DecoderContext, onOverload: OnOverload = NO_OVERLOAD) {
    this.#settings = settings
    this.#context = context
    this.#onOverload = onOverload
    this.#limits = { head: settings.max_head_bytes, body: settings.max_body_bytes }
    this.#requester = context.flow.midstream ? undefined : 0
    this.#isKnownClient = context.flow.midstream
    this.#readers = [this.#createReader(0), this.#createReader(1)]
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    this.#now = time
    const taken = this.#readers[direction].feed(bytes, offset, length, time)
    if (this.#isTunnel) this.#context.handOver?.(direction, bytes, offset + taken, length - taken, time)
  }

  gap(direction: Direction, length: number, _time: number): void {
    this.#missed = 'gap'
    this.#isKnownClient ||= direction === this.#requester
    this.#current[direction]?.incomplete('gap')
    this.#readers[direction].gap(length)
  }

  halfClosed(direction: Direction, _time: number): void {
    this.#readers[direction].close()
  }

  end(end: FlowEnd, _time: number): void {
    for (const reader of this.#readers) reader.close()
    const open = new Set([...this.#waiting, ...this.#current].filter(exchange => exchange !== undefined))
    for (const exchange of open) {
      if (end === 'evicted') exchange.incomplete('limit')
      if (end === 'open') exchange.incomplete('truncated')
      this.#cutOff(exchange)
    }
    this.#waiting.length = 0
  }

  tick(time: number): void {
    const timeout = this.#settings.response_timeout_seconds * 1_000_000
    for (const exchange of this.#waiting) {
      if (exchange.response !== undefined || !exchange.requestEnded || time - exchange.end < timeout) break
      this.#report(exchange)
    }
  }

  #createReader(direction: Direction): HttpReader {
    return new HttpReader(this.#settings.max_head_bytes, this.#context.flow.midstream, {
      head: (head, place) => this.#head(direction, head, place),
      body: (bytes, from, to) => {
        const exchange = this.#current[direction]
        if (exchange === undefined) return
        exchange.end = this.#now
        this.#bodyOf(exchange, direction).feed(bytes, from, to)
      },
      bodyGap: length => {
        const exchange = this.#current[direction]
        if (exchange !== undefined) this.#bodyOf(exchange, direction).gap(length)
      },
      end: () => this.#messageEnd(direction),
      headTooLong: (kind, place) => this.#headTooLong(direction, kind, place),
      lost: () => this.#placeLost(direction, 'gap'),
    })
  }

  #bodyOf(exchange: Exchange, direction: Direction): Body {
    return direction === exchange.direction ? exchange.requestBody : exchange.responseBody
  }

  #head(direction: Direction, head: Head, place: Place): BodyLength {
    const { start } = head
    return start.kind === 'request' ? this.#requestHead(direction, head, start, place) : this.#responseHead(direction, head, start, place)
  }

  #requestHead(direction: Direction, head: Head, line: RequestLine, place: Place): BodyLength {
    this.#requester ??= direction
    const body = bodyLengthOf(head, undefined)
    if (direction !== this.#requester) return body
    const exchange = new Exchange(direction, place.start, place.streamOffset)
    exchange.beginRequest(head, line, this.#limits, this.#context.pseudonym, this.#isKnownClient)
    this.#isKnownClient ||= exchange.request?.authentication !== 'none'
    exchange.end = this.#now
    this.#current[direction] = exchange
    this.#wait(exchange)
    return body
  }

  #responseHead(direction: Direction, head: Head, line: StatusLine, place: Place): BodyLength {
    this.#requester ??= opposite(direction)
    const isExpected = direction !== this.#requester
    const isForKnown = isExpected && this.#givenUp === 0
    const body = bodyLengthOf(head, isForKnown ? this.#waiting[0]?.request?.method : undefined)
    // An informational response says that another one follows (RFC 9110 §15.2), but for the one that ends HTTP on the connection.
    if (isExpected && line.status === 100) this.#waiting[0]?.mayContinue()
    if (!isExpected || (line.status < 200 && body.kind !== 'tunnel')) return body
    if (this.#givenUp > 0) {
      this.#givenUp--
      return body
    }
    if (this.#waiting.length === 0) this.#waiting.push(this.#unasked(direction, place))
    const [exchange] = this.#waiting
    exchange.beginResponse(head, line, this.#limits)
    exchange.end = this.#now
    this.#current[direction] = exchange
    if (exchange.isRefused && this.#current[exchange.direction] === exchange) this.#refused(exchange)
    if (body.kind === 'tunnel') {
      this.#isTunnel = true
      this.#readers[exchange.direction].stop()
    }
    return body
  }

  /** Its body need not come any more, and what comes of it is no news. */
  #refused(exchange: Exchange): void {
    this.#readers[exchange.direction].refuse()
    this.#current[exchange.direction] = undefined
    exchange.requestEnded = true
  }

  /** A message that is passed over. Of a request the response is still to come; which response was meant is not known. */
  #headTooLong(direction: Direction, kind: 'request' | 'status', place: Place): void {
    this.#onOverload('http_head')
    this.#missed ??= 'limit'
    this.#requester ??= kind === 'request' ? direction : opposite(direction)
    if (direction !== this.#requester) {
      this.#placeLost(direction, 'limit')
      return
    }
    const exchange = new Exchange(direction, place.start, place.streamOffset)
    exchange.requestEnded = true
    exchange.incomplete('limit')
    exchange.end = this.#now
    this.#wait(exchange)
  }

  /** A response whose request was not seen. */
  #unasked(direction: Direction, place: Place): Exchange {
    const requester = opposite(direction)
    const exchange = new Exchange(requester, place.start, place.streamOffset)
    exchange.requestEnded = true
    if (!this.#wasHeard(requester)) exchange.incomplete('one_sided')
    else if (this.#missed !== undefined) exchange.incomplete(this.#missed)
    else if (this.#context.flow.midstream) exchange.incomplete('midstream')
    return exchange
  }

  #wait(exchange: Exchange): void {
    this.#waiting.push(exchange)
    if (this.#waiting.length <= this.#settings.max_pending_requests) return
    const oldest = this.#waiting.shift()
    if (oldest === undefined) return
    if (oldest.response === undefined) this.#givenUp++
    oldest.incomplete('limit')
    this.#onOverload('http_pending_requests')
    this.#report(oldest)
  }

  #messageEnd(direction: Direction): void {
    const exchange = this.#current[direction]
    if (exchange === undefined) return
    this.#current[direction] = undefined
    this.#bodyOf(exchange, direction).end(true)
    if (direction === exchange.direction) exchange.requestEnded = true
    else {
      exchange.responseEnded = true
      if (this.#waiting[0] === exchange) this.#waiting.shift()
    }
    if (exchange.isOver) this.#report(exchange)
  }

  /** Which message comes next in this direction is not known any more: what waits for a response can not be told which one is its own. */
  #placeLost(direction: Direction, reason: Incomplete): void {
    const current = this.#current[direction]
    this.#current[direction] = undefined
    if (direction === this.#requester) {
      if (current === undefined) return
      current.incomplete(reason)
      current.requestBody.end(false)
      current.requestEnded = true
      if (current.isOver) this.#report(current)
      return
    }
    this.#givenUp = 0
    for (const exchange of this.#waiting.splice(0)) {
      exchange.incomplete(reason)
      this.#cutOff(exchange)
    }
  }

  /** Nothing more of it will be seen. */
  #cutOff(exchange: Exchange): void {
    const isCut = !exchange.requestEnded || (exchange.response !== undefined && !exchange.responseEnded)
    if (isCut) exchange.incomplete('truncated')
    if (!exchange.requestEnded) exchange.requestBody.end(false)
    if (!exchange.responseEnded) exchange.responseBody.end(false)
    if (exchange.response === undefined && !this.#wasHeard(opposite(exchange.direction))) exchange.incomplete('one_sided')
    this.#report(exchange)
  }

  /** A mirror of one direction only shows no packet of the other. */
  #wasHeard(direction: Direction): boolean {
    const { packetsFromClient, packetsFromServer } = this.#context.flow
    return (direction === 0 ? packetsFromClient : packetsFromServer) > 0
  }

  #report(exchange: Exchange): void {
    if (exchange.reported) return
    exchange.reported = true
    const observation = exchange.observation(this.#context.flow, this.#onOverload)
    if (observation !== undefined) this.#context.emit(observation)
    const { request, response } = exchange
    const succeeded = response !== undefined && response.status < 300
    this.#tell(exchange, exchange.direction, 'http', [
      ...textFact('user_agent', request?.userAgent, 'User-Agent'),
      ...roleFact(observation, 'client'),
    ])
    const server = opposite(exchange.direction)
    const { description } = exchange.responseBody
    this.#tell(exchange, server, 'http', [
      ...textFact('http_server', response?.server, 'Server'),
      ...textFact('http_realm', response?.realm, 'WWW-Authenticate'),
      ...(succeeded ? roleFact(observation, 'server') : []),
    ])
    if (description !== undefined) this.#tell(exchange, server, description.protocol, description.facts)
  }

  /** Say of the device at one end what was not said on this connection. */
  #tell({ start, end, streamOffset }: Exchange, direction: Direction, protocol: IdentityProtocol, facts: readonly Fact[]): void {
    const about = direction === 0 ? 'client' : 'server'
    const news = facts.filter(({ attribute, value }) => !this.#told.has(`${about} ${attribute} ${value}`))
    if (news.length === 0 || this.#told.size + news.length > MAX_TOLD) return
    for (const { attribute, value } of news) this.#told.add(`${about} ${attribute} ${value}`)
    const { flow } = this.#context
    const identity = { kind: 'device-identity', protocol, about, forwarded: false, facts: news } as const
    this.#context.emit({ ...identity, flow, start, end, streamOffset, partial: [] })
  }
}

function textFact(attribute: Fact['attribute'], value: string | undefined, field: string): readonly Fact[] {
  return value === undefined ? [] : [{ attribute, value, field }]
}

/** `qido_rs_server`, `fhir_client` …: what the exchange makes of its two ends. */
function roleFact(observation: DicomWebRequest | FhirInteraction | undefined, side: 'client' | 'server'): readonly Fact[] {
  if (observation === undefined) return []
  if (observation.kind === 'fhir-interaction') return [{ attribute: 'role', value: `fhir_${side}`, field: 'FHIR' }]
  const { service } = observation
  if (service === undefined || service === 'delete') return []
  return [{ attribute: 'role', value: `${service}_${side}`, field: 'DICOMweb' }]
}
