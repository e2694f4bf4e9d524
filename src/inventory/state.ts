import type { Device } from './device.ts'
import { type Confidence, EvidenceBook, type EvidenceLimits, type EvidenceRow, type Fact, RANK } from './evidence.ts'
import { type Resolution, resolve } from './resolve.ts'
import { deriveType } from './types.ts'

/** Attributes with one value in force, in the order in which changes are reported. */
const SINGLE = ['manufacturer', 'model', 'serial_number', 'software_version', 'os', 'os_version', 'hostname', 'udi'] as const
type Single = (typeof SINGLE)[number]
const SINGLE_SET: ReadonlySet<string> = new Set(SINGLE)

const MEDICAL_PROTOCOLS: ReadonlySet<string> = new Set(['dicom', 'dicomweb', 'hl7', 'fhir'])

/** What a change event may be about; `os` covers name and version. */
const REPORTED = ['manufacturer', 'model', 'type', 'serial_number', 'software_version', 'os', 'hostname', 'ae_titles', 'ips'] as const
type Reported = (typeof REPORTED)[number]

/** A reported attribute has another value than when it was last reported. */
export interface Difference {
  readonly attribute: Reported
  readonly before: string | undefined
  readonly after: string
  readonly reason: string
}

/** What survives a restart. */
export interface SavedDevice {
  readonly id: string
  readonly firstSeen: number
  readonly lastSeen: number
  readonly macs: readonly string[]
  readonly addresses: readonly string[]
  readonly resolved: Readonly<Record<string, Resolution>>
  readonly announced: Readonly<Record<string, string>> | undefined
  readonly evidence: readonly EvidenceRow[]
}

/** One device as the inventory works on it. */
export class DeviceState {
  /** Set when the identity is settled; the device is a mere candidate before. */
  id: string | undefined
  firstSeen: number
  lastSeen: number
  readonly macs = new Set<string>()
  /** IP addresses, oldest first. */
  readonly addresses = new Set<string>()
  readonly evidence: EvidenceBook
  /** Time of the first change that waits to be reported; undefined when none does. */
  pendingSince: number | undefined
  /** Time of the latest change that waits to be reported. */
  changedAt = 0
  /** Link-layer source of the frame that showed the candidate first. */
  frameMac: string | undefined
  readonly #resolved = new Map<string, Resolution>()
  readonly #stale = new Set<string>()
  #announced: Map<string, string> | undefined
  #snapshot: Device | undefined
  /** What last changed an attribute, since the last report. */
  readonly #reasons = new Map<string, string>()

  constructor(limits: EvidenceLimits, time: number) {
    this.evidence = new EvidenceBook(limits)
    this.firstSeen = time
    this.lastSeen = time
  }

  static restore(saved: SavedDevice, limits: EvidenceLimits): DeviceState {
    const state = new DeviceState(limits, saved.firstSeen)
    state.id = saved.id
    state.lastSeen = saved.lastSeen
    for (const mac of saved.macs) state.macs.add(mac)
    for (const address of saved.addresses) state.addresses.add(address)
    for (const row of saved.evidence) state.evidence.insert({ ...row })
    for (const [attribute, resolution] of Object.entries(saved.resolved)) state.#resolved.set(attribute, resolution)
    if (saved.announced !== undefined) state.#announced = new Map(Object.entries(saved.announced))
    return state
  }

  save(): SavedDevice {
    this.settle()
    return {
      id: this.id ?? '',
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
      macs: [...this.macs],
      addresses: [...this.addresses],
      resolved: Object.fromEntries(this.#resolved),
      announced: this.#announced === undefined ? undefined : Object.fromEntries(this.#announced),
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
    if (!SINGLE_SET.has(attribute) || this.#resolved.get(attribute)?.value === row.value) return 'known'
    this.#stale.add(attribute)
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

  /** Something about `attribute` is not as it was. */
  changed(attribute: string, reason: string): void {
    if (SINGLE_SET.has(attribute)) this.#stale.add(attribute)
    this.#stale.add('type')
    this.#reasons.set(attribute, reason)
    this.#snapshot = undefined
  }

  /** Everything may differ: after a merge. */
  reconsider(reason: string): void {
    for (const attribute of SINGLE) this.#stale.add(attribute)
    this.changed('type', reason)
  }

  /** Bring the values in force up to date. Cheap when nothing changed. */
  settle(): void {
    if (this.#stale.size === 0) return
    for (const attribute of SINGLE) if (this.#stale.has(attribute)) this.#resolve(attribute)
    const type = deriveType(this.evidence)
    if (type === undefined) this.#resolved.delete('type')
    else this.#resolved.set('type', { value: type.type, confidence: type.confidence, why: type.reason })
    this.#stale.clear()
  }

  #resolve(attribute: Single): void {
    const before = this.#resolved.get(attribute)
    const after = resolve(this.evidence.rows(attribute), before?.value)
    if (after === undefined) this.#resolved.delete(attribute)
    else this.#resolved.set(attribute, after)
    if (after?.value !== before?.value) this.#snapshot = undefined
  }

  /** Differences to what was last reported, which they become. The first call reports nothing: the discovery itself says it all. */
  announce(): readonly Difference[] {
    this.settle()
    const before = this.#announced
    const now = new Map<string, string>()
    const differences: Difference[] = []
    for (const attribute of REPORTED) {
      const after = this.#reportedValue(attribute) ?? before?.get(attribute)
      if (after === undefined) continue
      now.set(attribute, after)
      if (before !== undefined && after !== before.get(attribute)) {
        differences.push({ attribute, before: before.get(attribute), after, reason: this.#reasonOf(attribute) })
      }
    }
    this.#announced = now
    this.pendingSince = undefined
    this.#reasons.clear()
    return differences
  }

  #reasonOf(attribute: Reported): string {
    const why = this.#resolved.get(attribute)?.why
    if (why !== undefined) return why
    const evidence = attribute === 'ips' ? 'ip' : 'ae_title'
    return this.#reasons.get(evidence) ?? this.#reasons.get('type') ?? 'evidence added'
  }

  #reportedValue(attribute: Reported): string | undefined {
    if (attribute === 'ips') return joined(this.addresses)
    if (attribute === 'ae_titles') return joined(this.evidence.values('ae_title'))
    if (attribute === 'os')
      return joined(
        [this.#value('os'), this.#value('os_version')].filter(part => part !== undefined),
        ' ',
      )
    return this.#value(attribute)
  }

  #value(attribute: string): string | undefined {
    return this.#resolved.get(attribute)?.value
  }

  /** The device as others see it: the same object until something other than times and counts changes. */
  snapshot(): Device {
    this.settle()
    this.#snapshot ??= this.describe()
    return this.#snapshot
  }

  /** The device as of now, with current times and counts. */
  describe(): Device {
    this.settle()
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
      ips: [...this.addresses],
      aeTitles: book.values('ae_title'),
      stations: book.values('station_name'),
      hl7Applications: book.values('hl7_application'),
      roles: book.values('role'),
      criticality: undefined,
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
      confidence: this.#confidence(rows),
      sources: [...new Set(rows.map(row => row.protocol))],
      evidence: [...rows.map(withoutRaw), ...this.#typeEvidence()],
    }
  }

  /** High: make and model on good authority. Medium: it speaks a medical protocol. Low: only ports or addresses hint at it. */
  #confidence(rows: readonly EvidenceRow[]): Confidence {
    const sure = (attribute: string): boolean => RANK[this.#resolved.get(attribute)?.confidence ?? 'low'] >= RANK.medium
    if (sure('manufacturer') && sure('model')) return 'high'
    return rows.some(row => MEDICAL_PROTOCOLS.has(row.protocol)) ? 'medium' : 'low'
  }

  #typeEvidence(): Device['evidence'] {
    const type = this.#resolved.get('type')
    if (type === undefined) return []
    const { value, confidence, why } = type
    const { firstSeen, lastSeen } = this
    return [
      { attribute: 'type', value, protocol: 'wardwire', field: why, table: 'device-types', confidence, firstSeen, lastSeen, count: 1 },
    ]
  }
}

function withoutRaw({ raw: _, ...evidence }: EvidenceRow): Device['evidence'][number] {
  return evidence
}

function joined(values: Iterable<string>, separator = ', '): string | undefined {
  const text = [...values].join(separator)
  return text === '' ? undefined : text
}
