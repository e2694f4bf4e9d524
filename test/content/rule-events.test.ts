import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { splColumns } from '../../src/content/languages/spl.ts'
import { type DetectionRule, matchesOf } from '../../src/content/rule.ts'
import { loadRules, RULES_FOLDER } from '../../src/content/rules.ts'
import { checkDocument } from '../../src/normalize/catalogue.ts'
import type { EcsDocument } from '../../src/normalize/event.ts'
import { stableLine, valueAt } from '../golden/case.ts'
import { eventSetsOf, firesOn, goldenEvents, inTimeOrder, ndjsonOf } from './events.ts'
import { meets } from './match.ts'

const UPDATE = process.env['WARDWIRE_UPDATE_GOLDEN'] === '1'
const EVENTS = join(RULES_FOLDER, 'events')

const matching = (rule: DetectionRule, events: readonly EcsDocument[]): readonly EcsDocument[] =>
  events.filter(event => matchesOf(rule.logic).some(match => meets(event, match)))

/** The events that make a rule fire: of the smallest case that does. */
function shippedEvents(rule: DetectionRule): readonly EcsDocument[] {
  const sets = eventSetsOf(rule)
  const cases = firesOn(rule).map(name => matching(rule, sets.get(name) ?? goldenEvents().get(name)!))
  return inTimeOrder(cases.reduce((least, events) => (events.length < least.length ? events : least)))
}

describe('events that ship with the rules', () => {
  test.each(loadRules())('$id', rule => {
    if (UPDATE) {
      mkdirSync(EVENTS, { recursive: true })
      writeFileSync(
        join(EVENTS, `${rule.id}.ndjson`),
        shippedEvents(rule)
          .map(event => `${stableLine(event)}\n`)
          .join(''),
      )
      return
    }
    expect(rule.events, `events/${rule.id}.ndjson is missing: run with WARDWIRE_UPDATE_GOLDEN=1`).not.toBe('')
    const events = ndjsonOf(rule.events)
    expect(matching(rule, events)).toHaveLength(events.length)
    for (const event of events) expect(checkDocument(event)).toEqual([])
  })

  test.each(loadRules())('$id: what results are grouped by is there', rule => {
    const { logic, suppress } = rule
    const last = logic.type === 'sequence' ? logic.steps.at(-1)!.match : logic.match
    const hits = ndjsonOf(rule.events).filter(event => meets(event, last))
    expect(hits.length).toBeGreaterThan(0)
    for (const field of [...splColumns(rule).groups, ...(suppress?.by ?? [])])
      for (const event of hits) expect(valueAt(event, field), field).toBeDefined()
  })

  test.each(loadRules().filter(rule => eventSetsOf(rule).size > 0))('$id: derived events are such as the sensor could make', rule => {
    for (const events of eventSetsOf(rule).values()) for (const event of events) expect(checkDocument(event)).toEqual([])
  })
})
