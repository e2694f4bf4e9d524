import { describe, expect, test } from 'vitest'
import { acknowledgment, CR, FS, framed, hllp, message, SECOND, Talk, VT } from './conversation.ts'

const sent = (id: string, fields = {}): string => framed(message({ id, ...fields }))
const answered = (code: string, id: string | undefined, segments: readonly string[] = []): string =>
  framed(acknowledgment(code, id, segments))

const pairs = (talk: Talk): readonly string[] =>
  talk.messages.map(
    ({ controlId, ack, outcome }) => `${controlId}: ${ack === undefined ? 'none' : `${ack.code} ${ack.controlId ?? '-'}`} ${outcome}`,
  )

describe('an acknowledgment', () => {
  test.each([
    ['AA', 'application', 'success'],
    ['AE', 'application', 'failure'],
    ['AR', 'application', 'failure'],
    ['CA', 'accept', 'success'],
    ['CE', 'accept', 'failure'],
    ['CR', 'accept', 'failure'],
    ['ZZ', 'application', 'unknown'],
  ])('%s is of mode %s and means %s', (code, mode, outcome) => {
    const talk = new Talk().client(sent('1')).server(answered(code, '1'))
    expect(talk.messages).toMatchObject([{ ack: { code, mode, controlId: '1' }, outcome, responseTime: 1000, violations: [] }])
  })

  test.each([
    ['ERR-3 (2.5)', 'ERR||PID^1^3|204^Unknown key identifier^HL70357|E', '204'],
    ['MSA-6 (2.1)', 'ZZZ', '207'],
    ['ERR-1 (2.3)', 'ERR|PID^1^3^101&Required field missing&HL70357', '101'],
  ])('tells the error of %s', (_, segment, errorCode) => {
    const refusal = answered('AE', '1', [segment])
    const talk = new Talk().client(sent('1')).server(segment === 'ZZZ' ? refusal.replace('MSA|AE|1', 'MSA|AE|1||||207^x') : refusal)
    expect(talk.messages[0].ack).toMatchObject({ errorCode })
  })

  test('is paired by control id, whatever the order', () => {
    const talk = new Talk()
      .client(sent('1') + sent('2') + sent('3'))
      .server(answered('AA', '2') + answered('AE', '3') + answered('AA', '1'))
    expect(pairs(talk)).toEqual(['2: AA 2 success', '3: AE 3 failure', '1: AA 1 success'])
  })

  test('without control id answers the oldest', () => {
    const talk = new Talk().client(sent('1') + sent('2')).server(answered('AA', undefined))
    expect(pairs(talk)).toEqual(['1: AA - success'])
  })

  test('with another control id answers the only one that waits, and is flagged', () => {
    const talk = new Talk().client(sent('1')).server(answered('AA', 'wrong'))
    expect(talk.messages).toMatchObject([{ controlId: '1', ack: { controlId: 'wrong' }, violations: ['ack_id_mismatch'] }])
  })

  test('with another control id answers none of several', () => {
    const talk = new Talk().client(sent('1') + sent('2')).server(answered('AA', 'wrong'))
    expect(pairs(talk)).toEqual([])
    expect(pairs(talk.end())).toEqual(['1: none failure', '2: none failure'])
  })

  test('that comes again is for no other message', () => {
    const talk = new Talk()
      .client(sent('1'))
      .server(answered('AA', '1'))
      .client(sent('2'))
      .server(answered('AA', '1') + answered('AE', '2'))
    expect(talk.messages.map(({ controlId, ack, violations }) => [controlId, ack?.code, violations])).toEqual([
      ['1', 'AA', []],
      ['2', 'AE', []],
    ])
  })

  test('answers both of two messages with the same control id, the older first', () => {
    const talk = new Talk()
      .client(sent('1') + sent('1') + sent('2'))
      .server(answered('AA', '1') + answered('AE', '1') + answered('AA', '2'))
    expect(pairs(talk)).toEqual(['1: AA 1 success', '1: AE 1 failure', '2: AA 2 success'])
    expect(talk.messages.map(({ violations }) => violations)).toEqual([[], ['duplicate_control_id'], []])
  })

  test('goes both ways on one connection', () => {
    const talk = new Talk()
      .client(sent('1'))
      .server(sent('1', { type: 'ORU^R01' }))
      .client(answered('AE', '1'))
      .server(answered('AA', '1'))
    expect(talk.messages).toMatchObject([
      { direction: 1, type: 'ORU', ack: { code: 'AE' } },
      { direction: 0, type: 'ADT', ack: { code: 'AA' } },
    ])
  })

  test('of an acknowledgment is no message', () => {
    const talk = new Talk().client(sent('1')).server(answered('AA', '1')).client(answered('CA', 'A-1')).end()
    expect(pairs(talk)).toEqual(['1: AA 1 success'])
  })

  test('that carries an answer to a query is the acknowledgment of the query', () => {
    const response = framed(message({ type: 'RSP^K22^RSP_K21', id: 'R1', segments: ['MSA|AA|Q1', 'QAK|Q1|OK'] }))
    const talk = new Talk()
      .client(sent('Q1', { type: 'QBP^Q22^QBP_Q21' }))
      .server(response)
      .end()
    expect(pairs(talk)).toEqual(['Q1: AA Q1 success'])
  })
})

describe('enhanced mode (HL7 v2.9 §2.9.3)', () => {
  const enhanced = { accept: 'AL', application: 'AL' }

  test('waits for the application acknowledgment behind the accept one', () => {
    const talk = new Talk().client(sent('1', enhanced)).server(answered('CA', '1'))
    expect(pairs(talk)).toEqual([])
    expect(pairs(talk.server(answered('AE', '1')))).toEqual(['1: AE 1 failure'])
  })

  test('tells the accept acknowledgment where no other comes', () => {
    const talk = new Talk()
      .client(sent('1', enhanced))
      .server(answered('CA', '1'))
      .wait(61 * SECOND)
    expect(talk.messages).toMatchObject([{ ack: { code: 'CA', mode: 'accept' }, outcome: 'success', responseTime: 1000 }])
  })

  test('is done with a refusal', () => {
    expect(pairs(new Talk().client(sent('1', enhanced)).server(answered('CR', '1')))).toEqual(['1: CR 1 failure'])
  })

  test('is done with the accept acknowledgment when no other was asked for', () => {
    expect(pairs(new Talk().client(sent('1', { accept: 'AL', application: 'NE' })).server(answered('CA', '1')))).toEqual([
      '1: CA 1 success',
    ])
  })
})

describe('MLLP release 2', () => {
  const block = (byte: string): string => `${VT}${byte}${FS}${CR}`

  test.each([
    ['\x06', 'CA', 'success'],
    ['\x15', 'CR', 'failure'],
  ])('commit block %j is %s', (byte, code, outcome) => {
    const talk = new Talk().client(sent('1')).server(block(byte))
    expect(talk.messages).toMatchObject([{ ack: { code, mode: 'accept', controlId: undefined }, outcome }])
  })
})

test('a refusal of HLLP is one of its message', () => {
  const talk = new Talk().client(framed(hllp(message({ id: '1' })))).server(framed(hllp('X', undefined, undefined, 'N')))
  expect(pairs(talk)).toEqual(['1: CR - failure'])
  expect(talk.messages[0]?.ack?.mode).toBe('accept')
})

describe('an acknowledgment from a side that alone is mirrored', () => {
  const heard = (...texts: readonly string[]): Talk => new Talk({ packetsFromClient: 0 }).server(...texts)

  test('tells what it can of its message', () => {
    const [seen, ...others] = heard(answered('AE', '1', ['ERR|||204|E'])).messages
    expect(others).toEqual([])
    expect(seen).toMatchObject({
      direction: 0,
      type: undefined,
      controlId: '1',
      version: '2.5.1',
      trigger: undefined,
      sending: { application: undefined },
      receiving: { application: undefined },
      ack: { code: 'AE', errorCode: '204', controlId: '1' },
      responseTime: undefined,
      segmentNames: [],
      partial: ['one_sided'],
      outcome: 'failure',
    })
  })

  test('tells the trigger event where it repeats that of the message, and who received by its role', () => {
    const ack = message({ type: 'ACK^A01^ACK', id: '9', segments: ['MSA|AA|1'] })
    const answer = message({ type: 'RSP^K22^RSP_K21', id: '9', segments: ['MSA|AA|2'] })
    const talk = heard(framed(ack), framed(answer))
    expect(talk.messages.map(({ controlId, trigger }) => [controlId, trigger])).toEqual([
      ['1', 'A01'],
      ['2', undefined],
    ])
    expect(talk.identities).toMatchObject([{ about: 'server', facts: [{ value: 'hl7_receiver' }] }])
  })

  test('once: an accept one waits for that of the application', () => {
    expect(pairs(heard(answered('CA', '1'), answered('AR', '1'), answered('AR', '1')))).toEqual(['1: AR 1 failure'])
    expect(pairs(heard(answered('CA', '1')))).toEqual([])
    expect(pairs(heard(answered('CA', '1')).wait(61 * SECOND))).toEqual(['1: CA 1 success'])
  })

  test('says nothing where the other side is seen', () => {
    expect(pairs(new Talk().server(answered('AE', '1')).end())).toEqual([])
  })
})

describe('a message without acknowledgment', () => {
  test('is told when its time is up', () => {
    const talk = new Talk({}, { ack_timeout_seconds: 30 }).client(sent('1')).wait(29 * SECOND)
    expect(pairs(talk)).toEqual([])
    expect(pairs(talk.wait(2 * SECOND))).toEqual(['1: none failure'])
    expect(talk.messages[0]).toMatchObject({ responseTime: undefined, partial: [] })
    expect(pairs(talk.server(answered('AA', '1')).end())).toEqual(['1: none failure'])
  })

  test('is told when the connection ends', () => expect(pairs(new Talk().client(sent('1')).end())).toEqual(['1: none failure']))

  test('is of unknown outcome where the other side is not seen', () => {
    const talk = new Talk({ packetsFromServer: 0 }).client(sent('1')).end()
    expect(talk.messages).toMatchObject([{ outcome: 'unknown', partial: ['one_sided'] }])
  })

  test('is of unknown outcome where the acknowledgment may be lost', () => {
    const talk = new Talk().client(sent('1')).lose(1, 100).server(answered('AA', 'other')).end()
    expect(talk.messages[0]).toMatchObject({ controlId: '1', partial: ['gap'] })
  })

  test('is not given that of a message that was lost', () => {
    const talk = new Talk().client(sent('1')).lose(0, 100).server(answered('AA', '2')).end()
    expect(talk.messages).toMatchObject([{ controlId: '1', ack: undefined, violations: [] }])
  })

  test('is given the wrong one again once those of lost messages have come', () => {
    const talk = new Talk()
      .client(sent('1'))
      .lose(0, 100)
      .client(sent('3'))
      .server(answered('AA', '2'), answered('AA', '1'), answered('AA', '3'))
    expect(pairs(talk)).toEqual(['1: AA 1 success', '3: AA 3 success'])
    expect(talk.client(sent('4')).server(answered('AA', 'wrong')).messages.at(-1)).toMatchObject({
      controlId: '4',
      violations: ['ack_id_mismatch'],
    })
  })

  test('is incomplete where that was lost, also when the end of its own block was still due', () => {
    const talk = new Talk()
      .client(`${VT}${message({ id: '1' })}${FS}`)
      .lose(1, 90)
      .client(sent('2'))
      .end()
    expect(talk.messages.map(({ controlId, partial }) => [controlId, partial])).toEqual([
      ['1', ['gap']],
      ['2', []],
    ])
  })

  test('that is incomplete makes no other one so', () => {
    const talk = new Talk().client(sent('1')).server(answered('AA', '1')).client(sent('2')).lose(1, 50).client(sent('3')).end()
    expect(talk.messages.map(({ controlId, partial }) => [controlId, partial])).toEqual([
      ['1', []],
      ['2', ['gap']],
      ['3', []],
    ])
  })

  test('gives way when too many wait, and says so', () => {
    const ids = Array.from({ length: 12 }, (_, index) => String(index))
    const talk = new Talk({}, { max_pending_messages: 10 }).client(...ids.map(id => sent(id)))
    expect(talk.messages).toMatchObject([
      { controlId: '0', partial: ['limit'] },
      { controlId: '1', partial: ['limit'] },
    ])
    expect(talk.end().messages).toHaveLength(12)
  })
})

test('a control id that comes again is flagged, within one connection only', () => {
  const again = new Talk().client(sent('1')).server(answered('AA', '1')).client(sent('1')).server(answered('AA', '1'))
  expect(again.messages.map(({ violations }) => violations)).toEqual([[], ['duplicate_control_id']])
  expect(new Talk().client(sent('1')).server(answered('AA', '1')).messages[0].violations).toEqual([])
})
