import { describe, expect, test } from 'vitest'
import { implementationOfUid, implementationOfVersion } from '../../../src/inventory/knowledge/implementations.ts'

describe('implementations', () => {
  test.each([
    ['1.2.276.0.7230010.3.0.3.6.7', 'toolkit', 'DCMTK'],
    ['1.2.40.0.13.1.1.1', 'toolkit', 'dcm4che'],
    ['1.3.6.1.4.1.30071.8', 'toolkit', 'fo-dicom'],
    ['1.2.826.0.1.3680043.9.3811.2.0.2', 'toolkit', 'pynetdicom'],
    ['1.2.826.0.1.3680043.10.854', 'toolkit', 'dcmjs-dimse'],
    ['1.2.826.0.1.3680043.10.786.1.1', 'toolkit', 'go-netdicom'],
    ['1.2.826.0.1.3680043.8.641', 'toolkit', 'ruby-dicom'],
    ['2.25.262086406829110419931297894772577063974', 'toolkit', 'DICOM-rs'],
    ['1.2.840.113619.6.96', 'vendor', 'GE HealthCare'],
    ['1.3.12.2.1107.5.1.4', 'vendor', 'Siemens Healthineers'],
    ['1.3.46.670589.11.0.0', 'vendor', 'Philips'],
  ])('%s', (uid, kind, name) => {
    expect(implementationOfUid(uid)).toMatchObject({ kind, name, row: expect.stringMatching(/^implementation-uid:.+ \(.+\)$/) })
  })

  test('prefixes are of whole components', () => {
    expect(implementationOfUid('1.2.840.1136190.1')).toBeUndefined()
    expect(implementationOfUid('')).toBeUndefined()
  })

  test.each([
    ['OFFIS_DCMTK_367', 'DCMTK 3.6.7'],
    ['PYNETDICOM_202', 'pynetdicom 2.0.2'],
    ['dcm4che-2.0', 'dcm4che 2.0'],
    ['fo-dicom 4.0.7', 'fo-dicom 4.0.7'],
    ['DCMJS-DIMSE-V0.2', 'dcmjs-dimse 0.2'],
    ['DICOM-rs 0.8.1', 'DICOM-rs 0.8.1'],
  ])('%s is %s', (version, name) => {
    expect(implementationOfVersion(version)?.name).toBe(name)
  })
})
