import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EvidenceBook, type Fact } from '../../src/inventory/evidence.ts'

const fact = (attribute: string, raw: string, changes: Partial<Fact> = {}): Fact => ({
  attribute,
  raw,
  protocol: 'dicom',
  field: '(0008,1090)',
  confidence: 'high',
  ...changes,
})

describe('EvidenceBook', () => {
  test('keeps protocol, field, confidence, first and last time and count', () => {
    const book = new EvidenceBook({ valuesPerAttribute: 4, rows: 16 })
    expect(book.again('model', 'X', 'dicom', '(0008,1090)', 1)).toBeUndefined()
    book.add(fact('model', 'X', { table: 'row' }), 1)
    book.again('model', 'X', 'dicom', '(0008,1090)', 7)
    book.again('model', 'X', 'dicom', '(0008,1090)', 5)
    expect(book.rows('model')).toEqual([
      {
        attribute: 'model',
        raw: 'X',
        value: 'X',
        protocol: 'dicom',
        field: '(0008,1090)',
        table: 'row',
        confidence: 'high',
        firstSeen: 1,
        lastSeen: 7,
        count: 3,
      },
    ])
  })

  test('the same value at another place is its own row', () => {
    const book = new EvidenceBook({ valuesPerAttribute: 4, rows: 16 })
    book.add(fact('model', 'X'), 1)
    expect(book.again('model', 'X', 'hl7', 'OBX-18', 2)).toBeUndefined()
    book.add(fact('model', 'X', { protocol: 'hl7', field: 'OBX-18' }), 2)
    expect(book.rows('model')).toHaveLength(2)
    expect(book.values('model')).toEqual(['X'])
  })

  test('a full set refuses newcomers, a full single value drops the longest unseen', () => {
    const book = new EvidenceBook({ valuesPerAttribute: 2, rows: 16 })
    for (const [time, title] of ['A', 'B', 'C'].entries()) book.add(fact('ae_title', title), time)
    expect(book.values('ae_title')).toEqual(['A', 'B'])
    expect(book.refused).toBe(1)
    for (const [time, version] of ['1', '2', '3'].entries()) book.add(fact('software_version', version), time)
    expect(book.values('software_version')).toEqual(['2', '3'])
  })

  test('retract forgets one protocol', () => {
    const book = new EvidenceBook({ valuesPerAttribute: 4, rows: 16 })
    book.add(fact('mac', 'M', { protocol: 'ethernet' }), 1)
    book.add(fact('model', 'X'), 1)
    book.retract('ethernet')
    expect(book.all().map(row => row.attribute)).toEqual(['model'])
  })

  test('never holds more than its limits', () => {
    const facts = fc.array(fc.tuple(fc.constantFrom('model', 'ae_title', 'role', 'os'), fc.string(), fc.constantFrom('a', 'b', 'c')))
    fc.assert(
      fc.property(facts, all => {
        const book = new EvidenceBook({ valuesPerAttribute: 3, rows: 10 })
        for (const [time, [attribute, raw, field]] of all.entries()) {
          if (book.again(attribute, raw, 'p', field, time) === undefined) book.add(fact(attribute, raw, { protocol: 'p', field }), time)
        }
        expect(book.all().length).toBeLessThanOrEqual(10)
        for (const attribute of ['model', 'ae_title', 'role', 'os']) expect(book.values(attribute).length).toBeLessThanOrEqual(3)
      }),
      { interruptAfterTimeLimit: 5000 },
    )
  })
})
