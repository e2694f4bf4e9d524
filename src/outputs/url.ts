import Joi from 'joi'

/** An http(s) address without credentials: those have keys of their own, which print redacted. */
export function urlSchema(): Joi.StringSchema {
  return Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .custom((value: string, helpers) => {
      const { username, password } = new URL(value)
      return username === '' && password === '' ? value : helpers.error('secret.url')
    })
    .messages({ 'secret.url': '{{#label}} must not hold a user name or password' })
}
