import Joi from 'joi'
import type { DicomWebRequest } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { BoundedMap } from '../bounded-map.ts'
import { hostFilter } from '../capture-filter.ts'
import { endsOf, endsWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { addressList, type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { isAnswered, webFields } from '../web.ts'
import { listed } from '../wording.ts'

const SECOND = 1_000_000
const DAY_SECONDS = 86_400
const MAX_SERVERS = 1024
/** Clients and what they did, of one server. */
const MAX_DEEDS = 256

export interface WebNoAuthenticationSettings extends RuleSettings {
  readonly allowed_servers: readonly string[]
}

export const webNoAuthenticationSchema = Joi.object<WebNoAuthenticationSettings>({
  ...ruleKeys(),
  window_seconds: ruleKeys().window_seconds.default(DAY_SECONDS),
  allowed_servers: addressList(
    'addresses of servers that may answer anybody, such as one that a proxy with authentication stands before',
    '10.0.0.5',
  ),
})
  .default()
  .description('DICOMweb servers that answer requests without credentials')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-web-noauth',
  name: 'DICOMweb without authentication',
  category: 'dicom',
  version: '1',
  severity: 'high',
  reference: techniqueUrl(ENTERPRISE.exploitPublicFacingApplication),
  enterprise: [ENTERPRISE.exploitPublicFacingApplication],
  ics: [ICS.exploitPublicFacingApplication],
  nextSteps: [
    'Have the server ask for credentials, and for TLS; whoever reaches it can search, read and store images.',
    'See who reached it so far, and whether addresses are among them that have no business with images.',
    'If a proxy before it asks for credentials and nobody else reaches it, add it to detect.dcm-web-noauth.allowed_servers.',
  ],
}

const DEEDS: Readonly<Record<NonNullable<DicomWebRequest['service']>, string>> = {
  qido_rs: 'a search',
  wado_rs: 'a retrieval',
  wado_uri: 'a retrieval',
  stow_rs: 'a store',
  ups_rs: 'a worklist request',
  delete: 'a deletion',
}

/**
 * Requests of DICOMweb that came without any kind of credential and were answered. One alert for each server and port, which goes on only
 * when another client comes, or one does something else: a server that is open to all would have no end of it.
 */
export function createWebNoAuthentication(settings: WebNoAuthenticationSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const deedsAt = new BoundedMap<string, BoundedMap<string, true>>(MAX_SERVERS)
  const allowed = new Set(settings.allowed_servers)

  function answered(request: DicomWebRequest, deed: string, raise: (alert: Alert) => void): void {
    const { flow } = request
    const [client, server] = endsOf(request)
    if (allowed.has(server)) return
    const key = `${server} ${flow.serverPort}`
    if (!ledger.isOpen(key, request.end)) deedsAt.delete(key)
    const deeds = deedsAt.getOrCreate(key, () => new BoundedMap(MAX_DEEDS))
    const name = `${deed} by ${client}`
    if (deeds.has(name)) return
    deeds.set(name, true)
    ledger.hit(
      {
        key,
        time: request.end,
        flow,
        streamOffset: request.streamOffset,
        severity: DESCRIPTION.severity,
        confidence: 'high',
        message: `The DICOMweb server ${server} answered ${deed} without credentials`,
        evidence: [
          endsWords(client, server, flow, inventory),
          'No Authorization field, API key, token, cookie or certificate came with the request.',
          `Answered so far: ${listed(deeds.keys())}.`,
        ],
        captureFilter: hostFilter(server, [flow.serverPort]),
        fields: webFields(request),
        denied: false,
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicomweb-request'],
    observe(observation, raise) {
      if (observation.kind !== 'dicomweb-request' || observation.service === undefined) return
      if (observation.http.authentication === 'none' && isAnswered(observation)) answered(observation, DEEDS[observation.service], raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
