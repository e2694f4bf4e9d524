import { describe, expect, test } from 'vitest'
import type { Direction } from '../../../src/net/flow.ts'
import type { ProbeAnswer } from '../../../src/protocols/decoder.ts'
import { tls } from '../../../src/protocols/tls/index.ts'
import { sampleFlow } from '../../normalize/samples.ts'
import { clientHello, record, SETTINGS } from './peers.ts'

const CLIENT_HELLO = record(22, clientHello({ cipherSuites: [0x1301, 0xc02f] }), 0x0301)
const SERVER_HELLO = record(22, Uint8Array.from(clientHello({ cipherSuites: [0x1301] })).fill(2, 0, 1))
const DATA = record(23, new Uint8Array(40))
const TWO_RECORDS = Buffer.concat([DATA, DATA])
/** CLIENT-HELLO of SSL 2.0 that offers TLS 1.0 (RFC 5246 appendix E.2). */
const SSL2_HELLO = Buffer.from('802e01030100150000001000000a0700c0000004', 'hex')

const flow = sampleFlow()
const probe = (bytes: Uint8Array, direction: Direction, midstream = false): ProbeAnswer =>
  tls(SETTINGS).probe(direction, bytes, 0, bytes.length, midstream, flow)

/** What the first bytes say, up to the answer that is given on all of them. */
function answers(bytes: Uint8Array, direction: Direction, midstream = false): readonly ProbeAnswer[] {
  return Array.from({ length: bytes.length }, (_, index) => probe(bytes.subarray(0, index + 1), direction, midstream))
}

describe('TLS is told by content', () => {
  test.each([
    ['the hello of the client', CLIENT_HELLO, 0, 'match'],
    ['the hello of the server', SERVER_HELLO, 1, 'match'],
    ['the hello of the client from the server', CLIENT_HELLO, 1, 'reject'],
    ['the hello of the server from the client', SERVER_HELLO, 0, 'reject'],
    ['a hello in fragments of one byte', record(22, Uint8Array.of(1)), 0, 'match'],
    ['the hello of SSL 2.0', SSL2_HELLO, 0, 'reject'],
    ['application data', TWO_RECORDS, 0, 'reject'],
    ['an alert', record(21, Uint8Array.of(2, 40)), 1, 'reject'],
    ['an A-ASSOCIATE-RQ', Buffer.from('01000000010000010000', 'hex'), 0, 'reject'],
    ['a block of HL7', Buffer.from('\x0bMSH|^~\\&|A|B'), 0, 'reject'],
    ['a record longer than any', Buffer.from('160301ffff0100', 'hex'), 0, 'reject'],
    ['a hello too short to be one', record(22, Uint8Array.of(1, 0, 0, 9, 3, 3)), 0, 'reject'],
    ['a hello of 16 MB', record(22, Uint8Array.of(1, 0xff, 0, 0, 3, 3)), 0, 'reject'],
    ['nothing', Buffer.alloc(0), 0, 'more'],
  ] as const)('%s', (_, bytes, direction, answer) => expect(probe(bytes, direction)).toBe(answer))

  test.each([
    ['two records in a row', TWO_RECORDS, 'match'],
    ['two records somewhere', Buffer.concat([Buffer.alloc(333, 0x17), TWO_RECORDS]), 'match'],
    ['one record', DATA, 'more'],
    ['a record and the beginning of another', TWO_RECORDS.subarray(0, DATA.length + 3), 'more'],
    ['a record and something else', Buffer.concat([DATA, Buffer.from('GET / HTTP/1.1')]), 'reject'],
    ['a hello alone', CLIENT_HELLO, 'match'],
    ['text', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'reject'],
  ] as const)('midstream: %s', (_, bytes, answer) => {
    expect(probe(bytes, 0, true)).toBe(answer)
    expect(probe(bytes, 1, true)).toBe(answer)
  })

  test.each([
    ['hello of the client', CLIENT_HELLO, 0, false],
    ['hello of the server', SERVER_HELLO, 1, false],
    ['hello of SSL 2.0', SSL2_HELLO, 0, false],
    ['two records', TWO_RECORDS, 0, true],
  ] as const)('%s: one answer, whatever comes with the first segment', (_, bytes, direction, midstream) => {
    const decided = answers(bytes, direction, midstream).filter(answer => answer !== 'more')
    expect(new Set(decided).size).toBe(1)
  })

  test('on any port', () => {
    for (const serverPort of [443, 2762, 11112, 50_000])
      expect(tls(SETTINGS).probe(0, CLIENT_HELLO, 0, CLIENT_HELLO.length, false, sampleFlow({ serverPort }))).toBe('match')
  })
})
