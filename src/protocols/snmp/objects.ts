import { Cursor } from '../../bytes/cursor.ts'
import { formatIpv4, formatMac } from '../../net/addresses.ts'
import { holds, readElement, readObjectIdentifier, Tag } from '../ber.ts'
import type { FactList } from '../fact-list.ts'
import type { IdentityAttribute } from '../observation.ts'
import { cleanText, hostName } from '../text.ts'

/** Variables of one message that are looked at. */
const MAX_VARIABLES = 256
const IP_ADDRESS = 0x40
const MAC_LENGTH = 6

/** 1.3.6.1.2.1.… */
const mib2 = (...numbers: readonly number[]): readonly number[] => [0x2b, 6, 1, 2, 1, ...numbers]
/** Column of entPhysicalTable; the first entity is the whole device, by custom and in most agents. */
const entity = (column: number): readonly number[] => mib2(47, 1, 1, 1, 1, column, 1)

interface KnownObject {
  readonly oid: readonly number[]
  readonly attribute: IdentityAttribute
  readonly field: string
}

/** The system group (RFC 3418 §2) without sysContact, which names a person; interfaces, entities and printers (RFC 2863, RFC 6933, RFC 3805). */
const OBJECTS: readonly KnownObject[] = [
  { oid: mib2(1, 1, 0), attribute: 'system_description', field: 'sysDescr' },
  { oid: mib2(1, 2, 0), attribute: 'system_object_id', field: 'sysObjectID' },
  { oid: mib2(1, 5, 0), attribute: 'hostname', field: 'sysName' },
  { oid: mib2(1, 6, 0), attribute: 'location', field: 'sysLocation' },
  { oid: mib2(2, 2, 1, 6, 1), attribute: 'mac', field: 'ifPhysAddress' },
  { oid: entity(8), attribute: 'hardware_revision', field: 'entPhysicalHardwareRev' },
  { oid: entity(9), attribute: 'firmware_version', field: 'entPhysicalFirmwareRev' },
  { oid: entity(10), attribute: 'software_version', field: 'entPhysicalSoftwareRev' },
  { oid: entity(11), attribute: 'serial_number', field: 'entPhysicalSerialNum' },
  { oid: entity(12), attribute: 'manufacturer', field: 'entPhysicalMfgName' },
  { oid: entity(13), attribute: 'model', field: 'entPhysicalModelName' },
  { oid: entity(15), attribute: 'asset_tag', field: 'entPhysicalAssetID' },
  { oid: mib2(43, 5, 1, 1, 17, 1), attribute: 'serial_number', field: 'prtGeneralSerialNumber' },
]
/** snmpTrapAddress.0 (RFC 3584 §3.1): whom a trap that was passed on comes from. */
const TRAP_ADDRESS: readonly number[] = [0x2b, 6, 1, 6, 3, 18, 1, 3, 0]

/** What the variables that are known say of the agent. */
export function addVariables(list: FactList, variables: Cursor): void {
  for (const { name, value } of readVariables(variables)) {
    const object = OBJECTS.find(({ oid }) => holds(name, oid))
    if (object !== undefined) list.add(object.attribute, textOf(object.attribute, value), object.field)
  }
}

/** The agent that a trap which was passed on comes from. */
export function trapAddress({ bytes, at, end }: Cursor): string | undefined {
  for (const { name, value } of readVariables(new Cursor(bytes, at, end))) {
    const address = holds(name, TRAP_ADDRESS) ? readElement(value, IP_ADDRESS) : undefined
    if (address?.left === 4) return formatIpv4(address.uint32())
  }
  return undefined
}

/** Variable (RFC 3416 §3): SEQUENCE of name OID, value. */
function* readVariables(variables: Cursor): Generator<{ readonly name: Cursor; readonly value: Cursor }> {
  for (let count = 0; variables.left > 0 && count < MAX_VARIABLES; count++) {
    const value = readElement(variables, Tag.SEQUENCE)
    const name = value && readElement(value, Tag.OID)
    if (value === undefined || name === undefined) return
    yield { name, value }
  }
}

function textOf(attribute: IdentityAttribute, value: Cursor): string | undefined {
  if (attribute === 'system_object_id') {
    const oid = readElement(value, Tag.OID)
    return oid && readObjectIdentifier(oid)
  }
  const text = readElement(value, Tag.OCTET_STRING)
  if (attribute === 'mac') return text?.left === MAC_LENGTH ? formatMac(text.uint16(), text.uint32()) : undefined
  return attribute === 'hostname' ? hostName(text?.text() ?? '') : cleanText(text?.text() ?? '')
}
