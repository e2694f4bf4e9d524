import { shortDuration } from '../duration.ts'
import type { FieldTest, Logic, Match, Scalar } from '../rule.ts'

/** A sequence in the Event Query Language. Fields that join the steps stand with each step, as their names may differ. */
export function toEql(logic: Extract<Logic, { type: 'sequence' }>): string {
  const steps = logic.steps.map(({ match, by }) => `  [any where ${eqlMatch(match)}] by ${by.join(', ')}`)
  return [`sequence with maxspan=${shortDuration(logic.within)}`, ...steps].join('\n')
}

function eqlMatch(match: Match): string {
  const all = match.all.map(eqlTest)
  if (match.any.length > 0) all.push(`(${match.any.map(tests => `(${tests.map(eqlTest).join(' and ')})`).join(' or ')})`)
  return all.join(' and ')
}

/** A comparison with a missing field is neither true nor false, so a negated test says that it may be missing. */
function eqlTest(fieldTest: FieldTest): string {
  const positive = eqlPositive(fieldTest)
  if (!fieldTest.negated) return positive
  return fieldTest.test.kind === 'exists' ? `${fieldTest.field} == null` : `(${fieldTest.field} == null or not ${positive})`
}

function eqlPositive({ field, test }: FieldTest): string {
  switch (test.kind) {
    case 'exists':
      return `${field} != null`
    case 'equals':
      return test.values.length === 1 ? `${field} == ${literal(test.values[0])}` : `${field} in (${test.values.map(literal).join(', ')})`
    case 'starts_with':
      return `startsWith(${field}, ${literal(test.prefix)})`
    case 'at_least':
      return `${field} >= ${test.number}`
    case 'in_network':
      return `cidrMatch(${field}, ${test.networks.map(literal).join(', ')})`
  }
}

function literal(value: Scalar): string {
  return typeof value === 'string' ? `"${value.replace(/[\\"]/g, '\\$&')}"` : String(value)
}
