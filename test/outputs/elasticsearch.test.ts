import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import Joi from 'joi'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { installElastic } from '../../src/commands/elastic-install.ts'
import { Secret } from '../../src/config/secret.ts'
import { createElasticsearchOutput, type ElasticsearchSettings, elasticsearchSchema } from '../../src/outputs/elasticsearch/index.ts'
import { type BulkItem, bulkVerdict } from '../../src/outputs/elasticsearch/verdict.ts'
import type { Output, Verdict } from '../../src/outputs/output.ts'
import { defaultSettings, type Settings } from '../../src/settings.ts'
import { deliver, NO_ABORT, queuedEvents, testContext } from './harness.ts'

/** A server for faults that a real cluster does not show on demand. */
let server: Server
let url: string
let answer: (response: ServerResponse, body: string, request: IncomingMessage) => void

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    answer(response, (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString(), request)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  answer = items(() => ({ status: 201 }))
})

const PRODUCT = { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' }
const EVENTS = queuedEvents(4)

function json(status: number, body: object, headers: Record<string, string> = {}): typeof answer {
  return response => response.writeHead(status, { ...PRODUCT, ...headers }).end(JSON.stringify(body))
}

/** A bulk answer made item by item. */
function items(item: (id: string, index: number) => object): typeof answer {
  return (response, body) => {
    const actions = body.split('\n').filter(line => line.startsWith('{"create"'))
    const made = actions.map((line, index) => ({ create: item((JSON.parse(line) as { create: { _id: string } }).create._id, index) }))
    json(200, { errors: true, items: made })(response, body, {} as IncomingMessage)
  }
}

function settings(overrides: object = {}): ElasticsearchSettings {
  return Joi.attempt({ type: 'elasticsearch', url, ...overrides }, elasticsearchSchema) as ElasticsearchSettings
}

function output(overrides: object = {}, context = testContext()): Output {
  return createElasticsearchOutput('elastic', settings(overrides), context)
}

const error = (type: string, reason = 'DOE^JANE'): object => ({ error: { type, reason } })

describe('whole requests', () => {
  test.each<[string, typeof answer, Partial<Verdict>]>([
    ['401', json(401, error('security_exception')), { kind: 'pause' }],
    ['403', json(403, error('security_exception')), { kind: 'pause' }],
    ['404', json(404, error('x')), { kind: 'pause' }],
    ['405', json(405, error('x')), { kind: 'pause' }],
    ['406', json(406, error('x')), { kind: 'pause' }],
    ['413', json(413, error('x')), { kind: 'split' }],
    ['400', json(400, error('illegal_argument_exception')), { kind: 'split' }],
    ['400 of a version that is not supported', json(400, error('media_type_header_exception')), { kind: 'pause' }],
    ['429 with Retry-After', json(429, error('es_rejected_execution_exception'), { 'retry-after': '5' }), { kind: 'retry', afterMs: 5000 }],
    ['500', json(500, error('x')), { kind: 'retry' }],
    ['503', json(503, error('x')), { kind: 'retry' }],
    ['a page with 502', response => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>'), { kind: 'retry' }],
    ['another product', response => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'), { kind: 'pause' }],
    ['broken JSON', response => response.writeHead(200, PRODUCT).end('{"items":['), { kind: 'retry' }],
    ['no items', json(200, {}), { kind: 'retry' }],
    ['too few items', json(200, { items: [{ create: { status: 201 } }] }), { kind: 'retry' }],
    ['a connection that breaks', response => response.destroy(), { kind: 'retry' }],
    ['no answer', () => {}, { kind: 'retry' }],
  ])('%s', async (_, script, verdict) => {
    answer = script
    const found = await output({ timeout_seconds: 1 }).send(EVENTS, NO_ABORT)
    expect(found).toMatchObject(verdict)
    expect(JSON.stringify(found)).not.toContain('DOE')
  })

  test('a request under way can be stopped', async () => {
    answer = () => {}
    const stop = new AbortController()
    const sent = output().send(EVENTS, stop.signal)
    setTimeout(() => stop.abort(), 50)
    expect(await sent).toMatchObject({ kind: 'retry' })
  })

  test('the request: compressed, create only, with the event id, the document as it was queued', async () => {
    let seen: { readonly lines: readonly string[]; readonly request: IncomingMessage } | undefined
    answer = (response, body, request) => {
      seen = { lines: body.trimEnd().split('\n'), request }
      items(() => ({ status: 201 }))(response, body, request)
    }
    await output({ api_key: new Secret('aWQ6a2V5'), namespace: 'radiology' }).send(EVENTS, NO_ABORT)
    expect(seen!.request.headers).toMatchObject({ 'content-encoding': 'gzip', authorization: 'ApiKey aWQ6a2V5' })
    expect(seen!.lines).toEqual(
      EVENTS.flatMap(({ id, dataset, json }) => [`{"create":{"_index":"logs-${dataset}-radiology","_id":"${id}"}}`, json]),
    )
  })

  test('credentials over http and an unverified certificate are warned of; secrets are never printed', async () => {
    const context = testContext()
    output({ username: 'sensor', password: new Secret('hunter2'), tls: { insecure: true } }, context)
    expect(context.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', expect.stringContaining('tls.insecure')],
      ['warn', expect.stringContaining('unencrypted')],
    ])
    answer = json(401, error('security_exception'))
    const verdict = await output({ username: 'sensor', password: new Secret('hunter2') }, context).send(EVENTS, NO_ABORT)
    expect(JSON.stringify([verdict, context.lines])).not.toContain('hunter2')
  })
})

describe('items', () => {
  test('429 and 503 are tried again, 409 counts as delivered, the rest of the batch is done', async () => {
    let requests = 0
    answer = (response, body, request) => {
      requests++
      const statuses = requests === 1 ? [201, 429, 409, 503] : [201, 201]
      items((_, index) => ({ status: statuses[index], ...(statuses[index] > 400 ? error('es_rejected_execution_exception') : {}) }))(
        response,
        body,
        request,
      )
    }
    const { rejected, verdicts } = await deliver(output(), EVENTS)
    expect(rejected.size).toBe(0)
    expect(verdicts).toMatchObject([
      { kind: 'done', retry: [1, 3], notes: [expect.stringContaining('503')] },
      { kind: 'done', retry: [] },
    ])
  })

  test('a whole batch that is refused for now is one retry with the reason', () => {
    const busy = { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'rejected execution of DOE' } }
    expect(bulkVerdict([busy, busy], 'x')).toEqual({ kind: 'retry', reason: 'x: 429 es_rejected_execution_exception' })
  })

  test('a read-only index is waited for, as the disk may be cleaned up', () => {
    const blocked = {
      status: 403,
      error: { type: 'cluster_block_exception', reason: 'index [i] blocked by: [FORBIDDEN/8/index write (api)];' },
    }
    expect(bulkVerdict([blocked], 'x')).toEqual({
      kind: 'retry',
      reason: 'x: 403 cluster_block_exception: index [i] blocked by: [FORBIDDEN/8/index write (api)]',
    })
  })

  test('events that went to the failure store are delivered and reported', () => {
    const stored: BulkItem[] = [{ status: 201 }, { status: 201, failure_store: 'used' }]
    expect(bulkVerdict(stored, 'x')).toEqual({
      kind: 'done',
      rejected: new Map(),
      retry: [],
      notes: ['1 events went to the failure store of their data stream'],
    })
  })

  test.each([
    [
      "[1:40] failed to parse field [dicom.message_id] of type [long] in document with id '1'. Preview of field's value: 'DOE^JANE'",
      'dicom.message_id',
    ],
    ['[1:9] object mapping for [host] tried to parse field [host] as object, but found a concrete value', 'concrete value'],
    ['mapping set to strict, dynamic introduction of [x] within [_doc] is not allowed', 'strict'],
    ['Limit of total fields [1000] has been exceeded while adding new fields [1]', '1000'],
  ])('a reason of the mapper keeps names and no content: %s', (reason, kept) => {
    const verdict = bulkVerdict([{ status: 400, error: { type: 'document_parsing_exception', reason } }, { status: 201 }], 'x')
    const text = verdict.kind === 'done' ? verdict.rejected.get(0)! : ''
    expect(text).toContain('400 document_parsing_exception: ')
    expect(text).toContain(kept)
    expect(text).not.toContain('DOE')
  })

  test.each(['DOE^JANE', "Cannot parse 'failed to parse field [DOE] of type [x]'", '', null, 'a [DOE] of type [JANE]'])(
    'a reason that is not known says nothing: %s',
    reason => {
      const verdict = bulkVerdict([{ status: 400, error: { type: 'some_exception', reason } }], 'x')
      expect(verdict).toEqual({ kind: 'done', rejected: new Map([[0, '400 some_exception']]), retry: [], notes: [] })
    },
  )
})

describe('wardwire content install elastic', () => {
  const configuration = (outputs: Settings['outputs']): Settings => ({ ...defaultSettings(), outputs })
  const install = (outputs: Settings['outputs'], name?: string): Promise<string> =>
    installElastic(configuration(outputs), { dryRun: true, ...(name === undefined ? {} : { output: name }) })

  test('needs one output of the kind, or the name of one', async () => {
    await expect(install({})).rejects.toMatchObject({ code: 'content_output', message: expect.stringContaining('no output of type') })
    const two = { one: settings(), two: settings() }
    await expect(install(two)).rejects.toMatchObject({ code: 'content_output', message: expect.stringContaining('one, two') })
    await expect(install(two, 'three')).rejects.toMatchObject({ code: 'content_output', mend: expect.stringContaining('one, two') })
    answer = json(404, {})
    expect(await install(two, 'two')).toContain('would be created')
  })

  test('says when there is no such API, or no Elasticsearch', async () => {
    answer = json(405, { error: 'Incorrect HTTP method' })
    await expect(install({ one: settings() })).rejects.toMatchObject({ code: 'content_unsupported' })
    answer = response => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    await expect(install({ one: settings() })).rejects.toMatchObject({ code: 'content_unsupported' })
  })
})

describe('settings', () => {
  const problem = (config: object): string | undefined =>
    elasticsearchSchema.validate({ type: 'elasticsearch', url: 'https://es:9200', ...config }).error?.message

  test('one address or several; credentials have keys of their own', () => {
    expect(settings().url).toEqual([url])
    expect(settings({ url: ['https://a:9200', 'https://b:9200'] }).url).toHaveLength(2)
    const message = problem({ url: 'https://user:hunter2@es:9200' })
    expect(message).toContain('must not hold a user name or password')
    expect(message).not.toContain('hunter2')
  })

  test.each<[string, object]>([
    ['two ways to authenticate', { api_key: new Secret('a'), username: 'u', password: new Secret('p') }],
    ['a user without a password', { username: 'u' }],
    ['a namespace that no data stream can have', { namespace: 'a-b' }],
    ['both a CA file and a fingerprint', { tls: { ca_file: 'x', ca_fingerprint: 'ab'.repeat(32) } }],
    ['a fingerprint that is none', { tls: { ca_fingerprint: 'abc' } }],
    ['another protocol', { url: 'ftp://es' }],
  ])('refuses %s', (_, config) => {
    expect(problem(config)).toBeDefined()
  })
})
