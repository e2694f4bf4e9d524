import { tmpdir } from 'node:os'
import Joi from 'joi'
import { expect, test } from 'vitest'
import { openCapture } from '../../src/capture/index.ts'
import { type CaptureSettings, captureSchema, DEFAULT_FOLDER } from '../../src/capture/settings.ts'
import { exampleConfig } from '../../src/config/example.ts'
import { parseConfig } from '../../src/config/load.ts'

const schema = Joi.object<{ capture: CaptureSettings }>({ capture: captureSchema })
const check = (text: string): ReturnType<typeof parseConfig<{ capture: CaptureSettings }>> => parseConfig(text, 'wardwire.yml', schema)

function settings(text: string): CaptureSettings {
  const result = check(text)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.settings.capture
}

test('no source is needed to check a config; every default is filled in', () => {
  expect(settings('')).toEqual({ buffer_bytes: 268_435_456, promiscuous: true, snap_length: 65_535 })
  expect(settings('capture: { folder: { path: /spool } }').folder).toEqual({ ...DEFAULT_FOLDER, path: '/spool' })
})

test('the example shows every source, and passes with each of them', () => {
  const example = exampleConfig(schema)
  for (const line of ['#interface: eth1', '#from: /run/wardwire/capture.fifo', '#path: /var/spool/capture']) expect(example).toContain(line)
  expect(check(example)).toMatchObject({ ok: true })
  expect(settings(example.replace('#interface', 'interface').replace('#filter', 'filter'))).toMatchObject({
    interface: 'eth1',
    filter: 'not port 22',
  })
  const folder = example.slice(example.indexOf('  #folder:')).replaceAll('#', '')
  expect(settings(`capture:\n${folder.replace(/^ *[a-z][^:]*$/gm, '')}`).folder?.path).toBe('/var/spool/capture')
})

test('two sources, or a filter that nothing applies, are mistakes', () => {
  for (const [text, message] of [
    ['{ interface: eth1, from: "-" }', 'more than one source'],
    ['{ from: "-", folder: { path: /spool } }', 'more than one source'],
    ['{ from: "-", filter: tcp }', 'a filter that nothing would apply'],
    ['{ folder: { path: /spool }, filter: tcp }', 'a filter that nothing would apply'],
    ['{ interface: eth1, snap_length: 20 }', 'found 20'],
    ['{ folder: {} }', 'is required'],
    ['{ folder: { path: /spool, finished: move } }', 'allowed are keep, delete'],
    ['{ promiscous: true }', 'unknown key "promiscous"'],
  ]) {
    const result = check(`capture: ${text}`)
    expect(result.ok ? [] : result.problems.map(problem => problem.message).join()).toContain(message)
  }
})

test('to run without a source, or with a filter for a pipe, is refused with what to do', async () => {
  await expect(openCapture(settings(''), tmpdir())).rejects.toMatchObject({
    code: 'capture_source_missing',
    mend: expect.stringMatching(/capture\.interface.*--folder/),
  })
  await expect(openCapture({ ...settings(''), from: '-', filter: 'tcp' }, tmpdir())).rejects.toMatchObject({
    code: 'capture_filter_unsupported',
  })
})
