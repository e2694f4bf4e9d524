import { aeTitle, uid } from './associate.ts'

/** A DIMSE command set, as far as it is of interest (PS3.7 §9.3, §10.3, annex E). */
export interface Command {
  readonly field: number
  readonly sopClass: string | undefined
  readonly messageId: number | undefined
  readonly respondedTo: number | undefined
  readonly priority: number | undefined
  readonly hasDataset: boolean
  readonly status: number | undefined
  readonly moveDestination: string | undefined
  readonly sopInstance: string | undefined
  readonly moveOriginator: string | undefined
  readonly remaining: number | undefined
  readonly completed: number | undefined
  readonly failed: number | undefined
  readonly warning: number | undefined
  /** N-EVENT-REPORT and N-ACTION: which event or action of the SOP class. */
  readonly typeId: number | undefined
  /** Failures: which of the errors of the SOP class, and tags of the attributes at fault. The comment is never read: it may name anybody. */
  readonly errorId: number | undefined
  readonly offendingElements: readonly number[]
  /** Something stands behind the last element, or the group length is another. */
  readonly malformed: boolean
}

const NO_DATASET = 0x0101
const MAX_ELEMENTS = 64
const MAX_OFFENDING = 32
/** (0000,0000) counts the bytes behind itself. */
const GROUP_LENGTH_ELEMENT = 12

/**
 * Read a command set: always implicit VR little endian, elements of group 0000 (PS3.7 §6.3.1):
 *   group u16, element u16, length u32, value. Undefined when there is no command field.
 */
export function readCommand(data: Buffer, to: number): Command | undefined {
  const numbers = new Map<number, number>()
  const ranges = new Map<number, readonly [number, number]>()
  let at = 0
  let groupLength: number | undefined
  for (let elements = 0; to - at >= 8 && elements < MAX_ELEMENTS; elements++) {
    const group = data.readUInt16LE(at)
    const element = data.readUInt16LE(at + 2)
    const length = data.readUInt32LE(at + 4)
    if (group !== 0 || length > to - at - 8) break
    if (length === 2) numbers.set(element, data.readUInt16LE(at + 8))
    if (element === 0 && length === 4) groupLength = data.readUInt32LE(at + 8)
    ranges.set(element, [at + 8, at + 8 + length])
    at += 8 + length
  }
  const field = numbers.get(0x0100)
  if (field === undefined) return undefined
  const uidOf = (element: number): string | undefined => {
    const range = ranges.get(element)
    return range && uid(data, range[0], range[1])
  }
  const titleOf = (element: number): string | undefined => {
    const range = ranges.get(element)
    return range && aeTitle(data, range[0], range[1])
  }
  return {
    field,
    sopClass: uidOf(0x0002) ?? uidOf(0x0003),
    messageId: numbers.get(0x0110),
    respondedTo: numbers.get(0x0120),
    priority: numbers.get(0x0700),
    hasDataset: (numbers.get(0x0800) ?? NO_DATASET) !== NO_DATASET,
    status: numbers.get(0x0900),
    moveDestination: titleOf(0x0600),
    sopInstance: uidOf(0x1000) ?? uidOf(0x1001),
    moveOriginator: titleOf(0x1030),
    remaining: numbers.get(0x1020),
    completed: numbers.get(0x1021),
    failed: numbers.get(0x1022),
    warning: numbers.get(0x1023),
    typeId: numbers.get(0x1002) ?? numbers.get(0x1008),
    errorId: numbers.get(0x0903),
    offendingElements: tagsIn(data, ranges.get(0x0901)),
    malformed: at < to || (groupLength !== undefined && groupLength !== to - GROUP_LENGTH_ELEMENT),
  }
}

/** Attribute tags (VR AT): group 2, element 2, one after the other. */
function tagsIn(data: Buffer, range: readonly [number, number] | undefined): readonly number[] {
  if (range === undefined) return []
  const [from, to] = range
  const count = Math.min(MAX_OFFENDING, (to - from) >>> 2)
  return Array.from({ length: count }, (_, index) => data.readUInt16LE(from + index * 4) * 65_536 + data.readUInt16LE(from + index * 4 + 2))
}
