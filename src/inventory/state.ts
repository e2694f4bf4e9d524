import { ASSET_ATTRIBUTES, type AssetMatch, matchWords } from './assets.ts'
import { describeDevice, sketchDevice } from './description.ts'
import type { Change, Device } from './device.ts'
import { EvidenceBook, type EvidenceLimits, type EvidenceRow, type Fact } from './evidence.ts'
import type { Identity } from './identity.ts'
import { isFamilyOf } from './knowledge/system-families.ts'
import { unitsOf } from './known-by.ts'
import { OwnAddresses } from './own-addresses.ts'
import { type Reported, type Reporter, Reports } from './reports.ts'
import { ASSET_LIST, areOfSyns, authoritative, type Resolution, resolve } from './resolve.ts'
import { type SavedTurns, Turns } from './turns.ts'
import { deriveType } from './types.ts'

/** Attributes with one value in force, in the order in which changes are reported. */
const SINGLE = [
  'manufacturer',
  'model',
  'serial_number',
  'software_version',
  'firmware_version',
  'os',
  'os_version',
  'os_build',
  'hostname',
  'udi',
  'institution',
  'owner',
  'location',
  'department',
  'criticality',
] as const
type Single = (typeof SINGLE)[number]
const SINGLE_SET: ReadonlySet<string> = new Set(SINGLE)
/** What images and observations say of the unit that made them: nobody's own where several units speak from one place. */
const OF_UNIT: ReadonlySet<string> = new Set(['manufacturer', 'model', 'serial_number', 'software_version', 'udi'])
/** What is said of the operating system beside its name. */
const OF_SYSTEM: ReadonlySet<string> = new Set(['os_version', 'os_build'])
/** Evidence on which the identity of a device can rest. */
const IDENTIFYING: ReadonlySet<string> = new Set(['unit', 'udi', 'eui64', 'mac'])

/** Merged, or come apart: to be reported with the next change. */
export interface IdentityNews extends Change {
  readonly kind: 'device-merged' | 'device-split'
}

/** What survives a restart. */
export interface SavedDevice {
  readonly id: string
  readonly identity: Identity
  /** Identities that another device claims too. */
  readonly disputed: readonly string[]
  readonly silentSince: number | undefined
  /** Where its unit stated itself; absent in stores of older versions. */
  readonly turns?: SavedTurns | undefined
  readonly isNameless?: boolean
  readonly firstSeen: number
  readonly lastSeen: number
  readonly macs: readonly string[]
  readonly addresses: readonly string[]
  readonly resolved: Readonly<Record<string, string>>
  readonly announced: Readonly<Record<string, string>> | undefined
  readonly evidence: readonly EvidenceRow[]
}

/** One device as the inventory works on it. */
export class DeviceState {
  /** Set when the identity is settled; the device is a mere candidate before. */
  id: string | undefined
  /** What the id rests on; undefined as long as there is none. */
  identity: Identity | undefined
  /** Keys of the identities that are this device's. */
  readonly identities: string[] = []
  /** Keys of identities that another device, which is not this one, states too. */
  readonly disputed: string[] = []
  /** From where its unit stated itself in turn; undefined as long as none did. */
  turns: Turns | undefined
  /** It was made of two of which nothing but the unit said that they are one. */
  isNameless = false
  /** Identities may differ from those that the registry knows. */
  identityStale = true
  /** `lastSeen` when `device-silent` was reported; undefined while the device is about. */
  silentSince: number | undefined
  readonly news: IdentityNews[] = []
  firstSeen: number
  lastSeen: number
  readonly macs = new Set<string>()
  readonly addresses: OwnAddresses
  readonly evidence: EvidenceBook
  /** Time of the first change that waits to be reported; undefined when none does. */
  pendingSince: number | undefined
  /** Time of the latest change that waits to be reported. */
  changedAt = 0
  /** Link-layer source of the frame that showed the candidate first. */
  frameMac: string | undefined
  /** Values in force by attribute. Why they are is worked out when asked for. */
  #resolved: Record<string, string | undefined> = {}
  #stale: Set<string> | undefined
  #snapshot: Device | undefined
  #reports = new Reports()

  constructor(limits: EvidenceLimits, time: number) {
    this.evidence = new EvidenceBook(limits)
    this.addresses = new OwnAddresses(limits.valuesPerAttribute)
    this.firstSeen = time
    this.lastSeen = time
  }

  static restore(saved: SavedDevice, limits: EvidenceLimits): DeviceState {
    const state = new DeviceState(limits, saved.firstSeen)
    state.id = saved.id
    state.identity = saved.identity
    state.silentSince = saved.silentSince
    state.turns = saved.turns && Turns.restore(saved.turns)
    state.isNameless = saved.isNameless ?? false
    state.disputed.push(...saved.disputed)
    state.lastSeen = saved.lastSeen
    for (const mac of saved.macs) state.macs.add(mac)
    for (const address of saved.addresses) state.addresses.add(address, saved.lastSeen)
    for (const row of saved.evidence) state.evidence.insert(row)
    state.#resolved = { ...saved.resolved }
    state.#reports = new Reports(saved.announced)
    return state
  }

  save(): SavedDevice {
    this.settle()
    return {
      id: this.id ?? '',
      identity: this.identity ?? { kind: 'ip', value: '' },
      disputed: [...this.disputed],
      silentSince: this.silentSince,
      turns: this.turns?.save(),
      isNameless: this.isNameless,
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
      macs: [...this.macs],
      addresses: [...this.addresses],
      resolved: withoutGaps(this.#resolved),
      announced: this.#reports.announced,
      evidence: this.evidence.all(),
    }
  }

  /** True once `device-discovered` was reported. */
  get announced(): boolean {
    return this.#reports.announced !== undefined
  }

  /** Count a statement: `new` ones want `add`, `contrary` ones may overturn the value in force. */
  learn(attribute: string, raw: string, protocol: string, field: string, time: number): 'known' | 'contrary' | 'new' {
    const row = this.evidence.again(attribute, raw, protocol, field, time)
    if (row === undefined) return 'new'
    if (attribute === 'unit' && this.evidence.count('unit') > 1) {
      this.#reconsiderUnits()
      return 'contrary'
    }
    if (!SINGLE_SET.has(attribute) || this.#resolved[attribute] === row.value) return 'known'
    this.#outdated(attribute)
    return 'contrary'
  }

  /** Count a statement and keep it when it is new. True when the device may look different now. */
  note(fact: Fact, time: number): boolean {
    const news = this.learn(fact.attribute, fact.raw, fact.protocol, fact.field, time)
    if (news !== 'new') return news === 'contrary'
    if (!this.evidence.add(fact, time)) return false
    this.changed(fact.attribute, `${fact.protocol} ${fact.field}`)
    return true
  }

  /** Several units speak from this place: it is a translator's or a gateway's. */
  get isShared(): boolean {
    return new Set(unitsOf(this.evidence).map(row => row.raw)).size > 1
  }

  /** Something about `attribute` is not as it was. */
  changed(attribute: string, reason: string): void {
    if (SINGLE_SET.has(attribute)) this.#outdated(attribute)
    if (IDENTIFYING.has(attribute)) this.identityStale = true
    if (attribute === 'unit') this.#reconsiderUnits()
    this.#outdated('type')
    this.#reports.changed(attribute, reason)
    this.#snapshot = undefined
  }

  /** Take what the asset list says of the device, instead of what it said before. True when that is something else. */
  assign(match: AssetMatch | undefined, time: number): boolean {
    const field = match === undefined ? undefined : matchWords(match)
    const before = this.evidence.all().filter(row => row.protocol === ASSET_LIST)
    const values = Object.entries(match?.row.values ?? {})
    if (before.length === values.length && values.every(([name, raw]) => before.some(row => isRow(row, name, raw, field)))) return false
    this.evidence.retract(ASSET_LIST)
    for (const attribute of ASSET_ATTRIBUTES) this.changed(attribute, 'asset list')
    for (const [attribute, raw] of values) this.note({ attribute, raw, protocol: ASSET_LIST, field: field ?? '', confidence: 'high' }, time)
    return true
  }

  #reconsiderUnits(): void {
    this.identityStale = true
    for (const attribute of SINGLE) if (OF_UNIT.has(attribute)) this.#outdated(attribute)
    this.#outdated('os')
    this.#outdated('type')
  }

  /** Everything may differ: after a merge. */
  reconsider(reason: string): void {
    this.identityStale = true
    for (const attribute of SINGLE) this.#outdated(attribute)
    this.changed('type', reason)
  }

  /** Bring the values in force up to date. Cheap when nothing changed. */
  settle(): void {
    const stale = this.#stale
    if (stale === undefined) return
    this.#stale = undefined
    for (const attribute of SINGLE) if (stale.has(attribute)) this.#settleOne(attribute, this.#resolve(attribute)?.value)
    this.#settleOne('type', deriveType(this.evidence)?.type)
  }

  #settleOne(attribute: string, value: string | undefined): void {
    if (value === this.#resolved[attribute]) return
    this.#resolved[attribute] = value
    this.#snapshot = undefined
  }

  #outdated(attribute: string): void {
    this.#stale ??= new Set()
    this.#stale.add(attribute)
    if (attribute === 'os') for (const dependent of OF_SYSTEM) this.#stale.add(dependent)
  }

  /** The value in force of an attribute, how sure it is and why. */
  #resolve(attribute: Single | 'type'): Resolution | undefined {
    if (attribute === 'type') {
      const type = deriveType(this.evidence)
      return type && { value: type.type, confidence: type.confidence, why: type.reason }
    }
    if (OF_UNIT.has(attribute) && this.isShared) return undefined
    const rows = authoritative(this.evidence.rows(attribute))
    const current = this.#resolved[attribute]
    if (attribute === 'os') return this.#passesOn(rows) ? undefined : resolve(rows, current, isFamilyOf)
    return resolve(OF_SYSTEM.has(attribute) ? this.#versionsOf(this.#resolved['os'], rows) : rows, current)
  }

  /** SYNs of several systems, or of several units, are only passed on, and tell nothing of the device. */
  #passesOn(systems: readonly EvidenceRow[]): boolean {
    return areOfSyns(systems) && (this.isShared || new Set(systems.map(({ value }) => value)).size > 1)
  }

  /** Statements of a version that were not made of another system than the one in force. */
  #versionsOf(system: string | undefined, rows: readonly EvidenceRow[]): readonly EvidenceRow[] {
    const systems = this.evidence.rows('os')
    return rows.filter(row => {
      const same = systems.filter(({ protocol, field, raw }) => protocol === row.protocol && field === row.field && raw === row.raw)
      return same.length === 0 || same.some(({ value }) => value === system)
    })
  }

  /** Differences to what was last reported, which they become. */
  announce(time: number): readonly Change[] {
    this.settle()
    this.pendingSince = undefined
    this.evidence.compact()
    return this.#reports.announce(this.#reporter(), time)
  }

  /** An attribute that changed all the time has come to rest. */
  hasCalmedDown(time: number): boolean {
    return this.#reports.hasCalmedDown(time)
  }

  #reporter(): Reporter {
    return {
      valueOf: attribute => this.#reportedValue(attribute),
      reasonOf: attribute => (attribute === 'type' || SINGLE_SET.has(attribute) ? this.#resolve(attribute as Single)?.why : undefined),
    }
  }

  #reportedValue(attribute: Reported): string | undefined {
    if (attribute === 'ips') return this.addresses.words || undefined
    if (attribute === 'conflict') return joined(this.evidence.values('conflict'), '; ')
    if (attribute === 'ae_titles') return joined(this.evidence.values('ae_title'))
    // A hint is no news, and what is then said of the system is no change.
    if (attribute === 'os' && areOfSyns(authoritative(this.evidence.rows('os')))) return undefined
    if (attribute === 'os')
      return joined(
        [this.valueOf('os'), this.valueOf('os_version')].flatMap(part => part ?? []),
        ' ',
      )
    return this.valueOf(attribute)
  }

  /** The value in force of an attribute that has one. */
  valueOf(attribute: Single | 'type'): string | undefined {
    return this.#resolved[attribute]
  }

  /** The values in force with their reasons. */
  resolutions(): ReadonlyMap<string, Resolution> {
    const found = [...SINGLE, 'type' as const].map(attribute => [attribute, this.#resolve(attribute)] as const)
    return new Map(found.filter((entry): entry is [Single | 'type', Resolution] => entry[1] !== undefined))
  }

  /** The device as others see it: the same object until something other than times and counts changes. */
  snapshot(): Device {
    this.settle()
    this.#snapshot ??= sketchDevice(this)
    return this.#snapshot
  }

  /** The device as of now, with current times and counts. */
  describe(): Device {
    this.settle()
    return describeDevice(this)
  }
}

function withoutGaps(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function isRow(row: EvidenceRow, attribute: string, raw: string, field: string | undefined): boolean {
  return row.attribute === attribute && row.raw === raw && row.field === field
}

function joined(values: Iterable<string>, separator = ', '): string | undefined {
  const text = [...values].join(separator)
  return text === '' ? undefined : text
}
