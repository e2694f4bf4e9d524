import Joi from 'joi'
import type { Hl7Message, Hl7Observations } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { conversationFilter } from '../capture-filter.ts'
import { openerOf, throughWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { addressList, type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { hostWords, known } from '../wording.ts'

const SECOND = 1_000_000

export interface Hl7ExternalSettings extends RuleSettings {
  readonly allowed_peers: readonly string[]
}

export const hl7ExternalSchema = Joi.object<Hl7ExternalSettings>({
  ...ruleKeys(),
  allowed_peers: addressList('public addresses that may exchange HL7 in clear with the site, such as the far end of a VPN', '130.60.4.5'),
})
  .default()
  .description('HL7 messages in clear with a public address')

const DESCRIPTION: RuleDescription = {
  id: 'hl7-external',
  name: 'HL7 with a public address',
  category: 'hl7',
  version: '1',
  severity: 'critical',
  reference: techniqueUrl(ENTERPRISE.unencryptedExfiltration),
  enterprise: [ENTERPRISE.unencryptedExfiltration],
  ics: [ICS.theftOfOperationalInformation],
  nextSteps: [
    'Find out who owns the public address and which interface definition names it.',
    'Stop the interface if nobody does; the messages carry patient data in clear.',
    'If the peer is a known partner, have the traffic go through a VPN or TLS, and add it to detect.hl7-external.allowed_peers.',
  ],
}

/** HL7 messages over MLLP that cross the border of the site's networks, in either direction. */
export function createHl7External(settings: Hl7ExternalSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const allowed = new Set(settings.allowed_peers)

  function crossed(observation: Hl7Message | Hl7Observations, raise: (alert: Alert) => void): void {
    const { flow, sending, receiving, type, trigger } = observation
    const client = openerOf(flow)
    const outbound = inventory.isLocal(client)
    const [local, peer] = outbound ? [client, flow.serverAddress] : [flow.serverAddress, client]
    if (allowed.has(peer)) return
    const kind = [type ?? 'unknown', trigger].filter(part => part !== undefined).join('^')
    ledger.hit(
      {
        key: `${client} ${flow.serverAddress}`,
        time: observation.end,
        flow,
        streamOffset: observation.streamOffset,
        severity: DESCRIPTION.severity,
        confidence: 'high',
        message: `${local} exchanges HL7 messages in clear with the public address ${peer}`,
        evidence: [
          `Inside: ${hostWords(local, inventory)}; outside: ${peer}; the connection was opened from ${outbound ? 'inside' : 'outside'}${throughWords(flow)} to port ${flow.serverPort}.`,
          `Latest message: ${kind} from ${sending.application ?? 'unknown'} to ${receiving.application ?? 'unknown'}.`,
        ],
        captureFilter: conversationFilter(flow.clientAddress, flow.serverAddress, flow.serverPort),
        fields: known({
          'hl7.message.type': type,
          'hl7.message.trigger': trigger,
          'hl7.sending.application': sending.application,
          'hl7.receiving.application': receiving.application,
        }),
        denied: false,
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['hl7-message', 'hl7-observations'],
    observe(observation, raise) {
      if (observation.kind !== 'hl7-message' && observation.kind !== 'hl7-observations') return
      const { flow } = observation
      if (inventory.isLocal(openerOf(flow)) !== inventory.isLocal(flow.serverAddress)) crossed(observation, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
