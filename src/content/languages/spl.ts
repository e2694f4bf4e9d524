import { catalogue } from '../../normalize/catalogue.ts'
import { shortDuration } from '../duration.ts'
import { type DetectionRule, type FieldTest, groupFields, type Logic, type Match, matchesOf, type Scalar } from '../rule.ts'

/** Name of the macro that says where the events are. */
export const INDEX_MACRO = 'wardwire_index'
/** A search runs every hour over what the hour before brought; ten minutes are left for late events. */
const SPL_LATEST = '-10m@m'
const LOOKBACK_SECONDS = 70 * 60

/** Fields that Splunk's data models have a shorter word for. */
const COLUMN: Readonly<Record<string, string>> = {
  'source.ip': 'src',
  'client.ip': 'src',
  'destination.ip': 'dest',
  'server.ip': 'dest',
  'source.port': 'src_port',
  'destination.port': 'dest_port',
  'server.port': 'dest_port',
  'host.name': 'dest_name',
  'observer.name': 'dvc',
}

/** Column of a result that holds a field. */
export function splColumn(field: string): string {
  return COLUMN[field] ?? field.replaceAll(/[@.]/g, '_').replace(/^_+/, '')
}

/** `DICOM Bulk Retrieval` → `dicom_bulk_retrieval`, as contentctl makes file and macro names. */
export function splName(name: string): string {
  return name.toLowerCase().replaceAll(/[ .\-/]/g, '_')
}

export function filterMacro(rule: DetectionRule): string {
  return `${splName(rule.name)}_filter`
}

/** Macro that holds what the rule compares with; undefined where it compares with nothing. */
export function thresholdMacro({ id, logic }: DetectionRule): { readonly name: string; readonly value: number } | undefined {
  const name = `wardwire_${id.replaceAll('-', '_')}_threshold`
  if (logic.type === 'threshold') return { name, value: logic.measure.at_least }
  return logic.type === 'silence' ? { name, value: logic.missing } : undefined
}

export interface SplSchedule {
  readonly cron: string
  readonly earliest: string
  readonly latest: string
}

/** When the search runs and how far it looks back. */
export function splSchedule({ logic }: DetectionRule): SplSchedule {
  switch (logic.type) {
    case 'query':
      return hourly(LOOKBACK_SECONDS)
    case 'threshold':
    case 'sequence':
      return hourly(logic.within + LOOKBACK_SECONDS)
    case 'new_terms':
      return { ...hourly(LOOKBACK_SECONDS), earliest: `-${shortDuration(logic.history, ['d', 'h'])}` }
    case 'silence':
      return { cron: '*/15 * * * *', earliest: `-${shortDuration(logic.within, ['h', 'm'])}`, latest: 'now' }
  }
}

function hourly(lookback: number): SplSchedule {
  return { cron: '0 * * * *', earliest: `-${lookback / 60}m@m`, latest: SPL_LATEST }
}

/** The search of a rule, one command a line. Fields have the names that Splunk gives the members of our JSON events. */
export function toSpl(rule: DetectionRule): string {
  const columns = splColumns(rule)
  const renames = columns.groups.filter(field => splColumn(field) !== field).map(field => `${field} as ${splColumn(field)}`)
  return [
    base(rule),
    ...commands(rule, columns),
    ...(renames.length > 0 ? [`| rename ${renames.join(', ')}`] : []),
    '| `security_content_ctime(firstTime)`',
    '| `security_content_ctime(lastTime)`',
    `| \`${filterMacro(rule)}\``,
  ].join('\n')
}

/** Fields that results are grouped by, and those that each group collects. */
export function splColumns(rule: DetectionRule): { readonly groups: readonly string[]; readonly values: readonly string[] } {
  const { logic, risk, suppress, investigation_fields } = rule
  const risks = [risk.about, ...(risk.threat === undefined ? [] : [risk.threat])]
  const byRule = logic.type === 'query' || logic.type === 'sequence' ? [...(suppress?.by ?? []), ...risks] : groupFields(logic)
  const groups = [...new Set(byRule)]
  const taken = new Set(groups.map(splColumn))
  return { groups, values: investigation_fields.filter(field => !taken.has(splColumn(field))) }
}

function base(rule: DetectionRule): string {
  const searches = matchesOf(rule.logic).map(splSearch)
  const conditions = searches.length === 1 ? searches[0] : `(${searches.map(search => `(${search})`).join(' OR ')})`
  return `\`${INDEX_MACRO}\` ${oneOf('event.dataset', rule.datasets)} ${conditions}`
}

function commands(rule: DetectionRule, { groups, values }: ReturnType<typeof splColumns>): readonly string[] {
  const { logic } = rule
  const collected = values.map(field => `values(${splField(field)}) as ${splColumn(field)}`)
  const statistics = (...extra: readonly string[]): string =>
    ['| stats count', ...extra, 'latest(message) as message', ...collected, `by ${groups.join(', ')}`].join(' ')
  const times = 'min(_time) as firstTime max(_time) as lastTime'
  const threshold = thresholdMacro(rule)?.name ?? ''
  switch (logic.type) {
    case 'query':
      return [statistics(times)]
    case 'threshold': {
      const sliding = `| streamstats time_window=${logic.within}s ${splMeasure(logic)} as value by ${groups.join(', ')}`
      return [sliding, `| where value >= \`${threshold}\``, statistics(`max(value) as value ${times}`)]
    }
    case 'new_terms':
      return [statistics(times), `| where firstTime >= relative_time(now(), "-${LOOKBACK_SECONDS / 60}m@m")`]
    case 'sequence':
      return [...sequenceCommands(logic), statistics(`min(begin${logic.steps.length}) as firstTime max(_time) as lastTime`)]
    case 'silence':
      return [statistics(times), `| where count >= ${logic.after_events} AND lastTime < now() - \`${threshold}\``]
  }
}

function splMeasure({ measure }: Extract<Logic, { type: 'threshold' }>): string {
  if (measure.kind === 'count') return 'count'
  return `${measure.kind === 'sum' ? 'sum' : 'dc'}(${splField(measure.field)})`
}

/**
 * The time at which the sequence began is handed on from step to step: `begin1` is the time of a first step, `begin2` that time on a second
 * step that follows it within the span with the same key, and so on. Events that end a sequence are left.
 */
function sequenceCommands({ steps, within }: Extract<Logic, { type: 'sequence' }>): readonly string[] {
  const conditions = steps.map(({ match }) => splEval(match))
  const keys = steps.map(({ by }) => by.map(field => quoted(field)).join('."|".'))
  const key = new Set(keys).size === 1 ? keys[0] : `case(${conditions.map((condition, step) => `${condition}, ${keys[step]}`).join(', ')})`
  const later = conditions.slice(1).flatMap((condition, index) => {
    const step = index + 1
    return [
      `| streamstats current=f last(begin${step}) as start${step} by key`,
      `| eval begin${step + 1}=if((${condition}) AND _time-start${step}<=${within}, start${step}, null())`,
    ]
  })
  return [
    '| sort 0 _time',
    `| eval key=${key}`,
    `| eval begin1=if(${conditions[0]}, _time, null())`,
    ...later,
    `| where isnotnull(begin${steps.length})`,
  ]
}

/** A member of a JSON array has braces in its name. */
function splField(field: string): string {
  return catalogue().get(field)?.array === true ? `${field}{}` : field
}

function splSearch(match: Match): string {
  const all = match.all.map(searchTest)
  if (match.any.length > 0) all.push(`(${match.any.map(tests => `(${tests.map(searchTest).join(' ')})`).join(' OR ')})`)
  return all.join(' ')
}

function searchTest({ field, negated, test }: FieldTest): string {
  const name = splField(field)
  const not = negated ? 'NOT ' : ''
  switch (test.kind) {
    case 'exists':
      return `${not}${name}=*`
    case 'equals':
      return `${not}${oneOf(name, test.values)}`
    case 'starts_with':
      return `${not}${name}=${literal(`${test.prefix}*`)}`
    case 'at_least':
      return `${not}${name}>=${test.number}`
    case 'in_network':
      return `${not}${oneOf(name, test.networks)}`
  }
}

function oneOf(name: string, values: readonly Scalar[]): string {
  return values.length === 1 ? `${name}=${literal(values[0])}` : `${name} IN (${values.map(literal).join(', ')})`
}

function splEval(match: Match): string {
  const all = match.all.map(evalTest)
  if (match.any.length > 0) all.push(`(${match.any.map(tests => `(${tests.map(evalTest).join(' AND ')})`).join(' OR ')})`)
  return all.join(' AND ')
}

/** A comparison with a missing field is neither true nor false, so a negated test says that it may be missing. */
function evalTest(fieldTest: FieldTest): string {
  const positive = evalPositive(fieldTest)
  if (!fieldTest.negated) return positive
  const missing = `isnull(${quoted(fieldTest.field)})`
  return fieldTest.test.kind === 'exists' ? missing : `(${missing} OR NOT ${positive})`
}

function evalPositive({ field, test }: FieldTest): string {
  const name = quoted(field)
  switch (test.kind) {
    case 'exists':
      return `isnotnull(${name})`
    case 'equals':
      return test.values.length === 1 ? `${name}=${literal(test.values[0])}` : `${name} IN (${test.values.map(literal).join(', ')})`
    case 'starts_with':
      return `like(${name}, ${literal(`${test.prefix}%`)})`
    case 'at_least':
      return `${name}>=${test.number}`
    case 'in_network':
      return `(${test.networks.map(network => `cidrmatch(${literal(network)}, ${name})`).join(' OR ')})`
  }
}

/** In an expression a name with points stands in single quotes. */
function quoted(field: string): string {
  return `'${splField(field)}'`
}

/** JSON booleans are the words true and false in Splunk. */
function literal(value: Scalar): string {
  return typeof value === 'number' ? String(value) : `"${String(value).replace(/[\\"]/g, '\\$&')}"`
}
