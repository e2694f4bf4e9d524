import type { Observation } from '../protocols/observation.ts'
import { EMPTY_INVENTORY, type InventoryView } from './inventory-view.ts'
import { UPDATE_INTERVAL } from './ledger.ts'
import type { Alert, Rule } from './rule.ts'
import { createAeBrute } from './rules/dcm-ae-brute.ts'
import { createContextEnumeration } from './rules/dcm-ctx-enum.ts'
import { createDelete } from './rules/dcm-delete.ts'
import { createExposed } from './rules/dcm-exposed.ts'
import { createFindBulk } from './rules/dcm-find-bulk.ts'
import { createMoveNewDestination } from './rules/dcm-move-new-dest.ts'
import { createPduMalformed } from './rules/dcm-pdu-malformed.ts'
import { createPreambleExecutable } from './rules/dcm-preamble-exec.ts'
import { createScanSweep } from './rules/dcm-scan-sweep.ts'
import { createToolSignature } from './rules/dcm-tool-sig.ts'
import { createWebEnumeration } from './rules/dcm-web-enum.ts'
import { createWebNoAuthentication } from './rules/dcm-web-noauth.ts'
import { createHl7External } from './rules/hl7-external.ts'
import { createHl7Frame } from './rules/hl7-frame.ts'
import { createSopAltered } from './rules/wf-sop-altered.ts'
import type { DetectSettings } from './settings.ts'

/** Every rule of the sensor that is enabled. A new rule is a file, its schema in `settings.ts` and a line here. */
export function createRules(settings: DetectSettings, inventory: InventoryView = EMPTY_INVENTORY): readonly Rule[] {
  const rules: readonly (Rule | false)[] = [
    settings['dcm-move-new-dest'].enabled && createMoveNewDestination(settings['dcm-move-new-dest'], inventory),
    settings['dcm-ae-brute'].enabled && createAeBrute(settings['dcm-ae-brute'], inventory),
    settings['dcm-scan-sweep'].enabled && createScanSweep(settings['dcm-scan-sweep'], inventory),
    settings['dcm-tool-sig'].enabled && createToolSignature(settings['dcm-tool-sig'], inventory),
    settings['dcm-ctx-enum'].enabled && createContextEnumeration(settings['dcm-ctx-enum'], inventory),
    settings['dcm-find-bulk'].enabled && createFindBulk(settings['dcm-find-bulk'], inventory),
    settings['dcm-pdu-malformed'].enabled && createPduMalformed(settings['dcm-pdu-malformed'], inventory),
    settings['dcm-exposed'].enabled && createExposed(settings['dcm-exposed'], inventory),
    settings['dcm-preamble-exec'].enabled && createPreambleExecutable(settings['dcm-preamble-exec'], inventory),
    settings['dcm-delete'].enabled && createDelete(settings['dcm-delete'], inventory),
    settings['dcm-web-noauth'].enabled && createWebNoAuthentication(settings['dcm-web-noauth'], inventory),
    settings['dcm-web-enum'].enabled && createWebEnumeration(settings['dcm-web-enum'], inventory),
    settings['hl7-external'].enabled && createHl7External(settings['hl7-external'], inventory),
    settings['hl7-frame'].enabled && createHl7Frame(settings['hl7-frame'], inventory),
    settings['wf-sop-altered'].enabled && createSopAltered(settings['wf-sop-altered'], inventory),
  ]
  return rules.filter(rule => rule !== false)
}

/** Runs all rules on what decoders report. Driven by packet time alone: the same packets raise the same alerts. */
export class Detector {
  readonly #rules: readonly Rule[]
  /** Rules by what they look at. */
  readonly #rulesFor = new Map<Observation['kind'], Rule[]>()
  readonly #emit: (alert: Alert) => void

  constructor(settings: DetectSettings, inventory: InventoryView, emit: (alert: Alert) => void) {
    this.#rules = createRules(settings, inventory)
    this.#emit = emit
    for (const rule of this.#rules) for (const kind of rule.looksAt) this.#rulesFor.set(kind, [...(this.#rulesFor.get(kind) ?? []), rule])
  }

  /** After the inventory has seen the observation. */
  observe(observation: Observation): void {
    const rules = this.#rulesFor.get(observation.kind)
    if (rules === undefined) return
    for (const rule of rules) rule.observe(observation, this.#emit)
  }

  /** About once a second of packet time. */
  tick(time: number): void {
    for (const rule of this.#rules) rule.tick(time, this.#emit)
  }

  /** The input is over: report counts that still wait for their update. */
  finish(time: number): void {
    this.tick(time + UPDATE_INTERVAL)
  }
}
