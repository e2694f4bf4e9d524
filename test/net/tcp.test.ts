import { describe, expect, test } from 'vitest'
import { A, B, Bench, ethernet, FLAG, ipv4, SECOND, type TcpFields, tcp } from './packets.ts'

const CLIENT_PORT = 40_000
const SERVER_PORT = 104
let identification = 0

/** Segments of one connection; sequence numbers count from each side's initial one. */
function peer(address: string, other: string, ports: Pick<TcpFields, 'sourcePort' | 'targetPort'>, own: number, theirs: number) {
  return (flags: number, sequence: number, acknowledgment: number, text = ''): Buffer =>
    ethernet(
      ipv4(tcp(Buffer.from(text), { ...ports, flags, sequence: own + sequence, acknowledgment: theirs + acknowledgment }), {
        source: address,
        target: other,
        id: ++identification,
      }),
    )
}

const client = peer(A, B, { sourcePort: CLIENT_PORT, targetPort: SERVER_PORT }, 1000, 5000)
const server = peer(B, A, { sourcePort: SERVER_PORT, targetPort: CLIENT_PORT }, 5000, 1000)
const { SYN, ACK, FIN, RST } = FLAG

const OPENING = [client(SYN, 0, 0), server(SYN | ACK, 0, 1), client(ACK, 1, 1)]
const CLOSING = [client(FIN | ACK, 6, 7), server(FIN | ACK, 7, 7), client(ACK, 7, 8)]
const DIALOGUE = [client(ACK, 1, 1, 'hello'), server(ACK, 1, 6, 'answer')]

describe('a connection', () => {
  test('is opened, talks, and is closed', () => {
    const bench = new Bench().see(...OPENING, ...DIALOGUE, ...CLOSING)
    expect(bench.told).toEqual([
      { kind: 'data', direction: 0, text: 'hello' },
      { kind: 'data', direction: 1, text: 'answer' },
      { kind: 'halfClosed', direction: 0 },
      { kind: 'halfClosed', direction: 1 },
      { kind: 'ended', end: 'closed' },
    ])
    expect(bench.flows).toMatchObject([
      { clientAddress: A, serverPort: SERVER_PORT, midstream: false, packetsFromClient: 5, packetsFromServer: 3 },
    ])
  })

  test('lingers for its last packets, then is forgotten', () => {
    const bench = new Bench().see(...OPENING, ...DIALOGUE, ...CLOSING, server(ACK, 8, 7))
    expect(bench.flows).toHaveLength(1)
    expect(bench.wait(6 * SECOND).stage.statistics.flows).toBe(0)
    expect(bench.ends()).toEqual(['closed'])
  })

  test('sends the rest of one side after the other has ended', () => {
    const bench = new Bench().see(
      ...OPENING,
      client(FIN | ACK, 1, 1),
      server(ACK, 1, 2, 'much'),
      server(ACK, 5, 2, ' more'),
      server(FIN | ACK, 10, 2),
    )
    expect(bench.stream(1)).toBe('much more')
    expect(bench.ends()).toEqual(['closed'])
  })

  test.each([
    ['by the client', client(RST, 6, 0)],
    ['by the server', server(RST | ACK, 7, 6)],
  ])('is reset %s', (_, reset) => {
    const bench = new Bench().see(...OPENING, ...DIALOGUE, reset, client(ACK, 6, 7, 'late'))
    expect(bench.ends()).toEqual(['reset'])
    expect(bench.stream(0)).toBe('hello')
    expect(bench.flows).toHaveLength(1)
  })

  test('is reset where the reset stands, though the mirror shows it before the bytes in front of it', () => {
    const [last, reset] = [client(ACK, 6, 7, ' again'), client(RST | ACK, 12, 7)]
    const bench = new Bench().see(...OPENING, ...DIALOGUE, reset)
    expect(bench.ends()).toEqual([])
    expect([bench.see(last).ends(), bench.stream(0), bench.gaps(0)]).toEqual([['reset'], 'hello again', []])
  })

  test('is reset behind the end of a side, which takes a number and is no byte', () => {
    const bench = new Bench().see(...OPENING, ...DIALOGUE, client(FIN | ACK, 6, 7), client(RST, 7, 0))
    expect([bench.ends(), bench.gaps(0)]).toEqual([['reset'], []])
  })

  test('is reset behind bytes that never come, once nobody waits for them any more', () => {
    const bench = new Bench().see(...OPENING, ...DIALOGUE, client(RST | ACK, 12, 7))
    expect([bench.wait(6 * SECOND).ends(), bench.gaps(0)]).toEqual([[], []])
    expect([bench.wait(6 * SECOND).ends(), bench.gaps(0)]).toEqual([['reset'], [6]])
    const stopped = new Bench().see(...OPENING, ...DIALOGUE, client(RST | ACK, 12, 7)).finish()
    expect([stopped.ends(), stopped.gaps(0)]).toEqual([['reset'], [6]])
  })

  test('is not reset by a segment from far away', () => {
    const bench = new Bench().see(...OPENING, client(RST, 1 << 26, 0), ...DIALOGUE)
    expect(bench.ends()).toEqual([])
    expect(bench.stream(0)).toBe('hello')
  })

  test('that is refused ends by reset', () => {
    expect(new Bench().see(client(SYN, 0, 0), server(RST | ACK, 0, 1)).ends()).toEqual(['reset'])
  })

  test('is not begun by a reset', () => {
    expect(new Bench().see(client(RST, 5, 0)).flows).toEqual([])
  })

  test('is not closed by a FIN from behind what was seen', () => {
    const bench = new Bench().see(
      ...OPENING,
      ...DIALOGUE,
      client(FIN | ACK, -2000, 7),
      server(FIN | ACK, -100, 6),
      client(ACK, 6, 7, ' again'),
    )
    expect(bench.stream(0)).toBe('hello again')
    expect(bench.ends()).toEqual([])
  })

  test('on the same ports begins a new flow with a new SYN', () => {
    const again = peer(A, B, { sourcePort: CLIENT_PORT, targetPort: SERVER_PORT }, 90_000, 0)
    const running = new Bench().see(...OPENING, ...DIALOGUE, again(SYN, 0, 0))
    expect(running.ends()).toEqual(['superseded'])
    expect(running.flows).toHaveLength(2)
    const closed = new Bench().see(...OPENING, ...DIALOGUE, ...CLOSING, again(SYN, 0, 0))
    expect(closed.ends()).toEqual(['closed'])
    expect(closed.flows).toHaveLength(2)
  })

  test('whose SYN is repeated stays one', () => {
    expect(new Bench().see(client(SYN, 0, 0), client(SYN, 0, 0), ...OPENING, ...DIALOGUE).flows).toHaveLength(1)
  })

  test('whose SYN-ACK comes before its SYN knows who called', () => {
    const [first, second, third] = OPENING
    expect(new Bench().see(second, first, third, ...DIALOGUE).flows).toMatchObject([{ clientAddress: A, midstream: false }])
  })

  test('takes data in the SYN (TCP fast open)', () => {
    const bench = new Bench().see(client(SYN, 0, 0, 'early'), server(SYN | ACK, 0, 6), client(ACK, 6, 1, ' bird'))
    expect(bench.stream(0)).toBe('early bird')
  })

  test('whose server answers twice goes on with the answer that is acknowledged', () => {
    const other = peer(B, A, { sourcePort: SERVER_PORT, targetPort: CLIENT_PORT }, 1_900_000_000, 1000)
    const accepted = peer(A, B, { sourcePort: CLIENT_PORT, targetPort: SERVER_PORT }, 1000, 1_900_000_000)
    const bench = new Bench().see(client(SYN, 0, 0), server(SYN | ACK, 0, 1), other(SYN | ACK, 0, 1), server(SYN | ACK, 0, 1))
    bench.see(accepted(ACK, 1, 1, 'hello'), other(ACK, 1, 6, 'answer'), accepted(ACK, 6, 7)).finish()
    expect([bench.stream(0), bench.stream(1), bench.gaps(1)]).toEqual(['hello', 'answer', []])
  })

  test('ignores urgent keep-alives: a byte that was sent before', () => {
    const bench = new Bench().see(...OPENING, ...DIALOGUE, client(ACK, 5, 7, '\0'), client(ACK, 5, 7), client(ACK, 6, 7, ' again'))
    expect(bench.stream(0)).toBe('hello again')
    expect(bench.flows[0].overlapConflicts).toBe(0)
  })
})

describe('a view of a connection', () => {
  test('that begins in its middle takes the side with the known port for the server', () => {
    const fromServer = new Bench().see(server(ACK, 500, 300, 'middle'), client(ACK, 300, 506, 'next'))
    expect(fromServer.flows).toMatchObject([{ clientAddress: A, serverPort: SERVER_PORT, midstream: true }])
    expect([fromServer.stream(0), fromServer.stream(1)]).toEqual(['next', 'middle'])
    expect(fromServer.gaps(0)).toEqual([])
  })

  test.each([
    ['a known port', 104, 40_000, false, 104],
    ['a port of services', 515, 40_000, false, 515],
    ['two known ports', 11112, 104, true, 104],
    ['a known port below one of services', 11112, 700, false, 11112],
    ['no such port', 50_000, 40_000, true, 40_000],
  ] as const)('that begins in its middle, with %s: %i and %i', (_, sourcePort, targetPort, clientGuessed, serverPort) => {
    const one = peer(A, B, { sourcePort, targetPort }, 1000, 5000)
    const other = peer(B, A, { sourcePort: targetPort, targetPort: sourcePort }, 5000, 1000)
    for (const first of [one, other])
      expect(new Bench().see(first(ACK, 500, 300, 'middle')).flows).toMatchObject([{ midstream: true, clientGuessed, serverPort }])
    expect(new Bench().see(one(SYN, 0, 0)).flows).toMatchObject([{ midstream: false, clientGuessed: false, serverPort: targetPort }])
  })

  test('that begins with the ends of both is over at once', () => {
    const bench = new Bench().see(client(FIN | ACK, 6, 7), server(FIN | ACK, 7, 7), client(ACK, 7, 8))
    expect(bench.ends()).toEqual(['closed'])
    expect(bench.flows).toHaveLength(1)
  })

  test('that lacks the SYN-ACK knows by the acknowledgment where the server begins', () => {
    const [first, , third] = OPENING
    const bench = new Bench().see(first, third, client(ACK, 1, 1, 'hello'), client(ACK, 6, 1), server(ACK, 4, 6, 'wer'), client(ACK, 6, 7))
    expect(bench.wait(6 * SECOND).gaps(1)).toEqual([3])
    expect(bench.flows[0].midstream).toBe(false)
  })

  test('of one side only has no gaps, and ends with that side', () => {
    const bench = new Bench().see(OPENING[0], OPENING[2], DIALOGUE[0], CLOSING[0])
    expect(bench.told).toEqual([
      { kind: 'data', direction: 0, text: 'hello' },
      { kind: 'halfClosed', direction: 0 },
      { kind: 'ended', end: 'closed' },
    ])
    expect(bench.stage.statistics.inferredLostBytes).toBe(0)
  })

  test('of the server only', () => {
    const bench = new Bench().see(OPENING[1], DIALOGUE[1], CLOSING[1])
    expect(bench.flows).toMatchObject([{ clientAddress: A, packetsFromClient: 0, midstream: false }])
    expect(bench.stream(1)).toBe('answer')
    expect(bench.ends()).toEqual(['closed'])
  })

  test('that shows every packet twice counts it once', () => {
    const frames = [...OPENING, ...DIALOGUE, ...CLOSING].flatMap(frame => [frame, frame])
    const bench = new Bench().see(...frames)
    expect([bench.stream(0), bench.stream(1), bench.ends()]).toEqual(['hello', 'answer', ['closed']])
    expect(bench.stage.statistics).toMatchObject({ duplicates: 8, retransmits: 0 })
    expect(bench.flows).toMatchObject([{ packetsFromClient: 5, packetsFromServer: 3 }])
  })

  test('that lost the last data of a side tells the gap when its end is acknowledged', () => {
    const bench = new Bench().see(
      ...OPENING,
      client(ACK, 1, 1, 'hello'),
      client(FIN | ACK, 9, 1),
      server(FIN | ACK, 1, 10),
      client(ACK, 10, 2),
    )
    expect(bench.ends()).toEqual([])
    bench.wait(6 * SECOND)
    expect([bench.stream(0), bench.gaps(0), bench.ends()]).toEqual(['hello', [3], ['closed']])
    expect(bench.stage.statistics.inferredLostBytes).toBe(3)
  })

  test('that lost the last data and ends there is closed all the same', () => {
    const frames = [...OPENING, client(ACK, 1, 1, 'hello'), client(FIN | ACK, 9, 1), server(FIN | ACK, 1, 10), client(ACK, 10, 2)]
    const bench = new Bench().see(...frames).finish()
    expect([bench.gaps(0), bench.ends()]).toEqual([[3], ['closed']])
  })

  test('that has the end before the data closes when the data is there', () => {
    const bench = new Bench().see(...OPENING, client(FIN | ACK, 6, 1), client(ACK, 1, 1, 'hello'), server(FIN | ACK, 1, 7))
    expect([bench.stream(0), bench.gaps(0), bench.ends()]).toEqual(['hello', [], ['closed']])
  })

  test('whose capture cut the segments tells what is missing of each', () => {
    const frame = client(ACK, 1, 1, 'hello')
    const bench = new Bench()
      .see(...OPENING)
      .seeCut(frame, frame.length - 2)
      .see(client(ACK, 6, 1, ' you'))
    expect(bench.told).toEqual([
      { kind: 'data', direction: 0, text: 'hel' },
      { kind: 'gap', direction: 0, length: 2 },
      { kind: 'data', direction: 0, text: ' you' },
    ])
    expect(bench.flows[0].gapBytesFromClient).toBe(2)
  })
})
