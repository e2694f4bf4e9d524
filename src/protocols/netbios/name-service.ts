import type { Cursor } from '../../bytes/cursor.ts'
import { formatIpv4, formatMac } from '../../net/addresses.ts'
import { type Datagram, type DatagramProtocol, type EmitHost, neighbourSender, senderAddress } from '../datagram.ts'
import { RecordType, type ResourceRecord, readDnsMessage } from '../dns/message.ts'
import { FactList } from '../fact-list.ts'
import type { HostSubject, IdentityFact } from '../observation.ts'
import { decodeName, nameFacts, readPlainName } from './name.ts'

/** RFC 1002 §4.2.1.1; 9 is a refresh as some send it, 15 the registration of a host with several addresses. */
const Opcode = { QUERY: 0, REGISTRATION: 5, REFRESH: 8, REFRESH_ALTERNATIVE: 9, MULTIHOMED_REGISTRATION: 15 } as const
const CLAIMS: ReadonlySet<number> = new Set([
  Opcode.REGISTRATION,
  Opcode.REFRESH,
  Opcode.REFRESH_ALTERNATIVE,
  Opcode.MULTIHOMED_REGISTRATION,
])
const GROUP = 0x8000
/** Names of one node that are looked at. */
const MAX_NAMES = 64

/**
 * NetBIOS name service (RFC 1002 §4.2), in the format of DNS with encoded names. A name belongs to the address that the message gives for it,
 * which need not be its sender's: a name server answers for others.
 */
export function nbns(): DatagramProtocol {
  return { name: 'nbns', ports: [137], onAnyPort: false, read }
}

function read(datagram: Datagram, emit: EmitHost): boolean {
  const message = readDnsMessage(datagram.bytes, datagram.offset, datagram.length)
  if (message === undefined) return false
  const { time } = datagram
  const tell = (subject: HostSubject, facts: readonly IdentityFact[]): void => {
    if (facts.length > 0) emit({ kind: 'host-identity', protocol: 'nbns', subject, time, facts })
  }
  if (message.isResponse) {
    if (message.opcode !== Opcode.QUERY || message.responseCode !== 0) return true
    for (const record of message.answers) {
      if (record.type === RecordType.NBSTAT) tellStatus(record.data, datagram, tell)
      else if (record.type === RecordType.NB) tellAddress(record, 'name query response', datagram, tell)
    }
  } else if (CLAIMS.has(message.opcode)) {
    for (const record of message.additionals) if (record.type === RecordType.NB) tellAddress(record, 'name registration', datagram, tell)
  }
  return true
}

type Tell = (subject: HostSubject, facts: readonly IdentityFact[]) => void

/** NB data (RFC 1002 §4.2.1.3): flags 2 (G 1 …), address 4, for each owner. Who has a name alone is its first owner. */
function tellAddress({ name, data }: ResourceRecord, field: string, datagram: Datagram, tell: Tell): void {
  const netbios = decodeName(name)
  const isGroup = (data.uint16() & GROUP) !== 0
  const address = formatIpv4(data.uint32())
  if (netbios === undefined || data.short) return
  const sender = neighbourSender(datagram)
  const subject = address === sender.address && isBroadcast(datagram) ? sender : { mac: undefined, address }
  tell(subject, nameFacts(netbios, isGroup, field))
}

/** Only what goes to a broadcast address is sure not to have passed a router. */
function isBroadcast({ flow, direction }: Datagram): boolean {
  return (direction === 0 ? flow.serverAddress : flow.clientAddress).endsWith('.255')
}

/** Node status data (RFC 1002 §4.2.18): count 1, names of 15 characters, suffix 1 and flags 2; then statistics that begin with the MAC 6. */
function tellStatus(data: Cursor, datagram: Datagram, tell: Tell): void {
  const list = new FactList()
  const count = data.uint8()
  for (let index = 0; index < Math.min(count, MAX_NAMES); index++) {
    const name = readPlainName(data)
    const isGroup = (data.uint16() & GROUP) !== 0
    if (name === undefined || data.short) continue
    for (const { attribute, value, field } of nameFacts(name, isGroup, 'node status')) list.add(attribute, value, field)
  }
  const mac = count > MAX_NAMES ? undefined : formatMac(data.uint16(), data.uint32())
  const isKnown = !data.short && mac !== '00-00-00-00-00-00'
  tell({ mac: isKnown ? mac : undefined, address: senderAddress(datagram).address }, list.facts)
}
