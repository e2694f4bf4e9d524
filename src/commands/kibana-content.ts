import { dashboardLines } from '../content/elastic/assets.ts'
import type { SavedObject } from '../content/elastic/dashboard-object.ts'
import { ruleBody } from '../content/elastic-rules.ts'
import { loadRules } from '../content/rules.ts'
import { VERSION } from '../installation.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { ContentState } from './content-report.ts'
import type { Kibana } from './kibana.ts'

const RULES = '/api/detection_engine/rules'
const EXPORT = '/api/saved_objects/_export'
const IMPORT = '/api/saved_objects/_import?overwrite=true'

/** A rule or saved object that is shipped, and what Kibana has of it. */
export type KibanaThing =
  | {
      readonly noun: 'detection rule'
      readonly title: string
      readonly state: ContentState
      /** Whether somebody turned it on. */
      readonly enabled: boolean
      readonly body: RuleBody
    }
  | { readonly noun: 'data view' | 'dashboard'; readonly title: string; readonly state: ContentState; readonly line: string }

type RuleBody = Readonly<Record<string, unknown>>
type Rule = Extract<KibanaThing, { noun: 'detection rule' }>

/** Hold every rule, the data view and every dashboard against what Kibana has. */
export async function compareKibana(kibana: Kibana): Promise<readonly KibanaThing[]> {
  const things: KibanaThing[] = []
  const context = { version: VERSION, rules: loadRules() }
  for (const rule of context.rules) things.push(await compareRule(kibana, ruleBody(rule, context)))
  for (const line of dashboardLines(VERSION)) things.push(await compareObject(kibana, line))
  return things
}

/** What Kibana counts or completes by itself. */
const OF_KIBANA: ReadonlySet<string> = new Set(['version', 'required_fields', 'related_integrations'])

async function compareRule(kibana: Kibana, body: RuleBody): Promise<Rule> {
  const found = await kibana.request<RuleBody>('GET', `${RULES}?rule_id=${String(body['rule_id'])}`)
  const same = found !== undefined && Object.entries(body).every(([key, value]) => OF_KIBANA.has(key) || covers(found[key], value))
  const state = found === undefined ? 'missing' : same ? 'same' : 'different'
  return { noun: 'detection rule', title: String(body['name']), state, enabled: found?.['enabled'] === true, body }
}

/** Whether everything that is wanted is there, whatever else Kibana adds. */
function covers(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(found) && found.length === wanted.length && wanted.every((item, index) => covers(found[index], item))
  if (wanted === null || typeof wanted !== 'object') return found === wanted
  if (found === null || typeof found !== 'object') return false
  return Object.entries(wanted).every(([key, value]) => covers((found as RuleBody)[key], value))
}

/** Kibana turns a dashboard into the form of its own version, so only what people read can be compared; the description names ours. */
async function compareObject(kibana: Kibana, line: string): Promise<KibanaThing> {
  const { type, id, attributes } = JSON.parse(line) as SavedObject
  const body = { objects: [{ type, id }], includeReferencesDeep: false, excludeExportDetails: true }
  const found = await kibana.request<SavedObject>('POST', EXPORT, { body, absent: [400] })
  const told = ['title', 'name', 'description'] as const
  const same = found !== undefined && told.every(key => found.attributes?.[key] === attributes[key])
  const state = found === undefined ? 'missing' : same ? 'same' : 'different'
  return { noun: type === 'dashboard' ? 'dashboard' : 'data view', title: String(attributes['title']), state, line }
}

/** Put what is missing or different into Kibana. A rule that is there keeps its switch, its exceptions and its actions. */
export async function putIntoKibana(kibana: Kibana, things: readonly KibanaThing[]): Promise<void> {
  const open = things.filter(({ state }) => state !== 'same')
  for (const thing of open) if (thing.noun === 'detection rule') await putRule(kibana, thing)
  const lines = open.flatMap(thing => (thing.noun === 'detection rule' ? [] : [thing.line]))
  if (lines.length > 0) await importObjects(kibana, lines.join(''))
}

async function putRule(kibana: Kibana, { state, body }: Rule): Promise<void> {
  if (state === 'missing') {
    await kibana.request('POST', RULES, { body: { ...body, enabled: false } })
    return
  }
  const { version: _counted, ...changes } = body
  await kibana.request('PATCH', RULES, { body: changes })
}

interface ImportAnswer {
  readonly success?: boolean
  readonly errors?: readonly { readonly id?: string; readonly error?: { readonly type?: string; readonly message?: string } }[]
}

async function importObjects(kibana: Kibana, content: string): Promise<void> {
  const answer = await kibana.request<ImportAnswer>('POST', IMPORT, { file: { name: 'dashboards.ndjson', content } })
  if (answer?.success === true) return
  const refused = (answer?.errors ?? []).map(({ id, error }) => `${id}: ${error?.message ?? error?.type ?? 'refused'}`)
  throw new WardwireError('content_invalid', `${kibana.url}: dashboards were not imported: ${refused.join('; ') || 'no reason given'}`, {
    mend: 'Kibana 8.19 and 9.x are supported',
  })
}
