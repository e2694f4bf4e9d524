import Joi from 'joi'
import type { Hl7Message } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { BoundedMap } from '../bounded-map.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsWords } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { counted, known, listed } from '../wording.ts'

const SECOND = 1_000_000
const MAX_CONVERSATIONS = 4096
const MAX_MESSAGES = 1000

export interface Hl7FrameSettings extends RuleSettings {
  readonly messages: number
  readonly seconds: number
  readonly tolerated: readonly string[]
}

export const hl7FrameSchema = Joi.object<Hl7FrameSettings>({
  ...ruleKeys(),
  messages: Joi.number()
    .integer()
    .min(1)
    .max(MAX_MESSAGES)
    .default(5)
    .description('badly framed or malformed messages of one conversation'),
  seconds: Joi.number().min(1).max(3600).default(60).description('within this many seconds'),
  tolerated: Joi.array()
    .items(Joi.string())
    .default(['lf_delimiters', 'missing_trailing_cr', 'hllp', 'hllp_checksum_mismatch'])
    .description('codes of hl7.framing.deviations and hl7.violations that are habits of interfaces, not attacks'),
})
  .default()
  .description('HL7 messages that break MLLP framing or message structure')

const DESCRIPTION: RuleDescription = {
  id: 'hl7-frame',
  name: 'Malformed HL7 messages',
  category: 'hl7',
  version: '1',
  severity: 'medium',
  reference: techniqueUrl(ENTERPRISE.applicationExploitation),
  enterprise: [ENTERPRISE.applicationExploitation],
  ics: [ICS.denialOfService],
  nextSteps: [
    'Find out whether the sender is an interface of the site or a host that has no business with HL7.',
    'See whether the listener still acknowledges the messages of its regular senders.',
    'If an interface always writes like this, add the code to detect.hl7-frame.tolerated.',
  ],
}

interface Conversation {
  /** Times of the latest malformed messages, oldest first, as many as the threshold needs. */
  readonly times: number[]
}

/** Several messages with wrong framing or structure from one client to one listener in a short time. */
export function createHl7Frame(settings: Hl7FrameSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const conversations = new BoundedMap<string, Conversation>(MAX_CONVERSATIONS)
  const tolerated = new Set(settings.tolerated)

  function malformed(observation: Hl7Message, codes: readonly string[], raise: (alert: Alert) => void): void {
    const { flow, end } = observation
    const key = `${flow.clientAddress} ${flow.serverAddress}`
    const { times } = conversations.getOrCreate(key, () => ({ times: [] }))
    times.push(end)
    if (times.length > settings.messages) times.shift()
    const enough = times.length >= settings.messages && end - times[0] <= settings.seconds * SECOND
    if (!enough && !ledger.isOpen(key, end)) return
    ledger.hit(
      {
        key,
        time: end,
        flow,
        streamOffset: observation.streamOffset,
        severity: DESCRIPTION.severity,
        confidence: 'medium',
        message: `${flow.clientAddress} exchanges malformed HL7 messages with ${flow.serverAddress}: ${listed(codes)}`,
        evidence: [
          endsWords(flow.clientAddress, flow.serverAddress, flow, inventory),
          `At least ${counted(settings.messages, 'malformed message')} within ${settings.seconds} s; the latest: ${listed(codes)}.`,
        ],
        captureFilter: conversationFilter(flow.clientAddress, flow.serverAddress, flow.serverPort),
        fields: known({
          'hl7.message.type': observation.type,
          'hl7.sending.application': observation.sending.application,
          'hl7.receiving.application': observation.receiving.application,
          'hl7.framing.deviations': observation.framingDeviations,
          'hl7.violations': observation.violations,
        }),
        denied: false,
        opening: { count: times.length, firstSeen: times[0] },
      },
      raise,
    )
  }

  return {
    description: DESCRIPTION,
    looksAt: ['hl7-message'],
    observe(observation, raise) {
      if (observation.kind !== 'hl7-message' || observation.partial.length > 0) return
      if (observation.framingDeviations.length === 0 && observation.violations.length === 0) return
      const codes = [...observation.framingDeviations, ...observation.violations].filter(code => !tolerated.has(code))
      if (codes.length > 0) malformed(observation, codes, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}
