import { loadRules } from '../content/rules.ts'
import { APP_ID } from '../content/splunk/dashboard.ts'
import { splunkContent } from '../content/splunk/objects.ts'
import { VERSION } from '../installation.ts'
import type { SplunkHecSettings } from '../outputs/splunk-hec/settings.ts'
import type { Settings } from '../settings.ts'
import type { Log } from '../telemetry/log.ts'
import { type Checked, contentProblem, contentTable, plainTable, type Verification } from './content-report.ts'
import { searchSplunk } from './splunk-arrivals.ts'
import { collectorProblem } from './splunk-collector.ts'
import { compareApp, type InstalledApp, type InstalledObject } from './splunk-objects.ts'
import { entryName, type SplunkRest, splunkOf } from './splunk-rest.ts'
import { indexCondition, indexMacro } from './splunk-settings.ts'

export interface SplunkVerifyOptions {
  /** Name of the output whose Splunk is meant; needed where there are several of type splunk-hec. */
  readonly output?: string
}

/**
 * `wardwire content verify splunk`: ask a search head whether both apps and what is in them are as shipped, whether index, collector and
 * device inventory work, and when events of each dataset last came. Throws what `splunkOf` and its requests throw.
 */
export async function verifySplunk(settings: Settings, options: SplunkVerifyOptions, log: Log): Promise<Verification> {
  const { rest, receiver, name, output } = await splunkOf(settings, options.output, log)
  const apps: InstalledApp[] = []
  for (const app of splunkContent({ version: VERSION, rules: loadRules() })) apps.push(await compareApp(rest, app))
  const objects = apps.flatMap(app => app.objects)
  const things = objects.map(({ object, state }): Checked => ({ noun: object.noun, name: object.name, state }))
  const searched = await searchSplunk(rest, apps, output)
  const problems = [
    ...apps.flatMap(appProblem),
    ...things.flatMap(contentProblem),
    ...(await collectorProblem(name, output)),
    ...(await indexProblems(rest, objects, output)),
    ...searched.problems,
  ]
  return {
    ok: problems.length === 0,
    text: [
      receiver,
      appTable(apps),
      '',
      contentTable(things),
      ...siteLines(objects),
      '',
      ...searched.lines,
      ...(problems.length === 0 ? [`Everything of wardwire ${VERSION} is there, and data arrives.`] : problems),
    ].join('\n'),
  }
}

function appProblem({ app, version, disabled, visible }: InstalledApp): readonly string[] {
  if (version === undefined) return [`missing: app ${app.id}`]
  return [
    ...(version === app.version ? [] : [`not as shipped: app ${app.id} is ${version}, not ${app.version}`]),
    ...(disabled ? [`disabled: app ${app.id}`] : []),
    ...(app.id === APP_ID && !visible ? [`hidden: app ${app.id} is not visible in Splunk Web`] : []),
  ]
}

function appTable(apps: readonly InstalledApp[]): string {
  const table = plainTable('App', 'Shipped', 'Installed', 'Enabled')
  for (const { app, version, disabled } of apps)
    table.push([app.id, app.version, version ?? 'missing', version === undefined ? '' : disabled ? 'no' : 'yes'])
  return table.toString()
}

/** What the site decided: rules that are on, and settings that it changed. Neither is a problem. */
function siteLines(objects: readonly InstalledObject[]): readonly string[] {
  const rules = objects.filter(({ object }) => object.noun === 'saved search' && object.settings['disabled'] === '1')
  const enabled = rules.filter(({ state, found }) => state !== 'missing' && /^(0|false)$/i.test(String(found['disabled'])))
  const changed = objects
    .filter(one => one.changed.length > 0 && !enabled.includes(one))
    .map(({ object }) => `${object.noun} ${object.name}`)
  return [
    `${enabled.length} of ${rules.length} detection rules are enabled.`,
    ...(changed.length === 0 ? [] : [`Set otherwise here, which is the site's to decide: ${changed.join(', ')}.`]),
  ]
}

/** The index is known, and the pages look in it. */
async function indexProblems(
  rest: SplunkRest,
  objects: readonly InstalledObject[],
  { index }: SplunkHecSettings,
): Promise<readonly string[]> {
  if (index === undefined) return []
  const macro = objects.find(({ object, state }) => object.name === indexMacro && state !== 'missing')
  const definition = String(macro?.found['definition'] ?? '')
  const looks = macro === undefined || definition.includes(index) || definition.includes('*')
  return [
    ...((await isIndex(rest, index)) ? [] : [`missing: index ${index}, or the account may not search it`]),
    ...(looks
      ? []
      : [
          `the macro ${indexMacro} says ${definition}, but the output writes to index ${index}: run content install splunk, or edit the macro`,
        ]),
  ]
}

/** A search head does not list the indexes of its indexers, but counts their events. */
async function isIndex(rest: SplunkRest, index: string): Promise<boolean> {
  const [own] = await rest.entries(`/services/data/indexes/${entryName(index)}`)
  if (own !== undefined) return true
  const [row] = await rest.search('search', `| eventcount summarize=false ${indexCondition(index)} | stats count`)
  return Number(row?.['count'] ?? 0) > 0
}
