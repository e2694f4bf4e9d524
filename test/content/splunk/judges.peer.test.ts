import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { eventtypeName, JSON_SOURCETYPE } from '../../../src/content/splunk/addon.ts'
import { cimFields, cimModels, JSON_FIELDS } from '../../../src/content/splunk/cim.ts'
import { splunkApps } from '../../../src/content/splunk/index.ts'
import { VERSION } from '../../../src/installation.ts'
import type { EcsDocument } from '../../../src/normalize/event.ts'
import { judge, judgesMissing } from '../../peers/judges.ts'
import { describePeer, removeFolder } from '../../peers/peer.ts'
import { allFields, confKeys, dataModel, splunkDefinitionsMissing } from '../../peers/splunk-definitions.ts'
import { goldenEvents } from '../events.ts'
import { ADDON, APP, conf, RULES } from './apps.ts'
import { eventtypesOf, modelOf, searchTimeFields } from './knowledge.ts'
import { eventRow, list, type Row } from './spl/row.ts'
import { vulnerabilities } from './world.ts'

interface Report {
  readonly summary: Readonly<Record<string, number>>
  readonly reports: readonly { readonly groups: readonly { readonly checks: readonly Check[] }[] }[]
}
interface Check {
  readonly name: string
  readonly result: string
  readonly messages: readonly { readonly message: string }[]
}

/** A judge takes seconds, more on a busy machine. */
const JUDGE_MS = 120_000

const folder = mkdtempSync(join(tmpdir(), 'wardwire-spl-'))
afterAll(() => removeFolder(folder))

describePeer('AppInspect', judgesMissing(), () => {
  test.each(splunkApps.build({ version: VERSION, rules: RULES }))(
    'finds no error and no failure in $path',
    { timeout: JUDGE_MS },
    ({ path, content }) => {
      const file = join(folder, path.replace('splunk/', ''))
      const report = `${file}.json`
      writeFileSync(file, content)
      judge('splunk-appinspect', [
        'inspect',
        file,
        '--mode',
        'precert',
        '--included-tags',
        'cloud',
        '--data-format',
        'json',
        '--output-file',
        report,
      ])
      const { summary, reports } = JSON.parse(readFileSync(report, 'utf8')) as Report
      const bad = reports
        .flatMap(({ groups }) => groups.flatMap(({ checks }) => checks))
        .filter(({ result }) => ['error', 'failure', 'future_failure'].includes(result))
      expect(bad).toEqual([])
      expect(summary).toMatchObject({ error: 0, failure: 0, future_failure: 0, skipped: 0 })
      expect(summary['success']).toBeGreaterThan(80)
    },
  )
})

describePeer('specifications of configuration files', splunkDefinitionsMissing(), () => {
  /** The toolkit has no specification of these: ours, and one of the Monitoring Console. */
  const WITHOUT = ['analyticstories', 'checklist']
  /** Settings that came after the toolkit's specifications (Splunk 6.6), and those of Enterprise Security's `identity_manager`. */
  const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
    savedsearches: ['allow_skew'],
    inputs: ['category', 'description', 'target', 'url'],
  }

  test.each([
    ['the add-on', ADDON],
    ['the app', APP],
  ])('every key of %s is in them', (_, files) => {
    const names = [...files.keys()].flatMap(path => /^default\/(\w+)\.conf$/.exec(path)?.[1] ?? [])
    for (const name of names.filter(one => !WITHOUT.includes(one))) {
      const keys = confKeys(name)
      if (keys === undefined) expect.fail(`there is no specification of ${name}.conf`)
      for (const [stanza, settings] of Object.entries(conf(files, name)))
        for (const key of Object.keys(settings))
          expect(
            keys.some(pattern => pattern.test(key)) || ELSEWHERE[name]?.includes(key) === true,
            `${name}.conf [${stanza}] ${key}`,
          ).toBe(true)
    }
  })
})

describePeer('published data models', splunkDefinitionsMissing(), () => {
  const models = cimModels().filter(({ model }) => model !== 'none')

  test('an event type has the tags of exactly one model, its own', () => {
    const known = [
      'Network_Traffic',
      'Intrusion_Detection',
      'Alerts',
      'Change',
      'Compute_Inventory',
      'Vulnerabilities',
      'Authentication',
      'Network_Sessions',
      'Web',
      'Malware',
      'Network_Resolution',
      'Updates',
      'Endpoint',
      'Certificates',
      'Performance',
    ]
    const tags = conf(ADDON, 'tags')
    for (const row of models) {
      const own = Object.keys(tags[`eventtype=${eventtypeName(row)}`])
      const matching = known.filter(name => {
        const [{ tags: sets }] = dataModel(name).objects
        // The root of the inventory wants one of several tags beside its own.
        return sets.some(set => set.every(tag => own.includes(tag))) && (name !== 'Compute_Inventory' || own.length > 1)
      })
      expect(matching, eventtypeName(row)).toEqual([row.model])
    }
  })

  test('every field that is mapped is a field of a model', () => {
    const names = new Set(
      ['Web', 'Alerts', ...models.map(({ model }) => model)].flatMap(model => allFields(dataModel(model)).map(({ name }) => name)),
    )
    /** In the documentation of the models, not in the definitions of the tests. */
    const DOCUMENTED = ['src_ip', 'src_mac', 'dest_mac', 'start_time', 'end_time', 'http_content_type', 'os', 'change_type']
    for (const { cim } of cimFields(JSON_FIELDS)) expect([...names, ...DOCUMENTED]).toContain(cim)
  })

  /** What a model wants and a network sensor cannot know. */
  const UNKNOWN: Readonly<Record<string, readonly string[]>> = {
    Network_Traffic: [],
    Intrusion_Detection: [],
    Vulnerabilities: ['cvss'],
    Change: ['command', 'user', 'src', 'object_attrs'],
    Compute_Inventory: ['dns', 'interface'],
  }
  const golden = [...goldenEvents().values()].flat()
  const documents: readonly EcsDocument[] = [...golden, ...vulnerabilities(goldenEvents().get('demo-hospital')!)]
  const rows: readonly Row[] = documents.map(document => searchTimeFields(eventRow(document, 0), JSON_SOURCETYPE))

  describe.each([...new Set(models.map(({ model }) => model))])('%s', model => {
    const own = rows.filter(row => eventtypesOf(row).some(name => modelOf(name) === model))
    const [{ fields }] = dataModel(model).objects

    test('required fields are there', () => {
      expect(own.length).toBeGreaterThan(0)
      const required = fields.filter(({ name, type }) => type === 'required' && !UNKNOWN[model].includes(name))
      for (const row of own)
        for (const { name } of required)
          expect(list(row[name]).length, `${name} of ${String(row['_raw']).slice(0, 300)}`).toBeGreaterThan(0)
    })

    test('values are those that it knows', () => {
      for (const { name, expected_values: expected } of fields) {
        if (expected === undefined) continue
        for (const row of own) for (const value of list(row[name])) expect(expected, name).toContain(String(value))
      }
    })
  })
})
