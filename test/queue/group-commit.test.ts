import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GroupCommit, type GroupCommitOptions } from '../../src/queue/group-commit.ts'
import type { AppendResult, Queue } from '../../src/queue/queue.ts'
import { batches, idOf, lines, MEBI, readIds, spool } from './samples.ts'

let directory: string
let queue: Queue
/** What the disk does from now on; undefined: it works. */
let fault: AppendResult | undefined
let appends: number
const settled: number[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwire-commit-'))
  queue = spool(directory)
  fault = undefined
  appends = 0
  settled.length = 0
})
afterEach(() => {
  queue.close()
  rmSync(directory, { recursive: true, force: true })
})

/** The real queue on a disk that can be made to refuse. */
function commit(options: Partial<GroupCommitOptions> = {}): GroupCommit {
  const append: Queue['append'] = given => {
    appends++
    return fault ?? queue.append(given)
  }
  const faulty = new Proxy(queue, {
    get: (target, key: keyof Queue) => {
      if (key === 'append') return append
      const value = target[key]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return new GroupCommit({
    queue: faulty,
    blocking: false,
    onSettled: sequence => void settled.push(sequence),
    log: lines().log,
    ...options,
  })
}

describe('group commit', () => {
  test('stores what came together in one transaction', async () => {
    const group = commit()
    for (let sequence = 1; sequence <= 10; sequence++) group.offer(sequence, batches(10, { first: sequence * 10 }))
    expect(appends).toBe(0)
    await vi.waitFor(() => expect(settled).toEqual([10]))
    expect(appends).toBe(1)
    expect(readIds(queue)).toHaveLength(100)
  })

  test('does not wait when a group is full', () => {
    const group = commit()
    group.offer(1, batches(4096))
    expect(settled).toEqual([1])
  })

  test('what the disk refused is kept in order and stored later', async () => {
    const { log, lines: logged } = lines()
    const group = commit({ log })
    fault = 'failed'
    group.offer(1, batches(10))
    group.commit()
    group.offer(2, batches(10, { first: 10 }))
    group.commit()
    expect(settled).toEqual([])
    fault = undefined
    await vi.waitFor(() => expect(settled).toEqual([2]))
    expect(readIds(queue)).toEqual(Array.from({ length: 20 }, (_, index) => idOf(index)))
    expect(queue.losses()).toEqual([])
    expect(logged.map(({ level }) => level)).toEqual(['error', 'info'])
  })

  test('what memory cannot hold is lost and counted, alerts last', () => {
    const group = commit({ maxWaitingBytes: 0.4 * MEBI })
    fault = 'failed'
    group.offer(1, batches(100, { dataset: 'wardwire.alert' }))
    for (let sequence = 2; sequence <= 10; sequence++) group.offer(sequence, batches(512, { first: sequence * 1000 }))
    expect(group.waiting).toBe(true)
    fault = undefined
    group.commit()
    expect(settled).toEqual([10])
    const [loss] = queue.losses()
    expect(loss).toMatchObject({ reason: 'disk_full', alerts: 0 })
    expect(readIds(queue)).toHaveLength(100 + 9 * 512 - loss.events)
    expect(queue.read(0, 100, MEBI).every(event => event.dataset === 'wardwire.alert')).toBe(true)
  })

  test('with policy block the reader of packets is held up only for a time', async () => {
    const group = commit({ blocking: true, patienceMs: 60 })
    fault = 'failed'
    group.offer(1, batches(10))
    group.commit()
    expect(settled).toEqual([])
    await vi.waitFor(() => expect(settled).toEqual([1]))
    expect(queue.losses()).toEqual([{ reason: 'disk_full', events: 10, alerts: 0 }])
    group.offer(2, batches(10))
    fault = undefined
    group.commit()
    expect(settled).toEqual([1, 2])
    expect(readIds(queue)).toHaveLength(10)
  })

  test('a full queue is asked again until there is room', async () => {
    const group = commit({ blocking: true })
    fault = 'full'
    group.offer(1, batches(10))
    group.commit()
    expect(settled).toEqual([])
    fault = undefined
    await vi.waitFor(() => expect(settled).toEqual([1]))
    expect(queue.losses()).toEqual([])
  })

  test('what cannot be stored before the stop is said to be lost', () => {
    const { log, lines: logged } = lines()
    const group = commit({ log })
    fault = 'failed'
    group.offer(1, batches(10))
    group.close()
    expect(settled).toEqual([1])
    expect(logged.at(-1)).toMatchObject({ level: 'error', fields: { 'wardwire.health.queue_lost': 10 } })
    expect(queue.losses()).toEqual([{ reason: 'disk_full', events: 10, alerts: 0 }])
  })
})
