import { Cursor } from '../../bytes/cursor.ts'
import { HEAD } from './reader.ts'

const SMB1_ID = 0xff534d42
const SMB2_ID = 0xfe534d42

/** [MS-CIFS] §2.2.2.1, [MS-SMB2] §2.2.1. */
const Smb1Command = { NEGOTIATE: 0x72, SESSION_SETUP: 0x73 } as const
const Smb2Command = { NEGOTIATE: 0, SESSION_SETUP: 1 } as const
const SMB1_HEADER = 32
const SMB2_HEADER = 64
/** SMB 1 header, Flags and Flags2: the message is a response; strings are UTF-16. */
const SMB1_REPLY = 0x80
const SMB1_UNICODE = 0x8000
/** Capabilities of a server; its strings are UTF-16 by them, as nothing is agreed yet when it answers ([MS-CIFS] §2.2.4.52.2). */
const Capability = { UNICODE: 0x4, EXTENDED_SECURITY: 0x8000_0000 } as const
/** SMB 2 header, Flags. */
const SMB2_RESPONSE = 0x1
const LONGEST_STRING = 512

/** What one message says of who sent it. */
export interface SmbStatement {
  readonly isResponse: boolean
  /** `NT LM 0.12`, or the revision of SMB 2 and 3: `3.1.1`. */
  readonly dialect: string | undefined
  readonly nativeOs: string | undefined
  readonly nativeLanManager: string | undefined
  readonly computerName: string | undefined
  readonly domainName: string | undefined
  /** GSS token, as far as it is there. */
  readonly token: Cursor | undefined
}

const NOTHING = {
  dialect: undefined,
  nativeOs: undefined,
  nativeLanManager: undefined,
  computerName: undefined,
  domainName: undefined,
  token: undefined,
} as const

/** True for the beginning of a negotiation or a session setup, the only messages that are looked at. */
export function isOfInterest(head: Uint8Array): boolean {
  const cursor = new Cursor(head, 0, HEAD)
  const id = cursor.uint32()
  if (id === SMB1_ID) return head[4] === Smb1Command.NEGOTIATE || head[4] === Smb1Command.SESSION_SETUP
  if (id !== SMB2_ID) return false
  cursor.skip(8)
  return cursor.uint16le() <= Smb2Command.SESSION_SETUP
}

export function readSmb(bytes: Uint8Array): SmbStatement | undefined {
  return new Cursor(bytes).uint32() === SMB1_ID ? readSmb1(bytes) : readSmb2(bytes)
}

/**
 * SMB 1 message ([MS-CIFS] §2.2.3): header 32 (id 4, command 1, status 4, flags 1, flags2 2, …), word count 1, words, byte count 2, bytes.
 */
function readSmb1(bytes: Uint8Array): SmbStatement | undefined {
  const header = new Cursor(bytes, 4)
  const command = header.uint8()
  header.skip(4)
  const isResponse = (header.uint8() & SMB1_REPLY) !== 0
  const isUnicode = (header.uint16le() & SMB1_UNICODE) !== 0
  const cursor = new Cursor(bytes, SMB1_HEADER)
  const words = cursor.take(cursor.uint8() * 2)
  const data = cursor.take(Math.min(cursor.uint16le(), cursor.left))
  if (cursor.short) return undefined
  const strings = new Strings(data, isUnicode)
  if (command === Smb1Command.NEGOTIATE) return { ...NOTHING, isResponse, ...(isResponse ? negotiated(words, data) : {}) }
  return { ...NOTHING, isResponse, ...(isResponse ? setupResponse(words, strings) : setupRequest(words, strings)) }
}

type Statement = Partial<SmbStatement>

/**
 * Response to a negotiation ([MS-CIFS] §2.2.4.52.2, [MS-SMB] §2.2.4.5.2): dialect index 2, security mode 1, limits 16, session key 4,
 * capabilities 4, time 8, zone 2, challenge length 1; then challenge, domain and server name, or, with extended security, GUID 16 and token.
 */
function negotiated(words: Cursor, data: Cursor): Statement {
  if (words.left !== 34) return {}
  words.skip(19)
  const capabilities = words.uint32le()
  words.skip(10)
  const dialect = 'NT LM 0.12'
  if ((capabilities & Capability.EXTENDED_SECURITY) !== 0) return { dialect }
  data.skip(words.uint8())
  const strings = new Strings(data, (capabilities & Capability.UNICODE) !== 0)
  return { dialect, domainName: strings.unaligned(), computerName: strings.unaligned() }
}

/**
 * Session setup request: AndX 4, buffer 2, multiplex 2, VC 2, key 4, then, by the number of words,
 *   12 ([MS-SMB] §2.2.4.6.1): token length 2 …; token, native OS, native LAN manager
 *   13 ([MS-CIFS] §2.2.4.53.1): password lengths 2 and 2 …; passwords, account, domain, native OS, native LAN manager
 *   10 (LAN Manager): password length 2 …; password, account, domain, native OS, native LAN manager
 * Passwords and the account are skipped.
 */
function setupRequest(words: Cursor, strings: Strings): Statement {
  const count = words.left / 2
  words.skip(14)
  const first = words.uint16le()
  if (count === 12) {
    const token = strings.data.take(first)
    return { token, nativeOs: strings.next(), nativeLanManager: strings.next() }
  }
  if (count !== 13 && count !== 10) return {}
  strings.data.skip(first + (count === 13 ? words.uint16le() : 0))
  strings.next()
  strings.next()
  return { nativeOs: strings.next(), nativeLanManager: strings.next() }
}

/** Session setup response: AndX 4, action 2, and in extended security token length 2; token, native OS, native LAN manager, domain. */
function setupResponse(words: Cursor, strings: Strings): Statement {
  const count = words.left / 2
  if (count !== 3 && count !== 4) return {}
  words.skip(6)
  const token = count === 4 ? strings.data.take(words.uint16le()) : undefined
  return { token, nativeOs: strings.next(), nativeLanManager: strings.next(), domainName: count === 3 ? strings.next() : undefined }
}

/** Strings that end in NUL; those of UTF-16 begin at an even offset from the header ([MS-CIFS] §2.2.1.1). */
class Strings {
  readonly data: Cursor
  readonly #isUnicode: boolean

  constructor(data: Cursor, isUnicode: boolean) {
    this.data = data
    this.#isUnicode = isUnicode
  }

  next(): string | undefined {
    if (this.#isUnicode && this.data.at % 2 === 1) this.data.skip(1)
    return this.unaligned()
  }

  unaligned(): string | undefined {
    const { data } = this
    const step = this.#isUnicode ? 2 : 1
    const from = data.at
    let to = from
    while (to + step <= data.end && to - from < LONGEST_STRING && (data.bytes[to] !== 0 || (step === 2 && data.bytes[to + 1] !== 0)))
      to += step
    const text = this.#isUnicode ? data.utf16le(to - from) : data.latin1(to - from)
    data.skip(Math.min(step, data.left))
    return text === '' ? undefined : text
  }
}

/** Revisions in the response to a negotiation ([MS-SMB2] §2.2.4). */
const DIALECTS: ReadonlyMap<number, string> = new Map([
  [0x0202, '2.0.2'],
  [0x0210, '2.1'],
  [0x0300, '3.0'],
  [0x0302, '3.0.2'],
  [0x0311, '3.1.1'],
])

/**
 * SMB 2 message ([MS-SMB2] §2.2.1): header 64 (id 4, structure size 2, credit charge 2, status 4, command 2, credits 2, flags 4, …), body:
 *   negotiate response (§2.2.4): structure size 2, security mode 2, dialect 2 …
 *   session setup request (§2.2.5): structure size 2, flags 1, mode 1, capabilities 4, channel 4, token offset 2 from the header, length 2 …
 *   session setup response (§2.2.6): structure size 2, flags 2, token offset 2, length 2 …
 */
function readSmb2(bytes: Uint8Array): SmbStatement | undefined {
  const header = new Cursor(bytes, 12)
  const command = header.uint16le()
  header.skip(2)
  const isResponse = (header.uint32le() & SMB2_RESPONSE) !== 0
  const body = new Cursor(bytes, SMB2_HEADER)
  if (body.left < 8) return undefined
  if (command === Smb2Command.NEGOTIATE) {
    if (!isResponse) return { ...NOTHING, isResponse }
    body.skip(4)
    return { ...NOTHING, isResponse, dialect: DIALECTS.get(body.uint16le()) }
  }
  body.skip(isResponse ? 4 : 12)
  const offset = body.uint16le()
  const end = Math.min(bytes.length, offset + body.uint16le())
  return { ...NOTHING, isResponse, token: offset < end ? new Cursor(bytes, offset, end) : undefined }
}
