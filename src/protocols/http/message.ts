import { CREDENTIAL_FIELDS } from './credentials.ts'

/**
 * HTTP/1.1 messages (RFC 9112 §2):
 *   message      = start-line CRLF *( field-name ":" OWS value OWS CRLF ) CRLF [ body ]
 *   request-line = method SP request-target SP "HTTP/1." DIGIT
 *   status-line  = "HTTP/1." DIGIT SP 3DIGIT SP [ reason-phrase ]
 * LF alone ends a line too (§2.2).
 */
type StartLine = RequestLine | StatusLine

export interface RequestLine {
  readonly kind: 'request'
  readonly method: string
  /** As sent, with identifiers of patients in it: to be read at once and not kept. */
  readonly target: string
  readonly version: string
}

export interface StatusLine {
  readonly kind: 'status'
  readonly status: number
  readonly version: string
}

/** Header fields by lower-case name; only those of `FIELDS`. Repeated ones are joined by commas (RFC 9110 §5.3). */
export type Fields = ReadonlyMap<string, string>

export interface Head {
  readonly start: StartLine
  readonly fields: Fields
  /** Lengths that contradict each other, by which two readers may take different bytes for the next message. */
  readonly conflictingLength: boolean
}

/** How the body behind a head is delimited (RFC 9112 §6.3). `tunnel`: what follows is no longer HTTP. */
export type BodyLength = { readonly kind: 'none' | 'chunked' | 'close' | 'tunnel' } | { readonly kind: 'length'; readonly length: number }

/** Fields that anything is learned from. */
const FIELDS: ReadonlySet<string> = new Set([
  'accept',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'server',
  'transfer-encoding',
  'user-agent',
  'www-authenticate',
  ...CREDENTIAL_FIELDS,
])
/** Longest value that is kept of a field. */
const MAX_VALUE = 2048

const METHODS =
  'GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|SEARCH|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|REPORT|SUBSCRIBE|UNSUBSCRIBE|NOTIFY'
const ANY_REQUEST = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (.+) HTTP\/1\.([01])$/
const KNOWN_REQUEST = new RegExp(`(${METHODS}) (\\S+) HTTP\\/1\\.([01])$`)
const ANY_STATUS = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: .*)?$/
const PLAIN_STATUS = /HTTP\/1\.([01]) ([1-5]\d\d)(?: [A-Za-z' -]{0,40})?$/

/** A line without its end. */
export function isStartLine(line: string): boolean {
  return ANY_STATUS.test(line) || ANY_REQUEST.test(line)
}

/** Where in a line, behind bytes of something else or none, a start line begins that looks like nothing else; or -1. */
export function startLineWithin(line: string): number {
  if (!line.includes('HTTP/1.')) return -1
  return (PLAIN_STATUS.exec(line) ?? KNOWN_REQUEST.exec(line))?.index ?? -1
}

/** The head of a message: its start line, fields and the empty line. Lines that are no fields are passed over. */
export function readHead(text: string): Head | undefined {
  const lines = text.split('\n')
  const start = readStartLine(withoutEnd(lines[0]))
  if (start === undefined) return undefined
  const fields = new Map<string, string>()
  let last: string | undefined
  for (let index = 1; index < lines.length; index++) {
    const line = withoutEnd(lines[index])
    // A line that begins with a blank continues the one before (RFC 9112 §5.2).
    if (last !== undefined && (line.startsWith(' ') || line.startsWith('\t'))) {
      fields.set(last, `${fields.get(last)} ${line.trim()}`.slice(0, MAX_VALUE))
      continue
    }
    const colon = line.indexOf(':')
    const name = colon > 0 ? line.slice(0, colon).trim().toLowerCase() : ''
    last = FIELDS.has(name) ? name : undefined
    if (last === undefined) continue
    const value = line
      .slice(colon + 1)
      .trim()
      .slice(0, MAX_VALUE)
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}, ${value}`.slice(0, MAX_VALUE))
  }
  const [length, ...others] = lengthsOf(fields)
  const conflictingLength = others.some(other => other !== length) || (length !== undefined && fields.has('transfer-encoding'))
  return { start, fields, conflictingLength }
}

/** Content-Length as often as it was given: a repeated one is joined by commas, by who sent it or by `readHead` (RFC 9110 §8.6). */
function lengthsOf(fields: Fields): readonly string[] {
  return fields.get('content-length')?.split(/\s*,\s*/) ?? []
}

function readStartLine(line: string): StartLine | undefined {
  const status = ANY_STATUS.exec(line)
  if (status !== null) return { kind: 'status', status: Number(status[2]), version: `1.${status[1]}` }
  const request = ANY_REQUEST.exec(line)
  return request === null ? undefined : { kind: 'request', method: request[1], target: request[2], version: `1.${request[3]}` }
}

function withoutEnd(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

/** `method` is that of the request which a response answers, where it is known. */
export function bodyLengthOf({ start, fields }: Head, method: string | undefined): BodyLength {
  if (start.kind === 'status') {
    const { status } = start
    if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) return { kind: 'tunnel' }
    if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return { kind: 'none' }
  }
  const unlimited = start.kind === 'status' ? 'close' : 'none'
  const codings = fields.get('transfer-encoding')
  if (codings !== undefined) return { kind: /(^|,)\s*chunked\s*$/i.test(codings) ? 'chunked' : unlimited }
  const [given] = lengthsOf(fields)
  if (given === undefined || !/^\d{1,15}$/.test(given)) return { kind: unlimited }
  return { kind: 'length', length: Number(given) }
}

/** A media type in lower case with its parameters, names in lower case (RFC 9110 §8.3.1). */
export interface MediaType {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

const PARAMETER = /;\s*([^\s=;]{1,64})\s*=\s*(?:"([^"]{0,512})"|([^\s;"]{0,512}))/g
const TYPE = /^\s*([a-z0-9!#$&^_.+-]{1,64}\/[a-z0-9!#$&^_.+-]{1,64})/i

export function readMediaType(value: string | undefined): MediaType | undefined {
  const type = value === undefined ? null : TYPE.exec(value)
  if (type === null || value === undefined) return undefined
  const parameters = new Map<string, string>()
  for (const [, name, quoted, plain] of value.matchAll(PARAMETER)) parameters.set(name.toLowerCase(), quoted ?? plain)
  return { type: type[1].toLowerCase(), parameters }
}
