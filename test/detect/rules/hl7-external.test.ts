import { describe, expect, test } from 'vitest'
import type { Hl7Observations } from '../../../src/protocols/observation.ts'
import { flow, inventory, message, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'hl7-external'

describe('fires', () => {
  test('critical on messages to a public address', () => {
    const { detector: rules, alerts } = detector(RULE, {}, inventory().inventory)
    rules.observe(message(flow({ serverAddress: '8.8.8.8', serverPort: 2575 }), START))
    expect(alerts).toMatchObject([
      {
        severity: 'critical',
        captureFilter: 'host 10.1.0.10 and host 8.8.8.8 and tcp port 2575',
        rule: { enterprise: [{ id: 'T1048.003' }], ics: [{ id: 'T0882' }] },
        fields: { 'hl7.message.type': 'ADT', 'hl7.message.trigger': 'A01', 'hl7.sending.application': 'HIS' },
      },
    ])
    expect(alerts[0]?.evidence.join(' ')).toContain('opened from inside')
  })

  test('on messages that a proxy passes on from outside', () => {
    const { detector: rules, alerts } = detector(RULE, {}, inventory().inventory)
    rules.observe(message(flow({ clientAddress: '10.1.0.9', forwardedFor: '8.8.8.8', serverPort: 2575 }), START))
    expect(alerts).toMatchObject([{ captureFilter: 'host 10.1.0.9 and host 10.1.0.20 and tcp port 2575' }])
    expect(alerts[0]?.evidence.join(' ')).toContain('opened from outside, through the proxy 10.1.0.9 to port 2575')
  })

  test('on rolled-up device observations and on listeners open to the outside', () => {
    const { detector: rules, alerts } = detector(RULE, {}, inventory().inventory)
    const on = flow({ serverAddress: '2a00::1', clientAddress: 'fd00::1', serverPort: 2575 })
    const observations: Hl7Observations = {
      ...{
        kind: 'hl7-observations',
        flow: on,
        start: START,
        end: START,
        streamOffset: 0,
        partial: [],
        type: 'ORU',
        trigger: 'R01',
        transaction: undefined,
        version: '2.6',
      },
      ...{ sending: { application: 'MONITOR', facility: undefined }, receiving: { application: undefined, facility: undefined } },
      ...{ ackCode: 'AA', messages: 3, results: 9, bytes: 900, outcome: 'success' },
    }
    rules.observe(observations)
    rules.observe(message(flow({ clientAddress: '8.8.8.8', serverPort: 2575 }), START))
    expect(alerts).toHaveLength(2)
    expect(alerts[1]?.evidence.join(' ')).toContain('opened from outside')
  })
})

describe('must not fire', () => {
  test('inside and on allowed peers', () => {
    const { detector: rules, alerts } = detector(RULE, { [RULE]: { allowed_peers: ['8.8.8.8'] } }, inventory().inventory)
    rules.observe(message(flow({ serverPort: 2575 }), START))
    rules.observe(message(flow({ serverAddress: '8.8.8.8' }), START))
    expect(alerts).toEqual([])
  })
})
