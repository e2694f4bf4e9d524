import Joi from 'joi'
import type { DicomAssociation } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { conversationFilter } from '../capture-filter.ts'
import { openerOf, throughWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { addressList, type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { hostWords, known } from '../wording.ts'

const SECOND = 1_000_000

export interface ExposedSettings extends RuleSettings {
  readonly allowed_peers: readonly string[]
}

export const exposedSchema = Joi.object<ExposedSettings>({
  ...ruleKeys(),
  allowed_peers: addressList('public addresses that may speak DICOM with the site, such as a teleradiology partner', '130.60.4.5'),
})
  .default()
  .description('DICOM with a public address')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-exposed',
  name: 'DICOM with a public address',
  category: 'dicom',
  version: '1',
  severity: 'critical',
  reference: techniqueUrl(ENTERPRISE.externalRemoteServices),
  enterprise: [ENTERPRISE.externalRemoteServices],
  ics: [ICS.internetAccessibleDevice],
  nextSteps: [
    'Block the port from the internet at the border now: DICOM has no password, and thousands of open servers are being harvested.',
    'List every foreign client of this server and what it asked for: C-FIND, C-GET and C-MOVE events.',
    'Find out which rule or address translation opened the way, and who asked for it.',
    'If the peer is a known partner, have the traffic go through a VPN or TLS, and add it to detect.dcm-exposed.allowed_peers.',
  ],
}

/** An association that crosses the border of the site's networks. Inbound is worse: whoever finds the port may ask for studies. */
export function createExposed(settings: ExposedSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const allowed = new Set(settings.allowed_peers)

  function crossed(observation: DicomAssociation, inbound: boolean, raise: (alert: Alert) => void): void {
    const { flow, association, result } = observation
    const [local, peer] = inbound ? [flow.serverAddress, openerOf(flow)] : [openerOf(flow), flow.serverAddress]
    if (allowed.has(peer)) return
    const rejected = result === 'rejected'
    ledger.hit(
      {
        key: inbound ? `in ${local}` : `out ${local} ${peer}`,
        time: observation.end,
        flow,
        streamOffset: observation.streamOffset,
        severity: inbound && !rejected ? 'critical' : 'high',
        confidence: 'high',
        message: inbound
          ? `The DICOM server ${local} answers the public address ${peer}`
          : `${local} opened a DICOM association to the public address ${peer}`,
        evidence: [
          `Inside: ${hostWords(local, inventory)}; outside: ${peer}${throughWords(flow)}, server port ${flow.serverPort}.`,
          `AE titles: calling ${association.callingAeTitle ?? 'unknown'}, called ${association.calledAeTitle ?? 'unknown'}; the association was ${result}.`,
        ],
        captureFilter: conversationFilter(flow.clientAddress, flow.serverAddress, flow.serverPort),
        fields: known({
          'dicom.calling_ae_title': association.callingAeTitle,
          'dicom.called_ae_title': association.calledAeTitle,
          'dicom.association.result': result,
        }),
        denied: rejected,
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-association'],
    observe(observation, raise) {
      if (observation.kind !== 'dicom-association' || observation.result === 'unanswered') return
      const { flow } = observation
      const clientIsLocal = inventory.isLocal(openerOf(flow))
      if (clientIsLocal !== inventory.isLocal(flow.serverAddress)) crossed(observation, !clientIsLocal, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
