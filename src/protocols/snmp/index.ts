import { Cursor } from '../../bytes/cursor.ts'
import { type Datagram, type DatagramProtocol, type EmitHost, senderAddress } from '../datagram.ts'
import { FactList } from '../fact-list.ts'
import type { IdentityAttribute } from '../observation.ts'
import { cleanText, hostName } from '../text.ts'
import { holds, readElement, readObjectIdentifier, Tag } from './ber.ts'

/** Versions in the message: 0 is SNMPv1, 1 is SNMPv2c. */
const SNMP_V1 = 0
const SNMP_V2C = 1
/** Variables of one message that are looked at. */
const MAX_VARIABLES = 256

/** 1.3.6.1.2.1.1.N.0 */
const system = (object: number): readonly number[] => [0x2b, 6, 1, 2, 1, 1, object, 0]

interface SystemObject {
  readonly oid: readonly number[]
  readonly attribute: IdentityAttribute
  readonly field: string
}
/** The system group (RFC 3418 §2). sysContact names a person and stays where it is. */
const SYSTEM_OBJECTS: readonly SystemObject[] = [
  { oid: system(1), attribute: 'system_description', field: 'sysDescr' },
  { oid: system(2), attribute: 'system_object_id', field: 'sysObjectID' },
  { oid: system(5), attribute: 'hostname', field: 'sysName' },
  { oid: system(6), attribute: 'location', field: 'sysLocation' },
]

/**
 * SNMPv1 (RFC 1157) and SNMPv2c (RFC 1901): what agents answer about their system. The community string, which is a password, is skipped
 * without being looked at.
 */
export function snmp(): DatagramProtocol {
  return { name: 'snmp', ports: [161, 162], onAnyPort: true, read }
}

/**
 * Message (RFC 1157 §4, RFC 1901 §3): SEQUENCE of version INTEGER, community OCTET STRING, PDU.
 * Response (RFC 3416 §3): request id INTEGER, error status INTEGER, error index INTEGER, SEQUENCE of variables.
 */
function read(datagram: Datagram, emit: EmitHost): boolean {
  const { bytes, offset, length, time } = datagram
  if (length < 8 || bytes[offset] !== Tag.SEQUENCE) return false
  const message = readElement(new Cursor(bytes, offset, offset + length), Tag.SEQUENCE)
  const version = message && readElement(message, Tag.INTEGER)
  if (message === undefined || version === undefined || version.left !== 1) return false
  const number = version.uint8()
  if ((number !== SNMP_V1 && number !== SNMP_V2C) || readElement(message, Tag.OCTET_STRING) === undefined) return false
  if (bytes[message.at] !== Tag.GET_RESPONSE) return isPdu(bytes[message.at])
  const pdu = readElement(message, Tag.GET_RESPONSE)
  if (pdu === undefined) return false
  for (let header = 0; header < 3; header++) if (readElement(pdu, Tag.INTEGER) === undefined) return false
  const variables = readElement(pdu, Tag.SEQUENCE)
  if (variables === undefined) return false
  const list = new FactList()
  list.add('service', 'snmp', 'GetResponse')
  addVariables(list, variables)
  emit({ kind: 'host-identity', protocol: 'snmp', subject: senderAddress(datagram), time, facts: list.facts })
  return true
}

/** Request, next, response, set, trap, bulk, inform, trap of version 2. */
function isPdu(tag: number): boolean {
  return tag >= 0xa0 && tag <= 0xa8
}

/** Variable (RFC 3416 §3): SEQUENCE of name OID, value. */
function addVariables(list: FactList, variables: Cursor): void {
  for (let count = 0; variables.left > 0 && count < MAX_VARIABLES; count++) {
    const variable = readElement(variables, Tag.SEQUENCE)
    const name = variable && readElement(variable, Tag.OID)
    if (variable === undefined || name === undefined) return
    const object = SYSTEM_OBJECTS.find(({ oid }) => holds(name, oid))
    if (object !== undefined) list.add(object.attribute, textOf(object, variable), object.field)
  }
}

function textOf({ attribute }: SystemObject, variable: Cursor): string | undefined {
  if (attribute === 'system_object_id') {
    const oid = readElement(variable, Tag.OID)
    return oid && readObjectIdentifier(oid)
  }
  const text = readElement(variable, Tag.OCTET_STRING)?.text() ?? ''
  return attribute === 'hostname' ? hostName(text) : cleanText(text)
}
