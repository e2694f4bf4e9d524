import { describe, expect, test } from 'vitest'
import { CR, FS, framed, hllp, message, SECOND, sumOf, Talk, VT } from './conversation.ts'

const A = message({ id: 'A' })
const B = message({ id: 'B' })

/** Control ids with framing deviations. */
const heard = (talk: Talk): readonly (readonly [string | undefined, readonly string[]])[] =>
  talk.messages.map(({ controlId, framingDeviations }) => [controlId, framingDeviations])

describe('MLLP framing', () => {
  test.each([
    [
      'as it should be',
      `${framed(A)}${framed(B)}`,
      [
        ['A', []],
        ['B', []],
      ],
    ],
    [
      'without CR behind FS',
      `${VT}${A}${FS}${VT}${B}${FS}`,
      [
        ['A', ['missing_trailing_cr']],
        ['B', ['missing_trailing_cr']],
      ],
    ],
    [
      'with LF behind FS',
      `${VT}${A}${FS}\n${framed(B)}`,
      [
        ['A', ['missing_trailing_cr']],
        ['B', []],
      ],
    ],
    [
      'with line ends between blocks',
      `\r\n${framed(A)}\r\n\0${framed(B)}`,
      [
        ['A', []],
        ['B', []],
      ],
    ],
    [
      'with other bytes between blocks',
      `${framed(A)}junk${framed(B)}`,
      [
        ['A', []],
        ['B', ['junk_between_frames']],
      ],
    ],
    [
      'without end before the next start',
      `${VT}${A}${framed(B)}`,
      [
        ['A', ['missing_end_block']],
        ['B', []],
      ],
    ],
    [
      'without start',
      `${A}${FS}${CR}${framed(B)}`,
      [
        ['A', ['missing_start_block']],
        ['B', []],
      ],
    ],
    [
      'without start behind a block',
      `${framed(A)}${B}${FS}${CR}`,
      [
        ['A', []],
        ['B', ['missing_start_block']],
      ],
    ],
    [
      'without any',
      `${A}${B}`,
      [
        ['A', ['unframed']],
        ['B', ['unframed']],
      ],
    ],
    ['with two starts', `${VT}${framed(A)}`, [['A', []]]],
    ['with an empty block', `${framed('')}${framed(A)}`, [['A', []]]],
    [
      'with two messages in a block',
      framed(`${A}${B}`),
      [
        ['A', []],
        ['B', []],
      ],
    ],
    [
      'with a batch in a block',
      framed(`FHS|^~\\&|X\rBHS|^~\\&|X\r${A}${B}BTS|2\rFTS|1\r`),
      [
        ['A', []],
        ['B', []],
      ],
    ],
    ['with a last segment without its CR', framed(A.slice(0, -1)), [['A', []]]],
    ['with LF for CR', framed(A.replaceAll('\r', '\n')), [['A', ['lf_delimiters']]]],
    ['with CR LF for CR', framed(A.replaceAll('\r', '\r\n')), [['A', ['crlf_delimiters']]]],
    ['as HLLP', framed(hllp(A)), [['A', ['hllp']]]],
    ['as HLLP whose sender does not sum up', framed(hllp(A, undefined, 999)), [['A', ['hllp']]]],
    ['as HLLP of another length', framed(hllp(A, A.length)), [['A', ['hllp', 'hllp_size_mismatch']]]],
    ['as HLLP with another sum', framed(hllp(A, undefined, sumOf(A) ^ 1)), [['A', ['hllp', 'hllp_checksum_mismatch']]]],
  ] as const)('%s', (_, bytes, expected) => expect(heard(new Talk().client(bytes).end())).toEqual(expected))

  test('in single bytes is the same', () => {
    const bytes = `${framed(A)}xx${VT}${B}${FS}`
    expect(heard(new Talk().client(...bytes).end())).toEqual(heard(new Talk().client(bytes).end()))
  })

  test('unframed: silence ends a message, five seconds of it', () => {
    const talk = new Talk().client(A).wait(4 * SECOND)
    expect(heard(talk)).toEqual([])
    expect(
      heard(
        talk
          .wait(2 * SECOND)
          .client(B)
          .end(),
      ),
    ).toEqual([
      ['A', ['unframed']],
      ['B', ['unframed']],
    ])
  })

  test('without end: silence as long as an acknowledgment may take ends a block', () => {
    const talk = new Talk().client(`${VT}${A}`).wait(50 * SECOND)
    expect(talk.wait(20 * SECOND).wait(80 * SECOND).messages).toMatchObject([{ controlId: 'A', framingDeviations: ['missing_end_block'] }])
  })

  test('that needs more than the limit: the message is cut, and the next is whole', () => {
    const long = message({ id: 'LONG', segments: [`NTE|1||${'x'.repeat(100_000)}`] })
    const talk = new Talk({}, { max_message_bytes: 65_536 }).client(framed(long), framed(B)).end()
    expect(talk.messages).toMatchObject([
      { controlId: 'LONG', partial: ['truncated'], violations: ['message_exceeds_limit'], bytes: 65_536 },
      { controlId: 'B', partial: [], violations: [] },
    ])
  })
})

describe('a view of a connection', () => {
  test('that lost bytes goes on with the next block', () => {
    const [first, rest] = [framed(A).slice(0, 40), framed(A).slice(60)]
    const talk = new Talk().client(first).lose(0, 20).client(rest, framed(B)).end()
    expect(talk.messages).toMatchObject([{ controlId: 'B', partial: ['gap'], framingDeviations: [] }])
  })

  test('that begins in a message goes on with the next one', () => {
    const talk = new Talk({ midstream: true }).client(framed(A).slice(33), framed(B)).end()
    expect(talk.messages).toMatchObject([{ controlId: 'B', partial: ['midstream'], framingDeviations: [] }])
  })

  test.each([
    ['in the middle of a line', 'PID|1||42^^^MSHospital^MR||WWPHI^MSHAW^JANE||19110213|F\r'],
    ['at the beginning of a line', 'NTE|1\rMSH was seen by WWPHI\r'],
  ])('that begins in a message does not take its text for a header: MSH %s', (_, text) => {
    const midstream = new Talk({ midstream: true })
    for (const talk of [midstream, new Talk().client(framed(A)).lose(0, 10)]) {
      const heardOf = talk.client(`${text}${FS}${CR}`, framed(B)).end().observations
      expect(JSON.stringify(heardOf)).not.toMatch(/WWPHI|JANE/)
      expect(heard(talk).map(([controlId]) => controlId)).toEqual(talk === midstream ? ['B'] : ['A', 'B'])
    }
  })

  test('of a block with text before its message finds the message', () => {
    expect(heard(new Talk().client(framed(`MSH is no header\r${A}`)).end())).toEqual([['A', []]])
  })
})
