import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { ContentFile } from '../../../src/content/builder.ts'
import { elasticPackage, packageFiles } from '../../../src/content/elastic/package.ts'
import { elasticContent } from '../../../src/content/elastic/transforms.ts'
import { loadRules } from '../../../src/content/rules.ts'
import { VERSION } from '../../../src/installation.ts'
import { DATASETS } from '../../../src/normalize/event.ts'
import { type OpenSearch, openSearchMissing, startOpenSearch } from '../../peers/opensearch.ts'
import { packageFindings, packageSpecMissing } from '../../peers/package-spec.ts'
import { describePeer } from '../../peers/peer.ts'

const CONTEXT = { version: VERSION, rules: loadRules() }

describePeer("Elastic's package validator", packageSpecMissing(), () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wardwire-package-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Findings in the package as a folder, after a change of its files. */
  const findings = (name: string, change: (file: ContentFile) => ContentFile = file => file): string => {
    for (const file of packageFiles(CONTEXT)) {
      const path = join(folder, name, 'wardwire', file.path)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, change(file).content)
    }
    return packageFindings(join(folder, name, 'wardwire'))
  }
  const edited =
    (path: string, from: string, to: string) =>
    (file: ContentFile): ContentFile => {
      if (file.path !== path) return file
      expect(String(file.content)).toContain(from)
      return { path, content: String(file.content).replaceAll(from, to) }
    }

  test('has nothing to say of the folder', () => expect(findings('shipped')).toBe(''))

  test('has nothing to say of the archive', () => {
    const [{ content }] = elasticPackage.build(CONTEXT)
    const file = join(folder, `wardwire-${VERSION}.zip`)
    writeFileSync(file, content)
    expect(packageFindings(file)).toBe('')
  })

  test('has nothing to say under the stricter rules of format 3.6 either', () => {
    const change = edited('manifest.yml', 'format_version: 3.4.2', 'format_version: 3.6.0')
    const stack = edited('manifest.yml', '^8.19.0 || ^9.1.0', '^9.4.0')
    expect(findings('format-3.6', file => stack(change(file)))).toBe('')
  })

  test.each([
    ['a field of no known type', edited('data_stream/dicom/fields/fields.yml', 'type: boolean', 'type: yes_or_no'), 'type'],
    [
      'a link to a dashboard that is not there',
      edited('kibana/dashboard/wardwire-dicom.json', 'wardwire-investigator', 'wardwire-none'),
      'wardwire-none',
    ],
    ['a version without a changelog', edited('manifest.yml', `version: ${VERSION}`, 'version: 77.0.0'), 'changelog'],
  ])('finds %s', (name, change, word) => {
    expect(findings(name.replaceAll(' ', '-'), change)).toContain(word)
  })
})

describePeer('pipelines and mappings of the package on OpenSearch', openSearchMissing(), () => {
  let server: OpenSearch
  beforeAll(async () => {
    server = await startOpenSearch()
  })
  afterAll(() => server?.remove())

  const FILES = new Map(packageFiles(CONTEXT).map(({ path, content }) => [path, String(content)]))
  const folderOf = (dataset: string): string => `data_stream/${dataset.slice('wardwire.'.length)}`

  interface Simulated {
    readonly docs: readonly { readonly doc: { readonly _source: Readonly<Record<string, Readonly<Record<string, unknown>>>> } }[]
  }
  const simulate = (pipeline: object, index: string, source: object): Promise<Simulated> =>
    server.request('POST', '/_ingest/pipeline/_simulate', { pipeline, docs: [{ _index: index, _source: source }] })

  const PIPELINES = [
    ...DATASETS.map(
      dataset => [dataset, parse(FILES.get(`${folderOf(dataset)}/elasticsearch/ingest_pipeline/default.yml`)!) as object] as const,
    ),
    ...Object.entries(elasticContent().pipelines).map(([name, body]) => [name, forOpenSearch(body)] as const),
  ]

  test.each(PIPELINES)('%s takes the parts of the data stream from its name', async (_, pipeline) => {
    const { docs } = await simulate(pipeline, 'logs-wardwire.dicom-ward_3', { message: 'x', event: { kind: 'event' } })
    expect(docs[0].doc._source).toMatchObject({
      data_stream: { type: 'logs', dataset: 'wardwire.dicom', namespace: 'ward_3' },
      event: { kind: 'event' },
      message: 'x',
    })
  })

  test('without Fleet the pipeline sets the arrival time, on which detection rules rest', async () => {
    const [[, pipeline]] = PIPELINES.slice(-1)
    const { docs } = await simulate(pipeline, 'logs-wardwire.dicom-default', { message: 'x' })
    expect(docs[0].doc._source).toMatchObject({ event: { ingested: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) } })
  })

  test.each(PIPELINES)('%s keeps an event that it cannot handle, with the reason', async (_, pipeline) => {
    const failing = { fail: { tag: 'broken', message: 'no more' } }
    const { processors, ...rest } = pipeline as { processors: readonly object[] }
    const { docs } = await simulate({ ...rest, processors: [...processors, failing] }, 'logs-wardwire.dicom-default', {
      event: { kind: 'event' },
    })
    expect(docs[0].doc._source).toMatchObject({ event: { kind: 'pipeline_error' } })
    expect(String(docs[0].doc._source['error']['message'])).toContain('no more')
  })

  test.each(DATASETS.filter(dataset => FILES.has(`${folderOf(dataset)}/sample_event.json`)))(
    '%s: every field of the sample event is indexed',
    async dataset => {
      const fields = [...FILES.keys()]
        .filter(path => path.startsWith(`${folderOf(dataset)}/fields/`))
        .flatMap(path => parse(FILES.get(path)!) as { name: string; type: string; value?: string }[])
      const index = `package-${dataset}`
      await server.request('PUT', `/${index}`, { mappings: { dynamic: 'strict', properties: propertiesOf(fields) } })
      await server.bulk([{ index, document: JSON.parse(FILES.get(`${folderOf(dataset)}/sample_event.json`)!) as object }])
    },
  )

  test('the index of latest findings knows them by resource too', async () => {
    const { componentTemplates, indexTemplates } = elasticContent()
    // OpenSearch has no lookup indices, and wants a constant to be known.
    for (const [name, body] of Object.entries(componentTemplates))
      await server.request(
        'PUT',
        `/_component_template/${name}`,
        JSON.parse(JSON.stringify(body).replaceAll('{"type":"constant_keyword"}', '{"type":"keyword"}')),
      )
    const template = indexTemplates['wardwire-latest-vulnerability']
    await server.request('PUT', '/_index_template/wardwire-latest-vulnerability', template)
    const [index] = (template as { index_patterns: readonly string[] }).index_patterns
    const finding = { '@timestamp': '2026-11-23T09:20:00Z', host: { id: 'dev-1', name: 'ct01' }, data_stream: { namespace: 'a' } }
    await server.bulk([
      { index, document: finding },
      { index, document: { ...finding, host: { id: 'dev-2' }, data_stream: { namespace: 'b' } } },
    ])
    const { hits } = await server.request<{ hits: { total: { value: number } } }>('POST', `/${index}/_search`, {
      query: { term: { 'resource.id': 'dev-1' } },
    })
    expect(hits.total.value).toBe(1)
  })

  describe('transforms', () => {
    test.each(Object.entries(elasticContent().transforms))('%s finds one latest event for each key', async (_, body) => {
      const { latest, source } = body as { latest: { unique_key: readonly string[] }; source: { query: object } }
      const index = 'package-wardwire.asset'
      const sources = latest.unique_key.map(field => ({ [field]: { terms: { field, missing_bucket: true } } }))
      const newest = { top_hits: { size: 1, sort: [{ '@timestamp': 'desc' }] } }
      const { aggregations } = await server.request<{ aggregations: { keys: { buckets: readonly object[] } } }>(
        'POST',
        `/${index}/_search`,
        {
          size: 0,
          query: source.query,
          aggs: { keys: { composite: { size: 10, sources }, aggs: { newest } } },
        },
      )
      expect(aggregations.keys.buckets).toHaveLength(1)
    })
  })
})

/** OpenSearch cannot call a pipeline that may not be there, and pipelines have no `_meta`. */
function forOpenSearch(pipeline: object): object {
  const { processors, _meta, ...rest } = pipeline as { processors: readonly object[]; _meta: object }
  return { ...rest, processors: processors.filter(processor => !('pipeline' in processor)) }
}

/** The mapping that Fleet makes of fields; OpenSearch wants every constant to have its value. */
function propertiesOf(fields: readonly { readonly name: string; readonly type: string; readonly value?: string }[]): object {
  const root: Record<string, unknown> = {}
  for (const { name, type, value } of fields) {
    const path = name.split('.')
    let level = root
    for (const key of path.slice(0, -1)) {
      level[key] ??= { properties: {} }
      level = (level[key] as { properties: Record<string, unknown> }).properties
    }
    level[path.at(-1)!] =
      type === 'constant_keyword' && value === undefined ? { type: 'keyword' } : { type, ...(value === undefined ? {} : { value }) }
  }
  return root
}
