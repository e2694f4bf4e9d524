import { Cursor } from '../../bytes/cursor.ts'
import { formatIpv4, formatIpv6 } from '../../net/addresses.ts'
import type { EmitHost, LinkFrame, LinkProtocol } from '../datagram.ts'
import { FactList } from '../fact-list.ts'
import { cleanText, hostName } from '../text.ts'

const TlvType = {
  DEVICE_ID: 1,
  ADDRESSES: 2,
  CAPABILITIES: 4,
  SOFTWARE_VERSION: 5,
  PLATFORM: 6,
  NATIVE_VLAN: 0x0a,
  SYSTEM_NAME: 0x14,
  MANAGEMENT_ADDRESSES: 0x16,
  LOCATION: 0x17,
} as const
const HEADER = 4
/** Computers that speak CDP name their system where a switch names its model (lldpd, VMware ESX). */
const SYSTEM_PLATFORM = /^(?:Linux|Darwin|(?:Free|Net|Open)BSD|SunOS|VMware ESXi?)$/
const MAX_TLVS = 128
const MAX_ADDRESSES = 16
/** Protocol of an address: type 1 (NLPID), length 1, CC (IP); or type 2 (802.2), length 8, SNAP header with the EtherType of IPv6. */
const NLPID_IP = '0101cc'
const SNAP_IPV6 = '0208aaaa0300000086dd'
/** NX-OS names a device by its name and its serial number: `core1(FOX1234ABCD)`. */
const NAME_AND_SERIAL = /^(.+)\(([A-Z0-9]{11})\)$/

const CAPABILITIES: readonly (readonly [bit: number, capability: string])[] = [
  [0x01, 'router'],
  [0x02, 'bridge'],
  [0x04, 'bridge'],
  [0x08, 'bridge'],
  [0x10, 'station_only'],
  [0x40, 'repeater'],
  [0x80, 'telephone'],
]

/** Cisco discovery protocol, versions 1 and 2 (Cisco, "Cisco Discovery Protocol Packet Format"), which other makers send as well. */
export function cdp(): LinkProtocol {
  return { name: 'cdp', read }
}

/** Version 1, time to live 1, checksum 2; TLVs of type 2, length 2 (with the head), value. Device ID comes first. */
function read({ bytes, offset, length, sourceMac, time }: LinkFrame, emit: EmitHost): boolean {
  const cursor = new Cursor(bytes, offset, offset + length)
  const version = cursor.uint8()
  if (version !== 1 && version !== 2) return false
  cursor.skip(3)
  const list = new FactList()
  let address: string | undefined
  for (let count = 0; cursor.left >= HEADER && count < MAX_TLVS; count++) {
    const type = cursor.uint16()
    const size = cursor.uint16()
    if (size < HEADER) break
    const value = cursor.take(size - HEADER)
    if (cursor.short || (count === 0 && type !== TlvType.DEVICE_ID)) return false
    if (type === TlvType.ADDRESSES || type === TlvType.MANAGEMENT_ADDRESSES) address ??= firstAddress(value)
    else addFact(list, type, value)
  }
  if (list.facts.length > 0) {
    emit({ kind: 'host-identity', protocol: 'cdp', subject: { mac: sourceMac, address }, time, facts: list.facts })
  }
  return list.facts.length > 0
}

function addFact(list: FactList, type: number, value: Cursor): void {
  switch (type) {
    case TlvType.DEVICE_ID: {
      const text = value.text()
      const [, name = text, serial] = NAME_AND_SERIAL.exec(text) ?? []
      list.add('hostname', hostName(name), 'Device ID')
      list.add('serial_number', serial, 'Device ID')
      return
    }
    case TlvType.SYSTEM_NAME:
      list.add('hostname', hostName(value.text()), 'System Name')
      return
    case TlvType.NATIVE_VLAN:
      list.add('vlan', String(value.uint16()), 'Native VLAN')
      return
    case TlvType.LOCATION:
      // Character set 1, text.
      value.skip(1)
      list.add('location', cleanText(value.text()), 'Location')
      return
    case TlvType.SOFTWARE_VERSION:
      list.add('system_description', cleanText(value.text()), 'Software Version')
      return
    case TlvType.PLATFORM: {
      const platform = cleanText(value.text())
      list.add(SYSTEM_PLATFORM.test(platform ?? '') ? 'system_description' : 'model', platform, 'Platform')
      return
    }
    case TlvType.CAPABILITIES: {
      const bits = value.uint32()
      for (const [bit, capability] of CAPABILITIES) if ((bits & bit) !== 0) list.add('capability', capability, 'Capabilities')
    }
  }
}

/** The first IPv4 address, else the first IPv6 address. Addresses: count 4; of each protocol type 1, length 1, protocol, length 2, address. */
function firstAddress(value: Cursor): string | undefined {
  const count = value.uint32()
  let ipv6: string | undefined
  for (let index = 0; index < Math.min(count, MAX_ADDRESSES) && value.left > 0; index++) {
    const protocol = value.take(2 + value.bytes[value.at + 1]).hex()
    const address = value.take(value.uint16())
    if (protocol === NLPID_IP && address.left === 4) return formatIpv4(address.uint32())
    if (protocol === SNAP_IPV6 && address.left === 16)
      ipv6 ??= formatIpv6(address.uint32(), address.uint32(), address.uint32(), address.uint32())
  }
  return ipv6
}
