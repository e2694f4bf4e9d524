import type { Direction } from '../../net/flow.ts'
import type { ProbeAnswer, Protocol, StreamDecoder } from '../decoder.ts'
import { NO_OVERLOAD, type OnOverload } from '../overload.ts'
import { isStartLine, startLineWithin } from './message.ts'
import { HttpSession } from './session.ts'
import type { HttpSettings } from './settings.ts'

const LF = 0x0a
/** Bytes of a start line after which its beginning has to do. */
const MAX_LINE = 1000
/** As much of a start line as there is: method, blank, target …, or version, blank, status … */
const BEGINNING = /^(?:[A-Z]{1,20}(?: | \S.*)?|HTTP\/(?:1?|1\.(?:[01](?: .*)?)?))$/

/** HTTP/1.1, found by the start line of a request or response (RFC 9112 §3, §4). */
export function http(settings: HttpSettings, onOverload: OnOverload = NO_OVERLOAD): Protocol {
  return {
    name: 'http',
    probe: (_direction, bytes, offset, length, midstream) =>
      midstream ? probeMidstream(bytes, offset, length) : probe(bytes, offset, length),
    opener: openerOf,
    open: context => new HttpSession(settings, context, onOverload),
  }
}

/** What an HTTP/2 client begins with where TLS does not hide it: with prior knowledge, or behind an upgrade (RFC 9113 §3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
const NOTHING = (): void => {}
const UNREAD: StreamDecoder = { data: NOTHING, gap: NOTHING, halfClosed: NOTHING, end: NOTHING, tick: NOTHING }

/** HTTP/2 in clear: recognized, so that the end of the flow can name it, and not decoded. */
export function http2(): Protocol {
  return {
    name: 'http2',
    probe: (_direction, bytes, offset, length, midstream) => {
      const known = Math.min(length, PREFACE.length)
      if (midstream || PREFACE.compare(bytes, offset, offset + known, 0, known) !== 0) return 'reject'
      return known < PREFACE.length ? 'more' : 'match'
    },
    open: () => UNREAD,
  }
}

function probe(bytes: Uint8Array, offset: number, length: number): ProbeAnswer {
  const seen = Buffer.from(bytes.buffer, bytes.byteOffset + offset, Math.min(length, MAX_LINE))
  const lf = seen.indexOf(LF)
  const text = seen.toString('latin1', 0, lf < 0 ? seen.length : lf)
  const line = text.endsWith('\r') ? text.slice(0, -1) : text
  if (line !== '' && !BEGINNING.test(line)) return 'reject'
  if (lf >= 0) return isStartLine(line) ? 'match' : 'reject'
  return seen.length < MAX_LINE ? 'more' : 'match'
}

/** Joined in the middle: a start line at the end of some line that was seen. */
function probeMidstream(bytes: Uint8Array, offset: number, length: number): ProbeAnswer {
  return startLineIn(bytes, offset, length) === undefined ? 'more' : 'match'
}

/** Requests come from who opened the connection, responses from the other (RFC 9110 §3.3). */
function openerOf(direction: Direction, bytes: Uint8Array, offset: number, length: number): Direction | undefined {
  const line = startLineIn(bytes, offset, length)
  if (line === undefined) return undefined
  return line.startsWith('HTTP/') === (direction === 0) ? 1 : 0
}

/** The first start line, at the end of some line. */
function startLineIn(bytes: Uint8Array, offset: number, length: number): string | undefined {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length)
    .toString('latin1')
    .split('\n')
  for (const line of lines.slice(0, -1)) {
    const whole = line.endsWith('\r') ? line.slice(0, -1) : line
    const at = startLineWithin(whole)
    if (at >= 0) return whole.slice(at)
  }
  return undefined
}
