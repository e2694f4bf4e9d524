/** Pieces of SPL. `quoted` is text in double quotes, `name` a field in single quotes, `word` anything else that is not a sign. */
export type Token = { readonly kind: 'quoted' | 'name' | 'word'; readonly text: string } | { readonly kind: 'sign'; readonly text: string }

const TOKEN = /\s+|"((?:\\.|[^"\\])*)"|'([^']*)'|(==|!=|<=|>=|[=<>(),+*/%-])|((?:[A-Za-z_0-9:{}]|\.(?=[A-Za-z0-9{]))+)|(\.)/gy

/** Tokens of an expression; with `words` of a search, in which any other characters belong to words. */
export function tokens(text: string, words = false): readonly Token[] {
  const found: Token[] = []
  const pattern = new RegExp(words ? WORDS : TOKEN)
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex
    const match = pattern.exec(text)
    if (match === null) throw new SyntaxError(`cannot read SPL at "${text.slice(at, at + 40)}"`)
    const [, quoted, name, sign, word, point] = match
    if (quoted !== undefined) found.push({ kind: 'quoted', text: unescaped(quoted) })
    else if (name !== undefined) found.push({ kind: 'name', text: name })
    else if (sign !== undefined) found.push({ kind: 'sign', text: sign })
    else if (word !== undefined) found.push({ kind: 'word', text: word })
    else if (point !== undefined) found.push({ kind: 'sign', text: point })
  }
  return found
}

const WORDS = /\s+|"((?:\\.|[^"\\])*)"|(?!)()|(!=|<=|>=|[=<>(),])|([^\s"=<>(),!]+)|(?!)()/gy

/** In a text only the backslash and the quote are escaped; other backslashes belong to the regular expression. */
function unescaped(text: string): string {
  return text.replace(/\\([\\"])/g, '$1')
}

/** Commands of a pipeline: split at pipes outside of quotes, brackets and parentheses. */
export function commands(search: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  let quote = ''
  for (let index = 0; index < search.length; index++) {
    const character = search[index]
    if (quote === '"' && character === '\\') {
      part += character + (search[++index] ?? '')
      continue
    }
    if (quote !== '') quote = character === quote ? '' : quote
    else if (character === '"' || character === "'") quote = character
    if (character === '|' && quote === '') {
      parts.push(part.trim())
      part = ''
    } else part += character
  }
  return [...parts, part.trim()]
}

/** Reads tokens one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(list: readonly Token[]) {
    this.#tokens = list
  }

  get next(): Token | undefined {
    return this.#tokens[this.#at]
  }

  peek(ahead: number): Token | undefined {
    return this.#tokens[this.#at + ahead]
  }

  take(): Token {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new SyntaxError('SPL ends too early')
    return token
  }

  isSign(text: string): boolean {
    return this.next?.kind === 'sign' && this.next.text === text
  }

  /** A keyword in any case. */
  isWord(text: string): boolean {
    return this.next?.kind === 'word' && this.next.text.toLowerCase() === text
  }

  /** Take the sign or keyword if it is next. */
  accept(text: string): boolean {
    if (!this.isSign(text) && !this.isWord(text)) return false
    this.#at++
    return true
  }

  expect(text: string): void {
    if (!this.accept(text)) throw new SyntaxError(`SPL: ${text} expected before "${this.next?.text ?? 'the end'}"`)
  }
}
