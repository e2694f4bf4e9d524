import { describe, expect, test } from 'vitest'
import { http, http2 } from '../../../src/protocols/http/index.ts'
import { sampleFlow } from '../../normalize/samples.ts'
import { SETTINGS } from './conversation.ts'

const protocol = http(SETTINGS)

function probe(text: string, midstream = false): string {
  const bytes = Buffer.from(`##${text}`, 'latin1')
  return protocol.probe(0, bytes, 2, text.length, midstream, sampleFlow())
}

describe('the preface of HTTP/2', () => {
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
  const probed = (text: string, midstream = false): string =>
    http2().probe(0, Buffer.from(`##${text}`, 'latin1'), 2, text.length, midstream, sampleFlow())

  test('is known by all of its bytes', () => {
    for (let length = 0; length < preface.length; length++) expect(probed(preface.slice(0, length))).toBe('more')
    expect([probed(preface), probed(`${preface}\0\0\0\x04`)]).toEqual(['match', 'match'])
  })

  test.each(['PRI * HTTP/2.0\r\n\r\nXM', 'GET / HTTP/1.1\r\n', 'PRINT'])('%j is none', text => expect(probed(text)).toBe('reject'))

  test('is not looked for midstream', () => expect(probed(preface, true)).toBe('reject'))
})

describe('a start line', () => {
  test.each([
    ['GET / HTTP/1.1\r\nHost: a', 'match'],
    ['POST /x y HTTP/1.0\n', 'match'],
    ['BREW coffee://pot HTTP/1.1\r\n', 'match'],
    ['HTTP/1.1 200 OK\r\n', 'match'],
    ['HTTP/1.0 404\n', 'match'],
    ['', 'more'],
    ['G', 'more'],
    ['GET', 'more'],
    ['GET ', 'more'],
    ['GET /index', 'more'],
    ['GET / HTTP/1.1\r', 'more'],
    ['HTT', 'more'],
    ['HTTP/', 'more'],
    ['HTTP/1.1 20', 'more'],
    [`GET /${'x'.repeat(1000)}`, 'match'],
    ['GET /\r\n', 'reject'],
    ['GET / HTTP/2.0\r\n', 'reject'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'reject'],
    ['OPTIONS sip:a@b SIP/2.0\r\n', 'reject'],
    ['SSH-2.0-OpenSSH_9\r\n', 'reject'],
    ['HTTP/2 200\r\n', 'reject'],
    ['HTTPS', 'more'],
    ['\x16\x03\x01\x02\x00', 'reject'],
    ['\x01\x00\x00\x00\x00\xcd', 'reject'],
    ['\x0bMSH|^~\\&|', 'reject'],
    ['USER anonymous\r\n', 'reject'],
  ])('%j: %s', (text, expected) => expect(probe(text)).toBe(expected))

  test.each([
    'GET /a HTTP/1.1\r\nHost: a\r\n',
    'HTTP/1.1 200 OK\r\n',
    'USER anonymous\r\nPASS x\r\n',
    `GET /${'x'.repeat(2000)} NOTHTTP\r\n`,
  ])('any beginning of %j leads to the same answer', text => {
    const answers = Array.from({ length: text.length }, (_, index) => probe(text.slice(0, index + 1))).filter(answer => answer !== 'more')
    expect(new Set(answers).size).toBe(1)
  })

  test.each([
    ['end of a body\r\nGET / HTTP/1.1\r\n', 'match'],
    ['{"a":1}HTTP/1.1 200 OK\r\nServer: a\r\n', 'match'],
    ['GET / HTTP/1.1', 'more'],
    ['nothing of the kind\r\n', 'more'],
  ])('midstream, %j: %s', (text, expected) => expect(probe(text, true)).toBe(expected))
})
