import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { type Duplex, duplexPair } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { type ConnectionOptions, connect, createSecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls'
import Joi from 'joi'
import type { Direction } from '../../../src/net/flow.ts'
import { type TlsSettings, tlsSchema } from '../../../src/protocols/tls/settings.ts'

export const SETTINGS = Joi.attempt({}, tlsSchema) as TlsSettings

// Two real TLS peers that talk through a wire that is listened to, and the certificates that they need.

export interface Heard {
  readonly direction: Direction
  readonly bytes: Uint8Array
}

export interface Dialogue {
  readonly heard: readonly Heard[]
  /** What the client itself says of the connection; undefined when it was not established. */
  readonly client:
    | { readonly protocol: string | null; readonly cipher: string; readonly alpn: string | false; readonly reused: boolean }
    | undefined
  /** The session for a later resumption. */
  readonly session: Buffer | undefined
}

export interface Identity {
  readonly key: string
  readonly cert: string
}

/** Client and server shake hands, exchange a few bytes and close, or fail to. */
export async function dialogue(clientOptions: ConnectionOptions, serverOptions: TLSSocketOptions): Promise<Dialogue> {
  const heard: Heard[] = []
  const [near, far] = duplexPair()
  tap(near, 0, heard)
  tap(far, 1, heard)
  const server = new TLSSocket(far, { isServer: true, secureContext: createSecureContext(serverOptions), ...serverOptions })
  const client = connect({ socket: near, rejectUnauthorized: false, ...clientOptions })
  let known: Dialogue['client']
  let session: Buffer | undefined
  client.on('session', ticket => {
    session = ticket
  })
  client.on('secureConnect', () => {
    known = {
      protocol: client.getProtocol(),
      cipher: client.getCipher().standardName,
      alpn: client.alpnProtocol ?? false,
      reused: client.isSessionReused(),
    }
    client.write('question of the client, long enough to be data')
  })
  client.on('data', () => client.end())
  client.on('error', () => undefined)
  server.on('data', () => server.end('answer of the server, long enough to be data'))
  server.on('error', () => client.destroy())
  await new Promise(resolve => client.on('close', resolve))
  await setImmediate()
  return { heard, client: known, session }
}

function tap(stream: Duplex, direction: Direction, heard: Heard[]): void {
  const write = stream._write.bind(stream)
  stream._write = (chunk: Buffer, encoding, callback) => {
    heard.push({ direction, bytes: Uint8Array.from(chunk) })
    write(chunk, encoding, callback)
  }
}

// --- records and messages made by hand ---

export function record(type: number, fragment: Uint8Array, version = 0x0303): Uint8Array {
  return Uint8Array.from([type, version >> 8, version & 255, fragment.length >> 8, fragment.length & 255, ...fragment])
}

/** A direction's records taken apart: header type and fragment. */
export function records(bytes: Uint8Array): readonly { readonly type: number; readonly fragment: Uint8Array }[] {
  const found: { readonly type: number; readonly fragment: Uint8Array }[] = []
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = (bytes[at + 3] << 8) | bytes[at + 4]
    found.push({ type: bytes[at], fragment: bytes.subarray(at + 5, at + 5 + length) })
    at += 5 + length
  }
  return found
}

export interface HelloFields {
  readonly version?: number
  readonly cipherSuites: readonly number[]
  /** Type and data, in order. */
  readonly extensions?: readonly (readonly [number, Uint8Array])[]
}

/** A ClientHello message with its handshake header. */
export function clientHello({ version = 0x0303, cipherSuites, extensions }: HelloFields): Uint8Array {
  const suites = uint16s(cipherSuites)
  const block = extensions && Buffer.concat(extensions.map(([type, data]) => Buffer.concat([uint16s([type, data.length]), data])))
  const body = Buffer.concat([
    uint16s([version]),
    Buffer.alloc(32, 0x5a),
    Buffer.from([0]),
    uint16s([suites.length]),
    suites,
    Buffer.from([1, 0]),
    ...(block === undefined ? [] : [uint16s([block.length]), block]),
  ])
  return Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 255]), body])
}

export function uint16s(values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap(value => [value >> 8, value & 255]))
}

// --- certificates ---

const OID = {
  commonName: '550403',
  organization: '55040a',
  organizationalUnit: '55040b',
  surname: '550404',
  serialNumber: '550405',
  businessCategory: '55040f',
  emailAddress: '2a864886f70d010901',
  subjectAltName: '551d11',
  extendedKeyUsage: '551d25',
  sha256WithRsa: '2a864886f70d01010b',
  ecdsaWithSha256: '2a8648ce3d040302',
} as const

export interface CertificateFields {
  readonly commonName: string
  readonly organization?: string
  /** Further attributes of the subject. */
  readonly attributes?: Partial<Record<'organizationalUnit' | 'surname' | 'serialNumber' | 'businessCategory' | 'emailAddress', string>>
  /** Organization of an issuer that is not the subject. */
  readonly issuer?: string
  /** Alternative names: addresses of mail have an at sign. */
  readonly alternativeNames?: readonly string[]
  /** Object identifiers of extended key usages, in hex. */
  readonly usages?: readonly string[]
  readonly serial?: string
  readonly notBefore?: string
  readonly notAfter?: string
}

/** A certificate (RFC 5280 §4.1) in DER, self-signed unless it has an issuer. */
export function certificate(fields: CertificateFields, { publicKey, privateKey } = rsaPair()): Buffer {
  const algorithm =
    privateKey.asymmetricKeyType === 'rsa' ? sequence(oid(OID.sha256WithRsa), der(0x05)) : sequence(oid(OID.ecdsaWithSha256))
  const further = Object.entries(fields.attributes ?? {}) as [keyof typeof OID, string][]
  const name = sequence(
    ...(fields.organization === undefined ? [] : [attribute(OID.organization, fields.organization)]),
    ...further.map(([type, value]) => attribute(OID[type], value)),
    attribute(OID.commonName, fields.commonName),
  )
  const issuer = fields.issuer === undefined ? name : sequence(attribute(OID.organization, fields.issuer))
  const validity = sequence(der(0x18, fields.notBefore ?? '20200101000000Z'), der(0x18, fields.notAfter ?? '20400101000000Z'))
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from(fields.serial ?? '0a1b', 'hex')),
    algorithm,
    issuer,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    ...extensions(fields),
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  return sequence(toBeSigned, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
}

function extensions({ alternativeNames = [], usages = [] }: CertificateFields): readonly Buffer[] {
  const names = alternativeNames.map(name => der(name.includes('@') ? 0x81 : 0x82, name))
  const found = [
    ...(names.length > 0 ? [sequence(oid(OID.subjectAltName), der(0x04, sequence(...names)))] : []),
    ...(usages.length > 0 ? [sequence(oid(OID.extendedKeyUsage), der(0x04, sequence(...usages.map(oid))))] : []),
  ]
  return found.length > 0 ? [der(0xa3, sequence(...found))] : []
}

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

let shared: KeyPair | undefined

/** One pair for all: it takes time to make. */
function rsaPair(): KeyPair {
  shared ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
  return shared
}

export function identity(fields: CertificateFields, pair = rsaPair()): Identity {
  const base64 =
    certificate(fields, pair)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${base64.join('\n')}\n-----END CERTIFICATE-----\n`,
  }
}

function der(tag: number, ...content: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(content.map(part => Buffer.from(part as string)))
  const length = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

function sequence(...content: readonly Buffer[]): Buffer {
  return der(0x30, ...content)
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function attribute(type: string, value: string): Buffer {
  return der(0x31, sequence(oid(type), der(0x0c, value)))
}
