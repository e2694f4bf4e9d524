import { errors } from '@elastic/elasticsearch'
import { WardwireError } from '../../telemetry/error.ts'
import { describeError } from '../../telemetry/log.ts'
import { networkVerdict, retryAfterMs } from '../failure.ts'
import type { Verdict } from '../output.ts'

/** The parts of an item of a bulk answer that matter. */
export interface BulkItem {
  readonly status: number
  readonly error?: { readonly type?: string; readonly reason?: string | null }
  readonly failure_store?: string
}

/** Only these parts of the answer are asked for. */
export const BULK_ANSWER = [
  'errors',
  'items.create.status',
  'items.create.error.type',
  'items.create.error.reason',
  'items.create.failure_store',
]

/** The privileges that writing takes, as the documentation names them. */
const WRITE_PRIVILEGES = 'the index privileges auto_configure and create_doc'

type Outcome = 'delivered' | 'refused for now' | 'not permitted or set up' | 'rejected'

/**
 * Verdict of a bulk answer, item by item. A document that is there already (409) was delivered before. What would fail for every event
 * (missing privileges, index or pipeline) is never held against an event.
 */
export function bulkVerdict(items: readonly BulkItem[], receiver: string): Verdict {
  const rejected = new Map<number, string>()
  const retry: number[] = []
  const reasons = new Map<Outcome, string>()
  let redirected = 0
  for (const [index, item] of items.entries()) {
    const outcome = outcomeOf(item)
    if (outcome !== 'delivered') reasons.set(outcome, describeItem(item))
    if (outcome === 'rejected') rejected.set(index, describeItem(item))
    else if (outcome !== 'delivered') retry.push(index)
    else if (item.failure_store === 'used') redirected++
  }
  const setUp = reasons.get('not permitted or set up')
  const forNow = reasons.get('refused for now')
  if (retry.length === items.length && setUp !== undefined) return { kind: 'pause', reason: `${receiver}: ${setUp}` }
  if (retry.length === items.length && forNow !== undefined) return { kind: 'retry', reason: `${receiver}: ${forNow}` }
  const notes = [setUp, forNow].filter(reason => reason !== undefined)
  if (redirected > 0) notes.push(`${redirected} events went to the failure store of their data stream`)
  return { kind: 'done', rejected, retry, notes }
}

function outcomeOf({ status, error }: BulkItem): Outcome {
  if (status < 300 || status === 409) return 'delivered'
  if (status === 429 || status >= 500 || error?.type === 'cluster_block_exception') return 'refused for now'
  if (status === 401 || status === 403 || status === 404 || isMissingPipeline(error?.reason)) return 'not permitted or set up'
  return 'rejected'
}

function isMissingPipeline(reason: string | null | undefined): boolean {
  return /^pipeline with id \[[^\]]*\] does not exist$/.test(reason ?? '')
}

function describeItem({ status, error }: BulkItem): string {
  if (status === 403 && error?.type === 'security_exception') return `the account may not write: it needs ${WRITE_PRIVILEGES} (403)`
  if (isMissingPipeline(error?.reason)) return 'the ingest pipeline is missing: run wardwire content install elastic'
  const type = /^\w+$/.exec(error?.type ?? '')?.[0] ?? 'error'
  const harmless = harmlessPart(error?.reason ?? '')
  return `${status} ${type}${harmless === undefined ? '' : `: ${harmless}`}`
}

const NAME = '\\[[\\w@.-]{1,200}\\]'
/** Elasticsearch quotes values of the document in its reasons. Only these beginnings are known to hold names and numbers alone. */
const HARMLESS = [
  `failed to parse field ${NAME} of type ${NAME}`,
  `object mapping for ${NAME} tried to parse field ${NAME} as object, but found a concrete value`,
  `mapping set to strict, dynamic introduction of ${NAME} within ${NAME} is not allowed`,
  `Limit of total fields ${NAME} has been exceeded`,
  `data stream timestamp field ${NAME} is missing`,
  `index ${NAME} blocked by: \\[[\\w/ ,;()-]{1,200}\\]`,
  `no such index ${NAME}`,
].map(pattern => new RegExp(`^(?:\\[\\d+:\\d+\\] )?(${pattern})`))

function harmlessPart(reason: string): string | undefined {
  for (const pattern of HARMLESS) {
    const match = pattern.exec(reason)
    if (match !== null) return match[1]
  }
  return undefined
}

/** Verdict of a request that failed as a whole. */
export function requestVerdict(error: unknown, receiver: string): Verdict {
  if (error instanceof errors.ResponseError) return statusVerdict(error, receiver)
  if (error instanceof errors.ProductNotSupportedError)
    return { kind: 'pause', reason: `${receiver}: what answers there is not Elasticsearch — check url` }
  if (error instanceof errors.TimeoutError) return { kind: 'retry', reason: `${receiver}: no answer within timeout_seconds` }
  if (error instanceof errors.DeserializationError) return { kind: 'retry', reason: `${receiver}: the answer is not JSON` }
  if (error instanceof WardwireError) return { kind: 'pause', reason: `${receiver}: ${describeError(error).message}` }
  return networkVerdict(error, receiver)
}

function statusVerdict(error: errors.ResponseError, receiver: string): Verdict {
  const status = error.statusCode ?? 0
  const type = typeOf(error)
  switch (status) {
    case 401:
      return { kind: 'pause', reason: `${receiver}: the credentials are refused (401) — check api_key, or username and password` }
    case 403:
      return { kind: 'pause', reason: `${receiver}: the account may not write: it needs ${WRITE_PRIVILEGES} (403)` }
    case 404:
    case 405:
    case 406:
      return { kind: 'pause', reason: `${receiver}: no Elasticsearch answers there (${status}) — check url` }
    case 413:
      return { kind: 'split', reason: `${receiver}: the request is too large (413)` }
    case 400:
      if (type === 'media_type_header_exception')
        return { kind: 'pause', reason: `${receiver}: this version of Elasticsearch is not supported (8.x and 9.x are)` }
      return { kind: 'split', reason: `${receiver}: the request is refused as malformed (400 ${type})` }
    default:
      return { kind: 'retry', reason: `${receiver}: ${status} ${type}`, afterMs: retryAfterMs(error.headers?.['retry-after']) }
  }
}

/** The name of the failure, which holds no document content. */
function typeOf(error: errors.ResponseError): string {
  const { error: cause } = (error.body ?? {}) as { readonly error?: { readonly type?: string } }
  return /^\w+$/.exec(cause?.type ?? '')?.[0] ?? 'error'
}
