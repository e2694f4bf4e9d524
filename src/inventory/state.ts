import { ASSET_ATTRIBUTES, type AssetMatch, matchWords } from './assets.ts'
import type { Change, Device } from './device.ts'
import { EvidenceBook, type EvidenceLimits, type EvidenceRow, type Fact } from './evidence.ts'
import type { Identity } from './identity.ts'
import { unitsOf } from './known-by.ts'
import { OwnAddresses } from './own-addresses.ts'
import { ASSET_LIST, authoritative, confidenceOf, type Resolution, resolve } from './resolve.ts'
import { type SavedTurns, Turns } from './turns.ts'
import { deriveType } from './types.ts'
import { Unrest } from './unrest.ts'

/** Attributes with one value in force, in the order in which changes are reported. */
const SINGLE = [
  'manufacturer',
  'model',
  'serial_number',
  'software_version',
  'os',
  'os_version',
  'hostname',
  'udi',
  'owner',
  'location',
  'department',
  'criticality',
] as const
type Single = (typeof SINGLE)[number]
const SINGLE_SET: ReadonlySet<string> = new Set(SINGLE)
/** What images and observations say of the unit that made them: nobody's own where several units speak from one place. */
const OF_UNIT: ReadonlySet<string> = new Set(['manufacturer', 'model', 'serial_number', 'software_version', 'udi'])
/** Evidence on which the identity of a device can rest. */
const IDENTIFYING: ReadonlySet<string> = new Set(['unit', 'udi', 'eui64', 'mac'])

/** What a change event may be about; `os` covers name and version. */
const REPORTED = [
  'manufacturer',
  'model',
  'type',
  'serial_number',
  'software_version',
  'os',
  'hostname',
  'ae_titles',
  'ips',
  'conflict',
  'owner',
  'location',
  'department',
  'criticality',
] as const
type Reported = (typeof REPORTED)[number]

/** What the last of many changes says. */
const RESTLESS = 'it changes all the time: changes are not told any more until it comes to rest'
const RESTED = 'it has come to rest after many changes'

/** Where the reported attribute is a list: the evidence it is made of. */
const EVIDENCE_OF: Partial<Record<Reported, string>> = { ae_titles: 'ae_title' }

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
  #announced: Readonly<Record<string, string>> | undefined
  #snapshot: Device | undefined
  /** What last changed an attribute, since the last report. */
  #reasons: Map<string, string> | undefined
  /** Of the attributes that changed since the device was discovered. */
  #unrest: Map<Reported, Unrest> | undefined

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
    state.#announced = saved.announced
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
      announced: this.#announced,
      evidence: this.evidence.all(),
    }
  }

  /** True once `device-discovered` was reported. */
  get announced(): boolean {
    return this.#announced !== undefined
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
    this.#reasons ??= new Map()
    this.#reasons.set(attribute, reason)
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
    if (attribute === 'os') this.#stale.add('os_version')
  }

  /** The value in force of an attribute, how sure it is and why. */
  #resolve(attribute: Single | 'type'): Resolution | undefined {
    if (attribute === 'type') {
      const type = deriveType(this.evidence)
      return type && { value: type.type, confidence: type.confidence, why: type.reason }
    }
    if (OF_UNIT.has(attribute) && this.isShared) return undefined
    const rows = authoritative(this.evidence.rows(attribute))
    return resolve(attribute === 'os_version' ? this.#versionsOf(this.#resolved['os'], rows) : rows, this.#resolved[attribute])
  }

  /** Statements of a version that were not made of another system than the one in force. */
  #versionsOf(system: string | undefined, rows: readonly EvidenceRow[]): readonly EvidenceRow[] {
    const systems = this.evidence.rows('os')
    return rows.filter(row => {
      const same = systems.filter(({ protocol, field, raw }) => protocol === row.protocol && field === row.field && raw === row.raw)
      return same.length === 0 || same.some(({ value }) => value === system)
    })
  }

  /**
   * Differences to what was last reported, which they become. The first call reports nothing: the discovery itself says it all. What changes
   * all the time is reported once, and again when it came to rest.
   */
  announce(time: number): readonly Change[] {
    this.settle()
    const before = this.#announced
    const now: Record<string, string> = {}
    const differences: Change[] = []
    for (const attribute of REPORTED) {
      const told = before?.[attribute]
      const after = this.#reportable(attribute, told)
      if (after === undefined) continue
      const change = before === undefined || after === told ? undefined : this.#change(attribute, told, after, time)
      if (change !== undefined) differences.push(change)
      now[attribute] = before === undefined || change !== undefined || told === undefined ? after : told
    }
    this.#announced = now
    this.pendingSince = undefined
    this.#reasons = undefined
    return differences
  }

  /** An attribute that changed all the time has come to rest. */
  hasCalmedDown(time: number): boolean {
    if (this.#unrest !== undefined) for (const unrest of this.#unrest.values()) if (unrest.isMuted && unrest.isCalm(time)) return true
    return false
  }

  /** The value of an attribute that is worth a report: of addresses, not every one is. */
  #reportable(attribute: Reported, told: string | undefined): string | undefined {
    const isNews = attribute !== 'ips' || told === undefined || this.#reasons?.has('ips') || this.#unrest?.get('ips')?.isMuted
    return (isNews ? this.#reportedValue(attribute) : undefined) ?? told
  }

  #change(attribute: Reported, before: string | undefined, after: string, time: number): Change | undefined {
    this.#unrest ??= new Map()
    const unrest = this.#unrest.get(attribute) ?? new Unrest(before ?? '', time)
    this.#unrest.set(attribute, unrest)
    const verdict = unrest.weigh(after, time)
    if (verdict === 'mute') return undefined
    const why = this.#reasonOf(attribute)
    const reason = verdict === 'rest' ? RESTED : verdict === 'last' ? `${why}; ${RESTLESS}` : why
    return { attribute, before, after, reason }
  }

  #reasonOf(attribute: Reported): string {
    const why = attribute === 'type' || SINGLE_SET.has(attribute) ? this.#resolve(attribute as Single)?.why : undefined
    if (why !== undefined) return why
    const evidence = EVIDENCE_OF[attribute] ?? attribute
    return this.#reasons?.get(evidence) ?? this.#reasons?.get('type') ?? 'evidence added'
  }

  #reportedValue(attribute: Reported): string | undefined {
    if (attribute === 'ips') return this.addresses.words || undefined
    if (attribute === 'conflict') return joined(this.evidence.values('conflict'), '; ')
    if (attribute === 'ae_titles') return joined(this.evidence.values('ae_title'))
    if (attribute === 'os')
      return joined(
        [this.#value('os'), this.#value('os_version')].filter(part => part !== undefined),
        ' ',
      )
    return this.#value(attribute)
  }

  #value(attribute: string): string | undefined {
    return this.#resolved[attribute]
  }

  /** The device as others see it: the same object until something other than times and counts changes. */
  snapshot(): Device {
    this.settle()
    this.#snapshot ??= this.#lazy()
    return this.#snapshot
  }

  /** The device as of now, with current times and counts. */
  describe(): Device {
    this.settle()
    return { ...this.#outline(), reasons: this.#reasonsInForce(), evidence: this.#allEvidence() }
  }

  /** Snapshots are kept, and few ask one for its evidence: it is put together when they do. */
  #lazy(): Device {
    const reasons = () => this.#reasonsInForce()
    const evidence = () => this.#allEvidence()
    return {
      ...this.#outline(),
      get reasons() {
        return reasons()
      },
      get evidence() {
        return evidence()
      },
    }
  }

  #reasonsInForce(): Device['reasons'] {
    return Object.fromEntries([...this.#resolutions()].map(([attribute, { why }]) => [attribute, why]))
  }

  #allEvidence(): Device['evidence'] {
    return [...this.evidence.all().map(withoutRaw), ...this.#typeEvidence()]
  }

  #outline(): Omit<Device, 'evidence' | 'reasons'> {
    const book = this.evidence
    const rows = book.all()
    const name = this.#value('os')
    const version = this.#value('os_version')
    return {
      id: this.id ?? '',
      manufacturer: this.#value('manufacturer'),
      model: this.#value('model'),
      type: this.#value('type'),
      serialNumber: this.#value('serial_number'),
      softwareVersion: this.#value('software_version'),
      udi: this.#value('udi'),
      os: name === undefined ? undefined : version === undefined ? { name } : { name, version },
      hostname: this.#value('hostname'),
      macs: [...this.macs],
      ips: this.addresses.listed,
      aeTitles: book.values('ae_title'),
      stations: book.values('station_name'),
      hl7Applications: book.values('hl7_application'),
      roles: book.values('role'),
      conflicts: book.values('conflict'),
      owner: this.#value('owner'),
      location: this.#value('location'),
      department: this.#value('department'),
      criticality: this.#value('criticality'),
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
      confidence: confidenceOf(this.#resolutions(), rows),
      sources: [...new Set(rows.map(row => row.protocol))].filter(protocol => protocol !== ASSET_LIST && protocol !== 'wardwire'),
    }
  }

  #resolutions(): ReadonlyMap<string, Resolution> {
    const found = [...SINGLE, 'type' as const].map(attribute => [attribute, this.#resolve(attribute)] as const)
    return new Map(found.filter((entry): entry is [Single | 'type', Resolution] => entry[1] !== undefined))
  }

  #typeEvidence(): Device['evidence'] {
    const type = this.#resolve('type')
    if (type === undefined) return []
    const { value, confidence, why } = type
    const { firstSeen, lastSeen } = this
    return [
      { attribute: 'type', value, protocol: 'wardwire', field: why, table: 'device-types', confidence, firstSeen, lastSeen, count: 1 },
    ]
  }
}

function withoutGaps(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function isRow(row: EvidenceRow, attribute: string, raw: string, field: string | undefined): boolean {
  return row.attribute === attribute && row.raw === raw && row.field === field
}

function withoutRaw({ raw: _, ...evidence }: EvidenceRow): Device['evidence'][number] {
  return evidence
}

function joined(values: Iterable<string>, separator = ', '): string | undefined {
  const text = [...values].join(separator)
  return text === '' ? undefined : text
}
