import type { FieldTest, Match, Scalar } from '../rule.ts'

/** A match in the Kibana Query Language. */
export function toKql(match: Match): string {
  const all = match.all.map(kqlTest)
  if (match.any.length > 0) all.push(`(${match.any.map(group => kqlGroup(group)).join(' or ')})`)
  return all.join(' and ')
}

function kqlGroup(tests: readonly FieldTest[]): string {
  const text = tests.map(kqlTest).join(' and ')
  return tests.length > 1 ? `(${text})` : text
}

function kqlTest({ field, negated, test }: FieldTest): string {
  const not = negated ? 'not ' : ''
  switch (test.kind) {
    case 'exists':
      return `${not}${field}: *`
    case 'equals':
      return `${not}${field}: ${kqlValues(test.values)}`
    case 'starts_with':
      return `${not}${field}: ${test.prefix.replace(/[\\():<>"*{}\s]/g, '\\$&')}*`
    case 'at_least':
      return `${not}${field} >= ${test.number}`
    case 'in_network':
      return `${not}${field}: ${kqlValues(test.networks)}`
  }
}

function kqlValues(values: readonly Scalar[]): string {
  const texts = values.map(value => (typeof value === 'string' ? quoted(value) : String(value)))
  return texts.length === 1 ? texts[0] : `(${texts.join(' or ')})`
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`
}
