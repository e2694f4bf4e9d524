import { describe, expect, test } from 'vitest'
import { association, flow, rejection, SECOND, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'dcm-ae-brute'
const CALLED = 'called_ae_title_not_recognized'
const CALLING = 'calling_ae_title_not_recognized'

describe('fires', () => {
  test('on five different called AE titles rejected within a minute', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 4; n++) rules.observe(rejection(flow(), START + n * SECOND, 'ECHOSCU', `TITLE${n}`, CALLED))
    expect(alerts).toEqual([])
    rules.observe(rejection(flow(), START + 5 * SECOND, 'ECHOSCU', 'TITLE5', CALLED))
    expect(alerts).toHaveLength(1)
    expect(alerts[0]).toMatchObject({
      action: 'alert-raised',
      severity: 'high',
      confidence: 'high',
      count: 5,
      denied: true,
      firstSeen: START + SECOND,
      lastSeen: START + 5 * SECOND,
      captureFilter: 'host 10.1.0.10 and host 10.1.0.20 and tcp port 104',
      rule: { enterprise: [{ id: 'T1110.001', tactic: { id: 'TA0006', name: 'Credential Access' } }], ics: [{ id: 'T0859' }] },
      fields: { 'dicom.called_ae_title': 'TITLE5', 'dicom.association.reject.reason': CALLED },
    })
    expect(alerts[0]?.evidence.join(' ')).toContain('TITLE1, TITLE2, TITLE3, TITLE4, TITLE5')
  })

  test('on calling AE titles', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 5; n++) rules.observe(rejection(flow(), START, `ME${n}`, 'ARCHIVE', CALLING))
    expect(alerts[0]?.message).toContain('5 different calling AE titles')
  })

  test('and becomes critical when a title is accepted', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 5; n++) rules.observe(rejection(flow(), START, 'ECHOSCU', `TITLE${n}`, CALLED))
    rules.observe(
      association(flow(), START + 10 * SECOND, {
        association: { id: 'x', requestedBy: 0, callingAeTitle: 'ECHOSCU', calledAeTitle: 'PACS' },
      }),
    )
    expect(alerts[1]).toMatchObject({
      action: 'alert-updated',
      severity: 'critical',
      count: 6,
      denied: false,
      fields: { 'dicom.called_ae_title': 'PACS' },
    })
    expect(alerts[1]?.evidence.join(' ')).toContain('called PACS')
    for (let n = 6; n <= 30; n++) rules.observe(rejection(flow(), START + 11 * SECOND, 'ECHOSCU', `TITLE${n}`, CALLED))
    expect(alerts.slice(2).every(alert => alert.severity === 'critical' && alert.message.includes('PACS'))).toBe(true)
    expect(alerts.slice(2).map(alert => alert.count)).toEqual([12, 24])
  })
})

describe('must not fire', () => {
  test('on one wrong title tried many times', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 0; n < 50; n++) rules.observe(rejection(flow(), START + n * SECOND, 'CT', 'WRONG', CALLED))
    expect(alerts).toEqual([])
  })

  test('on titles spread over a longer time', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 0; n < 20; n++) rules.observe(rejection(flow(), START + n * 20 * SECOND, 'CT', `TITLE${n}`, CALLED))
    expect(alerts).toEqual([])
  })

  test('on different clients or servers', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 20; n++) {
      rules.observe(rejection(flow({ clientAddress: `10.1.1.${n}` }), START, 'CT', `TITLE${n}`, CALLED))
      rules.observe(rejection(flow({ serverAddress: `10.1.2.${n}` }), START, 'CT', `TITLE${n}`, CALLED))
    }
    expect(alerts).toEqual([])
  })

  test('on other reasons, nor on accepted associations alone', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 20; n++) {
      rules.observe(rejection(flow(), START, 'CT', `TITLE${n}`, 'local_limit_exceeded'))
      rules.observe(
        association(flow(), START, { association: { id: 'x', requestedBy: 0, callingAeTitle: `CT${n}`, calledAeTitle: 'ARCHIVE' } }),
      )
    }
    expect(alerts).toEqual([])
  })
})
