import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Deliverer, type DelivererOptions } from '../../src/outputs/deliver.ts'
import type { Output, Verdict } from '../../src/outputs/output.ts'
import type { Queue, QueuedEvent } from '../../src/queue/queue.ts'
import { WardwireError } from '../../src/telemetry/error.ts'
import { batches, idOf, lines, spool } from '../queue/samples.ts'

const DONE: Verdict = { kind: 'done', rejected: new Map(), retry: [] }
const QUICK = { firstRetryMs: 1, longestRetryMs: 5, pauseMs: 20, answerMs: 60_000 }

let directory: string
let queue: Queue
const running: Deliverer[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwire-deliver-'))
  queue = spool(directory, { outputs: ['siem', 'other'] })
})
afterEach(async () => {
  await Promise.all(running.splice(0).map(deliverer => deliverer.stop()))
  queue.close()
  rmSync(directory, { recursive: true, force: true })
})

type Script = (events: readonly QueuedEvent[], signal: AbortSignal) => Verdict | Promise<Verdict>

/** A receiver that does what the script says: stands in for faults that real ones cannot be made to have on demand. */
class ScriptedOutput implements Output {
  readonly type = 'scripted'
  readonly name: string
  readonly limits: Output['limits']
  readonly requests: string[][] = []
  closed = false
  readonly #script: Script

  constructor(script: Script, limits: Partial<Output['limits']> = {}, name = 'siem') {
    this.#script = script
    this.name = name
    this.limits = { events: 100, bytes: 1_000_000, ageMs: 0, ...limits }
  }

  async send(events: readonly QueuedEvent[], signal: AbortSignal): Promise<Verdict> {
    this.requests.push(events.map(event => event.id))
    return this.#script(events, signal)
  }

  async close(): Promise<void> {
    this.closed = true
  }
}

function deliver(output: ScriptedOutput, options: Partial<DelivererOptions> = {}): Deliverer {
  const { name, type } = output
  const deliverer = new Deliverer({
    name,
    type,
    queue,
    open: async () => output,
    log: lines().log,
    onProgress: () => {},
    timing: QUICK,
    ...options,
  })
  running.push(deliverer)
  return deliverer
}

function append(count: number, first = 0): void {
  expect(queue.append(batches(count, { first }))).toBe('stored')
  for (const deliverer of running) deliverer.wake()
}

const idle = (deliverer: Deliverer): Promise<void> => vi.waitFor(() => expect(deliverer.idle).toBe(true), { timeout: 10_000, interval: 5 })
const ids = (count: number, first = 0): readonly string[] => Array.from({ length: count }, (_, index) => idOf(first + index))
const deadLetters = (): readonly unknown[] => {
  queue.close()
  const database = new DatabaseSync(join(directory, 'queue.sqlite'))
  const rows = database.prepare('SELECT output, reason, id FROM dead_letter ORDER BY number').all()
  database.close()
  queue = spool(directory, { outputs: ['siem', 'other'] })
  return rows.map(row => ({ ...row }))
}

describe('batches', () => {
  test('are as large as the receiver likes, in order', async () => {
    const output = new ScriptedOutput(() => DONE)
    append(250)
    const deliverer = deliver(output)
    await idle(deliverer)
    expect(output.requests.map(request => request.length)).toEqual([100, 100, 50])
    expect(output.requests.flat()).toEqual(ids(250))
    expect(deliverer.figures()).toMatchObject({ delivered: 250, queued: 0, lagMs: 0, lastError: undefined })
  })

  test('wait for their age unless they are full, and not at all when in a hurry', async () => {
    const output = new ScriptedOutput(() => DONE, { ageMs: 3_600_000 })
    const deliverer = deliver(output)
    append(130)
    await vi.waitFor(() => expect(output.requests).toHaveLength(1))
    expect(output.requests[0]).toHaveLength(100)
    expect(deliverer.figures().queued).toBe(30)
    deliverer.hurry()
    await idle(deliverer)
    expect(output.requests[1]).toEqual(ids(30, 100))
  })

  test('go on after the last acknowledged event when started again', async () => {
    append(10)
    const first = deliver(new ScriptedOutput(() => DONE))
    await idle(first)
    await first.stop()
    append(5, 10)
    const output = new ScriptedOutput(() => DONE)
    await idle(deliver(output))
    expect(output.requests).toEqual([ids(5, 10)])
  })
})

describe('a receiver that', () => {
  test('fails for a while gets the same batch until it takes it', async () => {
    let failures = 7
    const output = new ScriptedOutput(() => (failures-- > 0 ? { kind: 'retry', reason: 'connection refused' } : DONE))
    const { log, lines: logged } = lines()
    append(3)
    const deliverer = deliver(output, { log })
    await idle(deliverer)
    expect(output.requests).toEqual(Array.from({ length: 8 }, () => ids(3)))
    expect(deliverer.figures()).toMatchObject({ delivered: 3, retried: 21, lastError: undefined })
    expect(logged.map(line => line.level)).toEqual(['warn', 'info'])
    expect(logged[0].fields).toMatchObject({ 'wardwire.output.name': 'siem', 'event.reason': 'connection refused' })
  })

  test('refuses some for now gets only those again', async () => {
    let answer = (_: Verdict): void => {}
    const output = new ScriptedOutput(events =>
      events.length === 5
        ? { kind: 'done', rejected: new Map(), retry: [1, 3] }
        : new Promise<Verdict>(resolve => {
            answer = resolve
          }),
    )
    append(5)
    const deliverer = deliver(output)
    await vi.waitFor(() => expect(output.requests).toHaveLength(2))
    expect(output.requests[1]).toEqual([idOf(1), idOf(3)])
    expect(queue.cursor('siem')).toBe(0)
    expect(deliverer.figures()).toMatchObject({ delivered: 3, retried: 2 })
    answer(DONE)
    await idle(deliverer)
    expect(deliverer.figures().delivered).toBe(5)
  })

  test('refuses an event for good has it kept as a dead letter', async () => {
    const output = new ScriptedOutput(() => ({ kind: 'done', rejected: new Map([[1, 'mapping conflict']]), retry: [] }))
    append(3)
    const deliverer = deliver(output)
    await idle(deliverer)
    expect(deliverer.figures()).toMatchObject({ delivered: 2, rejected: 1, deadLettered: 1, lastError: 'mapping conflict' })
    await deliverer.stop()
    expect(deadLetters()).toEqual([{ output: 'siem', reason: 'mapping conflict', id: idOf(1) }])
  })

  test('cannot take a batch with a poison event gets all others, in order', async () => {
    const poison = new Set([idOf(13), idOf(77)])
    const output = new ScriptedOutput(events => (events.some(event => poison.has(event.id)) ? { kind: 'split', reason: 'HTTP 400' } : DONE))
    append(100)
    const deliverer = deliver(output)
    await idle(deliverer)
    const taken = output.requests.filter(request => !request.some(id => poison.has(id))).flat()
    expect(taken).toEqual(ids(100).filter(id => !poison.has(id)))
    expect(deliverer.figures()).toMatchObject({ delivered: 98, deadLettered: 2 })
    await deliverer.stop()
    expect(deadLetters()).toEqual([...poison].map(id => ({ output: 'siem', reason: 'HTTP 400', id })))
  })

  test('refuses our credentials is asked rarely, and nothing is lost', async () => {
    let refused = true
    const output = new ScriptedOutput(() => (refused ? { kind: 'pause', reason: 'HTTP 401' } : DONE))
    append(3)
    const deliverer = deliver(output)
    await vi.waitFor(() => expect(deliverer.figures().lastError).toBe('HTTP 401'))
    expect(queue.cursor('siem')).toBe(0)
    refused = false
    await idle(deliverer)
    expect(deliverer.figures()).toMatchObject({ delivered: 3, lastError: undefined })
  })

  test('never answers is given up and asked again', async () => {
    let silent = true
    const aborted: boolean[] = []
    const output = new ScriptedOutput((_, signal) => {
      if (!silent) return DONE
      silent = false
      signal.addEventListener('abort', () => aborted.push(true))
      return new Promise<Verdict>(() => {})
    })
    append(3)
    const deliverer = deliver(output, { timing: { ...QUICK, answerMs: 20 } })
    await idle(deliverer)
    expect(aborted).toEqual([true])
    expect(output.requests).toEqual([ids(3), ids(3)])
  })

  test('never answers does not hold up the stop, and its events stay', async () => {
    const output = new ScriptedOutput(() => new Promise<Verdict>(() => {}))
    append(3)
    const deliverer = deliver(output)
    await vi.waitFor(() => expect(output.requests).toHaveLength(1))
    await deliverer.stop()
    expect(output.closed).toBe(true)
    expect(queue.cursor('siem')).toBe(0)
  })

  test('is stuck does not hold up another', async () => {
    const stuck = deliver(new ScriptedOutput(() => new Promise<Verdict>(() => {})))
    const other = new ScriptedOutput(() => DONE, {}, 'other')
    append(300)
    const working = deliver(other)
    await idle(working)
    expect(other.requests.flat()).toEqual(ids(300))
    expect(stuck.figures()).toMatchObject({ delivered: 0, queued: 300 })
    expect(stuck.figures().lagMs).toBeGreaterThanOrEqual(0)
  })

  test('is waited for gets one more try at once when there is a hurry', async () => {
    let down = true
    const output = new ScriptedOutput(() => (down ? { kind: 'retry', reason: 'busy', afterMs: 3_600_000 } : DONE))
    append(3)
    const deliverer = deliver(output)
    await vi.waitFor(() => expect(deliverer.figures().lastError).toBe('busy'))
    down = false
    deliverer.hurry()
    await idle(deliverer)
    expect(output.requests).toHaveLength(2)
  })
})

describe('an output that', () => {
  test('cannot be made is tried again', async () => {
    const output = new ScriptedOutput(() => DONE)
    let missing = true
    append(2)
    const deliverer = deliver(output, {
      open: async () => {
        if (missing) throw new WardwireError('tls_file', 'outputs.siem.tls.ca_file: cannot read /nope (ENOENT)')
        return output
      },
    })
    await vi.waitFor(() => expect(deliverer.figures().lastError).toMatch(/ca_file/))
    missing = false
    await idle(deliverer)
    expect(output.requests).toEqual([ids(2)])
  })

  test('throws is tried again, and its words, which may quote an event, are not told', async () => {
    let broken = true
    const output = new ScriptedOutput(() => {
      if (!broken) return DONE
      broken = false
      throw new SyntaxError('Unexpected token: WWPHI^PATIENT')
    })
    const { log, lines: logged } = lines()
    append(2)
    await idle(deliver(output, { log }))
    expect(logged.map(line => line.message)).toContain('An output failed')
    expect(JSON.stringify(logged)).not.toContain('WWPHI')
  })
})

describe('events that were dropped from the queue', () => {
  test('are passed over', async () => {
    queue.close()
    queue = spool(directory, { outputs: ['siem', 'other'], max_bytes: 100_000 })
    for (let first = 0; first < 3000; first += 300) append(300, first)
    const output = new ScriptedOutput(() => DONE)
    const deliverer = deliver(output)
    await idle(deliverer)
    const lost = queue.statistics().lost.full
    expect(lost).toBeGreaterThan(0)
    expect(output.requests.flat()).toEqual(ids(3000 - lost, lost))
    expect(deliverer.figures().queued).toBe(0)
  })
})
