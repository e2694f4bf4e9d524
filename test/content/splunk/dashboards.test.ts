import { describe, expect, test } from 'vitest'
import { type DashboardDefinition, dashboardDefinition, dashboardXml } from '../../../src/content/splunk/dashboard.ts'
import { viewNames } from '../../../src/content/splunk/source.ts'
import { catalogue } from '../../../src/normalize/catalogue.ts'
import { filledQuery, investigated } from './panels.ts'
import { runSpl } from './spl/pipeline.ts'
import { emptyWorld, splWorld } from './world.ts'

interface Visualization {
  readonly type: string
  readonly title?: string
  readonly dataSources?: { readonly primary: string }
  readonly options: Readonly<Record<string, unknown>>
  readonly eventHandlers?: readonly {
    readonly options: { readonly dashboard: string; readonly tokens: readonly { readonly token: string; readonly value: string }[] }
  }[]
}

const definitions = new Map(viewNames().map(name => [`wardwire_${name}`, dashboardDefinition(name)]))

function visualizations({ visualizations: all }: DashboardDefinition): readonly Visualization[] {
  return Object.values(all) as unknown as readonly Visualization[]
}

function inputTokens({ inputs }: DashboardDefinition): readonly string[] {
  return Object.values(inputs).map(input => (input as { readonly options: { readonly token: string } }).options.token)
}

test('there are the six dashboards, the inventory in two pages', () => {
  expect([...definitions.keys()].map(name => name.slice('wardwire_'.length))).toEqual([
    'detections',
    'dicom',
    'hl7',
    'inventory',
    'investigator',
    'posture',
    'sensors',
  ])
  for (const definition of definitions.values()) expect(visualizations(definition).length).toBeGreaterThanOrEqual(11)
})

describe.each([...definitions])('%s', (_, definition) => {
  const queries = Object.entries(definition.dataSources).map(
    ([id, { name, options }]) => [`${name} (${id})`, String(options['query'])] as const,
  )

  test.each(queries)('%s finds something in the demo', (name, query) => {
    const found = investigated(query).map(one => runSpl(one, splWorld(), '-24h@h').rows.length)
    expect(Math.max(...found), name).toBeGreaterThan(0)
  })

  test.each(queries)('%s is well where nothing happened', (_name, query) => {
    expect(() => runSpl(filledQuery(query), emptyWorld(), '-24h@h')).not.toThrow()
  })

  test.each(queries)('%s names fields of the catalogue only', (_name, query) => {
    const withoutTexts = query.replaceAll(/"[^"]*"/g, '""')
    for (const [, field, braces] of withoutTexts.matchAll(/(?<![\w.$"])([a-z_@]\w*(?:\.\w+)+)(\{\})?/g)) {
      if (/^(wardwire\.\*|\d)/.test(field)) continue
      const known = catalogue().get(field)
      if (known === undefined && /^(event\.dataset=)?wardwire\.(dicom|hl7|flow|asset|alert|vulnerability|health)$/.test(field)) continue
      expect({ field, array: known?.array }).toEqual({ field, array: braces !== undefined })
    }
  })

  test('tokens are those of its inputs', () => {
    const known = inputTokens(definition).flatMap(token => (token === 'time' ? ['time.earliest', 'time.latest'] : [token]))
    for (const [, token] of JSON.stringify([definition.dataSources, definition.defaults]).matchAll(/\$([\w.]+)\$/g))
      expect(known).toContain(token)
  })

  test('every panel has a search that is there, and every search a panel', () => {
    const used = visualizations(definition).flatMap(({ dataSources }) => dataSources?.primary ?? [])
    const ofInputs = Object.values(definition.inputs).flatMap(
      input => (input as { readonly dataSources?: { readonly primary: string } }).dataSources?.primary ?? [],
    )
    expect([...new Set([...used, ...ofInputs])].sort()).toEqual(Object.keys(definition.dataSources).sort())
  })

  test('numbers, links and colours name columns that the search has', () => {
    for (const { title, dataSources, options, eventHandlers = [] } of visualizations(definition)) {
      if (dataSources === undefined) continue
      const query = String(definition.dataSources[dataSources.primary].options['query'])
      const columns = investigated(query).flatMap(one => runSpl(one, splWorld(), '-24h@h').fields)
      const [, value] = /seriesByName\('([^']+)'\)/.exec(String(options['majorValue'] ?? '')) ?? []
      if (value !== undefined) expect(columns, title).toContain(value)
      for (const column of Object.keys((options['columnFormat'] ?? {}) as object)) expect(columns, title).toContain(column)
      for (const handler of eventHandlers)
        for (const { value: from } of handler.options.tokens) {
          const [, column] = /^row\.(\w+)\.value$/.exec(from) ?? []
          if (column !== undefined) expect(columns, title).toContain(column)
        }
    }
  })

  test('links give tokens that the other page takes', () => {
    for (const { eventHandlers = [] } of visualizations(definition))
      for (const { options } of eventHandlers) {
        const target = definitions.get(options.dashboard)
        if (target === undefined) expect.fail(`there is no page ${options.dashboard}`)
        for (const { token } of options.tokens) expect(inputTokens(target)).toContain(token)
      }
  })

  test('panels neither overlap nor leave a gap', () => {
    const { structure, options } = definition.layout
    const area = structure.reduce((sum, { position }) => sum + position.w * position.h, 0)
    expect(area).toBe(options.width * options.height)
  })

  test('is one definition within XML', () => {
    const [, json] = /<definition><!\[CDATA\[([\s\S]*?)\]\]><\/definition>/.exec(dashboardXml(definition)) ?? []
    expect(JSON.parse(json)).toEqual(definition)
  })
})
