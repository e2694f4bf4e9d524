import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Dashboard, dashboardId } from '../../../src/content/elastic/dashboard.ts'
import { dashboardObject } from '../../../src/content/elastic/dashboard-object.ts'
import { loadDashboards } from '../../../src/content/elastic/dashboards.ts'
import type { LensAttributes } from '../../../src/content/elastic/lens.ts'
import type { EcsDocument } from '../../../src/normalize/event.ts'
import { type OpenSearch, openSearchMissing, startOpenSearch } from '../../peers/opensearch.ts'
import { describePeer } from '../../peers/peer.ts'
import { goldenEvents } from '../events.ts'
import type { QueryDsl } from '../kql.ts'
import { createIndices, indexCases } from '../search.ts'
import { firstTerms, panelRows, panelSearch, type Row } from './aggregation.ts'
import { watchDemo } from './demo.ts'
import { findings } from './vulnerabilities.ts'

const MINUTE = 60_000
const UNIT_MS: Readonly<Record<string, number>> = { m: MINUTE, h: 60 * MINUTE, d: 1440 * MINUTE, w: 10_080 * MINUTE }

const DASHBOARDS = loadDashboards()
const BUILT = new Map(
  DASHBOARDS.map(dashboard => {
    const { attributes } = dashboardObject(dashboard, { version: '0.0.0', dataView: 'logs-*', dashboards: DASHBOARDS })
    const objects = attributes['panelsJSON'] as readonly { type: string; embeddableConfig: { attributes: LensAttributes } }[]
    const source = attributes['kibanaSavedObjectMeta'] as { searchSourceJSON: { filter: readonly { query: object }[] } }
    return [
      dashboard.id,
      {
        filters: source.searchSourceJSON.filter.map(({ query }) => query as QueryDsl),
        lens: objects.filter(({ type }) => type === 'lens').map(({ embeddableConfig }) => embeddableConfig.attributes),
      },
    ]
  }),
)
const PANELS = DASHBOARDS.flatMap(dashboard =>
  dashboard.panels.map(({ id, opens }, index) => ({
    name: `${dashboard.id}/${id}`,
    dashboard,
    opens,
    attributes: BUILT.get(dashboard.id)!.lens[index],
  })),
)
type BuiltPanel = (typeof PANELS)[number]
const panelsOf = (id: string): readonly BuiltPanel[] => PANELS.filter(({ dashboard }) => dashboard.id === id)

/**
 * Every panel over what the sensor says of the demo. Only vulnerability data is made by hand: matching devices with advisories comes with a
 * later version of the sensor, and a test of the package holds these findings against the event contract.
 */
describePeer('dashboards over the demo, on OpenSearch', openSearchMissing(), () => {
  let server: OpenSearch
  let end: number
  beforeAll(async () => {
    server = await startOpenSearch()
    await createIndices(server)
    const demo = await watchDemo()
    end = demo.end
    await indexCases(
      server,
      new Map<string, readonly EcsDocument[]>([
        ['demo', [...demo.events, ...findings(new Date(end))]],
        ['captures', [...goldenEvents().values()].flat()],
      ]),
    )
  })
  afterAll(() => server?.remove())

  /** What the dashboard looks at, opened `after` ms after the end of the demo. */
  const scope = ({ id, from }: Dashboard, after: number): readonly QueryDsl[] => {
    const now = end + after
    const range = { gte: new Date(now - lookback(from)).toISOString(), lte: new Date(now).toISOString() }
    return [...BUILT.get(id)!.filters, { term: { 'labels.case': 'demo' } }, { range: { '@timestamp': range } }]
  }
  const answerOf = ({ attributes, dashboard }: BuiltPanel, filters: readonly QueryDsl[] = [], after = MINUTE): Promise<object> =>
    server.request('POST', '/logs-wardwire.*/_search', panelSearch(attributes, [...scope(dashboard, after), ...filters]))
  const rowsOf = async (panel: BuiltPanel, filters?: readonly QueryDsl[], after?: number): Promise<readonly Row[]> =>
    panelRows(panel.attributes, await answerOf(panel, filters, after))
  const shown = async (dashboard: string, filter: QueryDsl): Promise<readonly string[]> => {
    const names: string[] = []
    for (const panel of panelsOf(dashboard)) if (hasRows(await rowsOf(panel, [filter]))) names.push(panel.name)
    return names
  }

  test.each(PANELS)('$name returns rows, with every figure filled', async panel => {
    const rows = await rowsOf(panel)
    expect(rows.length).toBeGreaterThan(0)
    const figures = Object.keys(rows[0])
    expect(figures.filter(id => !rows.some(row => row[id]))).toEqual([])
  })

  test('a panel over a field that no event has returns none', async () => {
    const text = JSON.stringify(PANELS[0].attributes).replaceAll('"host.id"', '"host.none"')
    expect(hasRows(await rowsOf({ ...PANELS[0], attributes: JSON.parse(text) as LensAttributes }))).toBe(false)
  })

  test.each(DASHBOARDS)('$id looks no further back than it says', async dashboard => {
    const later = lookback(dashboard.from) + MINUTE
    for (const panel of panelsOf(dashboard.id)) expect(hasRows(await rowsOf(panel, [], later)), panel.name).toBe(false)
  })

  test.each(
    DASHBOARDS.flatMap(dashboard => dashboard.controls.map(({ field }) => ({ name: `${dashboard.id}: ${field}`, dashboard, field }))),
  )('the control $name offers values, each of which leaves something to see', async ({ dashboard, field }) => {
    const { aggregations } = await server.request<{ aggregations: { options: { buckets: readonly { key: string }[] } } }>(
      'POST',
      '/logs-wardwire.*/_search',
      { size: 0, query: { bool: { filter: scope(dashboard, MINUTE) } }, aggs: { options: { terms: { field, size: 5 } } } },
    )
    const options = aggregations.options.buckets.map(({ key }) => key)
    expect(options.length).toBeGreaterThan(0)
    for (const option of options) expect(await shown(dashboard.id, { term: { [field]: option } }), option).not.toEqual([])
  })

  test.each(PANELS.filter(({ opens }) => opens !== undefined))('a click in $name opens a dashboard that shows it', async panel => {
    const terms = firstTerms(panel.attributes, await answerOf(panel))
    expect(terms.length).toBeGreaterThan(0)
    for (const { field, value } of terms)
      expect(await shown(panel.opens!, { term: { [field]: value } }), `${field} ${value} in ${dashboardId(panel.opens!)}`).not.toEqual([])
  })

  test("Elastic's rule for external alerts finds every alert, with severities and scores that it takes as they are", async () => {
    const { hits } = await server.request<{
      hits: { total: { value: number }; hits: { _source: { event: { severity: number; risk_score: number }; message: string } }[] }
    }>('POST', '/logs-*/_search', {
      size: 1000,
      track_total_hits: true,
      query: {
        bool: {
          filter: [{ term: { 'event.kind': 'alert' } }, { term: { 'labels.case': 'captures' } }],
          must_not: { terms: { 'event.module': ['endgame', 'endpoint', 'cloud_defend'] } },
        },
      },
    })
    const alerts = [...goldenEvents().values()].flat().filter(event => (event['event'] as { kind: string }).kind === 'alert')
    expect(hits.total.value).toBe(alerts.length)
    expect(alerts.length).toBeGreaterThan(10)
    for (const { _source } of hits.hits) {
      expect([21, 47, 73, 99]).toContain(_source.event.severity)
      expect(_source.event.risk_score).toBe(_source.event.severity)
      expect(_source.message).not.toBe('')
    }
  })
})

/** A figure over no events is no row. */
function hasRows(rows: readonly Row[]): boolean {
  return rows.some(row => Object.values(row).some(filled => filled))
}

/** `now-24h` in ms. */
function lookback(from: string): number {
  const [, value, unit] = /^now-(\d+)([mhdw])$/.exec(from)!
  return Number(value) * UNIT_MS[unit]
}
