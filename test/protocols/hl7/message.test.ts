import { describe, expect, test } from 'vitest'
import type { Hl7Message } from '../../../src/protocols/observation.ts'
import { framed, message, Talk } from './conversation.ts'

function read(content: string | Buffer): Hl7Message {
  const bytes = Buffer.concat([Buffer.from([0x0b]), Buffer.from(content as string, 'latin1'), Buffer.from([0x1c, 0x0d])])
  const { messages } = new Talk().client(bytes).end()
  expect(messages).toHaveLength(1)
  return messages[0]
}

/** An MSH whose fields are told by number. */
function header(fields: Readonly<Record<number, string>>): string {
  const all = Array.from(
    { length: 21 },
    (_, index) => fields[index + 1] ?? { 2: '^~\\&', 9: 'ADT^A01', 10: 'M1', 11: 'P', 12: '2.5' }[index + 1] ?? '',
  )
  return `MSH${['', ...all.slice(1)].join('|')}\r`
}

describe('a header', () => {
  test('tells its fields', () => {
    expect(
      read(
        message({ type: 'ORU^R01^ORU_R01', id: '77', charset: 'UNICODE UTF-8', segments: ['PID|1', 'OBR|1', 'OBX|1', 'OBX|2', 'ZXY|1'] }),
      ),
    ).toMatchObject({
      type: 'ORU',
      trigger: 'R01',
      structure: 'ORU_R01',
      controlId: '77',
      processingId: 'P',
      version: '2.5.1',
      characterSet: 'UNICODE UTF-8',
      sending: { application: 'HIS', facility: 'GENHOSP' },
      receiving: { application: 'LIS', facility: 'LAB' },
      segmentNames: ['MSH', 'PID', 'OBR', 'OBX', 'ZXY'],
      segmentCount: 6,
      results: 2,
    })
  })

  test.each(['2.1', '2.2', '2.3', '2.3.1', '2.4', '2.5', '2.6', '2.7', '2.8.2', '2.9'])('of version %s', version => {
    expect(read(header({ 12: version })).version).toBe(version)
  })

  test('of the versions that knew no trigger event in it has that of the event segment', () => {
    expect(read(`${header({ 9: 'ADT', 12: '2.1' })}EVN|A08|20260301\r`)).toMatchObject({ type: 'ADT', trigger: 'A08', version: '2.1' })
    expect(read(`${header({ 9: 'ADT^A04' })}EVN|A08|20260301\r`)).toMatchObject({ trigger: 'A04' })
  })

  test.each([
    ['other delimiters', 'MSH#*+!%#APP*OID*ISO#FAC#RA#RF#2026##ADT*A01*ADT_A01#ID1#P#2.3\r'],
    ['a truncation character (2.7)', 'MSH|^~\\&#|APP^OID^ISO|FAC|RA|RF|2026||ADT^A01^ADT_A01|ID1|P|2.7\r'],
    ['only two encoding characters', 'MSH|^~|APP^OID^ISO|FAC|RA|RF|2026||ADT^A01^ADT_A01|ID1|P|2.1\r'],
  ])('with %s', (_, text) => {
    expect(read(text)).toMatchObject({
      type: 'ADT',
      trigger: 'A01',
      controlId: 'ID1',
      sending: { application: 'APP^OID^ISO', facility: 'FAC' },
    })
  })

  test('that says little says little', () => {
    expect(read('MSH|^~\\&|\r')).toMatchObject({
      type: undefined,
      controlId: undefined,
      version: undefined,
      violations: ['missing_control_id'],
    })
  })

  test('whose values are null has none', () => {
    expect(read(header({ 3: '""', 4: '  ', 10: '""' }))).toMatchObject({
      controlId: undefined,
      sending: { application: undefined, facility: undefined },
    })
  })

  test('of one sender again and again keeps its own control id', () => {
    const talk = new Talk()
      .client(...['1', '2', '3'].map(id => framed(message({ id }))))
      .client(framed(message({ id: '4', type: 'ADT^A08' })))
      .end()
    expect(talk.messages.map(({ controlId, trigger }) => `${controlId} ${trigger}`)).toEqual(['1 A01', '2 A01', '3 A01', '4 A08'])
  })
})

describe('escape sequences (HL7 v2.9 §2.7)', () => {
  test.each([
    ['A\\F\\B', 'A|B'],
    ['A\\S\\B', 'A^B'],
    ['A\\T\\B', 'A&B'],
    ['A\\R\\B', 'A~B'],
    ['A\\E\\B', 'A\\B'],
    ['A\\X42\\C', 'ABC'],
    ['A\\X4243\\D', 'ABCD'],
    ['A\\.br\\B', 'AB'],
    ['\\H\\A\\N\\', 'A'],
    ['A\\X0D0A\\B', 'AB'],
    ['A\\XZZ\\B', 'AB'],
    ['A\\B', 'A\\B'],
    ['A\\E\\F\\E\\B', 'A\\F\\B'],
  ])('%s is %s', (written, meant) => expect(read(header({ 3: written })).sending.application).toBe(meant))
})

describe('character sets (MSH-18)', () => {
  test.each([
    ['', Buffer.from('Hôpital', 'latin1'), 'Hôpital'],
    ['8859/1', Buffer.from('Hôpital', 'latin1'), 'Hôpital'],
    ['8859/5', Buffer.from([0xb1, 0xde]), 'Бо'],
    ['8859/15', Buffer.from([0xa4]), '€'],
    ['UNICODE UTF-8', Buffer.from('Klinikum Köln', 'utf8'), 'Klinikum Köln'],
    ['GB 18030-2000', Buffer.from([0xd2, 0xbd, 0xd4, 0xba]), '医院'],
    ['KS X 1001', Buffer.from([0xba, 0xb4, 0xbf, 0xf8]), '병원'],
    ['8859/2', Buffer.from([0xb1]), 'ą'],
    ['8859/7', Buffer.from([0xc1]), 'Α'],
    ['8859/8', Buffer.from([0xe0]), 'א'],
    ['8859/9', Buffer.from([0xfe]), 'ş'],
    ['BIG-5', Buffer.from([0xc2, 0xe5]), '醫'],
    ['CNS 11643-1992', Buffer.from([0xc2, 0xe5]), '醫'],
    ['ISO IR14', Buffer.from([0xb1]), 'ｱ'],
    ['~ISO IR87', Buffer.from('\x1b$B0e1!\x1b(B', 'latin1'), '医院'],
    ['ASCII~ISO IR87', Buffer.from('A \x1b$B0e1!\x1b(B', 'latin1'), 'A 医院'],
    ['ASCII', Buffer.from('Hospital'), 'Hospital'],
    ['UNKNOWN', Buffer.from('Hôpital', 'latin1'), 'Hôpital'],
    ['UNICODE UTF-8~ISO IR87', Buffer.from('Köln', 'utf8'), 'Köln'],
    ['UNICODE UTF-8', Buffer.from([0x41, 0xff, 0x42]), 'A\ufffdB'],
  ])('%s', (charset, bytes, text) => {
    const [before, after] = header({ 4: '\0', 18: charset }).split('\0')
    const seen = read(Buffer.concat([Buffer.from(before, 'latin1'), bytes, Buffer.from(after, 'latin1')]))
    expect(seen.sending.facility).toBe(text)
  })
})

describe('fewer encoding characters than usual', () => {
  test.each([
    ['^~\\', 'A\\S\\B'],
    ['^~', 'A\\S\\B'],
    ['^', 'A\\S\\B'],
  ])('%s: the others are as recommended (HL7 v2.9 §2.5.4)', (characters, application) => {
    const { sending } = read(`MSH|${characters}|${application}|HHS~&H|LIS|LAB|20260301||ADT^A01|1|P|2.1\r`)
    expect(sending).toEqual({ application: 'A^B', facility: 'HHS' })
  })
})

describe('bytes that look like delimiters but are parts of characters', () => {
  const BIG5_FOUR = Buffer.from([0xa4, 0x7c])
  const BIG5_MERIT = Buffer.from([0xa5, 0x5c])
  const GB = Buffer.from([0x81, 0x7c, 0x81, 0x5e, 0x81, 0x7e])
  const GB_FOUR_BYTES = Buffer.from([0x81, 0x30, 0x84, 0x35, 0x81, 0x7c])
  const JIS = Buffer.from('\x1b$B\x30\x7c\x30\x5e\x1b(B', 'latin1')
  const KATAKANA = Buffer.from([0xb1])

  test.each([
    ['BIG-5', BIG5_FOUR],
    ['BIG-5', BIG5_MERIT],
    ['GB 18030-2000', GB],
    ['GB 18030-2000', GB_FOUR_BYTES],
    ['ISO IR87', JIS],
    ['~ISO IR159', JIS],
    ['ISO IR6~ISO IR87', JIS],
    ['ISO IR14~ISO IR87', JIS],
    ['8859/1~ISO IR87', JIS],
  ])('%s: fields behind them stay where they are', (charset, bytes) => {
    const [before, after] = header({ 3: '\0', 4: 'WARD', 10: 'ID7', 18: charset }).split('\0')
    const seen = read(Buffer.concat([Buffer.from(before, 'latin1'), bytes, Buffer.from(after, 'latin1')]))
    expect(seen).toMatchObject({ controlId: 'ID7', characterSet: charset.split('~').at(-1), sending: { facility: 'WARD' } })
    expect(seen.sending.application).toHaveLength(charset.startsWith('BIG') ? 1 : bytes === GB ? 3 : 2)
  })

  test('a set of single bytes takes them for delimiters, whatever stands before', () => {
    const seen = read(header({ 3: 'CAF\xe9', 4: 'WARD', 10: 'ID7', 18: '8859/1' }))
    expect(seen).toMatchObject({ controlId: 'ID7', sending: { application: 'CAFé', facility: 'WARD' } })
  })

  test('half-width katakana are whole characters', () => {
    const [before, after] = header({ 3: '\0', 4: 'WARD', 10: 'ID7', 18: 'ISO IR14' }).split('\0')
    const seen = read(Buffer.concat([Buffer.from(before, 'latin1'), KATAKANA, Buffer.from(after, 'latin1')]))
    expect(seen.sending).toEqual({ application: 'ｱ', facility: 'WARD' })
  })
})

describe('what must not leave a decoder', () => {
  test('is no part of any observation', () => {
    const segments = ['PID|1||WWPHI-1^^^H^MR||WWPHI^JANE||19110213|F', 'NK1|1|WWPHI^JOHN', 'OBX|1|TX|X||WWPHI||||||F', 'NTE|1||WWPHI']
    const talk = new Talk().client(framed(message({ type: 'ORU^R01', segments }))).end()
    expect(JSON.stringify(talk.observations)).not.toMatch(/WWPHI|19110213/)
    expect(talk.messages).toHaveLength(1)
  })

  test('are control characters, and more than a name needs', () => {
    const { application } = read(header({ 3: `A\x07\x1b[31m${'x'.repeat(5000)}` })).sending
    expect(application).toMatch(/^A\[31mx+$/)
    expect(application).toHaveLength(256)
  })

  test('are segment names that are none', () => {
    expect(read(message({ segments: ['<a>|1', 'ZZ1|1'] })).segmentNames).toEqual(['MSH', '???', 'ZZ1'])
  })
})
