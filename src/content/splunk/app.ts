import type { ContentContext, ContentFile } from '../builder.ts'
import { STORIES, savedSearches, splunkMacros } from '../splunk-searches.ts'
import { ADDON_ID } from './addon.ts'
import { appFiles, confFiles } from './app-files.ts'
import { type Conf, type ConfSettings, formatConf, mergeConf } from './conf.ts'
import { APP_ID, dashboardDefinition, dashboardXml } from './dashboard.ts'
import { appReadme } from './readme.ts'
import { readSource, viewNames } from './source.ts'
import { analyticStories, riskRule } from './stories.ts'

interface SearchSource {
  readonly description: string
  readonly cron: string
  readonly earliest: string
  readonly latest: string
  readonly search: string
}

interface CollectionSource {
  readonly key: string
  readonly fields: readonly string[]
}

/** `dashboards/splunk/app.yml`. */
interface AppSource {
  readonly description: string
  readonly macros: Readonly<Record<string, { readonly definition: string; readonly description: string }>>
  readonly collections: Readonly<Record<string, CollectionSource>>
  readonly searches: Readonly<Record<string, SearchSource>>
  readonly risk_rule: { readonly name: string; readonly description: string; readonly search: string }
  readonly workflow_actions: Conf
  readonly checklist: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly navigation: readonly string[]
}

/** Configuration that Splunk itself does not define. */
const CUSTOM_CONFS = ['analyticstories'] as const

function appSource(): AppSource {
  return readSource<AppSource>('app.yml')
}

/** The app: dashboards, detections, inventory. Belongs on search heads. */
export function splunkAppFiles(context: ContentContext): readonly ContentFile[] {
  const source = appSource()
  return [
    ...appFiles(
      {
        id: APP_ID,
        title: 'Wardwire',
        description: source.description,
        version: context.version,
        visible: true,
        workloads: ['_search_heads'],
        customConfs: CUSTOM_CONFS,
        dependencies: { [ADDON_ID]: { version: `>=${context.version}` } },
      },
      appReadme(context),
    ),
    ...confFiles(appConfs(context)),
    ...Object.entries(SPECIFICATIONS).map(([name, content]) => ({ path: `README/${name}.conf.spec`, content })),
    { path: 'default/data/ui/nav/default.xml', content: appNavigation() },
    ...Object.entries(appViews()).map(([name, content]) => ({ path: `default/data/ui/views/${name}.xml`, content })),
  ]
}

/** Configuration of the app, by the name of its file. */
export function appConfs(context: ContentContext): Readonly<Record<string, Conf>> {
  const source = appSource()
  return {
    macros: macros(context, source),
    savedsearches: mergeConf(lookupSearches(source), ruleSearches(context, source)),
    collections: collections(source),
    transforms: collectionLookups(source),
    workflow_actions: source.workflow_actions,
    checklist: checklist(source),
    inputs: ASSET_INPUT,
    server: { shclustering: Object.fromEntries(CUSTOM_CONFS.map(name => [`conf_replication_include.${name}`, 'true'])) },
    analyticstories: analyticStories(context.rules, STORIES),
  }
}

/** Pages of the app by their names: `wardwire_posture`, … */
export function appViews(): Readonly<Record<string, string>> {
  return Object.fromEntries(viewNames().map(name => [`${APP_ID}_${name}`, dashboardXml(dashboardDefinition(name))]))
}

function macros({ rules }: ContentContext, source: AppSource): Conf {
  const ofRules = splunkMacros(rules).map(({ name, definition, description, arguments: names }): [string, ConfSettings] =>
    names.length === 0
      ? [name, { definition, description }]
      : [`${name}(${names.length})`, { args: names.join(', '), definition, description }],
  )
  return { ...source.macros, ...Object.fromEntries(ofRules) }
}

function lookupSearches({ searches }: AppSource): Conf {
  return Object.fromEntries(
    Object.entries(searches).map(([name, { description, cron, earliest, latest, search }]) => [
      name,
      {
        description,
        search: oneLine(search),
        enableSched: '1',
        cron_schedule: cron,
        schedule_window: 'auto',
        'dispatch.earliest_time': earliest,
        'dispatch.latest_time': latest,
        is_visible: 'false',
      },
    ]),
  )
}

function ruleSearches({ rules }: ContentContext, source: AppSource): Conf {
  return { ...savedSearches(rules), ...riskRule(source.risk_rule) }
}

function collections({ collections: sources }: AppSource): Conf {
  return Object.fromEntries(
    Object.entries(sources).map(([name, { key, fields }]) => [
      name,
      {
        enforceTypes: 'false',
        replicate: 'true',
        ...Object.fromEntries(fields.map(field => [`field.${field}`, 'string'])),
        [`accelerated_fields.${key}`]: `{"${key}": 1}`,
      },
    ]),
  )
}

function collectionLookups({ collections: sources }: AppSource): Conf {
  return Object.fromEntries(
    Object.entries(sources).map(([name, { fields }]) => [
      name,
      { external_type: 'kvstore', collection: name, fields_list: ['_key', ...fields].join(', '), case_sensitive_match: 'false' },
    ]),
  )
}

function checklist({ checklist: checks }: AppSource): Conf {
  return Object.fromEntries(
    Object.entries(checks).map(([name, settings]) => {
      const line = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, oneLine(value)]))
      return [name, { category: 'Wardwire', tags: 'wardwire', ...line }] satisfies [string, ConfSettings]
    }),
  )
}

/** Registers the assets with Enterprise Security; waits there until an administrator turns it on. */
const ASSET_INPUT: Conf = {
  'identity_manager://wardwire_assets': {
    category: 'medical_device',
    description: 'Medical devices that wardwire sensors know',
    target: 'asset',
    url: 'lookup://wardwire_assets',
    disabled: '1',
  },
}

/** Bar of pages of the app. */
export function appNavigation(): string {
  const { navigation: names } = appSource()
  const views = names.map((name, index) => `  <view name="${APP_ID}_${name}"${index === 0 ? ' default="true"' : ''} />`)
  return `<nav search_view="search" color="#1b7f8c">\n${views.join('\n')}\n  <view name="search" />\n  <view name="reports" />\n</nav>\n`
}

const SPECIFICATIONS: Readonly<Record<(typeof CUSTOM_CONFS)[number], string>> = {
  analyticstories: [
    '# Read by Splunk Enterprise Security.\n',
    formatSpec('savedsearch://<name>', [
      'type',
      'asset_type',
      'confidence',
      'explanation',
      'how_to_implement',
      'annotations',
      'known_false_positives',
      'providing_technologies',
    ]),
    formatSpec('analytic_story://<name>', [
      'category',
      'last_updated',
      'version',
      'references',
      'maintainers',
      'spec_version',
      'searches',
      'description',
      'narrative',
    ]),
  ].join('\n'),
}

function formatSpec(stanza: string, keys: readonly string[]): string {
  return formatConf({ [stanza]: Object.fromEntries(keys.map(key => [key, '<string>'])) })
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim()
}
