import { describe, expect, test } from 'vitest'
import { AlertLedger, type Hit } from '../../src/detect/ledger.ts'
import type { Alert, RuleDescription } from '../../src/detect/rule.ts'
import { flow, SECOND } from '../inventory/samples.ts'

const RULE: RuleDescription = {
  id: 'test',
  name: 'Test',
  category: 'dicom',
  version: '1',
  severity: 'low',
  reference: '',
  enterprise: [],
  ics: [],
  nextSteps: [],
}

function hit(time: number, changes: Partial<Hit> = {}): Hit {
  return {
    key: 'k',
    time,
    flow: flow(),
    streamOffset: 0,
    severity: 'low',
    confidence: 'low',
    message: `at ${time}`,
    evidence: [],
    captureFilter: '',
    fields: {},
    denied: false,
    ...changes,
  }
}

function ledger(window = 600 * SECOND) {
  const alerts: Alert[] = []
  return { ledger: new AlertLedger(RULE, window), alerts, raise: (alert: Alert) => void alerts.push(alert) }
}

describe('AlertLedger', () => {
  test('raises once and updates on doubling', () => {
    const { ledger: book, alerts, raise } = ledger()
    for (let n = 0; n < 100; n++) book.hit(hit(n), raise)
    expect(alerts.map(alert => alert.count)).toEqual([1, 2, 4, 8, 16, 32, 64])
    expect(alerts.slice(1).every(alert => alert.action === 'alert-updated')).toBe(true)
  })

  test('updates each minute otherwise, and not without news', () => {
    const { ledger: book, alerts, raise } = ledger()
    for (let n = 0; n < 3; n++) book.hit(hit(n), raise)
    book.tick(59 * SECOND, raise)
    expect(alerts).toHaveLength(2)
    book.tick(62 * SECOND, raise)
    book.tick(200 * SECOND, raise)
    expect(alerts.map(alert => alert.count)).toEqual([1, 2, 3])
    expect(alerts[2]).toMatchObject({ lastSeen: 2, message: 'at 2' })
  })

  test('rising severity reports at once and is kept, with its message', () => {
    const { ledger: book, alerts, raise } = ledger()
    for (let n = 0; n < 4; n++) book.hit(hit(n), raise)
    book.hit(hit(5, { severity: 'critical' }), raise)
    for (let n = 6; n < 20; n++) book.hit(hit(n), raise)
    expect(alerts.at(-2)).toMatchObject({ severity: 'critical', count: 5 })
    expect(alerts.at(-1)).toMatchObject({ severity: 'critical', count: 10, message: 'at 5' })
  })

  test('after the window the same key is a new alert, and nothing counted is lost', () => {
    const { ledger: book, alerts, raise } = ledger(10 * SECOND)
    for (let n = 0; n < 3; n++) book.hit(hit(n), raise)
    expect([book.isOpen('k', 10 * SECOND), book.isOpen('k', 11 * SECOND)]).toEqual([true, false])
    book.hit(hit(11 * SECOND), raise)
    expect(alerts.map(alert => [alert.action, alert.count])).toEqual([
      ['alert-raised', 1],
      ['alert-updated', 2],
      ['alert-updated', 3],
      ['alert-raised', 1],
    ])
  })

  test('is bounded: the oldest alert gives way', () => {
    const { ledger: book, raise } = ledger()
    for (let n = 0; n < 5000; n++) book.hit(hit(n, { key: `k${n}` }), raise)
    expect([book.isOpen('k0', 5000), book.isOpen('k4999', 5000)]).toEqual([false, true])
  })
})
