import { describe, expect, test } from 'vitest'
import { ENTER_ALL, type Encoding, walkDataset } from '../../../src/protocols/dicom/dataset.ts'
import { readStoredHead } from '../../../src/protocols/dicom/stored-head.ts'
import { client, converse, identities, server } from './conversation.ts'
import { closing, imageElements, opening, STORE, storeRq, storeRsp } from './dialogues.ts'
import { ascii, associateAc, associateRq, type Context, command, dataset, EXPLICIT, explicit, IMPLICIT, implicit, text } from './encode.ts'

const EXPLICIT_LE: Encoding = { explicit: true, bigEndian: false, deflated: false }
const IMPLICIT_LE: Encoding = { explicit: false, bigEndian: false, deflated: false }
const UNDEFINED = 0xffffffff

type Element = (group: number, element: number, vr: string, value: Buffer, length?: number) => Buffer
const asImplicit: Element = (group, element, _vr, value, length) => implicit(group, element, value, length)
const item = (content: Buffer, length = content.length): Buffer => implicit(0xfffe, 0xe000, content, length)
const ITEM_END = implicit(0xfffe, 0xe00d, Buffer.alloc(0))
const SEQUENCE_END = implicit(0xfffe, 0xe0dd, Buffer.alloc(0))

/** A sequence, with lengths or with delimiters. */
function sequence(write: Element, group: number, element: number, delimited: boolean, ...items: readonly Buffer[]): Buffer {
  if (!delimited) return write(group, element, 'SQ', Buffer.concat(items.map(content => item(content))))
  const content = Buffer.concat([...items.flatMap(one => [item(one, UNDEFINED), ITEM_END]), SEQUENCE_END])
  return write(group, element, 'SQ', content, UNDEFINED)
}

describe.each([
  ['explicit', explicit as Element, EXPLICIT_LE],
  ['implicit', asImplicit, IMPLICIT_LE],
])('in %s VR', (_, write, encoding) => {
  const read = (...elements: readonly Buffer[]) => {
    const data = Buffer.concat(elements)
    return readStoredHead(data, data.length, encoding)
  }
  const general = [write(0x0008, 0x0070, 'LO', text('SIEMENS')), write(0x0008, 0x1090, 'LO', text('SOMATOM'))]
  const purpose = sequence(write, 0x0040, 0xa170, false, write(0x0008, 0x0100, 'SH', text('109103')))

  test.each([false, true])('unique device identifiers are read from their sequence (delimited: %s)', delimited => {
    const identifiers = ['(01)04056869000001(21)1', '(01)04056869000002'].map(udi => write(0x0018, 0x1009, 'UT', text(udi)))
    expect(read(...general, sequence(write, 0x0018, 0x100a, delimited, ...identifiers)).facts).toEqual([
      { attribute: 'manufacturer', value: 'SIEMENS', field: '(0008,0070)' },
      { attribute: 'model', value: 'SOMATOM', field: '(0008,1090)' },
      { attribute: 'udi', value: '(01)04056869000001(21)1', field: '(0018,100A)' },
      { attribute: 'udi', value: '(01)04056869000002', field: '(0018,100A)' },
    ])
  })

  test.each([false, true])('contributing equipment is other equipment, each item of its own (delimited: %s)', delimited => {
    const items = ['DETECTOR', 'GATEWAY'].map(model =>
      Buffer.concat([write(0x0008, 0x0070, 'LO', text('MAKER ')), write(0x0008, 0x1090, 'LO', text(model)), purpose]),
    )
    const { facts, others } = read(...general, sequence(write, 0x0018, 0xa001, delimited, ...items))
    expect(facts.map(({ value }) => value)).toEqual(['SIEMENS', 'SOMATOM'])
    expect(others.map(one => one.map(({ value, field }) => `${value} ${field}`))).toEqual([
      ['MAKER (0018,A001)(0008,0070)', 'DETECTOR (0018,A001)(0008,1090)'],
      ['MAKER (0018,A001)(0008,0070)', 'GATEWAY (0018,A001)(0008,1090)'],
    ])
  })

  test('what other sequences say of equipment is not of this one', () => {
    const referenced = sequence(write, 0x0008, 0x1115, true, write(0x0008, 0x1090, 'LO', text('OTHER ')))
    expect(read(referenced, ...general).facts.map(({ value }) => value)).toEqual(['SIEMENS', 'SOMATOM'])
  })

  const capture = (maker: string, model: string): readonly Buffer[] => [
    write(0x0018, 0x1016, 'LO', text(maker)),
    write(0x0018, 0x1018, 'LO', text(model)),
    write(0x0018, 0x1019, 'LO', text('5.7 ')),
  ]

  test('a capturing device is the equipment, where the object names none else', () => {
    expect(read(...capture('KODAK ', 'DIRECT')).facts.map(({ attribute, value }) => `${attribute} ${value}`)).toEqual([
      'manufacturer KODAK',
      'model DIRECT',
      'software_version 5.7',
    ])
  })

  test('a capturing device beside the equipment is another', () => {
    const { facts, others } = read(...general, ...capture('KODAK ', 'DIRECT'))
    expect(facts).toHaveLength(2)
    expect(others.map(one => one.map(({ value }) => value))).toEqual([['KODAK', 'DIRECT', '5.7']])
  })

  test.each([
    [0x0008, 0x0070, 'LO', 'manufacturer'],
    [0x0008, 0x1090, 'LO', 'model'],
    [0x0018, 0x1000, 'LO', 'serial_number'],
    [0x0018, 0x1020, 'LO', 'software_version'],
    [0x0008, 0x1010, 'SH', 'station_name'],
    [0x0008, 0x0080, 'LO', 'institution'],
    [0x0008, 0x1040, 'LO', 'department'],
    [0x0008, 0x0060, 'CS', 'modality'],
    [0x0018, 0x1002, 'UI', 'device_uid'],
    [0x0018, 0x1009, 'UT', 'udi'],
  ])('(%i,%i) is one of its attributes', (group, element, vr, attribute) => {
    const field = `(${[group, element].map(part => part.toString(16).padStart(4, '0')).join()})`
    expect(read(write(group, element, vr, text('12.34'))).facts).toEqual([{ attribute, value: '12.34', field }])
  })

  test('the station that performed the step is named', () => {
    const performed = [write(0x0040, 0x0241, 'AE', text('CT01')), write(0x0040, 0x0242, 'SH', text('ROOM 1'))]
    expect(read(...general, ...performed).facts.slice(2)).toEqual([
      { attribute: 'ae_title', value: 'CT01', field: '(0040,0241)' },
      { attribute: 'station_name', value: 'ROOM 1', field: '(0040,0242)' },
    ])
  })
})

test('items are numbered over the whole data set, and belong to the innermost', () => {
  const inner = sequence(explicit as Element, 0x0040, 0xa170, true, explicit(0x0008, 0x0100, 'SH', text('AB')))
  const data = Buffer.concat([sequence(explicit as Element, 0x0018, 0xa001, true, inner, explicit(0x0008, 0x0070, 'LO', text('XY')))])
  const seen: string[] = []
  walkDataset(data, data.length, EXPLICIT_LE, ENTER_ALL, ({ tag, item: number, depth }) =>
    seen.push(`${tag.toString(16)} ${depth} ${number}`),
  )
  expect(seen).toEqual(['18a001 0 0', '40a170 1 1', '80100 2 2', '80070 1 3'])
})

describe('over an association', () => {
  const maker = explicit(0x0008, 0x0070, 'LO', text('SIEMENS'))
  const model = explicit(0x0008, 0x1090, 'LO', text('SOMATOM'))
  const contributor = sequence(explicit as Element, 0x0018, 0xa001, false, explicit(0x0008, 0x1090, 'LO', text('GATEWAY')))

  test('contributing equipment is no device at either end, and makes its sender no forwarder', () => {
    const seen = converse([
      ...opening,
      client(storeRq(1), dataset(5, ...imageElements(Buffer.alloc(10), maker, model, contributor))),
      server(storeRsp(1)),
      ...closing,
    ])
    const told = identities(seen).filter(({ facts }) => facts.some(({ attribute }) => attribute === 'model'))
    expect(told.map(({ forwarded, facts }) => [forwarded, facts.find(({ attribute }) => attribute === 'model')?.value])).toEqual([
      [false, 'SOMATOM'],
      [true, 'GATEWAY'],
    ])
  })

  const WORKLIST: Context = { id: 1, abstractSyntax: '1.2.840.10008.5.1.4.31', transferSyntaxes: [IMPLICIT] }
  const worklist = (aeTitle: string): readonly Buffer[] => {
    const step = Buffer.concat([
      implicit(0x0008, 0x0060, ascii('CT')),
      implicit(0x0040, 0x0001, text(aeTitle)),
      implicit(0x0040, 0x0010, text('CTROOM')),
    ])
    const query = dataset(1, implicit(0x0010, 0x0010, Buffer.alloc(0)), implicit(0x0040, 0x0100, item(step)))
    return [command(1, { 2: '1.2.840.10008.5.1.4.31', 256: 0x0020, 272: 1, 1792: 0, 2048: 1 }), query]
  }
  const stations = (context: Context, ...said: readonly Buffer[]) =>
    identities(converse([client(associateRq({ contexts: [context] })), server(associateAc({ contexts: [context] })), client(...said)]))
      .filter(({ facts }) => facts.some(({ field }) => field.startsWith('(')))
      .map(({ about, forwarded, facts }) => ({ about, forwarded, facts: facts.map(({ field, value }) => `${field} ${value}`) }))

  test('a modality that asks the worklist for its own steps names itself', () => {
    expect(stations(WORKLIST, ...worklist('CT01'))).toEqual([
      { about: 'client', forwarded: false, facts: ['(0008,0060) CT', '(0040,0001) CT01', '(0040,0010) CTROOM'] },
    ])
  })

  test.each(['CT02', 'CT*'])('who asks for the steps of %s does not', aeTitle => {
    expect(stations(WORKLIST, ...worklist(aeTitle))).toEqual([])
  })

  test('a modality that reports a performed step names itself', () => {
    const MPPS: Context = { id: 1, abstractSyntax: '1.2.840.10008.3.1.2.3.3', transferSyntaxes: [EXPLICIT] }
    const create = command(1, { 2: '1.2.840.10008.3.1.2.3.3', 256: 0x0140, 272: 1, 2048: 1, 4096: '1.2.3' })
    const step = dataset(1, explicit(0x0008, 0x0060, 'CS', ascii('MR')), explicit(0x0040, 0x0241, 'AE', text('CT01')))
    expect(stations(MPPS, create, step)).toEqual([{ about: 'client', forwarded: false, facts: ['(0008,0060) MR', '(0040,0241) CT01'] }])
  })

  test('GE private implicit VR is read as such', () => {
    const context: Context = { ...STORE, transferSyntaxes: ['1.2.840.113619.5.2'] }
    const image = dataset(5, implicit(0x0008, 0x0070, text('GE MEDICAL SYSTEMS')), implicit(0x0008, 0x1090, text('SIGNA')))
    expect(stations(context, storeRq(1), image)).toEqual([
      { about: 'client', forwarded: false, facts: ['(0008,0070) GE MEDICAL SYSTEMS', '(0008,1090) SIGNA'] },
    ])
  })
})
