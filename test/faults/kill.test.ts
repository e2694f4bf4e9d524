import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDelivery } from '../../src/outputs/delivery.ts'
import { deliveryOptions } from '../outputs/samples.ts'
import { events, idOf } from '../queue/samples.ts'

const ROUNDS = 10
/** Events of a batch that is acknowledged as a whole. */
const BATCH = 50

/** Delivers to a file and says of each batch when it was sent and when the queue acknowledged it. */
const PROGRAM = `
  import { writeSync } from 'node:fs'
  import { startDelivery } from '${resolve('src/outputs/delivery.ts')}'
  import { deliveryOptions } from '${resolve('test/outputs/samples.ts')}'
  import { events } from '${resolve('test/queue/samples.ts')}'
  const [folder, first] = process.argv.slice(1)
  const delivery = await startDelivery(deliveryOptions(folder))
  for (let batch = Number(first); ; batch++) {
    writeSync(1, 'sent ' + batch + '\\n')
    delivery.send(events(${BATCH}, { first: batch * ${BATCH} }))
    await delivery.flush()
    writeSync(1, 'acknowledged ' + batch + '\\n')
  }`

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-kill-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Oracle {
  readonly acknowledged: Set<number>
  /** The highest batch that was sent. */
  sent: number
}

/** Run the program from the next batch on and kill it some time after its first acknowledgment. */
async function killedRun(oracle: Oracle, delayMs: number): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, folder, String(oracle.sent + 1)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let armed = false
  for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
    const [word, number] = line.split(' ')
    if (word === 'sent') oracle.sent = Number(number)
    else oracle.acknowledged.add(Number(number))
    if (!armed) setTimeout(() => child.kill('SIGKILL'), delayMs)
    armed = true
  }
  const [, signal] = (await ended) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
}

test('kill -9 at any moment loses nothing acknowledged, and duplicates are the same event', async () => {
  const oracle: Oracle = { acknowledged: new Set(), sent: -1 }
  for (let round = 0; round < ROUNDS; round++) await killedRun(oracle, Math.random() * 250)
  const delivery = await startDelivery(deliveryOptions(folder))
  delivery.send(events(1, { first: (oracle.sent + 1) * BATCH }))
  expect(await delivery.drain(30_000)).toEqual({ undelivered: {} })
  await delivery.stop()
  expect(delivery.report().queue).toMatchObject({ quarantined: 0, lost: { full: 0, disk_full: 0, corrupt: 0 } })

  const text = readFileSync(join(folder, 'events.ndjson'), 'utf8')
  expect(text.endsWith('\n')).toBe(true)
  const issued = new Map(events((oracle.sent + 1) * BATCH + 1).map(event => [event.id, event.json]))
  const arrived = new Set<string>()
  for (const line of text.trimEnd().split('\n')) {
    const { id } = (JSON.parse(line) as { event: { id: string } }).event
    expect(line).toBe(issued.get(id))
    arrived.add(id)
  }
  const expected = [...oracle.acknowledged].flatMap(batch => Array.from({ length: BATCH }, (_, index) => idOf(batch * BATCH + index)))
  expect(expected.length).toBeGreaterThan(ROUNDS)
  expect(expected.filter(id => !arrived.has(id))).toEqual([])
  expect(arrived).toContain(idOf((oracle.sent + 1) * BATCH))
})
