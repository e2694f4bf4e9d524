import { Memory } from '../../bytes/memory.ts'
import type { ProbeAnswer, Protocol } from '../decoder.ts'
import { NO_OVERLOAD, type OnOverload } from '../overload.ts'
import { hasDelimiters } from './delimiters.ts'
import { IdentifierReader } from './identifiers.ts'
import { Hl7Text } from './message.ts'
import { FS, VT } from './mllp.ts'
import { openerOf } from './opener.ts'
import { Hl7Session, type SharedReaders } from './session.ts'
import type { Hl7Settings } from './settings.ts'

/** Bytes in front of the first block, line ends or junk, that are looked through for its start. */
const MAX_LEAD = 256

/** HL7 v2 over MLLP, found by a block that begins with MSH, a batch header, or HLLP's block header. */
export function hl7(settings: Hl7Settings, onOverload: OnOverload = NO_OVERLOAD): Protocol {
  let shared: SharedReaders | undefined
  return {
    name: 'hl7',
    probe: (_direction, bytes, offset, length, midstream) => probe(bytes, offset, length, midstream),
    opener: openerOf,
    open: context => {
      shared ??= { memory: new Memory(), text: new Hl7Text(), identifiers: new IdentifierReader(context.pseudonym) }
      return new Hl7Session(settings, context, shared, onOverload)
    },
  }
}

function probe(bytes: Uint8Array, offset: number, length: number, midstream: boolean): ProbeAnswer {
  const end = offset + length
  if (midstream) return probeMidstream(bytes, offset, end)
  const lead = Math.min(end, offset + MAX_LEAD)
  let at = offset
  while (at < lead && isBlank(bytes[at])) at++
  if (at < lead && bytes[at] !== VT) {
    const unframed = header(bytes, at, end)
    if (unframed !== 'reject') return unframed
  }
  const start = bytes.indexOf(VT, at)
  if (start >= 0 && start < lead) return afterStart(bytes, start + 1, end)
  return length < MAX_LEAD ? 'more' : 'reject'
}

/** Between blocks there may be line ends and padding. */
function isBlank(byte: number): boolean {
  return byte === 0x0d || byte === 0x0a || byte === 0 || byte === 0x20
}

function afterStart(bytes: Uint8Array, at: number, end: number): ProbeAnswer {
  if (at >= end) return 'more'
  const hllp = bytes[at] === 0x44 || bytes[at] === 0x4e
  if (!hllp) {
    const isCommit = bytes[at] === 0x06 || bytes[at] === 0x15
    if (!isCommit) return header(bytes, at, end)
    if (at + 1 >= end) return 'more'
    return bytes[at + 1] === FS ? 'match' : 'reject'
  }
  for (let digit = at + 1; digit <= at + 2; digit++) {
    if (digit >= end) return 'more'
    if (bytes[digit] < 0x30 || bytes[digit] > 0x39) return 'reject'
  }
  if (at + 3 >= end) return 'more'
  return bytes[at + 3] === 0x0d ? header(bytes, at + 4, end) : 'reject'
}

const HEADERS = ['MSH', 'BHS', 'FHS'] as const

/** A header segment: its name and its delimiters. */
function header(bytes: Uint8Array, at: number, end: number): ProbeAnswer {
  if (!HEADERS.some(name => mayStartAs(bytes, at, end, name))) return 'reject'
  const answer = hasDelimiters(bytes, at, end)
  if (answer === undefined) return 'more'
  return answer ? 'match' : 'reject'
}

function mayStartAs(bytes: Uint8Array, at: number, end: number, name: string): boolean {
  for (let index = 0; index < name.length && at + index < end; index++) if (bytes[at + index] !== name.charCodeAt(index)) return false
  return true
}

/** Joined in the middle: a block start somewhere in what was seen. */
function probeMidstream(bytes: Uint8Array, offset: number, end: number): ProbeAnswer {
  for (let at = bytes.indexOf(VT, offset); at >= 0 && at < end; at = bytes.indexOf(VT, at + 1))
    if (afterStart(bytes, at + 1, end) === 'match') return 'match'
  return header(bytes, offset, end) === 'match' ? 'match' : 'more'
}
