import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Joi from 'joi'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startDelivery } from '../../src/outputs/delivery.ts'
import { queueSchema } from '../../src/queue/settings.ts'
import { deliveryOptions, fileSettings } from '../outputs/samples.ts'
import { events, idOf, lines } from '../queue/samples.ts'

const MEGABYTE = 1_000_000
const disk = mountSmallDisk()
if (disk === undefined && process.env['CI'] === 'true') throw new Error('a tmpfs cannot be mounted: run as root')

afterAll(() => {
  if (disk === undefined) return
  spawnSync('umount', ['-l', disk])
  rmSync(disk, { recursive: true, force: true })
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-full-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const idsIn = (path: string): readonly string[] => {
  const text = readFileSync(path, 'utf8')
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as { event: { id: string } }).event.id)
}
const ids = (count: number, first = 0): readonly string[] => Array.from({ length: count }, (_, index) => idOf(first + index))

describe.skipIf(disk === undefined)('a full disk (needs root to mount a tmpfs)', () => {
  const small = disk ?? ''
  const ballast = join(small, 'ballast')
  afterEach(() => {
    for (const name of ['ballast', 'queue', 'events.ndjson']) rmSync(join(small, name), { recursive: true, force: true })
  })

  test('of the queue loses nothing: events wait in memory and are stored when there is space', async () => {
    const { log, lines: logged } = lines()
    const queue = { ...Joi.attempt({}, queueSchema), min_free_bytes: 0 }
    const delivery = await startDelivery(deliveryOptions(folder, { directory: join(small, 'queue'), queue, log }))
    delivery.send(events(500))
    await delivery.flush()
    fill(ballast)
    for (let first = 500; first < 5500; first += 500) delivery.send(events(500, { first, bytes: 1000 }))
    await vi.waitFor(() => expect(logged.map(line => line.message)).toContain('The queue cannot be written: events wait in memory'))
    expect(delivery.pace()).toBeUndefined()
    rmSync(ballast)
    await delivery.flush()
    expect(await delivery.drain(20_000)).toEqual({ undelivered: {} })
    await delivery.stop()
    expect(new Set(idsIn(join(folder, 'events.ndjson')))).toEqual(new Set(ids(5500)))
    expect(delivery.report().queue.lost).toEqual({ full: 0, disk_full: 0, corrupt: 0, overrun: 0 })
    expect(logged.map(line => line.message)).toContain('The queue can be written again')
  })

  test('of the queue at its start is one clear error', async () => {
    fill(ballast)
    await expect(startDelivery(deliveryOptions(folder, { directory: join(small, 'queue') }))).rejects.toMatchObject({
      code: 'queue_unusable',
      message: expect.stringMatching(/full|space|I\/O/),
    })
  })

  test('of the queue does not keep a stored backlog from being delivered', async () => {
    const path = join(folder, 'events.ndjson')
    mkdirSync(path)
    const queue = { ...Joi.attempt({}, queueSchema), min_free_bytes: 0 }
    const options = deliveryOptions(folder, { directory: join(small, 'queue'), queue })
    const first = await startDelivery(options)
    first.send(events(1000))
    await first.flush()
    await first.stop()
    fill(ballast)
    rmSync(path, { recursive: true })
    const second = await startDelivery(options)
    await second.drain(20_000)
    await second.stop()
    expect(idsIn(path)).toEqual(ids(1000))
  })

  test('of a file output leaves no half batch, and delivery goes on when there is space', async () => {
    const path = join(small, 'events.ndjson')
    const delivery = await startDelivery(deliveryOptions(folder, { outputs: { file: fileSettings(path) } }))
    delivery.send(events(500))
    await vi.waitFor(() => expect(delivery.report().outputs[0].delivered).toBe(500))
    fill(ballast, 100_000)
    for (let first = 500; first < 4500; first += 500) delivery.send(events(500, { first, bytes: 1000 }))
    await vi.waitFor(() => expect(delivery.report().outputs[0].lastError).toMatch(/events\.ndjson: the disk is full \(ENOSPC\)/))
    const before = idsIn(path)
    expect(before).toEqual(ids(before.length))
    rmSync(ballast)
    expect(await delivery.drain(20_000)).toEqual({ undelivered: {} })
    await delivery.stop()
    expect(idsIn(path)).toEqual(ids(4500))
  })
})

/** Leave no more than `rest` bytes free. */
function fill(path: string, rest = 0): void {
  const { bavail, bsize } = statfsSync(disk ?? '')
  try {
    writeFileSync(path, Buffer.alloc(bavail * bsize - rest))
  } catch {
    // Full is what it should be.
  }
}

/** A tmpfs of 16 MB; undefined where that is not allowed. */
function mountSmallDisk(): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'wardwire-disk-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${16 * MEGABYTE}`, 'wardwire-test', path]).status === 0) return path
  rmSync(path, { recursive: true })
  return undefined
}
