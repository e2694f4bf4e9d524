import { Cursor } from '../../bytes/cursor.ts'

/**
 * Handshake messages (RFC 8446 §4, RFC 5246 §7.4):
 *   message: type 1, length 3, body; over as many records as it takes, several in one record
 */
export const HandshakeType = { CLIENT_HELLO: 1, SERVER_HELLO: 2, CERTIFICATE: 11, CERTIFICATE_REQUEST: 13, SERVER_HELLO_DONE: 14 } as const

/** Types of RFC 5246, 8446, 8879, 6066, 8844 … that may come in clear; another one means that the place in the stream is wrong. */
const KNOWN_TYPES: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 25, 67])
/** Types whose content is read; of all others it is enough to know that they came. */
const READ_TYPES: ReadonlySet<number> = new Set([HandshakeType.CLIENT_HELLO, HandshakeType.SERVER_HELLO, HandshakeType.CERTIFICATE])

const MESSAGE_HEADER = 4

const Extension = {
  SERVER_NAME: 0,
  SIGNATURE_ALGORITHMS: 13,
  ALPN: 16,
  PRE_SHARED_KEY: 41,
  EARLY_DATA: 42,
  SUPPORTED_VERSIONS: 43,
} as const

/** The random value that makes a ServerHello a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3). */
const HELLO_RETRY_REQUEST = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'

export interface ClientHello {
  readonly legacyVersion: number
  readonly supportedVersions: readonly number[]
  readonly cipherSuites: readonly number[]
  /** Extension types in the order in which they came. */
  readonly extensions: readonly number[]
  readonly serverName: string | undefined
  /** Names as bytes (latin1). */
  readonly applicationProtocols: readonly string[]
  readonly signatureAlgorithms: readonly number[]
  /** Application data may follow at once (RFC 8446 §4.2.10). */
  readonly earlyData: boolean
}

export interface ServerHello {
  /** As selected: `0x0304` also where the legacy field says less. */
  readonly version: number
  readonly cipherSuite: number
  readonly applicationProtocol: string | undefined
  /** A pre-shared key was taken, which is how TLS 1.3 resumes. */
  readonly preSharedKey: boolean
  /** The client must say hello once more. */
  readonly retry: boolean
}

/** Puts the handshake messages of one direction together. */
export class HandshakeReader {
  readonly #limit: number
  readonly #deliver: (type: number, body: Uint8Array, whole: boolean) => void
  readonly #header = new Uint8Array(MESSAGE_HEADER)
  #headerLength = 0
  #body = new Uint8Array(0)
  #bodyLength = 0
  /** Bytes of the message that are still to come. */
  #left = 0
  #inBody = false
  #whole = true
  #lost = false

  /** `body` is valid during the call only, empty for types that are not read, and cut (`whole` false) beyond `limit` bytes. */
  constructor(limit: number, deliver: (type: number, body: Uint8Array, whole: boolean) => void) {
    this.#limit = limit
    this.#deliver = deliver
  }

  /** A record begins; after a loss, a message is taken to begin with it. */
  recordBegins(): void {
    this.#lost = false
  }

  /** Part of a message was lost, and with it where the next one begins. */
  lost(): void {
    this.#lost = true
    this.#headerLength = 0
    this.#inBody = false
  }

  /** Nothing more is of interest. */
  close(): void {
    this.lost()
    this.#body = new Uint8Array(0)
  }

  feed(bytes: Uint8Array, from: number, to: number): void {
    let at = from
    while (at < to && !this.#lost) at = this.#inBody ? this.#bodyBytes(bytes, at, to) : this.#headerBytes(bytes, at, to)
  }

  #headerBytes(bytes: Uint8Array, at: number, to: number): number {
    const header = this.#header
    header[this.#headerLength++] = bytes[at++]
    if (this.#headerLength < MESSAGE_HEADER) return at
    this.#headerLength = 0
    if (!KNOWN_TYPES.has(header[0])) {
      this.lost()
      return to
    }
    this.#left = (header[1] << 16) | (header[2] << 8) | header[3]
    this.#bodyLength = 0
    this.#whole = true
    this.#inBody = true
    if (this.#left === 0) this.#complete()
    return at
  }

  #bodyBytes(bytes: Uint8Array, at: number, to: number): number {
    const take = Math.min(this.#left, to - at)
    if (READ_TYPES.has(this.#header[0])) this.#keep(bytes, at, take)
    this.#left -= take
    if (this.#left === 0) this.#complete()
    return at + take
  }

  #keep(bytes: Uint8Array, at: number, length: number): void {
    const room = Math.min(length, this.#limit - this.#bodyLength)
    if (room < length) this.#whole = false
    if (this.#bodyLength + room > this.#body.length) {
      const grown = new Uint8Array(Math.min(this.#limit, Math.max(2048, (this.#bodyLength + room) * 2)))
      grown.set(this.#body.subarray(0, this.#bodyLength))
      this.#body = grown
    }
    this.#body.set(bytes.subarray(at, at + room), this.#bodyLength)
    this.#bodyLength += room
  }

  #complete(): void {
    this.#inBody = false
    this.#deliver(this.#header[0], this.#body.subarray(0, this.#bodyLength), this.#whole)
    this.#bodyLength = 0
  }
}

/**
 * ClientHello (RFC 8446 §4.1.2): legacy version 2, random 32, session id <0..32>, cipher suites <2..2^16-2>, compression methods <1..2^8-1>,
 * and, where there are any, extensions <..2^16-1> of type 2, data <0..2^16-1>. Undefined when the lengths do not fit.
 */
export function readClientHello(body: Uint8Array): ClientHello | undefined {
  const cursor = new Cursor(body)
  const legacyVersion = cursor.uint16()
  cursor.skip(32)
  vector8(cursor)
  const cipherSuites = uint16s(vector16(cursor))
  vector8(cursor)
  const extensions = readExtensions(cursor)
  if (cursor.short || extensions === undefined) return undefined
  return {
    legacyVersion,
    supportedVersions: uint16s(vector8(extensions.get(Extension.SUPPORTED_VERSIONS))),
    cipherSuites,
    extensions: extensions.types,
    serverName: readServerName(extensions.get(Extension.SERVER_NAME)),
    applicationProtocols: readProtocolNames(extensions.get(Extension.ALPN)),
    signatureAlgorithms: uint16s(vector16(extensions.get(Extension.SIGNATURE_ALGORITHMS))),
    earlyData: extensions.types.includes(Extension.EARLY_DATA),
  }
}

/** ServerHello (RFC 8446 §4.1.3): legacy version 2, random 32, session id <0..32>, cipher suite 2, compression method 1, extensions. */
export function readServerHello(body: Uint8Array): ServerHello | undefined {
  const cursor = new Cursor(body)
  const legacyVersion = cursor.uint16()
  const random = cursor.hex(32)
  vector8(cursor)
  const cipherSuite = cursor.uint16()
  cursor.skip(1)
  const extensions = readExtensions(cursor)
  if (cursor.short || extensions === undefined) return undefined
  return {
    version: extensions.get(Extension.SUPPORTED_VERSIONS).uint16() || legacyVersion,
    cipherSuite,
    applicationProtocol: readProtocolNames(extensions.get(Extension.ALPN))[0],
    preSharedKey: extensions.types.includes(Extension.PRE_SHARED_KEY),
    retry: random === HELLO_RETRY_REQUEST,
  }
}

/** Certificate up to TLS 1.2 (RFC 5246 §7.4.2): list <0..2^24-1> of certificates <1..2^24-1>, the sender's first. Gives that one's DER. */
export function readFirstCertificate(body: Uint8Array): Uint8Array | undefined {
  const cursor = new Cursor(body)
  cursor.skip(3)
  const certificate = cursor.take(cursor.uint24())
  return cursor.short || certificate.left === 0 ? undefined : body.subarray(certificate.at, certificate.end)
}

interface Extensions {
  readonly types: readonly number[]
  /** Data of the first extension of that type, empty where there is none. */
  get(type: number): Cursor
}

function readExtensions(cursor: Cursor): Extensions | undefined {
  const types: number[] = []
  const data = new Map<number, Cursor>()
  const block = cursor.left === 0 ? cursor : vector16(cursor)
  while (block.left > 0) {
    const type = block.uint16()
    const content = vector16(block)
    if (block.short) return undefined
    types.push(type)
    if (!data.has(type)) data.set(type, content)
  }
  return { types, get: type => data.get(type) ?? new Cursor(block.bytes, block.end) }
}

/** Server name (RFC 6066 §3): list <1..2^16-1> of name type 1 (0 host name), name <1..2^16-1>. Only what can be a name leaves the decoder. */
function readServerName(cursor: Cursor): string | undefined {
  const list = vector16(cursor)
  const type = list.uint8()
  const name = list.latin1(list.uint16())
  return !list.short && type === 0 && isPrintable(name) ? name : undefined
}

/** Application-layer protocol negotiation (RFC 7301 §3.1): list <2..2^16-1> of names <1..2^8-1>. */
function readProtocolNames(cursor: Cursor): readonly string[] {
  const list = vector16(cursor)
  const names: string[] = []
  while (list.left > 0) {
    const name = list.latin1(list.uint8())
    if (list.short) break
    names.push(name)
  }
  return names
}

/** Visible ASCII of a name's length (RFC 1035 §2.3.4). */
export function isPrintable(name: string): boolean {
  return /^[!-~]{1,255}$/.test(name)
}

/** Vectors (RFC 8446 §3.4) whose length in bytes stands before them. */
function vector8(cursor: Cursor): Cursor {
  return cursor.take(cursor.uint8())
}

function vector16(cursor: Cursor): Cursor {
  return cursor.take(cursor.uint16())
}

function uint16s(cursor: Cursor): readonly number[] {
  const values: number[] = []
  while (cursor.left >= 2) values.push(cursor.uint16())
  return values
}
