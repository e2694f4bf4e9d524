import type { Confidence, EvidenceBook } from './evidence.ts'
import { TYPE_OF_MODALITY, TYPE_OF_MODEL } from './knowledge/modalities.ts'
import { unitsOf } from './known-by.ts'

/** What kind of device it is, how sure that is, and why. */
export interface DeviceType {
  readonly type: string
  readonly confidence: Confidence
  readonly reason: string
}

/** Modalities one machine makes; who sends more of them forwards other machines' images. */
const MAX_OWN_MODALITIES = 2
/** Different senders that make a receiver of HL7 an interface engine. */
const ENGINE_SENDERS = 3
/** Different device identifiers in device observations that make their sender a gateway. */
const GATEWAY_DEVICES = 2
/** Different AE titles refused that make it guessing: a wrong configuration has one or two. */
const GUESSES = 3

/** Message types by the kind of system that sends them (HL7 v2 chapters 3, 4, 7, 10, 13). */
const TYPE_OF_SENDER: readonly { readonly prefix: string; readonly type: string }[] = [
  { prefix: 'OUL^', type: 'lab analyzer' },
  { prefix: 'SSU^', type: 'lab analyzer' },
  { prefix: 'ADT^', type: 'hospital information system' },
  { prefix: 'SIU^', type: 'scheduling system' },
  { prefix: 'ORM^', type: 'order entry system' },
  { prefix: 'OMI^', type: 'order entry system' },
  { prefix: 'OMG^', type: 'order entry system' },
  { prefix: 'OML^', type: 'order entry system' },
  { prefix: 'RDE^', type: 'pharmacy system' },
]

type Rule = (book: EvidenceBook, has: (role: string) => boolean) => DeviceType | undefined

/** In order of preference: the first rule with an answer wins. */
const RULES: readonly Rule[] = [
  translator,
  fromModel,
  archive,
  worklistServer,
  acquisition,
  deviceObservations,
  engine,
  printer,
  workstation,
  fromMessages,
  storage,
  named,
]

/** Derive the device type from what the device does; undefined while nothing says so. */
export function deriveType(book: EvidenceBook): DeviceType | undefined {
  const roles = new Set(book.values('role'))
  const has = (role: string): boolean => roles.has(role)
  for (const rule of RULES) {
    const type = rule(book, has)
    if (type !== undefined) return type
  }
  return undefined
}

/** Takes images and answers queries: what it sends was made elsewhere. */
export function isArchive(book: EvidenceBook): boolean {
  return book.knows('role', 'storage_scp') && book.knows('role', 'query_scp')
}

/** Several units speak from its address, under several names: they are devices of their own. */
export function isTranslator(book: EvidenceBook): boolean {
  return new Set(unitsOf(book).map(row => row.raw)).size > 1 && book.values('ae_title').length > 1
}

/** Each unit by its own name: they are hosts behind one address. One name for all of them: something passes their images on. */
function translator(book: EvidenceBook): DeviceType | undefined {
  const units = new Set(unitsOf(book).map(row => row.raw)).size
  if (units < 2 || book.rows('device_observations').length > 0) return undefined
  const isNat = book.values('ae_title').length >= units
  return { type: isNat ? 'NAT gateway' : 'DICOM gateway', confidence: 'medium', reason: `${units} units speak from its address` }
}

function fromModel(book: EvidenceBook): DeviceType | undefined {
  for (const model of book.values('model')) {
    const row = TYPE_OF_MODEL.find(({ pattern }) => pattern.test(model))
    if (row !== undefined) return { type: row.type, confidence: 'high', reason: `model "${model}" (${row.source})` }
  }
  return undefined
}

function archive(_book: EvidenceBook, has: (role: string) => boolean): DeviceType | undefined {
  if (has('storage_scp') && has('query_scp'))
    return { type: 'PACS archive', confidence: 'high', reason: 'takes images (storage_scp) and answers queries (query_scp)' }
  if (!has('qido_rs_server') || !has('wado_rs_server')) return undefined
  return { type: 'PACS archive', confidence: 'high', reason: 'answers searches (qido_rs_server) and hands over images (wado_rs_server)' }
}

function worklistServer(_book: EvidenceBook, has: (role: string) => boolean): DeviceType | undefined {
  if (!has('worklist_scp')) return undefined
  return { type: 'RIS or worklist server', confidence: 'high', reason: 'answers worklist queries (worklist_scp)' }
}

function acquisition(book: EvidenceBook, has: (role: string) => boolean): DeviceType | undefined {
  const modalities = ownModalities(book)
  if (modalities.length === 0) return undefined
  if (modalities.length > MAX_OWN_MODALITIES) {
    return { type: 'DICOM gateway', confidence: 'medium', reason: `sends images of many modalities (${modalities.join(', ')})` }
  }
  const schedules = has('worklist_scu') || has('mpps_scu')
  const named = book.values('model').length > 0
  const type = modalities.map(modality => TYPE_OF_MODALITY.get(modality)).join('/')
  return {
    type,
    confidence: schedules || named ? 'high' : 'medium',
    reason: `makes ${modalities.join(' and ')} images${schedules ? ' and asks for a worklist' : ''}`,
  }
}

function ownModalities(book: EvidenceBook): readonly string[] {
  const seen = new Set<string>()
  return book
    .values('modality')
    .filter(modality => {
      const type = TYPE_OF_MODALITY.get(modality)
      if (type === undefined || seen.has(type)) return false
      seen.add(type)
      return true
    })
    .sort()
}

function deviceObservations(book: EvidenceBook): DeviceType | undefined {
  if (book.rows('device_observations').length === 0) return undefined
  const devices = Math.max(...['serial_number', 'eui64', 'device_uid', 'udi'].map(attribute => book.values(attribute).length))
  if (devices >= GATEWAY_DEVICES)
    return { type: 'device gateway', confidence: 'medium', reason: `reports observations of ${devices} devices` }
  return { type: 'patient monitor', confidence: devices === 1 ? 'medium' : 'low', reason: 'reports its own device observations over HL7' }
}

function engine(book: EvidenceBook, has: (role: string) => boolean): DeviceType | undefined {
  const senders = book.values('hl7_peer').length
  if (senders < ENGINE_SENDERS) return undefined
  return {
    type: 'interface engine',
    confidence: has('hl7_sender') ? 'high' : 'medium',
    reason: `takes HL7 messages from ${senders} senders`,
  }
}

function printer(_book: EvidenceBook, has: (role: string) => boolean): DeviceType | undefined {
  return has('print_scp') ? { type: 'film printer', confidence: 'high', reason: 'takes print jobs (print_scp)' } : undefined
}

function workstation(book: EvidenceBook, has: (role: string) => boolean): DeviceType | undefined {
  if ((!has('query_scu') && !has('retrieve_scu')) || guessedItsWay(book)) return undefined
  const receives = has('storage_scp')
  return {
    type: 'workstation',
    confidence: receives ? 'medium' : 'low',
    reason: `queries archives${receives ? ', takes images' : ''} and makes no images`,
  }
}

function fromMessages(book: EvidenceBook): DeviceType | undefined {
  for (const { prefix, type } of TYPE_OF_SENDER) {
    const message = book.values('hl7_sends').find(value => value.startsWith(prefix))
    if (message !== undefined) return { type, confidence: 'low', reason: `sends ${message}` }
  }
  return undefined
}

function storage(book: EvidenceBook, has: (role: string) => boolean): DeviceType | undefined {
  if (!has('storage_scp') || guessedItsWay(book)) return undefined
  return { type: 'image receiver', confidence: 'low', reason: 'takes images (storage_scp)' }
}

/** It was refused under several AE titles before it got to do anything: what it does then, it does as a stranger. */
function guessedItsWay(book: EvidenceBook): boolean {
  const letIn = Math.min(...book.rows('role').map(row => row.firstSeen))
  const refused = book.rows('refused_title').filter(row => row.firstSeen < letIn)
  return new Set(refused.map(row => row.value)).size >= GUESSES
}

/** The site's own knowledge of names (`ae_titles` of the knowledge file). */
function named(book: EvidenceBook): DeviceType | undefined {
  const [row] = book.rows('type_hint')
  return row && { type: row.value, confidence: 'low', reason: `it is named so (${row.table ?? row.field})` }
}
