import { catalogue } from '../normalize/catalogue.ts'
import { attackVersion, icsEntries, resolveTactics } from './attack.ts'
import type { ContentBuilder, ContentContext, ContentFile } from './builder.ts'
import { wholeUnit } from './duration.ts'
import { toEql } from './languages/eql.ts'
import { esqlColumns, toEsql } from './languages/esql.ts'
import { toKql } from './languages/kql.ts'
import { type DetectionRule, groupFields, type Logic, matchesOf, RISK_SCORE, testsOf } from './rule.ts'
import { needsEsql } from './rule-check.ts'
import { elasticGuide, elasticSetup } from './rule-text.ts'

/** The oldest package that has the data streams of the rules. */
const PACKAGE = 'wardwire'
const MINUTE = 60
const HOUR = 3600
/** Time that rules of one run look back beyond their interval, for events that arrive late. */
const LATE_SECONDS = 4 * MINUTE
const INTERVAL_SECONDS = 5 * MINUTE

/** `elastic/rules.ndjson`: one flat rule a line, for POST /api/detection_engine/rules/_import. All are disabled. */
export const elasticRules: ContentBuilder = {
  name: 'elastic-rules',
  build: context => [
    { path: 'elastic/rules.ndjson', content: context.rules.map(rule => `${JSON.stringify(importRule(rule, context))}\n`).join('') },
  ],
}

/** `kibana/security_rule/<id>.json` of an integration package: the same rules as saved objects. */
export function securityRuleAssets(context: ContentContext): readonly ContentFile[] {
  return context.rules.map(rule => ({
    path: `kibana/security_rule/${rule.uuid}.json`,
    content: `${JSON.stringify({ id: rule.uuid, type: 'security-rule', attributes: ruleBody(rule, context) }, null, 2)}\n`,
  }))
}

function importRule(rule: DetectionRule, context: ContentContext): object {
  return { ...ruleBody(rule, context), enabled: false }
}

/** A rule as the detection engine's API wants it. */
export function ruleBody(rule: DetectionRule, { version }: ContentContext): Readonly<Record<string, unknown>> {
  const { logic } = rule
  return {
    rule_id: rule.uuid,
    version: rule.version,
    name: rule.name,
    description: rule.description,
    author: ['wardwire'],
    license: 'Apache-2.0',
    severity: rule.severity,
    risk_score: RISK_SCORE[rule.severity],
    ...queryOf(rule),
    ...scheduleOf(logic),
    max_signals: 100,
    tags: tagsOf(rule),
    threat: threatOf(rule),
    false_positives: rule.false_positives,
    references: [...rule.references, ...icsEntries(rule.attack.ics, 'current').map(({ url }) => url)],
    note: elasticGuide(rule),
    setup: elasticSetup(rule),
    // A sequence joins events by when they happened; every other rule must also see what arrives late.
    ...(logic.type === 'sequence' ? {} : { timestamp_override: 'event.ingested' }),
    ...suppressionOf(rule),
    investigation_fields: { field_names: investigationFields(rule) },
    required_fields: requiredFields(rule),
    related_integrations: [{ package: PACKAGE, version: `^${version}` }],
  }
}

function indices(rule: DetectionRule): readonly string[] {
  return rule.datasets.map(dataset => `logs-${dataset}-*`)
}

function queryOf(rule: DetectionRule): object {
  const { logic } = rule
  if (logic.type === 'silence' || (logic.type === 'threshold' && needsEsql(logic)))
    return { type: 'esql', language: 'esql', query: toEsql(logic, rule.datasets) }
  switch (logic.type) {
    case 'sequence':
      return { type: 'eql', language: 'eql', index: indices(rule), query: toEql(logic), tiebreaker_field: 'event.sequence' }
    case 'query':
      return { type: 'query', language: 'kuery', index: indices(rule), query: toKql(logic.match) }
    case 'new_terms':
      return {
        type: 'new_terms',
        language: 'kuery',
        index: indices(rule),
        query: toKql(logic.match),
        new_terms_fields: logic.terms,
        history_window_start: before(logic.history),
      }
    case 'threshold':
      return { type: 'threshold', language: 'kuery', index: indices(rule), query: toKql(logic.match), threshold: thresholdOf(logic) }
  }
}

function thresholdOf({ by, measure }: Extract<Logic, { type: 'threshold' }>): object {
  if (measure.kind === 'count') return { field: by, value: measure.at_least }
  return { field: by, value: 1, cardinality: [{ field: measure.field, value: measure.at_least }] }
}

/** A rule over a window looks back over it and over one interval, so that no window falls between two runs. */
function scheduleOf(logic: Logic): { readonly from: string; readonly interval: string; readonly to: string } {
  const interval = intervalOf(logic)
  return { from: before(lookback(logic, interval)), to: 'now', interval: time(interval) }
}

/** Elastic wants a sequence to run at most twice in its span. A window of a day need not be counted every few minutes. */
function intervalOf(logic: Logic): number {
  if (logic.type === 'sequence') return Math.max(INTERVAL_SECONDS, logic.within / 2)
  if (logic.type === 'threshold') return Math.max(INTERVAL_SECONDS, logic.within / 24)
  return INTERVAL_SECONDS
}

function lookback(logic: Logic, interval: number): number {
  switch (logic.type) {
    case 'query':
    case 'new_terms':
      return interval + LATE_SECONDS
    case 'silence':
      return logic.within
    case 'threshold':
      return logic.within + interval
    case 'sequence':
      return logic.within + interval + LATE_SECONDS
  }
}

function before(seconds: number): string {
  const { value, unit } = wholeUnit(seconds, seconds % (24 * HOUR) === 0 ? ['d'] : ['m', 's'])
  return `now-${value}${unit}`
}

function time(seconds: number): string {
  const { value, unit } = wholeUnit(seconds)
  return `${value}${unit}`
}

const DOMAIN_OF_FAMILY: Readonly<Record<DetectionRule['family'], string>> = {
  dicom: 'Protocol: DICOM',
  hl7: 'Protocol: HL7',
  workflow: 'Use Case: Clinical Workflow',
  device: 'Use Case: Asset Visibility',
  network: 'Use Case: Network Security Monitoring',
  correlation: 'Rule Type: Higher-Order Rule',
  sensor: 'Use Case: Sensor Health',
}

function tagsOf(rule: DetectionRule): readonly string[] {
  return [
    'Domain: Network',
    'Domain: OT/IoT',
    'Use Case: Threat Detection',
    DOMAIN_OF_FAMILY[rule.family],
    'Data Source: wardwire',
    ...resolveTactics(rule.attack.enterprise, 'current').map(({ tactic }) => `Tactic: ${tactic.name}`),
    ...icsEntries(rule.attack.ics, 'current').map(({ id, name }) => `ATT&CK for ICS: ${id} ${name}`),
    `ATT&CK Version: ${attackVersion('current')}`,
    'Resources: Investigation Guide',
  ]
}

function threatOf(rule: DetectionRule): readonly object[] {
  const reference = ({ id, name, url }: { readonly id: string; readonly name: string; readonly url: string }) => ({
    id,
    name,
    reference: url,
  })
  return resolveTactics(rule.attack.enterprise, 'current').map(({ tactic, techniques }) => ({
    framework: 'MITRE ATT&CK',
    tactic: reference(tactic),
    technique: techniques.map(technique => ({
      ...reference(technique),
      ...(technique.subtechniques.length > 0 ? { subtechnique: technique.subtechniques.map(reference) } : {}),
    })),
  }))
}

/** A threshold rule is suppressed by what it groups by, and says only for how long. */
function suppressionOf({ suppress, logic }: DetectionRule): object {
  if (suppress === undefined) return {}
  const duration = suppressionDuration(suppress.seconds)
  if (logic.type === 'threshold' && !needsEsql(logic)) return { alert_suppression: { duration } }
  return { alert_suppression: { group_by: suppress.by, duration, missing_fields_strategy: 'suppress' } }
}

function suppressionDuration(seconds: number): object {
  return wholeUnit(seconds)
}

/** What an aggregating query gives back is all there is to look at. */
function investigationFields(rule: DetectionRule): readonly string[] {
  return needsEsql(rule.logic) ? [...groupFields(rule.logic), ...esqlColumns(rule.logic)] : rule.investigation_fields
}

function requiredFields(rule: DetectionRule): readonly object[] {
  const { logic } = rule
  const measured = logic.type === 'threshold' && logic.measure.kind !== 'count' ? [logic.measure.field] : []
  const joined = logic.type === 'sequence' ? logic.steps.flatMap(step => step.by) : groupFields(logic)
  const names = [...matchesOf(logic).flatMap(match => testsOf(match).map(({ field }) => field)), ...joined, ...measured]
  return [...new Set(names)].sort().map(name => {
    const field = catalogue().get(name)
    return { name, type: field?.type ?? 'keyword', ecs: field?.source === 'ecs' }
  })
}
