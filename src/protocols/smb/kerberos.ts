import { Cursor } from '../../bytes/cursor.ts'
import { openElement, readElement, Tag } from '../ber.ts'

/** Mechanism 1.2.840.113554.1.2.2 and the token id of an AP-REQ behind it (RFC 4121 §4.1). */
const AP_REQ_TOKEN = Buffer.from('06092a864886f7120102020100', 'hex')
const Application = { TICKET: 0x61, AP_REQ: 0x6e } as const
/** Context tag of a constructed element: [n]. */
const context = (number: number): number => 0xa0 | number
/** Services whose second name is a host; of others it may be a person. */
const HOST_SERVICES: ReadonlySet<string> = new Set(['cifs', 'host'])
const MAX_NAMES = 4

/** For whom a ticket is that a client shows: a host, and its realm. */
export interface KerberosService {
  readonly host: string
  readonly realm: string
}

/**
 * The service in the ticket of a security token, which stands there in clear:
 *   AP-REQ (RFC 4120 §5.5.1): [APPLICATION 14] SEQUENCE of version [0], type [1], options [2], ticket [3], authenticator [4]
 *   ticket (§5.3): [APPLICATION 1] SEQUENCE of version [0], realm [1], server name [2], encrypted part [3]
 * Who shows it stands in the encrypted part. Undefined when the token holds no ticket for a host.
 */
export function readKerberosService(token: Cursor): KerberosService | undefined {
  const bytes = Buffer.from(token.bytes.buffer, token.bytes.byteOffset + token.at, token.left)
  const start = bytes.indexOf(AP_REQ_TOKEN)
  if (start < 0) return undefined
  const ticket = ticketOf(new Cursor(bytes, start + AP_REQ_TOKEN.length))
  if (ticket === undefined) return undefined
  readElement(ticket, context(0))
  const realm = stringOf(readElement(ticket, context(1)))
  const [service, host] = principalOf(readElement(ticket, context(2)))
  if (realm === undefined || host === undefined || !HOST_SERVICES.has(service.toLowerCase())) return undefined
  return { host, realm }
}

/** Content of the ticket; with its encrypted part it is longer than what is kept of a message. */
function ticketOf(cursor: Cursor): Cursor | undefined {
  const outer = openElement(cursor, Application.AP_REQ)
  const request = outer && openElement(outer, Tag.SEQUENCE)
  if (request === undefined) return undefined
  for (const field of [0, 1, 2]) if (readElement(request, context(field)) === undefined) return undefined
  const field = openElement(request, context(3))
  const ticket = field && openElement(field, Application.TICKET)
  return ticket && openElement(ticket, Tag.SEQUENCE)
}

/** PrincipalName (RFC 4120 §5.2.2): SEQUENCE of type [0], names [1] SEQUENCE of strings. */
function principalOf(field: Cursor | undefined): readonly string[] {
  const principal = field && readElement(field, Tag.SEQUENCE)
  if (principal === undefined || readElement(principal, context(0)) === undefined) return []
  const list = readElement(principal, context(1))
  const strings = list && readElement(list, Tag.SEQUENCE)
  const names: string[] = []
  while (strings !== undefined && strings.left > 0 && names.length < MAX_NAMES) {
    const name = stringOf(strings)
    if (name === undefined) break
    names.push(name)
  }
  return names
}

function stringOf(cursor: Cursor | undefined): string | undefined {
  return cursor && readElement(cursor, Tag.GENERAL_STRING)?.text()
}
