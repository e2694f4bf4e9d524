import { type Direction, opposite } from '../../net/flow.ts'
import type { ProbeAnswer, Protocol } from '../decoder.ts'
import { NO_OVERLOAD, type OnOverload } from '../overload.ts'
import { HandshakeType } from './handshake.ts'
import { ContentType, findRecords, isRecordHeader, lengthAt, RECORD_HEADER } from './record.ts'
import { TlsSession } from './session.ts'
import type { TlsSettings } from './settings.ts'

/** Bytes of a hello that are looked at: type 1, length 3, legacy version 2. */
const HELLO_HEAD = 6
/** A hello holds a version, a random, and lengths of what follows. */
const SHORTEST_HELLO = 38

/**
 * TLS, and SSL 3.0, from a hello in its record: the client's from the client, the server's from the server. A flow that was joined later is
 * known by two records in a row. The hello of SSL 2.0 has no record header and is not taken.
 */
export function tls(settings: TlsSettings, onOverload: OnOverload = NO_OVERLOAD): Protocol {
  return {
    name: 'tls',
    beginsLater: true,
    probe: (direction, bytes, offset, length, midstream) => probe(direction, bytes, offset, offset + length, midstream),
    opener: openerOf,
    open: context => new TlsSession(settings, context, onOverload),
  }
}

function probe(direction: Direction, bytes: Uint8Array, offset: number, end: number, midstream: boolean): ProbeAnswer {
  if (!midstream) return probeHello(bytes, offset, end, direction === 0 ? HandshakeType.CLIENT_HELLO : HandshakeType.SERVER_HELLO)
  const found = findRecords(bytes, offset, end)
  if (typeof found === 'number') return 'match'
  const hellos = [HandshakeType.CLIENT_HELLO, HandshakeType.SERVER_HELLO].map(type => probeHello(bytes, offset, end, type))
  if (hellos.includes('match')) return 'match'
  return found === 'more' || hellos.includes('more') ? 'more' : 'reject'
}

/** Each side says hello in its own way; other records say nothing of who began. */
function openerOf(direction: Direction, bytes: Uint8Array, offset: number, length: number): Direction | undefined {
  if (probeHello(bytes, offset, offset + length, HandshakeType.CLIENT_HELLO) === 'match') return direction
  if (probeHello(bytes, offset, offset + length, HandshakeType.SERVER_HELLO) !== 'match') return undefined
  return opposite(direction)
}

/** Record header, then as much of the hello's head as its first record holds. */
function probeHello(bytes: Uint8Array, at: number, end: number, type: number): ProbeAnswer {
  const header = [ContentType.HANDSHAKE, 3]
  for (let index = 0; index < header.length && at + index < end; index++) if (bytes[at + index] !== header[index]) return 'reject'
  if (end - at < RECORD_HEADER) return 'more'
  if (!isRecordHeader(bytes, at)) return 'reject'
  const head = at + RECORD_HEADER
  const known = Math.min(HELLO_HEAD, lengthAt(bytes, at), end - head)
  if (known > 0 && bytes[head] !== type) return 'reject'
  if (known > 1 && bytes[head + 1] !== 0) return 'reject'
  if (known > 3 && (bytes[head + 2] << 8) + bytes[head + 3] < SHORTEST_HELLO) return 'reject'
  if (known > 4 && bytes[head + 4] !== 3) return 'reject'
  return known < Math.min(HELLO_HEAD, lengthAt(bytes, at)) ? 'more' : 'match'
}
