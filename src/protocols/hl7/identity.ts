import type { DeviceIdentity, IdentityAttribute } from '../observation.ts'
import { type MessageFacts, SEGMENT } from './facts.ts'
import type { Hl7Text, Segment } from './message.ts'

export type Fact = DeviceIdentity['facts'][number]

/** Facts of one device, with a key that is the same for the same content. */
export interface DeviceFacts {
  readonly key: string
  readonly facts: readonly Fact[]
}

/** Devices that one message can name before the rest is left aside. */
const MAX_DEVICES = 32
const EUI64 = 'EUI-64'

/** Who sends, by MSH-3 and MSH-4 and by the software segment. */
export function senderFacts(text: Hl7Text, facts: MessageFacts): DeviceFacts {
  const found: Fact[] = []
  const add = adder(found)
  add('hl7_application', facts.sending.application, 'MSH-3')
  add('hl7_facility', facts.sending.facility, 'MSH-4')
  const [, universalId, universalType] = text.components(text.segments[0], 3, 1)[0] ?? []
  if (universalType === EUI64) add('eui64', eui64(universalId), 'MSH-3')
  const sft = text.first(SEGMENT.SFT)
  add('manufacturer', text.component(sft, 1, 1), 'SFT-1')
  add('software_version', text.text(sft, 2), 'SFT-2')
  add('model', text.text(sft, 3), 'SFT-3')
  add('role', 'hl7_sender', 'MSH')
  return { key: keyOf(found), facts: found }
}

/** Who received and acknowledged, by MSH-5 and MSH-6. */
export function receiverFacts(facts: MessageFacts): DeviceFacts {
  const found: Fact[] = []
  const add = adder(found)
  add('hl7_application', facts.receiving.application, 'MSH-5')
  add('hl7_facility', facts.receiving.facility, 'MSH-6')
  add('role', 'hl7_receiver', 'MSA')
  return { key: keyOf(found), facts: found }
}

/** Devices that the message reports of: OBX-18, PRT-10 and PRT-16 to 20, EQU-1. `seen` holds raw fields that were read before. */
export function reportedDevices(text: Hl7Text, seen: Set<string>): readonly DeviceFacts[] {
  const devices: DeviceFacts[] = []
  for (const segment of text.segments) {
    if (devices.length >= MAX_DEVICES) break
    const device = deviceOf(text, segment, seen)
    if (device !== undefined && device.facts.length > 0) devices.push(device)
  }
  return devices
}

function deviceOf(text: Hl7Text, segment: Segment, seen: Set<string>): DeviceFacts | undefined {
  switch (segment.code) {
    case SEGMENT.OBX:
      return instance(text, segment, 18, 'OBX-18', seen)
    case SEGMENT.EQU:
      return instance(text, segment, 1, 'EQU-1', seen)
    case SEGMENT.PRT:
      return participant(text, segment, seen)
    default:
      return undefined
  }
}

/** Equipment instance identifier (EI): identifier, namespace, universal id, universal id type. The last repetition is the device itself. */
function instance(text: Hl7Text, segment: Segment, field: number, name: string, seen: Set<string>): DeviceFacts | undefined {
  if (!text.has(segment, field) || !isNews(seen, `${name} ${text.raw(segment, field)}`)) return undefined
  const found: Fact[] = []
  const add = adder(found)
  for (const identifier of text.components(segment, field)) addInstance(add, identifier, name)
  return { key: keyOf(found), facts: found }
}

function participant(text: Hl7Text, prt: Segment, seen: Set<string>): DeviceFacts | undefined {
  const raw = [10, 16, 20].map(field => text.raw(prt, field)).join(' ')
  if (raw.trim() === '' || !isNews(seen, `PRT ${raw}`)) return undefined
  const found: Fact[] = []
  const add = adder(found)
  for (const identifier of text.components(prt, 10)) addInstance(add, identifier, 'PRT-10')
  add('udi', text.component(prt, 16, 1), 'PRT-16')
  add('serial_number', text.text(prt, 20), 'PRT-20')
  return { key: keyOf(found), facts: found }
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
    if (value !== undefined) found.push({ attribute, value, field })
  }
}

function keyOf(facts: readonly Fact[]): string {
  return facts.map(({ attribute, value }) => `${attribute}=${value}`).join('|')
}

/** Raw fields remembered on one connection. */
const MAX_SEEN = 256

function isNews(seen: Set<string>, raw: string): boolean {
  if (seen.has(raw)) return false
  if (seen.size >= MAX_SEEN) seen.clear()
  seen.add(raw)
  return true
}
