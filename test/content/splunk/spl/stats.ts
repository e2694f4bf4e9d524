import { type Evaluate, expression, isTrue } from './expression.ts'
import { type Token, TokenReader, tokens } from './lexer.ts'
import { compare, list, number, type Row, text, type Value } from './row.ts'

interface Aggregation {
  readonly name: string
  readonly aggregate: (rows: readonly Row[]) => Value
}

export interface Statistics {
  readonly aggregations: readonly Aggregation[]
  readonly by: readonly string[]
}

/** `count sum(field) as name … by field, field`; `over` is the second grouping of chart. */
export function statistics(source: string): Statistics & { readonly over: string | undefined } {
  const reader = new TokenReader(tokens(source))
  const aggregations: Aggregation[] = []
  let over: string | undefined
  while (reader.next !== undefined && !reader.isWord('by') && !reader.isWord('over')) {
    aggregations.push(aggregation(reader))
    reader.accept(',')
  }
  if (reader.accept('over')) over = reader.take().text
  const by: string[] = []
  if (reader.accept('by'))
    while (reader.next !== undefined) {
      by.push(reader.take().text)
      reader.accept(',')
    }
  if (aggregations.length === 0) throw new SyntaxError(`stats without a function: ${source}`)
  return { aggregations, by, over }
}

function aggregation(reader: TokenReader): Aggregation {
  const { text: called } = reader.take()
  let argument = ''
  let values: Evaluate = () => 1
  if (reader.accept('(')) {
    const inner = untilClosed(reader)
    argument = inner
      .map(sourceOf)
      .join(' ')
      .replace(/^(\S+)$/, '$1')
    values = inner[0]?.text === 'eval' ? evaluated(inner) : fieldOf(inner)
  }
  const name = reader.accept('as') ? reader.take().text : argument === '' ? called : `${called}(${argument})`
  return { name, aggregate: rows => aggregate(called, rows, values, argument !== '') }
}

/** A test counts where it holds. */
function evaluated(inner: readonly Token[]): Evaluate {
  const evaluate = expression(inner.slice(2, -1).map(sourceOf).join(' '))
  return row => {
    const value = evaluate(row)
    return typeof value === 'boolean' ? (isTrue(value) ? 1 : null) : value
  }
}

function fieldOf(inner: readonly Token[]): Evaluate {
  if (inner.length !== 1)
    throw new SyntaxError(`a function of stats takes one field, not "${inner.map(({ text: word }) => word).join(' ')}"`)
  const [{ text: field }] = inner
  return row => row[field] ?? null
}

function untilClosed(reader: TokenReader): readonly Token[] {
  const inner: Token[] = []
  for (let depth = 1; ; ) {
    const token = reader.take()
    if (token.kind === 'sign' && token.text === '(') depth++
    if (token.kind === 'sign' && token.text === ')' && --depth === 0) return inner
    inner.push(token)
  }
}

function sourceOf({ kind, text: word }: Token): string {
  if (kind === 'quoted') return `"${word}"`
  return kind === 'name' ? `'${word}'` : word
}

function aggregate(called: string, rows: readonly Row[], value: Evaluate, hasArgument: boolean): Value {
  if (called === 'count' && !hasArgument) return rows.length
  const all = rows.flatMap(row => list(value(row)))
  const numbers = all.flatMap(one => number(one) ?? [])
  switch (called) {
    case 'count':
      return all.length
    case 'dc':
      return new Set(all.map(String)).size
    case 'sum':
      return numbers.length === 0 ? null : numbers.reduce((total, one) => total + one, 0)
    case 'avg':
      return numbers.length === 0 ? null : numbers.reduce((total, one) => total + one, 0) / numbers.length
    case 'max':
      return [...all].sort(compare).at(-1) ?? null
    case 'min':
      return [...all].sort(compare)[0] ?? null
    case 'p95':
      return [...numbers].sort(compare)[Math.ceil(numbers.length * 0.95) - 1] ?? null
    case 'values':
      return [...new Set(all.map(String))].sort()
    case 'latest':
      return (
        byTime(rows)
          .map(value)
          .filter(one => list(one).length > 0)
          .at(-1) ?? null
      )
    default:
      throw new SyntaxError(`${called} is not a function of stats that the content may use`)
  }
}

function byTime(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((one, other) => compare(one['_time'], other['_time']))
}

/** Groups in the order of their keys. A row with several values of a field is in the group of each, one without any in none. */
function groups(
  rows: readonly Row[],
  by: readonly string[],
): readonly { readonly key: readonly string[]; readonly rows: readonly Row[] }[] {
  const found = new Map<string, { key: readonly string[]; rows: Row[] }>()
  for (const row of rows)
    for (const key of keys(row, by)) {
      const id = key.join('\u0000')
      const group = found.get(id) ?? { key, rows: [] }
      group.rows.push(row)
      found.set(id, group)
    }
  return [...found.values()].sort(
    (one, other) => one.key.map((part, index) => compare(part, other.key[index])).find(order => order !== 0) ?? 0,
  )
}

function keys(row: Row, by: readonly string[]): readonly (readonly string[])[] {
  return by.reduce<readonly (readonly string[])[]>(
    (found, field) => found.flatMap(key => list(row[field]).map(value => [...key, String(value)])),
    [[]],
  )
}

export function stats(rows: readonly Row[], { aggregations, by }: Statistics): readonly Row[] {
  if (by.length === 0) return [Object.fromEntries(aggregations.map(({ name, aggregate: make }) => [name, make(rows)]))]
  return groups(rows, by).map(group => ({
    ...Object.fromEntries(by.map((field, index) => [field, group.key[index]])),
    ...Object.fromEntries(aggregations.map(({ name, aggregate: make }) => [name, make(group.rows)])),
  }))
}

/** Columns of a table by a second field: one a value, or one a function and value where there are several functions. */
export function pivot(
  rows: readonly Row[],
  rowField: string,
  aggregations: readonly Aggregation[],
  by: string | undefined,
): readonly Row[] {
  return groups(rows, [rowField]).map(({ key, rows: own }) => {
    const cells = by === undefined ? [{ key: [''], rows: own }] : groups(own, [by])
    const named = cells.flatMap(cell =>
      aggregations.map(({ name, aggregate: make }) => [columnName(cell.key[0], name, aggregations.length, by), make(cell.rows)] as const),
    )
    return { [rowField]: key[0], ...Object.fromEntries(named) }
  })
}

function columnName(value: string, name: string, functions: number, by: string | undefined): string {
  if (by === undefined) return name
  return functions === 1 ? value : `${name}: ${text(value)}`
}
