import { type Datagram, type DatagramProtocol, type EmitHost, neighbourSender, senderAddress } from '../datagram.ts'
import { FactList } from '../fact-list.ts'
import type { IdentityFact } from '../observation.ts'
import { cleanText } from '../text.ts'

const START_LINES = ['NOTIFY * HTTP/1.', 'M-SEARCH * HTTP/1.', 'HTTP/1.1 200'] as const
/** Bytes of one message that are looked at. */
const MAX_MESSAGE = 2048
const MAX_HEADERS = 64
/** `uuid:…`, alone or in front of a type (UPnP Device Architecture 2.0 §1.2.2). */
const UUID = /^uuid:([0-9a-z-]{8,64})/i
/** `urn:schemas-upnp-org:device:MediaRenderer:1` and services alike. */
const DEVICE_OR_SERVICE = /^urn:([a-z0-9.-]+):(device|service):([\w.-]+):\d+$/i

/**
 * Simple service discovery protocol (UPnP Device Architecture 2.0 §1): messages in the form of HTTP headers over UDP. Answers come from any
 * port to any port.
 */
export function ssdp(): DatagramProtocol {
  return { name: 'ssdp', ports: [1900], onAnyPort: true, read }
}

function read(datagram: Datagram, emit: EmitHost): boolean {
  const { bytes, offset, length, time } = datagram
  if (!START_LINES.some(line => startsWith(bytes, offset, length, line))) return false
  const [startLine, ...lines] = textOf(bytes, offset, Math.min(length, MAX_MESSAGE)).split('\r\n', MAX_HEADERS)
  const headers = headersOf(lines)
  const isAnswer = startLine.startsWith('HTTP')
  // Anything may answer `HTTP/1.1 200` on UDP; only SSDP says for which search target.
  if (isAnswer && !headers.has('st')) return false
  const subject = isAnswer ? senderAddress(datagram) : neighbourSender(datagram)
  const facts = startLine.startsWith('M-SEARCH') ? searchFacts(headers) : announcementFacts(headers)
  if (facts.length > 0) emit({ kind: 'host-identity', protocol: 'ssdp', subject, time, facts })
  return true
}

function searchFacts(headers: ReadonlyMap<string, string>): readonly IdentityFact[] {
  const list = new FactList()
  list.add('user_agent', cleanText(headers.get('user-agent') ?? ''), 'USER-AGENT')
  return list.facts
}

function announcementFacts(headers: ReadonlyMap<string, string>): readonly IdentityFact[] {
  const list = new FactList()
  const target = headers.has('nt') ? 'NT' : 'ST'
  const type = DEVICE_OR_SERVICE.exec(headers.get(target.toLowerCase()) ?? '')
  list.add('upnp_server', cleanText(headers.get('server') ?? ''), 'SERVER')
  list.add('upnp_uuid', UUID.exec(headers.get('usn') ?? '')?.[1].toLowerCase(), 'USN')
  if (type !== null) list.add('service', `upnp:${type[3]}`, target)
  return list.facts
}

/** Names in lower case; the first of several counts. */
function headersOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase()
    if (name !== '' && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim())
  }
  return headers
}

function startsWith(bytes: Uint8Array, offset: number, length: number, text: string): boolean {
  if (length < text.length) return false
  for (let index = 0; index < text.length; index++) if (bytes[offset + index] !== text.charCodeAt(index)) return false
  return true
}

function textOf(bytes: Uint8Array, offset: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1')
}
