import { techniqueIds } from '../attack.ts'
import type { DetectionRule, Family } from '../rule.ts'
import { howToImplement, savedSearches } from '../splunk-searches.ts'
import type { Conf } from './conf.ts'

type Stories = Readonly<Record<Family, { readonly name: string; readonly description: string }>>

/** Stories of Enterprise Security and the searches that belong to each. */
export function analyticStories(rules: readonly DetectionRule[], stories: Stories): Conf {
  const families = [...new Set(rules.map(({ family }) => family))].sort()
  return {
    ...Object.fromEntries(rules.map(rule => [`savedsearch://${searchName(rule)}`, detection(rule)])),
    ...Object.fromEntries(
      families.map(family => {
        const members = rules.filter(rule => rule.family === family)
        const { name, description } = stories[family]
        return [`analytic_story://${name}`, story(description, members)]
      }),
    ),
  }
}

/** Name of the saved search of a rule. */
function searchName(rule: DetectionRule): string {
  return Object.keys(savedSearches([rule]))[0]
}

function detection(rule: DetectionRule): Conf[string] {
  return {
    type: 'detection',
    asset_type: 'Network',
    confidence: 'medium',
    explanation: oneLine(`${rule.description} ${rule.why}`),
    how_to_implement: oneLine(howToImplement(rule)),
    annotations: JSON.stringify({ mitre_attack: techniqueIds(rule.attack.enterprise, 'next'), mitre_attack_ics: rule.attack.ics }),
    known_false_positives: oneLine(rule.false_positives.join(' ')),
    providing_technologies: 'null',
  }
}

function story(description: string, members: readonly DetectionRule[]): Conf[string] {
  const [latest] = members
    .map(({ updated }) => updated)
    .sort()
    .reverse()
  return {
    category: 'Adversary Tactics',
    last_updated: latest,
    version: '1',
    references: '[]',
    maintainers: JSON.stringify([{ company: 'wardwire', email: '-', name: 'wardwire' }]),
    spec_version: '3',
    searches: JSON.stringify(members.map(searchName)),
    description: oneLine(description),
    narrative: oneLine(`${description} The story holds: ${members.map(({ name }) => name).join('; ')}.`),
  }
}

/** The rule over the risk that the other rules have added to a device. */
export function riskRule({
  name,
  description,
  search,
}: {
  readonly name: string
  readonly description: string
  readonly search: string
}): Conf {
  const label = `Wardwire - ${name} - Rule`
  return {
    [label]: {
      description,
      search: oneLine(search),
      disabled: '1',
      enableSched: '0',
      cron_schedule: '17 * * * *',
      'dispatch.earliest_time': '-24h@h',
      'dispatch.latest_time': 'now',
      schedule_window: 'auto',
      is_visible: 'false',
      counttype: 'number of events',
      relation: 'greater than',
      quantity: '0',
      'alert.digest_mode': '1',
      'alert.suppress': '1',
      'alert.suppress.fields': 'risk_object,risk_object_type',
      'alert.suppress.period': '24h',
      'action.correlationsearch.enabled': '1',
      'action.correlationsearch.detection_type': 'fbd',
      'action.correlationsearch.label': label,
      'action.notable': '1',
      'action.notable.param.rule_title': 'Risk of medical device $risk_object$: $risk_score$',
      'action.notable.param.rule_description': description,
      'action.notable.param.security_domain': 'threat',
      'action.notable.param.severity': 'high',
      'action.notable.param.nes_fields': 'risk_object,risk_object_type',
    },
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
