import { icsEntries, techniqueIds } from './attack.ts'
import { shortDuration } from './duration.ts'
import { filterMacro, INDEX_MACRO, splColumn, splColumns, splName, splSchedule, thresholdMacro, toSpl } from './languages/spl.ts'
import { type DetectionRule, type Family, RISK_SCORE } from './rule.ts'
import { setupParagraphs } from './rule-text.ts'

/** A macro of macros.conf. */
export interface SplunkMacro {
  readonly name: string
  readonly definition: string
  readonly description: string
  readonly arguments: readonly string[]
}

/** A stanza of savedsearches.conf: keys and values in order, values of one line. */
export type SavedSearch = Readonly<Record<string, string>>

/** Where the drilldown searches look, which is where the search itself looked. */
const EARLIEST = '$info_min_time$'
const LATEST = '$info_max_time$'
export const PRODUCTS = ['Splunk Enterprise', 'Splunk Enterprise Security', 'Splunk Cloud'] as const

/** Analytic stories, one a family. */
export const STORIES: Readonly<Record<Family, { readonly name: string; readonly uuid: string; readonly description: string }>> = {
  dicom: {
    name: 'Wardwire DICOM Abuse',
    uuid: '3f0c6f0e-9c0a-4b0b-8a53-2f1b1c6a7d01',
    description:
      'Misuse of DICOM, by which scanners, archives and workstations exchange images: impersonation, harvesting, destruction, denial of service.',
  },
  hl7: {
    name: 'Wardwire HL7 Abuse',
    uuid: '3f0c6f0e-9c0a-4b0b-8a53-2f1b1c6a7d02',
    description:
      'Misuse of HL7 version 2, by which hospital systems exchange orders, results and admissions: injected, replayed and harvested messages, failing interfaces.',
  },
  workflow: {
    name: 'Wardwire Clinical Workflow',
    uuid: '3f0c6f0e-9c0a-4b0b-8a53-2f1b1c6a7d03',
    description:
      'Clinical work that does not run as it should: systems in roles that are not theirs, worklists asked for by nobody in particular, monitors that fall silent.',
  },
  device: {
    name: 'Wardwire Medical Devices',
    uuid: '3f0c6f0e-9c0a-4b0b-8a53-2f1b1c6a7d04',
    description: 'Medical devices that appear, change or talk to places known from security advisories.',
  },
  network: {
    name: 'Wardwire Medical Device Network',
    uuid: '3f0c6f0e-9c0a-4b0b-8a53-2f1b1c6a7d05',
    description: 'Network traffic of medical devices that is not clinical: remote access, public addresses, scans, outdated encryption.',
  },
  correlation: {
    name: 'Wardwire Attack Chains',
    uuid: '3f0c6f0e-9c0a-4b0b-8a53-2f1b1c6a7d06',
    description: 'Alerts of the sensor and protocol events that together show an attack on clinical systems in progress.',
  },
  sensor: {
    name: 'Wardwire Sensor Health',
    uuid: '3f0c6f0e-9c0a-4b0b-8a53-2f1b1c6a7d07',
    description: 'A sensor that stopped, fell silent or lost sight of traffic or events: what it does not see, no rule finds.',
  },
}

/** Macros that the searches of these rules use. */
export function splunkMacros(rules: readonly DetectionRule[]): readonly SplunkMacro[] {
  const plain = (name: string, definition: string, description: string): SplunkMacro => ({ name, definition, description, arguments: [] })
  return [
    plain(INDEX_MACRO, 'index=wardwire', 'Where the events of wardwire are. Change it to the index of the HEC token.'),
    {
      name: 'security_content_ctime',
      definition: 'convert timeformat="%Y-%m-%dT%H:%M:%S" ctime($field$)',
      description: 'Time as text',
      arguments: ['field'],
    },
    ...rules.flatMap(rule => {
      const threshold = thresholdMacro(rule)
      return [
        ...(threshold === undefined ? [] : [plain(threshold.name, String(threshold.value), `What ${rule.name} compares with.`)]),
        plain(filterMacro(rule), 'search *', `Exceptions from ${rule.name}.`),
      ]
    }),
  ]
}

/** Analytics that find an attack as such raise a finding; the others only add to the risk of what they are about. */
export function analyticType({ severity }: DetectionRule): 'TTP' | 'Anomaly' {
  return severity === 'high' || severity === 'critical' ? 'TTP' : 'Anomaly'
}

export interface RiskAnnotation {
  readonly message: string
  readonly about: { readonly field: string; readonly type: 'system' | 'other'; readonly score: number }
  readonly threat: { readonly field: string; readonly type: 'ip_address' | 'system' } | undefined
}

export function riskAnnotation(rule: DetectionRule): RiskAnnotation {
  const { about, threat } = rule.risk
  const column = splColumn(about)
  return {
    message: `${rule.name}: $${column}$`,
    about: { field: column, type: isSystem(about) ? 'system' : 'other', score: RISK_SCORE[rule.severity] },
    threat: threat === undefined ? undefined : { field: splColumn(threat), type: threat.endsWith('.ip') ? 'ip_address' : 'system' },
  }
}

/** What asset lookups of Splunk Enterprise Security can find. */
function isSystem(field: string): boolean {
  return field.endsWith('.ip') || field === 'host.name' || field === 'observer.name'
}

export interface Drilldown {
  readonly name: string
  readonly search: string
  readonly earliest_offset: string
  readonly latest_offset: string
}

/** `search` stands for the rule's own search. */
export function drilldowns(rule: DetectionRule, search: string): readonly Drilldown[] {
  const column = splColumn(rule.risk.about)
  const limits = { earliest_offset: EARLIEST, latest_offset: LATEST }
  return [
    { name: `View the detection results for $${column}$`, search: `${search} | search ${column}="$${column}$"`, ...limits },
    {
      name: `View the wardwire events of $${column}$`,
      search: `\`${INDEX_MACRO}\` "$${column}$" | table _time event.action event.outcome source.ip destination.ip message | sort 0 _time`,
      ...limits,
    },
    {
      name: `View risk events for the last 7 days for $${column}$`,
      search: `| from datamodel Risk.All_Risk | search normalized_risk_object="$${column}$" | stats count min(_time) as firstTime max(_time) as lastTime values(search_name) as search_name values(risk_message) as risk_message by normalized_risk_object`,
      earliest_offset: '-7d',
      latest_offset: 'now',
    },
  ]
}

/** Fields by which a result is held back after the first, and for how long. */
export function throttling(rule: DetectionRule): { readonly fields: readonly string[]; readonly period: string } {
  const fields = (rule.suppress?.by ?? [...splColumns(rule).groups]).map(splColumn)
  return { fields: [...new Set(fields)], period: shortDuration(rule.suppress?.seconds ?? 3600) }
}

/** The search on one line, as a conf file holds it. */
function searchLine(rule: DetectionRule): string {
  return toSpl(rule).replaceAll('\n', ' ')
}

/** Saved searches by stanza, in the form of Splunk's Enterprise Security Content Update; every one is disabled. */
export function savedSearches(rules: readonly DetectionRule[]): Readonly<Record<string, SavedSearch>> {
  return Object.fromEntries(rules.map(rule => [searchName(rule), savedSearch(rule)]))
}

/** Stanza of a rule, as contentctl names it. */
function searchName({ name }: DetectionRule): string {
  return `Wardwire - ${name} - Rule`
}

function savedSearch(rule: DetectionRule): SavedSearch {
  const { cron, earliest, latest } = splSchedule(rule)
  const { fields, period } = throttling(rule)
  const search = searchLine(rule)
  return {
    description: oneLine(`${rule.description} ${rule.why}`),
    search,
    disabled: '1',
    enableSched: '0',
    cron_schedule: cron,
    'dispatch.earliest_time': earliest,
    'dispatch.latest_time': latest,
    schedule_window: 'auto',
    allow_skew: '100%',
    realtime_schedule: '0',
    is_visible: 'false',
    counttype: 'number of events',
    relation: 'greater than',
    quantity: '0',
    'alert.digest_mode': '1',
    'alert.suppress': '1',
    'alert.suppress.fields': fields.join(','),
    'alert.suppress.period': period,
    ...correlationSettings(rule),
    ...riskSettings(rule),
    ...(analyticType(rule) === 'TTP' ? findingSettings(rule, search) : {}),
  }
}

function correlationSettings(rule: DetectionRule): SavedSearch {
  const annotations = {
    analytic_story: [STORIES[rule.family].name],
    mitre_attack: techniqueIds(rule.attack.enterprise, 'next'),
    mitre_attack_ics: icsEntries(rule.attack.ics, 'next').map(({ id }) => id),
    type: [analyticType(rule)],
  }
  const metadata = { detection_id: rule.uuid, detection_version: String(rule.version), deprecated: '0' }
  return {
    'action.correlationsearch.enabled': '1',
    'action.correlationsearch.detection_type': 'ebd',
    'action.correlationsearch.label': searchName(rule),
    'action.correlationsearch.annotations': JSON.stringify(annotations),
    'action.correlationsearch.metadata': JSON.stringify(metadata),
  }
}

function riskSettings(rule: DetectionRule): SavedSearch {
  const { message, about, threat } = riskAnnotation(rule)
  const risks = [
    { risk_object_field: about.field, risk_object_type: about.type, risk_score: about.score },
    ...(threat === undefined ? [] : [{ threat_object_field: threat.field, threat_object_type: threat.type }]),
  ]
  return {
    'action.risk': '1',
    'action.risk.param._risk_message': message,
    'action.risk.param._risk': JSON.stringify(risks),
    'action.risk.param._risk_score': '0',
    'action.risk.param.verbose': '0',
  }
}

function findingSettings(rule: DetectionRule, search: string): SavedSearch {
  return {
    'action.notable': '1',
    'action.notable.param.rule_title': `${rule.name}: $${splColumn(rule.risk.about)}$`,
    'action.notable.param.rule_description': oneLine(rule.description),
    'action.notable.param.security_domain': 'network',
    'action.notable.param.severity': rule.severity,
    'action.notable.param.nes_fields': [...new Set(splColumns(rule).groups.map(splColumn))].join(','),
    'action.notable.param.next_steps': JSON.stringify({ version: 1, data: rule.guide.steps.join(' ') }),
    'action.notable.param.drilldown_searches': JSON.stringify(drilldowns(rule, search)),
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

/** How to get the data that a rule needs, in one paragraph. */
export function howToImplement(rule: DetectionRule): string {
  return [
    ...setupParagraphs(rule),
    `The events must reach Splunk as JSON by the HTTP Event Collector (sourcetype wardwire:json), in the index that the macro ${INDEX_MACRO} names.`,
    `Exceptions belong into the macro ${splName(rule.name)}_filter.`,
  ].join(' ')
}
