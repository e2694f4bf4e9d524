import type { DicomPresentationContext } from '../observation.ts'

/** What an A-ASSOCIATE-RQ or -AC says. */
export interface Associate {
  readonly protocolVersion: number
  readonly calledAeTitle: string | undefined
  readonly callingAeTitle: string | undefined
  readonly applicationContext: string | undefined
  readonly contexts: readonly ContextItem[]
  readonly maxPduBytes: number | undefined
  readonly classUid: string | undefined
  readonly version: string | undefined
  readonly asyncWindow: { readonly invoked: number; readonly performed: number } | undefined
  readonly roles: ReadonlyMap<string, { readonly scu: boolean; readonly scp: boolean }>
  /** SOP classes of 0x56 and 0x57 items. */
  readonly extendedNegotiation: readonly string[]
  readonly userIdentity: { readonly type: string; readonly responseRequested: boolean } | undefined
  readonly userIdentityAnswered: boolean
  readonly unknownItems: readonly { readonly type: number; readonly length: number }[]
  readonly violations: readonly string[]
}

export interface ContextItem {
  readonly id: number
  readonly result: number
  readonly abstractSyntax: string
  readonly transferSyntaxes: readonly string[]
}

/** PS3.7 D.3.3.7: types of user identity. The credential itself is never read. */
const IDENTITY_TYPES = ['', 'username', 'username_passcode', 'kerberos', 'saml', 'jwt'] as const

/** PS3.7 A.2.1: the only one there is. */
const DICOM_APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1'
const MAX_CONTEXTS = 256
const MAX_TRANSFER_SYNTAXES = 64
const MAX_ITEMS = 2048

/** Builder of an `Associate` while its items are read. */
class Reading {
  applicationContext: string | undefined
  readonly contexts: ContextItem[] = []
  maxPduBytes: number | undefined
  classUid: string | undefined
  version: string | undefined
  asyncWindow: Associate['asyncWindow']
  readonly roles = new Map<string, { scu: boolean; scp: boolean }>()
  readonly extendedNegotiation: string[] = []
  userIdentity: Associate['userIdentity']
  userIdentityAnswered = false
  readonly unknownItems: { type: number; length: number }[] = []
  readonly violations = new Set<string>()
  items = 0
  readonly reservedOfContext: readonly number[]

  constructor(reservedOfContext: readonly number[]) {
    this.reservedOfContext = reservedOfContext
  }
}

/**
 * A-ASSOCIATE-RQ (PS3.8 §9.3.2), `data` being the PDU behind its 6-byte header:
 *   protocol version 2, reserved 2, called AE title 16, calling AE title 16, reserved 32, items
 *   item: type 1, reserved 1, length 2, value
 * Reserved bytes may hold anything, and are noted.
 */
export function readAssociateRq(data: Buffer): Associate {
  return readAssociate(data, REQUEST_RESERVED)
}

/** A-ASSOCIATE-AC (PS3.8 §9.3.3): the same, but the AE titles and the 32 bytes repeat what the request has. */
export function readAssociateAc(data: Buffer): Associate {
  return readAssociate(data, ACCEPT_RESERVED)
}

type Range = readonly [from: number, to: number]

/** Ranges of the fixed part that shall be zero, and bytes of a presentation context that shall be. */
interface Reserved {
  readonly fixed: readonly Range[]
  readonly context: readonly number[]
}

/** The third byte of a context is the result in an acceptance; toolkits leave 0xFF there in requests, which says nothing of anybody. */
const REQUEST_RESERVED: Reserved = {
  fixed: [
    [2, 4],
    [36, 68],
  ],
  context: [1, 3],
}
const ACCEPT_RESERVED: Reserved = { fixed: [[2, 4]], context: [1, 3] }
const FIXED = 68
const NONZERO_RESERVED = 'nonzero_reserved_bytes'
const BAD_ITEM_LENGTH = 'bad_item_length'
const SHORT_PDU = 'short_associate_pdu'

function readAssociate(data: Buffer, reserved: Reserved): Associate {
  const to = data.length
  const reading = new Reading(reserved.context)
  if (to < FIXED) reading.violations.add(SHORT_PDU)
  else {
    readItems(data, FIXED, to, reading, topItem)
    if (reading.applicationContext !== DICOM_APPLICATION_CONTEXT) reading.violations.add('wrong_application_context')
  }
  if (reserved.fixed.some(([from, end]) => data.subarray(from, Math.min(end, to)).some(byte => byte !== 0)))
    reading.violations.add(NONZERO_RESERVED)
  const { reservedOfContext: _, items: __, ...facts } = reading
  return {
    protocolVersion: to >= 2 ? data.readUInt16BE(0) : 0,
    calledAeTitle: aeTitle(data, 4, to),
    callingAeTitle: aeTitle(data, 20, to),
    ...facts,
    violations: [...reading.violations],
  }
}

/** AE titles: ASCII padded with spaces (PS3.5 §6.2); odd bytes become `?`. */
export function aeTitle(data: Buffer, from: number, to: number): string | undefined {
  return printable(data.toString('latin1', from, Math.min(from + 16, to)))
}

function printable(text: string): string | undefined {
  const clean = text
    .replace(/\0+$/, '')
    .trim()
    .replace(/[^\x20-\x7e]/g, '?')
  return clean === '' ? undefined : clean
}

/** The only item whose second byte says something: its version. */
const COMMON_EXTENDED = 0x57

type ItemReader = (data: Buffer, type: number, from: number, to: number, reading: Reading) => void

function readItems(data: Buffer, from: number, to: number, reading: Reading, read: ItemReader): void {
  let at = from
  while (to - at >= 4 && ++reading.items <= MAX_ITEMS) {
    const length = data.readUInt16BE(at + 2)
    if (length > to - at - 4) {
      reading.violations.add(BAD_ITEM_LENGTH)
      return
    }
    if (data[at + 1] !== 0 && data[at] !== COMMON_EXTENDED) reading.violations.add(NONZERO_RESERVED)
    read(data, data[at], at + 4, at + 4 + length, reading)
    at += 4 + length
  }
  if (at < to) reading.violations.add(BAD_ITEM_LENGTH)
}

function topItem(data: Buffer, type: number, from: number, to: number, reading: Reading): void {
  switch (type) {
    case 0x10:
      reading.applicationContext = uid(data, from, to)
      return
    case 0x20:
    case 0x21:
      readContext(data, from, to, reading)
      return
    case 0x50:
      readItems(data, from, to, reading, userItem)
      return
    default:
      reading.unknownItems.push({ type, length: to - from })
  }
}

/** Presentation context (PS3.8 §9.3.2.2, §9.3.3.2): id 1, reserved 1, result or reserved 1, reserved 1, syntax sub-items. */
function readContext(data: Buffer, from: number, to: number, reading: Reading): void {
  if (to - from < 4 || reading.contexts.length >= MAX_CONTEXTS) {
    reading.violations.add(BAD_ITEM_LENGTH)
    return
  }
  let abstractSyntax = ''
  const transferSyntaxes: string[] = []
  readItems(data, from + 4, to, reading, (_, type, valueFrom, valueTo) => {
    if (type === 0x30) abstractSyntax = uid(data, valueFrom, valueTo) ?? ''
    else if (type === 0x40 && transferSyntaxes.length < MAX_TRANSFER_SYNTAXES) transferSyntaxes.push(uid(data, valueFrom, valueTo) ?? '')
  })
  const id = data[from]
  if (reading.reservedOfContext.some(offset => data[from + offset] !== 0)) reading.violations.add(NONZERO_RESERVED)
  if (id % 2 === 0) reading.violations.add('even_context_id')
  if (reading.contexts.some(context => context.id === id)) reading.violations.add('duplicate_context_id')
  reading.contexts.push({ id, result: data[from + 2], abstractSyntax, transferSyntaxes })
}

/** User information (PS3.7 annex D.3.3, PS3.8 annex D.1). */
function userItem(data: Buffer, type: number, from: number, to: number, reading: Reading): void {
  const length = to - from
  switch (type) {
    case 0x51:
      if (length === 4) reading.maxPduBytes = data.readUInt32BE(from)
      else reading.violations.add(BAD_ITEM_LENGTH)
      return
    case 0x52:
      reading.classUid = uid(data, from, to)
      return
    case 0x53:
      if (length === 4) reading.asyncWindow = { invoked: data.readUInt16BE(from), performed: data.readUInt16BE(from + 2) }
      else reading.violations.add(BAD_ITEM_LENGTH)
      return
    case 0x54:
      readRole(data, from, to, reading)
      return
    case 0x55:
      reading.version = printable(data.toString('latin1', from, Math.min(to, from + 64)))
      return
    case 0x56:
      readExtended(data, from, to, reading)
      return
    case COMMON_EXTENDED:
      readCommonExtended(data, from, to, reading)
      return
    case 0x58:
      readIdentity(data, from, to, reading)
      return
    case 0x59:
      reading.userIdentityAnswered = true
      if (afterCounted(data, from, to) !== to) reading.violations.add(BAD_ITEM_LENGTH)
      return
    default:
      reading.unknownItems.push({ type, length })
  }
}

/** SCP/SCU role selection (PS3.7 D.3.3.4): UID length 2, SOP class UID, SCU role 1, SCP role 1. */
function readRole(data: Buffer, from: number, to: number, reading: Reading): void {
  const sopClass = countedUid(data, from, to)
  if (sopClass === undefined || sopClass.end + 2 > to) {
    reading.violations.add(BAD_ITEM_LENGTH)
    return
  }
  reading.roles.set(sopClass.uid, { scu: data[sopClass.end] === 1, scp: data[sopClass.end + 1] === 1 })
}

/** SOP class extended negotiation (PS3.7 D.3.3.5): UID length 2, SOP class UID, service information. */
function readExtended(data: Buffer, from: number, to: number, reading: Reading): void {
  const sopClass = countedUid(data, from, to)
  if (sopClass === undefined) reading.violations.add(BAD_ITEM_LENGTH)
  else reading.extendedNegotiation.push(sopClass.uid)
}

/**
 * SOP class common extended negotiation (PS3.7 D.3.3.6):
 *   UID length 2, SOP class UID, UID length 2, service class UID, length 2 of the related general SOP classes, UIDs with their lengths
 */
function readCommonExtended(data: Buffer, from: number, to: number, reading: Reading): void {
  readExtended(data, from, to, reading)
  const related = afterCounted(data, afterCounted(data, from, to), to)
  let at: number | undefined = related === undefined ? undefined : related + 2
  if (afterCounted(data, related, to) !== to) at = undefined
  while (at !== undefined && at < to) at = afterCounted(data, at, to)
  if (at === undefined) reading.violations.add(BAD_ITEM_LENGTH)
}

/**
 * User identity (PS3.7 D.3.3.7.1): type 1, response requested 1, length 2, primary field, length 2, secondary field. Only the lengths of the
 * fields are looked at.
 */
function readIdentity(data: Buffer, from: number, to: number, reading: Reading): void {
  if (to - from < 2) {
    reading.violations.add(BAD_ITEM_LENGTH)
    return
  }
  const [type, response] = [data[from], data[from + 1]]
  reading.userIdentity = { type: IDENTITY_TYPES[type] || `unknown_${type}`, responseRequested: response === 1 }
  if (afterCounted(data, afterCounted(data, from + 2, to), to) !== to) reading.violations.add(BAD_ITEM_LENGTH)
}

/** Where a field ends that begins with its length of 2 bytes; undefined when that is beyond the item, or there was no place to begin. */
function afterCounted(data: Buffer, from: number | undefined, to: number): number | undefined {
  if (from === undefined || to - from < 2) return undefined
  const end = from + 2 + data.readUInt16BE(from)
  return end > to ? undefined : end
}

function countedUid(data: Buffer, from: number, to: number): { readonly uid: string; readonly end: number } | undefined {
  const end = afterCounted(data, from, to)
  return end === undefined ? undefined : { uid: uid(data, from + 2, end) ?? '', end }
}

/** A UID of at most 64 characters; padding cut, characters that no UID has become `?`. */
export function uid(data: Buffer, from: number, to: number): string | undefined {
  const text = data
    .toString('latin1', from, Math.min(to, from + 64))
    .replace(/[\0 ]+$/, '')
    .replace(/[^0-9.]/g, '?')
  return text === '' ? undefined : text
}

/**
 * What an acceptance grants that nobody asked for (PS3.8 §9.3.3.2, PS3.7 D.3.3.4.2), as codes of violations; none where the request could not be
 * read whole.
 */
export function unproposed(request: Associate, answer: Associate): readonly string[] {
  if (request.violations.some(code => code === BAD_ITEM_LENGTH || code === SHORT_PDU)) return []
  const codes: string[] = []
  const proposed = new Map(request.contexts.map(context => [context.id, context]))
  for (const { id, result, transferSyntaxes } of answer.contexts) {
    const context = proposed.get(id)
    if (context === undefined) codes.push('unproposed_presentation_context')
    else if (result === 0 && !context.transferSyntaxes.includes(transferSyntaxes[0])) codes.push('unproposed_transfer_syntax')
  }
  for (const [sopClass, granted] of answer.roles) {
    const asked = request.roles.get(sopClass)
    if (asked === undefined || (granted.scu && !asked.scu) || (granted.scp && !asked.scp)) codes.push('unproposed_role')
  }
  return codes
}

/** Proposed contexts with what the acceptor said of each. */
export function negotiated(request: Associate | undefined, answer: Associate | undefined): readonly DicomPresentationContext[] {
  const answers = new Map((answer?.contexts ?? []).map(context => [context.id, context]))
  const proposed = request?.contexts ?? answer?.contexts ?? []
  return proposed.map(context => {
    const answered = answers.get(context.id)
    const role = request?.roles.get(context.abstractSyntax)
    const acceptedRole = answer?.roles.get(context.abstractSyntax)
    return {
      id: context.id,
      abstractSyntax: context.abstractSyntax,
      transferSyntaxes: request === undefined ? [] : context.transferSyntaxes,
      result: answered?.result,
      acceptedTransferSyntax: answered?.result === 0 ? answered.transferSyntaxes[0] : undefined,
      roleSelection: role === undefined ? undefined : acceptedRole === undefined ? role : { ...role, accepted: acceptedRole },
    }
  })
}
