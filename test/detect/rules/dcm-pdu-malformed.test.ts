import { describe, expect, test } from 'vitest'
import { association, flow, move, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'dcm-pdu-malformed'

describe('fires', () => {
  test('on a violation of an association', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(association(flow(), START, { violations: ['item_overrun'], ending: 'reset' }))
    expect(alerts).toMatchObject([
      {
        severity: 'high',
        confidence: 'medium',
        fields: { 'dicom.violations': ['item_overrun'] },
        captureFilter: 'host 10.1.0.10 and host 10.1.0.20 and tcp port 104',
        rule: { enterprise: [{ id: 'T1210' }, { id: 'T1499.004' }], ics: [{ id: 'T0866' }, { id: 'T0814' }] },
      },
    ])
    expect(alerts[0]?.evidence.join(' ')).toContain('ended reset')
  })

  test('on one of an operation, into the same alert', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(move(flow(), START, 'X', { violations: ['bad_command'] }))
    rules.observe(association(flow(), START + 1, { violations: ['item_overrun'] }))
    expect(alerts.map(alert => [alert.action, alert.count])).toEqual([
      ['alert-raised', 1],
      ['alert-updated', 2],
    ])
  })
})

describe('must not fire', () => {
  test('by default on reserved bytes, which old devices fill with anything', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(association(flow(), START, { violations: ['nonzero_reserved_bytes', 'async_window_exceeded'] }))
    expect(alerts).toEqual([])
  })

  test('on clean traffic, ignored codes, and where bytes are missing', () => {
    const { detector: rules, alerts } = detector(RULE, { [RULE]: { ignored_violations: ['pdu_exceeds_maximum'] } })
    rules.observe(association(flow(), START))
    rules.observe(association(flow(), START, { violations: ['pdu_exceeds_maximum'] }))
    rules.observe(association(flow(), START, { violations: ['item_overrun'], partial: ['gap'] }))
    rules.observe(association(flow(), START, { violations: ['item_overrun'], partial: ['midstream'] }))
    expect(alerts).toEqual([])
  })
})
