import { describe, expect, test } from 'vitest'
import { association, flow, HOUR, inventory, move, roles, SECOND, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'dcm-move-new-dest'
const failed = { status: { code: '0xA801', class: 'failure' }, subOperations: undefined, outcome: 'failure' } as const

describe('fires', () => {
  test('on the first C-MOVE of a recording, with medium confidence', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(move(flow(), START, 'EVIL'))
    expect(alerts).toHaveLength(1)
    expect(alerts[0]).toMatchObject({
      action: 'alert-raised',
      severity: 'high',
      confidence: 'medium',
      count: 1,
      denied: false,
      captureFilter: 'host 10.1.0.10 and host 10.1.0.20 and tcp port 104',
      rule: { id: RULE, enterprise: [{ id: 'T1020', tactic: { id: 'TA0010' } }], ics: [{ id: 'T0882' }] },
      fields: {
        'dicom.calling_ae_title': 'WORKSTATION',
        'dicom.called_ae_title': 'ARCHIVE',
        'dicom.move.destination_ae_title': 'EVIL',
        'dicom.sub_operations.completed': 3,
      },
    })
    expect(alerts[0]?.message).toContain('EVIL')
    expect(alerts[0]?.evidence.join(' ')).toContain('No device of the inventory uses the AE title EVIL')
    expect(alerts[0]?.evidence.join(' ')).toContain('3 images sent')
  })

  test('with high confidence when the archive has sent elsewhere before', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(move(flow(), START, 'READING_ROOM'))
    rules.observe(move(flow(), START + 2 * HOUR, 'EVIL'))
    expect(alerts.map(alert => [alert.confidence, alert.fields['dicom.move.destination_ae_title']])).toEqual([
      ['medium', 'READING_ROOM'],
      ['high', 'EVIL'],
    ])
    expect(alerts[1]?.evidence.join(' ')).toContain('it has sent to READING_ROOM')
  })

  test('for each archive by itself', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(move(flow(), START, 'STATION'))
    rules.observe(move(flow({ serverAddress: '10.1.0.21' }), START + 2 * HOUR, 'STATION'))
    expect(alerts).toHaveLength(2)
  })

  test('again after the window when the destination was refused, marked denied', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(move(flow(), START, 'EVIL', failed))
    rules.observe(move(flow(), START + 2 * HOUR, 'EVIL', failed))
    expect(alerts.map(alert => [alert.action, alert.denied])).toEqual([
      ['alert-raised', true],
      ['alert-raised', true],
    ])
    expect(alerts[0]?.evidence.join(' ')).toContain('0xA801')
  })

  test('and names the device behind the destination', () => {
    const { inventory: devices } = inventory()
    devices.observe(
      association(flow({ clientAddress: '10.1.0.66' }), START, {
        association: { id: 'x', requestedBy: 0, callingAeTitle: 'EVIL', calledAeTitle: 'ARCHIVE' },
      }),
    )
    devices.observe(roles(flow(), START, 'server', 'storage_scp', 'query_scp'))
    const { detector: rules, alerts } = detector(RULE, {}, devices)
    rules.observe(move(flow(), START, 'EVIL'))
    expect(alerts[0]?.evidence.join(' ')).toContain('is used by 10.1.0.66')
    expect(alerts[0]?.evidence.join(' ')).toContain('10.1.0.20 (PACS archive)')
  })

  test('updates with the running count when it doubles, and each minute', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 0; n < 7; n++) rules.observe(move(flow(), START + n * SECOND, 'EVIL'))
    expect(alerts.map(alert => [alert.action, alert.count])).toEqual([
      ['alert-raised', 1],
      ['alert-updated', 2],
      ['alert-updated', 4],
    ])
    rules.tick(START + 30 * SECOND)
    expect(alerts).toHaveLength(3)
    rules.tick(START + 120 * SECOND)
    expect(alerts[3]).toMatchObject({ action: 'alert-updated', count: 7, firstSeen: START, lastSeen: START + 6 * SECOND })
    rules.tick(START + 240 * SECOND)
    expect(alerts).toHaveLength(4)
  })

  test('on an archive that opened the connection itself', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(move(flow(), START, 'EVIL', { direction: 1 }))
    expect(alerts[0]?.evidence[0]).toContain('10.1.0.20')
    expect(alerts[0]?.evidence[1]).toContain('10.1.0.10')
  })
})

describe('must not fire', () => {
  test('on a destination that took images before', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(move(flow(), START, 'READING_ROOM'))
    alerts.length = 0
    for (let hour = 2; hour < 10; hour++) rules.observe(move(flow(), START + hour * HOUR, 'READING_ROOM'))
    expect(alerts).toEqual([])
  })

  test('on configured destinations and inside the learning period', () => {
    const { detector: rules, alerts } = detector(RULE, { [RULE]: { known_destinations: ['READING_ROOM'], learning_seconds: 3600 } })
    rules.observe(association(flow(), START))
    rules.observe(move(flow(), START + SECOND, 'ANYTHING'))
    rules.observe(move(flow(), START + 2 * HOUR, 'READING_ROOM'))
    rules.observe(move(flow(), START + 2 * HOUR, 'ANYTHING'))
    expect(alerts).toEqual([])
    rules.observe(move(flow(), START + 2 * HOUR, 'EVIL'))
    expect(alerts).toHaveLength(1)
  })

  test('on other operations, nor without a destination', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(move(flow(), START, 'X', { operation: 'C-GET' }))
    rules.observe(move(flow(), START, undefined))
    rules.observe(move(flow(), START, '  '))
    expect(alerts).toEqual([])
  })

  test('when switched off', () => {
    const { detector: rules, alerts } = detector(RULE, { [RULE]: { enabled: false } })
    rules.observe(move(flow(), START, 'EVIL'))
    expect(alerts).toEqual([])
  })
})
