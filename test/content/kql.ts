/**
 * The Kibana Query Language, as Kibana turns it into Elasticsearch's query DSL (kbn-es-query, grammar.peggy):
 *
 *   or     := and ("or" and)*            and   := not ("and" not)*          not := "not"? item
 *   item   := "(" or ")" | field ":" values | field (">=" | ">" | "<=" | "<") value
 *   values := value | "(" value ("or" value)* ")"
 *   value  := quoted text (a phrase) | word, in which * stands for anything and \ takes away a meaning
 */
export type QueryDsl = Readonly<Record<string, unknown>>

type Token =
  | { readonly kind: 'punctuation'; readonly text: string }
  | { readonly kind: 'phrase'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string }

const TOKEN = /\s*(?:(>=|<=|[():<>])|"((?:\\.|[^"\\])*)"|((?:\\.|[^\s():<>"])+))/y

/** Throws on text that is no query. */
export function kqlToDsl(query: string): QueryDsl {
  const tokens = tokensOf(query)
  const parser = new Parser(tokens)
  const dsl = parser.or()
  parser.end()
  return dsl
}

/** Names of the fields that a query tests. */
export function kqlFields(query: string): readonly string[] {
  const tokens = tokensOf(query)
  return tokens.flatMap((token, index) => {
    const next = tokens[index + 1]
    const isField = token.kind === 'word' && next?.kind === 'punctuation' && /^(:|[<>]=?)$/.test(next.text)
    return isField ? [token.text] : []
  })
}

function tokensOf(query: string): readonly Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  const end = query.trimEnd().length
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(query)
    if (match === null) throw new Error(`not KQL at ${at}: ${query.slice(at, at + 40)}`)
    const [, punctuation, phrase, word] = match
    if (punctuation !== undefined) tokens.push({ kind: 'punctuation', text: punctuation })
    else if (phrase !== undefined) tokens.push({ kind: 'phrase', text: phrase.replace(/\\(.)/g, '$1') })
    else tokens.push({ kind: 'word', text: word })
  }
  return tokens
}

class Parser {
  #at = 0
  readonly #tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new Error(`KQL goes on after its end: ${this.#tokens[this.#at].text}`)
  }

  or(): QueryDsl {
    const parts = [this.#and()]
    while (this.#word('or')) parts.push(this.#and())
    return parts.length === 1 ? parts[0] : { bool: { should: parts, minimum_should_match: 1 } }
  }

  #and(): QueryDsl {
    const parts = [this.#not()]
    while (this.#word('and')) parts.push(this.#not())
    return parts.length === 1 ? parts[0] : { bool: { filter: parts } }
  }

  #not(): QueryDsl {
    return this.#word('not') ? { bool: { must_not: this.#item() } } : this.#item()
  }

  #item(): QueryDsl {
    if (this.#punctuation('(')) {
      const inner = this.or()
      this.#expect(')')
      return inner
    }
    const field = this.#next('word').text
    const operator = this.#next('punctuation').text
    if (operator === ':') return this.#values(field)
    const bound = { '>=': 'gte', '>': 'gt', '<=': 'lte', '<': 'lt' }[operator]
    if (bound === undefined) throw new Error(`KQL has no operator ${operator}`)
    return { range: { [field]: { [bound]: this.#next('word').text } } }
  }

  #values(field: string): QueryDsl {
    if (!this.#punctuation('(')) return valueDsl(field, this.#value())
    const values = [valueDsl(field, this.#value())]
    while (this.#word('or')) values.push(valueDsl(field, this.#value()))
    this.#expect(')')
    return { bool: { should: values, minimum_should_match: 1 } }
  }

  #value(): Token {
    const token = this.#tokens[this.#at++]
    if (token === undefined || token.kind === 'punctuation') throw new Error(`KQL wants a value before ${token?.text ?? 'its end'}`)
    return token
  }

  #next(kind: Token['kind']): Token {
    const token = this.#tokens[this.#at++]
    if (token?.kind !== kind) throw new Error(`KQL wants a ${kind} before ${token?.text ?? 'its end'}`)
    return token
  }

  #word(text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word' || token.text.toLowerCase() !== text) return false
    this.#at++
    return true
  }

  #punctuation(text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'punctuation' || token.text !== text) return false
    this.#at++
    return true
  }

  #expect(text: string): void {
    if (!this.#punctuation(text)) throw new Error(`KQL wants ${text}`)
  }
}

function valueDsl(field: string, token: Token): QueryDsl {
  if (token.kind === 'phrase') return { match_phrase: { [field]: token.text } }
  if (token.text === '*') return { exists: { field } }
  if (/(^|[^\\])\*/.test(token.text)) return { query_string: { fields: [field], query: token.text } }
  return { match: { [field]: token.text.replace(/\\(.)/g, '$1') } }
}
