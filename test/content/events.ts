import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DerivedEvents, DetectionRule, EventSet, Scalar, TestCase } from '../../src/content/rule.ts'
import { catalogue } from '../../src/normalize/catalogue.ts'
import type { EcsDocument, Json } from '../../src/normalize/event.ts'
import { caseNames, matching, valueAt } from '../golden/case.ts'

const GOLDEN = join(import.meta.dirname, '..', 'golden')

/** Events by the name of what they were made from. */
export type EventCases = ReadonlyMap<string, readonly EcsDocument[]>

let loaded: EventCases | undefined

/** What the sensor makes of every golden capture; the golden tests hold it against the sensor. */
export function goldenEvents(): EventCases {
  loaded ??= new Map(caseNames(GOLDEN).map(name => [name, ndjsonOf(readFileSync(join(GOLDEN, name, 'expected.ndjson'), 'utf8'))]))
  return loaded
}

export function ndjsonOf(text: string): readonly EcsDocument[] {
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as EcsDocument)
}

/** The captures that the names of a rule's tests stand for. Fails on a name that stands for none. */
export function capturesOf(tests: readonly TestCase[]): readonly string[] {
  const names = [...goldenEvents().keys()]
  const chosen = new Set<string>()
  for (const test of tests) {
    if (typeof test !== 'string') continue
    const removes = test.startsWith('!')
    const pattern = new RegExp(`^${(removes ? test.slice(1) : test).replaceAll('*', '.*')}$`)
    const found = names.filter(name => pattern.test(name))
    if (found.length === 0) throw new Error(`no golden capture is called ${test}`)
    for (const name of found) removes ? chosen.delete(name) : chosen.add(name)
  }
  return [...chosen].sort()
}

/** Every set of derived events of a rule by its name. */
export function eventSetsOf({ tests }: DetectionRule): EventCases {
  const sets = [...tests.fires, ...tests.silent].filter((test): test is EventSet => typeof test !== 'string')
  return new Map(sets.map(set => [set.name, eventsOf(set)]))
}

/** The names of all cases on which a rule must fire. */
export function firesOn({ tests }: DetectionRule): readonly string[] {
  const sets = tests.fires.filter((test): test is EventSet => typeof test !== 'string')
  return [...capturesOf(tests.fires), ...sets.map(({ name }) => name)].sort()
}

function eventsOf(set: EventSet): readonly EcsDocument[] {
  const begin = timeOf(firstEvent(set.events[0]))
  const documents = set.events.flatMap(part => {
    const event = firstEvent(part)
    return Array.from({ length: part.copies }, (_, copy) => changed(event, part, copy + 1, begin + (part.after + copy * part.every) * 1000))
  })
  return documents.map((document, index) => withField(document, 'event.sequence', index + 1))
}

function firstEvent({ capture, where }: DerivedEvents): EcsDocument {
  const events = goldenEvents().get(capture)
  const event = events && matching(events, where)[0]
  if (event === undefined) throw new Error(`${capture} has no event with ${JSON.stringify(where)}`)
  return event
}

function changed(event: EcsDocument, { set, unset }: DerivedEvents, copy: number, time: number): EcsDocument {
  let document = event
  for (const field of unset) document = withField(document, field, undefined)
  for (const [field, value] of Object.entries(set)) document = withField(document, field, replacement(field, value, copy))
  const id = createHash('sha256')
    .update(`${JSON.stringify(document)} ${copy} ${time}`)
    .digest('hex')
    .slice(0, 32)
  document = withField(document, 'event.id', id)
  return withField(document, '@timestamp', new Date(time).toISOString())
}

function replacement(field: string, value: Scalar | readonly Scalar[], copy: number): Json {
  if (typeof value !== 'string') return value
  const text = value.replaceAll('%d', String(copy))
  return catalogue().get(field)?.type === 'long' ? Number(text) : text
}

function withField(tree: EcsDocument, field: string, value: Json | undefined): EcsDocument {
  const [key, ...rest] = field.split('.')
  if (rest.length === 0) return { ...tree, [key]: value }
  const branch = tree[key]
  const inner = typeof branch === 'object' && branch !== null && !Array.isArray(branch) ? (branch as EcsDocument) : {}
  const changedInner = withField(inner, rest.join('.'), value)
  const isEmpty = Object.values(changedInner).every(member => member === undefined)
  return { ...tree, [key]: isEmpty ? undefined : changedInner }
}

/** `@timestamp` in ms since 1970 UTC. */
export function timeOf(document: EcsDocument): number {
  return Date.parse(String(valueAt(document, '@timestamp')))
}

/** In the order in which a product reads them. */
export function inTimeOrder(documents: readonly EcsDocument[]): readonly EcsDocument[] {
  const sequence = (document: EcsDocument): number => Number(valueAt(document, 'event.sequence'))
  return [...documents].sort((one, other) => {
    const [left, right] = [String(one['@timestamp']), String(other['@timestamp'])]
    return left === right ? sequence(one) - sequence(other) : Date.parse(left) - Date.parse(right) || (left < right ? -1 : 1)
  })
}
