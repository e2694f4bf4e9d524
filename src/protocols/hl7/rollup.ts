import type { Emit } from '../decoder.ts'
import type { Hl7Message, Hl7Observations, Hl7Party } from '../observation.ts'
import { Windows } from '../windows.ts'
import type { Hl7Settings } from './settings.ts'

interface Window {
  readonly first: Hl7Message
  readonly opened: number
  latest: Hl7Message
  /** Single events that this route had in the window. */
  single: number
  messages: number
  results: number
  bytes: number
  closed: boolean
}

/**
 * Turns steady device observations into one event a window: those of one sender, receiver, type and outcome. Result messages of other
 * senders get single events up to a rate. Lives on packet time.
 */
export class ObservationRollup {
  readonly #singleLimit: number
  readonly #windows: Windows<Window>
  /** By the sender of a header: messages of one connection share that object while their headers are the same. */
  readonly #recent = new WeakMap<Hl7Party, Window>()

  constructor(settings: Hl7Settings, emit: Emit) {
    this.#singleLimit = Math.ceil((settings.oru_events_per_minute * settings.observations_window_seconds) / 60)
    this.#windows = new Windows(settings.observations_window_seconds * 1_000_000, window => {
      window.closed = true
      if (window.messages > 0) emit(observations(window))
    })
  }

  /** True when the message was taken into a window, and so gets no event of its own. */
  accept(message: Hl7Message): boolean {
    if (!isResult(message) || message.violations.length > 0 || !message.partial.every(why => why === 'one_sided')) return false
    const window = this.#windowOf(message)
    if (window === undefined) return false
    if (!isSteady(message) && window.single < this.#singleLimit) {
      window.single++
      return false
    }
    window.latest = message
    window.messages++
    window.results += message.results
    window.bytes += message.bytes
    return true
  }

  /** The open window of the message's route; undefined when there are too many. */
  #windowOf(message: Hl7Message): Window | undefined {
    const recent = this.#recent.get(message.sending)
    if (recent !== undefined && continues(recent, message) && !this.#windows.isOver(recent, message.end)) return recent
    const window = this.#windows.at(keyOf(message), message.end, () => emptyWindow(message))
    if (window !== undefined) this.#recent.set(message.sending, window)
    return window
  }

  tick(time: number): void {
    this.#windows.tick(time)
  }

  /** The end: report every window that has something in it. */
  finish(_time: number): void {
    this.#windows.finish()
  }
}

function emptyWindow(first: Hl7Message): Window {
  return { first, opened: first.end, latest: first, single: 0, messages: 0, results: 0, bytes: 0, closed: false }
}

/** Where the mirror shows only the acknowledgments, those of results are not told from others. */
function isResult({ type, segmentCount }: Hl7Message): boolean {
  return type === 'ORU' || segmentCount === 0
}

/** Measurements come all the time; an alarm or another event of a device (PCD-04, PCD-10) is news. */
function isSteady({ deviceObservation, transaction }: Hl7Message): boolean {
  return deviceObservation && transaction !== 'PCD-04' && transaction !== 'PCD-10'
}

/** Sender and so the header are the same: then only the connection and the outcome can differ. */
function continues({ first, closed }: Window, message: Hl7Message): boolean {
  return !closed && first.sending === message.sending && first.flow === message.flow && first.ack?.code === message.ack?.code
}

function keyOf({ sending, receiving, type, trigger, ack, partial, flow, direction }: Hl7Message): string {
  const ends = direction === 0 ? `${flow.clientAddress} ${flow.serverAddress}` : `${flow.serverAddress} ${flow.clientAddress}`
  return [
    ends,
    sending.application,
    sending.facility,
    receiving.application,
    receiving.facility,
    type,
    trigger,
    ack?.code,
    ...partial,
  ].join('\0')
}

function observations({ first, latest, messages, results, bytes }: Window): Hl7Observations {
  return {
    kind: 'hl7-observations',
    flow: latest.flow,
    start: first.start,
    end: latest.end,
    streamOffset: first.streamOffset,
    partial: first.partial,
    type: first.type,
    trigger: first.trigger,
    transaction: first.transaction,
    version: first.version,
    sending: first.sending,
    receiving: first.receiving,
    ackCode: first.ack?.code ?? 'none',
    messages,
    results,
    bytes,
    outcome: first.outcome,
  }
}
