import { describe, expect, test } from 'vitest'
import { inventoryRecord } from '../../src/normalize/inventory-record.ts'
import { ARCHIVE, SCANNER } from './samples.ts'

describe('inventory.json', () => {
  test('a record names everything that is known, with its evidence', () => {
    expect(inventoryRecord(SCANNER)).toMatchObject({
      id: 'd-0001',
      manufacturer: 'SIEMENS',
      model: 'SOMATOM Force',
      type: 'CT',
      serial_number: '75123',
      software_version: 'VA50A',
      os: { name: 'Windows 10', version: '1809' },
      hostname: 'CT-01',
      macs: ['00-0B-AB-10-20-30'],
      ae_titles: ['CT_SCANNER'],
      roles: ['storage_scu', 'query_scu'],
      first_seen: '2026-03-01T07:00:00.000000Z',
      last_seen: '2026-03-01T08:00:00.000000Z',
      evidence: [
        { attribute: 'manufacturer', protocol: 'dicom', field: '(0008,0070)', count: 3 },
        { attribute: 'manufacturer', field: 'OUI', table: 'oui' },
      ],
    })
  })

  test('every record has the same keys, and survives JSON', () => {
    const bare = inventoryRecord(ARCHIVE)
    expect(Object.keys(bare)).toEqual(Object.keys(inventoryRecord(SCANNER)))
    expect(JSON.parse(JSON.stringify(bare))).toEqual(bare)
    expect(bare.manufacturer).toBeNull()
    expect(bare.os).toBeNull()
  })
})
