import { Cursor } from '../../bytes/cursor.ts'
import { formatIpv4, formatIpv6, formatMac } from '../../net/addresses.ts'
import type { EmitHost, LinkFrame, LinkProtocol } from '../datagram.ts'
import { FactList } from '../fact-list.ts'
import type { IdentityAttribute } from '../observation.ts'
import { cleanText, hostName } from '../text.ts'

/** IEEE 802.1AB-2016 §8.4. */
const TlvType = {
  END: 0,
  CHASSIS_ID: 1,
  PORT_ID: 2,
  TIME_TO_LIVE: 3,
  SYSTEM_NAME: 5,
  SYSTEM_DESCRIPTION: 6,
  CAPABILITIES: 7,
  MANAGEMENT_ADDRESS: 8,
  ORGANIZATION: 127,
} as const
/** §8.5.2.2. */
const ChassisId = { MAC: 4, NETWORK_ADDRESS: 5 } as const
/** IANA address family numbers. */
const Family = { IPV4: 1, IPV6: 2 } as const
const MAX_TLVS = 128

/** Bits of the system capabilities (§8.5.8), in the words of IEEE 802.1AB table 8-4. */
const CAPABILITIES: readonly (readonly [bit: number, capability: string])[] = [
  [0x0002, 'repeater'],
  [0x0004, 'bridge'],
  [0x0008, 'wlan_access_point'],
  [0x0010, 'router'],
  [0x0020, 'telephone'],
  [0x0040, 'docsis_cable_device'],
  [0x0080, 'station_only'],
]

/** Organizations whose TLVs are looked at: IEEE 802.1 (its port VLAN id, 802.1Q annex D.2.1), IANA (its MUD URL, RFC 8520 §11) and LLDP-MED. */
const Organization = { IEEE_8021: 0x0080c2, IANA: 0x00005e, MED: 0x0012bb } as const
const PORT_VLAN_ID = 1
const MUD_URL = 1
/** The inventory TLVs of LLDP-MED (ANSI/TIA-1057 §10.2.6). */
const MED_INVENTORY: ReadonlyMap<number, IdentityAttribute> = new Map([
  [5, 'hardware_revision'],
  [6, 'firmware_version'],
  [7, 'software_version'],
  [8, 'serial_number'],
  [9, 'manufacturer'],
  [10, 'model'],
  [11, 'asset_tag'],
])

/** Link layer discovery protocol (IEEE 802.1AB). The sender's port and its management address name the host. */
export function lldp(): LinkProtocol {
  return { name: 'lldp', read }
}

/** LLDPDU: TLVs of type 7 bits, length 9 bits, value; chassis id, port id and time to live come first, in that order. */
function read({ bytes, offset, length, sourceMac, time }: LinkFrame, emit: EmitHost): boolean {
  const cursor = new Cursor(bytes, offset, offset + length)
  const list = new FactList()
  let address: string | undefined
  let chassis: string | undefined
  for (let count = 0; cursor.left >= 2 && count < MAX_TLVS; count++) {
    const head = cursor.uint16()
    const type = head >>> 9
    const value = cursor.take(head & 0x1ff)
    if (cursor.short) return false
    if (count < 3 && type !== count + 1) return false
    if (type === TlvType.END) break
    if (type === TlvType.MANAGEMENT_ADDRESS) address ??= managementAddress(value)
    else if (type === TlvType.CHASSIS_ID) chassis = addChassis(list, value)
    else addFact(list, type, value)
  }
  if (list.facts.length > 0) {
    emit({ kind: 'host-identity', protocol: 'lldp', subject: { mac: sourceMac, address: address ?? chassis }, time, facts: list.facts })
  }
  return true
}

function addFact(list: FactList, type: number, value: Cursor): void {
  switch (type) {
    case TlvType.SYSTEM_NAME:
      list.add('hostname', hostName(value.text()), 'System Name')
      return
    case TlvType.SYSTEM_DESCRIPTION:
      list.add('system_description', cleanText(value.text()), 'System Description')
      return
    case TlvType.CAPABILITIES: {
      value.skip(2)
      const enabled = value.uint16()
      for (const [bit, capability] of CAPABILITIES) if ((enabled & bit) !== 0) list.add('capability', capability, 'System Capabilities')
      return
    }
    case TlvType.ORGANIZATION:
      addOfOrganization(list, value)
  }
}

/** Organizationally specific TLV (§8.6.1): organization 3, subtype 1, content. */
function addOfOrganization(list: FactList, value: Cursor): void {
  const organization = value.uint24()
  const subtype = value.uint8()
  if (organization === Organization.IEEE_8021 && subtype === PORT_VLAN_ID) {
    const vlan = value.uint16()
    if (vlan !== 0) list.add('vlan', String(vlan), 'Port VLAN ID')
  }
  if (organization === Organization.IANA && subtype === MUD_URL) list.add('mud_url', cleanText(value.text()), 'MUD URL')
  const attribute = organization === Organization.MED ? MED_INVENTORY.get(subtype) : undefined
  if (attribute !== undefined) list.add(attribute, cleanText(value.text()), `LLDP-MED ${attribute}`)
}

/** Chassis id (§8.5.2): subtype 1, and a MAC or the family and bytes of an address, which is answered. */
function addChassis(list: FactList, value: Cursor): string | undefined {
  const subtype = value.uint8()
  if (subtype === ChassisId.NETWORK_ADDRESS) return addressOf(value)
  if (subtype === ChassisId.MAC && value.left === 6) list.add('mac', formatMac(value.uint16(), value.uint32()), 'Chassis ID')
  return undefined
}

/** Management address (§8.5.9): length 1 of family and address, family 1, address, interface numbering 1, interface 4, OID of length 1. */
function managementAddress(value: Cursor): string | undefined {
  return addressOf(value.take(value.uint8()))
}

function addressOf(block: Cursor): string | undefined {
  const family = block.uint8()
  if (family === Family.IPV4 && block.left === 4) return formatIpv4(block.uint32())
  if (family !== Family.IPV6 || block.left !== 16) return undefined
  return formatIpv6(block.uint32(), block.uint32(), block.uint32(), block.uint32())
}
