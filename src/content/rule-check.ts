import { catalogue, type Field } from '../normalize/catalogue.ts'
import { attackProblems } from './attack.ts'
import { type DetectionRule, type FieldTest, groupFields, type Logic, type Match, matchesOf, type Test, testsOf } from './rule.ts'

/** What the form of a rule cannot say: fields that exist, types that fit, and what the products' query languages can express. */
export function ruleProblems(rule: DetectionRule): readonly string[] {
  return [
    ...attackProblems(rule.attack.enterprise, rule.attack.ics),
    ...matchesOf(rule.logic).flatMap(match => [...testsOf(match).flatMap(test => testProblems(rule, test)), ...pinProblems(match)]),
    ...namedFields(rule).flatMap(([place, name]) => fieldProblems(rule, place, name)),
    ...arrayProblems(rule),
    ...measureProblems(rule.logic),
    ...(rule.tests.fires.length > 0 ? [] : ['tests.fires: name at least one capture or event set on which the rule fires']),
    ...doubleProblems(rule),
    ...sequenceProblems(rule.logic),
  ]
}

/** Fields of other places than `match`, with their place. */
function namedFields({ logic, risk, suppress, investigation_fields }: DetectionRule): readonly (readonly [string, string])[] {
  const grouped = logic.type === 'sequence' ? logic.steps.flatMap(step => step.by) : groupFields(logic)
  const measured = logic.type === 'threshold' && logic.measure.kind !== 'count' ? [logic.measure.field] : []
  return [
    ...grouped.map(name => ['logic.by', name] as const),
    ...measured.map(name => ['logic', name] as const),
    ['risk.about', risk.about],
    ...(risk.threat === undefined ? [] : [['risk.threat', risk.threat] as const]),
    ...(suppress?.by ?? []).map(name => ['suppress.by', name] as const),
    ...investigation_fields.map(name => ['investigation_fields', name] as const),
  ]
}

function fieldProblems(rule: DetectionRule, place: string, name: string): readonly string[] {
  const field = catalogue().get(name)
  if (field === undefined) return [`${place}: ${name} is not in mappings/fields.yml`]
  return rule.datasets.some(dataset => field.datasets.includes(dataset))
    ? []
    : [`${place}: ${name} is not a field of ${rule.datasets.join(', ')}`]
}

function testProblems(rule: DetectionRule, { field: name, test }: FieldTest): readonly string[] {
  const problems = fieldProblems(rule, 'logic.match', name)
  if (problems.length > 0) return problems
  const field = catalogue().get(name)
  return field === undefined || fits(field, test) ? [] : [`logic.match: ${name} is a ${field.type}, which ${test.kind} does not fit`]
}

function fits({ type }: Field, test: Test): boolean {
  switch (test.kind) {
    case 'exists':
      return type !== 'match_only_text'
    case 'at_least':
      return type === 'long' || type === 'float'
    case 'in_network':
      return type === 'ip'
    case 'starts_with':
      return type === 'keyword'
    case 'equals':
      return test.values.every(value => typeof value === SCALAR_OF[type])
  }
}

const SCALAR_OF: Readonly<Record<Field['type'], 'string' | 'number' | 'boolean' | undefined>> = {
  keyword: 'string',
  constant_keyword: 'string',
  ip: 'string',
  long: 'number',
  float: 'number',
  boolean: 'boolean',
  match_only_text: undefined,
  date: undefined,
}

/** In a product that keeps all events in one place only these tell our events apart from others. */
function pinProblems(match: Match): readonly string[] {
  const pinned = match.all.some(
    ({ field, negated, test }) => !negated && test.kind === 'equals' && (field === 'event.action' || field === 'event.dataset'),
  )
  return pinned ? [] : ['logic.match: must name event.action or event.dataset']
}

/** Arrays cannot be grouped by, and neither EQL nor ES|QL can test them. */
function arrayProblems(rule: DetectionRule): readonly string[] {
  const { logic } = rule
  const isArray = (name: string): boolean => catalogue().get(name)?.array === true
  const grouped = namedFields(rule).filter(([place, name]) => place !== 'investigation_fields' && isArray(name))
  const untestable =
    needsEql(logic) || needsEsql(logic)
      ? matchesOf(logic)
          .flatMap(testsOf)
          .filter(test => isArray(test.field))
      : []
  return [
    ...grouped.map(([place, name]) => `${place}: ${name} is an array`),
    ...untestable.map(({ field }) => `logic.match: ${field} is an array, which the query language of this type cannot test`),
  ]
}

function needsEql(logic: Logic): boolean {
  return logic.type === 'sequence'
}

/** Only ES|QL can add up values and notice that something is missing. */
export function needsEsql(logic: Logic): boolean {
  return logic.type === 'silence' || (logic.type === 'threshold' && logic.measure.kind === 'sum')
}

function measureProblems(logic: Logic): readonly string[] {
  if (logic.type !== 'threshold' || logic.measure.kind !== 'sum') return []
  const type = catalogue().get(logic.measure.field)?.type
  return type === 'long' || type === 'float' ? [] : [`logic.sum: ${logic.measure.field} is no number`]
}

/** The sensor's alerts reach the analyst by themselves (External Alerts in Elastic): a rule may only connect them. */
function doubleProblems({ datasets, logic }: DetectionRule): readonly string[] {
  const doubles = datasets.includes('wardwire.alert') && logic.type !== 'sequence' && logic.type !== 'threshold'
  return doubles ? ['datasets: a rule over wardwire.alert must be a sequence or a threshold'] : []
}

function sequenceProblems(logic: Logic): readonly string[] {
  if (logic.type !== 'sequence') return []
  const lengths = new Set(logic.steps.map(({ by }) => by.length))
  return lengths.size === 1 ? [] : ['logic.steps: every step must be joined by as many fields as the others']
}
