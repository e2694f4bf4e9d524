import type { IdentityAttribute, IdentityProtocol } from '../protocols/observation.ts'
import type { Confidence, Fact } from './evidence.ts'
import { recognizedIssuer, recognizedSubject } from './knowledge/certificates.ts'
import { printerOfVendorClass, systemOfFingerprint, systemOfVendorClass } from './knowledge/dhcp.ts'
import { type Enterprise, enterpriseOfNumber, enterpriseOfObjectId } from './knowledge/enterprises.ts'
import { type Implementation, implementationOfUid, implementationOfVersion } from './knowledge/implementations.ts'
import { manufacturerOf } from './knowledge/manufacturers.ts'
import { operatingSystemOf, operatingSystemOfNativeOs } from './knowledge/operating-systems.ts'
import { ouiOwner } from './knowledge/oui.ts'
import { productOf } from './knowledge/products.ts'
import type { Recognition } from './knowledge/recognition.ts'
import type { UserKnowledge } from './knowledge/user.ts'
import { recognizedRealm, recognizedTitle } from './knowledge/web.ts'
import { type OperatingSystem, windowsOfBuild, windowsOfVersion } from './knowledge/windows.ts'

/** Texts in which names of people may stand: of them nothing is kept but what the knowledge tables recognize in them. */
const RECOGNIZED_ONLY: ReadonlySet<IdentityAttribute> = new Set(['http_title', 'http_realm', 'certificate_subject', 'certificate_issuer'])

/** True for a statement that may be kept as it was made. */
export function mayBeKept(attribute: IdentityAttribute): boolean {
  return !RECOGNIZED_ONLY.has(attribute)
}

/**
 * What a decoder said, and what the knowledge tables make of it, those of the site (`user`) first: the statement itself leads, where it may
 * be kept.
 */
export function factsOf(
  attribute: IdentityAttribute,
  raw: string,
  protocol: IdentityProtocol,
  field: string,
  user?: UserKnowledge,
): readonly Fact[] {
  if (!mayBeKept(attribute)) return impliedFacts(attribute, raw, protocol, field, user)
  const fact: Fact = { attribute, raw, protocol, field, confidence: confidenceOf(protocol, field) }
  const known = attribute === 'manufacturer' ? manufacturerOf(raw) : undefined
  if (known !== undefined) return [{ ...fact, value: known.name, table: known.row }]
  if (attribute === 'hostname') return [{ ...fact, value: hostLabel(raw) }, ...impliedFacts(attribute, raw, protocol, field, user)]
  return [fact, ...impliedFacts(attribute, raw, protocol, field, user)]
}

/** What follows of other attributes from a statement; most say nothing more. */
export function impliedFacts(
  attribute: IdentityAttribute,
  raw: string,
  protocol: IdentityProtocol,
  field: string,
  user?: UserKnowledge,
): readonly Fact[] {
  const own = user?.implied(attribute, raw) ?? NOTHING
  const implied = own.length > 0 ? own : (IMPLICATIONS[attribute]?.(raw, field) ?? NOTHING)
  const said = mayBeKept(attribute) ? raw : implied.map(({ value }) => value).join(' ')
  return implied.map(fact => ({ ...fact, raw: said, protocol, field }))
}

/** Names of one host differ in case and domain by the protocol that says them. */
function hostLabel(name: string): string {
  return name.split('.', 1)[0].toLowerCase()
}

/** What the owner of a MAC block says: who made the network adapter, and by that, weakly, who made the device. */
export function factsOfMac(mac: string, field: string, confidence: Confidence, user?: UserKnowledge): readonly Fact[] {
  const facts: Fact[] = [{ attribute: 'mac', raw: mac, protocol: 'ethernet', field, confidence }]
  const owner = user?.ouiOwner(mac) ?? ouiOwner(mac)
  if (owner === undefined) return facts
  facts.push({
    attribute: 'nic_vendor',
    raw: mac.slice(0, 8),
    value: owner.organization,
    protocol: 'ethernet',
    field: 'OUI',
    table: owner.row,
    confidence: 'high',
  })
  const maker = manufacturerOf(owner.organization, 'network')
  if (maker !== undefined) {
    const table = `${owner.row}; ${maker.row}`
    facts.push({
      attribute: 'manufacturer',
      raw: owner.organization,
      value: maker.name,
      protocol: 'ethernet',
      field: 'OUI',
      table,
      confidence: 'low',
    })
  }
  return facts
}

type Implied = Pick<Fact, 'attribute' | 'value' | 'table' | 'confidence'>
type Implication = (raw: string, field: string) => readonly Implied[]

const NOTHING: readonly Implied[] = []

/** Windows 7 without a service pack; Mac OS X and other clients of NTLM say the same of themselves, so that it tells nothing of a client. */
const COMMON_PRETENCE = '6.1.7600'

/** Samba's name for any system that it runs on. */
const SAMBA_SYSTEM = 'Unix'

/** Attributes whose values say more than themselves. */
const IMPLICATIONS: Partial<Record<IdentityAttribute, Implication>> = {
  implementation_class_uid: raw => implementation(implementationOfUid(raw)),
  implementation_version: raw => implementation(implementationOfVersion(raw)),
  hostname: raw => (raw.includes('.') ? [{ attribute: 'fqdn', value: raw.toLowerCase(), confidence: 'medium' }] : []),
  native_os: raw => system(operatingSystemOfNativeOs(raw), raw === SAMBA_SYSTEM ? 'low' : 'high'),
  os_build: (raw, field) => (raw === COMMON_PRETENCE && !field.includes('CHALLENGE') ? NOTHING : system(windowsOfBuild(raw), 'medium')),
  os_version: raw => system(windowsOfVersion(raw), 'low').filter(({ attribute }) => attribute === 'os'),
  system_description: raw => [...system(operatingSystemOf(raw), 'medium'), ...recognized(productOf(raw), 'medium')],
  system_object_id: raw => maker(enterpriseOfObjectId(raw)),
  enterprise_number: raw => maker(enterpriseOfNumber(raw)),
  banner: raw => system(operatingSystemOf(raw), 'low'),
  upnp_server: raw => system(operatingSystemOf(raw), 'low'),
  http_server: raw => system(operatingSystemOf(raw), 'low'),
  user_agent: raw => system(operatingSystemOf(raw), 'low'),
  dhcp_fingerprint: raw => system(systemOfFingerprint(raw), 'low'),
  vendor_class: raw => [...system(systemOfVendorClass(raw), 'low'), ...recognized(printerOfVendorClass(raw), 'medium')],
  http_title: raw => recognized(recognizedTitle(raw), 'medium'),
  http_realm: raw => recognized(recognizedRealm(raw), 'medium'),
  certificate_subject: raw => recognized(recognizedSubject(raw), 'low'),
  certificate_issuer: raw => recognized(recognizedIssuer(raw), 'low'),
}

function system(found: OperatingSystem | undefined, confidence: Confidence): readonly Implied[] {
  if (found === undefined) return []
  const { name, version, row: table } = found
  const os: Implied = { attribute: 'os', value: name, table, confidence }
  return version === undefined ? [os] : [os, { attribute: 'os_version', value: version, table, confidence }]
}

/** Who registered a number may have made a part only. */
function maker(found: Enterprise | undefined): readonly Implied[] {
  return found === undefined ? [] : [{ attribute: 'manufacturer', value: found.name, table: found.row, confidence: 'low' }]
}

/** What a recognized text says of a product; of the system below it that is little. */
function recognized(found: Recognition | undefined, confidence: Confidence): readonly Implied[] {
  if (found === undefined) return []
  return Object.entries(found.said).map(([attribute, value]) => ({
    attribute,
    value,
    table: found.row,
    confidence: attribute === 'os' ? 'low' : confidence,
  }))
}

/** The toolkit inside a device is not its maker: it stays an attribute of its own. A vendor's UID root hints at the maker. */
function implementation(found: Implementation | undefined): readonly Implied[] {
  if (found === undefined) return []
  const isToolkit = found.kind === 'toolkit'
  return [
    {
      attribute: isToolkit ? 'toolkit' : 'manufacturer',
      value: found.name,
      table: found.row,
      confidence: isToolkit ? 'medium' : 'low',
    },
  ]
}

/**
 * How far a protocol's word goes. High: the device states its own data in a field made for it. Medium: names and descriptions that somebody
 * types in, or of the computer inside a device. Low: anyone may write it.
 */
const CONFIDENCE: Readonly<Record<IdentityProtocol, Confidence>> = {
  dicom: 'high',
  hl7: 'high',
  http: 'high',
  dhcp: 'high',
  dhcpv6: 'high',
  smb: 'high',
  nbns: 'medium',
  llmnr: 'medium',
  mdns: 'medium',
  snmp: 'medium',
  lldp: 'medium',
  cdp: 'medium',
  ssdp: 'medium',
  upnp: 'medium',
  ssh: 'medium',
  ftp: 'medium',
  smtp: 'medium',
  telnet: 'medium',
  nbdgm: 'low',
  tls: 'low',
}

/** The receiver's names in an HL7 message are the sender's word for it, the name on a Kerberos ticket the client's; what software calls itself in HTTP is its own affair. */
function confidenceOf(protocol: IdentityProtocol, field: string): Confidence {
  if (field === 'User-Agent' || field === 'Server') return 'low'
  return field === 'MSH-5' || field === 'MSH-6' || field.startsWith('Kerberos') ? 'medium' : CONFIDENCE[protocol]
}
