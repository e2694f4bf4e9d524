import { retryAfterMs } from '../failure.ts'
import type { Verdict } from '../output.ts'

/** What a collector answered. `body` is the parsed JSON, or whatever a proxy sent in its place. */
export interface HecResponse {
  readonly status: number
  readonly body: unknown
  readonly retryAfter?: string | readonly string[] | undefined
}

/** The body of a collector's answer. */
export interface HecAnswer {
  readonly code: number
  readonly ackId?: number
  readonly 'invalid-event-number'?: number
}

/**
 * - `delivered`: accepted;
 * - `retry`: the collector cannot take it now;
 * - `pause`: token, index or channel: only people can mend it;
 * - `isolate`: one event of the batch is bad.
 */
export type HecOutcome = 'delivered' | 'retry' | 'pause' | 'isolate'

/** Every code of the HTTP Event Collector: what it does to the batch, and what it says. */
export const HEC_CODES: readonly { readonly outcome: HecOutcome; readonly text: string }[] = [
  { outcome: 'delivered', text: 'success' },
  { outcome: 'pause', text: 'the token is disabled' },
  { outcome: 'pause', text: 'a token is required' },
  { outcome: 'pause', text: 'the authorization is invalid' },
  { outcome: 'pause', text: 'the token is not valid' },
  { outcome: 'retry', text: 'the collector received no data' },
  { outcome: 'isolate', text: 'invalid data format' },
  { outcome: 'pause', text: 'the token may not write to that index, or there is no such index' },
  { outcome: 'retry', text: 'internal error of the collector' },
  { outcome: 'retry', text: 'the collector is busy' },
  { outcome: 'pause', text: 'the token demands indexer acknowledgment: set acknowledge: true' },
  { outcome: 'pause', text: 'the channel is invalid' },
  { outcome: 'isolate', text: 'an event has no content' },
  { outcome: 'isolate', text: 'an event is blank' },
  { outcome: 'pause', text: 'the token has indexer acknowledgment off: set acknowledge: false' },
  { outcome: 'isolate', text: 'an event has indexed fields that are not accepted' },
  { outcome: 'pause', text: 'the collector refuses this way of authorization' },
  { outcome: 'retry', text: 'the collector answered as to a health check' },
  { outcome: 'retry', text: 'the collector is unhealthy: its queues are full' },
  { outcome: 'retry', text: 'the collector is unhealthy: its acknowledgment service is unavailable' },
  { outcome: 'retry', text: 'the collector is unhealthy: queues full and acknowledgment service unavailable' },
  { outcome: 'pause', text: 'the token is not valid' },
  { outcome: 'pause', text: 'the token is disabled' },
  { outcome: 'retry', text: 'the collector is shutting down' },
  { outcome: 'delivered', text: 'success, but the queue of the collector is nearly full' },
  { outcome: 'delivered', text: 'success, but the acknowledgment channel is nearly full' },
  { outcome: 'retry', text: 'the queue of the collector is full' },
  { outcome: 'retry', text: 'the acknowledgment channel of the collector is full' },
]

const SUCCESS = 0

/** The answer in a response, where it is one of a collector. */
export function answerOf({ body }: HecResponse): HecAnswer | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { code } = body as Partial<HecAnswer>
  return typeof code === 'number' && HEC_CODES[code] !== undefined ? (body as HecAnswer) : undefined
}

/** Verdict for a batch of `count` events. The code decides; a success counts only with HTTP 200, and without a code the status decides. */
export function hecVerdict(response: HecResponse, count: number, receiver: string): Verdict {
  const { status } = response
  const answer = answerOf(response)
  const outcome = answer === undefined ? undefined : HEC_CODES[answer.code].outcome
  if (status === 413) return { kind: 'split', reason: `${receiver}: the request is too large (413)` }
  if (answer === undefined || (outcome === 'delivered' && status !== 200)) return statusVerdict(response, receiver)
  const { code } = answer
  const reason = `${receiver}: ${HEC_CODES[code].text} (${status}, code ${code})`
  switch (outcome) {
    case 'delivered':
      return { kind: 'done', rejected: new Map(), retry: [], notes: code === SUCCESS ? [] : [reason] }
    case 'isolate':
      return isolate(answer['invalid-event-number'], count, reason)
    case 'pause':
      return { kind: 'pause', reason }
    default:
      return { kind: 'retry', reason, afterMs: retryAfterMs(response.retryAfter) }
  }
}

/**
 * The collector names the bad event (counted from 0). Whether it kept those before it is not certain, so all others are sent again:
 * they have the same event ids.
 */
function isolate(number: unknown, count: number, reason: string): Verdict {
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number >= count) return { kind: 'split', reason }
  const others = Array.from({ length: count }, (_, index) => index).filter(index => index !== number)
  return { kind: 'done', rejected: new Map([[number, reason]]), retry: others }
}

/** Proxies and load balancers answer in their own words. */
function statusVerdict({ status, retryAfter }: HecResponse, receiver: string): Verdict {
  if (status === 401 || status === 403) return { kind: 'pause', reason: `${receiver}: the token is refused (${status})` }
  if (status === 400) return { kind: 'split', reason: `${receiver}: the request is refused as malformed (400)` }
  if (status === 408 || status === 429 || status >= 500)
    return { kind: 'retry', reason: `${receiver}: status ${status}`, afterMs: retryAfterMs(retryAfter) }
  if (status >= 300) return { kind: 'pause', reason: `${receiver}: no event collector answers there (${status}) — check url` }
  return { kind: 'retry', reason: `${receiver}: status ${status} without the answer of an event collector` }
}
