import type { Emit } from '../decoder.ts'
import type { Hl7Message, Hl7Observations, Hl7Party } from '../observation.ts'
import type { Hl7Settings } from './settings.ts'

/** Routes that roll up at once; beyond it messages get their own events. */
const MAX_WINDOWS = 10_000

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
  readonly #window: number
  readonly #singleLimit: number
  readonly #emit: Emit
  readonly #windows = new Map<string, Window>()
  /** By the sender of a header: messages of one connection share that object while their headers are the same. */
  readonly #recent = new WeakMap<Hl7Party, Window>()

  constructor(settings: Hl7Settings, emit: Emit) {
    this.#window = settings.observations_window_seconds * 1_000_000
    this.#singleLimit = Math.ceil((settings.oru_events_per_minute * settings.observations_window_seconds) / 60)
    this.#emit = emit
  }

  /** True when the message was taken into a window, and so gets no event of its own. */
  accept(message: Hl7Message): boolean {
    if (message.type !== 'ORU' || message.violations.length > 0 || message.partial.length > 0) return false
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
    if (recent !== undefined && continues(recent, message) && message.end - recent.opened < this.#window) return recent
    const key = keyOf(message)
    let window = this.#windows.get(key)
    if (window !== undefined && message.end - window.opened >= this.#window) {
      this.#close(key, window)
      window = undefined
    }
    if (window === undefined) {
      if (this.#windows.size >= MAX_WINDOWS) return undefined
      window = { first: message, opened: message.end, latest: message, single: 0, messages: 0, results: 0, bytes: 0, closed: false }
      this.#windows.set(key, window)
    }
    this.#recent.set(message.sending, window)
    return window
  }

  tick(time: number): void {
    for (const [key, window] of this.#windows) if (time - window.opened >= this.#window) this.#close(key, window)
  }

  /** The end: report every window that has something in it. */
  finish(_time: number): void {
    for (const [key, window] of this.#windows) this.#close(key, window)
  }

  #close(key: string, window: Window): void {
    this.#windows.delete(key)
    window.closed = true
    if (window.messages > 0) this.#emit(observations(window))
  }
}

/** Measurements come all the time; an alarm or another event of a device (PCD-04, PCD-10) is news. */
function isSteady({ deviceObservation, transaction }: Hl7Message): boolean {
  return deviceObservation && transaction !== 'PCD-04' && transaction !== 'PCD-10'
}

/** Sender and so the header are the same: then only the connection and the outcome can differ. */
function continues({ first, closed }: Window, message: Hl7Message): boolean {
  return !closed && first.sending === message.sending && first.flow === message.flow && first.ack?.code === message.ack?.code
}

function keyOf({ sending, receiving, type, trigger, ack, flow, direction }: Hl7Message): string {
  const ends = direction === 0 ? `${flow.clientAddress} ${flow.serverAddress}` : `${flow.serverAddress} ${flow.clientAddress}`
  return [ends, sending.application, sending.facility, receiving.application, receiving.facility, type, trigger, ack?.code].join('\0')
}

function observations({ first, latest, messages, results, bytes }: Window): Hl7Observations {
  return {
    kind: 'hl7-observations',
    flow: latest.flow,
    start: first.start,
    end: latest.end,
    streamOffset: first.streamOffset,
    partial: [],
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
