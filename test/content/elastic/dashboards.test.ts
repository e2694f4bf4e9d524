import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { groupsOf, type PlacedPanel, panelQuery, type Value, valuesOf } from '../../../src/content/elastic/dashboard.ts'
import { dashboardApiBody } from '../../../src/content/elastic/dashboard-api.ts'
import {
  dashboardObject,
  dataViewObject,
  importLine,
  NAVIGATION_HEIGHT,
  type SavedObject,
} from '../../../src/content/elastic/dashboard-object.ts'
import { parseDashboard } from '../../../src/content/elastic/dashboard-schema.ts'
import { loadDashboards } from '../../../src/content/elastic/dashboards.ts'
import type { LensAttributes } from '../../../src/content/elastic/lens.ts'
import { catalogue } from '../../../src/normalize/catalogue.ts'
import { kqlFields, kqlToDsl } from '../kql.ts'
import { dashboardsApiSchema } from './dashboards-api-schema.ts'

const DASHBOARDS = loadDashboards()
const NAMES = DASHBOARDS.map(({ id }) => id)
const CONTEXT = { version: '1.2.3', dataView: 'logs-*', dashboards: DASHBOARDS }

interface PanelObject {
  readonly type: string
  readonly panelIndex: string
  readonly gridData: { readonly x: number; readonly y: number; readonly w: number; readonly h: number; readonly i: string }
  readonly embeddableConfig: {
    readonly attributes: LensAttributes & { readonly links?: readonly { readonly destinationRefName: string }[] }
    readonly enhancements: { readonly dynamicActions?: { readonly events: readonly { readonly eventId: string }[] } }
  }
}
const panelsOf = ({ attributes }: SavedObject) => attributes['panelsJSON'] as readonly PanelObject[]
const queriesOf = (panel: PlacedPanel): readonly string[] => [
  panelQuery(panel),
  ...valuesOf(panel).flatMap(({ filter }) => filter ?? []),
  ...groupsOf(panel).flatMap(group => (group.kind === 'filters' ? group.filters.map(({ filter }) => filter) : [])),
]

describe('dashboards', () => {
  test('answer the questions of the posture, the inventory, a device, DICOM, HL7, detections and the sensors', () => {
    expect(NAMES).toEqual(['posture', 'inventory', 'investigator', 'dicom', 'hl7', 'detections', 'sensors'])
  })

  describe.each(DASHBOARDS)('$id', ({ id, panels, controls, datasets }) => {
    test('has 12 to 15 panels that fill the grid without lying on each other', () => {
      expect(panels.length).toBeGreaterThanOrEqual(12)
      expect(panels.length).toBeLessThanOrEqual(15)
      const cells = new Set<string>()
      for (const { grid } of panels)
        for (let x = grid.x; x < grid.x + grid.w; x++)
          for (let y = grid.y; y < grid.y + grid.h; y++) {
            expect(x).toBeLessThan(48)
            expect(cells.has(`${x} ${y}`), `${id} at ${x} ${y}`).toBe(false)
            cells.add(`${x} ${y}`)
          }
      const height = Math.max(...panels.map(({ grid }) => grid.y + grid.h))
      expect(cells.size).toBe(48 * height)
    })

    test('refers to fields of the catalogue only, each in a dataset that has it', () => {
      const missing = panels.flatMap(panel => {
        const terms = groupsOf(panel).flatMap(group => (group.kind === 'terms' ? [group.field] : []))
        const figures = valuesOf(panel).flatMap(value => (value.kind === 'count' ? [] : [value.field]))
        const fields = [...terms, ...figures, ...queriesOf(panel).flatMap(kqlFields)]
        return fields.filter(field => !catalogue().get(field)?.datasets.includes(panel.dataset)).map(field => `${panel.id}: ${field}`)
      })
      expect(missing).toEqual([])
    })

    test('has queries that are KQL, and figures that their fields can give', () => {
      for (const panel of panels) {
        for (const query of queriesOf(panel)) kqlToDsl(query)
        for (const value of valuesOf(panel)) expect(canGive(value), `${panel.id}: ${value.label}`).toBe(true)
      }
    })

    test('looks at its own datasets only; a control filters a field that some of them have', () => {
      expect(panels.filter(({ dataset }) => !datasets.includes(dataset)).map(panel => panel.id)).toEqual([])
      for (const { field } of controls) {
        const found = catalogue().get(field)
        expect(
          found?.datasets.some(dataset => datasets.includes(dataset)),
          field,
        ).toBe(true)
        expect(['keyword', 'ip'], field).toContain(found?.type)
      }
    })

    test('names its panels once, explains each, and opens dashboards that are there', () => {
      expect(new Set(panels.map(panel => panel.id)).size).toBe(panels.length)
      for (const { description, opens } of panels) {
        expect(description).toMatch(/\.$/)
        if (opens !== undefined) expect(NAMES).toContain(opens)
      }
    })
  })

  test('a click on a device leads to the investigator from the posture, the inventory, DICOM, HL7 and detections', () => {
    const leading = DASHBOARDS.filter(({ panels }) => panels.some(({ opens }) => opens === 'investigator')).map(({ id }) => id)
    expect(leading).toEqual(['posture', 'inventory', 'dicom', 'hl7', 'detections'])
  })
})

/** Averages of numbers, the latest of anything but long text. */
function canGive(value: Value): boolean {
  if (value.kind === 'count') return true
  const type = catalogue().get(value.field)?.type
  if (value.kind === 'last' || value.kind === 'unique') return type !== 'match_only_text'
  if (value.kind === 'max' || value.kind === 'min') return type === 'long' || type === 'float' || type === 'date'
  return type === 'long' || type === 'float'
}

describe('saved objects', () => {
  const objects = DASHBOARDS.map(dashboard => dashboardObject(dashboard, CONTEXT))

  test.each(objects)('$id names every reference once and leaves none open', object => {
    const names = object.references.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const controls = object.attributes['controlGroupInput'] as { panelsJSON: Record<string, { explicitInput: { dataViewId: string } }> }
    const wanted = [
      'kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index',
      ...panelsOf(object).flatMap(({ panelIndex, embeddableConfig: { attributes, enhancements } }) => [
        ...(attributes.references ?? []).map(({ name }) => `${panelIndex}:${name}`),
        ...(attributes.links ?? []).map(({ destinationRefName }) => `${panelIndex}:${destinationRefName}`),
        ...(enhancements.dynamicActions?.events ?? []).map(
          ({ eventId }) => `${panelIndex}:drilldown:DASHBOARD_TO_DASHBOARD_DRILLDOWN:${eventId}:dashboardId`,
        ),
      ]),
      ...Object.keys(controls.panelsJSON).map(id => `controlGroup_${id}:optionsListDataView`),
    ]
    expect([...names].sort()).toEqual(wanted.sort())
    for (const { type, id } of object.references)
      if (type === 'dashboard') expect(objects.map(other => other.id)).toContain(id)
      else expect(id).toBe('logs-*')
  })

  test.each(objects)('$id is filtered to its datasets, above and in every panel', object => {
    const { searchSourceJSON } = object.attributes['kibanaSavedObjectMeta'] as { searchSourceJSON: { filter: { meta: object }[] } }
    expect(searchSourceJSON.filter[0].meta).toMatchObject({ type: 'phrases', key: 'data_stream.dataset', disabled: false })
    for (const { type, embeddableConfig } of panelsOf(object))
      if (type === 'lens') expect(embeddableConfig.attributes.state.query.query).toMatch(/^data_stream\.dataset : "wardwire\.[a-z0-9]+"/)
  })

  test.each(objects)(
    '$id begins with links to all dashboards; every panel is by value, in the form that Kibana does not migrate',
    object => {
      const [navigation, ...panels] = panelsOf(object)
      expect(navigation.type).toBe('links')
      expect(navigation.embeddableConfig.attributes.links).toHaveLength(DASHBOARDS.length)
      expect(object).toMatchObject({ coreMigrationVersion: '8.8.0', typeMigrationVersion: '10.2.0', managed: false })
      for (const { type, panelIndex, gridData, embeddableConfig } of panels) {
        expect(type).toBe('lens')
        expect(gridData.i).toBe(panelIndex)
        expect(gridData.y).toBeGreaterThanOrEqual(NAVIGATION_HEIGHT)
        const { datasourceStates, query } = embeddableConfig.attributes.state
        expect(datasourceStates).toMatchObject({ indexpattern: { layers: {} }, textBased: { layers: {} } })
        expect(query.language).toBe('kuery')
        const [layer] = Object.values(datasourceStates.formBased.layers)
        expect([...layer.columnOrder].sort()).toEqual(Object.keys(layer.columns).sort())
      }
    },
  )

  test('every column that a visualization names is one of its layer', () => {
    for (const object of objects)
      for (const { type, embeddableConfig } of panelsOf(object)) {
        if (type !== 'lens') continue
        const { visualization, datasourceStates } = embeddableConfig.attributes.state
        const [[layerId, layer]] = Object.entries(datasourceStates.formBased.layers)
        const ids = JSON.stringify(visualization).match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? []
        expect(ids.filter(id => id !== layerId && !(id in layer.columns))).toEqual([])
        expect(new Set(ids.filter(id => id !== layerId)).size).toBe(layer.columnOrder.length)
      }
  })

  test('the description says with which version it was shipped', () => {
    for (const { attributes } of objects) expect(attributes['description']).toMatch(/ Shipped with wardwire 1\.2\.3\.$/)
  })

  test('the import form holds nested JSON as text, and all of it', () => {
    for (const object of objects) {
      const line = JSON.parse(importLine(object)) as SavedObject
      const { panelsJSON, optionsJSON, controlGroupInput, kibanaSavedObjectMeta } = line.attributes as Record<string, never>
      expect(JSON.parse(panelsJSON)).toEqual(object.attributes['panelsJSON'])
      expect(JSON.parse(optionsJSON)).toEqual(object.attributes['optionsJSON'])
      const controls = controlGroupInput as Record<string, string>
      expect(JSON.parse(controls['panelsJSON'])).toEqual((object.attributes['controlGroupInput'] as Record<string, unknown>)['panelsJSON'])
      expect(typeof controls['ignoreParentSettingsJSON']).toBe('string')
      expect(typeof kibanaSavedObjectMeta['searchSourceJSON']).toBe('string')
      expect(importLine(object)).not.toContain('\n')
      expect(line.references).toEqual(object.references)
    }
  })

  test('the data view covers every data stream of the sensor and nothing else', () => {
    expect(dataViewObject()).toMatchObject({
      id: 'wardwire-logs',
      type: 'index-pattern',
      attributes: { title: 'logs-wardwire.*-*', timeFieldName: '@timestamp' },
    })
  })

  test('ids are the same in every build, and different for everything', () => {
    const again = loadDashboards().map(dashboard => dashboardObject(dashboard, CONTEXT))
    expect(again).toEqual(objects)
    const ids = objects.flatMap(object => panelsOf(object).map(({ panelIndex }) => panelIndex))
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('bodies of the Dashboards API', () => {
  test.each(DASHBOARDS)('$id keeps to the published schema', dashboard => {
    const { error } = dashboardsApiSchema.validate(dashboardApiBody(dashboard, DASHBOARDS, '1.2.3'), { abortEarly: false })
    expect(error?.message).toBeUndefined()
  })

  test.each(DASHBOARDS)('$id has the same panels in the same places as the saved object', dashboard => {
    const { panels } = dashboardApiBody(dashboard, DASHBOARDS, '1.2.3') as { panels: readonly { id: string; grid: object }[] }
    const places = panelsOf(dashboardObject(dashboard, CONTEXT)).map(({ panelIndex, gridData: { i: _, ...grid } }) => ({
      id: panelIndex,
      grid,
    }))
    expect(panels.map(({ id, grid }) => ({ id, grid }))).toEqual(places)
  })
})

describe('reading dashboards', () => {
  const parse = (yaml: string) => parseDashboard(yaml, 'x.yml', 'x')
  const HEAD = `order: 1
title: X
description: X?
from: now-24h
datasets: [wardwire.dicom]
controls: [{ field: event.outcome, title: O }, { field: event.action, title: A }]
`

  test('panels without a width share what the others leave', () => {
    const parsed = parse(`${HEAD}rows:
  - height: 5
    panels:
      - { id: a, type: metric, title: A, description: A., width: 24, value: { label: A, count: true } }
      - { id: b, type: metric, title: B, description: B., value: { label: B, count: true } }
      - { id: c, type: metric, title: C, description: C., value: { label: C, count: true } }
  - height: 7
    panels:
      - { id: d, type: donut, title: D, description: D., group: { label: D, terms: event.action }, value: { label: D, sum: network.bytes } }
`)
    expect(parsed.ok && parsed.settings.panels.map(({ grid }) => grid)).toEqual([
      { x: 0, y: 0, w: 24, h: 5 },
      { x: 24, y: 0, w: 12, h: 5 },
      { x: 36, y: 0, w: 12, h: 5 },
      { x: 0, y: 5, w: 48, h: 7 },
    ])
  })

  test('every mistake is reported with its line', () => {
    const parsed = parse(`${HEAD}rows:
  - height: 5
    panels:
      - id: a
        type: metric
        title: A
        description: A.
        value: { label: A, count: true, sum: network.bytes }
      - { id: b, type: pie, title: B, description: B. }
`)
    expect(parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`)).toEqual([
      expect.stringMatching(/^\d+: .*count.*sum/),
      expect.stringMatching(/^\d+: .*allowed are metric, time, bars, donut, table, heatmap/),
    ])
  })

  test('a folder with a broken file, and one that is not there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wardwire-dashboards-'))
    try {
      writeFileSync(join(folder, 'bad.yml'), 'title: X\n')
      expect(() => loadDashboards(folder)).toThrow(
        expect.objectContaining({ code: 'dashboard_invalid', message: expect.stringContaining('bad.yml') }),
      )
      expect(() => loadDashboards(join(folder, 'none'))).toThrow(expect.objectContaining({ code: 'dashboard_invalid' }))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
