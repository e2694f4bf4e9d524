import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { markersIn } from './markers.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const RECORDED = join(ROOT, 'test', 'captures', 'recorded')
const DEMO = join(ROOT, 'demo', 'hospital.pcapng')
const CAPTURES = [...readdirSync(RECORDED).map(name => join(RECORDED, name)), DEMO].filter(file => /\.pcap(ng)?$/.test(file))
/** Captures without a marker in one piece: no data set, message or identifier crosses in clear, or a few bytes at a time. */
const WITHOUT_PATIENTS = /-(echo|rejected|tls|framing-dribble|delete-burst)/

const out = mkdtempSync(join(tmpdir(), 'wardwire-privacy-'))
afterAll(() => rmSync(out, { recursive: true, force: true }))

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => join(folder, name))
    .filter(file => statSync(file).isFile())
}

function leaksBelow(folder: string): readonly string[] {
  return filesBelow(folder).flatMap(file => markersIn(readFileSync(file)).map(marker => `${file}: ${marker}`))
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

  describe.skipIf(!existsSync(join(ROOT, 'dist', 'main.js')))('what a replay wrote (skipped before `make build`)', () => {
    describe.each(['omit', 'pseudonym'] as const)('with patients: %s', patients => {
      const folder = join(out, patients)
      beforeAll(() => replayInto(folder, patients))

      test('is complete', () => {
        expect(readFileSync(join(folder, 'status'), 'utf8'), readFileSync(join(folder, 'stderr'), 'utf8')).toBe('0')
        const events = readFileSync(join(folder, 'result', 'events.ndjson'), 'utf8')
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
        expect(readFileSync(join(folder, 'result', 'events.cef'), 'utf8')).toContain('CEF:0|')
        expect(readFileSync(join(folder, 'result', 'inventory.json'), 'utf8')).toContain('SOMATOM')
        expect(existsSync(join(folder, 'log'))).toBe(true)
      })

      test('holds no marker', () => expect(leaksBelow(folder)).toEqual([]))
    })

    test('nor does the queue, the inventory or the log of a run whose receiver is down', () => {
      const folder = join(out, 'run')
      runInto(folder)
      expect(readFileSync(join(folder, 'status'), 'utf8'), readFileSync(join(folder, 'stderr'), 'utf8')).toBe('0')
      const written = filesBelow(folder).map(file => file.slice(folder.length + 1))
      expect(written).toEqual(expect.arrayContaining(['state/inventory.sqlite', 'state/inventory.json', 'log']))
      expect(written.some(file => file.startsWith('state/queue/'))).toBe(true)
      expect(leaksBelow(folder)).toEqual([])
    })
  })
})

/** Replay every capture as a user would, with the most talkative log. */
function replayInto(folder: string, patients: string): void {
  mkdirSync(folder)
  wardwire(folder, { privacy: { patients, site_key: '${env:SITE_KEY}' } }, [
    'replay',
    ...CAPTURES,
    '--out',
    join(folder, 'result'),
    '--force',
  ])
}

/** Watch the demo with a receiver that is down, so that the queue and the state stay. */
function runInto(folder: string): void {
  mkdirSync(folder)
  const outputs = { away: { type: 'syslog', host: '127.0.0.1', port: 9, protocol: 'tcp' } }
  wardwire(folder, { outputs, telemetry: { metrics: { enabled: false } } }, ['run', '--from', DEMO])
}

function wardwire(folder: string, config: Readonly<Record<string, object>>, args: readonly string[]): void {
  const file = join(folder, 'wardwire.yml')
  const telemetry = { ...config['telemetry'], log: { level: 'debug', file: join(folder, 'log') } }
  writeFileSync(file, JSON.stringify({ ...config, sensor: { state_directory: join(folder, 'state') }, telemetry }))
  const env = { ...process.env, SITE_KEY: 'site key of a test, long enough' }
  const run = spawnSync(join(ROOT, 'bin', 'wardwire'), [...args, '--config', file], { cwd: folder, env, maxBuffer: 1 << 28 })
  writeFileSync(join(folder, 'stdout'), run.stdout)
  writeFileSync(join(folder, 'stderr'), run.stderr)
  writeFileSync(join(folder, 'status'), String(run.status))
}
