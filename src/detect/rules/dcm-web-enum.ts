import Joi from 'joi'
import type { DicomWebRequest } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { BoundedMap } from '../bounded-map.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsOf, endsWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { addressList, type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { isAnswered, isRejected, webFields } from '../web.ts'

const SECOND = 1_000_000
const MAX_PAIRS = 2048
const MAX_ROOTS = 256

export interface WebEnumerationSettings extends RuleSettings {
  readonly roots: number
  readonly seconds: number
  readonly allowed_clients: readonly string[]
}

export const webEnumerationSchema = Joi.object<WebEnumerationSettings>({
  ...ruleKeys(),
  roots: Joi.number()
    .integer()
    .min(2)
    .max(MAX_ROOTS)
    .default(6)
    .description('different paths under which one client looks for DICOMweb in vain that make it an enumeration'),
  seconds: Joi.number().min(1).max(86_400).default(300).description('within this many seconds'),
  allowed_clients: addressList('addresses that may look for DICOMweb, such as a vulnerability scanner of the site', '10.0.0.5'),
})
  .default()
  .description('one client that looks for DICOMweb under many paths of a server')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-web-enum',
  name: 'DICOMweb path enumeration',
  category: 'dicom',
  version: '1',
  severity: 'medium',
  reference: techniqueUrl(ENTERPRISE.activeScanning),
  enterprise: [ENTERPRISE.activeScanning],
  ics: [ICS.remoteSystemDiscovery],
  nextSteps: [
    'Find out what the client is: a vulnerability scanner of the site, a viewer with a wrong address, or a host that has no business with images.',
    'See whether it found a path that answers, and what it searched or retrieved there.',
    'If it is a scanner of the site, add its address to detect.dcm-web-enum.allowed_clients.',
  ],
}

interface Pair {
  /** Paths that were refused (keyed hashes), with the latest time. */
  readonly rejected: BoundedMap<string, number>
  /** Paths that were answered. */
  readonly answered: BoundedMap<string, true>
}

/** Different roots of DICOMweb at one server that a client tried, and that the server refused or did not have. */
export function createWebEnumeration(settings: WebEnumerationSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const pairs = new BoundedMap<string, Pair>(MAX_PAIRS)
  const allowed = new Set(settings.allowed_clients)

  function rejected(request: DicomWebRequest, root: string, key: string, raise: (alert: Alert) => void): void {
    const { flow, end } = request
    const pair = pairs.getOrCreate(key, () => ({ rejected: new BoundedMap(MAX_ROOTS), answered: new BoundedMap(MAX_ROOTS) }))
    const roots = pair.rejected
    const isNew = !roots.has(root)
    roots.set(root, end)
    roots.expire(time => end - time > settings.seconds * SECOND)
    if (roots.size < settings.roots || !(isNew || ledger.isOpen(key, end))) return
    const [client, server] = endsOf(request)
    const found = pair.answered.size
    ledger.hit(
      {
        key,
        time: end,
        flow,
        streamOffset: request.streamOffset,
        severity: DESCRIPTION.severity,
        confidence: 'high',
        message: `${client} looked for DICOMweb at ${server} under ${roots.size} paths within ${settings.seconds} s that the server does not offer`,
        evidence: [
          endsWords(client, server, flow, inventory),
          `${roots.size} different paths were answered with a status from 400 to 499, the latest with ${request.http.status}.`,
          found === 0 ? 'No path was answered.' : `Paths that were answered: ${found}.`,
        ],
        captureFilter: conversationFilter(client, server, flow.serverPort),
        fields: webFields(request),
        denied: true,
        opening: { count: roots.size, firstSeen: roots.values().next().value ?? end },
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicomweb-request'],
    observe(observation, raise) {
      if (observation.kind !== 'dicomweb-request' || observation.root === undefined) return
      const [client, server] = endsOf(observation)
      if (allowed.has(client)) return
      const key = `${client} ${server}`
      if (isRejected(observation)) rejected(observation, observation.root, key, raise)
      else if (isAnswered(observation)) pairs.get(key)?.answered.set(observation.root, true)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
