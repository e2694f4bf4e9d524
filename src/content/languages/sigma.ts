import { shortDuration } from '../duration.ts'
import type { FieldTest, Logic, Match, Scalar } from '../rule.ts'

/** A detection section: named selections and the condition over them. */
export type SigmaDetection = Readonly<Record<string, unknown>> & { readonly condition: string }

/** A match as Sigma says it. */
export function toSigmaDetection(match: Match): SigmaDetection {
  const selection = selectionOf(match.all.filter(({ negated }) => !negated))
  const filters = match.all.filter(({ negated }) => negated)
  const named: Record<string, unknown> = { selection }
  const condition = ['selection']
  if (match.any.length > 0) {
    named['any'] = match.any.map(selectionOf)
    condition.push('any')
  }
  for (const filter of filters) {
    const name = `filter_${filter.field.replaceAll('.', '_')}`
    named[name] = selectionOf([{ ...filter, negated: false }])
    condition.push(`not ${name}`)
  }
  return { ...named, condition: condition.join(' and ') }
}

function selectionOf(tests: readonly FieldTest[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(tests.map(sigmaTest))
}

function sigmaTest({ field, negated, test }: FieldTest): readonly [string, unknown] {
  switch (test.kind) {
    case 'exists':
      return [`${field}|exists`, !negated]
    case 'equals':
      return [field, single(test.values)]
    case 'starts_with':
      return [`${field}|startswith`, test.prefix]
    case 'at_least':
      return [`${field}|gte`, test.number]
    case 'in_network':
      return [`${field}|cidr`, single(test.networks)]
  }
}

function single(values: readonly Scalar[]): Scalar | readonly Scalar[] {
  return values.length === 1 ? values[0] : values
}

/** Sigma has no word for a value that was never seen, nor for events that fail to come. */
export function sigmaCanSay(logic: Logic): boolean {
  return logic.type !== 'new_terms' && logic.type !== 'silence'
}

/** The correlation section over rules by name. */
export function toSigmaCorrelation(
  logic: Extract<Logic, { type: 'threshold' | 'sequence' }>,
  rules: readonly string[],
): Readonly<Record<string, unknown>> {
  if (logic.type === 'threshold') return thresholdCorrelation(logic, rules)
  const first = logic.steps[0].by
  const names = first.map((field, index) => (logic.steps.every(step => step.by[index] === field) ? field : `joined_${index + 1}`))
  const aliases = Object.fromEntries(
    names.flatMap((name, index) =>
      name === first[index] ? [] : [[name, Object.fromEntries(logic.steps.map((step, at) => [rules[at], step.by[index]]))]],
    ),
  )
  return {
    type: 'temporal_ordered',
    rules,
    'group-by': names,
    timespan: shortDuration(logic.within),
    ...(Object.keys(aliases).length > 0 ? { aliases } : {}),
  }
}

const CORRELATION = { count: 'event_count', distinct: 'value_count', sum: 'value_sum' } as const

function thresholdCorrelation(
  { measure, by, within }: Extract<Logic, { type: 'threshold' }>,
  rules: readonly string[],
): Readonly<Record<string, unknown>> {
  return {
    type: CORRELATION[measure.kind],
    rules,
    'group-by': by,
    timespan: shortDuration(within),
    condition: { gte: measure.at_least, ...(measure.kind === 'count' ? {} : { field: measure.field }) },
  }
}
