import type { Flow } from '../net/flow.ts'
import type { Hl7Message } from '../protocols/observation.ts'
import type { EvidenceBook } from './evidence.ts'
import { addressOf } from './hosts.ts'
import type { DeviceState } from './state.ts'

/** Different messages remembered of one direction of a flow; the one learned first gives way. */
const MAX_REFRAINS = 8

/** Places in the evidence of one end; they hold as long as nothing is dropped from it. */
interface Places {
  readonly book: EvidenceBook
  readonly edition: number
  readonly rows: readonly number[]
}

/** What a message says of its ends. */
interface Refrain {
  readonly type: string | undefined
  readonly trigger: string | undefined
  readonly application: string | undefined
  readonly deviceObservation: boolean
  readonly sender: Places | undefined
  readonly receiver: Places | undefined
}

/**
 * Messages of a flow that say of their ends what others said before: a monitor sends the same kind of message every second for years. They are
 * counted where the first of them was taken down. Allocates nothing for those.
 */
export class Refrains {
  readonly #byFlow = new WeakMap<Flow, readonly [Refrain[], Refrain[]]>()

  /** Count the message where one like it was learned. False when none was, or the devices are not as they were. */
  repeat(message: Hl7Message, sender: DeviceState | undefined, receiver: DeviceState | undefined): boolean {
    const refrains = this.#byFlow.get(message.flow)?.[message.direction]
    if (refrains === undefined) return false
    for (const refrain of refrains) {
      if (!isLike(refrain, message)) continue
      if (!holds(refrain.sender, sender) || !holds(refrain.receiver, receiver)) return false
      count(refrain.sender, message.end)
      count(refrain.receiver, message.end)
      return true
    }
    return false
  }

  /** The message was taken down: others like it need not be. */
  learn(message: Hl7Message, sender: DeviceState | undefined, receiver: DeviceState | undefined): void {
    const { flow, direction, type, trigger, deviceObservation } = message
    const both = this.#byFlow.get(flow) ?? ([[], []] as const)
    this.#byFlow.set(flow, both)
    const refrains = both[direction]
    const outdated = refrains.findIndex(refrain => isLike(refrain, message))
    if (outdated >= 0) refrains.splice(outdated, 1)
    else if (refrains.length >= MAX_REFRAINS) refrains.shift()
    const { application } = message.sending
    refrains.push({
      type,
      trigger,
      application,
      deviceObservation,
      sender: places(sender, message, SENT),
      receiver: places(receiver, message, RECEIVED),
    })
  }
}

type Statement = readonly [attribute: string, raw: (message: Hl7Message) => string | undefined, field: string]

const kindOf = ({ type, trigger }: Hl7Message): string | undefined => (trigger === undefined ? type : `${type ?? ''}^${trigger}`)
const SENT: readonly Statement[] = [
  ['protocol', () => 'hl7', 'content'],
  ['hl7_application', ({ sending }) => sending.application, 'MSH-3'],
  ['hl7_sends', kindOf, 'MSH-9'],
  ['device_observations', kindOf, 'MSH-9'],
]
const RECEIVED: readonly Statement[] = [
  ['protocol', () => 'hl7', 'content'],
  ['hl7_peer', ({ flow, direction, sending }) => sending.application ?? addressOf(flow, direction === 0 ? 'client' : 'server'), 'MSH-3'],
  ['hl7_receives', kindOf, 'MSH-9'],
]

function places(state: DeviceState | undefined, message: Hl7Message, statements: readonly Statement[]): Places | undefined {
  if (state === undefined) return undefined
  const book = state.evidence
  const rows = statements.flatMap(([attribute, raw, field]) => {
    const row = book.find(attribute, raw(message) ?? '', 'hl7', field)
    return row === undefined ? [] : [row]
  })
  return { book, edition: book.edition, rows }
}

function isLike(refrain: Refrain, message: Hl7Message): boolean {
  return (
    refrain.type === message.type &&
    refrain.trigger === message.trigger &&
    refrain.application === message.sending.application &&
    refrain.deviceObservation === message.deviceObservation
  )
}

function holds(places: Places | undefined, state: DeviceState | undefined): boolean {
  return places === undefined ? state === undefined : places.book === state?.evidence && places.edition === places.book.edition
}

function count(places: Places | undefined, time: number): void {
  if (places === undefined) return
  for (const row of places.rows) places.book.repeat(row, time)
}
