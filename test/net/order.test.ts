import { describe, expect, test } from 'vitest'
import { A, B, Bench, ethernet, FLAG, ipv4, SECOND, type TcpFields, tcp } from './packets.ts'

const { SYN, ACK, FIN } = FLAG
let identification = 0

function peer(source: string, target: string, ports: Pick<TcpFields, 'sourcePort' | 'targetPort'>, own: number, theirs: number) {
  return (flags: number, sequence: number, acknowledgment: number, text = ''): Buffer =>
    ethernet(
      ipv4(tcp(Buffer.from(text), { ...ports, flags, sequence: own + sequence, acknowledgment: theirs + acknowledgment }), {
        source,
        target,
        id: ++identification,
      }),
    )
}

const client = peer(A, B, { sourcePort: 40_000, targetPort: 104 }, 1000, 5000)
const server = peer(B, A, { sourcePort: 104, targetPort: 40_000 }, 5000, 1000)
const OPENING = [client(SYN, 0, 0), server(SYN | ACK, 0, 1), client(ACK, 1, 1)]
/** Three questions of ten bytes and their answers. */
const asked = [1, 11, 21].map((sequence, index) => client(ACK, sequence, sequence, `question ${index + 1}`))
const answered = [1, 11, 21].map((sequence, index) => server(ACK, sequence, sequence + 10, `answer   ${index + 1}`))

const heard = (bench: Bench): readonly string[] =>
  bench.told.flatMap(item => {
    if (item.kind === 'data') return [`${item.direction} ${item.text}`]
    return item.kind === 'gap' ? [`${item.direction} gap ${item.length}`] : []
  })
const DIALOGUE = ['0 question 1', '1 answer   1', '0 question 2', '1 answer   2', '0 question 3', '1 answer   3']

describe('what answers comes after what it answers', () => {
  test.each([
    ['an answer before its question', [answered[0], asked[0], asked[1], answered[1], asked[2], answered[2]]],
    ['every answer before its question', [answered[0], asked[0], answered[1], asked[1], answered[2], asked[2]]],
    ['all answers first', [...answered, ...asked]],
    ['all backwards', [answered[2], asked[2], answered[1], asked[1], answered[0], asked[0]]],
  ])('%s', (_, frames) => {
    expect(heard(new Bench().see(...OPENING, ...frames))).toEqual(DIALOGUE)
  })

  test('a question that the mirror lost is a gap before its answer', () => {
    const bench = new Bench().see(...OPENING, answered[0])
    expect(heard(bench)).toEqual([])
    expect(heard(bench.wait(6 * SECOND))).toEqual(['0 gap 10', '1 answer   1'])
    expect(bench.stage.statistics.inferredLostBytes).toBe(10)
    expect(heard(bench.see(asked[1], answered[1])).slice(2)).toEqual(['0 question 2', '1 answer   2'])
  })

  test('a question that the mirror lost is given up when the dialogue goes on', () => {
    const bench = new Bench().see(...OPENING, answered[0])
    bench.time += 300_000
    expect(heard(bench.see(asked[1], answered[1], asked[2], answered[2]))).toEqual(['0 gap 10', ...DIALOGUE.slice(1)])
  })

  test('at the end of the connection nothing waits', () => {
    expect(heard(new Bench().see(...OPENING, answered[0]).finish())).toEqual(['0 gap 10', '1 answer   1'])
  })

  test('an end before what it acknowledges is the end', () => {
    const bench = new Bench().see(...OPENING, server(FIN | ACK, 11, 11), answered[0], asked[0], client(FIN | ACK, 11, 12))
    expect(bench.told).toEqual([
      { kind: 'data', direction: 0, text: 'question 1' },
      { kind: 'data', direction: 1, text: 'answer   1' },
      { kind: 'halfClosed', direction: 1 },
      { kind: 'halfClosed', direction: 0 },
      { kind: 'ended', end: 'closed' },
    ])
  })

  test('an answer to the end of a side comes after that end', () => {
    const end = client(FIN | ACK, 11, 1)
    const answer = server(ACK, 1, 12, 'goodbye')
    for (const last of [
      [end, answer],
      [answer, end],
    ]) {
      const bench = new Bench().see(...OPENING, asked[0], ...last)
      expect(bench.told.map(item => ('text' in item ? `${item.direction} ${item.text}` : `${item.kind}`))).toEqual([
        '0 question 1',
        'halfClosed',
        '1 goodbye',
      ])
    }
  })

  test('an answer to the end of a side waits for no byte behind it', () => {
    const bench = new Bench().see(...OPENING, asked[0], client(FIN | ACK, 11, 1), server(ACK, 1, 12, 'goodbye'))
    expect(heard(bench)).toEqual(['0 question 1', '1 goodbye'])
  })
})

describe('nothing waits', () => {
  test('for a side that the mirror does not show', () => {
    expect(heard(new Bench().see(OPENING[1], ...answered))).toEqual(['1 answer   1', '1 answer   2', '1 answer   3'])
  })

  test('for bytes that nobody can have sent', () => {
    expect(heard(new Bench().see(...OPENING, server(ACK, 1, 1 << 26, 'answer')))).toEqual(['1 answer'])
  })

  test('for bytes that later packets do not confirm: somebody made them up', () => {
    const bench = new Bench().see(...OPENING, server(ACK, 1, 5000, 'made up'), server(ACK, 8, 1))
    bench.wait(6 * SECOND)
    expect([heard(bench), bench.stage.statistics.inferredLostBytes]).toEqual([['1 made up'], 0])
    expect(heard(bench.see(asked[0]))).toEqual(['1 made up', '0 question 1'])
  })

  test('beyond the limit of what is kept', () => {
    const bench = new Bench({ reassembly_bytes_per_flow: 500 }).see(...OPENING)
    for (let index = 0; index < 5; index++) bench.see(server(ACK, 1 + index * 100, 11, 'x'.repeat(100)))
    expect([heard(bench)[0], bench.stage.statistics.reassemblyLimit]).toEqual(['0 gap 10', 1])
    expect(bench.stream(1)).toHaveLength(500)
  })
})
