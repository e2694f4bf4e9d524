import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { QueuedEvent } from '../../queue/queue.ts'
import { batchLimits } from '../batch.ts'
import { networkVerdict } from '../failure.ts'
import type { Output, OutputContext, Verdict } from '../output.ts'
import { tlsOptions } from '../tls.ts'
import { answerOf, hecVerdict } from './codes.ts'
import { Collector, type HecEvent } from './collector.ts'
import type { SplunkHecSettings } from './settings.ts'

export { type SplunkHecSettings, splunkHecSchema } from './settings.ts'

/** Between two questions whether a batch is indexed: the first soon, then at the pace that Splunk's own clients have, ms. */
const FIRST_POLL_MS = 250
const LONGEST_POLL_MS = 10_000

/**
 * Events into a Splunk HTTP Event Collector. The event id goes along as the indexed field `event_id`, by which an event that was sent
 * again can be told. Throws `tls_file` when a file of `tls` cannot be used.
 */
export function createSplunkHecOutput(name: string, settings: SplunkHecSettings, context: OutputContext): Output {
  if (settings.tls.insecure) context.log.warn(`Output ${name} does not verify the receiver's certificate (tls.insecure)`)
  if (settings.url.startsWith('http:')) context.log.warn(`Output ${name} sends its token and events unencrypted (http)`)
  return new SplunkHecOutput(name, settings, context)
}

class SplunkHecOutput implements Output {
  readonly type = 'splunk-hec'
  readonly name: string
  readonly limits: Output['limits']
  readonly #settings: SplunkHecSettings
  readonly #host: string
  readonly #collector: Collector

  constructor(name: string, settings: SplunkHecSettings, context: OutputContext) {
    this.name = name
    this.limits = batchLimits(settings.batch)
    this.#settings = settings
    this.#host = settings.host ?? context.hostname
    this.#collector = new Collector({
      url: settings.url,
      token: settings.token.reveal(),
      tls: tlsOptions(settings.tls, name),
      timeoutMs: settings.timeout_seconds * 1000,
      channel: settings.acknowledge ? randomUUID() : undefined,
    })
  }

  async send(events: readonly QueuedEvent[], signal: AbortSignal): Promise<Verdict> {
    const { url, acknowledge } = this.#settings
    try {
      const response = await this.#collector.post(
        events.map(event => this.#envelope(event)),
        signal,
      )
      const verdict = hecVerdict(response, events.length, url)
      if (!acknowledge || verdict.kind !== 'done' || verdict.retry.length > 0 || verdict.rejected.size > 0) return verdict
      const ackId = answerOf(response)?.ackId
      if (ackId === undefined) return { ...verdict, notes: [`${url}: the token does not acknowledge: set acknowledge: false`] }
      return await this.#acknowledgment(ackId, verdict, signal)
    } catch (error) {
      return networkVerdict(error, url)
    }
  }

  async close(): Promise<void> {
    this.#collector.close()
  }

  #envelope(event: QueuedEvent): HecEvent {
    return {
      time: (Math.floor(event.time / 1000) / 1000).toFixed(3),
      host: this.#host,
      source: event.dataset,
      sourcetype: this.#settings.sourcetype,
      index: this.#settings.index,
      event: JSON.parse(event.json) as unknown,
      fields: { event_id: event.id },
    }
  }

  /** Wait until the indexers have written the batch. One that is not acknowledged in time is sent again. */
  async #acknowledgment(ackId: number, delivered: Verdict, signal: AbortSignal): Promise<Verdict> {
    const { url, acknowledge_seconds } = this.#settings
    const deadline = performance.now() + acknowledge_seconds * 1000
    for (let wait = FIRST_POLL_MS; performance.now() + wait < deadline; wait = Math.min(2 * wait, LONGEST_POLL_MS)) {
      await pause(wait, undefined, { signal })
      const state = await this.#poll(ackId, signal)
      if (state === 'indexed') return delivered
      if (state !== 'pending') return state
    }
    return { kind: 'retry', reason: `${url}: the batch was not acknowledged within ${acknowledge_seconds} s` }
  }

  /** A poll that fails is no reason to send the batch again: the next may succeed. */
  async #poll(ackId: number, signal: AbortSignal): Promise<'indexed' | 'pending' | Verdict> {
    try {
      const response = await this.#collector.acknowledged(ackId, signal)
      const { acks } = (response.body ?? {}) as { readonly acks?: Readonly<Record<string, boolean>> }
      if (response.status === 200 && acks !== undefined) return acks[ackId] === true ? 'indexed' : 'pending'
      const verdict = hecVerdict(response, 1, this.#settings.url)
      return verdict.kind === 'pause' ? verdict : 'pending'
    } catch {
      return 'pending'
    }
  }
}
