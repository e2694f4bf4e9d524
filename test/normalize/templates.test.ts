import { describe, expect, test } from 'vitest'
import { catalogue, leaves } from '../../src/normalize/catalogue.ts'
import { DATASETS, type EcsDocument } from '../../src/normalize/event.ts'
import { elasticTemplates } from '../../src/normalize/templates.ts'
import { sampleEvents } from './samples.ts'

interface Mapping {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Mapping>>
  readonly [setting: string]: unknown
}
interface Component {
  readonly template: { readonly mappings?: { readonly dynamic: unknown; readonly properties: Readonly<Record<string, Mapping>> } }
}
interface IndexTemplate {
  readonly index_patterns: readonly string[]
  readonly priority: number
  readonly data_stream: object
  readonly composed_of: readonly string[]
  readonly ignore_missing_component_templates: readonly string[]
}

const { componentTemplates, indexTemplates, pipelines } = elasticTemplates()
const component = (name: string) => componentTemplates[name] as Component
const template = (dataset: string) => indexTemplates[`logs-${dataset}`] as IndexTemplate

/** Dotted name → mapping of all components of a dataset's template, as Elasticsearch merges them. */
function merged(dataset: string): ReadonlyMap<string, Mapping> {
  const all = new Map<string, Mapping>()
  const walk = (properties: Readonly<Record<string, Mapping>>, prefix: string): void => {
    for (const [key, mapping] of Object.entries(properties))
      if (mapping.properties) walk(mapping.properties, `${prefix}${key}.`)
      else all.set(prefix + key, mapping)
  }
  for (const name of template(dataset).composed_of) walk(component(name)?.template.mappings?.properties ?? {}, '')
  return all
}

describe('Elasticsearch templates', () => {
  test.each(DATASETS)('%s has a data stream template above the built-in ones, made of parts that exist', dataset => {
    const { index_patterns, priority, data_stream, composed_of, ignore_missing_component_templates } = template(dataset)
    expect(index_patterns).toEqual([`logs-${dataset}-*`])
    expect(priority).toBeGreaterThan(200)
    expect(data_stream).toEqual({})
    const own = composed_of.filter(name => !ignore_missing_component_templates.includes(name))
    expect(own.filter(name => component(name) === undefined)).toEqual([])
    expect(ignore_missing_component_templates).toEqual(['logs@settings', 'logs-wardwire@custom', `logs-${dataset}@custom`])
    // What is ours overrules what is built in, and what is the user's overrules both.
    expect(composed_of.at(0)).toBe('logs@settings')
    expect(composed_of.slice(-2)).toEqual(['logs-wardwire@custom', `logs-${dataset}@custom`])
  })

  test.each(DATASETS)('%s maps exactly the fields of the catalogue, with their types', dataset => {
    const wanted = [...catalogue().values()].filter(field => field.datasets.includes(dataset))
    const mappings = merged(dataset)
    expect([...mappings.keys()].sort()).toEqual(wanted.map(({ name }) => name).sort())
    for (const { name, type } of wanted) expect(mappings.get(name)?.type, name).toBe(type)
  })

  test('nothing is mapped dynamically', () => {
    const mapped = Object.keys(componentTemplates).filter(name => component(name).template.mappings !== undefined)
    expect(mapped).toHaveLength(DATASETS.length + 1)
    for (const name of mapped) expect(component(name).template.mappings?.dynamic).toBe(false)
  })

  test('a malformed value never costs an event, and @timestamp is as data streams demand', () => {
    expect(componentTemplates['logs-wardwire@settings']).toMatchObject({
      template: { settings: { index: { mapping: { ignore_malformed: true } } } },
    })
    expect(merged('wardwire.dicom').get('@timestamp')).toEqual({ type: 'date', ignore_malformed: false })
  })

  test('the default pipeline exists and sets the arrival time', () => {
    const settings = componentTemplates['logs-wardwire@settings'] as { template: { settings: { index: { default_pipeline: string } } } }
    const pipeline = pipelines[settings.template.settings.index.default_pipeline] as { processors: { set?: { field: string } }[] }
    expect(pipeline.processors[0].set?.field).toBe('event.ingested')
  })

  test('every processor has its own tag', () => {
    const { processors, on_failure } = Object.values(pipelines)[0] as Record<'processors' | 'on_failure', Record<string, { tag: string }>[]>
    const tags = [...processors, ...on_failure].map(processor => Object.values(processor)[0].tag)
    expect(new Set(tags).size).toBe(tags.length)
  })

  test('every field of every sample is mapped', () => {
    for (const { dataset, document } of sampleEvents()) {
      const mappings = merged(dataset)
      for (const [name] of leaves(document as EcsDocument)) expect(mappings.has(name), name).toBe(true)
    }
  })

  test('templates are plain JSON', () => {
    expect(JSON.parse(JSON.stringify(elasticTemplates()))).toEqual(elasticTemplates())
  })
})
