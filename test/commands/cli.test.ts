import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exampleConfig } from '../../src/config/example.ts'
import { parseConfig } from '../../src/config/load.ts'
import { settingsSchema } from '../../src/settings.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const CAPTURE = join(ROOT, 'demo', 'hospital.pcapng')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function wardwire(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(join(ROOT, 'bin', 'wardwire'), args, { encoding: 'utf8', cwd: folder, timeout: 120_000 })
}

function lines(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n')
}

describe('wardwire replay', () => {
  test('writes events, CEF and the inventory, and prints tables', () => {
    const out = join(folder, 'demo')
    const result = wardwire('replay', CAPTURE, '--out', out)
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
    for (const title of ['Devices', 'Protocols', 'Alerts', 'Events']) expect(result.stdout).toContain(title)
    const events = lines(join(out, 'events.ndjson')).map(line => JSON.parse(line) as { event: { id: string; dataset: string } })
    expect(new Set(events.map(({ event }) => event.id)).size).toBe(events.length)
    expect(new Set(events.map(({ event }) => event.dataset))).toEqual(
      new Set(['wardwire.dicom', 'wardwire.hl7', 'wardwire.flow', 'wardwire.asset', 'wardwire.alert', 'wardwire.health']),
    )
    const cef = lines(join(out, 'events.cef'))
    expect(cef).toHaveLength(events.length)
    expect(cef.every(line => line.startsWith('CEF:0|'))).toBe(true)
    const devices = JSON.parse(readFileSync(join(out, 'inventory.json'), 'utf8')) as readonly { id: string; evidence: readonly unknown[] }[]
    expect(devices.length).toBeGreaterThanOrEqual(8)
    expect(devices.every(device => device.evidence.length > 0)).toBe(true)
  })

  test('gives the same events on every run', () => {
    const [first, second] = ['same-1', 'same-2'].map(name => {
      expect(wardwire('replay', CAPTURE, '--out', join(folder, name)).status).toBe(0)
      return readFileSync(join(folder, name, 'events.ndjson'), 'utf8')
    })
    expect(second).toBe(first)
  })

  test('refuses to overwrite an earlier result without --force', () => {
    const out = join(folder, 'twice')
    expect(wardwire('replay', CAPTURE, '--out', out).status).toBe(0)
    const refused = wardwire('replay', CAPTURE, '--out', out)
    expect(refused.status).toBe(2)
    expect(refused.stderr).toContain('--force')
    expect(wardwire('replay', CAPTURE, '--out', out, '--force').status).toBe(0)
  })

  test('a truncated capture keeps what was read, names file and offset, and ends with 1', () => {
    const cut = join(folder, 'cut.pcapng')
    copyFileSync(CAPTURE, cut)
    truncateSync(cut, 200_001)
    const result = wardwire('replay', cut, '--out', join(folder, 'cut'))
    expect(result.status).toBe(1)
    expect(result.stderr).toMatch(/cut\.pcapng.*offset \d+/)
    expect(lines(join(folder, 'cut', 'events.ndjson')).length).toBeGreaterThan(1)
  })

  test('a file that is no capture is one clear message', () => {
    const foreign = join(folder, 'notes.txt')
    writeFileSync(foreign, 'hello, this is not a capture\n')
    const result = wardwire('replay', foreign, '--out', join(folder, 'foreign'))
    expect(result.status).toBe(1)
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(result.stderr).toContain('notes.txt')
  })

  test('a missing file is one clear message', () => {
    const result = wardwire('replay', join(folder, 'nope.pcap'), '--out', join(folder, 'missing'))
    expect(result.status).toBe(1)
    expect(result.stderr).toContain('nope.pcap')
  })
})

describe('wardwire check', () => {
  test('accepts the shipped example, which is what the schemas say', () => {
    const shipped = readFileSync(join(ROOT, 'config', 'wardwire.example.yml'), 'utf8')
    expect(shipped).toBe(exampleConfig(settingsSchema))
    expect(parseConfig(shipped, 'wardwire.example.yml', settingsSchema)).toMatchObject({ ok: true })
    expect(wardwire('check', '--config', join(ROOT, 'config', 'wardwire.example.yml')).status).toBe(0)
  })

  test('reports every mistake at once and ends with 2', () => {
    const file = join(folder, 'bad.yml')
    writeFileSync(file, 'sensr:\n  id: a\noutputs:\n  siem:\n    type: syslog\n    host: localhost\n    port: 99999\n')
    const result = wardwire('check', '--config', file)
    expect(result.status).toBe(2)
    expect(result.stderr).toMatch(/bad\.yml:1: sensr: unknown key "sensr" — did you mean "sensor"/)
    expect(result.stderr).toMatch(/bad\.yml:7: outputs\.siem\.port:.*found 99999/)
  })
})

describe('wrong usage', () => {
  test.each([[['replay']], [['frobnicate']], [['content', 'install', 'qradar', '--config', 'x.yml']]])(
    '%j ends with 2 and says what is known',
    args => {
      const result = wardwire(...args)
      expect(result.status).toBe(2)
      expect(result.stderr.length).toBeGreaterThan(10)
    },
  )

  test('run without an output is refused', () => {
    const result = wardwire('run', '--from', '-')
    expect(result.status).toBe(2)
    expect(result.stderr).toContain('no outputs are configured')
  })
})
