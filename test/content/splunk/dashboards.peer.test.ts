import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DashboardDefinition, dashboardDefinition } from '../../../src/content/splunk/dashboard.ts'
import { viewNames } from '../../../src/content/splunk/source.ts'
import { describePeer } from '../../peers/peer.ts'
import {
  type DashboardBrowser,
  dashboardSchema,
  dashboardsMissing,
  openDashboardBrowser,
  type SearchAnswer,
  type Shown,
  type ShownSearch,
  validateDashboards,
} from '../../peers/splunk-dashboards.ts'
import { INVESTIGATED } from './panels.ts'
import { runSpl, type SplWorld } from './spl/pipeline.ts'
import { emptyWorld, splWorld } from './world.ts'

/** Screenshots go where `wardwire content build` writes; nothing of it is committed. */
const SCREENSHOTS = join(import.meta.dirname, '..', '..', '..', 'content', 'splunk', 'screenshots')
const BROKEN = 'The index of the search is not there'
const MINUTE = 60_000

/** The page as somebody opens it; the investigator from a link with a device. */
function opened(name: string): DashboardDefinition {
  const definition = dashboardDefinition(name)
  const device = definition.inputs['input_device'] as { readonly options: object } | undefined
  if (device === undefined) return definition
  return {
    ...definition,
    inputs: { ...definition.inputs, input_device: { ...device, options: { ...device.options, defaultValue: INVESTIGATED[0] } } },
  }
}

function answerFrom(world: SplWorld): (search: ShownSearch) => SearchAnswer {
  return ({ query, queryParameters }) => {
    try {
      const { fields, rows } = runSpl(query, world, queryParameters?.earliest, queryParameters?.latest)
      const cell = (value: unknown): unknown =>
        value === undefined || value === null ? null : Array.isArray(value) ? value.map(String) : String(value)
      return { fields: fields.map(name => ({ name })), columns: fields.map(field => rows.map(row => cell(row[field]))) }
    } catch (error) {
      return { error: String(error) }
    }
  }
}

function panels(definition: DashboardDefinition): readonly { readonly type: string; readonly title: string; readonly options: object }[] {
  return Object.values(definition.visualizations) as unknown as ReturnType<typeof panels>
}

describePeer('dashboards in a browser', dashboardsMissing(), () => {
  let browser: DashboardBrowser
  beforeAll(async () => {
    browser = await openDashboardBrowser()
    mkdirSync(SCREENSHOTS, { recursive: true })
  }, MINUTE)
  afterAll(() => browser?.close())

  const show = async (
    name: string,
    theme: 'light' | 'dark',
    state: string,
    answer: (search: ShownSearch) => SearchAnswer,
  ): Promise<Shown> => {
    const shown = await browser.show(opened(name), theme, answer)
    writeFileSync(join(SCREENSHOTS, `${name}-${theme}-${state}.png`), shown.screenshot)
    expect(shown.complaints).toEqual([])
    return shown
  }

  test('Splunk finds every definition valid, and a wrong one not', { timeout: MINUTE }, async () => {
    const all = Object.fromEntries(viewNames().map(name => [name, dashboardDefinition(name)]))
    const { posture } = all
    const wrong = { ...posture, visualizations: { ...posture.visualizations, panel_1: { type: 'splunk.no_such_thing' } } }
    const { wrong: verdict, ...verdicts } = await validateDashboards(browser, { ...all, wrong })
    expect(verdicts).toEqual(Object.fromEntries(viewNames().map(name => [name, null])))
    expect(verdict).not.toBeNull()
  })

  test('every option is one that its visualization knows', { timeout: MINUTE }, async () => {
    const known = knownOptions(await dashboardSchema(browser))
    for (const name of viewNames())
      for (const { type, title, options } of panels(dashboardDefinition(name)))
        for (const option of Object.keys(options)) expect(known.get(type), `${name}, ${title}: ${option}`).toContain(option)
  })

  test.each(viewNames().flatMap(name => (['light', 'dark'] as const).map(theme => [name, theme] as const)))(
    '%s shows the demo, %s',
    { timeout: MINUTE },
    async (name, theme) => {
      const { text, numbers, searches } = await show(name, theme, 'data', answerFrom(splWorld()))
      const definition = opened(name)
      for (const { title } of panels(definition)) expect(text).toContain(title)
      expect(text).not.toMatch(/SyntaxError|Could not|undefined|\[object/)
      expect(numbers).toHaveLength(panels(definition).filter(({ type }) => type === 'splunk.singlevalue').length)
      for (const number of numbers) expect(number).toMatch(/^[\d.,]+[KMG]?\D*$/)
      // Only panels about what this one device does not do may be empty.
      const empty = text.split(/No data!|No search results returned/).length - 1
      expect(empty).toBeLessThanOrEqual(name === 'investigator' ? 2 : 0)
      for (const { query, queryParameters } of searches) {
        expect(query).not.toMatch(/\$\w+\$/)
        expect(queryParameters).toEqual({ earliest: '-24h@h', latest: 'now' })
      }
    },
  )

  test.each(viewNames())('%s says that there is nothing', { timeout: MINUTE }, async name => {
    const { text, numbers } = await show(name, 'dark', 'empty', answerFrom(emptyWorld()))
    expect(text).toMatch(/No data!|No search results returned/)
    expect(text).not.toMatch(/SyntaxError|undefined|NaN/)
    for (const number of numbers) expect(number).toMatch(/^(0\D*|—|N\/A)$/)
  })

  test.each(viewNames())('%s says what is wrong', { timeout: MINUTE }, async name => {
    const { text } = await show(name, 'light', 'error', () => ({ error: BROKEN }))
    const tall = panels(opened(name)).filter(({ type }) => type !== 'splunk.singlevalue')
    expect(text.split(BROKEN).length - 1).toBeGreaterThanOrEqual(tall.length)
  })
})

/** Options of each visualization, from the schema of the validator. */
function knownOptions(schema: object): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    const { if: condition, then: consequence } = part as { if?: Condition; then?: Consequence }
    const type = condition?.properties?.type?.const
    const options = consequence?.properties?.options?.properties
    if (type?.startsWith('splunk.') === true && options !== undefined) found.set(type, Object.keys(options))
    for (const child of Object.values(part)) visit(child)
  }
  visit(schema)
  return found
}

interface Condition {
  readonly properties?: { readonly type?: { readonly const?: string } }
}
interface Consequence {
  readonly properties?: { readonly options?: { readonly properties?: object } }
}
