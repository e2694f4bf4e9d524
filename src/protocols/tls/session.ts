import { type Direction, type FlowEnd, opposite } from '../../net/flow.ts'
import type { DecoderContext, StreamDecoder } from '../decoder.ts'
import type { IdentityFact, Incomplete, TlsHandshake } from '../observation.ts'
import { NO_OVERLOAD, type OnOverload } from '../overload.ts'
import { type Certificate, parseCertificate, readCertificate } from './certificate.ts'
import { cipherSuiteName } from './ciphers.ts'
import {
  type ClientHello,
  HandshakeReader,
  HandshakeType,
  isPrintable,
  readClientHello,
  readFirstCertificate,
  readServerHello,
  type ServerHello,
} from './handshake.ts'
import { holderFacts } from './holder.ts'
import { ja4 } from './ja4.ts'
import { ContentType, RecordReader } from './record.ts'
import type { TlsSettings } from './settings.ts'

const TLS_1_3 = 0x0304
const FATAL = 2
const ALERT_LENGTH = 2
/** A protected Finished of TLS 1.3 has 4 + 32 bytes, a content type and a tag of 8 at least: a shorter record is an alert or an empty certificate. */
const SHORTEST_FINISHED = 45

/** What one side of the connection did. */
interface Side {
  readonly records: RecordReader
  readonly messages: HandshakeReader
  /** Bytes of an alert in clear that were seen. */
  alertBytes: number
  /** What it sends from here on is protected (up to TLS 1.2). */
  changedCipher: boolean
  /** A protected handshake record followed, which is its Finished (up to TLS 1.2). */
  finished: boolean
  /** Longest record of application data, which in TLS 1.3 the protected part of the handshake looks like. */
  longestData: number
}

/** One TLS connection: its handshake as far as it is in clear, reported once. What is protected is never looked at. */
export class TlsSession implements StreamDecoder {
  readonly #settings: TlsSettings
  readonly #context: DecoderContext
  readonly #onOverload: OnOverload
  readonly #sides: readonly [Side, Side]
  /** Who speaks as client: the flow's client, but where the flow was joined midstream its hello decides. */
  #client: Direction = 0
  #hello: ClientHello | undefined
  #ja4: string | undefined
  #answer: ServerHello | undefined
  #certificate: Certificate | undefined
  /** What the certificates say of those who presented them. */
  readonly #holders: Record<'client' | 'server', readonly IdentityFact[]> = { client: [], server: [] }
  #certificateRequested = false
  #certificatePresented: boolean | undefined
  #helloDone = false
  readonly #incomplete = new Set<Incomplete>()
  #told = false
  #start: number | undefined
  #end = 0

  constructor(settings: TlsSettings, context: DecoderContext, onOverload: OnOverload = NO_OVERLOAD) {
    this.#settings = settings
    this.#context = context
    this.#onOverload = onOverload
    if (context.flow.midstream) this.#incomplete.add('midstream')
    this.#sides = [this.#side(0), this.#side(1)]
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    if (this.#told) return
    this.#start ??= time
    this.#end = time
    this.#sides[direction].records.feed(bytes, offset, length)
  }

  gap(direction: Direction, length: number, _time: number): void {
    if (this.#told) return
    this.#incomplete.add('gap')
    this.#sides[direction].records.gap(length)
  }

  halfClosed(_direction: Direction, _time: number): void {}

  end(_end: FlowEnd, _time: number): void {
    const { packetsFromClient, packetsFromServer } = this.#context.flow
    if (packetsFromClient === 0 || packetsFromServer === 0) this.#incomplete.add('one_sided')
    const isWhole = this.#incomplete.size === 0 && this.#sawBothHellos()
    this.#tell(!isWhole && this.#seemsEstablished())
  }

  tick(_time: number): void {}

  #side(direction: Direction): Side {
    const messages = new HandshakeReader(this.#settings.max_handshake_bytes, (type, body, whole) =>
      this.#message(direction, type, body, whole),
    )
    const records = new RecordReader({
      record: (type, length) => this.#record(direction, type, length),
      fragment: (type, bytes, from, to) => {
        if (type === ContentType.HANDSHAKE) messages.feed(bytes, from, to)
        else this.#alert(direction, bytes[from])
      },
      lost: () => messages.lost(),
    })
    return { records, messages, alertBytes: 0, changedCipher: false, finished: false, longestData: 0 }
  }

  /** A record begins: true when its fragment is wanted, which is so for handshake messages and alerts in clear. */
  #record(direction: Direction, type: number, length: number): boolean {
    if (this.#told) return false
    const side = this.#sides[direction]
    switch (type) {
      case ContentType.HANDSHAKE:
        if (!side.changedCipher) {
          side.messages.recordBegins()
          return true
        }
        side.finished = true
        break
      case ContentType.CHANGE_CIPHER_SPEC:
        // Behind a HelloRetryRequest it is for middleboxes only, and hellos in clear still follow (RFC 8446 appendix D.4).
        if (this.#answer?.retry !== true) side.changedCipher = true
        return false
      case ContentType.ALERT:
        side.alertBytes = 0
        return length === ALERT_LENGTH && !side.changedCipher
      case ContentType.APPLICATION_DATA:
        if (!this.#isEarlyData(direction)) side.longestData = Math.max(side.longestData, length)
        break
      default:
        return false
    }
    if (this.#isEstablished()) this.#tell(true)
    return false
  }

  /** Data that a client sends at once, before it knows whether the server takes it, says nothing of the handshake. */
  #isEarlyData(direction: Direction): boolean {
    return direction === this.#client && this.#hello?.earlyData === true && (this.#answer === undefined || this.#answer.retry)
  }

  #message(direction: Direction, type: number, body: Uint8Array, whole: boolean): void {
    if (!whole) {
      this.#incomplete.add('limit')
      this.#onOverload('tls_handshake')
    }
    switch (type) {
      case HandshakeType.CLIENT_HELLO:
        if (this.#speaksAs('client', direction) && this.#hello === undefined) this.#clientHello(body)
        return
      case HandshakeType.SERVER_HELLO:
        if (this.#speaksAs('server', direction) && (this.#answer === undefined || this.#answer.retry)) this.#answer = readServerHello(body)
        return
      case HandshakeType.CERTIFICATE:
        if (direction === this.#client) this.#clientCertificate(body)
        else if (this.#certificate === undefined) this.#serverCertificate(body)
        return
      case HandshakeType.CERTIFICATE_REQUEST:
        if (direction !== this.#client) this.#certificateRequested = true
        return
      case HandshakeType.SERVER_HELLO_DONE:
        this.#helloDone = true
        return
      default:
        return
    }
  }

  /** Midstream it is a guess who opened the flow, until a hello tells. */
  #speaksAs(role: 'client' | 'server', direction: Direction): boolean {
    const client: Direction = role === 'client' ? direction : opposite(direction)
    if (this.#context.flow.midstream && this.#hello === undefined && this.#answer === undefined) this.#client = client
    return client === this.#client
  }

  #clientHello(body: Uint8Array): void {
    this.#hello = readClientHello(body)
    if (this.#hello !== undefined) this.#ja4 = ja4(this.#hello)
  }

  #serverCertificate(body: Uint8Array): void {
    const der = readFirstCertificate(body)
    const x509 = der && parseCertificate(der)
    if (x509 === undefined) return
    this.#certificate = readCertificate(x509)
    this.#holders.server = holderFacts(x509, 'server')
  }

  #clientCertificate(body: Uint8Array): void {
    const der = readFirstCertificate(body)
    this.#certificatePresented = der !== undefined
    const x509 = der && parseCertificate(der)
    if (x509 !== undefined) this.#holders.client = holderFacts(x509, 'client')
  }

  /** Alert (RFC 8446 §6): level 1, description 1. */
  #alert(direction: Direction, byte: number): void {
    const isLevel = this.#sides[direction].alertBytes++ === 0
    if (isLevel && byte === FATAL) this.#tell(false)
  }

  /** What both sides sent tells that they agreed; where a hello is missing, only once it is known why. */
  #isEstablished(): boolean {
    const { client, server } = this.#ends()
    const serverSent = server.longestData > 0
    const bothFinished = server.finished && client.finished
    if (this.#sawBothHellos() && !this.#isTls13()) return serverSent || bothFinished || (server.changedCipher && sentFinished(client))
    if (this.#sawBothHellos()) return serverSent && sentFinished(client)
    if (this.#incomplete.size === 0) return false
    const sawNoHello = this.#hello === undefined && this.#answer === undefined
    return sawNoHello ? serverSent || client.longestData > 0 : bothFinished || (serverSent && sentFinished(client))
  }

  #sawBothHellos(): boolean {
    return this.#hello !== undefined && this.#answer !== undefined
  }

  /** Where only part was seen, protected data of one side has to do; a client's Finished alone may have been refused. */
  #seemsEstablished(): boolean {
    const { client, server } = this.#ends()
    return server.longestData > 0 || server.finished || sentFinished(client)
  }

  #ends(): { readonly client: Side; readonly server: Side } {
    const [opener, other] = this.#sides
    return this.#client === 0 ? { client: opener, server: other } : { client: other, server: opener }
  }

  #isTls13(): boolean {
    return this.#answer !== undefined && !this.#answer.retry && versionName(this.#answer.version) === '1.3'
  }

  /** TLS 1.3 resumes by a pre-shared key; before, the server changes ciphers right behind its hello, with no ServerHelloDone in between. */
  #isResumed(): boolean | undefined {
    if (this.#answer === undefined || this.#answer.retry) return undefined
    if (this.#isTls13()) return this.#answer.preSharedKey
    if (this.#helloDone) return false
    return this.#ends().server.changedCipher && !this.#incomplete.has('gap') ? true : undefined
  }

  #tell(established: boolean): void {
    if (this.#told) return
    this.#told = true
    for (const { messages } of this.#sides) messages.close()
    this.#context.emit(this.#observation(established))
    for (const role of ['client', 'server'] as const) this.#tellHolder(role)
  }

  /** Midstream the client of the handshake may be the flow's server. */
  #tellHolder(role: 'client' | 'server'): void {
    const facts = this.#holders[role]
    if (facts.length === 0) return
    const about = (role === 'client') === (this.#client === 0) ? 'client' : 'server'
    const { flow } = this.#context
    const [start, end] = [this.#start ?? this.#end, this.#end]
    const identity = { kind: 'device-identity', protocol: 'tls', about, forwarded: false, facts } as const
    this.#context.emit({ ...identity, flow, start, end, streamOffset: 0, partial: [] })
  }

  #observation(established: boolean): TlsHandshake {
    return {
      kind: 'tls-handshake',
      flow: this.#context.flow,
      start: this.#start ?? this.#end,
      end: this.#end,
      streamOffset: 0,
      partial: [...this.#incomplete],
      version: this.#answer && versionName(this.#answer.version),
      serverName: this.#hello?.serverName,
      applicationProtocols: this.#applicationProtocols(),
      cipher: this.#answer && cipherSuiteName(this.#answer.cipherSuite),
      ja4: this.#ja4,
      resumed: this.#isResumed(),
      established,
      clientCertificateRequested: this.#certificateRequested,
      clientCertificatePresented: this.#certificatePresented,
      certificate: this.#certificate,
    }
  }

  /** What the server chose; where its choice is protected or was not seen, what the client offered. */
  #applicationProtocols(): readonly string[] {
    const answer = this.#answer
    const isChoiceSeen = answer !== undefined && !answer.retry && !this.#isTls13()
    const names = isChoiceSeen ? [answer.applicationProtocol ?? ''] : (this.#hello?.applicationProtocols ?? [])
    return names.filter(isPrintable)
  }
}

/** Behind a Finished in a record of its own (up to TLS 1.2) any data is data; else only what is long enough to be more than an alert. */
function sentFinished({ finished, longestData }: Side): boolean {
  return longestData >= (finished ? 1 : SHORTEST_FINISHED)
}

/** ECS form; SSL 3.0 is `3.0`, drafts of TLS 1.3 (`0x7fxx`) count as it. */
function versionName(version: number): string | undefined {
  if (version >>> 8 === 0x7f) return '1.3'
  if (version === 0x0300) return '3.0'
  return version > 0x0300 && version <= TLS_1_3 ? `1.${version - 0x0301}` : undefined
}
