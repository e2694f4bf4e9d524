import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { openCaptureFile } from '../../src/capture/file.ts'
import { replayEvents } from '../../src/sensor.ts'
import { valueAt } from '../golden/case.ts'

const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared', 'captures')
const CAPTURES = existsSync(SHARED)
  ? readdirSync(SHARED, { recursive: true, encoding: 'utf8' })
      .filter(name => /\.(pcap|pcapng)(\.gz)?$/.test(name))
      .sort()
  : []
/** What may stay in use after all of them. */
const MAX_GROWTH = 64 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

async function memory(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    collectGarbage()
    await setImmediate()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe.skipIf(CAPTURES.length === 0)('captures of other projects (skipped where they are not)', () => {
  test.each(CAPTURES)('%s replays', async name => {
    const file = join(SHARED, name)
    const documents = await replayEvents([file])
    const actions = documents.map(document => valueAt(document, 'event.action'))
    expect(actions[0]).toBe('sensor-started')
    expect(actions.at(-1)).toBe('sensor-stopped')
    expect(valueAt(documents.at(-1)!, 'wardwire.health.decode_errors')).toBe(0)
    expect(actions.filter(action => /^(dicom|hl7)/.test(String(action)))).toEqual([])
  })

  test.each(CAPTURES)('%s is read to its end', async name => {
    const source = openCaptureFile(join(SHARED, name))
    const end = await source.run({ packet: () => undefined }, new AbortController().signal, () => undefined)
    expect(end).toEqual({ kind: 'complete' })
    expect(source.statistics.packets).toBeGreaterThan(0)
  })

  test('give back the memory that they took', async () => {
    const files = CAPTURES.map(name => join(SHARED, name))
    await replayEvents(files.slice(0, 20))
    const before = await memory()
    for (const file of files) await replayEvents([file])
    expect((await memory()) - before).toBeLessThan(MAX_GROWTH)
  })
})
