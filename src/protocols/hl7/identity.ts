import type { DeviceIdentity, IdentityAttribute } from '../observation.ts'
import { SEGMENT } from './facts.ts'
import type { Header } from './header.ts'
import { ABSENT, type Hl7Text, type Segment } from './message.ts'

export type Fact = DeviceIdentity['facts'][number]

/** Facts of one device, with a key that is the same for the same content. */
export interface DeviceFacts {
  readonly key: string
  readonly facts: readonly Fact[]
}

/** Attributes that tell one device from another. */
const DISTINGUISHING: ReadonlySet<string> = new Set(['serial_number', 'eui64', 'udi'])

/** Which device it is about, so that an upgrade makes no second one of it. */
export function identityOf({ key, facts }: DeviceFacts): string {
  const distinguishing = facts.filter(({ attribute }) => DISTINGUISHING.has(attribute))
  return distinguishing.length > 0 ? keyOf(distinguishing) : key
}

/** Devices that one message can name before the rest is left aside. */
const MAX_DEVICES = 32
const EUI64 = 'EUI-64'
/** Raw fields remembered on one connection. */
const MAX_SEEN = 256

/** Who sends, by MSH-3 and MSH-4 and by the software segment. */
export function senderFacts(text: Hl7Text, header: Header): DeviceFacts {
  const found: Fact[] = []
  const add = adder(found)
  add('hl7_application', header.sending.application, 'MSH-3')
  add('hl7_facility', header.sending.facility, 'MSH-4')
  add('eui64', eui64(header.sendingEui64), 'MSH-3')
  const sft = text.first(SEGMENT.SFT)
  if (sft !== ABSENT) {
    add('manufacturer', text.component(sft, 1, 1), 'SFT-1')
    add('software_version', text.text(sft, 2), 'SFT-2')
    add('model', text.text(sft, 3), 'SFT-3')
  }
  add('role', 'hl7_sender', 'MSH')
  return { key: keyOf(found), facts: found }
}

/** Who received and acknowledged, by MSH-5 and MSH-6. */
export function receiverFacts({ receiving }: Header): DeviceFacts {
  const found: Fact[] = []
  const add = adder(found)
  add('hl7_application', receiving.application, 'MSH-5')
  add('hl7_facility', receiving.facility, 'MSH-6')
  add('role', 'hl7_receiver', 'MSA')
  return { key: keyOf(found), facts: found }
}

/** Results whose value describes the device itself (ISO/IEEE 11073-10101, production specification): the only OBX-5 that is read. */
const PRODUCTION_SPECIFICATION: ReadonlyMap<number, IdentityAttribute> = new Map([
  [531_969, 'model'],
  [531_970, 'manufacturer'],
  [531_972, 'serial_number'],
  [531_975, 'software_version'],
])

/**
 * Finds the devices that one sender's messages report of: OBX-18 and production specifications, by the device (MDS) that OBX-4 numbers;
 * PRT-10 and PRT-16 to 20; EQU-1. A message that says of devices what earlier ones said costs comparisons.
 */
export class ReportedDevices {
  readonly #seen = new Set<string>()
  /** Fields as they came last, by what they are. */
  readonly #last = new Map<string, Uint8Array>()
  #dialect = ''

  /** Devices of which the message says something new, with all that it says of them. */
  news(text: Hl7Text, { dialect }: Header): readonly DeviceFacts[] {
    if (dialect !== this.#dialect) {
      this.#dialect = dialect
      this.#last.clear()
      this.#seen.clear()
    }
    if (!this.#hasNews(text)) return NONE
    return devicesOf(text).filter(({ key }) => this.#isNews(key))
  }

  #hasNews(text: Hl7Text): boolean {
    let news = false
    for (let segment = 0; segment < text.count; segment++) {
      if (text.repeats(segment)) continue
      const code = text.code(segment)
      if (code === SEGMENT.OBX) {
        news = this.#fieldIsNews(text, segment, 18, 'OBX-18') || news
        const attribute = productionSpecification(text, segment)
        if (attribute !== undefined) news = this.#fieldIsNews(text, segment, 5, attribute) || news
      } else if (code === SEGMENT.PRT) {
        for (const [field, name] of PRT_FIELDS) news = this.#fieldIsNews(text, segment, field, name) || news
      } else if (code === SEGMENT.EQU) news = this.#fieldIsNews(text, segment, 1, 'EQU-1') || news
    }
    return news
  }

  #fieldIsNews(text: Hl7Text, segment: Segment, field: number, name: string): boolean {
    const last = this.#last.get(name)
    if ((last !== undefined && text.holds(segment, field, last)) || !text.has(segment, field)) return false
    this.#last.set(name, text.copy(segment, field))
    return this.#isNews(`${name} ${text.raw(segment, field)}`)
  }

  #isNews(raw: string): boolean {
    if (this.#seen.has(raw)) return false
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear()
    this.#seen.add(raw)
    return true
  }
}

const NONE: readonly DeviceFacts[] = []
const PRT_FIELDS = [
  [10, 'PRT-10'],
  [16, 'PRT-16'],
  [20, 'PRT-20'],
] as const

function devicesOf(text: Hl7Text): readonly DeviceFacts[] {
  const devices = new Map<string, Fact[]>()
  for (let segment = 0; segment < text.count; segment++) {
    const code = text.code(segment)
    if (code !== SEGMENT.OBX && code !== SEGMENT.PRT && code !== SEGMENT.EQU) continue
    const group = code === SEGMENT.OBX ? `MDS ${(text.component(segment, 4, 1) ?? '').split('.')[0]}` : `segment ${segment}`
    const found = devices.get(group) ?? []
    if (devices.size >= MAX_DEVICES && !devices.has(group)) continue
    addSegment(text, segment, adder(found))
    if (found.length > 0) devices.set(group, found)
  }
  return [...devices.values()].map(facts => ({ key: keyOf(facts), facts }))
}

/** Equipment instance identifiers (EI): identifier, namespace, universal id, universal id type. */
function addSegment(text: Hl7Text, segment: Segment, add: Adder): void {
  switch (text.code(segment)) {
    case SEGMENT.OBX: {
      for (const identifier of text.components(segment, 18)) addInstance(add, identifier, 'OBX-18')
      const attribute = productionSpecification(text, segment)
      if (attribute !== undefined) add(attribute, text.text(segment, 5), 'OBX-5')
      return
    }
    case SEGMENT.EQU:
      for (const identifier of text.components(segment, 1)) addInstance(add, identifier, 'EQU-1')
      return
    default:
      for (const identifier of text.components(segment, 10)) addInstance(add, identifier, 'PRT-10')
      add('udi', text.component(segment, 16, 1), 'PRT-16')
      add('serial_number', text.text(segment, 20), 'PRT-20')
  }
}

function productionSpecification(text: Hl7Text, obx: Segment): IdentityAttribute | undefined {
  const attribute = PRODUCTION_SPECIFICATION.get(text.integer(obx, 3))
  return attribute !== undefined && text.componentIs(obx, 3, 3, 'MDC') ? attribute : undefined
}

function addInstance(add: Adder, [identifier, , universalId, universalType]: readonly (string | undefined)[], field: string): void {
  if (universalType === EUI64) add('eui64', eui64(universalId), field)
  else add('serial_number', identifier, field)
}

/** 16 hex digits, upper case; undefined for anything else. */
function eui64(value: string | undefined): string | undefined {
  const digits = value?.replace(/[-:.\s]/g, '').toUpperCase()
  return digits !== undefined && /^[0-9A-F]{16}$/.test(digits) ? digits : undefined
}

type Adder = (attribute: IdentityAttribute, value: string | undefined, field: string) => void

function adder(found: Fact[]): Adder {
  return (attribute, value, field) => {
    if (value === undefined || found.some(known => known.attribute === attribute && known.value === value)) return
    found.push({ attribute, value, field })
  }
}

function keyOf(facts: readonly Fact[]): string {
  return facts.map(({ attribute, value }) => `${attribute}=${value}`).join('|')
}
