import { describe, expect, test } from 'vitest'
import { EvidenceBook } from '../../src/inventory/evidence.ts'
import { deriveType } from '../../src/inventory/types.ts'

function typeOf(facts: Readonly<Record<string, readonly string[]>>) {
  const book = new EvidenceBook({ valuesPerAttribute: 32, rows: 512 })
  for (const [attribute, values] of Object.entries(facts)) {
    for (const raw of values) book.add({ attribute, raw, protocol: 'p', field: 'f', confidence: 'high' }, 0)
  }
  return deriveType(book)
}

describe('deriveType', () => {
  test.each([
    ['CT', 'medium', { modality: ['CT'], role: ['storage_scu'] }],
    ['MR', 'high', { modality: ['MR', 'SR'], role: ['storage_scu', 'worklist_scu'] }],
    ['ultrasound', 'high', { modality: ['US'], model: ['EPIQ 7G'], role: ['storage_scu', 'query_scu'] }],
    ['CT/PET', 'medium', { modality: ['PT', 'CT'], role: ['storage_scu'] }],
    ['DICOM gateway', 'medium', { modality: ['CT', 'MR', 'US'], role: ['storage_scu'] }],
    ['PACS archive', 'high', { modality: ['CT'], role: ['storage_scp', 'query_scp', 'storage_scu'] }],
    ['RIS or worklist server', 'high', { role: ['worklist_scp'] }],
    ['workstation', 'medium', { role: ['query_scu', 'storage_scp'] }],
    ['workstation', 'low', { role: ['query_scu'] }],
    ['film printer', 'high', { role: ['print_scp'] }],
    ['image receiver', 'low', { role: ['storage_scp'] }],
    ['patient monitor', 'medium', { role: ['hl7_sender'], device_observations: ['ORU^R01'], eui64: ['1'] }],
    ['device gateway', 'medium', { role: ['hl7_sender'], device_observations: ['ORU^R01'], serial_number: ['1', '2'] }],
    ['infusion pump', 'high', { role: ['hl7_sender'], device_observations: ['ORU^R01'], model: ['Alaris PC 8015'] }],
    ['interface engine', 'high', { role: ['hl7_sender', 'hl7_receiver'], hl7_peer: ['A', 'B', 'C'] }],
    ['lab analyzer', 'low', { hl7_sends: ['OUL^R22'] }],
    ['hospital information system', 'low', { hl7_sends: ['ADT^A01'] }],
  ] as const)('%s (%s)', (type, confidence, facts) => {
    const derived = typeOf(facts)
    expect(derived).toMatchObject({ type, confidence })
    expect(derived?.reason).not.toBe('')
  })

  test('says nothing where nothing says so', () => {
    expect(typeOf({})).toBeUndefined()
    expect(typeOf({ modality: ['SR', 'OT'], role: ['storage_scu'] })).toBeUndefined()
    expect(typeOf({ hl7_peer: ['A', 'B'], hl7_sends: ['ACK'] })).toBeUndefined()
  })
})
