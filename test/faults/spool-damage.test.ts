import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batches, idOf, MEBI, readIds, spool } from '../queue/samples.ts'

/** A queue with several pages of everything; 20 batches of 100 events. */
const EVENTS = 2000
const ROUNDS = 150

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwire-damage-'))
  const queue = spool(join(directory, 'whole'), { outputs: ['siem', 'file'] })
  for (let first = 0; first < EVENTS; first += 100) queue.append(batches(100, { first, bytes: 600 }))
  const [letter] = queue.read(0, 1, MEBI)
  queue.deadLetter('siem', letter, 'refused')
  queue.acknowledge('file', 50)
  queue.close()
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const whole = (): string => join(directory, 'whole', 'queue.sqlite')

/** Deterministic numbers, so that a failure can be repeated. */
function random(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return seed / 2 ** 32
  }
}

/** Open the damaged copy: every event is either delivered as it was, in order, or counted; and the queue goes on. */
function expectMended(name: string, spoil: (path: string) => void): void {
  const folder = join(directory, name)
  mkdirSync(folder)
  const path = join(folder, 'queue.sqlite')
  copyFileSync(whole(), path)
  spoil(path)
  const queue = spool(folder, { outputs: ['siem', 'file'] })
  const read = readIds(queue, queue.cursor('siem'))
  const numbers = read.map(id => Number.parseInt(id, 16))
  expect(numbers, name).toEqual([...new Set(numbers)].sort((one, other) => one - other))
  expect(
    numbers.every(number => number < EVENTS),
    name,
  ).toBe(true)
  const lost = queue.losses().reduce((sum, { events }) => sum + events, 0)
  if (read.length < EVENTS) expect(lost, name).toBeGreaterThan(0)
  if (lost > 1) expect(read.length + lost, name).toBeGreaterThanOrEqual(EVENTS)
  const before = queue.end
  expect(queue.append(batches(3, { first: EVENTS })), name).toBe('stored')
  expect(readIds(queue, before), name).toEqual([EVENTS, EVENTS + 1, EVENTS + 2].map(idOf))
  queue.close()
  rmSync(folder, { recursive: true })
}

describe('a damaged queue file', () => {
  test('with any one bit flipped opens, delivers what is intact and counts the rest', () => {
    const next = random(1)
    const { size } = statSync(whole())
    for (let round = 0; round < ROUNDS; round++) {
      // Half of the flips hit the first pages, where the structure is.
      const offset = Math.floor(next() * (round % 2 === 0 ? size : 8 * 16_384))
      const bit = Math.floor(next() * 8)
      expectMended(`bit ${bit} of byte ${offset}`, path => flip(path, offset, bit))
    }
  })

  test('cut short anywhere opens, delivers what is intact and counts the rest', () => {
    const next = random(2)
    const { size } = statSync(whole())
    for (let round = 0; round < 40; round++) {
      const length = Math.floor(next() * size)
      expectMended(`cut to ${length}`, path => truncateSync(path, length))
    }
  })

  test('with a page of zeros opens, delivers what is intact and counts the rest', () => {
    const pages = statSync(whole()).size / 16_384
    for (let page = 0; page < Math.min(pages, 40); page++)
      expectMended(`page ${page}`, path => overwrite(path, page * 16_384, Buffer.alloc(16_384)))
  })
})

describe('a damaged journal', () => {
  test('with any one bit flipped opens, delivers what stands before it, and says that something is lost', () => {
    const folder = join(directory, 'live')
    const live = spool(folder)
    for (let first = 0; first < EVENTS; first += 100) live.append(batches(100, { first, bytes: 600 }))
    const journal = readFileSync(join(folder, 'queue.sqlite-wal'))
    const file = readFileSync(join(folder, 'queue.sqlite'))
    live.close()
    const next = random(3)
    for (let round = 0; round < ROUNDS; round++) {
      // Some flips hit the header, and the header of the first frame. Not the last frame: with other salts it looks like an older one.
      const offset = Math.floor(next() * (round % 4 === 0 ? 56 : journal.length - 16_384 - 24))
      const name = `journal byte ${offset}`
      const copy = join(directory, name)
      mkdirSync(copy)
      writeFileSync(join(copy, 'queue.sqlite'), file)
      const damaged = Buffer.from(journal)
      damaged[offset] ^= 1 << Math.floor(next() * 8)
      writeFileSync(join(copy, 'queue.sqlite-wal'), damaged)
      const queue = spool(copy)
      const read = readIds(queue)
      expect(read, name).toEqual(Array.from({ length: read.length }, (_, index) => idOf(index)))
      const lost = queue.losses().reduce((sum, { events }) => sum + events, 0)
      if (read.length < EVENTS) expect(lost, name).toBeGreaterThan(0)
      expect(queue.append(batches(1, { first: EVENTS })), name).toBe('stored')
      queue.close()
      rmSync(copy, { recursive: true })
    }
  })

  test('a whole one is taken as whole, also when an older one is left in the file behind it', () => {
    const folder = join(directory, 'older')
    const live = spool(folder)
    for (let first = 0; first < 20_000; first += 500) live.append(batches(500, { first, bytes: 1500 }))
    for (let copies = 0; copies < 40; copies++) {
      live.append(batches(10, { first: 20_000 + copies * 10 }))
      const copy = join(directory, `older-${copies}`)
      mkdirSync(copy)
      for (const name of ['queue.sqlite', 'queue.sqlite-wal']) copyFileSync(join(folder, name), join(copy, name))
      const queue = spool(copy)
      expect(queue.statistics()).toMatchObject({ events: 20_010 + copies * 10, quarantined: 0, lost: { corrupt: 0 } })
      queue.close()
      rmSync(copy, { recursive: true })
    }
    live.close()
  })
})

function flip(path: string, offset: number, bit: number): void {
  const byte = readFileSync(path)[offset]
  overwrite(path, offset, Buffer.from([byte ^ (1 << bit)]))
}

function overwrite(path: string, offset: number, bytes: Buffer): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, offset)
  closeSync(file)
}
