import { Cursor } from '../../bytes/cursor.ts'

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1')
const MessageType = { NEGOTIATE: 1, CHALLENGE: 2, AUTHENTICATE: 3 } as const
/** [MS-NLMP] §2.2.2.5. */
const Flag = { UNICODE: 0x1, OEM_WORKSTATION_SUPPLIED: 0x2000, VERSION: 0x0200_0000 } as const
/** [MS-NLMP] §2.2.2.1. */
const AvId = { END: 0, NB_COMPUTER_NAME: 1, NB_DOMAIN_NAME: 2, DNS_COMPUTER_NAME: 3, DNS_DOMAIN_NAME: 4 } as const
const MAX_PAIRS = 32

/** What a message of NTLM says of the host that sent it. User names, domains of users and responses are left where they are. */
export interface NtlmStatement {
  readonly message: 'NEGOTIATE' | 'CHALLENGE' | 'AUTHENTICATE'
  /** `10.0.17763`; undefined where there is none, or one without a build, which other systems than Windows send. */
  readonly version: string | undefined
  readonly computerName: string | undefined
  readonly domainName: string | undefined
  readonly dnsComputerName: string | undefined
  readonly dnsDomainName: string | undefined
}

const NOTHING = {
  version: undefined,
  computerName: undefined,
  domainName: undefined,
  dnsComputerName: undefined,
  dnsDomainName: undefined,
} as const

/**
 * The NTLM message in a security token, found by its signature: whether it is wrapped in SPNEGO (RFC 4178) or in nothing, offsets in it count
 * from there ([MS-NLMP] §2.2.1). Undefined when the token holds none.
 */
export function readNtlm(token: Cursor): NtlmStatement | undefined {
  const bytes = token.bytes.subarray(token.at, token.end)
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(SIGNATURE)
  if (start < 0) return undefined
  const message = bytes.subarray(start)
  const cursor = new Cursor(message, SIGNATURE.length)
  switch (cursor.uint32le()) {
    case MessageType.NEGOTIATE:
      return negotiate(message, cursor)
    case MessageType.CHALLENGE:
      return challenge(message, cursor)
    case MessageType.AUTHENTICATE:
      return authenticate(message, cursor)
    default:
      return undefined
  }
}

/** NEGOTIATE (§2.2.1.1): flags 4, domain 8, workstation 8, version 8. Names are in the OEM character set. */
function negotiate(message: Uint8Array, cursor: Cursor): NtlmStatement {
  const flags = cursor.uint32le()
  cursor.skip(8)
  const workstation = payload(message, cursor)
  return {
    ...NOTHING,
    message: 'NEGOTIATE',
    version: version(cursor, flags),
    computerName: (flags & Flag.OEM_WORKSTATION_SUPPLIED) === 0 ? undefined : workstation.latin1(),
  }
}

/** CHALLENGE (§2.2.1.2): target name 8, flags 4, challenge 8, reserved 8, target information 8, version 8. */
function challenge(message: Uint8Array, cursor: Cursor): NtlmStatement {
  cursor.skip(8)
  const flags = cursor.uint32le()
  cursor.skip(16)
  const pairs = targetInformation(payload(message, cursor))
  return {
    message: 'CHALLENGE',
    version: version(cursor, flags),
    computerName: pairs.get(AvId.NB_COMPUTER_NAME),
    domainName: pairs.get(AvId.NB_DOMAIN_NAME),
    dnsComputerName: pairs.get(AvId.DNS_COMPUTER_NAME),
    dnsDomainName: pairs.get(AvId.DNS_DOMAIN_NAME),
  }
}

/** AUTHENTICATE (§2.2.1.3): LM response 8, NT response 8, domain 8, user 8, workstation 8, session key 8, flags 4, version 8. */
function authenticate(message: Uint8Array, cursor: Cursor): NtlmStatement {
  cursor.skip(32)
  const workstation = payload(message, cursor)
  cursor.skip(8)
  const flags = cursor.uint32le()
  return {
    ...NOTHING,
    message: 'AUTHENTICATE',
    version: version(cursor, flags),
    computerName: (flags & Flag.UNICODE) === 0 ? workstation.latin1() : workstation.utf16le(),
  }
}

/** Field (§2.2.1): length 2, maximum length 2, offset 4 from the signature. */
function payload(message: Uint8Array, cursor: Cursor): Cursor {
  const length = cursor.uint16le()
  cursor.skip(2)
  const offset = cursor.uint32le()
  const isInside = offset + length <= message.length
  return isInside ? new Cursor(message, offset, offset + length) : new Cursor(message, 0, 0)
}

/** AV_PAIR (§2.2.2.1): id 2, length 2, value; texts in UTF-16. */
function targetInformation(block: Cursor): ReadonlyMap<number, string> {
  const pairs = new Map<number, string>()
  for (let count = 0; count < MAX_PAIRS; count++) {
    const id = block.uint16le()
    const value = block.take(block.uint16le())
    if (block.short || id === AvId.END) break
    if (id <= AvId.DNS_DOMAIN_NAME) pairs.set(id, value.utf16le())
  }
  return pairs
}

/** VERSION (§2.2.2.10): major 1, minor 1, build 2, reserved 3, NTLM revision 1. Samba sends 6.1 with a build of 0. */
function version(cursor: Cursor, flags: number): string | undefined {
  if ((flags & Flag.VERSION) === 0) return undefined
  const [major, minor, build] = [cursor.uint8(), cursor.uint8(), cursor.uint16le()]
  return cursor.short || build === 0 ? undefined : `${major}.${minor}.${build}`
}
