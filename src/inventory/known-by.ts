import type { IdentityFact, IdentityProtocol } from '../protocols/observation.ts'
import type { EvidenceBook, EvidenceRow, Fact } from './evidence.ts'
import { type Identity, isLocallyAdministered, type Station } from './identity.ts'
import { manufacturerOf } from './knowledge/manufacturers.ts'
import { subnetOf } from './networks.ts'
import type { DeviceState } from './state.ts'

/** Serial numbers that many devices share, because nobody entered one. */
const PLACEHOLDER_SERIAL = /^(?:\D*|(.)\1*|0*1?2345?6?7?8?9?0?|.{1,2}|(?:sn|s\/n|serial)?[-_ ]?0+)$/i
/** GS1 application identifier of a serial number: without one a UDI names a product, and no device. */
const UDI_SERIAL = /\(21\)|\/S\S/
/** A pair that nothing tells apart is one device when the first has been quiet for so long after the second appeared. µs. */
const QUIET = 600_000_000

/** Names that a device keeps when its address changes, apart from its serial number. */
const LASTING_NAMES: readonly string[] = ['device_uid', 'eui64', 'station_name', 'hostname', 'ae_title', 'hl7_application']
/** What tells two hosts behind one MAC apart. */
const OWN_NAMES: readonly string[] = [...LASTING_NAMES, 'serial_number']
/** Names that no two devices have, and that no device has two of. */
const UNIQUE_NAMES: ReadonlySet<string> = new Set(['device_uid', 'eui64'])

/** Maker, model and serial number that one message states together: they name one unit wherever it is seen. */
export function unitOf(facts: readonly IdentityFact[], protocol: IdentityProtocol): Fact | undefined {
  const stated = (attribute: string): string | undefined => facts.find(fact => fact.attribute === attribute)?.value
  const serial = facts.find(fact => fact.attribute === 'serial_number')
  const [manufacturer, model] = [stated('manufacturer'), stated('model')]
  if (serial === undefined || manufacturer === undefined || model === undefined) return undefined
  if (PLACEHOLDER_SERIAL.test(serial.value.trim())) return undefined
  const raw = `${manufacturerOf(manufacturer)?.name ?? manufacturer} ${model} ${serial.value}`
  return { attribute: 'unit', raw, protocol, field: serial.field, confidence: 'high' }
}

/** Units that speak from the place of one device. One that fell silent before another appeared was replaced by it. */
export function unitsOf(book: EvidenceBook): readonly EvidenceRow[] {
  const rows = book.rows('unit')
  return rows.filter(row => !rows.some(other => other.raw !== row.raw && other.firstSeen > row.lastSeen))
}

/** What a device is known by wherever it is seen, hardest first. */
export function hardIdentities({ evidence, macs }: DeviceState): readonly Identity[] {
  const units = new Set(unitsOf(evidence).map(row => row.raw))
  const udis = evidence.values('udi').filter(udi => UDI_SERIAL.test(udi))
  const euis = evidence.values('eui64')
  return [
    ...(units.size === 1 ? [...units].map((value): Identity => ({ kind: 'unit', value })) : []),
    ...(udis.length === 1 ? [{ kind: 'udi', value: udis[0] } as const] : []),
    ...(euis.length === 1 ? [identityOfEui64(euis[0])] : []),
    ...[...macs].filter(mac => !isLocallyAdministered(mac)).map((value): Identity => ({ kind: 'mac', value })),
  ]
}

/** EUI-64 that was made of a MAC (IEEE, Guidelines for EUI: FF-FE or FF-FF in the middle) is that MAC. */
function identityOfEui64(eui64: string): Identity {
  const digits = eui64.replace(/[^0-9a-f]/gi, '').toUpperCase()
  const made = /^([0-9A-F]{6})FFF[EF]([0-9A-F]{6})$/.exec(digits)
  if (made === null) return { kind: 'eui64', value: digits }
  return { kind: 'mac', value: (made[1] + made[2]).replace(/(..)(?=.)/g, '$1-') }
}

/**
 * Are two that state the same unit one device? One that moved, or that has two interfaces, is; two with a copied serial number are not.
 * They were seen together when the older one was still there after the younger appeared. Another adapter in the same subnet is a reason to
 * wait and see. `time` is now.
 */
export function sameUnit(one: DeviceState, other: DeviceState, time: number): 'same' | 'different' | 'undecided' {
  const [older, younger] = one.firstSeen <= other.firstSeen ? [one, other] : [other, one]
  const names = compareNames(one.evidence, other.evidence)
  if (names === 'contrary') return 'different'
  const waited = time - Math.max(younger.firstSeen, older.lastSeen) >= QUIET
  const besides = onSameSubnet(one, other) && hasOwnAdapter(one) && hasOwnAdapter(other)
  if (older.lastSeen < younger.firstSeen) return waited || (names === 'shared' && !besides) ? 'same' : 'undecided'
  if (names === 'shared') return onSameSubnet(one, other) ? 'different' : 'same'
  return time - younger.firstSeen >= QUIET ? 'different' : 'undecided'
}

/** Is the candidate at `address` the device that owns the MAC of `station`? Frames alone may have passed a router. */
export function sameHost(owner: DeviceState, candidate: DeviceState, station: Station | undefined, address: string): boolean {
  const sighting = station?.addresses.get(address)
  if (station === undefined || sighting === undefined || station.router) return false
  if (sighting.claimed) return true
  const names = compareNames(owner.evidence, candidate.evidence, OWN_NAMES)
  if (names !== undefined) return names === 'shared'
  const rivals = [...owner.addresses].filter(other => other.includes(':') === address.includes(':'))
  return rivals.every(other => subnetOf(other) === subnetOf(address) && (station.addresses.get(other)?.lastSeen ?? 0) < sighting.firstSeen)
}

function hasOwnAdapter({ macs }: DeviceState): boolean {
  return [...macs].some(mac => !isLocallyAdministered(mac))
}

/** Two hosts of one subnet that work at the same time are hardly two interfaces of one. */
function onSameSubnet(one: DeviceState, other: DeviceState): boolean {
  const subnets = new Set([...one.addresses].map(subnetOf))
  return [...other.addresses].some(address => subnets.has(subnetOf(address)))
}

/** Whether two go by the same lasting names; undefined when nothing can be compared. */
export function compareNames(one: EvidenceBook, other: EvidenceBook, names = LASTING_NAMES): 'shared' | 'contrary' | undefined {
  let outcome: 'shared' | 'contrary' | undefined
  for (const attribute of names) {
    const [ours, theirs] = [one.values(attribute), other.values(attribute)]
    if (ours.length === 0 || theirs.length === 0) continue
    if (ours.some(value => theirs.includes(value))) outcome = 'shared'
    else if (UNIQUE_NAMES.has(attribute)) return 'contrary'
    else outcome ??= 'contrary'
  }
  return outcome
}

/** An identity as one text. */
export function keyOf({ kind, value }: Identity): string {
  return `${kind}:${value.toLowerCase()}`
}

/** What the id rests on is another device's, or nobody's, now. An address may change: it was never more than a place. */
export function isLost(state: DeviceState, { kind, value }: Identity): boolean {
  if (kind === 'ip') return false
  return kind === 'local_mac' ? !state.macs.has(value) : !state.identities.includes(keyOf({ kind, value }))
}
