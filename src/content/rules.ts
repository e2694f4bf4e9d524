import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConfigProblem, formatProblems } from '../config/load.ts'
import { HOME } from '../installation.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { DetectionRule } from './rule.ts'
import { ruleProblems } from './rule-check.ts'
import { parseRule } from './rule-schema.ts'

const SUFFIX = '.yml'

/** `dashboards/rules` of this installation. */
export const RULES_FOLDER = join(HOME, 'dashboards', 'rules')

/** Every rule of a folder, by id. Throws `rule_invalid` with all problems of all files, each with its line where it has one. */
export function loadRules(folder: string = RULES_FOLDER): readonly DetectionRule[] {
  const problems: ConfigProblem[] = []
  const rules: DetectionRule[] = []
  for (const file of ruleFiles(folder)) {
    const path = join(folder, file)
    const id = file.slice(0, -SUFFIX.length)
    const parsed = parseRule(readFileSync(path, 'utf8'), path, id, eventsOf(folder, id))
    if (parsed.ok) {
      rules.push(parsed.rule)
      problems.push(...ruleProblems(parsed.rule).map(message => wholeFile(path, message)))
    } else problems.push(...parsed.problems)
  }
  problems.push(...duplicates(rules).map(message => wholeFile(folder, message)))
  if (problems.length > 0)
    throw new WardwireError('rule_invalid', `${problems.length} problems in the detection rules:\n${formatProblems(problems)}`)
  return rules
}

function ruleFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter(file => file.endsWith(SUFFIX))
      .sort()
  } catch (cause) {
    throw new WardwireError('rule_invalid', `cannot read the detection rules in ${folder}`, {
      mend: 'install wardwire with its folder dashboards/',
      cause,
    })
  }
}

/** `events/<id>.ndjson` beside the rules; a rule may have none. */
function eventsOf(folder: string, id: string): string {
  const file = join(folder, 'events', `${id}.ndjson`)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

function wholeFile(file: string, message: string): ConfigProblem {
  return { file, line: 0, path: '', message, mend: undefined }
}

function duplicates(rules: readonly DetectionRule[]): readonly string[] {
  const keys = ['uuid', 'name'] as const
  return keys.flatMap(key => {
    const seen = new Map<string, string>()
    return rules.flatMap(rule => {
      const value = rule[key].toLowerCase()
      const first = seen.get(value)
      seen.set(value, rule.id)
      return first === undefined ? [] : [`${first} and ${rule.id} have the same ${key}`]
    })
  })
}
