import { assignments, expression, isTrue } from './expression.ts'
import { relativeTime } from './functions.ts'
import { commands, TokenReader, tokens } from './lexer.ts'
import { compare, list, type Row } from './row.ts'
import { searchTest } from './search.ts'
import { pivot, statistics, stats } from './stats.ts'

/** What a search runs over. */
export interface SplWorld {
  readonly events: readonly Row[]
  /** Definitions of macros.conf by name. */
  readonly macros: Readonly<Record<string, string>>
  /** Rows of lookups by name; outputlookup writes into them. */
  readonly lookups: Record<string, readonly Row[]>
  /** Seconds since 1970. */
  readonly now: number
}

export interface SplResult {
  readonly fields: readonly string[]
  readonly rows: readonly Row[]
}

/** Columns of timecharts are at most this many, as in Splunk. */
const TIMECHART_COLUMNS = 100
const SPANS = [60, 300, 600, 1800, 3600, 86_400]

/**
 * Runs the part of SPL that the content uses over events in memory, for fixtures of dashboards. It is no judge of SPL: what it does not
 * know is an error.
 */
export function runSpl(source: string, world: SplWorld, earliest = '0', latest = 'now'): SplResult {
  const from = /^\d+$/.test(earliest) ? Number(earliest) : relativeTime(world.now, earliest)
  const to = relativeTime(world.now, latest)
  const [first, ...rest] = commands(expandMacros(source, world.macros))
  const events = world.events.filter(({ _time: time }) => Number(time) >= from && Number(time) <= to)
  let result: SplResult = { fields: [], rows: [] }
  if (first !== '') result = { fields: [], rows: events.filter(searchTest(first.replace(/^search\s+/, ''))) }
  // Events come with the latest first.
  result = { ...result, rows: [...result.rows].sort((one, other) => compare(other['_time'], one['_time'])) }
  for (const command of rest) result = run(command, result, { ...world, span: to - from })
  return { ...result, fields: result.fields.length > 0 ? result.fields : columns(result.rows) }
}

export function expandMacros(source: string, macros: Readonly<Record<string, string>>): string {
  return source.replace(/`(\w+)`/g, (_, name: string) => {
    if (macros[name] === undefined) throw new SyntaxError(`the macro ${name} is not defined`)
    return expandMacros(macros[name], macros)
  })
}

type Context = SplWorld & { readonly span: number }
type Command = (argument: string, result: SplResult, context: Context) => SplResult

function run(command: string, result: SplResult, context: Context): SplResult {
  const [, name, argument] = /^(\w+)\s*([\s\S]*)$/.exec(command) ?? []
  const known = name === undefined ? undefined : COMMANDS[name]
  if (known === undefined) throw new SyntaxError(`${command} is not a command that the content may use`)
  return known(argument, result, context)
}

const anew = (rows: readonly Row[], fields: readonly string[] = []): SplResult => ({ rows, fields })

const COMMANDS: Readonly<Record<string, Command>> = {
  search: (argument, result) => ({ ...result, rows: result.rows.filter(searchTest(argument)) }),
  where: (argument, result, { now }) => ({
    ...result,
    rows: result.rows.filter(row => isTrue(expression(argument)({ ...row, _now: now }))),
  }),
  eval: (argument, result, { now }) => evaluated(argument, result, now),
  stats: (argument, { rows }) => {
    const parsed = statistics(argument)
    return anew(stats(rows, parsed), [...parsed.by, ...parsed.aggregations.map(({ name }) => name)])
  },
  chart: (argument, { rows }) => {
    const { aggregations, by, over } = statistics(argument)
    const [rowField, column] = over === undefined ? by : [over, by[0]]
    return anew(pivot(rows, rowField, aggregations, column))
  },
  timechart: (argument, { rows }, { span }) => timechart(argument, rows, span),
  sort: (argument, result) => sorted(argument, result),
  head: (argument, result) => ({ ...result, rows: result.rows.slice(0, Number(argument)) }),
  table: (argument, { rows }) => selected(argument, rows),
  fields: (argument, { rows, fields }) =>
    argument.startsWith('-') ? without(argument.slice(1), rows, fields) : selected(argument.replace(/^\+/, ''), rows),
  rename: (argument, result) => renamed(argument, result),
  fillnull: (argument, result) => filled(argument, result),
  transpose: (argument, result) => transposed(argument, result),
  lookup: (argument, result, { lookups }) => lookedUp(argument, result, lookups),
  inputlookup: (argument, _, { lookups }) => inputLookup(argument, lookups),
  outputlookup: (argument, result, { lookups }) => outputLookup(argument, result, lookups),
}

function evaluated(argument: string, result: SplResult, now: number): SplResult {
  const assigned = assignments(argument)
  const rows = result.rows.map(row => {
    const changed: Row = { ...row }
    for (const [name, evaluate] of assigned) {
      const value = evaluate({ ...changed, _now: now })
      if (typeof value === 'boolean') throw new SyntaxError(`eval ${name} would be true or false, which is no value in Splunk`)
      if (value === null) delete changed[name]
      else changed[name] = value
    }
    return changed
  })
  const added = assigned.map(([name]) => name).filter(name => !result.fields.includes(name))
  return { rows, fields: result.fields.length === 0 ? [] : [...result.fields, ...new Set(added)] }
}

function timechart(argument: string, rows: readonly Row[], range: number): SplResult {
  const { aggregations, by } = statistics(argument)
  const span = SPANS.find(seconds => range / seconds <= TIMECHART_COLUMNS) ?? SPANS.at(-1)!
  const binned = rows.map(row => ({ ...row, _time: Math.floor(Number(row['_time']) / span) * span }))
  const table = pivot(binned, '_time', aggregations, by[0])
  const names = [...new Set(table.flatMap(row => Object.keys(row)))].filter(name => name !== '_time')
  const times = table.map(row => Number(row['_time']))
  const whole: Row[] = []
  for (let time = Math.min(...times); time <= Math.max(...times); time += span)
    whole.push({ _time: new Date(time * 1000).toISOString(), ...Object.fromEntries(names.map(name => [name, cell(table, time, name)])) })
  return anew(whole, table.length === 0 ? [] : ['_time', ...names])
}

function cell(table: readonly Row[], time: number, name: string): Row[string] {
  return table.find(row => Number(row['_time']) === time)?.[name] ?? null
}

function sorted(argument: string, result: SplResult): SplResult {
  const [, count, keys] = /^(\d+)?\s*(.*)$/.exec(argument) ?? []
  if (count === undefined) throw new SyntaxError(`sort without a number keeps 10 000: sort ${argument}`)
  const order = keys.split(/[\s,]+/).map(key => ({ field: key.replace(/^[+-]/, ''), down: key.startsWith('-') }))
  const rows = [...result.rows].sort(
    (one, other) => order.map(({ field, down }) => compare(one[field], other[field]) * (down ? -1 : 1)).find(by => by !== 0) ?? 0,
  )
  return { ...result, rows: count === '0' ? rows : rows.slice(0, Number(count)) }
}

/** Names of fields, apart by commas or blanks. */
function names(argument: string): readonly string[] {
  return tokens(argument)
    .filter(token => token.kind !== 'sign')
    .map(token => token.text)
}

function selected(argument: string, rows: readonly Row[]): SplResult {
  const wanted = names(argument)
  return anew(
    rows.map(row => Object.fromEntries(wanted.map(name => [name, row[name] ?? null]))),
    wanted,
  )
}

function without(argument: string, rows: readonly Row[], fields: readonly string[]): SplResult {
  const dropped = names(argument)
  const kept = rows.map(row => Object.fromEntries(Object.entries(row).filter(([name]) => !dropped.includes(name))))
  return anew(
    kept,
    fields.filter(name => !dropped.includes(name)),
  )
}

function renamed(argument: string, result: SplResult): SplResult {
  const reader = new TokenReader(tokens(argument))
  const pairs = new Map<string, string>()
  while (reader.next !== undefined) {
    const from = reader.take().text
    reader.expect('as')
    pairs.set(from, reader.take().text)
    reader.accept(',')
  }
  // A field that has the new name already is written over.
  const targets = new Set(pairs.values())
  const rows = result.rows.map(row => {
    const kept = Object.entries(row).filter(([name]) => pairs.has(name) || !targets.has(name))
    return Object.fromEntries(kept.map(([name, value]) => [pairs.get(name) ?? name, value]))
  })
  return { rows, fields: result.fields.map(name => pairs.get(name) ?? name) }
}

function filled(argument: string, result: SplResult): SplResult {
  const [, quoted, plain, rest] = /^value=(?:"([^"]*)"|(\S+))\s+(.*)$/.exec(argument) ?? []
  if (rest === undefined) throw new SyntaxError(`fillnull takes value= and fields: ${argument}`)
  const rows = result.rows.map(row => ({
    ...row,
    ...Object.fromEntries(names(rest).map(name => [name, list(row[name]).length === 0 ? (quoted ?? Number(plain)) : row[name]])),
  }))
  return { ...result, rows }
}

function transposed(argument: string, { rows, fields }: SplResult): SplResult {
  const [, column = 'column'] = /^column_name=(\w+)$/.exec(argument) ?? []
  const turned = fields.map(name => ({
    [column]: name,
    ...Object.fromEntries(rows.map((row, index) => [`row ${index + 1}`, row[name] ?? null])),
  }))
  return anew(turned, [column, ...rows.map((_, index) => `row ${index + 1}`)])
}

function lookedUp(argument: string, result: SplResult, lookups: SplWorld['lookups']): SplResult {
  const [, name, key, field = key, outputs] = /^(\w+)\s+(\w+)(?:\s+as\s+(\S+))?\s+OUTPUT\s+(.+)$/i.exec(argument) ?? []
  const table = name === undefined ? undefined : lookups[name]
  if (table === undefined) throw new SyntaxError(`no such lookup: lookup ${argument}`)
  const wanted = names(outputs)
  const missing = [key, ...wanted].filter(column => table.length > 0 && !columns(table).includes(column))
  for (const column of missing) throw new SyntaxError(`the lookup ${name} has no ${column}`)
  const rows = result.rows.map(row => {
    const found = table.find(entry => String(entry[key]).toLowerCase() === String(list(row[field])[0]).toLowerCase())
    return found === undefined ? row : { ...row, ...Object.fromEntries(wanted.map(column => [column, found[column]])) }
  })
  return { rows, fields: result.fields.length === 0 ? [] : [...result.fields, ...wanted] }
}

function inputLookup(argument: string, lookups: SplWorld['lookups']): SplResult {
  const [, name, condition = ''] = /^(\w+)(?:\s+where\s+(.+))?$/.exec(argument) ?? []
  const table = name === undefined ? undefined : lookups[name]
  if (table === undefined) throw new SyntaxError(`no such lookup: inputlookup ${argument}`)
  return anew(table.filter(searchTest(condition)))
}

function outputLookup(argument: string, result: SplResult, lookups: SplWorld['lookups']): SplResult {
  const [, name] = /(\w+)$/.exec(argument) ?? []
  if (name === undefined || lookups[name] === undefined) throw new SyntaxError(`no such lookup: outputlookup ${argument}`)
  const kept = /\bappend=true\b/.test(argument)
    ? lookups[name].filter(row => !result.rows.some(({ _key: key }) => key === row['_key']))
    : []
  lookups[name] = [...kept, ...result.rows]
  return result
}

function columns(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.flatMap(row => Object.keys(row)))].filter(name => name !== '_raw')
}
