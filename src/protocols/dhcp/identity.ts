import type { Cursor } from '../../bytes/cursor.ts'
import { readWholeName } from '../dns/message.ts'
import { FactList } from '../fact-list.ts'
import type { IdentityFact } from '../observation.ts'
import { cleanText, hostName } from '../text.ts'
import type { DhcpMessage } from './message.ts'
import { Option } from './options.ts'

/** FQDN flag E: the name is in DNS wire format (RFC 4702 §2.1). */
const FQDN_ENCODED = 0x04
const HARDWARE_ETHERNET = 1
/** Enterprise number of the Broadband Forum, whose option says what equipment on a customer's premises is (TR-069 annex F.2.5). */
const BROADBAND_FORUM = 3561
const BroadbandDevice = { SERIAL_NUMBER: 2, PRODUCT_CLASS: 3 } as const
const MAX_SUBOPTIONS = 16
/** Longest client identifier that is told, in bytes. */
const MAX_CLIENT_IDENTIFIER = 64

/** What a client says of itself. */
export function clientFacts({ options, clientMac }: DhcpMessage): readonly IdentityFact[] {
  const list = new FactList()
  list.add('hostname', hostName(options.get(Option.HOST_NAME).text()), 'option 12')
  list.add('hostname', fullName(options.get(Option.CLIENT_FQDN)), 'option 81')
  // The more telling one first.
  list.add('dhcp_fingerprint', numbers(options.get(Option.PARAMETER_REQUEST_LIST)), 'option 55')
  list.add('vendor_class', cleanText(options.get(Option.VENDOR_CLASS).text()), 'option 60')
  list.add('dhcp_client_id', clientIdentifier(options.get(Option.CLIENT_IDENTIFIER), clientMac), 'option 61')
  addVendorClass(list, options.get(Option.VENDOR_IDENTIFYING_CLASS))
  if (options.has(Option.VENDOR_IDENTIFYING_INFORMATION)) addVendorInformation(list, options.get(Option.VENDOR_IDENTIFYING_INFORMATION))
  list.add('mud_url', cleanText(options.get(Option.MUD_URL).text()), 'option 161')
  return list.facts
}

function numbers(data: Cursor): string {
  return data.bytes.subarray(data.at, data.end).join(',')
}

/** Client FQDN (RFC 4702 §2): flags 1, RCODE1 1, RCODE2 1, domain name, whose final zero is missing where it is relative. */
function fullName(data: Cursor): string | undefined {
  const flags = data.uint8()
  data.skip(2)
  if ((flags & FQDN_ENCODED) === 0) return hostName(data.text())
  return hostName(readWholeName(data) ?? '')
}

/** Client identifier (RFC 2132 §9.14): type 1, identifier; in hexadecimal. Its own MAC is no news. */
function clientIdentifier(data: Cursor, mac: string | undefined): string | undefined {
  if (data.left < 2 || data.left > MAX_CLIENT_IDENTIFIER) return undefined
  const type = data.uint8()
  const identifier = data.hex()
  if (type === HARDWARE_ETHERNET && identifier === mac?.replaceAll('-', '').toLowerCase()) return undefined
  return type.toString(16).padStart(2, '0') + identifier
}

/** Vendor-identifying vendor class (RFC 3925 §3): enterprise number 4, length 1, data of length 1 and text … of the first vendor. */
function addVendorClass(list: FactList, data: Cursor): void {
  const enterprise = data.uint32()
  const block = data.take(data.uint8())
  const text = block.take(block.uint8())
  if (data.short) return
  list.add('enterprise_number', String(enterprise), 'option 124')
  if (!block.short) list.add('vendor_class', cleanText(text.text()), 'option 124')
}

/** Vendor-identifying vendor information (RFC 3925 §4): enterprise number 4, length 1, suboptions of code 1, length 1, data … of the first vendor. */
function addVendorInformation(list: FactList, data: Cursor): void {
  const enterprise = data.uint32()
  list.add('enterprise_number', String(enterprise), 'option 125')
  const block = data.take(data.uint8())
  for (let count = 0; enterprise === BROADBAND_FORUM && block.left > 0 && count < MAX_SUBOPTIONS; count++) {
    const code = block.uint8()
    const text = cleanText(block.take(block.uint8()).text())
    if (block.short) return
    if (code === BroadbandDevice.SERIAL_NUMBER) list.add('serial_number', text, 'option 125 DeviceSerialNumber')
    if (code === BroadbandDevice.PRODUCT_CLASS) list.add('model', text, 'option 125 DeviceProductClass')
  }
}
