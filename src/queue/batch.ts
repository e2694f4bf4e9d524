import type { Dataset, EncodedEvent } from '../normalize/event.ts'

/** Events that are stored together: one row of the queue, and one message between the threads. */
export interface Batch {
  readonly events: number
  /** Nothing but alerts; other batches hold none. */
  readonly alert: boolean
  /**
   * UTF-8 text, a line for each event:
   *
   * `id SP dataset SP time SP json LF`  (time in µs; JSON as written by the normalizer holds no line feed)
   */
  readonly body: Uint8Array<ArrayBuffer>
}

/** A batch is closed when it has this many events or about this many bytes. */
const MAX_EVENTS = 512
const MAX_BYTES = 1024 * 1024

const ALERT: Dataset = 'wardwire.alert'
const encoder = new TextEncoder()

/** Encode events in order. Alerts get batches of their own, so that the queue can keep them when it drops others. */
export function encodeBatches(events: readonly EncodedEvent[]): readonly Batch[] {
  const batches: Batch[] = []
  let text = ''
  let count = 0
  let alert = false
  const close = (): void => {
    if (count > 0) batches.push({ events: count, alert, body: encoder.encode(text) })
    text = ''
    count = 0
  }
  for (const event of events) {
    const isAlert = event.dataset === ALERT
    if (isAlert !== alert || count === MAX_EVENTS || text.length >= MAX_BYTES) close()
    alert = isAlert
    text += `${event.id} ${event.dataset} ${event.time} ${event.json}\n`
    count++
  }
  close()
  return batches
}

/** The events of a batch body in order. Throws on a body that `encodeBatches` did not make. */
export function decodeBatch(body: Uint8Array): readonly EncodedEvent[] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const events: EncodedEvent[] = []
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    events.push(decodeLine(text, start, end))
    start = end + 1
  }
  return events
}

function decodeLine(text: string, start: number, end: number): EncodedEvent {
  const dataset = text.indexOf(' ', start) + 1
  const time = text.indexOf(' ', dataset) + 1
  const json = text.indexOf(' ', time) + 1
  if (dataset <= start || time === 0 || json === 0 || end < json) throw new Error('a batch is not in the form of this version')
  return {
    id: text.slice(start, dataset - 1),
    dataset: text.slice(dataset, time - 1) as Dataset,
    time: Number(text.slice(time, json - 1)),
    json: text.slice(json, end),
  }
}
