import Joi from 'joi'
import type { DicomOperation, DicomWebRequest } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { BoundedMap } from '../bounded-map.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsOf, endsWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { addressList, type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { webFields } from '../web.ts'
import { counted, known, listed } from '../wording.ts'

const SECOND = 1_000_000
const MAX_PAIRS = 2048
/** Times of deletions kept of one pair. */
const MAX_TIMES = 1000
/** Film session, film box and presentation look-up table: printing deletes them as part of its work (PS3.4 annex H). */
const PRINTING: ReadonlySet<string> = new Set(['1.2.840.10008.5.1.1.1', '1.2.840.10008.5.1.1.2', '1.2.840.10008.5.1.1.15'])

export interface DeleteSettings extends RuleSettings {
  readonly deletions: number
  readonly seconds: number
  readonly allowed_clients: readonly string[]
}

export const deleteSchema = Joi.object<DeleteSettings>({
  ...ruleKeys(),
  deletions: Joi.number()
    .integer()
    .min(1)
    .max(MAX_TIMES)
    .default(5)
    .description('deletions by one client at one server that make it a burst'),
  seconds: Joi.number().min(1).max(86_400).default(600).description('within this many seconds'),
  allowed_clients: addressList('addresses that may delete, such as a retention job', '10.0.0.5'),
})
  .default()
  .description('bursts of deletions in archives, by the HTTP interface of the archive or by N-DELETE')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-delete',
  name: 'Deletions in an archive',
  category: 'dicom',
  version: '1',
  severity: 'critical',
  reference: techniqueUrl(ENTERPRISE.dataDestruction),
  enterprise: [ENTERPRISE.dataDestruction],
  ics: [ICS.dataDestruction],
  nextSteps: [
    'Ask the administrators of both systems for a retention job or a clean-up; if there is none, block the client at the server now.',
    'List what was deleted from the log of the archive, and restore it from the backup.',
    'If it is a retention job, add its address to detect.dcm-delete.allowed_clients.',
  ],
}

interface Deletions {
  /** Packet times, oldest first. */
  readonly times: number[]
  /** What was deleted: levels and SOP classes. */
  readonly kinds: BoundedMap<string, true>
}

/** Deletions that the server confirmed. One request that deletes any number of things is a burst by itself. */
export function createDelete(settings: DeleteSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const pairs = new BoundedMap<string, Deletions>(MAX_PAIRS)
  const allowed = new Set(settings.allowed_clients)

  function deleted(seen: DicomWebRequest | DicomOperation, kind: string, isBulk: boolean, raise: (alert: Alert) => void): void {
    const { flow, end } = seen
    const [client, server] = endsOf(seen)
    if (allowed.has(client)) return
    const key = `${client} ${server}`
    const { times, kinds } = pairs.getOrCreate(key, () => ({ times: [], kinds: new BoundedMap(32) }))
    times.push(end)
    kinds.set(kind, true)
    while (times.length > MAX_TIMES || end - times[0] > settings.seconds * SECOND) times.shift()
    if (times.length < settings.deletions && !isBulk && !ledger.isOpen(key, end)) return
    ledger.hit(
      {
        key,
        time: end,
        flow,
        streamOffset: seen.streamOffset,
        severity: DESCRIPTION.severity,
        confidence: 'high',
        message: isBulk
          ? `${client} had ${server} delete a list of images in one request`
          : `${client} deleted ${counted(times.length, 'object')} of ${server} within ${settings.seconds} s`,
        evidence: [
          endsWords(client, server, flow, inventory),
          `${counted(times.length, 'deletion')} that the server confirmed, of: ${listed(kinds.keys())}.`,
        ],
        captureFilter: conversationFilter(client, server, flow.serverPort),
        fields: fieldsOf(seen),
        denied: false,
        opening: { count: times.length, firstSeen: times[0] },
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-operation', 'dicomweb-request'],
    observe(observation, raise) {
      if (observation.kind === 'dicom-operation') {
        if (observation.operation !== 'N-DELETE' || observation.outcome !== 'success') return
        if (!PRINTING.has(observation.sopClass?.uid ?? '')) deleted(observation, observation.sopClass?.name ?? 'unknown', false, raise)
      } else if (observation.kind === 'dicomweb-request' && observation.service === 'delete' && observation.outcome === 'success')
        deleted(observation, observation.level ?? 'list', observation.level === undefined, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}

function fieldsOf(seen: DicomWebRequest | DicomOperation): Alert['fields'] {
  if (seen.kind === 'dicomweb-request') return webFields(seen)
  const { association, operation, sopClass, status } = seen
  return known({
    'dicom.calling_ae_title': association.callingAeTitle,
    'dicom.called_ae_title': association.calledAeTitle,
    'dicom.operation': operation,
    'dicom.sop_class.uid': sopClass && [sopClass.uid],
    'dicom.sop_class.name': sopClass && [sopClass.name],
    'dicom.status.code': status?.code,
  })
}
