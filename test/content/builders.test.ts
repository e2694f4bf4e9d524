import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { buildContentInto } from '../../src/commands/content-build.ts'
import { techniqueIds } from '../../src/content/attack.ts'
import { securityRuleAssets } from '../../src/content/elastic-rules.ts'
import { buildContent, CONTENT_BUILDERS } from '../../src/content/index.ts'
import { splColumn, toSpl } from '../../src/content/languages/spl.ts'
import { RISK_SCORE } from '../../src/content/rule.ts'
import { loadRules } from '../../src/content/rules.ts'
import { savedSearches, splunkMacros, throttling } from '../../src/content/splunk-searches.ts'
import { VERSION } from '../../src/installation.ts'
import { catalogue } from '../../src/normalize/catalogue.ts'
import { kqlFields, kqlToDsl } from './kql.ts'

const rules = loadRules()
const context = { version: VERSION, rules }
const files = new Map(buildContent(context).map(({ path, content }) => [path, content]))

describe('the content tree', () => {
  test('every path is made once, and the same bytes come out again', () => {
    const once = CONTENT_BUILDERS.flatMap(builder => builder.build(context)).map(({ path }) => path)
    expect(new Set(once).size).toBe(once.length)
    const again = buildContent({ version: VERSION, rules: loadRules() })
    expect(again.map(({ path }) => path)).toEqual([...files.keys()])
    for (const { path, content } of again) expect(Buffer.from(content).equals(Buffer.from(files.get(path)!)), path).toBe(true)
  })

  test('the index of the rules names every page', () => {
    const index = String(files.get('docs/rules/README.md'))
    for (const rule of rules) {
      expect(index).toContain(`[${rule.name}](${rule.id}.md)`)
      expect(String(files.get(`docs/rules/${rule.id}.md`))).toContain(`# ${rule.name}`)
    }
  })
})

interface Imported {
  readonly [key: string]: unknown
  readonly rule_id: string
  readonly name: string
  readonly type: string
  readonly query: string
  readonly from: string
  readonly interval: string
}
const lines = String(files.get('elastic/rules.ndjson')).trim().split('\n')
const imported = lines.map(line => JSON.parse(line) as Imported)

const COMMON =
  'rule_id version name description author license severity risk_score type language query from to interval enabled max_signals tags threat false_positives references note setup investigation_fields required_fields related_integrations alert_suppression timestamp_override'
/** Keys of a rule in the detection engine's API beside the common ones. */
const KEYS: Readonly<Record<string, string>> = {
  query: 'index',
  threshold: 'index threshold',
  new_terms: 'index new_terms_fields history_window_start',
  eql: 'index tiebreaker_field',
  esql: '',
}
const seconds = (time: string): number => {
  const [, value, unit] = /(\d+)([smhd])$/.exec(time)!
  return Number(value) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit]!
}

describe('rules for Elastic', () => {
  test('every type is there, and every line is one flat rule that is off', () => {
    expect(imported).toHaveLength(rules.length)
    expect(new Set(imported.map(({ type }) => type))).toEqual(new Set(Object.keys(KEYS)))
    for (const rule of imported) {
      const allowed = `${COMMON} ${KEYS[rule.type]}`.split(' ')
      expect(
        Object.keys(rule).filter(key => !allowed.includes(key)),
        rule.name,
      ).toEqual([])
      expect(rule).toMatchObject({ enabled: false, license: 'Apache-2.0' })
    }
  })

  test.each(imported)('$name: severity and score, guide, time', rule => {
    expect(rule['risk_score']).toBe(RISK_SCORE[rule['severity'] as keyof typeof RISK_SCORE])
    const note = String(rule['note'])
    const places = [
      '## Triage and analysis',
      `### Investigating ${rule.name}\n`,
      '### Possible investigation steps',
      '### False positive analysis',
      '### Response and remediation',
    ].map(heading => note.indexOf(heading))
    expect(places.every(place => place >= 0) && places.every((place, index) => index === 0 || place > places[index - 1])).toBe(true)
    expect(String(rule['setup'])).toMatch(/^## Setup\n\n/)
    expect(rule['timestamp_override']).toBe(rule.type === 'eql' ? undefined : 'event.ingested')
    expect(seconds(rule.from)).toBeGreaterThanOrEqual(seconds(rule.interval))
    if (rule.type === 'eql') {
      const span = seconds(/maxspan=(\w+)/.exec(rule.query)![1])
      expect(seconds(rule.from) + 600).toBeGreaterThanOrEqual(span)
      expect(seconds(rule.interval)).toBeGreaterThanOrEqual(span / 2)
    }
  })

  test.each(imported.filter(({ type }) => !['eql', 'esql'].includes(type)))('$name: KQL with fields of its indices', ({ query, index }) => {
    expect(() => kqlToDsl(query)).not.toThrow()
    const datasets = (index as readonly string[]).map(pattern => /^logs-(.+)-\*$/.exec(pattern)![1])
    for (const name of kqlFields(query)) {
      const field = catalogue().get(name)
      expect(
        datasets.some(dataset => field?.datasets.some(own => own === dataset)),
        name,
      ).toBe(true)
    }
  })

  test('package assets are the same rules as saved objects named by their id', () => {
    const assets = securityRuleAssets(context)
    expect(assets).toHaveLength(rules.length)
    for (const { path, content } of assets) {
      const { id, type, attributes } = JSON.parse(String(content)) as { id: string; type: string; attributes: Imported }
      expect({ path, type }).toEqual({ path: `kibana/security_rule/${id}.json`, type: 'security-rule' })
      expect(attributes.rule_id).toBe(id)
      expect({ ...attributes, enabled: false }).toEqual(imported.find(rule => rule.rule_id === id))
    }
  })
})

describe('saved searches for Splunk', () => {
  const macros = new Set(splunkMacros(rules).map(({ name }) => name))
  const searches = savedSearches(rules)

  test.each(rules)('$id: disabled, with macros that exist and columns that come out', rule => {
    const search = searches[`Wardwire - ${rule.name} - Rule`]
    expect(search).toMatchObject({ disabled: '1', enableSched: '0', 'action.risk': '1', 'alert.suppress': '1' })
    expect(Object.values(search).filter(value => value === '' || /[\n\r]/.test(value))).toEqual([])
    const spl = toSpl(rule)
    for (const [, macro] of spl.matchAll(/`(\w+)(?:\([^`]*\))?`/g)) expect(macros.has(macro), macro).toBe(true)
    const columns = columnsOf(spl)
    for (const field of [
      ...throttling(rule).fields,
      splColumn(rule.risk.about),
      ...(rule.risk.threat ? [splColumn(rule.risk.threat)] : []),
    ])
      expect(columns, field).toContain(field)
  })

  test.each(rules)('$id: quotes and brackets are closed, commands are known', rule => {
    const spl = toSpl(rule)
    const bare = spl.replaceAll(/"(?:\\.|[^"\\])*"/g, '""').replaceAll(/'[^']*'/g, "''")
    expect(bare.match(/["']/g)?.length ?? 0).toBe(2 * ((bare.match(/""/g)?.length ?? 0) + (bare.match(/''/g)?.length ?? 0)))
    let depth = 0
    for (const character of bare) {
      if (character === '(') depth++
      if (character === ')') depth--
      expect(depth).toBeGreaterThanOrEqual(0)
    }
    expect(depth).toBe(0)
    for (const command of bare.split('\n').slice(1)) expect(command).toMatch(/^\| (stats|where|eval|rename|sort|streamstats|`\w+)/)
  })

  /** Names that the last statistics leave, after renaming. */
  function columnsOf(spl: string): readonly string[] {
    const stats = spl
      .split('\n')
      .filter(line => line.startsWith('| stats'))
      .at(-1)!
    const renames = new Map(
      [...(/\| rename (.*)/.exec(spl)?.[1] ?? '').matchAll(/([\w.@]+) as (\w+)/g)].map(([, field, name]) => [field, name]),
    )
    const groups = / by (.*)$/.exec(stats)![1].split(', ')
    return [...groups.map(field => renames.get(field) ?? field), ...[...stats.matchAll(/ as (\w+)/g)].map(([, name]) => name)]
  }
})

describe('ATT&CK', () => {
  test('the next version has other ids for what was revoked', () => {
    const impair = [{ tactic: 'TA0005', techniques: ['T1562.001', 'T1562.006'] }]
    expect(techniqueIds(impair, 'current')).toEqual(['T1562.001', 'T1562.006'])
    expect(techniqueIds(impair, 'next')).toEqual(['T1685'])
    expect(String(files.get('sigma/sensor-stopped.yml'))).toContain('attack.defense-impairment\n  - attack.t1685')
    expect(imported.find(({ name }) => name === 'wardwire Sensor Stopped')!['threat']).toMatchObject([
      { tactic: { id: 'TA0005' }, technique: [{ id: 'T1562', subtechnique: [{ id: 'T1562.001', name: 'Disable or Modify Tools' }] }] },
    ])
  })
})

describe('wardwire content build', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wardwire-content-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('writes the tree, says what, and takes away what it no longer makes', () => {
    expect(buildContentInto(folder)).toContain(`${files.size} files written`)
    for (const [path, content] of files) expect(readFileSync(join(folder, path)).equals(Buffer.from(content)), path).toBe(true)
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { files: Record<string, string> }
    expect(Object.keys(manifest.files)).toEqual([...files.keys()])
    writeFileSync(join(folder, 'sigma', 'gone.yml'), 'x')
    writeFileSync(join(folder, 'mine.txt'), 'x')
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ files: { ...manifest.files, 'sigma/gone.yml': '' } }))
    expect(buildContentInto(folder)).toContain('removed 1 of an earlier build')
    expect(existsSync(join(folder, 'sigma', 'gone.yml'))).toBe(false)
    expect(readdirSync(folder)).toContain('mine.txt')
  })

  test('names a folder that it cannot write', () => {
    const file = join(folder, 'mine.txt')
    expect(() => buildContentInto(file)).toThrow(expect.objectContaining({ code: 'content_unwritable' }))
  })
})
