import Joi from 'joi'
import type { DicomOperation } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsOf } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { addressList, type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { counted, hostWords, known, listed } from '../wording.ts'

const SECOND = 1_000_000
/** Levels at which a query without limits lists patients or studies of the whole archive. */
const WIDE_LEVELS: ReadonlySet<string> = new Set(['PATIENT', 'STUDY'])

export interface FindBulkSettings extends RuleSettings {
  readonly responses: number
  readonly allowed_clients: readonly string[]
}

export const findBulkSchema = Joi.object<FindBulkSettings>({
  ...ruleKeys(),
  responses: Joi.number()
    .integer()
    .min(10)
    .max(10_000_000)
    .default(1000)
    .description('answers to one query that make it a bulk query, however narrow it looks'),
  allowed_clients: addressList('addresses that may list whole archives, such as a migration or quality-control server', '10.0.0.5'),
})
  .default()
  .description('C-FIND that lists a whole archive')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-find-bulk',
  name: 'DICOM bulk query',
  category: 'dicom',
  version: '1',
  severity: 'high',
  reference: techniqueUrl(ENTERPRISE.informationRepositories),
  enterprise: [ENTERPRISE.informationRepositories, ENTERPRISE.automatedCollection],
  ics: [ICS.automatedCollection],
  nextSteps: [
    'Ask who runs the client; migrations, quality control and research exports query like this, viewers do not.',
    'See whether C-MOVE or C-GET follows, and where the images went.',
    'If it is expected, add the client to detect.dcm-find-bulk.allowed_clients.',
  ],
}

/** A query of patients or studies that nothing narrows (PS3.4 C.2.2.2.3), or one with very many answers. Worklist queries are left out. */
export function createFindBulk(settings: FindBulkSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const allowed = new Set(settings.allowed_clients)

  function bulk(find: DicomOperation, universal: boolean, raise: (alert: Alert) => void): void {
    const { flow, association, query, responses } = find
    const [client, server] = endsOf(find)
    if (allowed.has(client)) return
    const level = query?.level ?? 'unknown'
    ledger.hit(
      {
        key: `${client} ${server}`,
        time: find.end,
        flow,
        streamOffset: find.streamOffset,
        severity: DESCRIPTION.severity,
        confidence: responses >= settings.responses ? 'high' : 'medium',
        message: universal
          ? `${client} asked ${server} for every ${level === 'PATIENT' ? 'patient' : 'study'}: ${counted(responses, 'answer')}`
          : `${client} got ${counted(responses, 'answer')} to one query of ${server}`,
        evidence: [
          `Client: ${association.callingAeTitle ?? 'unknown AE title'} at ${hostWords(client, inventory)}; server: ${hostWords(server, inventory)}.`,
          universal ? `A ${level} query that no key narrows.` : `A ${level} query, narrowed by ${listed(query?.matchingKeys ?? [])}.`,
          `${counted(responses, 'answer')}; final status ${find.status?.code ?? 'not seen'}.`,
        ],
        captureFilter: conversationFilter(client, server, flow.serverPort),
        fields: known({
          'dicom.calling_ae_title': association.callingAeTitle,
          'dicom.called_ae_title': association.calledAeTitle,
          'dicom.operation': find.operation,
          'dicom.query.level': query?.level,
          'dicom.query.model': query?.model,
          'dicom.query.universal': query?.universal,
          'dicom.responses': responses,
          'dicom.status.code': find.status?.code,
        }),
        denied: find.outcome === 'failure',
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-operation'],
    observe(observation, raise) {
      if (observation.kind !== 'dicom-operation' || observation.operation !== 'C-FIND') return
      const { query, responses } = observation
      if (query?.model === 'modality_worklist') return
      const universal = query?.universal === true && WIDE_LEVELS.has(query.level ?? '')
      if (universal || responses >= settings.responses) bulk(observation, universal, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
