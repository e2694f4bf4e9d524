import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ENTER_ALL, ENTER_NONE, type Encoding, guessEncoding, inflateHead, walkDataset } from '../../../src/protocols/dicom/dataset.ts'
import { readQuery } from '../../../src/protocols/dicom/identifier.ts'
import { readStoredHead } from '../../../src/protocols/dicom/stored-head.ts'
import { ascii, explicit, ITEM, ITEM_END, implicit, SEQUENCE_END, STUDY_FIND, text, UNDEFINED } from './encode.ts'

const EXPLICIT_LE: Encoding = { explicit: true, bigEndian: false, deflated: false }
const IMPLICIT_LE: Encoding = { explicit: false, bigEndian: false, deflated: false }

function tags(
  data: Buffer,
  encoding: Encoding,
  enter = true,
): { readonly end: string; readonly at: number; readonly tags: readonly string[] } {
  const seen: string[] = []
  const walk = walkDataset(data, data.length, encoding, enter ? ENTER_ALL : ENTER_NONE, ({ tag, depth }) =>
    seen.push(`${'.'.repeat(depth)}${tag.toString(16)}`),
  )
  return { ...walk, tags: seen }
}

const modality = explicit(0x0008, 0x0060, 'CS', ascii('CT'))
const model = explicit(0x0008, 0x1090, 'LO', ascii('MODEL '))

describe('walking a data set', () => {
  test('enters sequences of known and of undefined length', () => {
    const known = explicit(0x0008, 0x1111, 'SQ', Buffer.concat([ITEM(modality.length), modality]))
    const open = explicit(0x0008, 0x1115, 'SQ', Buffer.concat([ITEM(UNDEFINED), modality, ITEM_END, SEQUENCE_END]), UNDEFINED)
    expect(tags(Buffer.concat([known, open, model]), EXPLICIT_LE)).toMatchObject({
      end: 'complete',
      tags: ['81111', '.80060', '81115', '.80060', '81090'],
    })
  })

  test('passes over sequences when told so, even those of undefined length', () => {
    const open = explicit(0x0008, 0x1115, 'SQ', Buffer.concat([ITEM(UNDEFINED), modality, ITEM_END, SEQUENCE_END]), UNDEFINED)
    expect(tags(Buffer.concat([open, model]), EXPLICIT_LE, false)).toMatchObject({ end: 'complete', tags: ['81115', '.80060', '81090'] })
  })

  test('reads a UN of undefined length as implicit (PS3.5 §6.2.2)', () => {
    const inner = implicit(0x0008, 0x0060, ascii('CT'))
    const unknown = explicit(0x0009, 0x1001, 'UN', Buffer.concat([ITEM(inner.length), inner, SEQUENCE_END]), UNDEFINED)
    expect(tags(Buffer.concat([unknown, model]), EXPLICIT_LE)).toMatchObject({ end: 'complete', tags: ['91001', '.80060', '81090'] })
  })

  test.each([
    ['pixels of an icon', 0x7fe0, 0x0010],
    ['a private value', 0x0009, 0x1010],
  ])('passes over the fragments of %s in an item, which may hold anything', (_, group, element) => {
    const fragments = [Buffer.alloc(0), Buffer.from('ffd8ffe000104a464946', 'hex'), modality].map(value => implicit(0xfffe, 0xe000, value))
    const value = explicit(group, element, 'OB', Buffer.concat([...fragments, SEQUENCE_END]), UNDEFINED)
    const icon = explicit(0x0088, 0x0200, 'SQ', Buffer.concat([ITEM(UNDEFINED), modality, value, ITEM_END, SEQUENCE_END]), UNDEFINED)
    const seen = tags(Buffer.concat([icon, model]), EXPLICIT_LE)
    const inner = `.${((group << 16) + element).toString(16)}`
    expect(seen).toMatchObject({ end: 'complete', tags: ['880200', '.80060', inner, '81090'] })
  })

  test('stops at the value of the pixel data', () => {
    const data = Buffer.concat([modality, explicit(0x7fe0, 0x0010, 'OW', Buffer.alloc(4))])
    expect(tags(data, EXPLICIT_LE)).toEqual({ end: 'bulk', at: modality.length + 12, tag: 0x7fe00010, length: 4, tags: ['80060'] })
  })

  test.each([
    ['cut in a header', modality.subarray(0, 5), 'more'],
    ['cut in a value', modality.subarray(0, 9), 'more'],
    ['nonsense for a VR', Buffer.concat([modality, Buffer.alloc(12, 0x01)]), 'malformed'],
    [
      'sequences nested without end',
      Buffer.concat(Array.from({ length: 60 }, () => [explicit(8, 0x1115, 'SQ', Buffer.alloc(0), UNDEFINED), ITEM(UNDEFINED)]).flat()),
      'malformed',
    ],
  ])('%s ends the walk', (_, data, end) => expect(tags(data, EXPLICIT_LE).end).toBe(end))

  test('goes on to the end of however many elements', () => {
    const data = Buffer.concat(Array.from({ length: 50_000 }, () => modality))
    expect(tags(data, EXPLICIT_LE)).toMatchObject({ end: 'complete', at: data.length })
  })

  test('guesses explicit and implicit from the first element', () => {
    expect(guessEncoding(modality, modality.length)).toEqual(EXPLICIT_LE)
    expect(guessEncoding(implicit(8, 0x0060, ascii('CT')), 10)).toEqual(IMPLICIT_LE)
  })
})

describe('identity tags', () => {
  test.each([
    ['ISO_IR 100', Buffer.from('Universit\xe4t', 'latin1'), 'Universität'],
    ['ISO_IR 192', Buffer.from('Universität '), 'Universität'],
    ['GB18030', Buffer.from([0xd2, 0xbd, 0xd4, 0xba]), '医院'],
    ['\\ISO 2022 IR 87', Buffer.from('\x1b$B\x49\x42\x31\x21\x1b(B', 'latin1'), '病院'],
    ['ISO_IR 101', Buffer.from([0xb1]), 'ą'],
    ['ISO_IR 109', Buffer.from([0xe6]), 'ĉ'],
    ['ISO_IR 110', Buffer.from([0xe0]), 'ā'],
    ['ISO_IR 126', Buffer.from([0xe1]), 'α'],
    ['ISO_IR 127', Buffer.from([0xc7]), 'ا'],
    ['ISO_IR 138', Buffer.from([0xe0]), 'א'],
    ['ISO_IR 148', Buffer.from([0xfe]), 'ş'],
    ['ISO_IR 166', Buffer.from([0xe2, 0xc3]), 'โร'],
    ['ISO_IR 203', Buffer.from([0xa4]), '€'],
    ['GBK', Buffer.from([0xd2, 0xbd]), '医'],
    ['\\ISO 2022 IR 101', Buffer.from('\x1b-B\xb1', 'latin1'), 'ą'],
    ['\\ISO 2022 IR 109', Buffer.from('\x1b-C\xe6', 'latin1'), 'ĉ'],
    ['\\ISO 2022 IR 110', Buffer.from('\x1b-D\xe0', 'latin1'), 'ā'],
    ['\\ISO 2022 IR 126', Buffer.from('\x1b-F\xe1', 'latin1'), 'α'],
    ['\\ISO 2022 IR 127', Buffer.from('\x1b-G\xc7', 'latin1'), 'ا'],
    ['\\ISO 2022 IR 138', Buffer.from('\x1b-H\xe0', 'latin1'), 'א'],
    ['\\ISO 2022 IR 148', Buffer.from('\x1b-M\xfe', 'latin1'), 'ş'],
    ['\\ISO 2022 IR 166', Buffer.from('\x1b-T\xe2\xc3', 'latin1'), 'โร'],
    ['\\ISO 2022 IR 203', Buffer.from('\x1b-b\xa4', 'latin1'), '€'],
    ['ISO_IR 144', Buffer.from([0xb1, 0xde, 0xdb]), 'Бол'],
    ['ISO 2022 IR 101', Buffer.from([0x50, 0xf8, 0xed]), 'Pří'],
    ['\\ISO 2022 IR 144', Buffer.from('\x1b-L\xb1\xde\xdb', 'latin1'), 'Бол'],
    ['ISO 2022 IR 100\\ISO 2022 IR 87', Buffer.from('Universit\xe4t \x1b$B\x49\x42\x31\x21\x1b(B', 'latin1'), 'Universität 病院'],
    ['ISO 2022 IR 13\\ISO 2022 IR 87', Buffer.from('\xcb\xde\xae\xb3 \x1b$B\x49\x42\x31\x21\x1b(J', 'latin1'), 'ﾋﾞｮｳ 病院'],
    ['\\ISO 2022 IR 159', Buffer.from('\x1b$(D\x30\x21\x1b(B A', 'latin1'), '丂 A'],
    ['\\ISO 2022 IR 149', Buffer.from('\x1b$)C\xba\xb4\xbf\xf8 1', 'latin1'), '병원 1'],
    ['\\ISO 2022 IR 58', Buffer.from('\x1b$)A\xd2\xbd\xd4\xba', 'latin1'), '医院'],
    ['\\ISO 2022 IR 87', Buffer.from('broken \x1b$B\x49', 'latin1'), 'broken \ufffd'],
    ['', ascii('PLAIN\0'), 'PLAIN'],
  ])('in character set %s', (characterSet, value, expected) => {
    const data = Buffer.concat([explicit(8, 5, 'CS', text(characterSet)), explicit(8, 0x0080, 'LO', value)])
    expect(readStoredHead(data, data.length, EXPLICIT_LE).facts).toEqual([
      { attribute: 'institution', value: expected, field: '(0008,0080)' },
    ])
  })

  test('are those of the data set itself, not of items in it', () => {
    const inner = explicit(0x0008, 0x0070, 'LO', ascii('OTHER '))
    const data = Buffer.concat([
      explicit(0x0018, 0xa001, 'SQ', Buffer.concat([ITEM(UNDEFINED), inner, ITEM_END, SEQUENCE_END]), UNDEFINED),
      explicit(0x0020, 0x000d, 'UI', text('1.2.3')),
    ])
    expect(readStoredHead(data, data.length, EXPLICIT_LE)).toMatchObject({ facts: [], studyUid: '1.2.3' })
  })
})

describe('query keys', () => {
  const level = implicit(0x0008, 0x0052, text('STUDY'))
  const query = (...elements: readonly Buffer[]) => {
    const data = Buffer.concat([level, ...elements])
    return readQuery(data, data.length, IMPLICIT_LE, STUDY_FIND).query
  }

  test.each([
    ['nothing but empty keys', [implicit(0x0010, 0x0010, Buffer.alloc(0))], { matchingKeys: [], wildcard: false, universal: true }],
    ['a star alone', [implicit(0x0010, 0x0010, text('*'))], { matchingKeys: ['PatientName'], wildcard: true, universal: true }],
    [
      'a name whose kanji hold the bytes of wildcards',
      [implicit(0x0010, 0x0010, Buffer.from('\x1b$B?4*!\x1b(B', 'latin1'))],
      { matchingKeys: ['PatientName'], wildcard: false, universal: false },
    ],
    ['a wildcard behind kanji', [implicit(0x0010, 0x0010, Buffer.from('\x1b$B?4\x1b(B*', 'latin1'))], { wildcard: true, universal: false }],
    ['a wildcard', [implicit(0x0010, 0x0010, text('SMI?H*'))], { matchingKeys: ['PatientName'], wildcard: true, universal: false }],
    ['a value', [implicit(0x0010, 0x0020, text('4711'))], { matchingKeys: ['PatientID'], wildcard: false, universal: false }],
    ['a date range', [implicit(0x0008, 0x0020, text('20240101-'))], { matchingKeys: ['StudyDate'], wildcard: false, universal: false }],
    ['an unknown key', [implicit(0x0011, 0x1010, text('x'))], { keys: ['0011,1010'], universal: false }],
  ])('%s', (_, elements, expected) => expect(query(...elements)).toMatchObject({ level: 'STUDY', model: 'study_root', ...expected }))

  test('within sequences count too, as in a worklist', () => {
    const step = implicit(0x0040, 0x0001, text('CT01'))
    const found = query(implicit(0x0040, 0x0100, Buffer.concat([ITEM(step.length), step])))
    expect(found).toMatchObject({
      keys: ['ScheduledProcedureStepSequence', 'ScheduledStationAETitle'],
      matchingKeys: ['ScheduledStationAETitle'],
    })
  })
})

describe('a deflated data set', () => {
  const data = Buffer.concat([modality, model, Buffer.alloc(50_000)])

  test('is inflated as far as it came', () => {
    const deflated = deflateRawSync(data)
    expect(inflateHead(deflated, deflated.length, 16_384)?.subarray(0, modality.length)).toEqual(modality)
    expect(inflateHead(deflated, Math.floor(deflated.length / 2), 16_384)?.subarray(0, modality.length)).toEqual(modality)
  })

  test('that swells without measure gives no more than its beginning', () => {
    const bomb = deflateRawSync(Buffer.concat([modality, Buffer.alloc(64 * 1024 * 1024)]))
    const inflated = inflateHead(bomb, bomb.length, 16_384)
    expect(inflated?.length).toBe(16_384)
    expect(inflated?.subarray(0, modality.length)).toEqual(modality)
  })

  test('that is none gives nothing', () => expect(inflateHead(Buffer.alloc(100, 0xff), 100, 16_384)).toBeUndefined())
})
