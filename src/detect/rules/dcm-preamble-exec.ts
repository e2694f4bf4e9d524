import Joi from 'joi'
import type { DicomWebRequest } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsOf, endsWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { isRejected, webFields } from '../web.ts'

const SECOND = 1_000_000

export type PreambleExecutableSettings = RuleSettings

export const preambleExecutableSchema = Joi.object<PreambleExecutableSettings>(ruleKeys())
  .default()
  .description('DICOM files that are programs too, stored or retrieved over HTTP')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-preamble-exec',
  name: 'Program in a DICOM file',
  category: 'dicom',
  version: '1',
  severity: 'critical',
  reference: techniqueUrl(ENTERPRISE.embeddedPayloads),
  enterprise: [ENTERPRISE.embeddedPayloads, ENTERPRISE.masqueradeFileType],
  ics: [ICS.userExecution],
  nextSteps: [
    'Find the file in the archive by client, time and size, and keep it from being opened or sent on.',
    'Find out where the client has it from; a medium that a patient brought is a common way in.',
    'Look for other files from the same client, and for hosts that retrieved this one.',
  ],
}

/** Codes that say so, and what they mean (CVE-2019-11687). */
const MEANINGS: ReadonlyMap<string, { readonly severity: 'critical' | 'high'; readonly what: string; readonly evidence: string }> = new Map(
  [
    [
      'executable_preamble',
      {
        severity: 'critical',
        what: 'a DICOM file that is a program too',
        evidence:
          'The 128 bytes before the DICOM prefix begin like a program (Windows, ELF, Mach-O or a script), so that the file can be started.',
      },
    ],
    [
      'executable_content',
      {
        severity: 'high',
        what: 'a program that was declared a DICOM file',
        evidence: 'The content begins like a program and has no DICOM prefix, although its media type is application/dicom.',
      },
    ],
  ],
)

/** What the decoder found at the beginning of files in bodies. DIMSE carries no preamble (PS3.10 §7.1), so HTTP is where it can be seen. */
export function createPreambleExecutable(settings: PreambleExecutableSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)

  function found(request: DicomWebRequest, code: string, raise: (alert: Alert) => void): void {
    const meaning = MEANINGS.get(code)
    if (meaning === undefined) return
    const [client, server] = endsOf(request)
    const isUpload = request.service === 'stow_rs'
    ledger.hit(
      {
        key: `${client} ${server} ${code}`,
        time: request.end,
        flow: request.flow,
        streamOffset: request.streamOffset,
        severity: meaning.severity,
        confidence: 'high',
        message: isUpload ? `${client} sent ${server} ${meaning.what}` : `${client} got ${meaning.what} from ${server}`,
        evidence: [
          endsWords(client, server, request.flow, inventory),
          meaning.evidence,
          `The server answered ${request.http.status ?? 'nothing that was seen'}.`,
        ],
        captureFilter: conversationFilter(client, server, request.flow.serverPort),
        fields: webFields(request),
        denied: isRejected(request),
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicomweb-request'],
    observe(observation, raise) {
      if (observation.kind !== 'dicomweb-request') return
      for (const code of observation.violations) found(observation, code, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
