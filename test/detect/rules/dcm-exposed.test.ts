import { describe, expect, test } from 'vitest'
import { association, flow, inventory, rejection, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'dcm-exposed'
const inbound = (peer = '8.8.8.8') => flow({ clientAddress: peer })

describe('fires', () => {
  test('critical on a server that answers a public client, once for all its clients', () => {
    const { detector: rules, alerts } = detector(RULE, {}, inventory().inventory)
    rules.observe(association(inbound(), START))
    rules.observe(association(inbound('9.9.9.9'), START + 1))
    expect(alerts.map(alert => [alert.action, alert.severity, alert.count])).toEqual([
      ['alert-raised', 'critical', 1],
      ['alert-updated', 'critical', 2],
    ])
    expect(alerts[0]).toMatchObject({
      captureFilter: 'host 8.8.8.8 and host 10.1.0.20 and tcp port 104',
      rule: { enterprise: [{ id: 'T1133' }], ics: [{ id: 'T0883' }] },
    })
  })

  test('high when the server refused, critical when it then accepts', () => {
    const { detector: rules, alerts } = detector(RULE, {}, inventory().inventory)
    rules.observe(rejection(inbound(), START, 'X', 'Y', 'called_ae_title_not_recognized'))
    rules.observe(association(inbound(), START + 1))
    expect(alerts.map(alert => [alert.severity, alert.denied])).toEqual([
      ['high', true],
      ['critical', false],
    ])
  })

  test('critical when a proxy speaks for a public client, whose traffic is the proxy’s', () => {
    const { detector: rules, alerts } = detector(RULE, {}, inventory().inventory)
    rules.observe(association(flow({ clientAddress: '10.1.0.9', forwardedFor: '8.8.8.8' }), START))
    expect(alerts[0]).toMatchObject({ severity: 'critical', captureFilter: 'host 10.1.0.9 and host 10.1.0.20 and tcp port 104' })
    expect(alerts[0]?.message).toContain('8.8.8.8')
    expect(alerts[0]?.evidence.join(' ')).toContain('outside: 8.8.8.8, through the proxy 10.1.0.9, server port 104')
  })

  test('high on an association to the outside', () => {
    const { detector: rules, alerts } = detector(RULE, {}, inventory().inventory)
    rules.observe(association(flow({ serverAddress: '8.8.8.8' }), START))
    expect(alerts[0]).toMatchObject({ severity: 'high', message: '10.1.0.10 opened a DICOM association to the public address 8.8.8.8' })
  })
})

describe('must not fire', () => {
  test('inside, on allowed peers, and when nothing answered', () => {
    const { detector: rules, alerts } = detector(RULE, { [RULE]: { allowed_peers: ['8.8.4.4'] } }, inventory().inventory)
    rules.observe(association(flow(), START))
    rules.observe(association(flow({ clientAddress: 'fd00::1', serverAddress: 'fd00::2' }), START))
    rules.observe(association(inbound('8.8.4.4'), START))
    rules.observe(association(inbound(), START, { result: 'unanswered' }))
    expect(alerts).toEqual([])
  })

  test('where public addresses are the site’s own', () => {
    const { detector: rules, alerts } = detector(RULE, {}, inventory({ local_networks: ['8.8.8.0/24', '10.0.0.0/8'] }).inventory)
    rules.observe(association(inbound(), START))
    expect(alerts).toEqual([])
  })
})
