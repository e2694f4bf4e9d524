import type { Cursor } from '../../bytes/cursor.ts'
import { type Datagram, type DatagramProtocol, type EmitHost, neighbourSender } from '../datagram.ts'
import { addressOf, RecordType, type ResourceRecord, readDnsMessage, readName } from '../dns/message.ts'
import { FactList } from '../fact-list.ts'
import type { HostSubject, IdentityAttribute, IdentityFact } from '../observation.ts'
import { cleanText, hostName } from '../text.ts'

const LOCAL = /\.local$/i
/** `_ipp._tcp.local`, alone or behind an instance's name (RFC 6763 §4.1). */
const SERVICE = /(?:^|\.)(_[a-z0-9-]{1,15}\._(?:tcp|udp))\.local$/i
/** Its pointers name the types of all services (RFC 6763 §9). */
const ALL_SERVICES = '_dns-sd._udp'
/** Describes the host itself; the port behind it is none (Apple's use of RFC 6763). */
const DEVICE_INFO = '_device-info._tcp'
/** DICOM nodes (PS3.15 annex H.2): the instance is named by its AE title. */
const DICOM_INSTANCE = /^([^.]{1,16})\._(?:dicom|dicom-tls|acr-nema)\._tcp\.local$/i
const AE_TITLE = /^[\x21-\x7e](?:[\x20-\x7e]{0,14}[\x21-\x7e])?$/
/**
 * Keys of TXT records that say what a device is: of `_device-info` (Apple), printers (Bonjour Printing Specification 1.2.1 §9.2) and DICOM
 * nodes (PS3.15 §H.2.2).
 */
const DEVICE_KEYS: ReadonlyMap<string, IdentityAttribute> = new Map([
  ['model', 'model'],
  ['ty', 'model'],
  ['usb_MFG', 'manufacturer'],
  ['usb_MDL', 'model'],
  ['note', 'location'],
  ['AET', 'ae_title'],
  ['PrimaryDeviceType', 'modality'],
])
/** Tells the release of macOS; with its name, for that a number alone says little. */
const MACOS_RELEASE = 'osxvers'
const MAX_STRINGS = 64

/**
 * Multicast DNS (RFC 6762) with service discovery (RFC 6763). Only responses count: a question tells what is looked for. What a response
 * says is said of its sender, unless it gives the name another address: then a reflector passed it on.
 */
export function mdns(): DatagramProtocol {
  return { name: 'mdns', ports: [5353], onAnyPort: false, read }
}

function read(datagram: Datagram, emit: EmitHost): boolean {
  const message = readDnsMessage(datagram.bytes, datagram.offset, datagram.length)
  if (message === undefined || message.opcode !== 0) return false
  if (!message.isResponse) return true
  const { offset, time } = datagram
  const tell = (subject: HostSubject, facts: readonly IdentityFact[]): void => {
    if (facts.length > 0) emit({ kind: 'host-identity', protocol: 'mdns', subject, time, facts })
  }
  const records = [...message.answers, ...message.additionals]
  const sender = neighbourSender(datagram)
  const hosts = hostsOf(records)
  const subjects = [...hosts.values()].map(addresses => subjectOf(sender, addresses))
  for (const [index, name] of [...hosts.keys()].entries()) tell(subjects[index], nameFacts(name))
  if (subjects.length <= 1) tell(subjects[0] ?? sender, serviceFacts(records, offset))
  return true
}

/** Names of hosts with the addresses that the message gives for them. */
function hostsOf(records: readonly ResourceRecord[]): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>()
  for (const record of records) {
    const address = addressOf(record)
    if (address === undefined || !LOCAL.test(record.name)) continue
    const known = hosts.get(record.name)
    if (known === undefined) hosts.set(record.name, [address])
    else known.push(address)
  }
  return hosts
}

/** The sender, unless the name has addresses of the sender's kind and the sender's is not among them. */
function subjectOf(sender: HostSubject, addresses: readonly string[]): HostSubject {
  const comparable = addresses.filter(address => kindOf(address) === kindOf(sender.address ?? ''))
  const isSender = comparable.length === 0 || comparable.includes(sender.address ?? '')
  return isSender ? sender : { mac: undefined, address: comparable[0] }
}

function kindOf(address: string): 'ipv4' | 'ipv6' | 'link-local' {
  if (!address.includes(':')) return 'ipv4'
  return address.startsWith('fe80:') ? 'link-local' : 'ipv6'
}

function nameFacts(name: string): readonly IdentityFact[] {
  const list = new FactList()
  list.add('hostname', hostName(name.replace(LOCAL, '')), 'host name')
  return list.facts
}

function serviceFacts(records: readonly ResourceRecord[], start: number): readonly IdentityFact[] {
  const list = new FactList()
  for (const { name, type, data } of records) {
    const owner = serviceOf(name)
    const service = owner === ALL_SERVICES ? serviceOf(readName(data, start) ?? '') : owner
    if (type === RecordType.HINFO) addHostInformation(list, data)
    else if (service !== undefined && service !== DEVICE_INFO) list.add('service', service, 'service type')
    if (service !== undefined && type === RecordType.TXT) addDeviceKeys(list, data)
    if (type === RecordType.SRV) list.add('ae_title', aeTitleOf(name), 'service instance')
  }
  return list.facts
}

function aeTitleOf(name: string): string | undefined {
  const title = DICOM_INSTANCE.exec(name)?.[1]
  return title !== undefined && AE_TITLE.test(title) ? title : undefined
}

function serviceOf(name: string): string | undefined {
  return SERVICE.exec(name)?.[1].toLowerCase()
}

/** TXT data (RFC 6763 §6): strings of length 1 and `key=value`. */
function addDeviceKeys(list: FactList, data: Cursor): void {
  for (let count = 0; data.left > 0 && count < MAX_STRINGS; count++) {
    const text = data.text(data.uint8())
    const equals = text.indexOf('=')
    const key = text.slice(0, Math.max(0, equals))
    const attribute = DEVICE_KEYS.get(key)
    if (key === MACOS_RELEASE) list.add('system_description', cleanText(text), `TXT ${key}`)
    if (attribute !== undefined) list.add(attribute, cleanText(text.slice(equals + 1)), `TXT ${key}`)
  }
}

/** HINFO data (RFC 1035 §3.3.2): CPU and operating system, each of length 1 and text. */
function addHostInformation(list: FactList, data: Cursor): void {
  data.skip(data.uint8())
  list.add('system_description', cleanText(data.text(data.uint8())), 'HINFO OS')
}
