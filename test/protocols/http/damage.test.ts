import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { http } from '../../../src/protocols/http/index.ts'
import type { HttpSettings } from '../../../src/protocols/http/settings.ts'
import { below, forSeconds, generator, mutated, pick, type Random } from '../../fuzz/mutate.ts'
import { sampleFlow } from '../../normalize/samples.ts'
import { conversations, type Happening } from '../replay.ts'
import { answer, DICOM_JSON, get, head, SETTINGS } from './conversation.ts'

const SECONDS = Number(process.env['WARDWIRE_FUZZ_SECONDS'] ?? 4)
const SEED = Number(process.env['WARDWIRE_FUZZ_SEED'] ?? Date.now() >>> 0)
const RECORDED = join(import.meta.dirname, '..', '..', 'captures', 'recorded')

/** Limits that damaged input hits all the time. */
const TIGHT: HttpSettings = { ...SETTINGS, max_head_bytes: 300, max_body_bytes: 400, max_pending_requests: 2 }

/** What was said on a connection, the bytes between two turns in one piece; and what no recording holds. */
const corpus: (readonly Happening[])[] = [
  said(asking('Content-Length: 500'), 'A'.repeat(500)),
  said(asking('Transfer-Encoding: chunked'), ''),
]

function asking(length: string): string {
  return head(`POST /studies HTTP/1.1`, 'Expect: 100-continue', 'Content-Type: application/dicom', length)
}

/** A client that asks whether it should send a body, is refused, and sends it or not; then it asks again and sends. */
function said(asks: string, body: string): readonly Happening[] {
  const refused = answer(401, 'text/plain', 'no')
  const turns = [
    asks,
    refused,
    `${body}${get('/studies?PatientID=1')}`,
    answer(200, DICOM_JSON, '[]'),
    asks,
    'HTTP/1.1 100 Continue\r\n\r\n',
  ]
  const data = turns.map((turn, index): Happening => {
    const bytes = Buffer.from(turn as string, 'latin1')
    return { kind: 'data', direction: index % 2 === 0 ? 0 : 1, bytes, time: 1000 * (index + 1) }
  })
  return [...data, { kind: 'ended', end: 'closed', time: 9000 }]
}

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

function decode(happenings: readonly Happening[], settings: HttpSettings, midstream: boolean, size: () => number): readonly unknown[] {
  const told: unknown[] = []
  const decoder = http(settings, policy => told.push(policy)).open({
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
        const heard = turns(damaged(random))
        const midstream = random() < 0.3
        const settings = pick(random, [SETTINGS, TIGHT])
        const whole = decode(heard, settings, midstream, () => Number.POSITIVE_INFINITY)
        const longest = pick(random, [1, 3, 50, 1460, 9000])
        expect(
          decode(heard, settings, midstream, () => 1 + below(random, longest)),
          `seed ${SEED}`,
        ).toEqual(whole)
      })
      expect(runs).toBeGreaterThan(0)
    },
    SECONDS * 2000 + 60_000,
  )
})
