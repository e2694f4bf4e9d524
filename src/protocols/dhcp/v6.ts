import { Cursor } from '../../bytes/cursor.ts'
import { formatIpv6 } from '../../net/addresses.ts'
import { type Datagram, type DatagramProtocol, type EmitHost, neighbourSender } from '../datagram.ts'
import { readWholeName } from '../dns/message.ts'
import { FactList } from '../fact-list.ts'
import type { HostSubject } from '../observation.ts'
import { cleanText, hostName } from '../text.ts'

/** RFC 8415 §7.3: those that a client sends, and the relay's wrapping. */
const CLIENT_MESSAGES: ReadonlySet<number> = new Set([1, 3, 4, 5, 6, 8, 9, 11])
const RELAY_FORWARD = 12
const KNOWN_MESSAGES = 13
/** RFC 8415 §21; RFC 4704 FQDN; RFC 8520 MUD URL. */
const Option = { CLIENT_ID: 1, OPTION_REQUEST: 6, RELAY_MESSAGE: 9, VENDOR_CLASS: 16, CLIENT_FQDN: 39, MUD_URL: 112 } as const
/** Relays in a row (RFC 8415 §7.6: HOP_COUNT_LIMIT). */
const MAX_RELAYS = 8
const MAX_OPTIONS = 128
/** RFC 8415 §11.1: at most 128 bytes of content. */
const MAX_DUID = 130

/** DHCP for IPv6. A relay names the client by its address; without one the client is the sender. */
export function dhcpv6(): DatagramProtocol {
  return { name: 'dhcpv6', ports: [546, 547], onAnyPort: false, read }
}

/** Message (RFC 8415 §8): type 1, transaction id 3, options. */
function read(datagram: Datagram, emit: EmitHost): boolean {
  const { bytes, offset, length, time } = datagram
  if (length < 4 || bytes[offset] === 0 || bytes[offset] > KNOWN_MESSAGES) return false
  const unwrapped = unwrap(new Cursor(bytes, offset, offset + length), neighbourSender(datagram))
  if (unwrapped === undefined) return false
  const { message, subject } = unwrapped
  if (!CLIENT_MESSAGES.has(message.uint8())) return true
  message.skip(3)
  const list = new FactList()
  const whole = readOptions(message, (code, data) => addFact(list, code, data))
  if (whole && list.facts.length > 0) emit({ kind: 'host-identity', protocol: 'dhcpv6', subject, time, facts: list.facts })
  return whole
}

/** Relay-forward (RFC 8415 §9): type 1, hop count 1, link address 16, peer address 16, options with the relayed message in one of them. */
function unwrap(outer: Cursor, sender: HostSubject): { readonly message: Cursor; readonly subject: HostSubject } | undefined {
  let message = outer
  let subject = sender
  for (let relays = 0; message.left > 0 && message.bytes[message.at] === RELAY_FORWARD; relays++) {
    if (relays === MAX_RELAYS) return undefined
    message.skip(18)
    subject = { mac: undefined, address: formatIpv6(message.uint32(), message.uint32(), message.uint32(), message.uint32()) }
    let relayed: Cursor | undefined
    if (!readOptions(message, (code, data) => (relayed = code === Option.RELAY_MESSAGE ? data : relayed)) || relayed === undefined)
      return undefined
    message = relayed
  }
  return { message, subject }
}

/** Options (RFC 8415 §21.1): code 2, length 2, data. False when a length does not fit. */
function readOptions(cursor: Cursor, take: (code: number, data: Cursor) => void): boolean {
  for (let count = 0; cursor.left > 0 && count < MAX_OPTIONS; count++) {
    const code = cursor.uint16()
    const data = cursor.take(cursor.uint16())
    if (cursor.short) return false
    take(code, data)
  }
  return true
}

function addFact(list: FactList, code: number, data: Cursor): void {
  switch (code) {
    case Option.CLIENT_ID:
      if (data.left <= MAX_DUID) list.add('dhcp_client_id', data.hex(), 'option 1')
      return
    case Option.OPTION_REQUEST:
      list.add('dhcp_fingerprint', requested(data), 'option 6')
      return
    case Option.VENDOR_CLASS: {
      // Enterprise number 4, then texts of length 2 (RFC 8415 §21.16).
      list.add('enterprise_number', String(data.uint32()), 'option 16')
      const text = data.take(data.uint16())
      if (!data.short) list.add('vendor_class', cleanText(text.text()), 'option 16')
      return
    }
    case Option.MUD_URL:
      list.add('mud_url', cleanText(data.text()), 'option 112')
      return
    case Option.CLIENT_FQDN: {
      // Flags 1, name in DNS wire format (RFC 4704 §4).
      data.skip(1)
      list.add('hostname', hostName(readWholeName(data) ?? ''), 'option 39')
    }
  }
}

function requested(data: Cursor): string {
  const codes: number[] = []
  while (data.left >= 2) codes.push(data.uint16())
  return codes.join(',')
}
