import Joi from 'joi'
import type { DicomAssociation } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { BoundedMap } from '../bounded-map.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger, type Hit } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { known, listed } from '../wording.ts'

const SECOND = 1_000_000
const MAX_PAIRS = 2048
const MAX_TITLES = 128
/** Words of PS3.8 table 9-21, reasons 3 and 7. */
const KIND_OF_REASON: ReadonlyMap<string, Kind> = new Map([
  ['calling_ae_title_not_recognized', 'calling'],
  ['called_ae_title_not_recognized', 'called'],
])

type Kind = 'calling' | 'called'

export interface AeBruteSettings extends RuleSettings {
  readonly titles: number
  readonly seconds: number
}

export const aeBruteSchema = Joi.object<AeBruteSettings>({
  ...ruleKeys(),
  titles: Joi.number().integer().min(2).max(MAX_TITLES).default(5).description('different rejected AE titles that make it guessing'),
  seconds: Joi.number().min(1).max(3600).default(60).description('within this many seconds'),
})
  .default()
  .description('AE titles guessed at a DICOM server, which takes them for passwords')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-ae-brute',
  name: 'DICOM AE title guessing',
  category: 'dicom',
  version: '1',
  severity: 'high',
  reference: techniqueUrl(ENTERPRISE.passwordGuessing),
  enterprise: [ENTERPRISE.passwordGuessing],
  ics: [ICS.validAccounts],
  nextSteps: [
    'Find out what the client is and who uses it; a misconfigured node tries one AE title again and again, not many.',
    'If a title was accepted, list what the client asked for after that: C-FIND, C-MOVE, C-GET and C-STORE events of that association.',
    'Restrict the server to known addresses for each AE title, or require TLS with client certificates.',
  ],
}

/** One client at one server. */
interface Pair {
  /** When each title was last rejected, oldest first. */
  readonly rejected: Readonly<Record<Kind, BoundedMap<string, number>>>
}

/**
 * Different AE titles rejected as not recognized (PS3.8 table 9-21) from one client to one server within a short time. An association that
 * the server then accepts from that client makes it critical.
 */
export function createAeBrute(settings: AeBruteSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const pairs = new BoundedMap<string, Pair>(MAX_PAIRS)
  /** Titles rejected since the alert was raised, for its evidence. */
  const guessed = new BoundedMap<string, BoundedMap<string, true>>(MAX_PAIRS)

  function rejected(observation: DicomAssociation, kind: Kind, raise: (alert: Alert) => void): void {
    const { association, flow, end } = observation
    const title = kind === 'called' ? association.calledAeTitle : association.callingAeTitle
    if (title === undefined) return
    const key = keyOf(observation)
    const pair = pairs.getOrCreate(key, () => ({ rejected: { calling: new BoundedMap(MAX_TITLES), called: new BoundedMap(MAX_TITLES) } }))
    const titles = pair.rejected[kind]
    titles.set(title, end)
    titles.expire(time => end - time > settings.seconds * SECOND)
    const open = ledger.isOpen(key, end)
    if (!open && titles.size < settings.titles) return
    if (!open) guessed.set(key, new BoundedMap(MAX_TITLES))
    const all = guessed.getOrCreate(key, () => new BoundedMap(MAX_TITLES))
    for (const seen of titles.keys()) all.set(seen, true)
    const message = `${flow.clientAddress} tried ${all.size} different ${kind} AE titles at the DICOM server ${flow.serverAddress}, all rejected`
    const hit = hitOf(observation, key, message, [`Rejected ${kind} AE titles: ${listed(all.keys())}.`], DESCRIPTION.severity, true)
    ledger.hit({ ...hit, opening: { count: titles.size, firstSeen: titles.values().next().value ?? end } }, raise)
  }

  function accepted(observation: DicomAssociation, raise: (alert: Alert) => void): void {
    const key = keyOf(observation)
    if (!ledger.isOpen(key, observation.end)) return
    const { association, flow } = observation
    const titles = `calling ${association.callingAeTitle ?? 'unknown'}, called ${association.calledAeTitle ?? 'unknown'}`
    const message = `${flow.clientAddress} guessed an AE title that the DICOM server ${flow.serverAddress} accepted: ${titles}`
    const evidence = [`Accepted after the guesses: ${titles}.`, `Rejected before: ${listed(guessed.get(key)?.keys() ?? [])}.`]
    ledger.hit(hitOf(observation, key, message, evidence, 'critical', false), raise)
  }

  function hitOf(
    observation: DicomAssociation,
    key: string,
    message: string,
    evidence: readonly string[],
    severity: Hit['severity'],
    denied: boolean,
  ): Hit {
    const { flow, association, reject } = observation
    return {
      key,
      time: observation.end,
      flow,
      streamOffset: observation.streamOffset,
      severity,
      confidence: 'high',
      message,
      evidence: [endsWords(flow.clientAddress, flow.serverAddress, flow, inventory), ...evidence],
      captureFilter: conversationFilter(flow.clientAddress, flow.serverAddress, flow.serverPort),
      fields: known({
        'dicom.calling_ae_title': association.callingAeTitle,
        'dicom.called_ae_title': association.calledAeTitle,
        'dicom.association.result': observation.result,
        'dicom.association.reject.reason': reject?.reason,
      }),
      denied,
    }
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-association'],
    observe(observation, raise) {
      if (observation.kind !== 'dicom-association') return
      const kind = KIND_OF_REASON.get(observation.reject?.reason ?? '')
      if (kind !== undefined) rejected(observation, kind, raise)
      else if (observation.result === 'accepted') accepted(observation, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}

function keyOf({ flow }: DicomAssociation): string {
  return `${flow.clientAddress} ${flow.serverAddress}`
}
