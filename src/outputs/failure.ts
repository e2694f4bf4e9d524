import type { Verdict } from './output.ts'

/** What the system calls a failure, and what an operator should read. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'no answer in time',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be resolved for now',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EACCES: 'the system does not permit it',
  CLOSED_AT_ONCE: 'the receiver closes the connection at once: it may refuse this address, or demand a client certificate',
}

/** Alerts of a receiver that does not accept our certificate, or misses one. */
const OUR_CERTIFICATE = /alert.(bad.certificate|certificate|unknown.ca|handshake.failure)/i
/** Certificates that we do not trust: codes of Node's TLS, and the words of clients that keep no code. */
const CERTIFICATE = /certificate|altname|\bCERT_|_CERT\b|SIGNATURE/i
const NOT_TLS = /wrong version number|packet length too long|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/
const LONGEST_REASON = 200

/**
 * Verdict for a receiver that could not be reached or left. A certificate that is not trusted, ours or the receiver's, pauses, since
 * only people can mend it; all else is tried again. Such errors hold no event content.
 */
export function networkVerdict(error: unknown, receiver: string): Verdict {
  const { code, message } = innermost(error)
  if (OUR_CERTIFICATE.test(`${code} ${message}`))
    return { kind: 'pause', reason: `${receiver}: the receiver does not accept our certificate — check tls.cert_file` }
  if (CERTIFICATE.test(`${code} ${message}`))
    return {
      kind: 'pause',
      reason: shorten(`${receiver}: the certificate is not trusted: ${message || code} — check tls.ca_file, or the name in url/host`),
    }
  if (NOT_TLS.test(`${code} ${message}`)) return { kind: 'retry', reason: `${receiver}: the receiver does not speak TLS on this port` }
  const known = WORDS[code] ?? WORDS[/\bE[A-Z_]{3,}\b/.exec(message)?.[0] ?? '']
  return { kind: 'retry', reason: shorten(`${receiver}: ${known ?? (message || code || 'cannot connect')}`) }
}

/** Milliseconds of a `Retry-After` header: seconds or an HTTP date (RFC 9110 §10.2.3). */
export function retryAfterMs(header: string | readonly string[] | null | undefined, now: number = Date.now()): number | undefined {
  const value = (typeof header === 'string' ? header : header?.[0])?.trim()
  if (value === undefined || value === '') return undefined
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined
}

/** The error that started it: connection attempts to several addresses come as one error without words of its own. */
function innermost(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  return { code: (error as NodeJS.ErrnoException).code ?? '', message: error.message }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line
}
