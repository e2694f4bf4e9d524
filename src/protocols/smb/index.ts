import type { ProbeAnswer, Protocol } from '../decoder.ts'
import { isProtocolId, mayHold } from './reader.ts'
import { SmbSession } from './session.ts'

const HEADER = 4
const SESSION_REQUEST = 0x81
/** Called and calling name, both encoded, without a scope (RFC 1002 §4.3.2). */
const SESSION_REQUEST_LENGTH = 68
const POSITIVE_RESPONSE = 0x82

/** SMB 1, 2 and 3, directly on TCP or over the NetBIOS session service, found by the protocol id behind the first packet's header. */
export function smb(): Protocol {
  return {
    name: 'smb',
    probe: (_direction, bytes, offset, length) => probe(bytes, offset, length),
    open: context => new SmbSession(context),
  }
}

/** The first message, where there is one behind a session request or the positive response to it. */
function probe(bytes: Uint8Array, offset: number, length: number): ProbeAnswer {
  if (length === 0) return 'more'
  const isSessionService = bytes[offset] === SESSION_REQUEST || bytes[offset] === POSITIVE_RESPONSE
  if (bytes[offset] !== 0 && !isSessionService) return 'reject'
  if (length < HEADER) return 'more'
  const header = wordAt(bytes, offset)
  if (header >>> 24 === SESSION_REQUEST) return (header & 0xffff) === SESSION_REQUEST_LENGTH ? 'match' : 'reject'
  if (isSessionService) return (header & 0xff_ffff) === 0 ? probe(bytes, offset + HEADER, length - HEADER) : 'reject'
  if (!mayHold(header)) return 'reject'
  if (length < 2 * HEADER) return 'more'
  return isProtocolId(wordAt(bytes, offset + HEADER)) ? 'match' : 'reject'
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0
}
