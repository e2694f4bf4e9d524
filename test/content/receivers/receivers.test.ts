import Joi from 'joi'
import { expect, test } from 'vitest'
import { receiverDocs } from '../../../src/content/receivers/index.ts'
import type { SensorDetection } from '../../../src/content/receivers/leef.ts'
import { createRules } from '../../../src/detect/index.ts'
import { type DetectSettings, detectSchema } from '../../../src/detect/settings.ts'
import { formatLeef } from '../../../src/normalize/leef.ts'
import { readMapping } from '../../../src/normalize/mappings.ts'
import { goldenEvents } from '../events.ts'

const pages = new Map(receiverDocs.build({ version: '1.2.3', rules: [] }).map(({ path, content }) => [path, String(content)]))
const page = (path: string): string => pages.get(path) ?? expect.fail(`no ${path}`)

test('the LEEF page has every event id and attribute that golden events have', () => {
  const text = page('docs/qradar.md')
  for (const document of [...goldenEvents().values()].flat()) {
    const record = formatLeef(document)
    const [, , , , id, , ...rest] = record.split('|')
    expect(text, record).toContain(`| \`${id}\` |`)
    for (const pair of rest.join('|').split('^')) {
      const [attribute] = pair.split('=')
      if (!['sev', 'name'].includes(attribute)) expect(text, record).toContain(`| \`${attribute}\` |`)
    }
  }
})

test('the Sentinel page maps every key of CEF, and gives a function for each schema', () => {
  const text = page('docs/sentinel.md')
  const { columns, schemas } = readMapping<{ columns: Record<string, string>; schemas: { name: string; parser: string }[] }>('asim.yml')
  expect(Object.keys(columns).sort()).toEqual(Object.keys(readMapping<{ keys: object }>('cef.yml').keys).sort())
  for (const { name, parser } of schemas) expect(text).toMatch(new RegExp(`## ${name}[^]*// ${parser}`))
  expect(text).not.toMatch(/undefined|\[object/)
})

test('mappings/detections.yml lists the rules of the sensor: a new rule needs its row there', () => {
  const rules = createRules(Joi.attempt({}, detectSchema) as DetectSettings).map(({ description }) => description)
  expect(readMapping<readonly SensorDetection[]>('detections.yml')).toEqual(rules.map(({ id, name, severity }) => ({ id, name, severity })))
})
