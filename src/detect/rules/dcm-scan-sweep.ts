import Joi from 'joi'
import type { DicomAssociation } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { BoundedMap } from '../bounded-map.ts'
import { hostFilter } from '../capture-filter.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { addressList, type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { hostWords, known, listed } from '../wording.ts'

const SECOND = 1_000_000
const MAX_CLIENTS = 2048
const MAX_ENDPOINTS = 256

export interface ScanSweepSettings extends RuleSettings {
  readonly endpoints: number
  readonly seconds: number
  readonly allowed_clients: readonly string[]
}

export const scanSweepSchema = Joi.object<ScanSweepSettings>({
  ...ruleKeys(),
  endpoints: Joi.number()
    .integer()
    .min(2)
    .max(MAX_ENDPOINTS)
    .default(10)
    .description('different DICOM endpoints (address and port) that make it a sweep'),
  seconds: Joi.number().min(1).max(86_400).default(300).description('within this many seconds'),
  allowed_clients: addressList('addresses that may verify many nodes, such as a monitoring server', '10.0.0.5'),
})
  .default()
  .description('one client that tries many DICOM endpoints and does no work at them')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-scan-sweep',
  name: 'DICOM endpoint sweep',
  category: 'dicom',
  version: '1',
  severity: 'medium',
  reference: techniqueUrl(ENTERPRISE.serviceDiscovery),
  enterprise: [ENTERPRISE.serviceDiscovery],
  ics: [ICS.remoteSystemDiscovery],
  nextSteps: [
    'Find out what the client is: a monitoring tool or vulnerability scanner of the site, or a host that has no business with DICOM.',
    'Look for rejected associations, AE title guessing and queries from the same client.',
    'If it is a monitoring tool, add its address to detect.dcm-scan-sweep.allowed_clients.',
  ],
}

interface Endpoint {
  readonly port: number
  readonly time: number
}

/** Associations that bring nothing but a C-ECHO, or not even that, to many endpoints in a short time. */
export function createScanSweep(settings: ScanSweepSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const clients = new BoundedMap<string, BoundedMap<string, Endpoint>>(MAX_CLIENTS)
  const allowed = new Set(settings.allowed_clients)

  function touched(observation: DicomAssociation, raise: (alert: Alert) => void): void {
    const { flow, association, end } = observation
    const endpoints = clients.getOrCreate(flow.clientAddress, () => new BoundedMap(MAX_ENDPOINTS))
    const name = nameOf(observation)
    const isNew = !endpoints.has(name)
    endpoints.set(name, { port: flow.serverPort, time: end })
    endpoints.expire(({ time }) => end - time > settings.seconds * SECOND)
    if (endpoints.size < settings.endpoints || !(isNew || ledger.isOpen(flow.clientAddress, end))) return
    ledger.hit(
      {
        key: flow.clientAddress,
        time: end,
        flow,
        streamOffset: observation.streamOffset,
        severity: DESCRIPTION.severity,
        confidence: 'high',
        message: `${flow.clientAddress} tried ${endpoints.size} DICOM endpoints within ${settings.seconds} s and did no work at any of them`,
        evidence: [
          `Client: ${association.callingAeTitle ?? 'unknown AE title'} at ${hostWords(flow.clientAddress, inventory)}.`,
          `Endpoints: ${listed(endpoints.keys())}.`,
          'Only associations and C-ECHO were seen at them: no store, query, retrieval or normalized operation.',
        ],
        captureFilter: hostFilter(
          flow.clientAddress,
          [...endpoints.values()].map(({ port }) => port),
        ),
        fields: known({ 'dicom.calling_ae_title': association.callingAeTitle, 'dicom.called_ae_title': association.calledAeTitle }),
        denied: false,
        opening: { count: endpoints.size, firstSeen: endpoints.values().next().value?.time ?? end },
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-association'],
    observe(observation, raise) {
      if (observation.kind !== 'dicom-association' || observation.result === 'unknown') return
      if (allowed.has(observation.flow.clientAddress)) return
      if (isIdle(observation)) touched(observation, raise)
      else clients.get(observation.flow.clientAddress)?.delete(nameOf(observation))
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}

function isIdle({ operations }: DicomAssociation): boolean {
  for (const operation in operations) if (operation !== 'echo' && operations[operation] > 0) return false
  return true
}

function nameOf({ flow }: DicomAssociation): string {
  return flow.serverAddress.includes(':') ? `[${flow.serverAddress}]:${flow.serverPort}` : `${flow.serverAddress}:${flow.serverPort}`
}
