import type { Dataset } from '../normalize/event.ts'
import type { TacticReference } from './attack.ts'

/** One SIEM detection, as a file of `dashboards/rules/` says it. Every product's rule is made from this. */
export interface DetectionRule {
  /** Name of the file: `dcm-default-ae`. */
  readonly id: string
  /** Never changes: products know the rule by it. */
  readonly uuid: string
  readonly version: number
  readonly name: string
  /** One or two sentences: what it finds. */
  readonly description: string
  /** Why that matters in a hospital. */
  readonly why: string
  readonly family: Family
  readonly severity: Severity
  /** `2026-03-01` */
  readonly created: string
  readonly updated: string
  readonly attack: {
    readonly enterprise: readonly TacticReference[]
    /** Techniques of ATT&CK for ICS. */
    readonly ics: readonly string[]
  }
  readonly datasets: readonly Dataset[]
  readonly logic: Logic
  /** Whom the risk is about and who brought it: names of fields that every hit carries. */
  readonly risk: { readonly about: string; readonly threat: string | undefined }
  /** Hits that agree in `by` are one alert for so many seconds. */
  readonly suppress: { readonly by: readonly string[]; readonly seconds: number } | undefined
  /** Fields that an analyst looks at first. */
  readonly investigation_fields: readonly string[]
  readonly setup: readonly string[]
  readonly false_positives: readonly string[]
  readonly guide: Guide
  readonly references: readonly string[]
  readonly tests: {
    readonly fires: readonly TestCase[]
    readonly silent: readonly TestCase[]
  }
  /** Events on which it fires, as the sensor makes them: one JSON document a line. */
  readonly events: string
}

/** What the rule is about; a story in Splunk. */
export type Family = 'dicom' | 'hl7' | 'workflow' | 'device' | 'network' | 'correlation' | 'sensor'
export type Severity = 'low' | 'medium' | 'high' | 'critical'

/** Elastic's levels, which are also the risk scores in Splunk. */
export const RISK_SCORE: Readonly<Record<Severity, number>> = { low: 21, medium: 47, high: 73, critical: 99 }

/** What the investigation guide says beside `why` and `false_positives`. */
interface Guide {
  readonly steps: readonly string[]
  readonly response: readonly string[]
}

/** What must hold of an event. Products' queries are generated from it. */
export interface Match {
  /** All of these. */
  readonly all: readonly FieldTest[]
  /** And all tests of one of these, where there are any. */
  readonly any: readonly (readonly FieldTest[])[]
}

export interface FieldTest {
  readonly field: string
  /** The test must not hold; a missing field passes. */
  readonly negated: boolean
  readonly test: Test
}

export type Scalar = string | number | boolean

export type Test =
  | { readonly kind: 'equals'; readonly values: readonly Scalar[] }
  | { readonly kind: 'exists' }
  | { readonly kind: 'starts_with'; readonly prefix: string }
  | { readonly kind: 'at_least'; readonly number: number }
  | { readonly kind: 'in_network'; readonly networks: readonly string[] }

/** How events become a detection. Times are seconds. */
export type Logic =
  | { readonly type: 'query'; readonly match: Match }
  | {
      readonly type: 'threshold'
      readonly match: Match
      readonly by: readonly string[]
      readonly measure: Measure
      readonly within: number
    }
  | { readonly type: 'new_terms'; readonly match: Match; readonly terms: readonly string[]; readonly history: number }
  | { readonly type: 'sequence'; readonly within: number; readonly steps: readonly SequenceStep[] }
  | {
      readonly type: 'silence'
      readonly match: Match
      readonly by: readonly string[]
      /** Nothing came for this long … */
      readonly missing: number
      /** … after so many events … */
      readonly after_events: number
      /** … within this time. */
      readonly within: number
    }

/** What a threshold counts in each group: events, different values of a field, or the sum of a field. */
export type Measure =
  | { readonly kind: 'count'; readonly at_least: number }
  | { readonly kind: 'distinct'; readonly field: string; readonly at_least: number }
  | { readonly kind: 'sum'; readonly field: string; readonly at_least: number }

interface SequenceStep {
  readonly match: Match
  /** Fields whose values join this step to the others, in the same order as theirs. */
  readonly by: readonly string[]
}

/** A golden capture by name (`*` stands for any letters, a leading `!` takes some out again), or a set of events derived from captures. */
export type TestCase = string | EventSet

/** Events of captures, changed: for what no capture shows. */
export interface EventSet {
  readonly name: string
  readonly events: readonly DerivedEvents[]
}

export interface DerivedEvents {
  /** The first event of this capture … */
  readonly capture: string
  /** … with these values … */
  readonly where: Readonly<Record<string, Scalar>>
  /** … with these instead; `%d` in a text is the number of the copy … */
  readonly set: Readonly<Record<string, Scalar | readonly Scalar[]>>
  /** … and without these. */
  readonly unset: readonly string[]
  readonly copies: number
  /** Seconds from one copy to the next. */
  readonly every: number
  /** Seconds after the begin of the set. */
  readonly after: number
}

/** The tests of all steps or of the one query, flat. */
export function matchesOf(logic: Logic): readonly Match[] {
  return logic.type === 'sequence' ? logic.steps.map(step => step.match) : [logic.match]
}

export function testsOf(match: Match): readonly FieldTest[] {
  return [...match.all, ...match.any.flat()]
}

/** Fields by which hits of a rule are told apart. */
export function groupFields(logic: Logic): readonly string[] {
  switch (logic.type) {
    case 'query':
      return []
    case 'new_terms':
      return logic.terms
    case 'sequence':
      return logic.steps[0]?.by ?? []
    case 'threshold':
    case 'silence':
      return logic.by
  }
}
