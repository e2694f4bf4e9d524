import type { AuthenticationScheme } from '../observation.ts'
import type { Fields } from './message.ts'

/** Schemes of the IANA registry of HTTP authentication schemes that are told by name, and NTLM, which is not in it. */
const SCHEMES: ReadonlySet<string> = new Set(['basic', 'bearer', 'digest', 'negotiate', 'ntlm'])

/** How a request says who sends it (RFC 9110 §11.6.2, RFC 6750 §2.3, RFC 6265 §4.2): the kind of credential, never a part of it. */
export function authenticationOf(fields: Fields, target: string): AuthenticationScheme {
  const authorization = fields.get('authorization')
  if (authorization !== undefined && authorization !== '') {
    const [scheme] = authorization.split(' ', 1)
    const name = scheme.toLowerCase()
    return SCHEMES.has(name) ? (name as AuthenticationScheme) : 'other'
  }
  if (fields.has('x-api-key') || fields.has('api-key') || fields.has('apikey')) return 'api_key'
  if (/[?&]access_token=/.test(target)) return 'bearer'
  return fields.has('cookie') ? 'cookie' : 'none'
}
