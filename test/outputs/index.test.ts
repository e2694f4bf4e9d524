import Joi from 'joi'
import { describe, expect, test } from 'vitest'
import { exampleConfig } from '../../src/config/example.ts'
import { parseConfig } from '../../src/config/load.ts'
import { describeSchema, typedAlternatives } from '../../src/config/schema-walk.ts'
import { createOutput } from '../../src/outputs/create.ts'
import { type OutputSettings, outputSchema } from '../../src/outputs/index.ts'
import { settingsSchema } from '../../src/settings.ts'
import { lines } from '../queue/samples.ts'

const TYPES = ['file', 'stdout', 'syslog', 'elasticsearch', 'splunk-hec']

function problems(yaml: string): readonly string[] {
  const result = parseConfig(yaml, 'w.yml', settingsSchema)
  return result.ok ? [] : result.problems.map(({ line, path, message, mend }) => `${line} ${path}: ${message} (${mend ?? ''})`)
}

describe('outputs of the configuration', () => {
  test('are chosen by type', () => {
    expect(typedAlternatives(describeSchema(outputSchema)).map(([type]) => type)).toEqual(TYPES)
  })

  test('stand in the example with every key, and the example is a valid config', () => {
    const example = exampleConfig(settingsSchema)
    for (const type of TYPES) expect(example).toContain(`\n  #${type}:\n    #type: ${type}\n`)
    expect(problems(example)).toEqual([])
  })

  test.each([
    ['an unknown type', 'outputs:\n  a:\n    type: elasticserch\n', /^3 outputs\.a\.type: .*elasticserch.*did you mean "elasticsearch"/],
    ['no type', 'outputs:\n  a:\n    path: x\n', /^2 outputs\.a\.type: is required/],
    ['an unknown key', 'outputs:\n  a:\n    type: file\n    pth: x\n    path: y\n', /^4 outputs\.a\.pth: unknown key.*did you mean "path"/],
    ['a wrong value', 'outputs:\n  a:\n    type: stdout\n    format: cfe\n', /^4 outputs\.a\.format: .*did you mean "cef"/],
  ])('%s is one clear problem', (_name, yaml, message) => {
    const found = problems(yaml)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(message)
  })
})

describe('createOutput', () => {
  test.each([
    { type: 'file', path: 'events.ndjson' },
    { type: 'stdout' },
    { type: 'syslog', host: '127.0.0.1', protocol: 'udp' },
    { type: 'elasticsearch', url: 'http://127.0.0.1:9200' },
    { type: 'splunk-hec', url: 'http://127.0.0.1:8088', token: 'secret' },
  ])('makes $type', async settings => {
    const checked = Joi.attempt(settings, outputSchema) as OutputSettings
    const output = await createOutput('name', checked, { log: lines().log, sensorName: 'test', hostname: 'test' })
    expect(output).toMatchObject({ name: 'name', type: settings.type })
    expect(output.limits.events).toBeGreaterThan(0)
    await output.close()
  })
})
