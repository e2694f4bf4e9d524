import Joi from 'joi'
import { describe, expect, test } from 'vitest'
import type { ProbeAnswer } from '../../../src/protocols/decoder.ts'
import { hl7 } from '../../../src/protocols/hl7/index.ts'
import { type Hl7Settings, hl7Schema } from '../../../src/protocols/hl7/settings.ts'
import { sampleFlow } from '../../normalize/samples.ts'
import { acknowledgment, framed, message } from './conversation.ts'

const PROTOCOL = hl7(Joi.attempt({}, hl7Schema) as Hl7Settings)

function probe(text: string, midstream = false): ProbeAnswer {
  const bytes = Buffer.from(text, 'latin1')
  return PROTOCOL.probe(0, bytes, 0, bytes.length, midstream, sampleFlow())
}

describe('HL7 is told by content', () => {
  test.each([
    ['a block', framed(message())],
    ['a short acknowledgment', framed(acknowledgment('AA', '1'))],
    ['line ends, then a block', `\r\n${framed(message())}`],
    ['junk, then a block', `hello${framed(message())}`],
    ['a batch', framed('FHS|^~\\&|A\rBHS|^~\\&|A\r')],
    ['other delimiters', framed('MSH#*+!%#A*B#C\r')],
    ['only two encoding characters', framed('MSH|^~|A|B\r')],
    ['no frame', message()],
    ['HLLP', framed(`D23\r${message()}00123045`)],
    ['a commit block', '\x0b\x06\x1c\r'],
  ])('%s', (_, text) => {
    expect(probe(text)).toBe('match')
    const answers = Array.from({ length: text.length }, (_character, index) => probe(text.slice(0, index + 1)))
    expect(new Set(answers.filter(answer => answer !== 'more'))).toEqual(new Set(['match']))
  })

  test.each([
    ['HTTP', `GET / HTTP/1.1\r\nHost: x\r\n\r\n${'x'.repeat(300)}`],
    ['text about it', `MSHAW was here${'x'.repeat(300)}`],
    ['a block of something else', `\x0bhello world${'x'.repeat(300)}`],
    ['zeros', '\0'.repeat(300)],
  ])('%s is none', (_, text) => expect(probe(text)).toBe('reject'))

  test.each([
    ['a block start in the middle', `^JANE||F\r\x1c\r${framed(message())}`, 'match'],
    ['the beginning of one', '^JANE||F\r\x1c\r\x0bMS', 'more'],
    ['none yet', '^JANE||F\rOBX|1\r', 'more'],
  ] as const)('midstream: %s', (_, text, answer) => expect(probe(text, true)).toBe(answer))
})
