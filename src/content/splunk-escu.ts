import { icsEntries, techniqueIds } from './attack.ts'
import type { ContentBuilder, ContentContext, ContentFile } from './builder.ts'
import { splName, splSchedule, toSpl } from './languages/spl.ts'
import type { DetectionRule, Family } from './rule.ts'
import { analyticType, drilldowns, howToImplement, PRODUCTS, riskAnnotation, STORIES, splunkMacros, throttling } from './splunk-searches.ts'
import { toYaml } from './yaml.ts'

const ROOT = 'splunk/escu'
const AUTHOR = 'wardwire'
const DATA_SOURCE = 'Wardwire'
const SOURCE = 'wardwire'
const ICS_LOOKUP = 'wardwire_attack_ics'
const SOURCETYPE = 'wardwire:json'
/** Ids of the objects that are not rules; they never change. */
const UUID = {
  dataSource: '8e0b9a52-6a55-4f57-9d4b-0d8c2a7e1f10',
  ttp: '8e0b9a52-6a55-4f57-9d4b-0d8c2a7e1f11',
  anomaly: '8e0b9a52-6a55-4f57-9d4b-0d8c2a7e1f12',
  icsLookup: '8e0b9a52-6a55-4f57-9d4b-0d8c2a7e1f13',
} as const

/** contentctl wants these folders, although they hold nothing. */
const EMPTY_FOLDERS = ['baselines', 'dashboards', 'playbooks', 'removed'] as const

/** `splunk/escu/`: a content repository for contentctl 5, in the form of Splunk's Enterprise Security Content Update. */
export const splunkEscu: ContentBuilder = {
  name: 'splunk-escu',
  build: context => [
    file('contentctl.yml', app(context)),
    file('data_sources/wardwire.yml', dataSource(context)),
    file('deployments/wardwire_ttp.yml', deployment('TTP', latestDate(context.rules))),
    file('deployments/wardwire_anomaly.yml', deployment('Anomaly', latestDate(context.rules))),
    ...splunkMacros(context.rules).map(({ arguments: names, ...macro }) =>
      file(`macros/${macro.name}.yml`, names.length > 0 ? { ...macro, arguments: names } : macro),
    ),
    ...families(context.rules).map(family => file(`stories/${splName(STORIES[family].name)}.yml`, story(family, context.rules))),
    ...context.rules.map(rule => file(`detections/network/${splName(rule.name)}.yml`, detection(rule))),
    ...context.rules.filter(({ events }) => events !== '').map(rule => ({ path: `${ROOT}/${dataFile(rule)}`, content: rule.events })),
    file(`lookups/${ICS_LOOKUP}.yml`, icsLookup(latestDate(context.rules))),
    { path: `${ROOT}/lookups/${ICS_LOOKUP}.csv`, content: icsTable(context.rules) },
    ...EMPTY_FOLDERS.map(folder => ({ path: `${ROOT}/${folder}/.gitkeep`, content: '' })),
  ],
}

function file(path: string, value: object): ContentFile {
  return { path: `${ROOT}/${path}`, content: toYaml(value) }
}

function app({ version }: ContentContext): object {
  return {
    path: '.',
    app: {
      uid: 90000,
      title: 'Wardwire detections',
      appid: 'wardwire_escu',
      version,
      description: 'Detections over the events of wardwire, a network sensor for hospitals',
      prefix: 'wardwire',
      label: 'Wardwire',
      author_name: AUTHOR,
      author_email: 'wardwire@example.org',
      author_company: AUTHOR,
    },
    enforce_deprecation_mapping_requirement: false,
    enrichments: false,
    build_app: true,
    build_api: false,
  }
}

function dataSource({ rules }: ContentContext): object {
  return {
    name: DATA_SOURCE,
    id: UUID.dataSource,
    version: 1,
    date: latestDate(rules),
    author: AUTHOR,
    description: 'ECS documents of the wardwire sensor, one a JSON event',
    source: SOURCE,
    sourcetype: SOURCETYPE,
    supported_TA: [],
  }
}

/** When and how detections of a type run; each detection says so itself where its window needs more. */
function deployment(type: 'TTP' | 'Anomaly', date: string): object {
  return {
    name: `Wardwire ${type}`,
    id: type === 'TTP' ? UUID.ttp : UUID.anomaly,
    date,
    author: AUTHOR,
    type,
    description: `How detections of type ${type} run`,
    scheduling: { cron_schedule: '0 * * * *', earliest_time: '-70m@m', latest_time: '-10m@m', schedule_window: 'auto' },
    alert_action: alertAction(type),
  }
}

function alertAction(type: 'TTP' | 'Anomaly'): object {
  const finding = { notable: { rule_description: '%description%', rule_title: '%name%', nes_fields: ['src', 'dest'] } }
  return { ...(type === 'TTP' ? finding : {}), rba: { enabled: true } }
}

/** Which techniques of ATT&CK for ICS a detection stands for; annotations of Enterprise Security know those of Enterprise only. */
function icsLookup(date: string): object {
  return {
    name: ICS_LOOKUP,
    id: UUID.icsLookup,
    version: 1,
    date,
    author: AUTHOR,
    lookup_type: 'csv',
    description: 'Techniques of ATT&CK for ICS by detection',
    case_sensitive_match: true,
  }
}

function icsTable(rules: readonly DetectionRule[]): string {
  const rows = rules.flatMap(({ name, attack }) =>
    icsEntries(attack.ics, 'next').map(technique => `${name},${technique.id},"${technique.name}"`),
  )
  return ['detection,technique_id,technique', ...rows, ''].join('\n')
}

function families(rules: readonly DetectionRule[]): readonly Family[] {
  return [...new Set(rules.map(({ family }) => family))].sort()
}

function story(family: Family, rules: readonly DetectionRule[]): object {
  const { name, uuid, description } = STORIES[family]
  const members = rules.filter(rule => rule.family === family)
  return {
    name,
    id: uuid,
    version: 1,
    date: latestDate(members),
    author: AUTHOR,
    status: 'production',
    description,
    narrative: `${description} The story holds: ${members.map(rule => rule.name).join('; ')}.`,
    references: [],
    tags: { category: ['Adversary Tactics'], product: PRODUCTS, usecase: 'Security Monitoring' },
  }
}

function detection(rule: DetectionRule): object {
  const type = analyticType(rule)
  const { message, about, threat } = riskAnnotation(rule)
  const { cron, earliest, latest } = splSchedule(rule)
  return {
    name: rule.name,
    id: rule.uuid,
    version: rule.version,
    date: rule.updated,
    author: AUTHOR,
    status: rule.events === '' ? 'experimental' : 'production',
    type,
    description: `${rule.description} ${rule.why}`,
    data_source: [DATA_SOURCE],
    search: toSpl(rule),
    how_to_implement: howToImplement(rule),
    known_false_positives: rule.false_positives.join(' '),
    references: rule.references,
    drilldown_searches: drilldowns(rule, '%original_detection_search%'),
    rba: { message, risk_objects: [about], threat_objects: threat === undefined ? [] : [threat] },
    tags: {
      analytic_story: [STORIES[rule.family].name],
      asset_type: 'Network',
      mitre_attack_id: techniqueIds(rule.attack.enterprise, 'next'),
      product: PRODUCTS,
      security_domain: 'network',
      throttling: throttling(rule),
    },
    ...(rule.events === '' ? {} : { tests: [unitTest(rule)] }),
    deployment: {
      scheduling: { cron_schedule: cron, earliest_time: earliest, latest_time: latest, schedule_window: 'auto' },
      alert_action: alertAction(type),
    },
  }
}

/** Events on which contentctl can try the detection in a Splunk of its own. */
function dataFile({ id }: DetectionRule): string {
  return `data/${id}.ndjson`
}

function unitTest(rule: DetectionRule): object {
  return { name: 'True Positive Test', attack_data: [{ data: dataFile(rule), source: SOURCE, sourcetype: SOURCETYPE }] }
}

function latestDate(rules: readonly DetectionRule[]): string {
  return (
    rules
      .map(({ updated }) => updated)
      .sort()
      .at(-1) ?? '2026-01-01'
  )
}
