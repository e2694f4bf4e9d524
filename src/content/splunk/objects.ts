import type { ContentContext } from '../builder.ts'
import { ADDON_ID, addonConfs, addonLookupFiles } from './addon.ts'
import { appConfs, appNavigation, appViews } from './app.ts'
import type { Conf, ConfSettings } from './conf.ts'
import { APP_ID } from './dashboard.ts'

/** An app that is shipped, and what Splunk knows of its content once it is installed. */
export interface SplunkApp {
  readonly id: string
  readonly version: string
  readonly objects: readonly SplunkObject[]
}

/** A thing of an app that Splunk's REST API can be asked for. */
export interface SplunkObject {
  /** What people call it: `saved search`. */
  readonly noun: string
  /** Below `/servicesNS/nobody/<app>/`: `configs/conf-macros`, `data/ui/views`. */
  readonly endpoint: string
  readonly name: string
  readonly settings: ConfSettings
  /** Whether a setting is the administrators' to change, such as a threshold, a schedule or a switch. */
  readonly isLocal: (setting: string) => boolean
}

/** The key that holds the content of a page. */
const VIEW_DATA = 'eai:data'

/** Files of configuration with content that can be compared; what else there is describes the app itself or other products. */
const CONFS: Readonly<Record<string, { readonly noun: string; readonly isLocal?: SplunkObject['isLocal'] }>> = {
  props: { noun: 'field extraction' },
  transforms: { noun: 'transform' },
  eventtypes: { noun: 'event type' },
  tags: { noun: 'tag' },
  macros: { noun: 'macro', isLocal: setting => setting === 'definition' },
  savedsearches: { noun: 'saved search', isLocal: setting => setting !== 'search' },
  collections: { noun: 'KV store collection' },
  workflow_actions: { noun: 'workflow action' },
  checklist: { noun: 'health check', isLocal: setting => setting !== 'search' },
  analyticstories: { noun: 'analytic story' },
}

/** Both apps: the add-on first, which the other needs. */
export function splunkContent(context: ContentContext): readonly SplunkApp[] {
  const { version } = context
  const lookups = addonLookupFiles().map(name => object('lookup table', 'data/lookup-table-files', name, {}))
  const views = Object.entries(appViews()).map(([name, xml]) => object('dashboard', 'data/ui/views', name, { [VIEW_DATA]: xml }))
  const navigation = object('navigation', 'data/ui/nav', 'default', { [VIEW_DATA]: appNavigation() })
  return [
    { id: ADDON_ID, version, objects: [...confObjects(addonConfs()), ...lookups] },
    { id: APP_ID, version, objects: [...confObjects(appConfs(context)), ...views, navigation] },
  ]
}

function confObjects(confs: Readonly<Record<string, Conf>>): readonly SplunkObject[] {
  return Object.entries(CONFS).flatMap(([conf, { noun, isLocal }]) =>
    Object.entries(confs[conf] ?? {}).map(([name, settings]) => object(noun, `configs/conf-${conf}`, name, settings, isLocal)),
  )
}

function object(
  noun: string,
  endpoint: string,
  name: string,
  settings: ConfSettings,
  isLocal: SplunkObject['isLocal'] = () => false,
): SplunkObject {
  return { noun, endpoint, name, settings, isLocal }
}
