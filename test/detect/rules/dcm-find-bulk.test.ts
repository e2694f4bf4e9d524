import { describe, expect, test } from 'vitest'
import type { DicomOperation } from '../../../src/protocols/observation.ts'
import { find, flow, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'dcm-find-bulk'
const QUERY = { level: 'STUDY', model: 'study_root', keys: ['StudyDate'], matchingKeys: [], wildcard: false, universal: true }

function alertsOf(changes: Partial<DicomOperation>, settings = {}) {
  const { detector: rules, alerts } = detector(RULE, { [RULE]: settings })
  rules.observe(find(flow(), START, changes))
  return alerts
}

describe('fires', () => {
  test('on a query that nothing narrows', () => {
    expect(alertsOf({ query: { ...QUERY, level: 'PATIENT', model: 'patient_root' }, responses: 42 })).toMatchObject([
      {
        severity: 'high',
        confidence: 'medium',
        message: '10.1.0.10 asked 10.1.0.20 for every patient: 42 answers',
        fields: { 'dicom.query.level': 'PATIENT', 'dicom.query.universal': true, 'dicom.responses': 42 },
        rule: { enterprise: [{ id: 'T1213' }, { id: 'T1119' }], ics: [{ id: 'T0802' }] },
      },
    ])
  })

  test('on very many answers, with high confidence', () => {
    const alerts = alertsOf({ query: { ...QUERY, universal: false, wildcard: true, matchingKeys: ['PatientName'] }, responses: 1000 })
    expect(alerts).toMatchObject([{ confidence: 'high' }])
    expect(alerts[0]?.evidence.join(' ')).toContain('narrowed by PatientName')
  })
})

describe('must not fire', () => {
  test('on ordinary queries', () => {
    expect(alertsOf({ responses: 50 })).toEqual([])
    expect(alertsOf({ query: { ...QUERY, universal: false, wildcard: true, matchingKeys: ['PatientName'] }, responses: 20 })).toEqual([])
  })

  test('on worklists, image levels and other operations', () => {
    expect(alertsOf({ query: { ...QUERY, model: 'modality_worklist', level: undefined }, responses: 5000 })).toEqual([])
    expect(alertsOf({ query: { ...QUERY, level: 'SERIES' }, responses: 5 })).toEqual([])
    expect(alertsOf({ operation: 'C-GET', query: QUERY })).toEqual([])
  })

  test('on allowed clients', () => {
    expect(alertsOf({ query: QUERY }, { allowed_clients: ['10.1.0.10'] })).toEqual([])
  })
})
