import { segmentCode } from './message.ts'
import { CR, LF } from './mllp.ts'

const BHS = segmentCode('BHS')
const BTS = segmentCode('BTS')
const FTS = segmentCode('FTS')
const ZERO = 0x30
const MAX_DIGITS = 9

/** What stands between the messages of a block. */
export interface BatchMarks {
  /** A batch header: what follows is a batch. */
  readonly begins: boolean
  /** A batch or file trailer. */
  readonly ends: boolean
  /** BTS-1: messages that the batch is said to have. */
  readonly count: number | undefined
}

/**
 * Headers and trailers of batches (HL7 v2.9 §2.10.3) in `bytes[from .. to)`, where no message stands:
 *   file: [FHS] { [BHS] { message } [BTS] } [FTS]      BTS-1: number of messages
 */
export function batchMarks(bytes: Uint8Array, from: number, to: number): BatchMarks {
  let begins = false
  let ends = false
  let count: number | undefined
  for (let at = from; at + 3 <= to; at = nextLine(bytes, at, to)) {
    const code = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2]
    if (code === BHS) begins = true
    if (code === BTS || code === FTS) ends = true
    if (code === BTS) count = number(bytes, at + 4, to)
  }
  return { begins, ends, count }
}

function nextLine(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] !== CR && bytes[at] !== LF) at++
  while (at < to && (bytes[at] === CR || bytes[at] === LF)) at++
  return at
}

function number(bytes: Uint8Array, from: number, to: number): number | undefined {
  let value: number | undefined
  for (let at = from; at < to && at < from + MAX_DIGITS; at++) {
    const digit = bytes[at] - ZERO
    if (digit < 0 || digit > 9) break
    value = (value ?? 0) * 10 + digit
  }
  return value
}
