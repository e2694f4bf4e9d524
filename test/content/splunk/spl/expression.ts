import { callFunction } from './functions.ts'
import { type Token, TokenReader, tokens } from './lexer.ts'
import { compare, list, number, type Row, text, type Value, wildcard } from './row.ts'

export type Evaluate = (row: Row) => Value

/** Read an expression of eval and where: OR, AND, NOT, comparisons, concatenation by a point, arithmetic. */
export function expression(source: string): Evaluate {
  const reader = new TokenReader(tokens(source))
  const evaluate = either(reader)
  if (reader.next !== undefined) throw new SyntaxError(`SPL expression goes on with "${reader.next.text}" in ${source}`)
  return evaluate
}

/** `name=expression, name=expression` */
export function assignments(source: string): readonly (readonly [string, Evaluate])[] {
  const reader = new TokenReader(tokens(source))
  const found: (readonly [string, Evaluate])[] = []
  do {
    const name = reader.take().text
    reader.expect('=')
    found.push([name, either(reader)])
  } while (reader.accept(','))
  if (reader.next !== undefined) throw new SyntaxError(`eval goes on with "${reader.next.text}" in ${source}`)
  return found
}

function either(reader: TokenReader): Evaluate {
  let left = both(reader)
  while (reader.accept('or')) {
    const [one, other] = [left, both(reader)]
    left = row => isTrue(one(row)) || isTrue(other(row))
  }
  return left
}

function both(reader: TokenReader): Evaluate {
  let left = negation(reader)
  while (reader.accept('and')) {
    const [one, other] = [left, negation(reader)]
    left = row => isTrue(one(row)) && isTrue(other(row))
  }
  return left
}

function negation(reader: TokenReader): Evaluate {
  if (!reader.accept('not')) return comparison(reader)
  const inner = negation(reader)
  return row => !isTrue(inner(row))
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '=': order => order === 0,
  '==': order => order === 0,
  '!=': order => order !== 0,
  '<': order => order < 0,
  '>': order => order > 0,
  '<=': order => order <= 0,
  '>=': order => order >= 0,
}

function comparison(reader: TokenReader): Evaluate {
  const left = sum(reader)
  if (reader.accept('in')) {
    const values = inParentheses(reader)
    return row => values.some(value => equal(left(row), value(row)))
  }
  const sign = reader.next?.kind === 'sign' ? COMPARISONS[reader.next.text] : undefined
  if (sign === undefined) return left
  reader.take()
  const right = sum(reader)
  // A comparison with a missing field is neither true nor false.
  return row => {
    const [one, other] = [left(row), right(row)]
    return list(one).length > 0 && list(other).length > 0 && list(one).some(value => sign(compare(value, other)))
  }
}

function equal(one: Value, other: Value): boolean {
  return list(one).some(value => list(other).some(wanted => compare(value, wanted) === 0))
}

function sum(reader: TokenReader): Evaluate {
  let left = product(reader)
  for (;;) {
    if (reader.accept('+')) left = arithmetic(left, product(reader), (one, other) => one + other)
    else if (reader.accept('-')) left = arithmetic(left, product(reader), (one, other) => one - other)
    else if (reader.accept('.')) left = concatenation(left, product(reader))
    else return left
  }
}

function product(reader: TokenReader): Evaluate {
  let left = operand(reader)
  for (;;) {
    if (reader.accept('*')) left = arithmetic(left, operand(reader), (one, other) => one * other)
    else if (reader.accept('/')) left = arithmetic(left, operand(reader), (one, other) => one / other)
    else if (reader.accept('%')) left = arithmetic(left, operand(reader), (one, other) => one % other)
    else return left
  }
}

function arithmetic(left: Evaluate, right: Evaluate, operate: (one: number, other: number) => number): Evaluate {
  return row => {
    const [one, other] = [number(left(row)), number(right(row))]
    return one === undefined || other === undefined ? null : operate(one, other)
  }
}

function concatenation(left: Evaluate, right: Evaluate): Evaluate {
  return row => {
    const [one, other] = [text(left(row)), text(right(row))]
    return one === undefined || other === undefined ? null : one + other
  }
}

function operand(reader: TokenReader): Evaluate {
  if (reader.accept('(')) {
    const inner = either(reader)
    reader.expect(')')
    return inner
  }
  const token = reader.take()
  if (token.kind === 'quoted') return () => token.text
  if (token.kind === 'name') return row => row[token.text] ?? null
  if (token.kind === 'sign') {
    if (token.text !== '-') throw new SyntaxError(`SPL expression has "${token.text}" where a value belongs`)
    const inner = operand(reader)
    return arithmetic(
      () => 0,
      inner,
      (one, other) => one - other,
    )
  }
  if (/^\d+(\.\d+)?$/.test(token.text)) return () => Number(token.text)
  return reader.isSign('(') ? functionCall(token, reader) : row => row[token.text] ?? null
}

function functionCall(name: Token, reader: TokenReader): Evaluate {
  const start = reader.next
  if (name.text === 'mvmap') return mvmap(reader)
  const values = inParentheses(reader)
  if (start === undefined) throw new SyntaxError('SPL ends too early')
  return row => callFunction(name.text, values, row)
}

/** The second argument is evaluated for each value of the field that the first names. */
function mvmap(reader: TokenReader): Evaluate {
  reader.expect('(')
  const field = reader.take().text
  reader.expect(',')
  const each = either(reader)
  reader.expect(')')
  return row => list(row[field]).flatMap(value => list(each({ ...row, [field]: value })))
}

function inParentheses(reader: TokenReader): readonly Evaluate[] {
  reader.expect('(')
  const values: Evaluate[] = []
  while (!reader.accept(')')) {
    values.push(either(reader))
    reader.accept(',')
  }
  return values
}

export function isTrue(value: Value): boolean {
  return value === true
}

/** Whether any value of a field is what a search asks for: text with wildcards, in any case. */
export function matches(value: Value | undefined, wanted: string): boolean {
  const pattern = wildcard(wanted)
  return list(value).some(one => pattern.test(String(one)) || (wanted !== '' && Number(one) === Number(wanted)))
}
