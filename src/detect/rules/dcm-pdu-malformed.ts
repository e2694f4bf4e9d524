import Joi from 'joi'
import type { DicomAssociation, DicomOperation } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { known, listed } from '../wording.ts'

const SECOND = 1_000_000

export interface PduMalformedSettings extends RuleSettings {
  readonly ignored_violations: readonly string[]
}

export const pduMalformedSchema = Joi.object<PduMalformedSettings>({
  ...ruleKeys(),
  ignored_violations: Joi.array()
    .items(Joi.string())
    .default(['nonzero_reserved_bytes', 'async_window_exceeded'])
    .description('codes of dicom.violations that devices are known for and that need no alert')
    .example(['nonzero_reserved_bytes', 'pdu_exceeds_maximum']),
})
  .default()
  .description('DICOM messages that break the protocol, as fuzzers and exploits of parsers do')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-pdu-malformed',
  name: 'Malformed DICOM message',
  category: 'dicom',
  version: '1',
  severity: 'high',
  reference: techniqueUrl(ENTERPRISE.remoteServiceExploitation),
  enterprise: [ENTERPRISE.remoteServiceExploitation, ENTERPRISE.applicationExploitation],
  ics: [ICS.remoteServiceExploitation, ICS.denialOfService],
  nextSteps: [
    'See whether the server still answers: a crash right after a malformed message is no accident.',
    'Capture the next occurrence with the filter of this alert and look at the message.',
    'Compare the software of the server with advisories on its DICOM toolkit.',
    'If an old device always does this, add the code to detect.dcm-pdu-malformed.ignored_violations.',
  ],
}

/** Violations that decoders noted. Where bytes are missing nothing is judged: loss looks like malformation. */
export function createPduMalformed(settings: PduMalformedSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const ignored = new Set(settings.ignored_violations)

  function malformed(observation: DicomAssociation | DicomOperation, codes: readonly string[], raise: (alert: Alert) => void): void {
    const { flow, association } = observation
    ledger.hit(
      {
        key: `${flow.clientAddress} ${flow.serverAddress}`,
        time: observation.end,
        flow,
        streamOffset: observation.streamOffset,
        severity: DESCRIPTION.severity,
        confidence: 'medium',
        message: `DICOM between ${flow.clientAddress} and ${flow.serverAddress} breaks the protocol: ${listed(codes)}`,
        evidence: [
          endsWords(flow.clientAddress, flow.serverAddress, flow, inventory),
          `Violations: ${listed(codes)}.`,
          ...(observation.kind === 'dicom-association'
            ? [`The association was ${observation.result} and ended ${observation.ending ?? 'unseen'}.`]
            : []),
        ],
        captureFilter: conversationFilter(flow.clientAddress, flow.serverAddress, flow.serverPort),
        fields: known({
          'dicom.calling_ae_title': association.callingAeTitle,
          'dicom.called_ae_title': association.calledAeTitle,
          'dicom.violations': codes,
        }),
        denied: false,
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-association', 'dicom-operation'],
    observe(observation, raise) {
      if (observation.kind !== 'dicom-association' && observation.kind !== 'dicom-operation') return
      if (observation.violations.length === 0 || observation.partial.includes('gap') || observation.partial.includes('midstream')) return
      const codes = observation.violations.filter(code => !ignored.has(code))
      if (codes.length > 0) malformed(observation, codes, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
