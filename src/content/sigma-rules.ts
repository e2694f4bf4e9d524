import type { Dataset } from '../normalize/event.ts'
import { icsEntries, resolveTactics, techniqueIds } from './attack.ts'
import type { ContentBuilder, ContentFile } from './builder.ts'
import { type SigmaDetection, sigmaCanSay, toSigmaCorrelation, toSigmaDetection } from './languages/sigma.ts'
import type { DetectionRule } from './rule.ts'
import { stableUuid } from './stable-uuid.ts'
import { toYaml } from './yaml.ts'

/** `sigma/*.yml`: one file a rule (Sigma specification 2). A threshold or sequence is a correlation with the rules that it counts. */
export const sigmaRules: ContentBuilder = {
  name: 'sigma',
  build: ({ rules }) => rules.filter(({ logic }) => sigmaCanSay(logic)).map(sigmaFile),
}

function sigmaFile(rule: DetectionRule): ContentFile {
  return { path: `sigma/${rule.id}.yml`, content: sigmaDocuments(rule).map(toYaml).join('---\n') }
}

/** The documents of one rule's file. */
export function sigmaDocuments(rule: DetectionRule): readonly object[] {
  const { logic } = rule
  switch (logic.type) {
    case 'query':
      return [{ ...heading(rule), logsource: logsource(rule.datasets[0]), detection: toSigmaDetection(logic.match), ...closing(rule) }]
    case 'threshold':
      return correlation(rule, logic, [{ name: `${rule.id}-event`, detection: toSigmaDetection(logic.match) }])
    case 'sequence':
      return correlation(
        rule,
        logic,
        logic.steps.map(({ match }, index) => ({ name: `${rule.id}-step-${index + 1}`, detection: toSigmaDetection(match) })),
      )
    default:
      return []
  }
}

interface Part {
  readonly name: string
  readonly detection: SigmaDetection
}

function correlation(rule: DetectionRule, logic: Parameters<typeof toSigmaCorrelation>[0], parts: readonly Part[]): readonly object[] {
  const names = parts.map(({ name }) => name)
  return [
    ...parts.map((part, index) => partRule(rule, part, index)),
    { ...heading(rule), correlation: { ...toSigmaCorrelation(logic, names), generate: false }, ...closing(rule) },
  ]
}

/** One of the rules that a correlation counts. It is no detection by itself. */
function partRule(rule: DetectionRule, { name, detection }: Part, index: number): object {
  return {
    title: `${rule.name} - Event ${index + 1}`,
    id: stableUuid(rule.uuid, name),
    name,
    status: 'test',
    description: `Events that ${rule.name} looks at.`,
    author: 'wardwire',
    date: rule.created,
    logsource: logsource(rule.datasets.length === 1 ? rule.datasets[0] : undefined),
    detection,
    level: 'informational',
  }
}

function heading(rule: DetectionRule): object {
  const tactics = resolveTactics(rule.attack.enterprise, 'next').map(
    ({ tactic }) => `attack.${tactic.name.toLowerCase().replaceAll(' ', '-')}`,
  )
  return {
    title: rule.name,
    id: rule.uuid,
    status: 'test',
    description: `${rule.description} ${rule.why}`,
    ...(rule.references.length > 0 ? { references: rule.references } : {}),
    author: 'wardwire',
    date: rule.created,
    ...(rule.updated === rule.created ? {} : { modified: rule.updated }),
    tags: [...tactics, ...techniqueIds(rule.attack.enterprise, 'next').map(id => `attack.${id.toLowerCase()}`)],
    attack_ics: icsEntries(rule.attack.ics, 'next').map(({ id }) => id),
  }
}

function closing(rule: DetectionRule): object {
  return { falsepositives: rule.false_positives, level: rule.severity }
}

/** Sigma names a log source where Elastic names a data stream. */
function logsource(dataset: Dataset | undefined): object {
  return { product: 'wardwire', ...(dataset === undefined ? {} : { service: dataset.slice('wardwire.'.length) }) }
}
