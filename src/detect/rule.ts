import type { Flow } from '../net/flow.ts'
import type { Observation } from '../protocols/observation.ts'

export type Severity = 'low' | 'medium' | 'high' | 'critical'

/** ATT&CK technique; `id` as of the version in `ATTACK_VERSION`. */
export interface Technique {
  readonly id: string
  readonly name: string
  readonly tactic: { readonly id: string; readonly name: string }
}

/** The fixed part of a detection: what it is, whatever traffic raises it. */
export interface RuleDescription {
  /** Catalogue id, lower case: `dcm-move-new-dest`. */
  readonly id: string
  readonly name: string
  readonly category: 'dicom' | 'hl7' | 'workflow' | 'network'
  readonly version: string
  readonly severity: Severity
  readonly reference: string
  /** Enterprise techniques go to `threat.*`, ICS ones to `wardwire.attack.ics`. */
  readonly enterprise: readonly Technique[]
  readonly ics: readonly { readonly id: string; readonly name: string }[]
  readonly nextSteps: readonly string[]
}

/** A detection. `key` names what it is about: further hits with the same key within the rule's window update the same alert. */
export interface Alert {
  readonly rule: RuleDescription
  readonly key: string
  readonly action: 'alert-raised' | 'alert-updated'
  readonly severity: Severity
  readonly confidence: 'low' | 'medium' | 'high'
  /** One short English sentence for an analyst. */
  readonly message: string
  readonly evidence: readonly string[]
  readonly count: number
  readonly firstSeen: number
  readonly lastSeen: number
  /** The flow of the hit that raised or updated it. */
  readonly flow: Flow
  readonly streamOffset: number
  /** BPF expression that pulls the same traffic. */
  readonly captureFilter: string
  /** Names beside the common ones that the event carries, e.g. AE titles: dotted catalogue field → value. */
  readonly fields: Readonly<Record<string, string | number | boolean | readonly string[]>>
  /** True when the target refused what was tried: `event.type` then says `denied`. */
  readonly denied: boolean
}

/** A running rule: keeps its own bounded state. */
export interface Rule {
  readonly description: RuleDescription
  /** Kinds of observations that it hears of. */
  readonly looksAt: readonly Observation['kind'][]
  observe(observation: Observation, raise: (alert: Alert) => void): void
  /** About once a second of packet time. */
  tick(time: number, raise: (alert: Alert) => void): void
}
