import { ADDON_ID, CEF_SOURCETYPE, OT_SOURCETYPE } from '../content/splunk/addon.ts'
import { APP_ID } from '../content/splunk/dashboard.ts'
import { DATASETS, type Dataset } from '../normalize/event.ts'
import type { SplunkHecSettings } from '../outputs/splunk-hec/settings.ts'
import { type Arrival, arrivalTable, silence } from './content-report.ts'
import type { InstalledApp } from './splunk-objects.ts'
import type { SplunkRest, SplunkRow } from './splunk-rest.ts'
import { indexCondition, indexMacro } from './splunk-settings.ts'

const HEALTH: Dataset = 'wardwire.health'

/** What searches found, and what is wrong by it. */
export interface Searched {
  readonly lines: readonly string[]
  readonly problems: readonly string[]
}

/** What only searches tell: when events came, whether the add-on knows them, and how many devices the inventory has. */
export async function searchSplunk(rest: SplunkRest, apps: readonly InstalledApp[], output: SplunkHecSettings): Promise<Searched> {
  const isThere = (id: string): boolean => apps.some(({ app, version, disabled }) => app.id === id && version !== undefined && !disabled)
  const hasApp = isThere(APP_ID)
  const place = { app: hasApp ? APP_ID : 'search', events: eventsOf(output, hasApp) }
  const arrivals = arrivalsIn(await rest.search(place.app, arrivalSearch(place.events)))
  const typed = isThere(ADDON_ID) ? await rest.search(place.app, typedSearch(place.events)) : []
  const devices = hasApp ? await rest.search(place.app, DEVICES_SEARCH) : []
  return {
    lines: [
      arrivalTable(arrivals, 'Dataset', 'Latest event'),
      ...devices.map(row => `The device inventory holds ${String(row['devices'])} devices.`),
      '',
    ],
    problems: [
      ...arrivals.filter(arrival => arrival.place === HEALTH).flatMap(silence),
      ...typed.flatMap(unknownEvents),
      ...(hasApp && devices.length === 0
        ? ['cannot be read: the device inventory wardwire_devices, in the KV store (see splunk show kvstore-status)']
        : []),
    ],
  }
}

/** As a search says it: where the pages look, or without the app where the output writes. */
function eventsOf({ index = '*', sourcetype }: SplunkHecSettings, hasApp: boolean): string {
  const sourcetypes = [...new Set([sourcetype, CEF_SOURCETYPE, OT_SOURCETYPE])].map(name => `"${name}"`)
  return `${hasApp ? `\`${indexMacro}\`` : indexCondition(index)} sourcetype IN (${sourcetypes.join(', ')})`
}

/** Indexed fields alone: cheap however many events there are. The source of an event is its dataset, unless it came as CEF. */
function arrivalSearch(events: string): string {
  return `| tstats count max(_time) as latest where ${events} by source, sourcetype`
}

function typedSearch(events: string): string {
  return `search ${events} | head 100 | stats count as events count(eval(mvfind(eventtype, "^wardwire_")>=0)) as typed`
}

const DEVICES_SEARCH = '| inputlookup wardwire_devices | stats count as devices'

function arrivalsIn(rows: readonly SplunkRow[]): readonly Arrival[] {
  const byCef = rows.filter(({ sourcetype }) => sourcetype === CEF_SOURCETYPE)
  const datasets = DATASETS.map(dataset =>
    arrivalOf(
      dataset,
      rows.filter(({ source }) => source === dataset),
    ),
  )
  return byCef.length === 0 ? datasets : [...datasets, arrivalOf(`${CEF_SOURCETYPE} (all datasets)`, byCef)]
}

function arrivalOf(place: string, rows: readonly SplunkRow[]): Arrival {
  const times = rows.map(({ latest }) => Number(latest) * 1000).filter(Number.isFinite)
  return {
    place,
    latest: times.length === 0 ? undefined : Math.max(...times),
    lastDay: rows.reduce((sum, { count }) => sum + Number(count), 0),
  }
}

function unknownEvents({ events, typed }: SplunkRow): readonly string[] {
  if (Number(events) === 0 || Number(typed) > 0) return []
  return [`events have no event type of ${ADDON_ID}: look at its permissions (they must be global), and at the sourcetype of the events`]
}
