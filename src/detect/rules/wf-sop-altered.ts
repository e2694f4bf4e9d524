import Joi from 'joi'
import type { DicomInstance } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { BoundedMap } from '../bounded-map.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsOf } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger, type Hit } from '../ledger.ts'
import type { Alert, Rule, RuleDescription, Severity } from '../rule.ts'
import { type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { hostWords, known } from '../wording.ts'

const SECOND = 1_000_000

export interface SopAlteredSettings extends RuleSettings {
  readonly max_instances: number
  readonly attributes: boolean
}

export const sopAlteredSchema = Joi.object<SopAlteredSettings>({
  ...ruleKeys(),
  max_instances: Joi.number()
    .integer()
    .min(100)
    .max(10_000_000)
    .default(200_000)
    .description('instances whose hashes are remembered, about 200 bytes each; the one seen first is forgotten first'),
  attributes: Joi.boolean()
    .default(false)
    .description(
      'also alert on objects without pixel data or document (reports, plans) that changed; archives that correct patient data do that',
    ),
})
  .default()
  .description('an image that crosses the network again with other pixels; needs protocols.dicom.instance_hashes')

const DESCRIPTION: RuleDescription = {
  id: 'wf-sop-altered',
  name: 'DICOM instance altered on its way',
  category: 'workflow',
  version: '1',
  severity: 'critical',
  reference: techniqueUrl(ENTERPRISE.storedDataManipulation),
  enterprise: [ENTERPRISE.storedDataManipulation],
  ics: [ICS.manipulationOfView],
  nextSteps: [
    'Compare the instance in the archive with the one on the device that made it: pixels and header.',
    'Treat the study as suspect for diagnosis and therapy until somebody has looked at both.',
    'Find out which host changed it: the one that sent the second copy, or one that it has it from.',
    'If a gateway is meant to process images under the same UID, tell its maker: altered images need a UID of their own (PS3.4 §B.4.1.3).',
  ],
}

/** How an instance was seen first. */
interface Sighting {
  readonly attributes: string
  readonly bulk: string | undefined
  readonly time: number
  readonly sender: string
  readonly receiver: string
}

/**
 * The same instance, in the same transfer syntax, with other pixels (or another document). A SOP instance UID names one content for ever (PS3.5
 * §9); compressing an image again changes its transfer syntax, so copies in different ones are not compared.
 */
export function createSopAltered(settings: SopAlteredSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const sightings = new BoundedMap<string, Sighting>(settings.max_instances)

  function observeInstance(seen: DicomInstance, transferSyntax: string, raise: (alert: Alert) => void): void {
    const key = `${seen.instance} ${transferSyntax}`
    const [sender, receiver] = endsOf(seen)
    const first = sightings.get(key)
    if (first === undefined) {
      sightings.set(key, { attributes: seen.attributes, bulk: seen.bulk, time: seen.end, sender, receiver })
      return
    }
    const severity = differenceOf(first, seen)
    if (severity !== undefined) ledger.hit(describe(first, seen, severity), raise)
  }

  /** How grave the difference is, if there is one. Attributes of images change in good faith, so they count only where nothing else can be compared. */
  function differenceOf(first: Sighting, seen: DicomInstance): Severity | undefined {
    if (first.bulk !== undefined && seen.bulk !== undefined) return first.bulk === seen.bulk ? undefined : 'critical'
    const comparable = settings.attributes && first.bulk === undefined && seen.bulk === undefined
    return comparable && first.attributes !== seen.attributes ? 'high' : undefined
  }

  function describe(first: Sighting, seen: DicomInstance, severity: Severity): Hit {
    const { flow, association, sopClass, transferSyntax } = seen
    const [sender, receiver] = endsOf(seen)
    const part = severity === 'critical' ? 'pixels or document' : 'content'
    return {
      key: seen.instance,
      time: seen.end,
      flow,
      streamOffset: seen.streamOffset,
      severity,
      confidence: severity === 'critical' ? 'high' : 'medium',
      message: `An instance that ${first.sender} had sent to ${first.receiver} went from ${sender} to ${receiver} with other ${part}`,
      evidence: [
        `First seen ${new Date(first.time / 1000).toISOString()} from ${hostWords(first.sender, inventory)} to ${hostWords(first.receiver, inventory)}.`,
        `Seen again with the same SOP instance UID and transfer syntax from ${hostWords(sender, inventory)} to ${hostWords(receiver, inventory)}.`,
        `${severity === 'critical' ? 'The pixel data or encapsulated document' : 'The data set, which has no pixel data or document,'} has another SHA-256.`,
      ],
      captureFilter: conversationFilter(flow.clientAddress, flow.serverAddress, flow.serverPort),
      fields: known({
        'dicom.association.id': association.id,
        'dicom.calling_ae_title': association.callingAeTitle,
        'dicom.called_ae_title': association.calledAeTitle,
        'dicom.operation': 'C-STORE',
        'dicom.sop_class.name': sopClass?.name,
        'dicom.sop_class.uid': sopClass?.uid,
        'dicom.transfer_syntax.name': transferSyntax?.name,
        'dicom.transfer_syntax.uid': transferSyntax?.uid,
      }),
      denied: false,
    }
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-instance'],
    observe(observation, raise) {
      if (observation.kind !== 'dicom-instance' || observation.transferSyntax === undefined) return
      observeInstance(observation, observation.transferSyntax.uid, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
