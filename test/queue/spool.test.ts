import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { batches, events, idOf, lines, MEBI, readIds, spool } from './samples.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwire-spool-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const ids = (count: number, first = 0): readonly string[] => Array.from({ length: count }, (_, index) => idOf(first + index))
/** 512 events, a little less than half a mebibyte. */
const HALF = { bytes: 900 }

describe('what was stored', () => {
  test('comes back whole and in order after opening again', () => {
    const queue = spool(directory)
    const sent = events(1000)
    expect(queue.append(batches(1000))).toBe('stored')
    queue.close()
    const again = spool(directory)
    const read = again.read(0, 2000, 16 * MEBI)
    expect(read.map(({ id, dataset, time, json }) => ({ id, dataset, time, json }))).toEqual(sent)
    expect(read.map(event => event.position)).toEqual(sent.map((_, index) => index + 1))
    expect(again.statistics()).toMatchObject({ events: 1000, quarantined: 0 })
    again.close()
  })

  test('is read from any position, bounded in events and bytes, and always at least one event', () => {
    const queue = spool(directory)
    queue.append(batches(600))
    expect(queue.read(510, 5, MEBI).map(event => event.position)).toEqual([511, 512, 513, 514, 515])
    expect(queue.read(0, 100, 1)).toHaveLength(1)
    expect(queue.read(0, 100, 1000).length).toBeLessThan(10)
    expect(queue.read(600, 100, MEBI)).toEqual([])
    queue.close()
  })

  test('is kept until every output has passed it', () => {
    const queue = spool(directory, { outputs: ['siem', 'file'] })
    queue.append(batches(512))
    queue.append(batches(512, { first: 512 }))
    queue.acknowledge('siem', 1024)
    queue.acknowledge('file', 511)
    expect(queue.sync()).toBe(true)
    expect(queue.statistics().events).toBe(1024)
    queue.acknowledge('file', 512)
    queue.sync()
    expect(queue.statistics().events).toBe(512)
    queue.close()
    const again = spool(directory, { outputs: ['siem', 'file'] })
    expect([again.cursor('siem'), again.cursor('file')]).toEqual([1024, 512])
    expect(readIds(again, again.cursor('file'))).toEqual(ids(512, 512))
    again.close()
  })

  test('gets positions that are never used again', () => {
    const queue = spool(directory)
    queue.append(batches(10))
    queue.acknowledge('siem', 10)
    queue.close()
    const again = spool(directory)
    expect(again.statistics().events).toBe(0)
    again.append(batches(1, { first: 10 }))
    expect(again.read(10, 10, MEBI)[0]).toMatchObject({ id: idOf(10), position: 11 })
    again.close()
  })

  test('is for this user alone', () => {
    const folder = join(directory, 'state', 'queue')
    const queue = spool(folder)
    queue.append(batches(1))
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600)
    queue.close()
  })

  test('gives its disk space back once it is delivered', () => {
    const queue = spool(directory, { max_bytes: 200 * MEBI })
    for (let index = 0; index < 80; index++) queue.append(batches(1024, { first: index * 1024, ...HALF }))
    queue.acknowledge('siem', queue.end)
    queue.sync()
    queue.close()
    expect(statSync(join(directory, 'queue.sqlite')).size).toBeLessThan(MEBI)
  })
})

describe('outputs', () => {
  test('a new one starts at the oldest event kept, one that is gone holds nothing back', () => {
    const first = spool(directory, { outputs: ['old'] })
    first.append(batches(100))
    first.acknowledge('old', 60)
    first.close()
    const second = spool(directory, { outputs: ['new'] })
    expect(readIds(second, second.cursor('new'))).toEqual(ids(100))
    second.acknowledge('new', 100)
    second.sync()
    expect(second.statistics().events).toBe(0)
    second.close()
    const third = spool(directory, { outputs: ['old', 'new'] })
    expect([third.cursor('old'), third.cursor('new')]).toEqual([100, 100])
    third.close()
  })

  test('what one refused is kept with the reason', () => {
    const queue = spool(directory)
    queue.append(batches(3))
    const [, poison] = queue.read(0, 3, MEBI)
    queue.deadLetter('siem', poison, 'mapper_parsing_exception')
    queue.acknowledge('siem', 3)
    queue.close()
    const database = new DatabaseSync(join(directory, 'queue.sqlite'))
    const kept = database.prepare('SELECT output, reason, id, dataset, json FROM dead_letter').all()
    expect(kept).toEqual([
      { output: 'siem', reason: 'mapper_parsing_exception', id: idOf(1), dataset: 'wardwire.dicom', json: events(2)[1].json },
    ])
    database.close()
  })
})

describe('a full queue', () => {
  const MAX = { max_bytes: 4 * MEBI }

  test('drops the oldest and counts them', () => {
    const queue = spool(directory, MAX)
    for (let index = 0; index < 12; index++) queue.append(batches(512, { first: index * 512, ...HALF }))
    const { events: kept, bytes, lost } = queue.statistics()
    expect(bytes).toBeLessThanOrEqual(4 * MEBI)
    expect(kept + lost.full).toBe(12 * 512)
    expect(readIds(queue)).toEqual(ids(kept, lost.full))
    queue.close()
  })

  test('drop-newest keeps what it has', () => {
    const queue = spool(directory, { ...MAX, full: 'drop-newest' })
    for (let index = 0; index < 12; index++) expect(queue.append(batches(512, { first: index * 512, ...HALF }))).toBe('stored')
    const { events: kept, lost } = queue.statistics()
    expect(lost.full).toBe(12 * 512 - kept)
    expect(readIds(queue)).toEqual(ids(kept))
    queue.close()
  })

  test('block takes nothing until there is room', () => {
    const queue = spool(directory, { ...MAX, full: 'block' })
    let taken = 0
    while (queue.append(batches(512, { first: taken, ...HALF })) === 'stored') taken += 512
    expect(taken).toBeGreaterThan(512)
    expect(queue.statistics()).toMatchObject({ events: taken, lost: { full: 0 } })
    queue.acknowledge('siem', 1024)
    expect(queue.append(batches(512, { first: taken, ...HALF }))).toBe('stored')
    queue.close()
  })

  test('takes a batch larger than itself when it is empty', () => {
    const queue = spool(directory, { max_bytes: 1000, full: 'block' })
    expect(queue.append(batches(100))).toBe('stored')
    expect(queue.append(batches(100))).toBe('full')
    queue.close()
  })

  test('the floor of free disk space counts as full, but a working set always passes', () => {
    const queue = spool(directory, { max_bytes: 2 ** 40, min_free_bytes: 2 ** 50 })
    for (let index = 0; index < 40; index++) queue.append(batches(512, { first: index * 512, bytes: 2000 }))
    const { bytes, lost } = queue.statistics()
    expect(bytes).toBeGreaterThan(12 * MEBI)
    expect(bytes).toBeLessThanOrEqual(16 * MEBI)
    expect(lost.full).toBeGreaterThan(0)
    queue.close()
  })

  test.each(['drop-oldest', 'drop-newest'] as const)('%s: an alert never gives way to other events', full => {
    const step = fc.record({ alert: fc.boolean(), count: fc.integer({ min: 1, max: 300 }), acknowledge: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const folder = mkdtempSync(join(directory, 'run-'))
        const queue = spool(folder, { max_bytes: MEBI / 4, full, alert_reserve: 0.2 })
        let next = 0
        const expectedAlerts: string[] = []
        for (const { alert, count, acknowledge } of steps) {
          const losses = lostAlerts(queue.losses())
          const few = alert ? Math.ceil(count / 30) : count
          queue.append(batches(few, { first: next, dataset: alert ? 'wardwire.alert' : 'wardwire.flow' }))
          if (alert) expectedAlerts.push(...ids(few, next))
          else expect(lostAlerts(queue.losses())).toBe(losses)
          next += few
          const [head] = queue.read(queue.cursor('siem'), 1, MEBI)
          if (!acknowledge || head === undefined) continue
          queue.acknowledge('siem', head.position)
          if (head.dataset === 'wardwire.alert') expectedAlerts.shift()
        }
        const kept = new Set(readIds(queue, queue.cursor('siem')))
        expect(expectedAlerts.filter(id => !kept.has(id))).toHaveLength(lostAlerts(queue.losses()))
        queue.close()
      }),
      { interruptAfterTimeLimit: 10_000, numRuns: 60 },
    )
  })
})

function lostAlerts(losses: readonly { readonly alerts: number }[]): number {
  return losses.reduce((sum, { alerts }) => sum + alerts, 0)
}

describe('losses', () => {
  test('are remembered over a restart until an event tells of them', () => {
    const queue = spool(directory, { max_bytes: MEBI })
    for (let index = 0; index < 4; index++) queue.append(batches(512, { first: index * 512, ...HALF }))
    const losses = queue.losses()
    expect(losses).toEqual([{ reason: 'full', events: expect.any(Number), alerts: 0 }])
    queue.close()
    const again = spool(directory, { max_bytes: MEBI })
    expect(again.losses()).toEqual(losses)
    expect(again.statistics().lost.full).toBe(losses[0].events)
    again.reported(losses)
    again.close()
    const third = spool(directory, { max_bytes: MEBI })
    expect(third.losses()).toEqual([])
    expect(third.statistics().lost.full).toBe(0)
    third.close()
  })
})

describe('opening', () => {
  const file = (): string => join(directory, 'queue.sqlite')

  test.each([
    ['no database at all', () => writeFileSync(file(), 'not a database, but long enough to look like one '.repeat(500))],
    ['a file cut short', () => truncateSync(file(), 40_000)],
    ['a header of another program', () => writeFileSync(file(), 'SQLite format 4\0', { flag: 'r+' })],
    ['another layout', () => execute('PRAGMA user_version = 99')],
    ['a missing table', () => execute('DROP TABLE batch')],
  ])('%s is moved aside and counted, and the queue works', (_name, spoil) => {
    const full = spool(directory)
    full.append(batches(600))
    full.close()
    spoil()
    const { log, lines: logged } = lines()
    const queue = spool(directory, { log })
    expect(queue.statistics().quarantined).toBe(1)
    expect(readdirSync(join(directory, 'quarantine'))).toContain('queue-1.sqlite')
    expect(logged).toContainEqual(expect.objectContaining({ level: 'error', message: expect.stringContaining('damaged') }))
    const saved = readIds(queue)
    expect(saved.length + (queue.losses()[0]?.events ?? 0)).toBeGreaterThanOrEqual(saved.length === 600 ? 600 : saved.length + 1)
    expect(queue.append(batches(5, { first: 600 }))).toBe('stored')
    expect(readIds(queue, queue.end - 5)).toEqual(ids(5, 600))
    queue.close()
  })

  test('an empty file is a new queue', () => {
    writeFileSync(file(), '')
    const queue = spool(directory)
    expect(queue.append(batches(1))).toBe('stored')
    expect(queue.statistics().quarantined).toBe(0)
    queue.close()
  })

  test('only the latest damaged files are kept', () => {
    for (let index = 0; index < 6; index++) {
      writeFileSync(file(), 'damaged '.repeat(1000))
      spool(directory).close()
    }
    expect(readdirSync(join(directory, 'quarantine')).sort()).toEqual(['queue-4.sqlite', 'queue-5.sqlite', 'queue-6.sqlite'])
  })

  test('a second process is told that the queue is in use', () => {
    const queue = spool(directory)
    const program = `
      import { spool } from '${resolve('test/queue/samples.ts')}'
      try { spool(process.argv[1]) } catch (error) { console.log(error.code) }`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program, directory], { encoding: 'utf8' })
    expect(stdout.trim()).toBe('queue_in_use')
    queue.close()
  })

  test('a folder that cannot be made is an error with a mend', () => {
    writeFileSync(join(directory, 'file'), '')
    expect(() => spool(join(directory, 'file', 'sub'))).toThrow(
      expect.objectContaining({ code: 'queue_unusable', mend: expect.any(String) }),
    )
  })

  function execute(sql: string): void {
    const database = new DatabaseSync(file())
    database.exec(sql)
    database.close()
  }
})

describe('damage found in use', () => {
  test('a batch that is not what was stored is left out and counted, and what comes after it is delivered', () => {
    const queue = spool(directory)
    for (let index = 0; index < 3; index++) queue.append(batches(512, { first: index * 512 }))
    queue.close()
    const database = new DatabaseSync(join(directory, 'queue.sqlite'))
    database.exec(`UPDATE batch SET body = CAST(replace(CAST(body AS TEXT), 'dicom', 'dixom') AS BLOB) WHERE last = 1024`)
    database.close()
    const again = spool(directory)
    expect(readIds(again)).toEqual([...ids(512), ...ids(512, 1024)])
    expect(again.losses()).toEqual([{ reason: 'corrupt', events: 512, alerts: 0 }])
    again.sync()
    expect(again.statistics().events).toBe(1024)
    again.close()
  })

  test('a cursor that is not what was stored does not skip events', () => {
    const queue = spool(directory)
    queue.append(batches(100))
    queue.close()
    const database = new DatabaseSync(join(directory, 'queue.sqlite'))
    database.exec('UPDATE cursor SET position = 64')
    database.close()
    const again = spool(directory)
    expect(readIds(again, again.cursor('siem'))).toEqual(ids(100))
    again.close()
  })

  test('a file that is overwritten while open is replaced', () => {
    const queue = spool(directory)
    for (let index = 0; index < 40; index++) queue.append(batches(512, { first: index * 512, ...HALF }))
    const path = join(directory, 'queue.sqlite')
    expect(existsSync(`${path}-wal`)).toBe(true)
    writeFileSync(path, Buffer.alloc(statSync(path).size, 0xff))
    let first = 40 * 512
    while (queue.statistics().quarantined === 0 && first < 200 * 512) {
      queue.append(batches(512, { first, ...HALF }))
      queue.read(0, 100_000, 64 * MEBI)
      first += 512
    }
    expect(queue.statistics().quarantined).toBeGreaterThan(0)
    expect(queue.append(batches(10, { first }))).toBe('stored')
    expect(readIds(queue, queue.end - 10)).toEqual(ids(10, first))
    expect(readIds(queue).length + queue.statistics().lost.corrupt).toBeGreaterThanOrEqual(first)
    queue.close()
  })
})
