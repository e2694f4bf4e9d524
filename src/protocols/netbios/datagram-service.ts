import { Cursor } from '../../bytes/cursor.ts'
import { formatIpv4 } from '../../net/addresses.ts'
import { type Datagram, type DatagramProtocol, type EmitHost, neighbourSender } from '../datagram.ts'
import { readName } from '../dns/message.ts'
import { FactList } from '../fact-list.ts'
import { hostName, untilNul } from '../text.ts'
import { decodeName, nameFacts } from './name.ts'

const DIRECT_UNIQUE = 0x10
const BROADCAST = 0x12
/** Bytes in front of the names. */
const HEADER = 14

const SMB_HEADER = 32
const SMB_TRANSACTION = 0x25
const MAILSLOT_BROWSE = '\\MAILSLOT\\BROWSE'
/** [MS-BRWS] §2.2. */
const HOST_ANNOUNCEMENT = 1
const LOCAL_MASTER_ANNOUNCEMENT = 15
/** Longest server name with its NUL. */
const SERVER_NAME = 16
/** What Windows says of its version may be believed of these only ([MS-BRWS] §2.2.1): Apple's NetBIOS has another version of the browser. */
const WINDOWS_BROWSER_MAJOR = 15
/** Samba says that it is Unix, whatever version of Windows it is said to have (server type SV_TYPE_XENIX_SERVER). */
const UNIX_SERVER = 0x800
/** Bits of the server type ([MS-BRWS] §2.2.6, server type values) that name a service. */
const SERVICES: readonly (readonly [bit: number, service: string])[] = [
  [0x4, 'sql_server'],
  [0x8, 'domain_controller'],
  [0x10, 'domain_controller'],
  [0x200, 'print_server'],
  [0x0200_0000, 'terminal_server'],
]

/** NetBIOS datagram service (RFC 1002 §4.4) with the announcements of the browser service ([MS-BRWS]). */
export function nbdgm(): DatagramProtocol {
  return { name: 'nbdgm', ports: [138], onAnyPort: false, read }
}

/**
 * Datagram: type 1 (10 direct unique, 11 direct group, 12 broadcast), flags 1, id 2, source address 4, source port 2, length 2, packet offset 2,
 * source name, destination name, user data.
 */
function read(datagram: Datagram, emit: EmitHost): boolean {
  const { bytes, offset, length, time } = datagram
  if (length < HEADER || bytes[offset] < DIRECT_UNIQUE || bytes[offset] > BROADCAST) return false
  const cursor = new Cursor(bytes, offset, offset + length)
  cursor.skip(4)
  const source = formatIpv4(cursor.uint32())
  cursor.skip(6)
  const name = decodeName(readName(cursor, cursor.at) ?? '')
  const destination = readName(cursor, cursor.at)
  if (destination === undefined) return false
  const list = new FactList()
  if (name !== undefined) for (const fact of nameFacts(name, false, 'SOURCE_NAME')) list.add(fact.attribute, fact.value, fact.field)
  const frame = browserFrame(cursor)
  if (frame !== undefined) addAnnouncement(list, frame)
  const sender = neighbourSender(datagram)
  const subject = sender.address === source ? sender : { mac: undefined, address: source }
  if (list.facts.length > 0) emit({ kind: 'host-identity', protocol: 'nbdgm', subject, time, facts: list.facts })
  return true
}

/**
 * SMB transaction ([MS-CIFS] §2.2.4.33) to a mailslot: header 32 with the command at 4, word count 1, words (data count at 22, data offset at
 * 24), byte count 2, name of the mailslot.
 */
function browserFrame(data: Cursor): Cursor | undefined {
  const start = data.at
  const header = data.take(SMB_HEADER)
  if (header.uint32() !== 0xff534d42 || header.uint8() !== SMB_TRANSACTION) return undefined
  const words = data.take(data.uint8() * 2)
  words.skip(22)
  const length = words.uint16le()
  const from = start + words.uint16le()
  data.skip(2)
  if (words.short || untilNul(data.latin1(Math.min(data.left, MAILSLOT_BROWSE.length + 1))).toUpperCase() !== MAILSLOT_BROWSE)
    return undefined
  return from + length > data.end ? undefined : new Cursor(data.bytes, from, from + length)
}

/**
 * Host and local master announcement ([MS-BRWS] §2.2.1, §2.2.6): command 1, update count 1, period 4, server name 16, OS version major 1 and
 * minor 1, server type 4, browser version 2, signature 2, comment.
 */
function addAnnouncement(list: FactList, frame: Cursor): void {
  const command = frame.uint8()
  if (command !== HOST_ANNOUNCEMENT && command !== LOCAL_MASTER_ANNOUNCEMENT) return
  frame.skip(5)
  const name = hostName(untilNul(frame.latin1(SERVER_NAME)))
  const version = `${frame.uint8()}.${frame.uint8()}`
  const type = frame.uint32le()
  const isWindows = frame.uint8() === WINDOWS_BROWSER_MAJOR && (type & UNIX_SERVER) === 0
  if (frame.short) return
  list.add('hostname', name, 'ServerName')
  if (isWindows) list.add('os_version', version, 'OSVersion')
  for (const [bit, service] of SERVICES) if ((type & bit) !== 0) list.add('service', service, 'ServerType')
}
