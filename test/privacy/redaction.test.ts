import { describe, expect, test } from 'vitest'
import { catalogue } from '../../src/normalize/catalogue.ts'
import { createRedaction } from '../../src/privacy/redaction.ts'
import { sampleEvents } from '../normalize/samples.ts'

const FIELDS = [
  { name: 'message', phi: 'none' },
  { name: 'dicom.patient.id', phi: 'patient' },
  { name: 'dicom.patient.id_pseudonym', phi: 'patient' },
  { name: 'hl7.patient_name', phi: 'patient' },
] as const

const DOCUMENT = {
  message: 'm',
  dicom: { operation: 'C-FIND', patient: { id: 'MARKER-ID', id_pseudonym: '0f0f' } },
  hl7: { patient_name: ['MARKER-NAME'] },
}

describe('the redaction gate', () => {
  test('omit drops every field of patients, and the groups that this leaves empty', () => {
    expect(createRedaction(FIELDS, 'omit')(DOCUMENT)).toEqual({ message: 'm', dicom: { operation: 'C-FIND' } })
  })

  test('pseudonym keeps pseudonyms only', () => {
    expect(createRedaction(FIELDS, 'pseudonym')(DOCUMENT)).toEqual({
      message: 'm',
      dicom: { operation: 'C-FIND', patient: { id_pseudonym: '0f0f' } },
    })
  })

  test('clear keeps all', () => {
    expect(createRedaction(FIELDS, 'clear')(DOCUMENT)).toBe(DOCUMENT)
  })

  test('the document given stays as it is', () => {
    const before = structuredClone(DOCUMENT)
    createRedaction(FIELDS, 'omit')(DOCUMENT)
    expect(DOCUMENT).toEqual(before)
  })

  test('a document without patient data is handed back untouched', () => {
    const document = { message: 'm', dicom: 'not a group', hl7: { ack: { code: 'AA' } } }
    expect(createRedaction(FIELDS, 'omit')(document)).toBe(document)
  })

  test('events of the sensor hold no field of patients', () => {
    const redact = createRedaction(catalogue().values(), 'omit')
    for (const { document } of sampleEvents()) expect(redact(document)).toBe(document)
  })
})
