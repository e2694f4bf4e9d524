import Joi from 'joi'
import type { DicomAssociation } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { conversationFilter } from '../capture-filter.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { counted, hostWords, known, listed } from '../wording.ts'

const SECOND = 1_000_000

export interface ContextEnumerationSettings extends RuleSettings {
  readonly contexts: number
  readonly families: number
}

export const contextEnumerationSchema = Joi.object<ContextEnumerationSettings>({
  ...ruleKeys(),
  contexts: Joi.number().integer().min(2).max(128).default(60).description('presentation contexts proposed at once and then not used'),
  families: Joi.number()
    .integer()
    .min(2)
    .max(10)
    .default(4)
    .description('or different service families (storage, query, worklist, print …) proposed at once'),
})
  .default()
  .description('associations that ask what a server can do and then do nothing')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-ctx-enum',
  name: 'DICOM capability enumeration',
  category: 'dicom',
  version: '1',
  severity: 'medium',
  reference: techniqueUrl(ENTERPRISE.serviceDiscovery),
  enterprise: [ENTERPRISE.serviceDiscovery],
  ics: [ICS.remoteSystemInformationDiscovery],
  nextSteps: [
    'Find out what the client is; a gateway may test its peers like this, a workstation does not.',
    'Look for what follows from the same client: queries, retrievals, stores, other servers.',
  ],
}

/** Service families by prefix of the abstract syntax (PS3.4; PS3.6 table A-1). */
const FAMILIES: readonly (readonly [prefix: string, family: string])[] = [
  ['1.2.840.10008.1.1', 'verification'],
  ['1.2.840.10008.1.20.', 'storage commitment'],
  ['1.2.840.10008.3.1.2.3.', 'performed procedure step'],
  ['1.2.840.10008.5.1.1.', 'print'],
  ['1.2.840.10008.5.1.4.1.1.', 'storage'],
  ['1.2.840.10008.5.1.4.1.2.', 'query/retrieve'],
  ['1.2.840.10008.5.1.4.31', 'worklist'],
  ['1.2.840.10008.5.1.4.33', 'instance availability'],
  ['1.2.840.10008.5.1.4.34.', 'unified procedure step'],
]

/** An accepted association with very many, or very different, presentation contexts and not one operation. */
export function createContextEnumeration(settings: ContextEnumerationSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)

  function enumerated(observation: DicomAssociation, families: readonly string[], raise: (alert: Alert) => void): void {
    const { flow, association, contexts } = observation
    const accepted = contexts.filter(({ result }) => result === 0).length
    ledger.hit(
      {
        key: `${flow.clientAddress} ${flow.serverAddress}`,
        time: observation.end,
        flow,
        streamOffset: observation.streamOffset,
        severity: DESCRIPTION.severity,
        confidence: 'medium',
        message: `${flow.clientAddress} asked ${flow.serverAddress} for ${counted(contexts.length, 'presentation context')} and used none`,
        evidence: [
          `Client: ${association.callingAeTitle ?? 'unknown AE title'} at ${hostWords(flow.clientAddress, inventory)}.`,
          `Proposed: ${counted(contexts.length, 'context')} of ${counted(families.length, 'family', 'families')} (${listed(families)}); accepted: ${accepted}.`,
          'The association ended without any operation.',
        ],
        captureFilter: conversationFilter(flow.clientAddress, flow.serverAddress, flow.serverPort),
        fields: known({
          'dicom.calling_ae_title': association.callingAeTitle,
          'dicom.called_ae_title': association.calledAeTitle,
          'dicom.presentation_context.proposed': contexts.length,
          'dicom.presentation_context.accepted': accepted,
        }),
        denied: false,
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-association'],
    observe(observation, raise) {
      if (observation.kind !== 'dicom-association' || observation.result !== 'accepted' || observation.partial.length > 0) return
      if (Object.values(observation.operations).some(count => count > 0)) return
      const families = familiesOf(observation)
      if (observation.contexts.length >= settings.contexts || families.length >= settings.families) enumerated(observation, families, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}

function familiesOf({ contexts }: DicomAssociation): readonly string[] {
  const found = new Set<string>()
  for (const { abstractSyntax } of contexts) {
    const family = FAMILIES.find(([prefix]) => abstractSyntax.startsWith(prefix))
    if (family !== undefined) found.add(family[1])
  }
  return [...found]
}
