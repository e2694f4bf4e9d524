import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Hl7Message } from '../../../src/protocols/observation.ts'
import { framed, message, Talk } from './conversation.ts'

/** Segments of which messages of one sender are made: some alike, some of which one begins as the other. */
const SEGMENTS = [
  'PID|1||P1^^^HOSP^MR||WWPHI^JANE',
  'PID|1||P22^^^HOSP^MR||WWPHI^JANE',
  'PID|1||P333*4444^^^HOSP^MR',
  'ORC|NW|PLACE1|FILL1',
  'OBR|1|PLACE1|FILL55555|X||||||||||||||ACC1',
  'OBR|1|PLACE666666|FILL1|X',
  'OBX|1||69965^MDC_DEV_MON^MDC|1.0.0.0|||||||X||||||||0009FBFFFE4660A1^^0009FBFFFE4660A1^EUI-64~SN1^^^SERIAL',
  'OBX|1||69965^MDC_DEV_MON^MDC|1.0.0.0|||||||X||||||||SN2^^^SERIAL',
  'OBX|2|ST|531969^MDC_ID_MODEL_NUMBER^MDC|1.0.0.2|MX800',
  'OBX|2|ST|531969^MDC_ID_MODEL_NUMBER^MDC|1.0.0.2|MX700',
  'OBX|3|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4|72',
  'OBX|3|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4|103',
  'PRT|1|UC||EQUIP||||||SN3^^^SERIAL',
  'SFT|Roche|1.2|cobas',
  'SFT|Roche|1.3|cobas',
  'NTE|1|L|note',
  'ZZZ',
  'Z',
] as const
const CHARACTER_SETS = ['', 'UNICODE UTF-8', 'GB 18030-2000', '8859/5']
const TYPES = ['ORU^R01^ORU_R01', 'ORM^O01', 'ADT^A08', 'ORU^R40']
/** Ends of segments, and the first delimiters with which they are written. */
const ENDS = ['\r', '\n', '\r\n']
const DIALECTS = ['|^~\\&', '|*^\\&', '^|~\\&']

const messages = fc.array(
  fc
    .record({
      type: fc.constantFrom(...TYPES),
      charset: fc.constantFrom(...CHARACTER_SETS),
      segments: fc.array(fc.constantFrom(...SEGMENTS), { maxLength: 9 }),
      end: fc.oneof({ weight: 8, arbitrary: fc.constant('\r') }, { weight: 1, arbitrary: fc.constantFrom(...ENDS) }),
      dialect: fc.oneof({ weight: 8, arbitrary: fc.constant(DIALECTS[0]) }, { weight: 1, arbitrary: fc.constantFrom(...DIALECTS) }),
      isCut: fc.integer({ max: 10 }).map(number => number === 10),
    })
    .chain(made => fc.record({ made: fc.constant(made), repeats: fc.integer({ min: 1, max: 4 }) })),
  { minLength: 1, maxLength: 8 },
)

type Made = Readonly<{ type: string; charset: string; segments: readonly string[]; end: string; dialect: string; isCut: boolean }>

function written({ type, charset, segments, end, dialect, isCut }: Made, id: string): string {
  const text = message({ type, charset, id, segments })
    .replace('MSH|^~\\&', 'MSH\x01')
    .replaceAll(/[|^]/g, mark => dialect['|^'.indexOf(mark)])
    .replace('\x01', dialect)
    .replaceAll('\r', end)
  return framed(isCut ? text.slice(0, -7) : text)
}

/** What does not tell when and where the message came. */
function said({ start, end, streamOffset, flow, violations, ...rest }: Hl7Message): object {
  return rest
}

const factsOf = (talks: readonly Talk[]): ReadonlySet<string> =>
  new Set(talks.flatMap(({ identities }) => identities.flatMap(({ facts }) => facts.map(fact => JSON.stringify(fact)))))

describe('messages of one sender', () => {
  test('say what each of them would say alone, whatever came before', () => {
    fc.assert(
      fc.property(messages, list => {
        const texts = list
          .flatMap(({ made, repeats }) => Array.from({ length: repeats }, () => made))
          .map((made, at) => written(made, `M${at}`))
        const together = new Talk().client(...texts).end()
        const alone = texts.map(text => new Talk().client(text).end())
        expect(together.messages.map(said)).toEqual(alone.flatMap(talk => talk.messages.map(said)))
        expect(factsOf([together])).toEqual(factsOf(alone))
      }),
      { numRuns: 400 },
    )
  })

  test('differ in meaning when the header differs, though every other segment is the same', () => {
    const segments = ['PID|1||\xc3\xa9\xc3\xa9', 'PV1|1', 'NTE|1', 'NTE|2']
    const ids = (charset: string, at: number): string => framed(message({ id: `M${at}`, charset, segments }))
    const { messages: read } = new Talk().client(...['8859/1', '8859/1', 'UNICODE UTF-8', 'UNICODE UTF-8'].map(ids)).end()
    expect(read.map(({ identifiers }) => identifiers.patients)).toEqual([['patient 4'], ['patient 4'], ['patient 2'], ['patient 2']])
  })

  test('have more segments than were expected, or fewer', () => {
    const segments = Array.from({ length: 200 }, (_, index) => `OBX|${index}|NM|X^Y|1|5`)
    const sent = [200, 200, 100, 200, 3, 150].map((count, at) => framed(message({ id: `M${at}`, segments: segments.slice(0, count) })))
    const { messages: read } = new Talk().client(...sent).end()
    expect(read.map(({ results }) => results)).toEqual([200, 200, 100, 200, 3, 150])
  })
})

describe('headers of one sender', () => {
  const one = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values)
  const headers = fc.array(
    fc.tuple(
      one('', 'A', 'AB', 'A^00AA^EUI-64'),
      one('', 'F', 'A'),
      one('', '2026', '20260301080000'),
      one('', 'S'),
      one('ADT^A01', 'ORU^R01', ''),
      one('', '1', '12', '123'),
      one('', 'P|2.5', 'P|2.6|||AL'),
    ),
    { minLength: 2, maxLength: 12 },
  )
  const written = ([application, facility, time, security, type, id, rest]: readonly string[]): string =>
    framed(`MSH|^~\\&|${application}|${facility}|R|RF|${time}|${security}|${type}|${id}|${rest}\rPV1|1\r`)

  test('say what each of them would say alone, whatever came before', () => {
    fc.assert(
      fc.property(headers, list => {
        const texts = list.flatMap(fields => [written(fields), written(fields)])
        const alone = texts.map(text => new Talk().client(text).end())
        expect(
          new Talk()
            .client(...texts)
            .end()
            .messages.map(said),
        ).toEqual(alone.flatMap(talk => talk.messages.map(said)))
      }),
      { numRuns: 400 },
    )
  })

  test('that are cut off are read too', () => {
    const texts = ['MSH|^~\\&|A', 'MSH|^~\\&|AB', 'MSH|^~\\&|A|F|R|RF|2026', 'MSH|^~\\&|A|F|R|RF|2026||ADT^A01|7'].map(text =>
      framed(`${text}\r`),
    )
    const { messages: read } = new Talk().client(...texts).end()
    expect(read.map(({ sending, type }) => [sending.application, type])).toEqual([
      ['A', undefined],
      ['AB', undefined],
      ['A', undefined],
      ['A', 'ADT'],
    ])
  })
})

describe('control ids', () => {
  const sent = (...ids: readonly string[]): readonly (readonly string[])[] =>
    new Talk()
      .client(...ids.map(id => framed(message({ id }))))
      .end()
      .messages.map(({ violations }) => violations)
  const REPEATED = ['duplicate_control_id']

  test('that count up are new, and known when they come again', () => {
    expect(sent('8', '9', '10', '11', '9')).toEqual([[], [], [], [], REPEATED])
    expect(sent('A1', 'A2', 'A2', 'A3', 'A1')).toEqual([[], [], REPEATED, [], REPEATED])
  })

  test('in no order are told apart too', () => {
    expect(sent('X', 'B', 'A', 'B', 'C', 'X')).toEqual([[], [], [], REPEATED, [], REPEATED])
  })

  test('are remembered for at least 512 messages', () => {
    const many = Array.from({ length: 600 }, (_, index) => `M${1000 + index}`)
    expect(sent(...many, 'M1100').at(-1)).toEqual(REPEATED)
    expect(sent('Z', ...many, 'M1100').at(-1)).toEqual(REPEATED)
  })
})
