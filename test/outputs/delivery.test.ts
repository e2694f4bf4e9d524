import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Joi from 'joi'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Delivery, type DeliveryOptions, startDelivery } from '../../src/outputs/delivery.ts'
import { type OutputSettings, outputSchema } from '../../src/outputs/index.ts'
import { queueSchema } from '../../src/queue/settings.ts'
import { events, idOf, lines } from '../queue/samples.ts'
import { deliveryOptions, fileSettings } from './samples.ts'

let folder: string
const running: Delivery[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-delivery-'))
})
afterEach(async () => {
  await Promise.all(running.splice(0).map(delivery => delivery.stop()))
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<DeliveryOptions> = {}): Promise<Delivery> {
  const delivery = await startDelivery(deliveryOptions(folder, options))
  running.push(delivery)
  return delivery
}

const idsIn = (path: string): readonly string[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as { event: { id: string } }).event.id)
const ids = (count: number, first = 0): readonly string[] => Array.from({ length: count }, (_, index) => idOf(first + index))
const syslog = (port: number): OutputSettings =>
  Joi.attempt({ type: 'syslog', host: '127.0.0.1', port, protocol: 'tcp' }, outputSchema) as OutputSettings

describe('the delivery thread', () => {
  test('brings every event to the output, in order', async () => {
    const delivery = await start()
    for (let first = 0; first < 5000; first += 500) delivery.send(events(500, { first }))
    expect(await delivery.drain(20_000)).toEqual({ undelivered: {} })
    expect(idsIn(join(folder, 'events.ndjson'))).toEqual(ids(5000))
    await delivery.stop()
    expect(delivery.report()).toMatchObject({
      queue: { events: 0, lost: { full: 0, disk_full: 0, corrupt: 0, overrun: 0 } },
      outputs: [{ name: 'file', type: 'file', delivered: 5000, queued: 0, lastError: undefined }],
      losses: [],
    })
  })

  test('says when events are durable, and goes on after a restart where it was', async () => {
    mkdirSync(join(folder, 'events.ndjson'))
    const first = await start()
    first.send(events(100))
    await first.flush()
    await first.stop()
    expect(first.report()).toMatchObject({
      queue: { events: 100 },
      outputs: [{ queued: 100, lastError: /it is a folder/ }].map(() => ({ queued: 100 })),
    })
    rmSync(join(folder, 'events.ndjson'), { recursive: true })
    const second = await start()
    second.send(events(50, { first: 100 }))
    expect(await second.drain(20_000)).toEqual({ undelivered: {} })
    expect(idsIn(join(folder, 'events.ndjson'))).toEqual(ids(150))
  })

  test('an output that is down does not hold up another, and is named with what it lacks', async () => {
    const port = await unusedPort()
    const { outputs } = deliveryOptions(folder)
    const delivery = await start({ outputs: { ...outputs, siem: syslog(port) } })
    delivery.send(events(300))
    await vi.waitFor(() => expect(idsIn(join(folder, 'events.ndjson'))).toHaveLength(300))
    expect(await delivery.drain(300)).toEqual({ undelivered: { siem: 300 } })
    const siem = delivery.report().outputs.find(({ name }) => name === 'siem')
    expect(siem).toMatchObject({ delivered: 0, queued: 300, lastError: expect.stringContaining('connection refused') })
    expect(delivery.report().queue.events).toBe(300)
  })

  test('a peer that accepts and never reads does not hold up another, nor the stop', async () => {
    const silent = await listen(createServer(socket => socket.pause()))
    const { outputs } = deliveryOptions(folder)
    const delivery = await start({ outputs: { ...outputs, siem: syslog(silent.port) } })
    for (let first = 0; first < 20_000; first += 500) delivery.send(events(500, { first, bytes: 2000 }))
    await vi.waitFor(() => expect(idsIn(join(folder, 'events.ndjson'))).toHaveLength(20_000), { timeout: 30_000 })
    const { undelivered } = await delivery.drain(200)
    expect(undelivered['siem']).toBeGreaterThan(0)
    expect(undelivered['file']).toBeUndefined()
    await delivery.stop()
    silent.server.close()
  })

  test('its log lines come out of the main log', async () => {
    const { log, lines: logged } = lines()
    mkdirSync(join(folder, 'events.ndjson'))
    const delivery = await start({ log })
    delivery.send(events(1))
    await vi.waitFor(() =>
      expect(logged).toContainEqual(
        expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ 'wardwire.output.name': 'file' }) }),
      ),
    )
  })

  test('remembers losses until an event tells of them', async () => {
    const queue = { ...Joi.attempt({}, queueSchema), max_bytes: 100_000 }
    mkdirSync(join(folder, 'events.ndjson'))
    const delivery = await start({ queue })
    delivery.send(events(2000))
    await delivery.flush()
    await vi.waitFor(() => expect(delivery.report().losses).toHaveLength(1))
    const { losses } = delivery.report()
    expect(losses[0]).toMatchObject({ reason: 'full' })
    delivery.reported(losses)
    expect(delivery.report().losses).toEqual([])
    await delivery.stop()
    expect(delivery.report()).toMatchObject({ losses: [], queue: { lost: { full: losses[0].events } } })
  })

  test('with policy block the engine has to wait for outputs, and nothing is lost', async () => {
    const queue = { ...Joi.attempt({ full: 'block' }, queueSchema), max_bytes: 2_000_000 }
    const delivery = await start({ queue })
    let waits = 0
    for (let first = 0; first < 40_000; first += 500) {
      delivery.send(events(500, { first, bytes: 1500 }))
      const pace = delivery.pace()
      if (pace !== undefined) waits++
      await pace
    }
    expect(await delivery.drain(50_000)).toEqual({ undelivered: {} })
    expect(waits).toBeGreaterThan(0)
    expect(idsIn(join(folder, 'events.ndjson'))).toEqual(ids(40_000))
  })
})

describe('a delivery thread that fails', () => {
  const entry = new URL('./crashing-worker.ts', import.meta.url)

  test('is started again, and nothing is lost', async () => {
    const { log, lines: logged } = lines()
    const delivery = await start({ log, entry })
    for (let round = 0; round < 3; round++) {
      delivery.send(events(1000, { first: round * 1000 }))
      writeFileSync(join(folder, 'queue', 'crash'), '')
      delivery.send(events(500, { first: round * 1000 + 500 }))
      await vi.waitFor(() => expect(existsSync(join(folder, 'queue', 'crash'))).toBe(false), { timeout: 20_000 })
    }
    delivery.send(events(100, { first: 3000 }))
    expect(await delivery.drain(30_000)).toEqual({ undelivered: {} })
    expect(new Set(idsIn(join(folder, 'events.ndjson')))).toEqual(new Set(ids(3100)))
    expect(logged).toContainEqual(expect.objectContaining({ level: 'error', message: 'The delivery thread failed' }))
    expect(JSON.stringify(logged)).not.toContain('WWPHI')
  })

  test('at its start is an error', async () => {
    mkdirSync(join(folder, 'queue'))
    writeFileSync(join(folder, 'queue', 'crash-at-start'), '')
    await expect(start({ entry })).rejects.toMatchObject({ code: 'delivery_failed' })
  })
})

describe('starting', () => {
  test('is refused when an output cannot work as configured, with one message', async () => {
    const siem = Joi.attempt(
      { type: 'syslog', host: '127.0.0.1', protocol: 'tls', tls: { ca_file: join(folder, 'missing.pem') } },
      outputSchema,
    ) as OutputSettings
    await expect(start({ outputs: { siem } })).rejects.toMatchObject({
      code: 'output_unusable',
      message: expect.stringMatching(/outputs\.siem.*missing\.pem \(ENOENT\)/),
    })
  })

  test('is refused when two outputs write to the same file', async () => {
    const path = join(folder, 'events.ndjson')
    await expect(
      start({ outputs: { one: fileSettings(path), two: fileSettings(join(folder, '.', 'events.ndjson')) } }),
    ).rejects.toMatchObject({ code: 'output_unusable', message: expect.stringMatching(/one.*two|two.*one/) })
  })

  test('is refused when the queue is in use or its folder cannot be made', async () => {
    await start()
    await expect(start()).rejects.toMatchObject({ code: 'queue_in_use' })
    writeFileSync(join(folder, 'file'), '')
    await expect(start({ directory: join(folder, 'file', 'queue') })).rejects.toMatchObject({ code: 'queue_unusable' })
  })
})

interface Listening {
  readonly server: Server
  readonly port: number
}

function listen(server: Server): Promise<Listening> {
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 })
    })
  })
}

async function unusedPort(): Promise<number> {
  const { server, port } = await listen(createServer())
  await new Promise(done => server.close(done))
  return port
}
