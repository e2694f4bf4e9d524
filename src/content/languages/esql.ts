import type { Dataset } from '../../normalize/event.ts'
import { durationWords } from '../duration.ts'
import type { FieldTest, Logic, Match, Scalar } from '../rule.ts'

type EsqlLogic = Extract<Logic, { type: 'threshold' | 'silence' }>

/** Columns that the query adds to the fields grouped by. */
export function esqlColumns({ type }: Logic): readonly string[] {
  return [...(type === 'threshold' ? ['Esql.value'] : []), 'Esql.events', 'Esql.first_seen', 'Esql.last_seen']
}

/** Adding up, or noticing silence, in ES|QL. The time range is the rule's lookback. */
export function toEsql(logic: EsqlLogic, datasets: readonly Dataset[]): string {
  const value = logic.type === 'threshold' ? `Esql.value = ${measured(logic)}, ` : ''
  return [
    `FROM ${datasets.map(dataset => `logs-${dataset}-*`).join(', ')}`,
    `| WHERE ${esqlMatch(logic.match)}`,
    `    AND ${logic.by.map(field => `${field} IS NOT NULL`).join(' AND ')}`,
    `| STATS ${value}Esql.events = COUNT(*), Esql.first_seen = MIN(@timestamp), Esql.last_seen = MAX(@timestamp)`,
    `    BY ${logic.by.join(', ')}`,
    `| WHERE ${condition(logic)}`,
    `| KEEP ${[...logic.by, ...esqlColumns(logic)].join(', ')}`,
  ].join('\n')
}

function measured({ measure }: Extract<Logic, { type: 'threshold' }>): string {
  if (measure.kind === 'sum') return `SUM(${measure.field})`
  return measure.kind === 'distinct' ? `COUNT_DISTINCT(${measure.field})` : 'COUNT(*)'
}

function condition(logic: EsqlLogic): string {
  if (logic.type === 'threshold') return `Esql.value >= ${logic.measure.at_least}`
  return `Esql.last_seen < NOW() - ${durationWords(logic.missing)} AND Esql.events >= ${logic.after_events}`
}

function esqlMatch(match: Match): string {
  const all = match.all.map(esqlTest)
  if (match.any.length > 0) all.push(`(${match.any.map(tests => `(${tests.map(esqlTest).join(' AND ')})`).join(' OR ')})`)
  return all.join(' AND ')
}

/** A comparison with a missing field is neither true nor false, so a negated test says that it may be missing. */
function esqlTest(fieldTest: FieldTest): string {
  const positive = esqlPositive(fieldTest)
  if (!fieldTest.negated) return positive
  return fieldTest.test.kind === 'exists' ? `${fieldTest.field} IS NULL` : `(${fieldTest.field} IS NULL OR NOT ${positive})`
}

function esqlPositive({ field, test }: FieldTest): string {
  switch (test.kind) {
    case 'exists':
      return `${field} IS NOT NULL`
    case 'equals':
      return test.values.length === 1 ? `${field} == ${literal(test.values[0])}` : `${field} IN (${test.values.map(literal).join(', ')})`
    case 'starts_with':
      return `STARTS_WITH(${field}, ${literal(test.prefix)})`
    case 'at_least':
      return `${field} >= ${test.number}`
    case 'in_network':
      return `CIDR_MATCH(${field}, ${test.networks.map(literal).join(', ')})`
  }
}

function literal(value: Scalar): string {
  return typeof value === 'string' ? `"${value.replace(/[\\"]/g, '\\$&')}"` : String(value)
}
