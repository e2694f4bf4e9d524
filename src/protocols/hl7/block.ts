import { hasDelimiters } from './delimiters.ts'
import { SEGMENT } from './facts.ts'
import type { Hl7Text } from './message.ts'
import { type Block, deviationCodes } from './mllp.ts'

const NO_DEVIATIONS: readonly string[] = []

/** Codes of what is unusual about the framing of a message: of its block, of its segments, or because it is HLLP's. */
export function deviationsOf(block: Block, text: Hl7Text, hllp: boolean): readonly string[] {
  if (block.deviations === 0 && text.delimiterDeviation === undefined && !hllp) return NO_DEVIATIONS
  return [
    ...deviationCodes(block.deviations),
    ...(text.delimiterDeviation === undefined ? [] : [text.delimiterDeviation]),
    ...(hllp ? ['hllp'] : []),
  ]
}

/** HLLP: type (D or N), version 2 digits, CR, data, size 5 digits, checksum 3 digits. Gives where the data lies. */
export function hllpBody(bytes: Uint8Array, from: number, to: number): readonly [number, number] | undefined {
  const isDigit = (at: number): boolean => bytes[at] >= 0x30 && bytes[at] <= 0x39
  const isType = bytes[from] === 0x44 || bytes[from] === 0x4e
  if (to - from < 12 || !isType || !isDigit(from + 1) || !isDigit(from + 2) || bytes[from + 3] !== 0x0d) return undefined
  for (let at = to - 8; at < to; at++) if (!isDigit(at)) return undefined
  return [from + 4, to - 8]
}

/** Where the first MSH begins: at the start, or behind file and batch headers; -1 where there is none. */
export function findMessage(bytes: Buffer, from: number, to: number): number {
  if (isMsh(bytes, from, to)) return from
  return findNextMessage(bytes, from, to)
}

function findNextMessage(bytes: Buffer, from: number, to: number): number {
  for (let at = bytes.indexOf(0x4d, from); at >= 0 && at < to; at = bytes.indexOf(0x4d, at + 1)) {
    const before = at > 0 ? bytes[at - 1] : 0x0d
    if ((before === 0x0d || before === 0x0a) && isMsh(bytes, at, to)) return at
  }
  return -1
}

function isMsh(bytes: Uint8Array, at: number, to: number): boolean {
  return ((bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2]) === SEGMENT.MSH && hasDelimiters(bytes, at, to) === true
}
