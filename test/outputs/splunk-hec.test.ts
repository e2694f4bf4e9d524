import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Joi from 'joi'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { Secret } from '../../src/config/secret.ts'
import type { Output, Verdict } from '../../src/outputs/output.ts'
import { HEC_CODES, hecVerdict } from '../../src/outputs/splunk-hec/codes.ts'
import { createSplunkHecOutput, type SplunkHecSettings, splunkHecSchema } from '../../src/outputs/splunk-hec/index.ts'
import { deliver, documentOf, NO_ABORT, queuedEvents, testContext } from './harness.ts'

const TOKEN = '11111111-2222-3333-4444-555555555555'
/** HTTP statuses that come with each code. */
const STATUS = [
  200, 403, 401, 401, 403, 400, 400, 400, 500, 503, 400, 400, 400, 400, 400, 400, 400, 200, 503, 503, 503, 400, 400, 503, 200, 200, 429,
  429,
]

interface Seen {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A server for faults that a real collector does not show on demand: it answers as the script says. */
let server: Server
let url: string
let seen: Seen[]
let connections: number
let answer: (request: Seen, response: ServerResponse) => void

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const entry = { path: request.url ?? '', headers: request.headers, body }
    seen.push(entry)
    answer(entry, response)
  })
  server.on('connection', () => connections++)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  seen = []
  connections = 0
  answer = json(200, { text: 'Success', code: 0 })
})

function json(status: number, body: object, headers: Record<string, string> = {}): typeof answer {
  return (_, response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function output(overrides: object = {}, context = testContext()): Output {
  const config = { type: 'splunk-hec', url, token: new Secret(TOKEN), ...overrides }
  return createSplunkHecOutput('splunk', Joi.attempt(config, splunkHecSchema) as SplunkHecSettings, context)
}

const EVENTS = queuedEvents(4)

describe('every code has a decided outcome', () => {
  test('the table covers 0 to 27', () => {
    expect(HEC_CODES).toHaveLength(28)
    expect(STATUS).toHaveLength(28)
  })

  test.each(STATUS.map((status, code) => ({ code, status })))('code $code with HTTP $status', async ({ code, status }) => {
    answer = json(status, { text: 'words of the server', code, 'invalid-event-number': 1 })
    const verdict = await output().send(EVENTS, NO_ABORT)
    const { outcome, text } = HEC_CODES[code]
    if (outcome === 'delivered') {
      const notes = code === 0 ? [] : [expect.stringContaining(text)]
      expect(verdict).toEqual({ kind: 'done', rejected: new Map(), retry: [], notes })
    } else if (outcome === 'isolate') {
      expect(verdict).toEqual({ kind: 'done', rejected: new Map([[1, expect.stringContaining(text)]]), retry: [0, 2, 3] })
    } else {
      expect(verdict).toMatchObject({ kind: outcome, reason: expect.stringContaining(`${text} (${status}, code ${code})`) })
    }
    expect(JSON.stringify(verdict)).not.toContain('words of the server')
  })

  test.each([0, 24, 25])('code %i is no success unless the status is 200', async code => {
    answer = json(503, { code })
    expect((await output().send(EVENTS, NO_ABORT)).kind).toBe('retry')
  })
})

describe('what is not an answer of a collector', () => {
  const text = (status: number, body: string, type: string): typeof answer => {
    return (_, response) => response.writeHead(status, { 'content-type': type }).end(body)
  }

  test.each<[string, typeof answer, Partial<Verdict>]>([
    ['a page with 200', text(200, '<html>login</html>', 'text/html'), { kind: 'retry' }],
    ['a page with 502', text(502, '<html>bad gateway</html>', 'text/html'), { kind: 'retry' }],
    ['plain text with 503', text(503, 'busy', 'text/plain'), { kind: 'retry' }],
    ['broken JSON', text(200, '{"text":"Succ', 'application/json'), { kind: 'retry' }],
    ['JSON that says text', text(200, '{"text":"Success","code":0}', 'text/plain'), { kind: 'done' }],
    ['an unknown code', json(200, { code: 99 }), { kind: 'retry' }],
    ['a code that is text', json(200, { code: '0' }), { kind: 'retry' }],
    ['nothing with 200', text(200, '', 'text/plain'), { kind: 'retry' }],
    ['413 of a proxy', text(413, 'too large', 'text/plain'), { kind: 'split' }],
    ['413 with a code', json(413, { code: 6, 'invalid-event-number': 0 }), { kind: 'split' }],
    ['400 of a proxy', text(400, 'bad', 'text/plain'), { kind: 'split' }],
    ['401 of a proxy', text(401, 'who', 'text/plain'), { kind: 'pause' }],
    ['403 of a proxy', text(403, 'no', 'text/plain'), { kind: 'pause' }],
    ['404', text(404, 'what', 'text/plain'), { kind: 'pause' }],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), { kind: 'pause' }],
    ['408', text(408, '', 'text/plain'), { kind: 'retry' }],
    ['429 with Retry-After', json(429, { code: 26 }, { 'retry-after': '7' }), { kind: 'retry', afterMs: 7000 }],
    ['a connection that breaks', (_, response) => response.destroy(), { kind: 'retry' }],
    [
      'an answer that breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' }).write('{"code":0')
        setTimeout(() => response.destroy(), 20)
      },
      { kind: 'retry' },
    ],
  ])('%s', async (_, script, verdict) => {
    answer = script
    expect(await output({ timeout_seconds: 1 }).send(EVENTS, NO_ABORT)).toMatchObject(verdict)
  })

  test('a collector that never answers is given up after timeout_seconds', async () => {
    answer = () => {}
    expect(await output({ timeout_seconds: 1 }).send(EVENTS, NO_ABORT)).toMatchObject({ kind: 'retry' })
  })

  test('a request under way can be stopped', async () => {
    answer = () => {}
    const stop = new AbortController()
    const sent = output().send(EVENTS, stop.signal)
    setTimeout(() => stop.abort(), 50)
    expect(await sent).toMatchObject({ kind: 'retry' })
  })
})

describe('isolating an event', () => {
  test('a number outside of the batch, or none, splits', () => {
    for (const body of [{ code: 6, 'invalid-event-number': 4 }, { code: 6, 'invalid-event-number': -1 }, { code: 6 }])
      expect(hecVerdict({ status: 400, body }, 4, 'x').kind).toBe('split')
  })

  test('the bad event is rejected and the others are delivered', async () => {
    const bad = EVENTS[2].id
    answer = ({ body }, response) => {
      const index = eventsIn(body).findIndex(({ fields }) => fields.event_id === bad)
      json(index < 0 ? 200 : 400, index < 0 ? { code: 0 } : { code: 6, 'invalid-event-number': index })({} as Seen, response)
    }
    const { rejected } = await deliver(output(), EVENTS)
    expect([...rejected.keys()]).toEqual([bad])
    expect(eventsIn(seen.at(-1)!.body).map(({ fields }) => fields.event_id)).toEqual(
      EVENTS.filter(({ id }) => id !== bad).map(({ id }) => id),
    )
  })

  test('413 is halved until it fits', async () => {
    answer = ({ body }, response) => json(eventsIn(body).length > 1 ? 413 : 200, { code: 0 })({} as Seen, response)
    expect((await deliver(output(), EVENTS)).rejected.size).toBe(0)
  })
})

describe('requests', () => {
  test('many batches go over one connection, with the token and the envelope', async () => {
    const instance = output({ index: 'ot' })
    for (let batch = 0; batch < 5; batch++) await deliver(instance, EVENTS)
    expect(connections).toBe(1)
    expect(seen).toHaveLength(5)
    expect(seen[0].path).toBe('/services/collector/event')
    expect(seen[0].headers).toMatchObject({ authorization: `Splunk ${TOKEN}`, 'user-agent': expect.stringMatching(/^wardwire\//) })
    expect(eventsIn(seen[0].body)).toEqual(
      EVENTS.map(event => ({
        time: expect.stringMatching(/^\d+\.\d{3}$/),
        host: 'sensor01',
        source: event.dataset,
        sourcetype: 'wardwire:json',
        index: 'ot',
        event: documentOf(event),
        fields: { event_id: event.id },
      })),
    )
    await instance.close()
  })

  test.each([
    ['', '/services/collector/event'],
    ['/', '/services/collector/event'],
    ['/services/collector', '/services/collector/event'],
    ['/services/collector/event/1.0', '/services/collector/event'],
    ['/splunk/', '/splunk/services/collector/event'],
  ])('url with path "%s"', async (path, expected) => {
    await output({ url: url + path }).send(EVENTS, NO_ABORT)
    expect(seen[0].path).toBe(expected)
  })

  test('neither token nor event is ever printed, nor in a reason', async () => {
    const printed = vi.spyOn(console, 'log')
    const context = testContext()
    const verdicts: Verdict[] = []
    for (const script of [json(503, { code: 9 }), json(400, { code: 6 }), json(403, { code: 4 })]) {
      answer = script
      verdicts.push(await output({}, context).send(EVENTS, NO_ABORT))
    }
    verdicts.push(await output({ url: 'http://127.0.0.1:1' }, context).send(EVENTS, NO_ABORT))
    expect(printed).not.toHaveBeenCalled()
    printed.mockRestore()
    const text = JSON.stringify([verdicts, context.lines])
    expect(text).not.toContain(TOKEN)
    expect(text).not.toContain(EVENTS[0].id)
    expect(context.lines[0]).toMatchObject({ level: 'warn', message: expect.stringContaining('unencrypted') })
  })
})

describe('indexer acknowledgment', () => {
  test('asks on its channel until the batch is indexed', async () => {
    let polls = 0
    answer = ({ path }, response) =>
      path.includes('/ack')
        ? json(200, { acks: { 7: ++polls === 3 } })({} as Seen, response)
        : json(200, { code: 0, ackId: 7 })({} as Seen, response)
    expect((await output({ acknowledge: true }).send(EVENTS, NO_ABORT)).kind).toBe('done')
    const channel = seen[0].headers['x-splunk-request-channel']
    expect(channel).toMatch(/^[0-9a-f-]{36}$/)
    expect(seen[1].path).toBe(`/services/collector/ack?channel=${channel}`)
    expect(seen[1].body).toBe('{"acks":[7]}')
    expect(seen).toHaveLength(4)
  })

  test('sends again what is not acknowledged in time', async () => {
    answer = ({ path }, response) => json(200, path.includes('/ack') ? { acks: { 7: false } } : { code: 0, ackId: 7 })({} as Seen, response)
    const verdict = await output({ acknowledge: true, acknowledge_seconds: 1 }).send(EVENTS, NO_ABORT)
    expect(verdict).toMatchObject({ kind: 'retry', reason: expect.stringContaining('not acknowledged within 1 s') })
  })

  test('a poll that fails is repeated; acknowledgment that is off pauses', async () => {
    let polls = 0
    answer = ({ path }, response) => {
      if (!path.includes('/ack')) return json(200, { code: 0, ackId: 0 })({} as Seen, response)
      if (++polls === 1) return response.destroy()
      return json(400, { text: 'ACK is disabled', code: 14 })({} as Seen, response)
    }
    const verdict = await output({ acknowledge: true }).send(EVENTS, NO_ABORT)
    expect(verdict).toMatchObject({ kind: 'pause', reason: expect.stringContaining('set acknowledge: false') })
    expect(polls).toBe(2)
  })

  test('a token without acknowledgment still delivers, with a note', async () => {
    const verdict = await output({ acknowledge: true }).send(EVENTS, NO_ABORT)
    expect(verdict).toMatchObject({ kind: 'done', notes: [expect.stringContaining('does not acknowledge')] })
  })
})

interface SentEvent {
  readonly fields: { readonly event_id: string }
}

/** The JSON objects of a request, which stand one after the other. */
function eventsIn(body: string): readonly SentEvent[] {
  return JSON.parse(`[${body.replaceAll('}{"time":', '},{"time":')}]`) as SentEvent[]
}
