import type { Cursor } from '../../bytes/cursor.ts'
import { formatMac } from '../../net/addresses.ts'
import { readElement, Tag } from '../ber.ts'
import type { FactList } from '../fact-list.ts'

/** RFC 3411 §5, SnmpEngineID. */
const SHORTEST = 5
const LONGEST = 32
/** The first bit tells identifiers of SNMPv3 from older ones, which go on as their maker likes. */
const SNMP_V3 = 0x8000_0000
const FORMAT_MAC = 3

/**
 * The engine in the security parameters of the user-based security model (RFC 3414 §2.4): SEQUENCE of engine id OCTET STRING, boots, time, user …
 * Engine id (RFC 3411 §5): enterprise number 4, and where its first bit is set format 1, data.
 */
export function addEngine(list: FactList, security: Cursor): void {
  const parameters = readElement(security, Tag.SEQUENCE)
  const engine = parameters && readElement(parameters, Tag.OCTET_STRING)
  if (engine === undefined || engine.left < SHORTEST || engine.left > LONGEST) return
  const first = engine.uint32()
  const isOfV3 = first >= SNMP_V3
  list.add('enterprise_number', String(isOfV3 ? first - SNMP_V3 : first), 'msgAuthoritativeEngineID')
  if (isOfV3 && engine.uint8() === FORMAT_MAC && engine.left === 6)
    list.add('mac', formatMac(engine.uint16(), engine.uint32()), 'msgAuthoritativeEngineID')
}
