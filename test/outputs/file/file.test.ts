import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Joi from 'joi'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createFileOutput, type FileSettings, fileSchema, folderOutputs } from '../../../src/outputs/file/index.ts'
import { moveAside } from '../../../src/outputs/file/rotation.ts'
import type { Output, Verdict } from '../../../src/outputs/output.ts'
import type { QueuedEvent } from '../../../src/queue/queue.ts'
import { events, idOf, lines } from '../../queue/samples.ts'

let folder: string
const opened: Output[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-file-'))
})
afterEach(async () => {
  for (const output of opened.splice(0)) await output.close()
  rmSync(folder, { recursive: true, force: true })
})

const path = (): string => join(folder, 'events.ndjson')

function output(settings: Partial<FileSettings> = {}): Output {
  const checked = Joi.attempt({ type: 'file', path: path(), ...settings }, fileSchema) as FileSettings
  const made = createFileOutput('file', checked, { log: lines().log, sensorName: 'test', hostname: 'test' })
  opened.push(made)
  return made
}

function queued(count: number, first = 0): readonly QueuedEvent[] {
  return events(count, { first }).map((event, index) => ({ ...event, position: first + index + 1, stored: 0 }))
}

function send(to: Output, count: number, first = 0): Promise<Verdict> {
  return to.send(queued(count, first), new AbortController().signal)
}

const DELIVERED = { kind: 'done', rejected: new Map(), retry: [] }
const idsIn = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as { event: { id: string } }).event.id)
const ids = (count: number, first = 0): readonly string[] => Array.from({ length: count }, (_, index) => idOf(first + index))

describe('file output', () => {
  test('appends one line for each event, and goes on in the same file', async () => {
    const first = output()
    expect(await send(first, 3)).toEqual(DELIVERED)
    await first.close()
    expect(await send(output(), 2, 3)).toEqual(DELIVERED)
    expect(readFileSync(path(), 'utf8').endsWith('\n')).toBe(true)
    expect(idsIn(readFileSync(path(), 'utf8'))).toEqual(ids(5))
  })

  test.each([
    ['cef', /^CEF:0\|/],
    ['leef', /^LEEF:2\.0\|/],
  ] as const)('writes %s', async (format, beginning) => {
    await send(output({ format }), 2)
    const written = readFileSync(path(), 'utf8').trimEnd().split('\n')
    expect(written).toHaveLength(2)
    for (const line of written) expect(line).toMatch(beginning)
  })

  test('makes its folder', async () => {
    const deep = join(folder, 'a', 'b', 'events.ndjson')
    expect(await send(output({ path: deep }), 1)).toEqual(DELIVERED)
    expect(existsSync(deep)).toBe(true)
  })

  test('follows when the file is moved or removed by others', async () => {
    const to = output()
    await send(to, 1)
    renameSync(path(), join(folder, 'moved'))
    await send(to, 1, 1)
    rmSync(path())
    await send(to, 1, 2)
    truncateSync(path(), 0)
    await send(to, 1, 3)
    expect(idsIn(readFileSync(join(folder, 'moved'), 'utf8'))).toEqual(ids(1))
    expect(idsIn(readFileSync(path(), 'utf8'))).toEqual(ids(1, 3))
  })

  test.each([
    ['a folder', () => mkdirSync(path()), /it is a folder \(EISDIR\)/],
    ['below a file', () => writeFileSync(join(folder, 'file'), ''), /a part of the path is not a folder/],
  ])('says why it cannot write: %s', async (name, prepare, reason) => {
    prepare()
    const target = name === 'a folder' ? path() : join(folder, 'file', 'events.ndjson')
    const verdict = await send(output({ path: target }), 1)
    expect(verdict).toEqual({ kind: 'retry', reason: expect.stringMatching(reason) })
  })
})

describe('a last line torn by a crash', () => {
  test('is cut off when it is ours: the event comes again', async () => {
    await send(output(), 2)
    appendFileSync(path(), '{"@timestamp":"2023-11-14T22:13:20.0')
    await send(output(), 2, 2)
    expect(idsIn(readFileSync(path(), 'utf8'))).toEqual(ids(4))
  })

  test('is cut off in a file that holds nothing else', async () => {
    writeFileSync(path(), '{')
    await send(output(), 1)
    expect(idsIn(readFileSync(path(), 'utf8'))).toEqual(ids(1))
  })

  test('is only ended when somebody else wrote it', async () => {
    writeFileSync(path(), 'a note without a line end')
    await send(output(), 1)
    const [note, line] = readFileSync(path(), 'utf8').split('\n')
    expect(note).toBe('a note without a line end')
    expect(idsIn(line)).toEqual(ids(1))
  })
})

describe('rotation', () => {
  const rotated = (): readonly string[] =>
    readdirSync(folder)
      .filter(name => /^events\.ndjson\.\d{8}T\d{9}Z(\.gz)?$/.test(name))
      .sort()
  const content = (name: string): string =>
    name.endsWith('.gz') ? gunzipSync(readFileSync(join(folder, name))).toString() : readFileSync(join(folder, name), 'utf8')

  test('by size keeps every event, compresses, and removes the oldest', async () => {
    const to = output({ rotate_bytes: 2000, keep: 3 })
    for (let first = 0; first < 200; first += 20) await send(to, 20, first)
    await vi.waitFor(() => {
      expect(rotated()).toHaveLength(3)
      expect(rotated().every(name => name.endsWith('.gz'))).toBe(true)
    })
    await to.close()
    const all = [...rotated().map(content), readFileSync(path(), 'utf8')].flatMap(idsIn)
    expect(all).toEqual(ids(all.length, 200 - all.length))
    expect(readdirSync(folder).filter(name => name.endsWith('.partial'))).toEqual([])
  })

  test('by age', async () => {
    const to = output({ rotate_hours: 1e-9, compress: false })
    await send(to, 1)
    await send(to, 1, 1)
    expect(rotated().map(content).flatMap(idsIn)).toEqual(ids(1))
  })

  test('finishes what a crash left behind', async () => {
    writeFileSync(`${path()}.20260101T000000000Z`, `${events(1)[0].json}\n`)
    await send(output({ compress: true }), 1, 1)
    await vi.waitFor(() => expect(rotated()).toEqual(['events.ndjson.20260101T000000000Z.gz']))
    expect(idsIn(content(rotated()[0]))).toEqual(ids(1))
  })

  test('get names in the order of their age, whatever the clock says', async () => {
    for (const text of ['one', 'two', 'three']) {
      writeFileSync(path(), text)
      await moveAside(path(), new Date(text === 'three' ? 0 : '2026-01-02T03:04:05.678Z'))
    }
    expect(rotated().map(name => [name.slice(14), content(name)])).toEqual([
      ['20260102T030405678Z', 'one'],
      ['20260102T030405679Z', 'two'],
      ['20260102T030405680Z', 'three'],
    ])
  })

  test('never touches the files of a replay', () => {
    for (const settings of Object.values(folderOutputs(folder, 'whole')))
      expect(settings).toMatchObject({ rotate_bytes: 0, rotate_hours: 0 })
    expect(statSync(folder).isDirectory()).toBe(true)
  })
})
