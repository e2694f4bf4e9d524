import Joi from 'joi'
import { type ConfigProblem, parseConfig } from '../config/load.ts'
import { DATASETS, type Dataset } from '../normalize/event.ts'
import { durationSchema } from './duration.ts'
import type { DerivedEvents, DetectionRule, EventSet, FieldTest, Logic, Match, Scalar, Test, TestCase } from './rule.ts'

/** The tests of a match as a file writes them: a value, a list of values, or one word with its argument. */
type RawTest = Scalar | readonly Scalar[] | RawWord
interface RawWord {
  readonly not?: RawTest
  readonly exists?: boolean
  readonly starts_with?: string
  readonly at_least?: number
  readonly in_network?: string | readonly string[]
}
type RawMatch = Readonly<Record<string, RawTest>>
interface RawMatching {
  readonly match: RawMatch
  readonly any?: readonly RawMatch[]
}

type RawLogic =
  | ({ readonly type: 'query' } & RawMatching)
  | ({ readonly type: 'threshold'; readonly by: string[]; readonly within: number } & RawMeasure & RawMatching)
  | ({ readonly type: 'new_terms'; readonly terms: string[]; readonly history: number } & RawMatching)
  | { readonly type: 'sequence'; readonly within: number; readonly by: string[]; readonly steps: (RawMatching & { by?: string[] })[] }
  | ({ readonly type: 'silence'; by: string[]; missing: number; after_events: number; within: number } & RawMatching)

interface RawMeasure {
  readonly count?: number
  readonly distinct?: { readonly field: string; readonly at_least: number }
  readonly sum?: { readonly field: string; readonly at_least: number }
}

type RawRule = Omit<DetectionRule, 'id' | 'logic' | 'suppress' | 'tests' | 'updated' | 'risk' | 'events'> & {
  readonly logic: RawLogic
  readonly updated?: string
  readonly risk: { readonly about: string; readonly threat?: string }
  readonly suppress?: { readonly by: readonly string[]; readonly for: number }
  readonly tests: { readonly fires: readonly TestCase[]; readonly silent: readonly TestCase[] }
}

const text = () => Joi.string().trim().min(1)
const sentences = () => Joi.array().items(text()).min(1).required()
const fieldName = () => Joi.string().pattern(/^@?[a-z0-9_]+(\.[a-z0-9_]+)*$/, 'a field name')
const fieldNames = (most: number) => Joi.array().items(fieldName()).min(1).max(most).unique()
const date = () => Joi.string().pattern(/^\d{4}-\d{2}-\d{2}$/, 'a date such as 2026-03-01')
const positive = () => Joi.number().integer().min(1)

const scalar = [Joi.string(), Joi.number(), Joi.boolean()] as const
const scalars = Joi.array()
  .items(...scalar)
  .min(1)
const networks = Joi.string().ip({ cidr: 'required' })
const word = {
  exists: Joi.boolean(),
  starts_with: Joi.string(),
  at_least: Joi.number(),
  in_network: Joi.alternatives(networks, Joi.array().items(networks).min(1)),
}
const plainTest = Joi.alternatives(...scalar, scalars, Joi.object(word).length(1))
const test = Joi.alternatives(...scalar, scalars, Joi.object({ ...word, not: plainTest }).length(1))
const match = Joi.object().pattern(fieldName(), test).min(1)
const matching = { match: match.required(), any: Joi.array().items(match).min(2) }

const measured = (field: Joi.Schema) => Joi.object({ field: field.required(), at_least: positive().required() })

const logic = Joi.object()
  .keys({ type: Joi.string().valid('query', 'threshold', 'new_terms', 'sequence', 'silence').required() })
  .when('.type', {
    switch: [
      { is: 'query', then: Joi.object(matching) },
      {
        is: 'threshold',
        then: Joi.object({
          ...matching,
          by: fieldNames(3).required(),
          count: positive(),
          distinct: measured(fieldName()),
          sum: measured(fieldName()),
          within: durationSchema().required(),
        }).xor('count', 'distinct', 'sum'),
      },
      {
        is: 'new_terms',
        then: Joi.object({ ...matching, terms: fieldNames(3).required(), history: durationSchema().required() }),
      },
      {
        is: 'sequence',
        then: Joi.object({
          by: fieldNames(3).required(),
          within: durationSchema().required(),
          steps: Joi.array()
            .items(Joi.object({ ...matching, by: fieldNames(3) }))
            .min(2)
            .required(),
        }),
      },
      {
        is: 'silence',
        then: Joi.object({
          ...matching,
          by: fieldNames(3).required(),
          missing: durationSchema().required(),
          after_events: positive().required(),
          within: durationSchema().required(),
        }),
      },
    ],
  })

const derived = Joi.object<DerivedEvents>({
  capture: Joi.string().required(),
  where: Joi.object()
    .pattern(fieldName(), Joi.alternatives(...scalar))
    .min(1)
    .required(),
  set: Joi.object()
    .pattern(fieldName(), Joi.alternatives(...scalar, scalars))
    .default({}),
  unset: Joi.array().items(fieldName()).default([]),
  copies: positive().max(1000).default(1),
  every: durationSchema().default(1),
  after: durationSchema().default(0),
})

const testCases = Joi.array()
  .items(Joi.string(), Joi.object<EventSet>({ name: text().required(), events: Joi.array().items(derived).min(1).required() }))
  .default([])

/** A file of `dashboards/rules/`. */
const ruleSchema = Joi.object<RawRule>({
  uuid: Joi.string().guid({ version: 'uuidv4' }).required(),
  version: positive().default(1),
  // Splunk Enterprise Security keeps names shorter than 100 characters, and wraps ours in 36.
  name: text()
    .max(60)
    .pattern(/^[A-Za-z0-9 .\-/]+$/, 'letters, digits, spaces, points, hyphens and slashes')
    .required(),
  family: Joi.string().valid('dicom', 'hl7', 'workflow', 'device', 'network', 'correlation', 'sensor').required(),
  severity: Joi.string().valid('low', 'medium', 'high', 'critical').required(),
  created: date().required(),
  updated: date(),
  description: text().required(),
  why: text().required(),
  attack: Joi.object({
    enterprise: Joi.array()
      .items(
        Joi.object({
          tactic: Joi.string().required(),
          techniques: Joi.array().items(Joi.string()).min(1).required(),
        }),
      )
      .min(1)
      .required(),
    ics: Joi.array().items(Joi.string()).min(1).required(),
  }).required(),
  datasets: Joi.array()
    .items(Joi.string().valid(...DATASETS))
    .min(1)
    .unique()
    .required(),
  logic: logic.required(),
  risk: Joi.object({ about: fieldName().required(), threat: fieldName() }).required(),
  suppress: Joi.object({ by: fieldNames(3).required(), for: durationSchema().required() }),
  investigation_fields: fieldNames(20).required(),
  setup: sentences(),
  false_positives: sentences(),
  guide: Joi.object({ steps: sentences(), response: sentences() }).required(),
  references: Joi.array()
    .items(Joi.string().uri({ scheme: 'https' }))
    .default([]),
  tests: Joi.object({ fires: testCases, silent: testCases }).required(),
})

export type ParsedRule =
  | { readonly ok: true; readonly rule: DetectionRule }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** Read one rule. `id` is the name of its file without the suffix. Every problem of form is reported at once, with its line. */
export function parseRule(yaml: string, file: string, id: string, events: string): ParsedRule {
  const result = parseConfig(yaml, file, ruleSchema, {})
  if (!result.ok) return result
  const { suppress, updated, risk, logic: rawLogic, ...rest } = result.settings
  return {
    ok: true,
    rule: {
      ...rest,
      id,
      events,
      updated: updated ?? rest.created,
      datasets: rest.datasets as readonly Dataset[],
      risk: { about: risk.about, threat: risk.threat },
      suppress: suppress && { by: suppress.by, seconds: suppress.for },
      logic: logicOf(rawLogic),
    },
  }
}

function logicOf(raw: RawLogic): Logic {
  switch (raw.type) {
    case 'query':
      return { type: 'query', match: matchOf(raw) }
    case 'threshold':
      return { type: 'threshold', match: matchOf(raw), by: raw.by, measure: measureOf(raw), within: raw.within }
    case 'new_terms':
      return { type: 'new_terms', match: matchOf(raw), terms: raw.terms, history: raw.history }
    case 'sequence':
      return {
        type: 'sequence',
        within: raw.within,
        steps: raw.steps.map(step => ({ match: matchOf(step), by: step.by ?? raw.by })),
      }
    case 'silence': {
      const { by, missing, after_events, within } = raw
      return { type: 'silence', match: matchOf(raw), by, missing, after_events, within }
    }
  }
}

function measureOf({ count, distinct, sum }: RawMeasure): Extract<Logic, { type: 'threshold' }>['measure'] {
  if (distinct !== undefined) return { kind: 'distinct', ...distinct }
  if (sum !== undefined) return { kind: 'sum', ...sum }
  return { kind: 'count', at_least: count ?? 1 }
}

function matchOf({ match: all, any }: RawMatching): Match {
  return { all: testsOf(all), any: (any ?? []).map(testsOf) }
}

function testsOf(raw: RawMatch): readonly FieldTest[] {
  return Object.entries(raw).map(([field, value]) => fieldTest(field, value))
}

function fieldTest(field: string, raw: RawTest): FieldTest {
  if (!isWord(raw)) return { field, negated: false, test: { kind: 'equals', values: listOf(raw) } }
  if (raw.not !== undefined) return { ...fieldTest(field, raw.not), negated: true }
  return { field, negated: raw.exists === false, test: wordTest(raw) }
}

function wordTest({ starts_with, at_least, in_network }: RawWord): Test {
  if (starts_with !== undefined) return { kind: 'starts_with', prefix: starts_with }
  if (at_least !== undefined) return { kind: 'at_least', number: at_least }
  if (in_network !== undefined) return { kind: 'in_network', networks: listOf(in_network) }
  return { kind: 'exists' }
}

function isWord(raw: RawTest): raw is RawWord {
  return typeof raw === 'object' && !Array.isArray(raw)
}

function listOf<Item>(value: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item]
}
