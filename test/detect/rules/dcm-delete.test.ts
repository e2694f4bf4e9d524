import { describe, expect, test } from 'vitest'
import type { DicomOperation } from '../../../src/protocols/observation.ts'
import { find, flow, SECOND, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'
import { web } from './web.ts'

const RULE = 'dcm-delete'
const WORKITEM = { uid: '1.2.840.10008.5.1.4.34.6.1', name: 'Unified Procedure Step - Push' }

function alertsOf(seen: readonly (ReturnType<typeof web> | DicomOperation)[], settings = {}) {
  const { detector: rules, alerts } = detector(RULE, { [RULE]: settings })
  for (const observation of seen) rules.observe(observation)
  return alerts
}

const deletion = (at: number, changes: Parameters<typeof web>[1] = {}) =>
  web(at, { service: 'delete', level: 'study', query: undefined, http: { method: 'DELETE' }, ...changes })
const removal = (at: number, changes: Partial<DicomOperation> = {}) =>
  find(flow(), START + at * SECOND, { operation: 'N-DELETE', sopClass: WORKITEM, query: undefined, outcome: 'success', ...changes })
const five = <Seen>(one: (at: number) => Seen, seconds = 60): readonly Seen[] => [0, 1, 2, 3, 4].map(index => one(index * seconds))

describe('fires', () => {
  test('on five deletions over HTTP', () => {
    expect(alertsOf(five(deletion))).toMatchObject([
      {
        action: 'alert-raised',
        severity: 'critical',
        count: 5,
        message: '10.1.0.10 deleted 5 objects of 10.1.0.20 within 600 s',
        fields: { 'dicom.web.service': 'delete', 'dicom.web.level': 'study', 'http.request.method': 'DELETE' },
        rule: { enterprise: [{ id: 'T1485' }], ics: [{ id: 'T0809' }] },
      },
    ])
  })

  test('on five by N-DELETE', () => {
    const [alert] = alertsOf(five(removal))
    expect(alert).toMatchObject({ fields: { 'dicom.operation': 'N-DELETE', 'dicom.sop_class.uid': [WORKITEM.uid] } })
    expect(alert?.evidence.join(' ')).toContain('5 deletions that the server confirmed, of: Unified Procedure Step - Push.')
  })

  test('on one request that deletes a list', () => {
    expect(alertsOf([deletion(0, { level: undefined })])).toMatchObject([
      { message: '10.1.0.10 had 10.1.0.20 delete a list of images in one request', count: 1 },
    ])
  })
})

describe('must not fire', () => {
  test('on a few, or on slow ones', () => {
    expect(alertsOf(five(deletion).slice(1))).toEqual([])
    expect(alertsOf(five(deletion, 200))).toEqual([])
  })

  test('on what the server refused', () => {
    expect(alertsOf(five(at => deletion(at, { outcome: 'failure', http: { status: 403 } })))).toEqual([])
    expect(alertsOf(five(at => removal(at, { outcome: 'failure' })))).toEqual([])
  })

  test('on printing, other operations and allowed clients', () => {
    const film = { uid: '1.2.840.10008.5.1.1.2', name: 'Basic Film Box' }
    expect(alertsOf(five(at => removal(at, { sopClass: film })))).toEqual([])
    expect(alertsOf(five(at => removal(at, { operation: 'N-SET' })))).toEqual([])
    expect(alertsOf(five(at => web(at)))).toEqual([])
    expect(alertsOf(five(deletion), { allowed_clients: ['10.1.0.10'] })).toEqual([])
  })
})
