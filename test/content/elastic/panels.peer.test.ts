import { afterAll, beforeAll, expect, test } from 'vitest'
import { dashboardObject } from '../../../src/content/elastic/dashboard-object.ts'
import { loadDashboards } from '../../../src/content/elastic/dashboards.ts'
import type { LensAttributes } from '../../../src/content/elastic/lens.ts'
import type { EcsDocument } from '../../../src/normalize/event.ts'
import { sampleEvents } from '../../normalize/samples.ts'
import { type OpenSearch, openSearchMissing, startOpenSearch } from '../../peers/opensearch.ts'
import { describePeer } from '../../peers/peer.ts'
import { goldenEvents } from '../events.ts'
import { createIndices, indexCases } from '../search.ts'
import { panelRows, panelSearch, type Row } from './aggregation.ts'
import { FINDINGS } from './vulnerabilities.ts'

/** Events in the order in which a panel may fall back on them. */
const CASES = ['demo', 'captures', 'normalizer', 'contract'] as const
type Case = (typeof CASES)[number]

/** Panels with a figure for which the demo hospital has nothing, and the first events that fill it. The sensor makes no findings yet. */
const BEYOND_THE_DEMO: Readonly<Record<string, Case>> = {
  'posture/findings': 'contract',
  'posture/finding-severities': 'contract',
  'inventory/operating-systems': 'normalizer',
  'investigator/messages': 'captures',
  'investigator/findings': 'contract',
  'investigator/outside': 'normalizer',
  'dicom/web': 'captures',
  'hl7/failed': 'captures',
  'hl7/unanswered': 'captures',
  'hl7/interfaces': 'captures',
  'hl7/failures': 'captures',
  'hl7/framing': 'captures',
  'hl7/fhir': 'captures',
  'sensors/dropped': 'normalizer',
  'sensors/loss': 'normalizer',
  'sensors/lag': 'normalizer',
  'sensors/outputs': 'normalizer',
  'sensors/sensor-list': 'normalizer',
  'sensors/visibility': 'captures',
  'sensors/hidden': 'captures',
  'sensors/partial': 'captures',
}

const DASHBOARDS = loadDashboards()
const PANELS = DASHBOARDS.flatMap(dashboard => {
  const { attributes } = dashboardObject(dashboard, { version: '0.0.0', dataView: 'logs-*', dashboards: DASHBOARDS })
  const objects = attributes['panelsJSON'] as readonly { type: string; embeddableConfig: { attributes: LensAttributes } }[]
  const source = attributes['kibanaSavedObjectMeta'] as { searchSourceJSON: { filter: readonly { query: object }[] } }
  const filters = source.searchSourceJSON.filter.map(({ query }) => query as Readonly<Record<string, unknown>>)
  const lens = objects.filter(({ type }) => type === 'lens').map(({ embeddableConfig }) => embeddableConfig.attributes)
  return dashboard.panels.map(({ id }, index) => ({ name: `${dashboard.id}/${id}`, attributes: lens[index], filters }))
})

describePeer('panels on OpenSearch', openSearchMissing(), () => {
  let server: OpenSearch
  beforeAll(async () => {
    server = await startOpenSearch()
    await createIndices(server)
    await indexCases(
      server,
      new Map<Case, readonly EcsDocument[]>([
        ['demo', goldenEvents().get('demo-hospital')!],
        ['captures', [...goldenEvents().values()].flat()],
        ['normalizer', sampleEvents().map(({ document }) => document)],
        ['contract', FINDINGS],
      ]),
    )
  })
  afterAll(() => server?.remove())

  /** Rows of a panel over the events of one case. */
  const rowsOf = async ({ attributes, filters }: (typeof PANELS)[number], name: Case): Promise<readonly Row[]> => {
    const search = panelSearch(attributes, [...filters, { term: { 'labels.case': name } }])
    return panelRows(attributes, await server.request('POST', '/logs-wardwire.*/_search', search))
  }

  /** Whether every figure of the panel rests on events in some row. */
  const isFilled = (rows: readonly Row[]): boolean => rows.length > 0 && Object.keys(rows[0]).every(id => rows.some(row => row[id]))

  test.each(PANELS)('$name returns rows, with every figure filled', async panel => {
    let first: Case | undefined
    for (const name of CASES) if (first === undefined && isFilled(await rowsOf(panel, name))) first = name
    expect(first).toBe(BEYOND_THE_DEMO[panel.name] ?? 'demo')
  })

  test('a panel over a field that no event has is not filled', async () => {
    const text = JSON.stringify(PANELS[0]).replaceAll('"host.id"', '"host.none"')
    expect(isFilled(await rowsOf(JSON.parse(text) as (typeof PANELS)[number], 'demo'))).toBe(false)
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
