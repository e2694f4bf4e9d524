import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { strFromU8, unzipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { ContentFile } from '../../../src/content/builder.ts'
import { ELASTIC_FOLDER, loadDashboards } from '../../../src/content/elastic/dashboards.ts'
import { elasticPackage, packageFiles } from '../../../src/content/elastic/package.ts'
import { LATEST_TRANSFORMS } from '../../../src/content/elastic/transforms.ts'
import { zip } from '../../../src/content/elastic/zip.ts'
import { loadRules } from '../../../src/content/rules.ts'
import { VERSION } from '../../../src/installation.ts'
import { catalogue, checkDocument } from '../../../src/normalize/catalogue.ts'
import { DATASETS, type Dataset, type EcsDocument } from '../../../src/normalize/event.ts'
import { elasticTemplates } from '../../../src/normalize/templates.ts'
import { defaultSettings } from '../../../src/settings.ts'
import { chosenEvents } from './samples.ts'
import { findings } from './vulnerabilities.ts'

const CONTEXT = { version: VERSION, rules: loadRules() }
const FILES = new Map(packageFiles(CONTEXT).map(({ path, content }) => [path, String(content)]))
const yaml = <Value>(path: string): Value => parse(FILES.get(path)!) as Value
const pathsBelow = (folder: string): readonly string[] => [...FILES.keys()].filter(path => path.startsWith(folder))

interface PackageField {
  readonly name: string
  readonly type: string
  readonly value?: string
  readonly path?: string
  readonly normalize?: readonly string[]
  readonly ignore_malformed?: boolean
}
const fieldsIn = (folder: string): readonly PackageField[] => pathsBelow(`${folder}/fields/`).flatMap(path => yaml<PackageField[]>(path))

describe('the integration package', () => {
  test('is of the lowest format that has what it needs, for the stacks that have it', () => {
    expect(yaml('manifest.yml')).toMatchObject({
      format_version: '3.4.2',
      name: 'wardwire',
      version: VERSION,
      type: 'integration',
      conditions: { kibana: { version: '^8.19.0 || ^9.1.0' }, elastic: { subscription: 'basic', capabilities: ['security'] } },
    })
    expect(yaml<{ version: string }[]>('changelog.yml')[0].version).toBe(VERSION)
    expect(FILES.get('img/wardwire.svg')).toContain('<svg')
  })

  describe.each(DATASETS)('data stream %s', dataset => {
    const folder = `data_stream/${dataset.slice('wardwire.'.length)}`
    const fields = fieldsIn(folder)

    test('maps exactly the fields of the catalogue, and nothing dynamically', () => {
      const wanted = [...catalogue().values()].filter(({ datasets }) => datasets.includes(dataset))
      const described = fields.map(({ name, type, normalize }) => ({ name, type, array: normalize?.includes('array') ?? false }))
      const byName = (one: { name: string }, other: { name: string }): number => (one.name < other.name ? -1 : 1)
      expect([...described].sort(byName)).toEqual(wanted.map(({ name, type, array }) => ({ name, type, array })).sort(byName))
      expect(yaml(`${folder}/manifest.yml`)).toMatchObject({
        type: 'logs',
        elasticsearch: { index_template: { mappings: { dynamic: false } } },
      })
      expect(fields.length).toBeLessThan(1000)
    })

    test('knows its own name, and takes a malformed value for the loss of that value only', () => {
      const constants = fields.filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value])
      expect(Object.fromEntries(constants)).toEqual({ 'data_stream.type': 'logs', 'data_stream.dataset': dataset })
      for (const { name, type, ignore_malformed } of fields)
        expect(ignore_malformed ?? false, name).toBe(name !== '@timestamp' && ['long', 'float', 'boolean', 'date', 'ip'].includes(type))
    })

    test('has a pipeline in which every step has a tag and a failure is told', () => {
      const { processors, on_failure } = yaml<
        Record<'processors' | 'on_failure', Record<string, { tag?: string; field: string; value: string }>[]>
      >(`${folder}/elasticsearch/ingest_pipeline/default.yml`)
      const steps = [...processors, ...on_failure].flatMap(step => Object.values(step))
      expect(new Set(steps.map(({ tag }) => tag)).size).toBe(steps.length)
      expect(steps.some(({ tag }) => tag === undefined)).toBe(false)
      expect(steps.find(({ field }) => field === 'event.kind')?.value).toBe('pipeline_error')
      expect(steps.find(({ field }) => field === 'error.message')?.value).toMatch(
        /processor_type.*processor_tag.*_ingest\.pipeline.*failure_message/,
      )
    })
  })

  test('fields of ECS have the types of ECS', () => {
    const { EcsFlat } = createRequire(import.meta.url)('@elastic/ecs') as { EcsFlat: Readonly<Record<string, { type: string }>> }
    const narrower: Readonly<Record<string, string>> = { match_only_text: 'keyword' }
    for (const dataset of DATASETS)
      for (const { name, type } of fieldsIn(`data_stream/${dataset.slice('wardwire.'.length)}`)) {
        if (/^(dicom|hl7|wardwire)\./.test(name)) continue
        const wanted = EcsFlat[name]?.type
        expect([type, narrower[type]], `${name} is ${wanted}`).toContain(wanted)
      }
  })

  test('the transforms keep the latest device in a lookup index and the latest finding where the findings page looks', () => {
    const transform = (name: string): object => yaml(`elasticsearch/transform/${name}/transform.yml`)
    expect(transform('latest_device')).toMatchObject({
      source: { index: ['logs-wardwire.asset-*'] },
      dest: { index: 'wardwire-latest-device' },
      latest: { unique_key: ['host.id'], sort: '@timestamp' },
      sync: { time: { field: 'event.ingested' } },
      retention_policy: { time: { field: '@timestamp', max_age: `${defaultSettings().inventory.retention_days}d` } },
    })
    expect(yaml('elasticsearch/transform/latest_device/manifest.yml')).toMatchObject({
      destination_index_template: { settings: { index: { mode: 'lookup' } } },
    })
    expect(transform('latest_vulnerability')).toMatchObject({
      dest: {
        index: 'security_solution-wardwire.vulnerability_latest-v1',
        aliases: [{ alias: 'security_solution-wardwire.vulnerability_latest', move_on_creation: true }],
      },
    })
    for (const { name, dataset, uniqueKey, aliases } of LATEST_TRANSFORMS) {
      const fields = fieldsIn(`elasticsearch/transform/${name}`)
      expect(fields.find(field => field.name === 'data_stream.namespace')?.type).toBe('keyword')
      for (const key of uniqueKey) expect(catalogue().get(key)?.datasets, key).toContain(dataset)
      for (const [alias, path] of Object.entries(aliases))
        expect(fields).toContainEqual(expect.objectContaining({ name: alias, type: 'alias', path }))
    }
  })

  test('holds every rule and every dashboard under the name of its id', () => {
    const ids = (folder: string): readonly string[] =>
      pathsBelow(folder).map(path => {
        const { id } = JSON.parse(FILES.get(path)!) as { id: string }
        expect(path).toBe(`${folder}/${id}.json`)
        return id
      })
    expect(ids('kibana/security_rule')).toHaveLength(CONTEXT.rules.length)
    expect(ids('kibana/dashboard')).toEqual(loadDashboards().map(({ id }) => `wardwire-${id}`))
  })

  test('its dashboards hold objects where Kibana keeps text, on the data view that Fleet has everywhere', () => {
    for (const path of pathsBelow('kibana/dashboard')) {
      const text = FILES.get(path)!
      const { attributes, references } = JSON.parse(text) as {
        attributes: { panelsJSON: unknown }
        references: { type: string; id: string }[]
      }
      expect(Array.isArray(attributes.panelsJSON)).toBe(true)
      expect(new Set(references.filter(({ type }) => type === 'index-pattern').map(({ id }) => id))).toEqual(new Set(['logs-*']))
      expect(text).not.toContain('wardwire-logs')
    }
  })

  test('its documentation has no open places, and every field, dashboard and privilege', () => {
    const text = FILES.get('docs/README.md')!
    expect(text.match(/\{\{\w*\}\}/g)).toBeNull()
    for (const { title } of loadDashboards()) expect(text).toContain(`| ${title} |`)
    for (const name of catalogue().keys()) expect(text).toContain(`| ${name} |`)
    expect(text).toContain('"privileges": ["auto_configure", "create_doc"]')
    expect(text).toContain(`The ${CONTEXT.rules.length} rules`)
  })
})

describe('sample events', () => {
  const file = (dataset: Dataset): string => `data_stream/${dataset.slice('wardwire.'.length)}/sample_event.json`

  test('are what the sensor makes of a golden capture (WARDWIRE_UPDATE_GOLDEN=1 renews them)', async () => {
    for (const [dataset, text] of await chosenEvents()) {
      if (process.env['WARDWIRE_UPDATE_GOLDEN'] === '1')
        writeFileSync(join(ELASTIC_FOLDER, 'package', 'samples', `${dataset.slice('wardwire.'.length)}.json`), text)
      else expect(JSON.parse(FILES.get(file(dataset))!)).toEqual(JSON.parse(text))
    }
  })

  test('every dataset of which the sensor makes events has one; it keeps to the catalogue', () => {
    const sampled = DATASETS.filter(dataset => FILES.has(file(dataset)))
    expect(sampled).toEqual(DATASETS.filter(dataset => dataset !== 'wardwire.vulnerability'))
    for (const dataset of sampled) expect(checkDocument(JSON.parse(FILES.get(file(dataset))!) as EcsDocument)).toEqual([])
  })

  test('findings that stand in for events not made yet keep to the catalogue too', () => {
    for (const finding of findings(new Date())) expect(checkDocument(finding)).toEqual([])
  })
})

describe('the archive', () => {
  test('holds the files of the package below its name and version, whole', () => {
    const [{ path, content }] = elasticPackage.build(CONTEXT)
    expect(path).toBe(`elastic/wardwire-${VERSION}.zip`)
    const entries = unzipSync(content as Uint8Array)
    expect(Object.keys(entries).sort()).toEqual([...FILES.keys()].map(name => `wardwire-${VERSION}/${name}`).sort())
    for (const [name, text] of FILES) expect(strFromU8(entries[`wardwire-${VERSION}/${name}`])).toBe(text)
  })

  test('is the same byte for byte, whatever the order of the files, the clock and the time zone', () => {
    const files: readonly ContentFile[] = [
      { path: 'b/c.txt', content: 'c' },
      { path: 'a.txt', content: new Uint8Array([1, 2, 3]) },
    ]
    const zone = process.env['TZ']
    const hashes = ['UTC', 'Pacific/Kiritimati', 'America/Los_Angeles'].map((name, index) => {
      process.env['TZ'] = name
      return createHash('sha256')
        .update(zip('x', index === 1 ? [...files].reverse() : files))
        .digest('hex')
    })
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
    expect(new Set(hashes).size).toBe(1)
    expect(elasticPackage.build(CONTEXT)).toEqual(elasticPackage.build({ ...CONTEXT }))
  })
})

test('the pipelines of package and cluster take the same steps, but for those of Fleet', () => {
  const tags = (steps: readonly Record<string, { tag: string }>[]): readonly string[] =>
    steps.flatMap(step => Object.values(step).map(({ tag }) => tag))
  const [plain] = Object.values(elasticTemplates().pipelines) as { processors: Record<string, { tag: string }>[] }[]
  const packaged = yaml<{ processors: Record<string, { tag: string }>[] }>('data_stream/dicom/elasticsearch/ingest_pipeline/default.yml')
  expect(tags(plain.processors).filter(tag => !['set-ingested', 'pipeline-custom'].includes(tag))).toEqual(tags(packaged.processors))
})

test('the licence of the package is that of the project', () => {
  expect(FILES.get('LICENSE.txt')).toBe(readFileSync(join(ELASTIC_FOLDER, '..', '..', 'LICENSE'), 'utf8'))
})
