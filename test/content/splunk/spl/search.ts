import { matches } from './expression.ts'
import { TokenReader, tokens } from './lexer.ts'
import { compare, escaped, list, type Row } from './row.ts'

export type Test = (row: Row) => boolean

/** Read what the search command takes: NOT before OR before AND, which needs no word. */
export function searchTest(source: string): Test {
  const reader = new TokenReader(tokens(source, true))
  const test = conjunction(reader)
  if (reader.next !== undefined) throw new SyntaxError(`search goes on with "${reader.next.text}" in ${source}`)
  return test
}

function conjunction(reader: TokenReader): Test {
  const tests: Test[] = []
  while (reader.next !== undefined && !reader.isSign(')')) {
    reader.accept('and')
    tests.push(disjunction(reader))
  }
  return row => tests.every(test => test(row))
}

function disjunction(reader: TokenReader): Test {
  const tests = [negation(reader)]
  while (reader.accept('or')) tests.push(negation(reader))
  return tests.length === 1 ? tests[0] : row => tests.some(test => test(row))
}

function negation(reader: TokenReader): Test {
  if (!reader.accept('not')) return term(reader)
  const test = negation(reader)
  return row => !test(row)
}

const ORDER: Readonly<Record<string, (order: number) => boolean>> = {
  '<': order => order < 0,
  '>': order => order > 0,
  '<=': order => order <= 0,
  '>=': order => order >= 0,
}

function term(reader: TokenReader): Test {
  if (reader.accept('(')) {
    const test = conjunction(reader)
    reader.expect(')')
    return test
  }
  const { kind, text: field } = reader.take()
  if (kind !== 'sign' && reader.accept('=')) return oneOf(field, [reader.take().text])
  if (kind !== 'sign' && reader.accept('!=')) {
    const value = reader.take().text
    return row => list(row[field]).length > 0 && !matches(row[field], value)
  }
  if (kind !== 'sign' && reader.accept('in')) return oneOf(field, values(reader))
  const sign = reader.next?.kind === 'sign' ? ORDER[reader.next.text] : undefined
  if (sign !== undefined) {
    reader.take()
    const value = reader.take().text
    return row => list(row[field]).some(one => sign(compare(one, value)))
  }
  if (kind === 'sign') throw new SyntaxError(`search has "${field}" where a term belongs`)
  return mentions(field)
}

function oneOf(field: string, wanted: readonly string[]): Test {
  if (field === 'index' || field === 'earliest' || field === 'latest') return () => true
  return row => wanted.some(value => matches(row[field], value))
}

function values(reader: TokenReader): readonly string[] {
  reader.expect('(')
  const found: string[] = []
  while (!reader.accept(')')) {
    found.push(reader.take().text)
    reader.accept(',')
  }
  return found
}

/** A term of its own stands anywhere in the event, between characters that part words. */
function mentions(term: string): Test {
  const pattern = new RegExp(
    `(?<![A-Za-z0-9_.-])${term.split('*').map(escaped).join('[^"\\s]*')}${term.endsWith('*') ? '' : '(?![A-Za-z0-9_])'}`,
    'i',
  )
  return row => pattern.test(String(row['_raw'] ?? ''))
}
