import { describe, expect, test } from 'vitest'
import { associations, client, converse, operations, server, stores } from './conversation.ts'
import { CONTEXTS, closing, echoRq, echoRsp, findRq, imageElements, opening, storeRq, storeRsp } from './dialogues.ts'
import { abort, associateRq, dataset, implicit, pData, pdv, text } from './encode.ts'

const image = dataset(5, ...imageElements(Buffer.alloc(9000)))
const study = dataset(3, implicit(0x0008, 0x0052, text('STUDY')))

describe('a connection that ends inside a PDU', () => {
  test('leaves its association truncated', () => {
    const seen = converse([...opening, client(storeRq(1), image.subarray(0, 4000))], 'reset')
    expect(associations(seen)).toMatchObject([{ ending: 'reset', partial: ['truncated'], outcome: 'failure' }])
    expect(stores(seen)).toMatchObject([{ instances: 1, outcome: 'failure', partial: ['truncated'] }])
  })

  test('also inside the header of one', () => {
    expect(associations(converse([...opening, client(image.subarray(0, 3))], 'closed'))).toMatchObject([{ partial: ['truncated'] }])
  })

  test.each(['open', 'evicted'] as const)('because it is %s for the sensor is no news of the PDU', end => {
    const [only] = associations(converse([...opening, client(image.subarray(0, 3000))], end))
    expect(only.partial).not.toContain('truncated')
  })

  test.each([
    ['in one piece', (bytes: Buffer) => [bytes]],
    ['byte by byte', (bytes: Buffer) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))],
    ['cut in the abort', (bytes: Buffer) => [bytes.subarray(0, -4), bytes.subarray(-4)]],
  ])('to abort was aborted: %s', (_, pieces) => {
    const broken = Buffer.concat([storeRq(1), image.subarray(0, 4000), abort(2, 6)])
    const seen = converse([...opening, ...pieces(broken).map(piece => client(piece))], 'closed')
    expect(associations(seen)).toMatchObject([
      {
        ending: 'aborted',
        abort: { source: 'service_provider', reason: 'invalid_pdu_parameter_value' },
        partial: ['truncated'],
        outcome: 'failure',
      },
    ])
  })

  test('to abort was aborted by who began, whatever the other side says to it', () => {
    const broken = client(Buffer.concat([storeRq(1), image.subarray(0, 4000), abort(0, 0)]))
    const seen = converse([...opening, broken, { from: 'client', closed: true }, server(abort(2, 1))])
    expect(associations(seen)).toMatchObject([
      { ending: 'aborted', abort: { source: 'service_user', reason: 'not_significant' }, partial: ['truncated'], violations: [] },
    ])
  })

  test('whose pixels end like an abort, but whose last PDU is whole, was not aborted', () => {
    const pixels = Buffer.concat([Buffer.alloc(100), abort(0, 0)])
    const seen = converse([...opening, client(storeRq(1), dataset(5, ...imageElements(pixels))), server(storeRsp(1))], 'closed')
    expect(associations(seen)).toMatchObject([{ ending: 'closed', abort: undefined, partial: [] }])
  })

  test('that is the request tells who sent it', () => {
    const request = associateRq({ calling: 'FUZZER', contexts: CONTEXTS })
    const seen = converse([client(request.subarray(0, 120))], 'closed', { packetsFromServer: 3 })
    expect(associations(seen)).toMatchObject([
      {
        association: { callingAeTitle: 'FUZZER' },
        result: 'unanswered',
        outcome: 'failure',
        partial: ['truncated'],
        violations: [],
      },
    ])
  })
})

describe('after an abort', () => {
  test('what the other side had under way belongs to nothing', () => {
    const whole = Buffer.concat([storeRq(1), image])
    const seen = converse([...opening, client(whole.subarray(0, 5000)), server(abort(0, 0)), client(whole.subarray(5000), echoRq(2))])
    expect(associations(seen)).toMatchObject([{ ending: 'aborted', violations: [], operations: { store: 1 } }])
  })

  test('a new request begins a new association', () => {
    const seen = converse([
      ...opening,
      server(abort(0, 0)),
      client(echoRq(1)),
      ...opening,
      client(echoRq(2)),
      server(echoRsp(2)),
      ...closing,
    ])
    expect(associations(seen)).toMatchObject([{ ending: 'aborted' }, { ending: 'released', operations: { echo: 1 }, violations: [] }])
  })

  test('but for a gap, in which one may have begun', () => {
    const seen = converse([...opening, server(abort(0, 0)), { from: 'client', lost: 300 }, client(echoRq(1))])
    expect(associations(seen)).toMatchObject([{ ending: 'aborted' }, { partial: ['gap'], operations: { echo: 1 } }])
  })
})

describe('joined where several fragments share a PDU', () => {
  const elements = findRq(1).subarray(12)
  const groupLength = implicit(0x0000, 0x0000, Buffer.from([elements.length, 0, 0, 0]))
  /** Command and data set in one PDU, as many toolkits write. */
  const packed = pData(pdv(3, 3, Buffer.concat([groupLength, elements])), pdv(3, 2, study.subarray(12)))

  test.each([0, 1, 7, 11, 12, 19])('the command is found behind %i other bytes', others => {
    const bytes = Buffer.concat([Buffer.alloc(others, 0x04), packed])
    for (const said of [[client(bytes)], [...bytes].map(byte => client(Buffer.of(byte)))]) {
      expect(operations(converse(said, 'closed', { midstream: true }))).toMatchObject([{ operation: 'C-FIND', query: { level: 'STUDY' } }])
    }
  })

  test('pixels that look like one are not taken for it', () => {
    const chance = Buffer.from('0400000000 40 00000020 05 03 0000000004000001'.replaceAll(' ', ''), 'hex')
    const seen = converse([client(chance, Buffer.alloc(60), echoRq(1))], 'closed', { midstream: true })
    expect(associations(seen)).toMatchObject([{ operations: { echo: 1 }, violations: [] }])
  })
})
