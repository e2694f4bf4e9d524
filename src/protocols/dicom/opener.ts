import { type Direction, opposite } from '../../net/flow.ts'
import { LOCK, PduType } from './pdu.ts'
import { operationOf, RESPONSE } from './words.ts'

/** Message control header of a PDV: a command; not the last fragment (PS3.8 annex E.2). */
const COMMAND = 1
const GOES_ON = 0
const ELEMENT_HEADER = 8
const COMMAND_FIELD = 0x0100

/**
 * Who opened the connection, by a PDU of one side: who requests an association does (PS3.8 §9.1.1), and is the one who asks for things and
 * sends what is long. What both sides send says nothing: event reports, and data sets that one PDU holds. `more` when too little is seen.
 */
export function openerOf(direction: Direction, bytes: Uint8Array, at: number, end: number): Direction | 'more' | undefined {
  if (bytes[at] !== PduType.P_DATA) return direction
  const control = bytes[at + LOCK - 1]
  if ((control & COMMAND) === 0) return control === GOES_ON ? direction : undefined
  const field = commandField(new DataView(bytes.buffer, bytes.byteOffset, end), at)
  if (field === undefined || field === 'more') return field
  const operation = operationOf(field)?.name
  if (operation === undefined || operation === 'N-EVENT-REPORT') return undefined
  return (field & RESPONSE) === 0 ? direction : opposite(direction)
}

/** (0000,0100) of a command set (PS3.7 §6.3.1), which the PDU at `at` begins with. */
function commandField(view: DataView, at: number): number | 'more' | undefined {
  const commandEnd = at + LOCK - 2 + view.getUint32(at + 6)
  for (let element = at + LOCK; element + ELEMENT_HEADER + 2 <= commandEnd; ) {
    if (element + ELEMENT_HEADER + 2 > view.byteLength) return 'more'
    const tag = view.getUint16(element, true) * 65_536 + view.getUint16(element + 2, true)
    if (tag === COMMAND_FIELD) return view.getUint16(element + ELEMENT_HEADER, true)
    if (tag > COMMAND_FIELD) return undefined
    element += ELEMENT_HEADER + view.getUint32(element + 4, true)
  }
  return undefined
}
