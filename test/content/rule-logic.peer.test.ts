import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildContent } from '../../src/content/index.ts'
import { toKql } from '../../src/content/languages/kql.ts'
import { type DetectionRule, matchesOf, testsOf } from '../../src/content/rule.ts'
import { loadRules } from '../../src/content/rules.ts'
import { VERSION } from '../../src/installation.ts'
import { catalogue, leaves } from '../../src/normalize/catalogue.ts'
import type { EcsDocument, Json } from '../../src/normalize/event.ts'
import { askJudge, judgesMissing } from '../peers/judges.ts'
import { type OpenSearch, openSearchMissing, startOpenSearch } from '../peers/opensearch.ts'
import { describePeer } from '../peers/peer.ts'
import { type EventCases, eventSetsOf, firesOn, goldenEvents, inTimeOrder, ndjsonOf, timeOf } from './events.ts'
import { createIndices, indexCases, RuleSearch } from './search.ts'

const rules = loadRules()
const files = new Map(buildContent({ version: VERSION, rules }).map(({ path, content }) => [path, String(content)]))

interface ImportedRule {
  readonly rule_id: string
  readonly type: string
  readonly query: string
  readonly from: string
  readonly index?: readonly string[]
}
const imported = new Map(
  files
    .get('elastic/rules.ndjson')!
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as ImportedRule)
    .map(rule => [rule.rule_id, rule]),
)

/** What ships with a rule for Splunk's tests must make it fire too. */
const SHIPPED = 'the events that ship with the rule'

/** The rule's own event sets by name. */
function ownCases(rule: DetectionRule): EventCases {
  return new Map([...eventSetsOf(rule), [SHIPPED, ndjsonOf(rule.events)]])
}

function casesOf(rule: DetectionRule): EventCases {
  return new Map([...goldenEvents(), ...ownCases(rule)])
}

function expected(rule: DetectionRule): readonly string[] {
  return [...firesOn(rule), SHIPPED].sort()
}

const ofType = (...types: readonly DetectionRule['logic']['type'][]): readonly DetectionRule[] =>
  rules.filter(({ logic }) => types.includes(logic.type))

describePeer('rule logic on a search engine', openSearchMissing(), () => {
  let server: OpenSearch
  beforeAll(async () => {
    server = await startOpenSearch()
    await createIndices(server)
    await indexCases(server, goldenEvents())
    for (const rule of rules) await indexCases(server, named(rule, ownCases(rule)))
  })
  afterAll(() => server?.remove())

  /** Event sets belong to one rule. */
  const named = (rule: DetectionRule, sets: EventCases): EventCases =>
    new Map([...sets].map(([name, events]) => [`${rule.id}: ${name}`, events]))

  test.each(ofType('query', 'threshold', 'new_terms', 'silence'))('$id fires where it must and nowhere else', async rule => {
    const { query, index, type, from } = imported.get(rule.uuid)!
    // ES|QL is run nowhere: what it filters, groups and adds up is run from the same source.
    const kql = type === 'esql' ? matchesOf(rule.logic).map(toKql)[0] : query
    const search = new RuleSearch(server, rule, index ?? rule.datasets.map(dataset => `logs-${dataset}-*`), kql, from)
    const fired: string[] = []
    for (const name of [...goldenEvents().keys()]) if (await search.fires(name)) fired.push(name)
    for (const name of ownCases(rule).keys()) if (await search.fires(`${rule.id}: ${name}`)) fired.push(name)
    expect(fired.sort()).toEqual(expected(rule))
  })

  test.each(ofType('new_terms'))('$id is silent about what it has seen, and not about the rest', async ({ id, uuid, logic, ...rule }) => {
    if (logic.type !== 'new_terms') return
    const { query, index, from } = imported.get(uuid)!
    const search = new RuleSearch(server, { id, uuid, logic, ...rule }, index!, query, from)
    const [first] = firesOn({ id, uuid, logic, ...rule })
    const name = goldenEvents().has(first) ? first : `${id}: ${first}`
    expect(await search.newTerms(name, name, logic.terms)).toBe(0)
    expect(await search.newTerms(name, 'dicom-tls13', logic.terms)).toBeGreaterThan(0)
  })
})

describePeer('sequences on the EQL engine', judgesMissing(), () => {
  test('every sequence fires where it must and nowhere else', () => {
    const sequences = ofType('sequence')
    const answer = askJudge<Record<string, readonly string[]>>(`${import.meta.dirname}/run_eql.py`, {
      queries: Object.fromEntries(sequences.map(rule => [rule.id, imported.get(rule.uuid)!.query])),
      cases: Object.fromEntries(
        sequences.map(rule => [rule.id, Object.fromEntries([...casesOf(rule)].map(([name, events]) => [name, eqlEvents(events)]))]),
      ),
    })
    for (const rule of sequences)
      expect({ rule: rule.id, fires: [...answer[rule.id]].sort() }).toEqual({ rule: rule.id, fires: expected(rule) })
  })
})

function eqlEvents(events: readonly EcsDocument[]): readonly object[] {
  return inTimeOrder(events).map(event => ({ ...event, event_type: 'network', timestamp: microseconds(String(event['@timestamp'])) }))
}

/** Golden times have microseconds, which `Date` does not keep. */
function microseconds(time: string): number {
  const fraction = /\.(\d+)Z$/.exec(time)?.[1] ?? ''
  return Math.floor(Date.parse(time) / 1000) * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

describePeer('Sigma rules in SQLite', judgesMissing(), () => {
  test('every Sigma rule fires where it must and nowhere else', () => {
    const said = rules.filter(rule => files.has(`sigma/${rule.id}.yml`))
    const answer = askJudge<Record<string, readonly string[]>>(`${import.meta.dirname}/run_sigma.py`, {
      rules: Object.fromEntries(said.map(rule => [rule.id, files.get(`sigma/${rule.id}.yml`)])),
      columns: Object.fromEntries(said.map(rule => [rule.id, fieldsOf(rule)])),
      cases: Object.fromEntries(
        said.map(rule => [
          rule.id,
          Object.fromEntries([...casesOf(rule)].map(([name, events]) => [name, events.flatMap(event => rowsOf(event, fieldsOf(rule)))])),
        ]),
      ),
    })
    for (const rule of said) expect({ rule: rule.id, fires: [...answer[rule.id]].sort() }).toEqual({ rule: rule.id, fires: expected(rule) })
  })
})

function fieldsOf({ logic }: DetectionRule): readonly string[] {
  const grouped = logic.type === 'sequence' ? logic.steps.flatMap(step => step.by) : logic.type === 'threshold' ? logic.by : []
  const measured = logic.type === 'threshold' && logic.measure.kind !== 'count' ? [logic.measure.field] : []
  return [
    ...new Set([
      ...matchesOf(logic)
        .flatMap(testsOf)
        .map(({ field }) => field),
      ...grouped,
      ...measured,
    ]),
  ]
}

/** A flat row with the fields that a rule reads; a value of an array stands in a row of its own. */
function rowsOf(event: EcsDocument, fields: readonly string[]): readonly object[] {
  const values = new Map(leaves(event))
  let rows: Record<string, Json>[] = [{ timestamp: new Date(timeOf(event)).toISOString() }]
  for (const field of fields) {
    const value = values.get(field)
    if (value === undefined) continue
    const each = catalogue().get(field)?.array === true ? (value as readonly Json[]) : [value]
    rows = rows.flatMap(row => each.map(one => ({ ...row, [field]: typeof one === 'boolean' ? String(one) : one })))
  }
  return rows
}
