import { describe, expect, test } from 'vitest'
import type { OverloadPolicy } from '../../../src/protocols/overload.ts'
import { associations, client, converse, operations, server, stores } from './conversation.ts'
import { closing, ECHO, findRq, findRsp, imageElements, opening, STORE, storeRq, storeRsp } from './dialogues.ts'
import { associateAc, associateRq, pData, pdv } from './encode.ts'

type Steps = Parameters<typeof converse>[0]

/** Converse with limits smaller than anybody would configure, and count what gave way. */
function overloaded(steps: Steps, settings: NonNullable<NonNullable<Parameters<typeof converse>[3]>['settings']>) {
  const hits: OverloadPolicy[] = []
  const seen = converse(steps, 'closed', {}, { settings, onOverload: policy => hits.push(policy) })
  return { seen, hits }
}

const content = Buffer.concat(imageElements(Buffer.alloc(6000)))
const ids = [5, 7, 9, 11]
const contexts = ids.map(id => ({ ...STORE, id }))
const negotiated = [client(associateRq({ contexts })), server(associateAc({ contexts }))]
const answers = server(...ids.map(id => storeRsp(id, 0, id)))

describe('the buffer of an association', () => {
  /** Data sets of four contexts in turns, all of them under way at once. */
  const interleaved = [
    ...ids.map(id => client(storeRq(id, `1.2.${id}`, id), pData(pdv(id, 0, content.subarray(0, 3000))))),
    ...ids.map(id => client(pData(pdv(id, 2, content.subarray(3000))))),
    answers,
  ]

  test('holds what is under way in all contexts', () => {
    const { seen, hits } = overloaded([...negotiated, ...interleaved, ...closing], {})
    expect([hits, stores(seen)[0]]).toMatchObject([[], { instances: 4, pixelBytes: 24_000 }])
  })

  test('is as large as it may be: what does not fit is counted, and the association says so', () => {
    const { seen, hits } = overloaded([...negotiated, ...interleaved, ...closing], { association_buffer_bytes: 12_000 })
    expect(new Set(hits)).toEqual(new Set(['dicom_association_buffer']))
    expect(associations(seen)).toMatchObject([{ ending: 'released', partial: ['limit'] }])
    expect(stores(seen)).toMatchObject([{ instances: 4, outcome: 'success' }])
    expect(stores(seen)[0].pixelBytes).toBeLessThan(24_000)
  })

  test('is free again after each message', () => {
    const one = (id: number) => [client(storeRq(id, `1.2.${id}`, id), pData(pdv(id, 2, content))), server(storeRsp(id, 0, id))]
    const { seen, hits } = overloaded([...negotiated, ...ids.flatMap(one), ...ids.flatMap(one), ...closing], {
      association_buffer_bytes: 12_000,
    })
    expect([hits, stores(seen)[0]]).toMatchObject([[], { instances: 8, pixelBytes: 48_000, partial: [] }])
  })

  test('has no room for a command: it is passed over', () => {
    const long = pData(pdv(1, 1, Buffer.alloc(8000)), pdv(1, 3, Buffer.alloc(8)))
    const { seen, hits } = overloaded([...opening, client(long), ...closing], { association_buffer_bytes: 4000 })
    expect([hits, associations(seen)]).toMatchObject([['dicom_association_buffer'], [{ partial: ['limit'], violations: [] }]])
  })
})

test('an association PDU longer than any that is kept is passed over', () => {
  const request = associateRq({ contexts: Array.from({ length: 100 }, (_, index) => ({ ...ECHO, id: index * 2 + 1 })) })
  const { hits } = overloaded([client(request)], { max_control_pdu_bytes: 1000 })
  expect(hits).toEqual(['dicom_control_pdu'])
})

test('bytes that are lost of what is passed over cost nothing', () => {
  const request = associateRq({ contexts: Array.from({ length: 100 }, (_, index) => ({ ...ECHO, id: index * 2 + 1 })) })
  const [first, second] = [request.subarray(0, 2000), request.subarray(2500)]
  const begin = [client(first), { from: 'client', lost: 500 } as const, client(second)]
  // Nothing in the next request tells it from other bytes: its place does.
  const next = client(associateRq({ called: '\x01\x02', calling: 'CT01', contexts: [ECHO] }))
  const { seen } = overloaded([...begin, next, server(associateAc({ contexts: [ECHO] })), ...closing], { max_control_pdu_bytes: 1000 })
  expect(associations(seen)).toMatchObject([{ ending: 'released', association: { callingAeTitle: 'CT01' }, partial: [], violations: [] }])
})

test('a command longer than any that is kept is passed over, and the next one is read', () => {
  const long = pData(pdv(1, 1, Buffer.alloc(150)), pdv(1, 3, Buffer.alloc(150)))
  const { seen, hits } = overloaded([...opening, client(long, findRq(1)), server(findRsp(1, 0)), ...closing], { max_command_bytes: 200 })
  expect(hits).toEqual(['dicom_command'])
  expect(operations(seen)).toMatchObject([{ messageId: 1, partial: ['limit'] }])
  expect(associations(seen)).toMatchObject([{ ending: 'released', partial: ['limit'], violations: ['command_too_long'] }])
})

test('of more requests than may wait for their answers the oldest is given up', () => {
  const asked = Array.from({ length: 5 }, (_, index) => client(findRq(index + 1)))
  const { seen, hits } = overloaded([...opening, ...asked, server(findRsp(5, 0)), ...closing], { max_pending_operations: 3 })
  expect(hits).toEqual(['dicom_pending_operations', 'dicom_pending_operations'])
  expect(operations(seen).map(({ messageId, partial }) => [messageId, partial])).toEqual([
    [1, ['limit']],
    [2, ['limit']],
    [5, []],
    [3, []],
    [4, []],
  ])
})
