import { type Direction, opposite } from '../../net/flow.ts'
import { MLLP_ACK, MLLP_NAK, VT } from './mllp.ts'
import { isLineEnd, nextLine } from './scan.ts'

/** Field separators from the one that MSH-1 is to the one in front of MSH-9. */
const TO_MESSAGE_TYPE = 8
const MSH = Buffer.from('MSH')
const ANSWERS: ReadonlySet<string> = new Set(['ACK', 'MCF'])
const MSA = 'MSA'
const NAME = 3

/**
 * Who opened the connection, by the first message that one side sent: the sender of messages does, and the other answers on the same
 * connection (IHE ITI TF-2 §C.2.1). `more` when that message is not whole enough to tell; undefined where there is none.
 */
export function openerOf(direction: Direction, bytes: Uint8Array, offset: number, length: number): Direction | 'more' | undefined {
  const seen = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length)
  const header = seen.indexOf(MSH)
  const answers = header < 0 ? isCommit(seen) : isAnswer(seen, header)
  if (answers === 'more' || answers === undefined) return answers
  return answers ? opposite(direction) : direction
}

/** A block that is no message accepts or refuses one; a batch header alone may stand before either. */
function isCommit(seen: Buffer): true | undefined {
  const first = seen[seen.indexOf(VT) + 1]
  return first === MLLP_ACK || first === MLLP_NAK ? true : undefined
}

/** Is it an acknowledgment, by its type or by the MSA behind its header? */
function isAnswer(seen: Buffer, header: number): boolean | 'more' {
  const type = typeAt(seen, header)
  if (type === 'more') return 'more'
  if (type !== undefined && ANSWERS.has(type)) return true
  const end = nextLine(seen, header, seen.length)
  const next = seen.toString('latin1', end, end + NAME)
  return next.length < NAME && MSA.startsWith(next) ? 'more' : next === MSA
}

/** The first letters of MSH-9; undefined where the header ends before it. */
function typeAt(seen: Buffer, header: number): string | 'more' | undefined {
  const separator = seen[header + NAME]
  let left = TO_MESSAGE_TYPE
  for (let at = header + NAME; at < seen.length; at++) {
    if (isLineEnd(seen[at])) return undefined
    if (seen[at] === separator && --left === 0) return at + NAME < seen.length ? seen.toString('latin1', at + 1, at + 1 + NAME) : 'more'
  }
  return 'more'
}
