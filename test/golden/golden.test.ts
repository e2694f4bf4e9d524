import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { EcsDocument } from '../../src/normalize/event.ts'
import { replayEvents } from '../../src/sensor.ts'
import { caseNames, type GoldenCase, loadCase, matching, stableLine, withCapture } from './case.ts'

const FOLDER = dirname(fileURLToPath(import.meta.url))
const UPDATE = process.env['WARDWIRE_UPDATE_GOLDEN'] === '1'

const replayCase = (golden: GoldenCase): Promise<readonly EcsDocument[]> =>
  withCapture(golden, file => replayEvents([file], { sensorId: 'golden' }))

describe('golden captures', () => {
  test('cases are found', () => expect(caseNames(FOLDER).length).toBeGreaterThan(40))

  describe.each(caseNames(FOLDER))('%s', name => {
    const golden = loadCase(FOLDER, name)
    const expectedFile = join(golden.folder, 'expected.ndjson')

    test('says what it proves', () => {
      expect(readFileSync(join(golden.folder, 'README.md'), 'utf8').trim().split('\n').length).toBeGreaterThanOrEqual(3)
      expect(golden.expect.length).toBeGreaterThan(0)
    })

    test('holds what the exchange was', async () => {
      const documents = await replayCase(golden)
      if (UPDATE) writeFileSync(expectedFile, `${documents.map(stableLine).join('\n')}\n`)
      for (const { count, match } of golden.expect) {
        const found = matching(documents, match).length
        if (typeof count === 'number') expect({ match, found }).toEqual({ match, found: count })
        else expect(found, JSON.stringify(match)).toBeGreaterThanOrEqual(count.min)
      }
    })

    test('gives the expected events', async () => {
      expect(existsSync(expectedFile), `${name}/expected.ndjson is missing: run with WARDWIRE_UPDATE_GOLDEN=1 and read it`).toBe(true)
      const lines = (await replayCase(golden)).map(stableLine)
      expect(lines.map(line => JSON.parse(line) as unknown)).toEqual(
        readFileSync(expectedFile, 'utf8')
          .trim()
          .split('\n')
          .map(line => JSON.parse(line) as unknown),
      )
    })
  })
})
