import { type Dashboard, dashboardId, type PlacedPanel } from './dashboard.ts'
import { lensAttributes, type Reference } from './lens.ts'
import { kql, stableId } from './lens-columns.ts'

/** Rows of the grid that the links to the other dashboards take. */
export const NAVIGATION_HEIGHT = 3
/** Versions of the saved-object models; Kibana 8.18 and later know them, and migrate nothing by guesswork. */
const CORE_MODEL = '8.8.0'
const DASHBOARD_MODEL = '10.2.0'
const DATA_VIEW_MODEL = '8.0.0'

/** The data view that the files for clusters without Fleet bring along; Fleet has `logs-*` everywhere. */
export const DATA_VIEW = { id: 'wardwire-logs', title: 'logs-wardwire.*-*', name: 'wardwire events' } as const

/** A saved object with its nested JSON still as objects, as package sources hold it. */
export interface SavedObject {
  readonly id: string
  readonly type: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly references: readonly Reference[]
  readonly coreMigrationVersion: string
  readonly typeMigrationVersion: string
  readonly managed: boolean
}

/** What all dashboards of a build share. */
export interface DashboardContext {
  readonly version: string
  /** Id of the data view of every panel. */
  readonly dataView: string
  /** All dashboards, for the navigation. */
  readonly dashboards: readonly Dashboard[]
}

/** What a dashboard says of its origin, below its description: people and `content verify` read it there. */
export function shippedWith(version: string): string {
  return `Shipped with wardwire ${version}.`
}

export function dashboardObject(dashboard: Dashboard, { version, dataView, dashboards }: DashboardContext): SavedObject {
  const filterIndex = 'kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index'
  const panels = dashboard.panels.map(panel => lensPanel(dashboard.id, panel, dataView))
  const navigation = navigationPanel(dashboard.id, dashboards)
  const controls = dashboard.controls.map(({ field }) => stableId(dashboard.id, 'control', field))
  return {
    id: dashboardId(dashboard.id),
    type: 'dashboard',
    attributes: {
      title: `[wardwire] ${dashboard.title}`,
      description: `${dashboard.description} ${shippedWith(version)}`,
      controlGroupInput: controlGroup(dashboard, dataView),
      kibanaSavedObjectMeta: { searchSourceJSON: { query: kql(''), filter: [datasetFilter(dashboard.datasets, filterIndex)] } },
      optionsJSON: { hidePanelTitles: false, syncColors: true, syncCursor: true, syncTooltips: false, useMargins: true },
      panelsJSON: [navigation.panel, ...panels.map(({ panel }) => panel)],
      timeRestore: true,
      timeFrom: dashboard.from,
      timeTo: 'now',
      version: 3,
    },
    references: [
      { type: 'index-pattern', id: dataView, name: filterIndex },
      ...navigation.references,
      ...panels.flatMap(({ references }) => references),
      ...controls.map(id => ({ type: 'index-pattern', id: dataView, name: `controlGroup_${id}:optionsListDataView` })),
    ],
    coreMigrationVersion: CORE_MODEL,
    typeMigrationVersion: DASHBOARD_MODEL,
    managed: false,
  }
}

export function dataViewObject(): SavedObject {
  const { id, title, name } = DATA_VIEW
  return {
    id,
    type: 'index-pattern',
    attributes: { title, name, timeFieldName: '@timestamp' },
    references: [],
    coreMigrationVersion: CORE_MODEL,
    typeMigrationVersion: DATA_VIEW_MODEL,
    managed: false,
  }
}

/** A line for POST /api/saved_objects/_import, which wants JSON in text where it keeps text. */
export function importLine({ attributes, ...rest }: SavedObject): string {
  return JSON.stringify({ ...rest, attributes: encoded(attributes) })
}

function encoded(attributes: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => {
      if (key.endsWith('JSON')) return [key, JSON.stringify(value)]
      const nested = typeof value === 'object' && value !== null && !Array.isArray(value)
      return [key, nested ? encoded(value as Readonly<Record<string, unknown>>) : value]
    }),
  )
}

interface PanelObject {
  readonly panel: object
  /** Named from the dashboard's point of view. */
  readonly references: readonly Reference[]
}

function lensPanel(dashboard: string, panel: PlacedPanel, dataView: string): PanelObject {
  const id = stableId(dashboard, panel.id)
  const attributes = lensAttributes(dashboard, panel, dataView)
  const drilldown = panel.opens === undefined ? undefined : drilldownTo(panel.opens, stableId(dashboard, panel.id, 'opens'))
  return {
    panel: {
      type: 'lens',
      panelIndex: id,
      gridData: { ...panel.grid, y: panel.grid.y + NAVIGATION_HEIGHT, i: id },
      title: panel.title,
      embeddableConfig: {
        attributes,
        description: panel.description,
        hidePanelTitles: panel.type === 'metric',
        enhancements: { dynamicActions: { events: drilldown === undefined ? [] : [drilldown.event] } },
        filters: [],
        query: kql(''),
        syncColors: true,
        syncCursor: true,
        syncTooltips: false,
      },
    },
    references: [...attributes.references, ...(drilldown?.references ?? [])].map(reference => within(id, reference)),
  }
}

function within(panel: string, reference: Reference): Reference {
  return { ...reference, name: `${panel}:${reference.name}` }
}

/** A click on a value opens another dashboard, filtered by that value. */
function drilldownTo(target: string, eventId: string): { readonly event: object; readonly references: readonly Reference[] } {
  const factory = 'DASHBOARD_TO_DASHBOARD_DRILLDOWN'
  return {
    event: {
      eventId,
      triggers: ['FILTER_TRIGGER'],
      action: {
        factoryId: factory,
        name: OPENS,
        config: { useCurrentFilters: true, useCurrentDateRange: true, openInNewTab: false },
      },
    },
    references: [{ type: 'dashboard', id: dashboardId(target), name: `drilldown:${factory}:${eventId}:dashboardId` }],
  }
}

/** What the menu of a value says. */
export const OPENS = 'Show details'

function navigationPanel(dashboard: string, dashboards: readonly Dashboard[]): PanelObject {
  const id = stableId(dashboard, 'navigation')
  const links = dashboards.map(({ id: target, title }, order) => {
    const link = stableId(dashboard, 'navigation', target)
    return { id: link, type: 'dashboardLink', label: title, order, destinationRefName: `link_${link}_dashboard` }
  })
  return {
    panel: {
      type: 'links',
      panelIndex: id,
      gridData: { x: 0, y: 0, w: 48, h: NAVIGATION_HEIGHT, i: id },
      embeddableConfig: { attributes: { layout: 'horizontal', links }, enhancements: {}, hidePanelTitles: true },
    },
    references: links.map(({ destinationRefName }, index) =>
      within(id, { type: 'dashboard', id: dashboardId(dashboards[index].id), name: destinationRefName }),
    ),
  }
}

function controlGroup({ id: dashboard, controls }: Dashboard, dataView: string): object {
  const panels = controls.map(({ field, title }, order) => {
    const id = stableId(dashboard, 'control', field)
    const explicitInput = {
      id,
      dataViewId: dataView,
      fieldName: field,
      title,
      searchTechnique: 'wildcard',
      selectedOptions: [],
      sort: { by: '_count', direction: 'desc' },
    }
    return [id, { type: 'optionsListControl', order, grow: true, width: 'medium', explicitInput }]
  })
  return {
    chainingSystem: 'HIERARCHICAL',
    controlStyle: 'oneLine',
    ignoreParentSettingsJSON: { ignoreFilters: false, ignoreQuery: false, ignoreTimerange: false, ignoreValidations: false },
    panelsJSON: Object.fromEntries(panels),
    showApplySelections: false,
  }
}

/** Nothing but the data of the dashboard, whatever the data view holds. */
function datasetFilter(datasets: readonly string[], indexRefName: string): object {
  const field = 'data_stream.dataset'
  return {
    $state: { store: 'appState' },
    meta: { alias: null, disabled: false, negate: false, type: 'phrases', key: field, field, params: datasets, indexRefName },
    query: { bool: { minimum_should_match: 1, should: datasets.map(dataset => ({ match_phrase: { [field]: dataset } })) } },
  }
}
