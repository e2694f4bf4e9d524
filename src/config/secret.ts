const REDACTED = '[redacted]'

/** A secret value that prints redacted everywhere; only `reveal()` gives it away. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}

/** Stands for a secret in plain data; no config can have such a key. */
const SEALED = '\0secret'

/** Plain data in place of every `Secret` in a value, so that it can be copied to another thread. Never print the result. */
export function sealSecrets(value: unknown): unknown {
  return replaceObjects(value, node => (node instanceof Secret ? { [SEALED]: node.reveal() } : undefined))
}

/** The value that `sealSecrets` was given. */
export function unsealSecrets(value: unknown): unknown {
  return replaceObjects(value, node => (SEALED in node ? new Secret(String(node[SEALED as keyof typeof node])) : undefined))
}

function replaceObjects(value: unknown, replacement: (node: object) => object | undefined): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(item => replaceObjects(item, replacement))
  const replaced = replacement(value)
  if (replaced !== undefined) return replaced
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceObjects(item, replacement)]))
}
