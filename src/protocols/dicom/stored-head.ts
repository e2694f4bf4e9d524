import { isProgram } from '../executable.ts'
import type { DeviceIdentity, IdentityAttribute } from '../observation.ts'
import { type Element, type Encoding, type Enter, walkDataset } from './dataset.ts'
import { Tag } from './tags.ts'
import { textValue } from './text.ts'

type Facts = DeviceIdentity['facts']

/** What the head of a stored data set says of the devices that made it, and which study, series and instance it is. */
export interface StoredHead {
  /** Of the device that acquired it. */
  readonly facts: Facts
  /** Of others that had a part in it: contributing equipment, the device that captured what another one shows. */
  readonly others: readonly Facts[]
  readonly modality: string | undefined
  /** In clear: for counting under a keyed hash only, never to be kept. */
  readonly studyUid: string | undefined
  readonly seriesUid: string | undefined
  /** A value that can hold any bytes begins as a program does. */
  readonly holdsProgram: boolean
}

/** Attributes of the equipment modules (PS3.3 §C.7.5.1, §C.7.6.12 for the device UID), which items of contributing equipment share. */
const EQUIPMENT: ReadonlyMap<number, readonly [IdentityAttribute, string]> = new Map([
  [Tag.MANUFACTURER, ['manufacturer', '(0008,0070)']],
  [Tag.MODEL, ['model', '(0008,1090)']],
  [Tag.DEVICE_SERIAL_NUMBER, ['serial_number', '(0018,1000)']],
  [Tag.SOFTWARE_VERSIONS, ['software_version', '(0018,1020)']],
  [Tag.STATION_NAME, ['station_name', '(0008,1010)']],
  [Tag.INSTITUTION_NAME, ['institution', '(0008,0080)']],
  [Tag.DEPARTMENT, ['department', '(0008,1040)']],
  [Tag.DEVICE_UID, ['device_uid', '(0018,1002)']],
  [Tag.UNIQUE_DEVICE_IDENTIFIER, ['udi', '(0018,1009)']],
])

/** What only the top level says: modality, and the station that performed the procedure step (PS3.3 §C.4.16). */
const ACQUISITION: ReadonlyMap<number, readonly [IdentityAttribute, string]> = new Map([
  [Tag.MODALITY, ['modality', '(0008,0060)']],
  [Tag.PERFORMED_STATION_AE_TITLE, ['ae_title', '(0040,0241)']],
  [Tag.PERFORMED_STATION_NAME, ['station_name', '(0040,0242)']],
])

/** Secondary capture equipment (PS3.3 §C.8.6.1). */
const CAPTURE: ReadonlyMap<number, readonly [IdentityAttribute, string]> = new Map([
  [Tag.SECONDARY_CAPTURE_DEVICE_MANUFACTURER, ['manufacturer', '(0018,1016)']],
  [Tag.SECONDARY_CAPTURE_DEVICE_MODEL, ['model', '(0018,1018)']],
  [Tag.SECONDARY_CAPTURE_DEVICE_SOFTWARE, ['software_version', '(0018,1019)']],
])

const OPAQUE_VRS: ReadonlySet<string | undefined> = new Set(['OB', 'UN', undefined])
const MAX_CONTRIBUTORS = 8
const enter: Enter = tag => tag === Tag.UDI_SEQUENCE || tag === Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE

/** Read the head of a data set. `trailing` is what was kept of the bytes behind its bulk data. */
export function readStoredHead(data: Buffer, to: number, encoding: Encoding, trailing?: Buffer): StoredHead {
  const reading = new Reading(data, to)
  const walk = walkDataset(data, to, encoding, enter, element => reading.visit(element))
  if (walk.end === 'bulk') reading.lookAt(walk.at)
  if (trailing !== undefined)
    walkDataset(trailing, trailing.length, encoding, enter, ({ from }) => reading.lookAt(from, trailing, trailing.length))
  return reading.head()
}

class Reading {
  readonly #data: Buffer
  readonly #to: number
  readonly #facts: Facts[number][] = []
  readonly #capture: Facts[number][] = []
  readonly #contributors = new Map<number, Facts[number][]>()
  #sequence = 0
  #characterSet: string | undefined
  #studyUid: string | undefined
  #seriesUid: string | undefined
  #modality: string | undefined
  #holdsProgram = false

  constructor(data: Buffer, to: number) {
    this.#data = data
    this.#to = to
  }

  visit(element: Element): void {
    const { tag, vr, from, length, depth } = element
    if (length > 0 && OPAQUE_VRS.has(vr)) this.lookAt(from)
    if (depth === 0) this.#sequence = tag
    if (length === 0 || length > this.#to - from) return
    if (depth === 0) this.#top(element)
    else if (depth === 1) this.#inItem(element)
  }

  lookAt(from: number, data = this.#data, to = this.#to): void {
    this.#holdsProgram ||= isProgram(data, from, to)
  }

  head(): StoredHead {
    return {
      facts: this.#isCapture() ? [...this.#facts, ...this.#capture] : this.#facts,
      others: [...this.#contributors.values(), ...(this.#capture.length > 0 && !this.#isCapture() ? [this.#capture] : [])],
      modality: this.#modality,
      studyUid: this.#studyUid,
      seriesUid: this.#seriesUid,
      holdsProgram: this.#holdsProgram,
    }
  }

  #top({ tag, from, length }: Element): void {
    if (tag === Tag.SPECIFIC_CHARACTER_SET) this.#characterSet = this.#data.toString('latin1', from, from + Math.min(length, 128))
    else if (tag === Tag.STUDY_INSTANCE_UID) this.#studyUid = this.#text(from, length)
    else if (tag === Tag.SERIES_INSTANCE_UID) this.#seriesUid = this.#text(from, length)
    else {
      const value = this.#add(this.#facts, EQUIPMENT.get(tag) ?? ACQUISITION.get(tag), from, length)
      if (tag === Tag.MODALITY) this.#modality = value
      this.#add(this.#capture, CAPTURE.get(tag), from, length)
    }
  }

  /** Sequences of unknown length are walked through whatever they are; only two of them speak of devices. */
  #inItem({ tag, from, length, item }: Element): void {
    if (this.#sequence === Tag.UDI_SEQUENCE) {
      if (tag === Tag.UNIQUE_DEVICE_IDENTIFIER) this.#add(this.#facts, ['udi', '(0018,100A)'], from, length)
      return
    }
    if (this.#sequence !== Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE || !EQUIPMENT.has(tag)) return
    let facts = this.#contributors.get(item)
    if (facts === undefined) {
      if (this.#contributors.size >= MAX_CONTRIBUTORS) return
      facts = []
      this.#contributors.set(item, facts)
    }
    const [attribute, field] = EQUIPMENT.get(tag) ?? ['model', '']
    this.#add(facts, [attribute, `(0018,A001)${field}`], from, length)
  }

  #add(facts: Facts[number][], what: readonly [IdentityAttribute, string] | undefined, from: number, length: number): string | undefined {
    if (what === undefined) return undefined
    const value = this.#text(from, length)
    if (value !== undefined) facts.push({ attribute: what[0], value, field: what[1] })
    return value
  }

  #text(from: number, length: number): string | undefined {
    return textValue(this.#data, from, length, this.#characterSet)
  }

  /** What made the object is the capturing device, where the object names no other equipment, or names it twice. */
  #isCapture(): boolean {
    return (['manufacturer', 'model'] as const).every(attribute => {
      const [equipment, capture] = [valueIn(this.#facts, attribute), valueIn(this.#capture, attribute)]
      return equipment === undefined || capture === undefined || equipment === capture
    })
  }
}

function valueIn(facts: Facts, attribute: IdentityAttribute): string | undefined {
  return facts.find(fact => fact.attribute === attribute)?.value
}
