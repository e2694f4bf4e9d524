import Joi from 'joi'
import { implementationOfUid, implementationOfVersion } from '../../inventory/knowledge/implementations.ts'
import type { DicomAssociation } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { known } from '../wording.ts'

const SECOND = 1_000_000

export interface ToolSignatureSettings extends RuleSettings {
  readonly watched_toolkits: readonly string[]
}

export const toolSignatureSchema = Joi.object<ToolSignatureSettings>({
  ...ruleKeys(),
  watched_toolkits: Joi.array()
    .items(Joi.string())
    .default([])
    .description(
      'scripting toolkits whose use alerts too, where no product of the site is built on them: pynetdicom, ruby-dicom, go-netdicom …',
    )
    .example(['pynetdicom']),
})
  .default()
  .description('associations that carry the marks of a scanner')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-tool-sig',
  name: 'DICOM scanning tool',
  category: 'dicom',
  version: '1',
  severity: 'high',
  reference: techniqueUrl(ENTERPRISE.serviceDiscovery),
  enterprise: [ENTERPRISE.serviceDiscovery],
  ics: [ICS.remoteSystemDiscovery],
  nextSteps: [
    'Find out whether a penetration test or an inventory scan is under way, and from which address.',
    'List every server that the client tried, and look for queries and retrievals after the scan.',
  ],
}

interface Signature {
  readonly tool: string
  readonly mark: string
  readonly confidence: Alert['confidence']
  /** Where the mark was learned. */
  readonly source: string
  readonly matches: (association: DicomAssociation) => boolean
}

const NMAP_CLASSIC = new Set(['OFFIS_DCMTK_362', 'OFFIS_DCMTK_367'])

/** In order of certainty. */
const SIGNATURES: readonly Signature[] = [
  {
    tool: 'nmap',
    mark: 'its calling AE title names it',
    confidence: 'high',
    source: 'nmap dicom-info.nse',
    matches: ({ association }) => association.callingAeTitle?.startsWith('NMAP-') === true,
  },
  {
    tool: 'nmap_dicom',
    mark: 'its implementation version name is NMAP_NSE',
    confidence: 'high',
    source: 'tmart234/nmap_dicom',
    matches: ({ requestor }) => requestor.version === 'NMAP_NSE',
  },
  {
    tool: 'nmap DICOM suite',
    mark: 'it uses made-up UIDs under 1.2.3.4.5.99999',
    confidence: 'high',
    source: 'nmap dicom.lua',
    matches: ({ requestor, contexts }) =>
      [requestor.classUid, ...contexts.map(context => context.abstractSyntax)].some(uid => uid?.startsWith('1.2.3.4.5.99999.') === true),
  },
  {
    tool: 'zgrab2',
    mark: 'its implementation version name is ZGRAB2',
    confidence: 'high',
    source: 'zgrab2 DICOM module',
    matches: ({ requestor }) => requestor.version === 'ZGRAB2',
  },
  {
    tool: 'nmap dicom-ping',
    mark: 'ECHOSCU calls ANY-SCP with one context as the DCMTK that nmap imitates, is accepted and then sends no C-ECHO',
    confidence: 'medium',
    source: 'nmap dicom.lua',
    matches: isDicomPing,
  },
]

/** Real echoscu has the same names, but verifies once it is accepted. */
function isDicomPing({ association, requestor, contexts, operations, result, partial }: DicomAssociation): boolean {
  return (
    result === 'accepted' &&
    partial.length === 0 &&
    association.callingAeTitle === 'ECHOSCU' &&
    association.calledAeTitle === 'ANY-SCP' &&
    NMAP_CLASSIC.has(requestor.version ?? '') &&
    requestor.maxPduBytes === 16_384 &&
    contexts.length === 1 &&
    Object.values(operations).every(count => count === 0)
  )
}

/** Marks of known scanners in an association request. They are easy to change: silence proves nothing. */
export function createToolSignature(settings: ToolSignatureSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const toolkits = new Set(settings.watched_toolkits.map(name => name.toLowerCase()))

  function found(
    observation: DicomAssociation,
    { tool, mark, confidence, source }: Omit<Signature, 'matches'>,
    raise: (alert: Alert) => void,
  ) {
    const { flow, association, requestor } = observation
    ledger.hit(
      {
        key: `${flow.clientAddress} ${tool}`,
        time: observation.end,
        flow,
        streamOffset: observation.streamOffset,
        severity: DESCRIPTION.severity,
        confidence,
        message: `${flow.clientAddress} speaks DICOM to ${flow.serverAddress} like ${tool}`,
        evidence: [endsWords(flow.clientAddress, flow.serverAddress, flow, inventory), `Mark of ${tool}: ${mark} (${source}).`],
        captureFilter: conversationFilter(flow.clientAddress, flow.serverAddress, flow.serverPort),
        fields: known({
          'dicom.calling_ae_title': association.callingAeTitle,
          'dicom.called_ae_title': association.calledAeTitle,
          'dicom.requestor.implementation.class_uid': requestor.classUid,
          'dicom.requestor.implementation.version': requestor.version,
        }),
        denied: observation.result === 'rejected',
      },
      raise,
    )
  }

  function watchedToolkit({ requestor }: DicomAssociation): Omit<Signature, 'matches'> | undefined {
    if (toolkits.size === 0) return undefined
    const implementation =
      (requestor.classUid === undefined ? undefined : implementationOfUid(requestor.classUid)) ??
      (requestor.version === undefined ? undefined : implementationOfVersion(requestor.version))
    if (implementation?.kind !== 'toolkit' || !toolkits.has(implementation.name.split(' ')[0].toLowerCase())) return undefined
    return { tool: implementation.name, mark: 'its implementation identifiers', confidence: 'medium', source: implementation.row }
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-association'],
    observe(observation, raise) {
      if (observation.kind !== 'dicom-association') return
      const signature = SIGNATURES.find(({ matches }) => matches(observation)) ?? watchedToolkit(observation)
      if (signature !== undefined) found(observation, signature, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
