import type { AuthenticationScheme } from '../observation.ts'
import type { Fields } from './message.ts'

/** Schemes of the IANA registry of HTTP authentication schemes that are told by name, and NTLM, which is not in it. */
const SCHEMES: ReadonlySet<string> = new Set(['basic', 'bearer', 'digest', 'negotiate', 'ntlm'])

/** Fields beside `Authorization` and `Cookie` that carry a credential, as servers, API gateways and TLS-terminating proxies name them. */
const SCHEME_BY_FIELD: ReadonlyMap<string, AuthenticationScheme> = new Map([
  ['x-api-key', 'api_key'],
  ['api-key', 'api_key'],
  ['apikey', 'api_key'],
  ['x-goog-api-key', 'api_key'],
  ['ocp-apim-subscription-key', 'api_key'],
  ['x-auth-token', 'bearer'],
  ['x-access-token', 'bearer'],
  ['x-forwarded-access-token', 'bearer'],
  // RFC 9440, and what was usual before it.
  ['client-cert', 'client_certificate'],
  ['x-client-cert', 'client_certificate'],
  ['x-ssl-client-cert', 'client_certificate'],
  ['ssl-client-cert', 'client_certificate'],
  ['x-arr-clientcert', 'client_certificate'],
  ['x-forwarded-client-cert', 'client_certificate'],
])

/** Parameters of a query that carry a credential (RFC 6750 §2.3; the others are usual). */
const SCHEME_BY_PARAMETER: ReadonlyMap<string, AuthenticationScheme> = new Map([
  ['access_token', 'bearer'],
  ['token', 'bearer'],
  ['jwt', 'bearer'],
  ['api_key', 'api_key'],
  ['api-key', 'api_key'],
  ['apikey', 'api_key'],
  ['subscription-key', 'api_key'],
  ['x-amz-signature', 'signature'],
  ['x-goog-signature', 'signature'],
  ['sig', 'signature'],
])

/** Names of fields by which `authenticationOf` goes. */
export const CREDENTIAL_FIELDS: readonly string[] = ['authorization', 'cookie', ...SCHEME_BY_FIELD.keys()]

/** How a request says who sends it (RFC 9110 §11.6.2, RFC 6750 §2, RFC 6265 §4.2): the kind of credential, never a part of it. */
export function authenticationOf(fields: Fields, target: string): AuthenticationScheme {
  const authorization = fields.get('authorization')
  if (authorization !== undefined && authorization !== '') {
    const [scheme] = authorization.split(' ', 1)
    const name = scheme.toLowerCase()
    return SCHEMES.has(name) ? (name as AuthenticationScheme) : 'other'
  }
  for (const [field, scheme] of SCHEME_BY_FIELD) if (isGiven(fields.get(field))) return scheme
  const scheme = schemeInQuery(target)
  if (scheme !== undefined) return scheme
  return isGiven(fields.get('cookie')) ? 'cookie' : 'none'
}

/** A proxy that was shown no certificate may send the field empty. */
function isGiven(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '(null)'
}

function schemeInQuery(target: string): AuthenticationScheme | undefined {
  for (const [, name] of target.matchAll(/[?&]([A-Za-z_-]{1,32})=[^&]/g)) {
    const scheme = SCHEME_BY_PARAMETER.get(name.toLowerCase())
    if (scheme !== undefined) return scheme
  }
  return undefined
}
