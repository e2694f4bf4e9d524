import { hasDelimiters } from './delimiters.ts'
import { SEGMENT } from './facts.ts'
import type { Hl7Text } from './message.ts'
import { type Block, CR, deviationCodes, VT } from './mllp.ts'
import { leadingNumber, nextLine } from './scan.ts'

const NO_DEVIATIONS: readonly string[] = []

/** Codes of what is unusual about the framing of a message: of its block, of its segments, or because it is HLLP's. */
export function deviationsOf(block: Block, text: Hl7Text, hllp: HllpBlock | undefined): readonly string[] {
  if (block.deviations === 0 && text.delimiterDeviation === undefined && hllp === undefined) return NO_DEVIATIONS
  return [
    ...deviationCodes(block.deviations),
    ...(text.delimiterDeviation === undefined ? [] : [text.delimiterDeviation]),
    ...(hllp?.deviations ?? NO_DEVIATIONS),
  ]
}

/** A block of the hybrid lower layer protocol. */
export interface HllpBlock {
  /** Where its data lies. */
  readonly from: number
  readonly to: number
  /** It refuses the other side's block, as damaged or too long, and holds one letter that says why. */
  readonly isRefusal: boolean
  readonly deviations: readonly string[]
}

const [DATA_BLOCK, REFUSAL_BLOCK] = [0x44, 0x4e]
const HLLP_HEAD = 4
const HLLP_TAIL = 8
const SIZE_DIGITS = 5
/** The sender did not sum up, because characters may be translated on the way. */
const NO_CHECKSUM = 999

/**
 * HLLP (HL7 v2.3 implementation guide, appendix C.2), between VT and FS:
 *   type (D or N), version 2 digits, CR, data, size 5 digits, checksum 3 digits
 * Size and checksum (exclusive or) are of everything in front of them from the VT on.
 */
export function readHllp(bytes: Uint8Array, from: number, to: number): HllpBlock | undefined {
  const isDigit = (at: number): boolean => bytes[at] >= 0x30 && bytes[at] <= 0x39
  const type = bytes[from]
  if (type !== DATA_BLOCK && type !== REFUSAL_BLOCK) return undefined
  if (to - from < HLLP_HEAD + HLLP_TAIL || !isDigit(from + 1) || !isDigit(from + 2) || bytes[from + 3] !== CR) return undefined
  const end = to - HLLP_TAIL
  for (let at = end; at < to; at++) if (!isDigit(at)) return undefined
  const deviations = ['hllp']
  if (leadingNumber(bytes, end, end + SIZE_DIGITS) !== 1 + end - from) deviations.push('hllp_size_mismatch')
  const checksum = leadingNumber(bytes, end + SIZE_DIGITS, to)
  if (checksum !== NO_CHECKSUM && checksum !== exclusiveOr(bytes, from, end)) deviations.push('hllp_checksum_mismatch')
  return { from: from + HLLP_HEAD, to: end, isRefusal: type === REFUSAL_BLOCK, deviations }
}

function exclusiveOr(bytes: Uint8Array, from: number, to: number): number {
  let sum = VT
  for (let at = from; at < to; at++) sum ^= bytes[at]
  return sum
}

/** Where the first MSH begins: at the start, or behind file and batch headers; -1 where there is none. */
export function findMessage(bytes: Buffer, from: number, to: number): number {
  if (isMsh(bytes, from, to)) return from
  return findNextMessage(bytes, from, to)
}

function findNextMessage(bytes: Buffer, from: number, to: number): number {
  for (let at = nextLine(bytes, from, to); at < to; at = nextLine(bytes, at, to)) if (isMsh(bytes, at, to)) return at
  return -1
}

function isMsh(bytes: Uint8Array, at: number, to: number): boolean {
  return ((bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2]) === SEGMENT.MSH && hasDelimiters(bytes, at, to) === true
}
