import { Cursor } from '../../bytes/cursor.ts'
import { formatIpv4 } from '../../net/addresses.ts'
import { readElement, readObjectIdentifier, Tag } from '../ber.ts'
import { type Datagram, type DatagramProtocol, type EmitHost, senderAddress } from '../datagram.ts'
import { FactList } from '../fact-list.ts'
import type { HostSubject } from '../observation.ts'
import { addEngine } from './engine.ts'
import { addVariables, trapAddress } from './objects.ts'

/** Versions in the message (RFC 1157, RFC 1901, RFC 3412). */
const Version = { V1: 0, V2C: 1, V3: 3 } as const
/** PDUs (RFC 1157 §4.1.6, RFC 3416 §3) in which an agent speaks of itself; the others are requests. */
const Pdu = { RESPONSE: 0xa2, TRAP_V1: 0xa4, INFORM: 0xa6, TRAP: 0xa7 } as const
const FIRST_PDU = 0xa0
const LAST_PDU = 0xa8
const IP_ADDRESS = 0x40
/** msgFlags (RFC 3412 §6.4). */
const Flag = { PRIVACY: 0x02, REPORTABLE: 0x04 } as const
const PRIVATE_ENTERPRISES = '1.3.6.1.4.1.'

/**
 * SNMP: what agents answer and report about their system. The community string, which is a password, and user names are skipped without being
 * looked at.
 */
export function snmp(): DatagramProtocol {
  return { name: 'snmp', ports: [161, 162], onAnyPort: true, read }
}

/** Message (RFC 1157 §4, RFC 1901 §3): SEQUENCE of version INTEGER, community OCTET STRING, PDU. */
function read(datagram: Datagram, emit: EmitHost): boolean {
  const { bytes, offset, length } = datagram
  if (length < 8 || bytes[offset] !== Tag.SEQUENCE) return false
  const message = readElement(new Cursor(bytes, offset, offset + length), Tag.SEQUENCE)
  const version = message && readElement(message, Tag.INTEGER)
  if (message === undefined || version === undefined || version.left !== 1) return false
  const number = version.uint8()
  if (number === Version.V3) return readV3(message, datagram, emit)
  if ((number !== Version.V1 && number !== Version.V2C) || readElement(message, Tag.OCTET_STRING) === undefined) return false
  return tellOfPdu(message, new FactList(), datagram, emit)
}

/**
 * Message of version 3 (RFC 3412 §6): SEQUENCE of version, SEQUENCE of id, size, flags and security model, security parameters OCTET STRING,
 * and in clear or encrypted SEQUENCE of context engine OCTET STRING, context name OCTET STRING, PDU.
 */
function readV3(message: Cursor, datagram: Datagram, emit: EmitHost): boolean {
  const header = readElement(message, Tag.SEQUENCE)
  if (header === undefined || readElement(header, Tag.INTEGER) === undefined || readElement(header, Tag.INTEGER) === undefined) return false
  const flags = readElement(header, Tag.OCTET_STRING)?.uint8()
  const security = readElement(message, Tag.OCTET_STRING)
  if (flags === undefined || security === undefined) return false
  const list = new FactList()
  // Whoever wants a report is not the authority; the engine named is the other side's.
  if ((flags & Flag.REPORTABLE) === 0) addEngine(list, security)
  if ((flags & Flag.PRIVACY) !== 0) return tell(senderAddress(datagram), list, datagram, emit)
  const scoped = readElement(message, Tag.SEQUENCE)
  if (scoped === undefined) return false
  for (let name = 0; name < 2; name++) if (readElement(scoped, Tag.OCTET_STRING) === undefined) return false
  return tellOfPdu(scoped, list, datagram, emit)
}

/** What the PDU in hand adds to `list`; false when it is none. */
function tellOfPdu(message: Cursor, list: FactList, datagram: Datagram, emit: EmitHost): boolean {
  const type = message.bytes[message.at]
  if (type < FIRST_PDU || type > LAST_PDU) return false
  const sender = senderAddress(datagram)
  if (type === Pdu.TRAP_V1) return tellOfTrap(message, list, datagram, emit)
  if (type !== Pdu.RESPONSE && type !== Pdu.TRAP && type !== Pdu.INFORM) return tell(sender, list, datagram, emit)
  const variables = variablesOf(message, type)
  if (variables === undefined) return false
  if (type === Pdu.RESPONSE) list.add('service', 'snmp', 'GetResponse')
  const origin = type === Pdu.RESPONSE ? undefined : trapAddress(variables)
  addVariables(list, variables)
  return tell(origin === undefined ? sender : { mac: undefined, address: origin }, list, datagram, emit)
}

/** PDU (RFC 3416 §3): request id INTEGER, error status INTEGER, error index INTEGER, SEQUENCE of variables. */
function variablesOf(message: Cursor, type: number): Cursor | undefined {
  const pdu = readElement(message, type)
  for (let header = 0; header < 3; header++) if (pdu === undefined || readElement(pdu, Tag.INTEGER) === undefined) return undefined
  return pdu && readElement(pdu, Tag.SEQUENCE)
}

/** Trap of version 1 (RFC 1157 §4.1.6): enterprise OID, agent address, generic INTEGER, specific INTEGER, time, SEQUENCE of variables. */
function tellOfTrap(message: Cursor, list: FactList, datagram: Datagram, emit: EmitHost): boolean {
  const pdu = readElement(message, Pdu.TRAP_V1)
  const enterprise = pdu && readElement(pdu, Tag.OID)
  const agent = pdu && readElement(pdu, IP_ADDRESS)
  if (enterprise === undefined || agent === undefined) return false
  const oid = readObjectIdentifier(enterprise) ?? ''
  if (oid.startsWith(PRIVATE_ENTERPRISES))
    list.add('enterprise_number', oid.slice(PRIVATE_ENTERPRISES.length).split('.')[0], 'Trap-PDU enterprise')
  const sender = senderAddress(datagram)
  const word = agent.left === 4 ? agent.uint32() : 0
  const address = word === 0 ? sender.address : formatIpv4(word)
  return tell(address === sender.address ? sender : { mac: undefined, address }, list, datagram, emit)
}

function tell(subject: HostSubject, { facts }: FactList, { time }: Datagram, emit: EmitHost): true {
  if (facts.length > 0) emit({ kind: 'host-identity', protocol: 'snmp', subject, time, facts })
  return true
}
