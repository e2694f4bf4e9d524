import type { Client } from '@elastic/elasticsearch'
import type { QueuedEvent } from '../../queue/queue.ts'
import { batchLimits } from '../batch.ts'
import type { Output, OutputContext, Verdict } from '../output.ts'
import { tlsOptions } from '../tls.ts'
import { elasticClient } from './client.ts'
import type { ElasticsearchSettings } from './settings.ts'
import { BULK_ANSWER, type BulkItem, bulkVerdict, requestVerdict } from './verdict.ts'

export { type ElasticsearchSettings, elasticsearchSchema } from './settings.ts'

/**
 * Events into the data streams `logs-<dataset>-<namespace>` by bulk requests. The document id is the event id and nothing is ever
 * overwritten, so an event that is sent again changes nothing. Throws `tls_file` when a file of `tls` cannot be used.
 */
export function createElasticsearchOutput(name: string, settings: ElasticsearchSettings, context: OutputContext): Output {
  tlsOptions(settings.tls, name)
  if (settings.tls.insecure) context.log.warn(`Output ${name} does not verify the receiver's certificate (tls.insecure)`)
  const authenticates = settings.api_key !== undefined || settings.username !== undefined
  if (authenticates && settings.url.some(url => url.startsWith('http:')))
    context.log.warn(`Output ${name} sends its credentials unencrypted (http)`)
  return new ElasticsearchOutput(name, settings)
}

class ElasticsearchOutput implements Output {
  readonly type = 'elasticsearch'
  readonly name: string
  readonly limits: Output['limits']
  readonly #settings: ElasticsearchSettings
  #client: Client | undefined

  constructor(name: string, settings: ElasticsearchSettings) {
    this.name = name
    this.limits = batchLimits(settings.batch)
    this.#settings = settings
  }

  async send(events: readonly QueuedEvent[], signal: AbortSignal): Promise<Verdict> {
    const receiver = this.#settings.url.join(', ')
    try {
      this.#client ??= await elasticClient(this.name, this.#settings, signal)
      const answer = await this.#client.bulk({ operations: this.#operations(events), filter_path: [...BULK_ANSWER] }, { signal })
      const items = (answer.items ?? []).map(item => item.create as BulkItem)
      if (items.length === events.length && items.every(item => item !== undefined)) return bulkVerdict(items, receiver)
      return { kind: 'retry', reason: `${receiver}: the answer does not match the request` }
    } catch (error) {
      return requestVerdict(error, receiver)
    }
  }

  async close(): Promise<void> {
    await this.#client?.close()
    this.#client = undefined
  }

  #operations(events: readonly QueuedEvent[]): (object | string)[] {
    return events.flatMap(({ id, dataset, json }) => [{ create: { _index: `logs-${dataset}-${this.#settings.namespace}`, _id: id } }, json])
  }
}
