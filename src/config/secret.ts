import Joi from 'joi'

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

/** Context that the loader hands to joi: the paths whose values came from `${env:}` or `${file:}`. */
export interface SecretContext {
  readonly interpolated: ReadonlySet<string>
}

/**
 * A config value that is a secret. In a config file it must come from `${env:NAME}` or `${file:PATH}`; a literal is refused so that
 * credentials do not end up in version control. The checked value is a `Secret`.
 */
export function secretSchema(): Joi.AnySchema<Secret> {
  return Joi.any()
    .meta({ secret: true })
    .custom((value: unknown, helpers) => {
      if (value instanceof Secret) return value
      if (typeof value !== 'string' || value === '') return helpers.error('secret.type')
      const context = helpers.prefs.context as Partial<SecretContext> | undefined
      const path = (helpers.state.path ?? []).join('.')
      if (context?.interpolated !== undefined && !context.interpolated.has(path)) return helpers.error('secret.literal')
      return new Secret(value)
    })
    .messages({
      'secret.type': '{{#label}} must be a text that is not empty',
      'secret.literal': '{{#label}} is a secret and must not be written into the file',
    })
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
