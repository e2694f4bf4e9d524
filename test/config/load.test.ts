import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Joi from 'joi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatProblems, loadConfig, parseConfig } from '../../src/config/load.ts'
import type { Secret } from '../../src/config/secret.ts'
import { secretSchema } from '../../src/config/secret-schema.ts'

interface Sample {
  readonly capture: { readonly interface: string; readonly snaplen_bytes: number }
  readonly mode: 'drop-oldest' | 'block'
  readonly token: Secret | undefined
  readonly outputs: Readonly<Record<string, { readonly type: string }>>
}

const schema = Joi.object<Sample>({
  capture: Joi.object({ interface: Joi.string(), snaplen_bytes: Joi.number().integer().min(64).default(262_144) }).default(),
  mode: Joi.string().valid('drop-oldest', 'block').default('drop-oldest'),
  token: secretSchema(),
  outputs: Joi.object()
    .pattern(
      Joi.string(),
      Joi.alternatives().conditional('.type', {
        switch: [
          { is: Joi.valid('file').required(), then: Joi.object({ type: Joi.string(), path: Joi.string().required() }) },
          {
            is: Joi.valid('syslog').required(),
            then: Joi.object({ type: Joi.string(), host: Joi.string().required(), port: Joi.number().port() }),
          },
        ],
        otherwise: Joi.object({ type: Joi.string().valid('file', 'syslog').required() }).unknown(),
      }),
    )
    .default({}),
})

const problems = (text: string, env: NodeJS.ProcessEnv = {}) => {
  const result = parseConfig(text, 'w.yml', schema, env)
  return result.ok ? [] : result.problems
}

describe('reading a config file', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wardwire-config-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('defaults fill what is not written, and a key with nothing under it counts as absent', () => {
    const result = parseConfig('capture:\nmode: block\n', 'w.yml', schema)
    expect(result).toMatchObject({ ok: true, settings: { capture: { snaplen_bytes: 262_144 }, mode: 'block', outputs: {} } })
  })

  test('every mistake is reported at once with line, path, what was found and what is allowed', () => {
    const found = problems('capture:\n  interfac: eth0\n  snaplen_bytes: ten\nmode: blok\n')
    expect(found.map(problem => [problem.line, problem.path])).toEqual([
      [2, 'capture.interfac'],
      [3, 'capture.snaplen_bytes'],
      [4, 'mode'],
    ])
    expect(found[0].mend).toContain('did you mean "interface"')
    expect(found[1].message).toContain('found "ten"')
    expect(found[2].message).toContain('allowed are drop-oldest, block')
    expect(found[2].mend).toBe('did you mean "block"?')
  })

  test('keys of a typed output are judged by its type', () => {
    const found = problems('outputs:\n  siem:\n    type: syslog\n    host: 127.0.0.1\n    prot: 514\n')
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ line: 5, path: 'outputs.siem.prot' })
    expect(found[0].mend).toContain('did you mean "port"')
  })

  test('an unknown output type names the known ones', () => {
    expect(formatProblems(problems('outputs:\n  siem:\n    type: sislog\n'))).toContain('allowed are file, syslog')
  })

  test('broken YAML names the line', () => {
    const [problem] = problems('capture:\n  interface: "eth0\n')
    expect(problem.message).toContain('not valid YAML')
    expect(problem.line).toBeGreaterThan(0)
  })

  test('a missing file is one clear problem', () => {
    const result = loadConfig(join(folder, 'nope.yml'), schema)
    expect(result).toMatchObject({ ok: false, problems: [{ line: 0, message: expect.stringContaining('ENOENT') }] })
  })
})

describe('secrets', () => {
  test('come from the environment or a file, and print redacted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wardwire-secret-'))
    writeFileSync(join(folder, 'token'), 's3cret-from-file\n')
    writeFileSync(join(folder, 'w.yml'), 'token: ${file:token}\n')
    const result = loadConfig(join(folder, 'w.yml'), schema)
    rmSync(folder, { recursive: true })
    if (!result.ok) throw new Error('expected the config to load')
    expect(result.settings.token?.reveal()).toBe('s3cret-from-file')
    expect(JSON.stringify(result.settings)).not.toContain('s3cret')
    expect(String(result.settings.token)).toBe('[redacted]')
  })

  test('are refused in clear, and their value is not repeated in the message', () => {
    const found = problems('token: hunter2\n')
    expect(found).toHaveLength(1)
    expect(formatProblems(found)).toContain('${env:NAME}')
    expect(formatProblems(found)).not.toContain('hunter2')
  })

  test('an unset variable is named with its line', () => {
    expect(problems('mode: block\ntoken: ${env:NO_SUCH_TOKEN}\n')).toEqual([
      expect.objectContaining({ line: 2, message: 'environment variable NO_SUCH_TOKEN is not set' }),
    ])
  })
})
