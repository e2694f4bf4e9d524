import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { http } from '../../../src/protocols/http/index.ts'
import { below, forSeconds, generator, mutated, pick, type Random } from '../../fuzz/mutate.ts'
import { sampleFlow } from '../../normalize/samples.ts'
import { conversations, type Happening } from '../replay.ts'
import { SETTINGS } from './conversation.ts'

const SECONDS = Number(process.env['WARDWIRE_FUZZ_SECONDS'] ?? 4)
const SEED = Number(process.env['WARDWIRE_FUZZ_SEED'] ?? Date.now() >>> 0)
const RECORDED = join(import.meta.dirname, '..', '..', 'captures', 'recorded')

/** What was said on a connection, the bytes between two turns in one piece. */
const corpus: (readonly Happening[])[] = []

beforeAll(async () => {
  for (const name of readdirSync(RECORDED).filter(file => /^http-.*\.pcap$/.test(file)))
    for (const { happenings } of await conversations(join(RECORDED, name))) corpus.push(happenings)
})

/** Pieces of one direction in a row become one, so that any split of it has the same times. */
function turns(happenings: readonly Happening[]): readonly Happening[] {
  const joined: Happening[] = []
  for (const happening of happenings) {
    const last = joined.at(-1)
    if (happening.kind === 'data' && last?.kind === 'data' && last.direction === happening.direction)
      joined[joined.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, happening.bytes]) }
    else joined.push(happening)
  }
  return joined
}

function damaged(random: Random): readonly Happening[] {
  const share = pick(random, [0.05, 0.3])
  return pick(random, corpus).flatMap((happening): readonly Happening[] => {
    if (happening.kind !== 'data' || random() > share) return [happening]
    const { direction, time } = happening
    const other = pick(random, pick(random, corpus))
    const bytes = mutated(happening.bytes, random, other.kind === 'data' ? other.bytes : happening.bytes)
    if (random() < 0.5) return [{ ...happening, bytes }]
    return [
      { kind: 'gap', direction, length: 1 + below(random, 3000), time },
      { ...happening, bytes },
    ]
  })
}

function decode(happenings: readonly Happening[], midstream: boolean, size: () => number): readonly object[] {
  const told: object[] = []
  const decoder = http(SETTINGS).open({
    flow: sampleFlow({ midstream }),
    emit: ({ flow: _, ...observation }) => told.push(observation),
    pseudonym: (kind, value) => `${kind} ${value.length}`,
  })
  for (const happening of happenings) {
    if (happening.kind === 'gap') decoder.gap(happening.direction, happening.length, happening.time)
    if (happening.kind === 'halfClosed') decoder.halfClosed(happening.direction, happening.time)
    if (happening.kind === 'ended') decoder.end(happening.end, happening.time)
    if (happening.kind !== 'data') continue
    const { direction, bytes, time } = happening
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(size(), bytes.length - at)
      decoder.data(direction, bytes, at, length, time)
      at += length
    }
  }
  return told
}

describe('damaged conversations', () => {
  test(
    'give the same in any pieces',
    async () => {
      const random = generator(SEED)
      const runs = await forSeconds(SECONDS, () => {
        const said = turns(damaged(random))
        const midstream = random() < 0.3
        const whole = decode(said, midstream, () => Number.POSITIVE_INFINITY)
        const longest = pick(random, [1, 3, 50, 1460, 9000])
        expect(
          decode(said, midstream, () => 1 + below(random, longest)),
          `seed ${SEED}`,
        ).toEqual(whole)
      })
      expect(runs).toBeGreaterThan(0)
    },
    SECONDS * 2000 + 60_000,
  )
})
