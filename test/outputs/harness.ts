import { setTimeout as pause } from 'node:timers/promises'
import type { Dataset, EcsDocument } from '../../src/normalize/event.ts'
import type { Output, OutputContext, Verdict } from '../../src/outputs/output.ts'
import type { QueuedEvent } from '../../src/queue/queue.ts'
import type { LogFields } from '../../src/telemetry/log.ts'
import { sampleEvents } from '../normalize/samples.ts'

/** What the test's outputs logged. */
interface LoggedLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  readonly message: string
  readonly fields: LogFields | undefined
}

/** A context whose log can be read. */
export function testContext(): OutputContext & { readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const at = (level: LoggedLine['level']) => (message: string, fields?: LogFields) => void lines.push({ level, message, fields })
  return {
    log: { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') },
    sensorName: 'ward-3',
    hostname: 'sensor01',
    lines,
  }
}

/** An event as the queue hands it to an output. */
function queued(document: EcsDocument, position = 1): QueuedEvent {
  const event = document['event'] as { readonly id: string; readonly dataset: Dataset }
  const time = Date.parse(document['@timestamp'] as string) * 1000
  return { position, stored: time / 1000, id: event.id, dataset: event.dataset, time, json: JSON.stringify(document) }
}

/** The samples of every dataset and variant, as often as it takes to have `count` events, each with its own id. */
export function queuedEvents(count?: number): readonly QueuedEvent[] {
  const samples = sampleEvents()
  return Array.from({ length: count ?? samples.length }, (_, index) => {
    const { document } = samples[index % samples.length]
    return queued(index < samples.length ? document : withId(document, index), index + 1)
  })
}

function withId(document: EcsDocument, number: number): EcsDocument {
  const id = number.toString(16).padStart(32, 'f')
  return { ...document, event: { ...(document['event'] as EcsDocument), id } }
}

export function documentOf(event: QueuedEvent): EcsDocument {
  return JSON.parse(event.json) as EcsDocument
}

/** What became of a delivery that followed every verdict as the delivery loop does, but without its long waits. */
export interface Delivered {
  readonly rejected: ReadonlyMap<string, string>
  readonly verdicts: readonly Verdict[]
}

/** Send until every event is delivered or rejected; throws on a pause, and when it takes too long. */
export async function deliver(output: Output, events: readonly QueuedEvent[], seconds = 60): Promise<Delivered> {
  const signal = AbortSignal.timeout(seconds * 1000)
  const rejected = new Map<string, string>()
  const verdicts: Verdict[] = []
  let batches: (readonly QueuedEvent[])[] = [events]
  while (batches.length > 0) {
    if (signal.aborted) throw new Error(`not delivered in ${seconds} s: ${JSON.stringify(verdicts.at(-1))}`)
    const [batch, ...others] = batches
    const verdict = await output.send(batch, signal)
    verdicts.push(verdict)
    if (verdict.kind === 'pause') throw new Error(`paused: ${verdict.reason}`)
    if (verdict.kind === 'done') {
      for (const [index, reason] of verdict.rejected) rejected.set(batch[index].id, reason)
      const again = verdict.retry.map(index => batch[index])
      batches = again.length > 0 ? [again, ...others] : others
    } else if (verdict.kind === 'split' && batch.length > 1) {
      const half = Math.ceil(batch.length / 2)
      batches = [batch.slice(0, half), batch.slice(half), ...others]
    } else if (verdict.kind === 'split') {
      rejected.set(batch[0].id, verdict.reason)
      batches = others
    }
    if (verdict.kind !== 'done' || verdict.retry.length > 0) await pause(100)
  }
  return { rejected, verdicts }
}

/** Never aborted. */
export const NO_ABORT = new AbortController().signal
