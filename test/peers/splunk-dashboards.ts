import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { until, whyNot } from './peer.ts'

const SCRIPT = 'splunk-dashboards.sh'
const CHROMIUM = '/usr/bin/chromium'
/** Any address will do: every request is answered here or refused. */
const ORIGIN = 'http://dashboards.test/'
const PAGE = '<!doctype html><html><body style="margin:0"><div id="root"></div></body></html>'
const WIDTH = 1480
const ABOVE_PANELS = 110
const LONGEST_SECONDS = 60
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024

/** What a search answers: columns by field, or an error. */
export type SearchAnswer =
  | { readonly fields: readonly { readonly name: string }[]; readonly columns: readonly (readonly unknown[])[] }
  | { readonly error: string }

export interface ShownSearch {
  readonly query: string
  readonly queryParameters?: { readonly earliest?: string; readonly latest?: string }
}

export interface Shown {
  /** Text that a person reads on the page. */
  readonly text: string
  /** The numbers of panels that show one. */
  readonly numbers: readonly string[]
  readonly searches: readonly ShownSearch[]
  /** Errors of scripts, and requests to anywhere. */
  readonly complaints: readonly string[]
  readonly screenshot: Buffer
}

/** What the browser has to know of a definition. */
interface DashboardOnPage {
  readonly layout: { readonly options: { readonly height: number } }
  readonly dataSources: Readonly<Record<string, { readonly options: Readonly<Record<string, unknown>> }>>
}

/** A browser with Splunk's renderer. */
export interface DashboardBrowser {
  schema(): Promise<object>
  show(definition: DashboardOnPage, theme: 'light' | 'dark', answer: (search: ShownSearch) => SearchAnswer): Promise<Shown>
  close(): Promise<void>
}

export function dashboardsMissing(): string | undefined {
  return whyNot(SCRIPT)
}

/** The parts of playwright-core that are used; it is installed beside the renderer. */
interface Playwright {
  readonly chromium: { launch(options: object): Promise<Browser> }
}
interface Browser {
  newPage(options: object): Promise<Page>
  close(): Promise<void>
}
interface Page {
  on(event: 'pageerror', listener: (error: Error) => void): void
  exposeFunction(name: string, call: (search: ShownSearch) => SearchAnswer): Promise<void>
  route(pattern: string, handler: (route: Route) => unknown): Promise<void>
  goto(url: string): Promise<unknown>
  addScriptTag(options: object): Promise<unknown>
  evaluate<Answer>(script: string): Promise<Answer>
  waitForTimeout(milliseconds: number): Promise<void>
  setViewportSize(size: object): Promise<void>
  screenshot(): Promise<Buffer>
}
interface Route {
  request(): { url(): string }
  fulfill(answer: object): Promise<void>
  abort(): Promise<void>
}

export async function openDashboardBrowser(): Promise<DashboardBrowser> {
  const home = dashboardsFolder()
  const { chromium } = createRequire(join(home, 'package.json'))('playwright-core') as Playwright
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 800 } })
  const dashboards = new DashboardPage(page)
  await dashboards.open(join(home, 'page.js'))
  return {
    schema: () => page.evaluate<object>('window.dashboardSchema()'),
    show: (definition, theme, answer) => dashboards.show(definition, theme, answer),
    close: () => browser.close(),
  }
}

/** What Splunk's validator says of dashboards by name: null, or its errors. */
export async function validateDashboards(
  browser: DashboardBrowser,
  dashboards: Readonly<Record<string, object>>,
): Promise<Readonly<Record<string, unknown>>> {
  await dashboardSchema(browser)
  const { status, stdout, stderr } = spawnSync(join(import.meta.dirname, SCRIPT), ['validate', schemaFile()], {
    input: JSON.stringify(dashboards),
    encoding: 'utf8',
    maxBuffer: MOST_OUTPUT_BYTES,
  })
  if (status !== 0) throw new Error(`validator: ${stderr.slice(-2000)}`)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** The validator's schema, which lists the options of each visualization. Making it takes a browser; it is kept. */
export async function dashboardSchema(browser: DashboardBrowser): Promise<object> {
  if (!existsSync(schemaFile())) writeFileSync(schemaFile(), JSON.stringify(await browser.schema()))
  return JSON.parse(readFileSync(schemaFile(), 'utf8')) as object
}

function schemaFile(): string {
  return join(dashboardsFolder(), 'schema.json')
}

function dashboardsFolder(): string {
  return spawnSync(join(import.meta.dirname, SCRIPT), ['folder'], { encoding: 'utf8' }).stdout
}

/** Charts are drawn in steps after their data came, without a sign of the last. */
const DRAWING_MS = 1500

/** One page that shows a dashboard after the other: the renderer takes long to load. */
class DashboardPage {
  readonly #page: Page
  #complaints: string[] = []
  #searches: ShownSearch[] = []
  #answer: (search: ShownSearch) => SearchAnswer = () => ({ error: 'no dashboard is shown' })

  constructor(page: Page) {
    this.#page = page
  }

  async open(script: string): Promise<void> {
    this.#page.on('pageerror', error => this.#complaints.push(String(error)))
    await this.#page.exposeFunction('answerSearch', search => {
      this.#searches.push(search)
      return this.#answer(search)
    })
    await this.#page.route('**/*', route => {
      const url = route.request().url()
      if (url === ORIGIN) return route.fulfill({ contentType: 'text/html', body: PAGE })
      if (!url.endsWith('/favicon.ico')) this.#complaints.push(`request to ${url}`)
      return route.abort()
    })
    await this.#page.goto(ORIGIN)
    await this.#page.addScriptTag({ path: script })
  }

  async show(definition: DashboardOnPage, theme: 'light' | 'dark', answer: (search: ShownSearch) => SearchAnswer): Promise<Shown> {
    this.#answer = answer
    this.#searches = []
    this.#complaints = []
    await this.#page.setViewportSize({ width: WIDTH, height: definition.layout.options.height + ABOVE_PANELS })
    await this.#page.evaluate(`window.showDashboard(${JSON.stringify(definition)}, '${theme}')`)
    const queries = (): number => new Set(this.#searches.map(({ query }) => query)).size
    await until('every search of the dashboard', () => queries() >= distinctQueries(definition), LONGEST_SECONDS)
    await this.#page.waitForTimeout(DRAWING_MS)
    const text = await this.#page.evaluate<string>('document.body.innerText')
    const numbers = await this.#page.evaluate<string[]>(
      `[...document.querySelectorAll('[data-test="majorValue"]')].map(element => element.textContent)`,
    )
    return { text, numbers, searches: this.#searches, complaints: this.#complaints, screenshot: await this.#page.screenshot() }
  }
}

function distinctQueries({ dataSources }: DashboardOnPage): number {
  return new Set(Object.values(dataSources).map(({ options }) => options['query'])).size
}
