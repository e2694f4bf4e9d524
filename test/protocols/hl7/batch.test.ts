import { describe, expect, test } from 'vitest'
import { acknowledgment, framed, message, Talk } from './conversation.ts'

const BHS = 'BHS|^~\\&|HIS|GENHOSP|LIS|LAB|20260301\r'
const FHS = 'FHS|^~\\&|HIS|GENHOSP|LIS|LAB|20260301\r'
const messages = (...ids: readonly string[]): string => ids.map(id => message({ id })).join('')

/** Control id, messages of the batch, violations. */
const heard = (...texts: readonly string[]) =>
  new Talk()
    .client(...texts)
    .end()
    .messages.map(({ controlId, batchMessages, violations }) => [controlId, batchMessages, violations])

describe('a batch (HL7 v2.9 §2.10.3)', () => {
  test('is counted, and its trailer believed where it is right', () => {
    expect(heard(framed(`${BHS}${messages('1', '2', '3')}BTS|3\r`))).toEqual([
      ['1', 3, []],
      ['2', 3, []],
      ['3', 3, []],
    ])
  })

  test.each(['BTS|5', 'BTS|2'])('that has another number of messages than %s says is flagged on the last', trailer => {
    expect(heard(framed(`${BHS}${messages('1', '2', '3')}${trailer}\r`)).map(([id, , violations]) => [id, violations])).toEqual([
      ['1', []],
      ['2', []],
      ['3', ['batch_count_mismatch']],
    ])
  })

  test.each([
    ['without a trailer', `${BHS}${messages('1', '2')}`],
    ['whose trailer counts nothing', `${BHS}${messages('1', '2')}BTS||done\r`],
    ['in a file', `${FHS}${BHS}${messages('1', '2')}BTS|2\rFTS|1\r`],
  ])('%s has its messages', (_, text) => {
    expect(heard(framed(text))).toEqual([
      ['1', 2, []],
      ['2', 2, []],
    ])
  })

  test('after a batch in one file is another', () => {
    expect(heard(framed(`${FHS}${BHS}${messages('1')}BTS|1\r${BHS}${messages('2', '3')}BTS|9\rFTS|2\r`))).toEqual([
      ['1', 1, []],
      ['2', 2, []],
      ['3', 2, ['batch_count_mismatch']],
    ])
  })

  test('is none where messages only share a block', () => {
    expect(heard(framed(messages('1', '2')))).toEqual([
      ['1', undefined, []],
      ['2', undefined, []],
    ])
  })

  test('whose file has another number of batches than its trailer says is flagged on the last message', () => {
    const [one, two] = [`${BHS}${messages('1')}BTS|1\r`, `${BHS}${messages('2')}BTS|1\r`]
    expect(heard(framed(`${FHS}${one}${two}FTS|2\r`)).flatMap(([, , violations]) => violations)).toEqual([])
    expect(heard(framed(`${FHS}${one}${two}FTS|3\r`))).toEqual([
      ['1', 1, []],
      ['2', 1, ['file_count_mismatch']],
    ])
    expect(heard(framed(`${FHS}${messages('1')}FTS|1\r`))).toEqual([['1', undefined, []]])
  })

  test.each([
    ['BTS|2', []],
    ['BTS|3', ['batch_count_mismatch']],
  ])('may have blocks for its header, messages and trailer (%s)', (trailer, violations) => {
    const blocks = [`${FHS}${BHS}`, messages('1'), messages('2'), `${trailer}\rFTS|1\r`, messages('3')]
    expect(heard(...blocks.map(framed))).toEqual([
      ['1', 2, []],
      ['2', 2, violations],
      ['3', undefined, []],
    ])
  })

  test('without a trailer is over with its block', () => {
    expect(heard(framed(`${BHS}${messages('1')}`), framed(messages('2')))).toEqual([
      ['1', 1, []],
      ['2', undefined, []],
    ])
  })

  test('in blocks is forgotten where some were lost', () => {
    const talk = new Talk().client(framed(BHS), framed(messages('1'))).lose(0, 100)
    talk.client(framed(messages('2')), framed('BTS|9\r')).end()
    expect(talk.messages.map(({ controlId, batchMessages, violations }) => [controlId, batchMessages, violations])).toEqual([
      ['1', 1, []],
      ['2', undefined, []],
    ])
  })

  test('of acknowledgments answers message by message', () => {
    const talk = new Talk()
      .client(framed(`${BHS}${messages('1', '2')}BTS|2\r`))
      .server(framed(`${BHS}${acknowledgment('AA', '1')}${acknowledgment('AE', '2')}BTS|2\r`))
    expect(talk.messages.map(({ controlId, ack }) => `${controlId} ${ack?.code}`)).toEqual(['1 AA', '2 AE'])
  })
})

describe('a message that was cut in several (HL7 v2.9 §2.10.2)', () => {
  const part = (id: string, continues: string, ...segments: readonly string[]): string =>
    framed([`MSH|^~\\&|LAB|GENHOSP|HIS|H|2026||ORU^R01|${id}|P|2.5|1|${continues}`, ...segments].map(segment => `${segment}\r`).join(''))

  test('tells the place of each part', () => {
    const talk = new Talk()
      .client(part('1', '', 'OBX|1|FT|X||first', 'ADD|', 'DSC|P1|F'))
      .client(part('2', 'P1', 'ADD|second', 'DSC|P2|F'))
      .client(part('3', 'P2', 'ADD|third', 'OBX|2|NM|Y||1'))
      .client(part('4', '', 'OBX|1|NM|Y||1'))
      .end()
    expect(talk.messages.map(({ controlId, continuation, segmentNames }) => [controlId, continuation, segmentNames])).toEqual([
      ['1', 'first', ['MSH', 'OBX', 'ADD', 'DSC']],
      ['2', 'middle', ['MSH', 'ADD', 'DSC']],
      ['3', 'last', ['MSH', 'ADD', 'OBX']],
      ['4', undefined, ['MSH', 'OBX']],
    ])
  })

  test('is told by the pointer, not by an empty segment', () => {
    expect(new Talk().client(part('1', '', 'DSC|')).end().messages).toMatchObject([{ continuation: undefined }])
  })
})
