import type { DeviceIdentity, IdentityAttribute } from '../protocols/observation.ts'
import type { Confidence, Fact } from './evidence.ts'
import { type Implementation, implementationOfUid, implementationOfVersion } from './knowledge/implementations.ts'
import { manufacturerOf } from './knowledge/manufacturers.ts'
import { ouiOwner } from './knowledge/oui.ts'

/** What a decoder said, and what the knowledge tables make of it: the statement itself first. */
export function factsOf(
  attribute: IdentityAttribute,
  raw: string,
  protocol: DeviceIdentity['protocol'],
  field: string,
): readonly [Fact, ...Fact[]] {
  const confidence = confidenceOf(protocol, field)
  const fact: Fact = { attribute, raw, protocol, field, confidence }
  if (attribute === 'manufacturer') {
    const known = manufacturerOf(raw)
    return known === undefined ? [fact] : [{ ...fact, value: known.name, table: known.row }]
  }
  if (attribute === 'implementation_class_uid') return [fact, ...implementationFacts(implementationOfUid(raw), raw, protocol, field)]
  if (attribute === 'implementation_version') return [fact, ...implementationFacts(implementationOfVersion(raw), raw, protocol, field)]
  return [fact]
}

/** What the owner of a MAC block says: who made the network adapter, and by that, weakly, who made the device. */
export function factsOfMac(mac: string, field: string, confidence: Confidence): readonly Fact[] {
  const facts: Fact[] = [{ attribute: 'mac', raw: mac, protocol: 'ethernet', field, confidence }]
  const owner = ouiOwner(mac)
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

/** The toolkit inside a device is not its maker: it stays an attribute of its own. A vendor's UID root hints at the maker. */
function implementationFacts(implementation: Implementation | undefined, raw: string, protocol: string, field: string): readonly Fact[] {
  if (implementation === undefined) return []
  const toolkit = implementation.kind === 'toolkit'
  return [
    {
      attribute: toolkit ? 'toolkit' : 'manufacturer',
      raw,
      value: implementation.name,
      protocol,
      field,
      table: implementation.row,
      confidence: toolkit ? 'medium' : 'low',
    },
  ]
}

/** The receiver's names in an HL7 message are the sender's word for it. TLS facts are names that anyone may write. */
function confidenceOf(protocol: DeviceIdentity['protocol'], field: string): Confidence {
  if (protocol === 'tls') return 'low'
  return field === 'MSH-5' || field === 'MSH-6' ? 'medium' : 'high'
}
