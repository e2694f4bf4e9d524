import { describe, expect, test } from 'vitest'
import { association, flow, rejection, SECOND, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'dcm-scan-sweep'
const server = (n: number) => flow({ serverAddress: `10.1.2.${n}` })

describe('fires', () => {
  test('on ten endpoints with echo, bare association, rejection or no answer', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 3; n++) rules.observe(association(server(n), START + n * SECOND))
    for (let n = 4; n <= 6; n++) rules.observe(association(server(n), START + n * SECOND, { operations: {}, ending: 'aborted' }))
    for (let n = 7; n <= 8; n++)
      rules.observe(rejection(server(n), START + n * SECOND, 'ECHOSCU', 'ANY-SCP', 'called_ae_title_not_recognized'))
    rules.observe(association(server(9), START + 9 * SECOND, { result: 'unanswered', operations: {} }))
    expect(alerts).toEqual([])
    rules.observe(association(flow({ serverAddress: '10.1.2.9', serverPort: 11_112 }), START + 10 * SECOND))
    expect(alerts).toHaveLength(1)
    expect(alerts[0]).toMatchObject({
      action: 'alert-raised',
      severity: 'medium',
      count: 10,
      firstSeen: START + SECOND,
      captureFilter: 'host 10.1.0.10 and (tcp port 104 or tcp port 11112)',
      rule: { enterprise: [{ id: 'T1046' }], ics: [{ id: 'T0846' }] },
    })
    expect(alerts[0]?.evidence.join(' ')).toContain('10.1.2.1:104')
  })

  test('once, with updates as the sweep goes on', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 45; n++) rules.observe(association(server(n), START + n))
    expect(alerts.map(alert => [alert.action, alert.count])).toEqual([
      ['alert-raised', 10],
      ['alert-updated', 20],
      ['alert-updated', 40],
    ])
    rules.finish(START + SECOND)
    expect(alerts[3]).toMatchObject({ action: 'alert-updated', count: 45 })
  })
})

describe('must not fire', () => {
  test('on a client that works with its peers', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 30; n++) rules.observe(association(server(n), START + n, { operations: { echo: 1, store: 20 } }))
    expect(alerts).toEqual([])
  })

  test('on endpoints where work follows the echo', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 9; n++) rules.observe(association(server(n), START + n))
    for (let n = 1; n <= 9; n++) rules.observe(association(server(n), START + 20 + n, { operations: { find: 1 } }))
    for (let n = 10; n <= 18; n++) rules.observe(association(server(n), START + 40 + n))
    expect(alerts).toEqual([])
  })

  test('on few endpoints, slow checks, many clients and allowed monitors', () => {
    const { detector: rules, alerts } = detector(RULE, { [RULE]: { allowed_clients: ['10.1.0.99'] } })
    for (let n = 1; n <= 40; n++) {
      rules.observe(association(server(n % 9), START + n * SECOND))
      rules.observe(association(flow({ clientAddress: '10.1.0.11', serverAddress: `10.1.3.${n}` }), START + n * 60 * SECOND))
      rules.observe(association(flow({ clientAddress: `10.1.4.${n}` }), START + n))
      rules.observe(association(flow({ clientAddress: '10.1.0.99', serverAddress: `10.1.2.${n}` }), START + n))
    }
    expect(alerts).toEqual([])
  })

  test('on associations joined midstream, whose work is not known', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 1; n <= 20; n++)
      rules.observe(association(server(n), START, { result: 'unknown', operations: {}, partial: ['midstream'] }))
    expect(alerts).toEqual([])
  })
})
