import { describe, expect, test } from 'vitest'
import { Cursor } from '../../../src/bytes/cursor.ts'
import { addressOf, readDnsMessage, readName } from '../../../src/protocols/dns/message.ts'
import { bytes, hex, word } from '../datagrams.ts'

const HEADER = word(0x1234, 0x8400, 1, 1, 0, 1)
const NAME = bytes(2, 'ct', 5, 'local', 0)
const POINTER = word(0xc00c)
const QUESTION = bytes(NAME, word(1, 1))
const A = bytes(POINTER, word(1, 0x8001, 0, 120, 4), Buffer.of(10, 0, 0, 5))
const AAAA = bytes(POINTER, word(28, 0x8001, 0, 120, 16), hex('fe80000000000000 0000000000000005'))
const MESSAGE = bytes(HEADER, QUESTION, A, AAAA)
const read = (message: Uint8Array) => readDnsMessage(bytes('xx', message), 2, message.length)

describe('DNS messages', () => {
  test('header, question and records with compressed names', () => {
    const message = read(MESSAGE)
    expect(message).toMatchObject({ isResponse: true, opcode: 0, responseCode: 0, questions: [{ name: 'ct.local', type: 1 }] })
    expect(message?.answers.map(record => [record.name, addressOf(record)])).toEqual([['ct.local', '10.0.0.5']])
    expect(message?.additionals.map(record => [record.name, addressOf(record)])).toEqual([['ct.local', 'fe80::5']])
  })

  test('truncated anywhere is none', () => {
    for (let length = 0; length < MESSAGE.length; length++) expect(read(MESSAGE.subarray(0, length))).toBeUndefined()
  })

  test('more records than anybody sends are none', () => {
    expect(read(word(0, 0x8400, 0xffff, 0xffff, 0, 0))).toBeUndefined()
  })

  test.each([
    ['points to itself', bytes(word(0xc000))],
    ['points forward', bytes(word(0xc004), 0, 0, 1, 'a', 0)],
    ['has a label of the reserved kind', bytes(0x40, 'a', 0)],
    ['is longer than 255 bytes', bytes(...Array.from({ length: 5 }, () => bytes(60, 'a'.repeat(60))), 0)],
    ['ends early', bytes(5, 'ab')],
    ['is nothing', Buffer.alloc(0)],
  ])('a name that %s is none', (_, name) => expect(readName(new Cursor(name), 0)).toBeUndefined())

  test('pointers that chase each other end', () => {
    const message = bytes(word(0xc002), word(0xc000))
    expect(readName(new Cursor(message, 2), 0)).toBeUndefined()
  })
})
