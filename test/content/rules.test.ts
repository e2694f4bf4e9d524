import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { EventSet } from '../../src/content/rule.ts'
import { loadRules, RULES_FOLDER } from '../../src/content/rules.ts'
import { WardwireError } from '../../src/telemetry/error.ts'
import { capturesOf, firesOn } from './events.ts'

const rules = loadRules()

describe('the shipped rules', () => {
  test('are many, of every type', () => {
    expect(rules.length).toBeGreaterThanOrEqual(30)
    expect(new Set(rules.map(({ logic }) => logic.type))).toEqual(new Set(['query', 'threshold', 'new_terms', 'sequence', 'silence']))
  })

  test.each(rules)('$id says enough to work with', rule => {
    expect(rule.guide.steps.length).toBeGreaterThanOrEqual(2)
    expect(rule.why.length).toBeGreaterThan(80)
    for (const text of [rule.why, rule.description, ...rule.guide.steps, ...rule.guide.response, ...rule.false_positives, ...rule.setup])
      expect(text, text).toMatch(/^[A-Z`0-9].*[.)]$/s)
  })

  test.each(rules)('$id names captures that exist, none of them twice', ({ tests, ...rule }) => {
    const fires = firesOn({ tests, ...rule })
    const silent = [
      ...capturesOf(tests.silent),
      ...tests.silent.filter((one): one is EventSet => typeof one !== 'string').map(({ name }) => name),
    ]
    expect(silent.filter(name => fires.includes(name))).toEqual([])
    expect(new Set([...fires, ...silent]).size).toBe(fires.length + silent.length)
  })
})

describe('a rule that is wrong', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wardwire-rules-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const good = readFileSync(join(RULES_FOLDER, 'dcm-default-ae.yml'), 'utf8')

  /** The problems of a rule with one passage changed. */
  function problems(from: string | RegExp, to: string, base: string = good): string {
    const changed = base.replace(from, to)
    expect(changed).not.toBe(base)
    writeFileSync(join(folder, 'bad.yml'), changed)
    try {
      loadRules(folder)
    } catch (error) {
      expect(error).toBeInstanceOf(WardwireError)
      expect((error as WardwireError).code).toBe('rule_invalid')
      return (error as WardwireError).message
    }
    return ''
  }

  test.each([
    ['an unknown key', 'severity:', 'severty:', /bad\.yml:\d+: severty: unknown key "severty" — did you mean "severity"\?/],
    ['an unknown severity', 'severity: low', 'severity: urgent', /severity: .*allowed are low, medium, high, critical/],
    [
      'a field that does not exist',
      'dicom.calling_ae_title:',
      'dicom.calling_title:',
      /dicom\.calling_title is not in mappings\/fields\.yml/,
    ],
    [
      'a field of another dataset',
      'dicom.calling_ae_title:',
      'hl7.sending.application:',
      /hl7\.sending\.application is not a field of wardwire\.dicom/,
    ],
    [
      'a value of the wrong type',
      '{ event.action: dicom-association }',
      '{ event.action: dicom-association, dicom.message_id: seven }',
      /dicom\.message_id is a long/,
    ],
    ['an unknown technique', 'T1078.001', 'T1999', /technique T1999 is not in mappings\/attack\.yml/],
    ['a technique of another tactic', 'tactic: TA0001', 'tactic: TA0040', /T1078\.001 does not serve tactic TA0040/],
    ['an unknown ICS technique', '[T0812]', '[T0000]', /ICS technique T0000 is not in/],
    [
      'too many suppression fields',
      '[source.ip, destination.ip], for',
      '[source.ip, destination.ip, source.mac, source.port], for',
      /suppress\.by: .*3/,
    ],
    ['a suppression by an array', '[source.ip, destination.ip], for', '[related.ip], for', /suppress\.by: related\.ip is an array/],
    ['a time without a unit', 'for: 24h', 'for: 24', /must be a time such as 90s, 5m, 1h or 14d/],
    ['no pinned action', '{ event.action: dicom-association }', '{ event.outcome: failure }', /must name event\.action or event\.dataset/],
    [
      'a double of the sensor',
      'datasets: [wardwire.dicom]',
      'datasets: [wardwire.dicom, wardwire.alert]',
      /a rule over wardwire\.alert must be a sequence or a threshold/,
    ],
    ['no test', /fires: .*/, 'fires: []', /tests\.fires: name at least one/],
    ['a name that is too long', /name: .*/, `name: ${'Very Long Name '.repeat(6)}`, /name: /],
    ['broken YAML', 'family: dicom', 'family: [dicom', /not valid YAML/],
  ])('%s', (_what, from, to, message) => {
    expect(problems(from, to)).toMatch(message)
  })

  test.each([
    [
      'cor-guess-then-use',
      'event.outcome: success',
      'related.ip: 10.0.0.1',
      /related\.ip is an array, which the query language of this type cannot test/,
    ],
    ['dcm-retrieve-bulk', 'field: dicom.sub_operations.completed', 'field: dicom.operation', /logic\.sum: dicom\.operation is no number/],
    [
      'cor-new-device-detection',
      'by: [wardwire.source.device.id]',
      'by: [wardwire.source.device.id, source.ip]',
      /every step must be joined by as many fields/,
    ],
    ['dcm-assoc-exhaust', 'count: 30', 'count: 30\n  sum: { field: source.bytes, at_least: 3 }', /count|sum/],
  ])('%s with %s', (id, from, to, message) => {
    expect(problems(from, to, readFileSync(join(RULES_FOLDER, `${id}.yml`), 'utf8'))).toMatch(message)
  })

  test('every problem of every file is said at once', () => {
    writeFileSync(join(folder, 'one.yml'), good.replace('severity: low', 'severity: urgent').replace('family: dicom', 'family: fax'))
    writeFileSync(join(folder, 'two.yml'), good)
    writeFileSync(join(folder, 'bad.yml'), good.replace('created: 2026', 'created: 26'))
    expect(() => loadRules(folder)).toThrow(/3 problems[\s\S]*bad\.yml[\s\S]*one\.yml[\s\S]*one\.yml/)
  })

  test('two rules with one id or one name', () => {
    for (const name of ['one', 'two', 'bad']) writeFileSync(join(folder, `${name}.yml`), good)
    expect(() => loadRules(folder)).toThrow(/bad and one have the same uuid[\s\S]*bad and one have the same name/)
  })
})
