import type { Hl7Party } from '../observation.ts'
import { encodingOf } from './charset.ts'
import type { Hl7Text } from './message.ts'

/** What MSH says, without the time of the message (MSH-7) and its control id (MSH-10). */
export interface Header {
  /** Delimiters and character set: messages of one dialect mean the same by the same bytes. */
  readonly dialect: string
  readonly type: string | undefined
  readonly trigger: string | undefined
  /** The transaction of IHE Patient Care Device that messages of this type and trigger event are, where they are of a device. */
  readonly deviceTransaction: string | undefined
  readonly structure: string | undefined
  readonly processingId: string | undefined
  readonly version: string | undefined
  readonly characterSet: string | undefined
  readonly profiles: readonly string[]
  /** One of the profiles is of IHE Patient Care Device. */
  readonly isDeviceProfile: boolean
  readonly sending: Hl7Party
  readonly receiving: Hl7Party
  /** MSH-3, third component `EUI-64`: the second. */
  readonly sendingEui64: string | undefined
  /** MSH-15 and MSH-16: under which condition the sender wants an acknowledgment (table 0155: AL, NE, ER, SU). */
  readonly acceptAcknowledgment: string | undefined
  readonly applicationAcknowledgment: string | undefined
  /** MSH-14: it continues a message that was cut in several. */
  readonly continues: boolean
}

const MSH = 0
const TIME = 7
const CONTROL_ID = 10
/** A longer header, and one without a control id, is read anew each time. */
const MAX_KEPT = 1024
const NO_VIEW = new DataView(new ArrayBuffer(0))

/**
 * Reads the headers of one sender. They differ in time and control id and hardly ever in anything else: a header that is otherwise the
 * one before costs a comparison, and is the same object.
 */
export class HeaderReader {
  /** MSH-10 of the header read last. */
  controlId: string | undefined
  #header: Header | undefined
  /** The header without MSH-7 and MSH-10: what stands before the one, from there to the other, and behind that. */
  #kept = NO_VIEW
  #before = 0
  #between = 0
  #behind = 0
  /** Where MSH-10 begins and ends. */
  #idFrom = 0
  #idTo = 0

  read(text: Hl7Text): Header {
    text.characterSet = this.#header?.characterSet
    if (this.#header === undefined || !this.#isSame(text)) {
      this.#header = readHeader(text)
      this.#keep(text)
    }
    this.controlId = this.#idTo > this.#idFrom ? text.decode(this.#idFrom, this.#idTo) : undefined
    return this.#header
  }

  /** What is the same need not be searched for fields. */
  #isSame(text: Hl7Text): boolean {
    const kept = this.#kept
    const end = text.end(MSH)
    const timeFrom = text.start(MSH) + this.#before
    if (this.#before === 0 || timeFrom > end || !text.isSame(text.start(MSH), timeFrom, kept, 0)) return false
    const timeTo = text.endOfField(timeFrom, end)
    const idFrom = timeTo + this.#between
    if (idFrom > end || !text.isSame(timeTo, idFrom, kept, this.#before)) return false
    this.#idFrom = idFrom
    this.#idTo = text.endOfField(idFrom, end)
    return end - this.#idTo === this.#behind && text.isSame(this.#idTo, end, kept, this.#before + this.#between)
  }

  #keep(text: Hl7Text): void {
    text.find(MSH, TIME)
    const { from: timeFrom, to: timeTo } = text
    text.find(MSH, CONTROL_ID)
    this.#idFrom = text.from
    this.#idTo = text.to
    const [start, end] = [text.start(MSH), text.end(MSH)]
    const isWhole = this.#idTo > this.#idFrom && end - start <= MAX_KEPT
    this.#before = isWhole ? timeFrom - start : 0
    if (!isWhole) return
    this.#between = this.#idFrom - timeTo
    this.#behind = end - this.#idTo
    const { bytes } = text
    const parts = [bytes.subarray(start, timeFrom), bytes.subarray(timeTo, this.#idFrom), bytes.subarray(this.#idTo, end)]
    this.#kept = new DataView(Uint8Array.from(Buffer.concat(parts)).buffer)
  }
}

function readHeader(text: Hl7Text): Header {
  text.characterSet = readCharacterSet(text)
  const [type, trigger, structure] = text.components(MSH, 9, 1)[0] ?? []
  const [, universalId, universalType] = text.components(MSH, 3, 1)[0] ?? []
  const profiles = text.components(MSH, 21).flatMap(([identifier]) => (identifier === undefined ? [] : [identifier]))
  return {
    dialect: `${String.fromCharCode(text.bytes[text.start(MSH) + 3])}${text.raw(MSH, 2)} ${text.characterSet ?? ''}`,
    type,
    trigger,
    deviceTransaction: TRANSACTIONS.get(type)?.get(trigger),
    structure,
    processingId: text.component(MSH, 11, 1),
    version: text.component(MSH, 12, 1),
    characterSet: text.characterSet,
    profiles,
    isDeviceProfile: profiles.some(profile => /^IHE[_ ]PCD/.test(profile)),
    sending: { application: party(text, 3), facility: party(text, 4) },
    receiving: { application: party(text, 5), facility: party(text, 6) },
    sendingEui64: universalType === 'EUI-64' ? universalId : undefined,
    acceptAcknowledgment: text.text(MSH, 15),
    applicationAcknowledgment: text.text(MSH, 16),
    continues: text.has(MSH, 14),
  }
}

/** Transactions of IHE Patient Care Device by message code and trigger event (IHE DEV TF-2). */
const TRANSACTIONS: ReadonlyMap<string | undefined, ReadonlyMap<string | undefined, string>> = new Map([
  [
    'ORU',
    new Map([
      ['R01', 'PCD-01'],
      ['R40', 'PCD-04'],
      ['R42', 'PCD-10'],
    ]),
  ],
  ['RGV', new Map([['O15', 'PCD-03']])],
  ['ORA', new Map([['R41', 'PCD-05']])],
])

/** One set of each encoding. The names before MSH-18 may hold bytes that look like separators, so it is found by supposing what it says. */
const SUPPOSED = ['GB 18030-2000', 'ISO IR87', 'ISO IR14', undefined] as const

function readCharacterSet(text: Hl7Text): string | undefined {
  let found: string | undefined
  for (const supposed of SUPPOSED) {
    text.characterSet = supposed
    found = characterSetOf(text.text(MSH, 18))
    if (encodingOf(found) === encodingOf(supposed)) break
  }
  return found
}

/**
 * The first set may be empty, which is ASCII; then a later one says how everything else is written. A set of single bytes in front of one that
 * ISO 2022 switches to is part of what that one decodes. UTF-8 has no others beside it.
 */
function characterSetOf(field: string | undefined): string | undefined {
  const sets = field?.split('~') ?? []
  const named = sets.find(set => set !== '' && set !== 'ASCII') ?? sets[0]
  if (sets.length < 2 || named === undefined || named.startsWith('UNICODE')) return named
  return sets.find(set => encodingOf(set) === 'iso_2022') ?? named
}

/** MSH-3 to 6: component 1, or all, joined, where there is more. */
function party(text: Hl7Text, field: number): string | undefined {
  const components = text.components(MSH, field, 1)[0]?.filter(component => component !== undefined) ?? []
  return components.length === 0 ? undefined : components.join('^')
}
