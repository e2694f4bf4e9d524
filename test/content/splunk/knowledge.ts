import { eventtypeName } from '../../../src/content/splunk/addon.ts'
import { cimModels } from '../../../src/content/splunk/cim.ts'
import { ADDON, conf } from './apps.ts'
import { expression } from './spl/expression.ts'
import type { Row, Value } from './spl/row.ts'
import { searchTest, type Test } from './spl/search.ts'

/** What the add-on makes of an event at search time: extractions, aliases, calculated fields, in Splunk's order. */
export function searchTimeFields(row: Row, sourcetype: string): Row {
  const props = conf(ADDON, 'props')[sourcetype]
  const extracted = { ...row, ...extractions(String(row['_raw']), props['REPORT-wardwire']) }
  const aliased = { ...extracted, ...aliases(extracted, props) }
  // Calculated fields do not see each other.
  const calculated = Object.entries(props)
    .filter(([key]) => key.startsWith('EVAL-'))
    .map(([key, source]) => [key.slice('EVAL-'.length), expression(source)(aliased)] as const)
  return { ...aliased, ...Object.fromEntries(calculated.map(([name, value]): [string, Value | undefined] => [name, value ?? undefined])) }
}

function extractions(raw: string, report = ''): Row {
  const transforms = conf(ADDON, 'transforms')
  const fields: Row = {}
  for (const name of report
    .split(',')
    .map(part => part.trim())
    .filter(Boolean)) {
    const { REGEX: regex, FORMAT: format, SOURCE_KEY: source } = transforms[name]
    for (const match of String(source === undefined ? raw : (fields[source] ?? '')).matchAll(new RegExp(regex, 'g')))
      for (const pair of format.split(' ')) {
        const [key, value] = pair.split('::').map(part => part.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? ''))
        if (value !== '') fields[key] ??= value
      }
  }
  return fields
}

function aliases(row: Row, props: Readonly<Record<string, string>>): Row {
  const fields: Row = {}
  for (const [key, setting] of Object.entries(props)) {
    if (!key.startsWith('FIELDALIAS-')) continue
    const [, from, how, to] = /^"?([^"\s]+)"? (AS|ASNEW) "?([^"\s]+)"?$/.exec(setting) ?? []
    if (from === undefined) throw new SyntaxError(`${key} = ${setting}`)
    if (row[from] !== undefined && (how === 'AS' || (row[to] ?? fields[to]) === undefined)) fields[to] = row[from]
  }
  return fields
}

const eventtypes: readonly (readonly [string, Test])[] = Object.entries(conf(ADDON, 'eventtypes')).map(([name, { search }]) => [
  name,
  searchTest(search),
])

export function eventtypesOf(row: Row): readonly string[] {
  return eventtypes.filter(([, test]) => test(row)).map(([name]) => name)
}

/** Data model of an event type. */
export function modelOf(eventtype: string): string | undefined {
  return cimModels().find(row => eventtypeName(row) === eventtype)?.model
}
