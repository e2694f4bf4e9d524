import type { Flow } from '../../net/flow.ts'
import type { ProbeAnswer, Protocol } from '../decoder.ts'
import { NO_OVERLOAD, type OnOverload } from '../overload.ts'
import { openerOf } from './opener.ts'
import { LOCK, lockAt, MIN_ASSOCIATE, PduType } from './pdu.ts'
import { DicomSession } from './session.ts'
import type { DicomSettings } from './settings.ts'

/** Registered ports of DICOM and those that toolkits come with: there a doubtful beginning is taken for DICOM. */
const PORTS: ReadonlySet<number> = new Set([104, 2761, 2762, 4242, 11112])
/** PDU header and the content of an association PDU before its items. */
const FIXED = 6 + MIN_ASSOCIATE
/** Longest association PDU that is believed. */
const MAX_ASSOCIATE = 1 << 20
/** Types of the first item of an association PDU: application context, presentation context (RQ, AC), user information. */
const ITEM_TYPES: ReadonlySet<number> = new Set([0x10, 0x20, 0x21, 0x50])

/** DICOM upper layer, found by an association request or its answer (PS3.8 §9.3.2–9.3.4) or, midstream, by a P-DATA PDU. */
export function dicom(settings: DicomSettings, onOverload: OnOverload = NO_OVERLOAD): Protocol {
  return {
    name: 'dicom',
    probe: (_direction, bytes, offset, length, midstream, flow) =>
      midstream ? probeMidstream(bytes, offset, length) : probe(bytes, offset, length, flow),
    opener: (direction, bytes, offset, length) => {
      const at = lockIn(bytes, offset, length)
      return at < 0 ? undefined : openerOf(direction, bytes, at, offset + length)
    },
    open: context => new DicomSession(settings, context, onOverload),
  }
}

function probe(bytes: Uint8Array, offset: number, length: number, flow: Flow): ProbeAnswer {
  if (length === 0) return 'more'
  switch (bytes[offset]) {
    case PduType.ASSOCIATE_RQ:
    case PduType.ASSOCIATE_AC:
      return probeAssociate(bytes, offset, length, PORTS.has(flow.serverPort))
    case PduType.ASSOCIATE_RJ:
      return length < 10 ? 'more' : isReject(bytes, offset) ? 'match' : 'reject'
    default:
      return 'reject'
  }
}

/** Type, any reserved byte, length, protocol version with bit 0 set, then 64 bytes of anything and a known item. */
function probeAssociate(bytes: Uint8Array, offset: number, length: number, isKnownPort: boolean): ProbeAnswer {
  if (length < 8) return 'more'
  const content = u32(bytes, offset + 2)
  if (content < (isKnownPort ? 4 : MIN_ASSOCIATE) || content > MAX_ASSOCIATE) return 'reject'
  if (isKnownPort) return 'match'
  if ((bytes[offset + 7] & 1) === 0) return 'reject'
  if (content === MIN_ASSOCIATE) return 'match'
  if (length <= FIXED) return 'more'
  return ITEM_TYPES.has(bytes[offset + FIXED]) ? 'match' : 'reject'
}

/** A-ASSOCIATE-RJ: length 4, result 1 or 2, source 1 to 3, reason up to 10 (PS3.8 table 9-21). */
function isReject(bytes: Uint8Array, offset: number): boolean {
  const [result, source, reason] = [bytes[offset + 7], bytes[offset + 8], bytes[offset + 9]]
  return u32(bytes, offset + 2) === 4 && result >= 1 && result <= 2 && source >= 1 && source <= 3 && reason >= 1 && reason <= 10
}

function probeMidstream(bytes: Uint8Array, offset: number, length: number): ProbeAnswer {
  return lockIn(bytes, offset, length) < 0 ? 'more' : 'match'
}

/** Where the first PDU that can be told begins; -1 where there is none. */
function lockIn(bytes: Uint8Array, offset: number, length: number): number {
  const last = offset + length - LOCK
  for (let at = offset; at <= last; at++) if (lockAt(bytes, at, offset + length - at) === 'lock') return at
  return -1
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0
}
