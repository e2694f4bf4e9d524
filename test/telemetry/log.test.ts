import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { WardwireError } from '../../src/telemetry/error.ts'
import { describeError } from '../../src/telemetry/log.ts'

const LOG_MODULE = join(import.meta.dirname, '..', '..', 'src', 'telemetry', 'log.ts')

function logInChild(settings: object): { readonly stdout: string; readonly stderr: string } {
  const script = `import { createLog } from ${JSON.stringify(LOG_MODULE)}
createLog(${JSON.stringify(settings)}).warn('Queue is nearly full', { 'wardwire.health.queue_bytes': 12 })`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { encoding: 'utf8' })
  return { stdout, stderr }
}

describe('log', () => {
  test('json lines carry ECS names and go to standard error only', () => {
    const { stdout, stderr } = logInChild({ level: 'info', format: 'json' })
    expect(stdout).toBe('')
    const line = JSON.parse(stderr) as Record<string, unknown>
    expect(line).toMatchObject({ 'log.level': 'warn', message: 'Queue is nearly full', 'wardwire.health.queue_bytes': 12 })
    expect(line['@timestamp']).toMatch(/^\d{4}-\d\d-\d\dT/)
  })

  test('human form is one line of text', () => {
    expect(logInChild({ level: 'info', format: 'human' }).stderr).toMatch(
      /^\d\d:\d\d:\d\d warn {2}Queue is nearly full wardwire\.health\.queue_bytes=12\n$/,
    )
  })

  test('levels below the setting are not written', () => {
    expect(logInChild({ level: 'error', format: 'json' }).stderr).toBe('')
  })

  test('a file gets the same lines', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wardwire-log-'))
    logInChild({ level: 'info', format: 'human', file: join(folder, 'w.log') })
    const line = JSON.parse(readFileSync(join(folder, 'w.log'), 'utf8')) as Record<string, unknown>
    rmSync(folder, { recursive: true })
    expect(line['message']).toBe('Queue is nearly full')
  })

  test('an operator error is told with what to do and its code', () => {
    expect(describeError(new WardwireError('x_failed', 'x failed', { mend: 'do y' }))).toEqual({
      message: 'x failed — do y',
      fields: { 'error.code': 'x_failed' },
    })
  })
})
