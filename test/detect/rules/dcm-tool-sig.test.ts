import { describe, expect, test } from 'vitest'
import type { DicomAssociation } from '../../../src/protocols/observation.ts'
import { association, flow, rejection, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'dcm-tool-sig'
const VERIFICATION = {
  id: 1,
  abstractSyntax: '1.2.840.10008.1.1',
  transferSyntaxes: ['1.2.840.10008.1.2'],
  result: 0,
  acceptedTransferSyntax: '1.2.840.10008.1.2',
  roleSelection: undefined,
}
const DCMTK = { classUid: '1.2.276.0.7230010.3.0.3.6.2', version: 'OFFIS_DCMTK_362', maxPduBytes: 16_384 }
const echoscu = { id: 'e', requestedBy: 0 as const, callingAeTitle: 'ECHOSCU', calledAeTitle: 'ANY-SCP' }
const ping = { association: echoscu, requestor: DCMTK, contexts: [VERIFICATION], operations: {} }

function alertsOf(changes: Partial<DicomAssociation>, settings = {}) {
  const { detector: rules, alerts } = detector(RULE, { [RULE]: settings })
  rules.observe(association(flow(), START, changes))
  return alerts
}

describe('fires', () => {
  test.each([
    ['nmap', 'high', { association: { id: 'n', requestedBy: 0 as const, callingAeTitle: 'NMAP-INFO', calledAeTitle: 'ANY-SCP' } }],
    ['nmap_dicom', 'high', { requestor: { ...DCMTK, version: 'NMAP_NSE' } }],
    ['nmap DICOM suite', 'high', { contexts: [{ ...VERIFICATION, abstractSyntax: '1.2.3.4.5.99999.1' }] }],
    ['zgrab2', 'high', { requestor: { ...DCMTK, version: 'ZGRAB2' } }],
    ['nmap dicom-ping', 'medium', ping],
  ] as const)('on %s', (tool, confidence, changes) => {
    const alerts = alertsOf(changes)
    expect(alerts).toHaveLength(1)
    expect(alerts[0]).toMatchObject({ severity: 'high', confidence, rule: { enterprise: [{ id: 'T1046' }], ics: [{ id: 'T0846' }] } })
    expect(alerts[0]?.message).toContain(tool)
  })

  test('on a watched toolkit', () => {
    const requestor = { classUid: '1.2.826.0.1.3680043.9.3811.2.0.2', version: 'PYNETDICOM_202', maxPduBytes: 16_382 }
    expect(alertsOf({ requestor }, { watched_toolkits: ['pynetdicom'] })[0]?.message).toContain('pynetdicom')
    expect(alertsOf({ requestor })).toEqual([])
  })
})

describe('must not fire', () => {
  test('on the real echoscu, accepted or rejected', () => {
    expect(alertsOf({ ...ping, operations: { echo: 1 } })).toEqual([])
    const { detector: rules, alerts } = detector(RULE)
    rules.observe({
      ...rejection(flow(), START, 'ECHOSCU', 'ANY-SCP', 'called_ae_title_not_recognized'),
      requestor: DCMTK,
      contexts: [VERIFICATION],
    })
    expect(alerts).toEqual([])
  })

  test('on ordinary nodes, nor where bytes are missing', () => {
    expect(alertsOf({})).toEqual([])
    expect(alertsOf({ requestor: DCMTK })).toEqual([])
    expect(alertsOf({ ...ping, partial: ['gap'] })).toEqual([])
  })
})
