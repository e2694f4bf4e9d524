import type { Emit } from '../decoder.ts'
import type { DicomWebRequest } from '../observation.ts'
import { Windows } from '../windows.ts'
import type { HttpSettings } from './settings.ts'

/** Studies told apart in one window; beyond it they go uncounted. */
const MAX_STUDIES = 10_000

interface Window {
  readonly opened: number
  /** Single events that this route had in the window. */
  single: number
  /** The first that got no event of its own, and the latest. */
  first: DicomWebRequest | undefined
  latest: DicomWebRequest | undefined
  requests: number
  instances: number
  parts: number
  requestBytes: number
  responseBytes: number
  readonly studies: Set<string>
}

/**
 * Turns many retrievals into one event a window: those of one client, server, service and outcome that exceed a rate, as when a viewer
 * fetches frame by frame. Lives on packet time.
 */
export class RetrievalRollup {
  readonly #singleLimit: number
  readonly #windows: Windows<Window>

  constructor(settings: HttpSettings, emit: Emit) {
    this.#singleLimit = Math.ceil((settings.retrievals_per_minute * settings.retrievals_window_seconds) / 60)
    this.#windows = new Windows(settings.retrievals_window_seconds * 1_000_000, window => {
      if (window.first !== undefined && window.latest !== undefined) emit(retrievals(window, window.first, window.latest))
    })
  }

  /** True when the request was taken into a window, and so gets no event of its own. */
  accept(request: DicomWebRequest): boolean {
    const isRetrieval = request.service === 'wado_rs' || request.service === 'wado_uri'
    const isSeen = request.partial.every(reason => reason === 'limit')
    if (!isRetrieval || !isSeen || request.violations.length > 0) return false
    const window = this.#windows.at(keyOf(request), request.end, () => emptyWindow(request.end))
    if (window === undefined) return false
    if (window.single < this.#singleLimit) {
      window.single++
      return false
    }
    add(window, request)
    return true
  }

  tick(time: number): void {
    this.#windows.tick(time)
  }

  /** The end: report every window that has something in it. */
  finish(_time: number): void {
    this.#windows.finish()
  }
}

function emptyWindow(opened: number): Window {
  return {
    opened,
    single: 0,
    first: undefined,
    latest: undefined,
    requests: 0,
    instances: 0,
    parts: 0,
    requestBytes: 0,
    responseBytes: 0,
    studies: new Set(),
  }
}

function add(window: Window, request: DicomWebRequest): void {
  window.first ??= request
  window.latest = request
  window.requests++
  window.instances += request.instances
  window.parts += request.parts
  window.requestBytes += request.http.requestBytes
  window.responseBytes += request.http.responseBytes
  if (request.study !== undefined && window.studies.size < MAX_STUDIES) window.studies.add(request.study)
}

/** All that the event of a window says of its requests is the same for each of them. */
function keyOf({ flow, direction, service, level, representation, partial, http }: DicomWebRequest): string {
  const { method, version, host, userAgent, authentication, requestType, responseType, status } = http
  const ends = [flow.clientAddress, flow.serverAddress, flow.serverPort, direction]
  const said = [method, version, host, userAgent, authentication, requestType, responseType, status]
  return [...ends, service, level, representation, ...partial, ...said].join('\0')
}

function retrievals(window: Window, first: DicomWebRequest, latest: DicomWebRequest): DicomWebRequest {
  const { requests, instances, parts, requestBytes, responseBytes, studies } = window
  return {
    ...first,
    flow: latest.flow,
    end: latest.end,
    http: { ...first.http, requestBytes, responseBytes },
    requests,
    instances,
    parts,
    study: studies.size === 1 ? first.study : undefined,
    studies: studies.size,
  }
}
