import Joi from 'joi'
import { Secret } from './secret.ts'

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
