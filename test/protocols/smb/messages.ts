import { bytes, hex, word } from '../datagrams.ts'

// SMB messages made by hand.

const le16 = (...values: readonly number[]): Buffer => Buffer.from(values.flatMap(value => [value & 255, (value >>> 8) & 255]))
const le32 = (value: number): Buffer => le16(value & 0xffff, value >>> 16)
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')

/** Behind the header of the session service, or of SMB on TCP. */
export const packet = (message: Uint8Array): Buffer => bytes(0, message.length >>> 16, word(message.length & 0xffff), message)
export const SESSION_REQUEST = bytes(0x81, 0, word(68), Buffer.alloc(68, 0x41))
export const POSITIVE_RESPONSE = hex('82000000')
export const KEEP_ALIVE = hex('85000000')

// --- NTLM ---

const FLAGS = 0x0200_0000 | 0x1

function ntlm(type: number, head: (payloadAt: number) => Buffer, headLength: number, payload: Uint8Array): Buffer {
  return bytes('NTLMSSP\0', le32(type), head(12 + headLength), payload)
}

const field = (length: number, offset: number): Buffer => bytes(le16(length, length), le32(offset))
const versionOf = (version: string): Buffer => {
  const [major, minor, build] = version.split('.').map(Number)
  return bytes(major, minor, le16(build), 0, 0, 0, 15)
}

export const negotiate = (version: string): Buffer =>
  ntlm(1, at => bytes(le32(FLAGS), field(0, at), field(0, at), versionOf(version)), 28, Buffer.alloc(0))

export function challenge(version: string, names: Readonly<Record<number, string>>): Buffer {
  const pairs = Object.entries(names).map(([id, name]) => bytes(le16(Number(id), name.length * 2), utf16(name)))
  const target = bytes(...pairs, le16(0, 0))
  return ntlm(2, at => bytes(field(0, at), le32(FLAGS), Buffer.alloc(16, 0xcc), field(target.length, at), versionOf(version)), 44, target)
}

export function authenticate(version: string, user: string, workstation: string): Buffer {
  const [userText, workstationText] = [utf16(user), utf16(workstation)]
  const payload = bytes(userText, workstationText, Buffer.alloc(24, 0xdd))
  const head = (at: number): Buffer =>
    bytes(
      field(0, at),
      field(0, at),
      field(0, at),
      field(userText.length, at),
      field(workstationText.length, at + userText.length),
      field(0, at),
      le32(FLAGS),
      versionOf(version),
    )
  return ntlm(3, head, 60, payload)
}

/** A token as SPNEGO wraps it; what is in front of it does not matter. */
export const wrapped = (token: Uint8Array): Buffer => bytes(hex('6082 0123 0606 2b0601050502 a082'), token)

/** GSS token with an AP-REQ whose ticket is for `service`/`host` (RFC 4120); what is encrypted follows, cut off or not. */
export function kerberosToken(realm: string, service: string, host: string, encrypted = 40): Buffer {
  const der = (tag: number, ...content: readonly (Uint8Array | string)[]): Buffer => {
    const body = bytes(...content)
    return body.length < 0x80 ? bytes(tag, body.length, body) : bytes(tag, 0x82, word(body.length), body)
  }
  const integer = (value: number): Buffer => der(0x02, Buffer.of(value))
  const names = der(0x30, der(0x1b, service), der(0x1b, host))
  const principal = der(0x30, der(0xa0, integer(2)), der(0xa1, names))
  const ticket = der(
    0x61,
    der(0x30, der(0xa0, integer(5)), der(0xa1, der(0x1b, realm)), der(0xa2, principal), der(0xa3, Buffer.alloc(encrypted))),
  )
  const request = der(0x30, der(0xa0, integer(5)), der(0xa1, integer(14)), der(0xa2, hex('0305002000 0000')), der(0xa3, ticket))
  return der(0x60, hex('06092a864886f712010202 0100'), der(0x6e, request))
}

// --- SMB 1 ---

function smb1(command: number, isReply: boolean, isUnicode: boolean, words: Uint8Array, data: Uint8Array): Buffer {
  const header = bytes(hex('ff534d42'), command, le32(0), isReply ? 0x80 : 0, le16(isUnicode ? 0x8000 : 0), Buffer.alloc(20))
  return bytes(header, words.length / 2, words, le16(data.length), data)
}

/** Strings with their NULs, the first on an even offset from a header to which `at` bytes have gone before. */
function strings(at: number, isUnicode: boolean, texts: readonly string[]): Buffer {
  if (!isUnicode) return bytes(...texts.map(text => `${text}\0`))
  return bytes(at % 2 === 1 ? Buffer.alloc(1) : Buffer.alloc(0), ...texts.map(text => utf16(`${text}\0`)))
}

export function smb1SetupRequest(texts: readonly string[], isUnicode = true): Buffer {
  const passwords = Buffer.alloc(24 + 24, 0xbb)
  const words = bytes(hex('ff000000'), Buffer.alloc(10), le16(24, 24), Buffer.alloc(8))
  const at = 32 + 1 + words.length + 2 + passwords.length
  return smb1(0x73, false, isUnicode, words, bytes(passwords, strings(at, isUnicode, texts)))
}

export function smb1SetupResponse(token: Uint8Array | undefined, texts: readonly string[], isUnicode = true): Buffer {
  const content = token ?? Buffer.alloc(0)
  const words = bytes(hex('ff000000'), le16(0), token === undefined ? Buffer.alloc(0) : le16(content.length))
  const at = 32 + 1 + words.length + 2 + content.length
  return smb1(0x73, true, isUnicode, words, bytes(content, strings(at, isUnicode, texts)))
}

export function smb1TokenRequest(token: Uint8Array, texts: readonly string[]): Buffer {
  const words = bytes(hex('ff000000'), Buffer.alloc(10), le16(token.length), Buffer.alloc(8))
  return smb1(0x73, false, true, words, bytes(token, strings(32 + 1 + words.length + 2 + token.length, true, texts)))
}

export function smb1NegotiateResponse(domain: string, server: string): Buffer {
  const words = bytes(Buffer.alloc(19), le32(0x4), Buffer.alloc(10), 8)
  return smb1(0x72, true, false, words, bytes(Buffer.alloc(8, 0xaa), utf16(`${domain}\0${server}\0`)))
}

export const smb1Other = (length: number): Buffer => smb1(0x2e, true, true, Buffer.alloc(24), Buffer.alloc(length, 0xff))

// --- SMB 2 ---

function smb2(command: number, isResponse: boolean, body: Uint8Array): Buffer {
  return bytes(hex('fe534d42'), le16(64, 0), le32(0), le16(command, 1), le32(isResponse ? 1 : 0), Buffer.alloc(44), body)
}

export const smb2NegotiateResponse = (dialect: number): Buffer => smb2(0, true, bytes(le16(65, 1, dialect, 0), Buffer.alloc(56)))
export const smb2SetupRequest = (token: Uint8Array): Buffer =>
  smb2(1, false, bytes(le16(25), 0, 1, Buffer.alloc(8), le16(64 + 24, token.length), Buffer.alloc(8), token))
export const smb2SetupResponse = (token: Uint8Array): Buffer => smb2(1, true, bytes(le16(9, 0, 64 + 8, token.length), token))
export const smb2Read = (length: number): Buffer => smb2(8, true, Buffer.alloc(length, 0xfe))
