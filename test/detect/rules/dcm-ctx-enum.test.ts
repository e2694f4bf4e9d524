import { describe, expect, test } from 'vitest'
import type { DicomAssociation } from '../../../src/protocols/observation.ts'
import { association, flow, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'dcm-ctx-enum'
const context = (abstractSyntax: string, id: number, result = 0) => ({
  id,
  abstractSyntax,
  transferSyntaxes: ['1.2.840.10008.1.2'],
  result,
  acceptedTransferSyntax: '1.2.840.10008.1.2',
  roleSelection: undefined,
})
const storage = (count: number) => Array.from({ length: count }, (_, n) => context(`1.2.840.10008.5.1.4.1.1.${n + 1}`, 2 * n + 1, n % 2))
const FOUR_FAMILIES = ['1.2.840.10008.1.1', '1.2.840.10008.5.1.4.1.2.2.1', '1.2.840.10008.5.1.4.31', '1.2.840.10008.5.1.1.9'].map(
  (uid, n) => context(uid, 2 * n + 1),
)

function alertsOf(changes: Partial<DicomAssociation>) {
  const { detector: rules, alerts } = detector(RULE)
  rules.observe(association(flow(), START, { operations: {}, ...changes }))
  return alerts
}

describe('fires', () => {
  test('on sixty contexts without an operation', () => {
    expect(alertsOf({ contexts: storage(60) })).toMatchObject([
      {
        severity: 'medium',
        fields: { 'dicom.presentation_context.proposed': 60, 'dicom.presentation_context.accepted': 30 },
        rule: { enterprise: [{ id: 'T1046' }], ics: [{ id: 'T0888' }] },
      },
    ])
  })

  test('on four service families without an operation', () => {
    expect(alertsOf({ contexts: FOUR_FAMILIES })[0]?.evidence.join(' ')).toContain(
      '4 families (verification, query/retrieve, worklist, print)',
    )
  })
})

describe('must not fire', () => {
  test('when an operation follows', () => {
    expect(alertsOf({ contexts: storage(120), operations: { store: 1 } })).toEqual([])
    expect(alertsOf({ contexts: FOUR_FAMILIES, operations: { echo: 1 } })).toEqual([])
  })

  test('on few contexts of few families, unaccepted associations, and where bytes are missing', () => {
    expect(alertsOf({ contexts: storage(59) })).toEqual([])
    expect(alertsOf({ contexts: FOUR_FAMILIES.slice(1) })).toEqual([])
    expect(alertsOf({ contexts: storage(60), result: 'rejected' })).toEqual([])
    expect(alertsOf({ contexts: storage(60), partial: ['gap'] })).toEqual([])
  })
})
