import { attackVersion, icsEntries, resolveTactics } from './attack.ts'
import type { ContentBuilder } from './builder.ts'
import { durationWords } from './duration.ts'
import { ruleBody } from './elastic-rules.ts'
import { sigmaCanSay } from './languages/sigma.ts'
import { toSpl } from './languages/spl.ts'
import type { DetectionRule, Logic, TestCase } from './rule.ts'
import { RISK_SCORE } from './rule.ts'
import { bullets, setupParagraphs } from './rule-text.ts'
import { sigmaDocuments } from './sigma-rules.ts'
import { toYaml } from './yaml.ts'

/** `docs/rules/*.md`: a page a rule, and their index. */
export const ruleDocs: ContentBuilder = {
  name: 'rule-docs',
  build: context => [
    { path: 'docs/rules/README.md', content: index(context.rules) },
    ...context.rules.map(rule => ({
      path: `docs/rules/${rule.id}.md`,
      content: page(rule, String(ruleBody(rule, context)['query']), String(ruleBody(rule, context)['language'])),
    })),
  ],
}

const KINDS: Readonly<Record<Logic['type'], string>> = {
  query: 'query',
  threshold: 'threshold',
  new_terms: 'new terms',
  sequence: 'event sequence',
  silence: 'silence',
}

function index(rules: readonly DetectionRule[]): string {
  const rows = rules.map(
    rule =>
      `| [${rule.name}](${rule.id}.md) | ${rule.severity} | ${KINDS[rule.logic.type]} | ${techniques(rule)} | ${icsEntries(
        rule.attack.ics,
        'current',
      )
        .map(({ id }) => id)
        .join(', ')} |`,
  )
  return `# Detection rules

${rules.length} rules for the SIEM, from one source for Elastic, Splunk and Sigma. They do not repeat what the sensor itself detects: its alerts
arrive with a severity of their own, and some rules here connect them. Every rule ships disabled.

The logic is tested by running it over events that the sensor made from recorded captures: query, threshold and new-terms rules on a search
engine with the shipped mappings, sequences by Elastic's EQL engine, Sigma by pySigma's SQLite backend. ES|QL is checked by Elastic's parser and
SPL for its form only; neither is executed in the tests.

ATT&CK ids in Elastic follow version ${attackVersion('current')}; in Splunk and Sigma they follow version ${attackVersion('next')}.

| Rule | Severity | Kind | ATT&CK | ATT&CK for ICS |
|---|---|---|---|---|
${rows.join('\n')}
`
}

function techniques(rule: DetectionRule): string {
  const ids = resolveTactics(rule.attack.enterprise, 'current').flatMap(({ techniques: found }) =>
    found.flatMap(({ id, subtechniques }) => (subtechniques.length > 0 ? subtechniques.map(sub => sub.id) : [id])),
  )
  return [...new Set(ids)].join(', ')
}

function page(rule: DetectionRule, query: string, language: string): string {
  const sections = [
    `# ${rule.name}`,
    rule.description,
    `| Severity | Risk score | Kind | Since | Id |\n|---|---|---|---|---|\n| ${rule.severity} | ${RISK_SCORE[rule.severity]} | ${KINDS[rule.logic.type]} | ${rule.created} | \`${rule.uuid}\` |`,
    '## Why it matters',
    rule.why,
    '## Setup',
    setupParagraphs(rule).join('\n\n'),
    '## Logic',
    logicWords(rule.logic),
    `Elastic:\n\n${fenced(query, language)}`,
    `Splunk:\n\n${fenced(toSpl(rule), 'spl')}`,
    sigmaCanSay(rule.logic)
      ? `Sigma:\n\n${fenced(sigmaDocuments(rule).map(toYaml).join('---\n').trimEnd(), 'yaml')}`
      : 'Sigma cannot say this rule.',
    '## Investigation',
    bullets(rule.guide.steps),
    '## False positives',
    bullets(rule.false_positives),
    '## Response',
    bullets(rule.guide.response),
    '## ATT&CK',
    attackTable(rule),
    '## Tested on',
    testedOn(rule),
    ...(rule.references.length > 0 ? ['## References', bullets(rule.references.map(url => `<${url}>`))] : []),
  ]
  return `${sections.join('\n\n')}\n`
}

function logicWords(logic: Logic): string {
  switch (logic.type) {
    case 'query':
      return 'Every event that matches is a hit.'
    case 'threshold': {
      const { measure, by, within } = logic
      const what = {
        count: 'events',
        distinct: `different values of ${measure.kind === 'distinct' ? code(measure.field) : ''}`,
        sum: `as the sum of ${measure.kind === 'sum' ? code(measure.field) : ''}`,
      }[measure.kind]
      return `At least ${measure.at_least} ${what} for the same ${by.map(code).join(', ')} within ${durationWords(within)}.`
    }
    case 'new_terms':
      return `A combination of ${logic.terms.map(code).join(', ')} that was not seen in the last ${durationWords(logic.history)}.`
    case 'sequence':
      return `${logic.steps.length} events in this order within ${durationWords(logic.within)}, with the same ${joinWords(logic)}.`
    case 'silence':
      return `No event for ${durationWords(logic.missing)} from a ${logic.by.map(code).join(', ')} that sent at least ${logic.after_events} within ${durationWords(logic.within)}.`
  }
}

/** Fields of the steps, once where they are the same. */
function joinWords({ steps }: Extract<Logic, { type: 'sequence' }>): string {
  const fields = steps.map(({ by }) => by.map(code).join(' and '))
  return [...new Set(fields)].join(' in the first event as ')
}

function attackTable(rule: DetectionRule): string {
  const rows = (['current', 'next'] as const).map(edition => {
    const enterprise = resolveTactics(rule.attack.enterprise, edition).flatMap(({ tactic, techniques: found }) =>
      found.flatMap(technique =>
        (technique.subtechniques.length > 0 ? technique.subtechniques : [technique]).map(
          ({ id, name, url }) => `${tactic.name}: [${id}](${url}) ${name}`,
        ),
      ),
    )
    const ics = icsEntries(rule.attack.ics, edition).map(({ id, name, url }) => `[${id}](${url}) ${name}`)
    return `| ${attackVersion(edition)} | ${enterprise.join('<br>')} | ${ics.join('<br>')} |`
  })
  return `| Version | Enterprise | ICS |\n|---|---|---|\n${rows.join('\n')}`
}

function testedOn({ tests: { fires, silent } }: DetectionRule): string {
  const near = silent.length > 0 ? ` It stays silent on ${cases(silent)}.` : ''
  return `It fires on ${cases(fires)}.${near} On no other golden capture does it fire.`
}

function cases(tests: readonly TestCase[]): string {
  return tests.map(test => (typeof test === 'string' ? code(test) : `"${test.name}" (events derived from captures)`)).join(', ')
}

function code(name: string): string {
  return `\`${name}\``
}

function fenced(text: string, language: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}
