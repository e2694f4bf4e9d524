import { Cursor } from '../../bytes/cursor.ts'
import { formatMac } from '../../net/addresses.ts'
import { Option, Options } from './options.ts'

/** RFC 2131 §3, RFC 2132 §9.6. */
export const MessageType = { DISCOVER: 1, OFFER: 2, REQUEST: 3, DECLINE: 4, ACK: 5, NAK: 6, RELEASE: 7, INFORM: 8 } as const

const BOOTREQUEST = 1
const BOOTREPLY = 2
const MAGIC_COOKIE = 0x63825363
const COOKIE_OFFSET = 236
const ETHERNET = 1
const MAC_LENGTH = 6
/** Values of option 52: which of the old fields carry options, too. */
const OVERLOADS_FILE = 1
const OVERLOADS_SNAME = 2

export interface DhcpMessage {
  readonly fromServer: boolean
  readonly type: number
  /** Addresses as 32-bit numbers; 0 where there is none. */
  readonly clientAddress: number
  readonly yourAddress: number
  readonly clientMac: string | undefined
  readonly options: Options
}

/** A cheap look at what every message has. */
export function isDhcp(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length <= COOKIE_OFFSET + 4 || (bytes[offset] !== BOOTREQUEST && bytes[offset] !== BOOTREPLY)) return false
  return new Cursor(bytes, offset + COOKIE_OFFSET, offset + length).uint32() === MAGIC_COOKIE
}

/**
 * Message (RFC 2131 §2): op 1, htype 1, hlen 1, hops 1, xid 4, secs 2, flags 2, ciaddr 4, yiaddr 4, siaddr 4, giaddr 4, chaddr 16, sname 64,
 * file 128, magic cookie 4, options; option 52 says that `file` or `sname` hold options as well. Undefined when it is BOOTP or broken.
 */
export function readMessage(bytes: Uint8Array, offset: number, length: number): DhcpMessage | undefined {
  const cursor = new Cursor(bytes, offset, offset + length)
  const op = cursor.uint8()
  const hardwareType = cursor.uint8()
  const hardwareLength = cursor.uint8()
  cursor.skip(9)
  const clientAddress = cursor.uint32()
  const yourAddress = cursor.uint32()
  cursor.skip(8)
  const hardware = cursor.take(16)
  const serverName = cursor.take(64)
  const file = cursor.take(128)
  cursor.skip(4)
  const options = new Options()
  if (cursor.short || !options.read(cursor)) return undefined
  const overload = options.get(Option.OVERLOAD).uint8()
  if ((overload & OVERLOADS_FILE) !== 0 && !options.read(file)) return undefined
  if ((overload & OVERLOADS_SNAME) !== 0 && !options.read(serverName)) return undefined
  if (!options.has(Option.MESSAGE_TYPE)) return undefined
  const isEthernet = hardwareType === ETHERNET && hardwareLength === MAC_LENGTH
  return {
    fromServer: op === BOOTREPLY,
    type: options.get(Option.MESSAGE_TYPE).uint8(),
    clientAddress,
    yourAddress,
    clientMac: isEthernet ? formatMac(hardware.uint16(), hardware.uint32()) : undefined,
    options,
  }
}
