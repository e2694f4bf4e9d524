import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { markersIn } from './markers.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const RECORDED = join(ROOT, 'test', 'captures', 'recorded')
const DEMO = join(ROOT, 'demo', 'hospital.pcapng')
const CAPTURES = [...readdirSync(RECORDED).map(name => join(RECORDED, name)), DEMO].filter(file => /\.pcap(ng)?$/.test(file))
/** Captures without a marker in one piece: no data set or message crosses in clear, or a few bytes at a time. */
const WITHOUT_PATIENTS = /-(echo|rejected|tls|framing-dribble)/

const out = mkdtempSync(join(tmpdir(), 'wardwire-privacy-'))
afterAll(() => rmSync(out, { recursive: true, force: true }))

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => join(folder, name))
    .filter(file => statSync(file).isFile())
}

describe('patients stay in the captures', () => {
  test.each(CAPTURES.filter(file => !WITHOUT_PATIENTS.test(file)))('%s holds marked patients', file => {
    expect(markersIn(readFileSync(file)).length).toBeGreaterThan(0)
  })

  test('the search finds a marker in any of the encodings', () => {
    for (const encoding of ['utf8', 'utf16le'] as const) expect(markersIn(Buffer.from('x wwphiDOE WWPHIDOE', encoding))).toEqual(['WWPHI'])
    expect(markersIn(Buffer.from(Buffer.from('WWPHI').toString('hex')))).toEqual(['WWPHI'])
    expect(markersIn(Buffer.from('nothing here'))).toEqual([])
  })

  describe.skipIf(!existsSync(join(ROOT, 'dist', 'main.js')))('what a replay of them wrote (skipped before `make build`)', () => {
    beforeAll(() => {
      const args = ['replay', ...CAPTURES, '--out', join(out, 'result'), '--force']
      const run = spawnSync(join(ROOT, 'bin', 'wardwire'), args, { cwd: out, maxBuffer: 1 << 28 })
      writeFileSync(join(out, 'stdout'), run.stdout)
      writeFileSync(join(out, 'stderr'), run.stderr)
      writeFileSync(join(out, 'status'), String(run.status))
    })

    test('is complete', () => {
      expect(readFileSync(join(out, 'status'), 'utf8'), readFileSync(join(out, 'stderr'), 'utf8')).toBe('0')
      const events = readFileSync(join(out, 'result', 'events.ndjson'), 'utf8')
      for (const action of [
        'dicom-store',
        'dicom-find',
        'dicom-move',
        'hl7-message',
        'hl7-observations',
        'device-discovered',
        'alert-raised',
      ])
        expect(events).toContain(action)
      expect(readFileSync(join(out, 'result', 'events.cef'), 'utf8')).toContain('CEF:0|')
      expect(readFileSync(join(out, 'result', 'inventory.json'), 'utf8')).toContain('SOMATOM')
    })

    test('holds no marker', () => {
      const leaks = filesBelow(out).flatMap(file => markersIn(readFileSync(file)).map(marker => `${file}: ${marker}`))
      expect(leaks).toEqual([])
    })
  })
})
