import { describe, expect, test } from 'vitest'
import { answer, chunked, DICOM_JSON, get, HttpConversation, head, STUDY } from './conversation.ts'

const SEARCH = get('/dicom-web/studies?PatientName=DOE')
const METADATA = get(`/dicom-web/studies/${STUDY}/metadata`)

describe('requests and responses', () => {
  test('a search with its answer', () => {
    const talk = new HttpConversation()
      .client(get('/dicom-web/studies?PatientName=DOE', 'User-Agent: viewer/1'))
      .server(answer(200, DICOM_JSON, '[{},{}]'))
    expect(talk.requests).toMatchObject([
      {
        service: 'qido_rs',
        results: 2,
        outcome: 'success',
        partial: [],
        direction: 0,
        start: 1_001_000,
        end: 1_002_000,
        streamOffset: 0,
        http: {
          method: 'GET',
          version: '1.1',
          host: 'pacs',
          userAgent: 'viewer/1',
          authentication: 'none',
          status: 200,
          responseType: DICOM_JSON,
          requestBytes: 0,
          responseBytes: 7,
        },
      },
    ])
  })

  test('one after the other on a connection that is kept', () => {
    const talk = new HttpConversation()
    for (let round = 0; round < 3; round++) talk.client(METADATA).server(answer(200, DICOM_JSON, '[]'))
    expect(talk.requests.map(({ streamOffset }) => streamOffset)).toEqual([0, METADATA.length, 2 * METADATA.length])
  })

  test('pipelined requests are answered in their order', () => {
    const talk = new HttpConversation()
      .client(SEARCH + METADATA + get('/dicom-web/series?Modality=CT'))
      .server(answer(200, DICOM_JSON, '[]'), answer(404, 'text/plain', 'no'), answer(204, DICOM_JSON))
    expect(talk.requests.map(({ service, http }) => [service, http.status])).toEqual([
      ['qido_rs', 200],
      ['wado_rs', 404],
      ['qido_rs', 204],
    ])
  })

  test.each([
    [401, 'failure'],
    [403, 'failure'],
    [404, 'failure'],
    [500, 'failure'],
    [200, 'success'],
    [202, 'success'],
    [304, 'success'],
  ])('status %i is a %s', (status, outcome) => {
    expect(new HttpConversation().client(METADATA).server(answer(status, 'text/plain')).requests).toMatchObject([{ outcome }])
  })

  test('a response that only announces another is none', () => {
    const post = head(`POST /dicom-web/studies/${STUDY} HTTP/1.1`, 'Expect: 100-continue', 'Content-Length: 3')
    const talk = new HttpConversation()
      .client(post)
      .server('HTTP/1.1 100 Continue\r\n\r\n')
      .client('abc')
      .server(answer(200, DICOM_JSON, '{}'))
    expect(talk.requests).toMatchObject([{ service: 'stow_rs', http: { status: 200, requestBytes: 3, responseBytes: 2 } }])
  })

  test('a server may answer before it has the whole request', () => {
    const post = head(`POST /dicom-web/studies/${STUDY} HTTP/1.1`, 'Content-Length: 6')
    const talk = new HttpConversation().client(post, 'abc').server(answer(413, 'text/plain', 'too much'))
    expect(talk.requests).toEqual([])
    expect(talk.client('def').requests).toMatchObject([{ outcome: 'failure', http: { status: 413, requestBytes: 6 } }])
  })

  test('plain HTTP is no event, but tells of both ends, once a connection', () => {
    const talk = new HttpConversation()
    for (let round = 0; round < 3; round++)
      talk.client(get('/index.html', 'User-Agent: Mozilla/5.0 (VxWorks)')).server(answer(200, 'text/html', '<p>', 'Server: GoAhead-Webs'))
    expect(talk.end().requests).toEqual([])
    expect(talk.interactions).toEqual([])
    expect(talk.facts).toEqual(['client user_agent Mozilla/5.0 (VxWorks)', 'server http_server GoAhead-Webs'])
  })

  test('who does what is a role; a server that refuses has none', () => {
    const talk = new HttpConversation().client(SEARCH).server(answer(401, 'text/plain'))
    expect(talk.facts).toEqual(['client role qido_rs_client'])
    expect(talk.client(SEARCH).server(answer(200, DICOM_JSON, '[]')).facts).toContain('server role qido_rs_server')
  })

  test('no answer is a failure after a while, and a late one is not taken for the next', () => {
    const talk = new HttpConversation().client(SEARCH).later(299)
    expect(talk.requests).toEqual([])
    expect(talk.later(2).requests).toMatchObject([{ outcome: 'failure', partial: [], http: { status: undefined } }])
    talk
      .server(answer(200, DICOM_JSON, '[]'))
      .client(METADATA)
      .server(answer(404, 'text/plain'))
    expect(talk.end().requests.map(({ service, http }) => [service, http.status])).toEqual([
      ['qido_rs', undefined],
      ['wado_rs', 404],
    ])
  })

  test('what waits is limited', () => {
    const talk = new HttpConversation({}, { max_pending_requests: 10 }).client(SEARCH.repeat(12), METADATA)
    expect(talk.requests).toHaveLength(3)
    expect(talk.requests[0]).toMatchObject({ partial: ['limit'], outcome: 'unknown' })
    for (let answered = 0; answered < 12; answered++) talk.server(answer(200, DICOM_JSON, '[]'))
    talk.server(answer(404, 'text/plain', 'no'))
    expect(talk.requests.slice(3).map(({ service, http }) => [service, http.status])).toEqual([
      ...Array(9).fill(['qido_rs', 200]),
      ['wado_rs', 404],
    ])
  })

  test('lengths that contradict each other are a violation', () => {
    const post = head(`POST /dicom-web/studies/${STUDY} HTTP/1.1`, 'Content-Length: 30', 'Transfer-Encoding: chunked')
    const talk = new HttpConversation().client(post, chunked('abc')).server(answer(200, DICOM_JSON, '{}'))
    expect(talk.requests).toMatchObject([{ violations: ['conflicting_length'], http: { requestBytes: 3 } }])
  })

  test.each([
    ['in one field', ['Content-Length: 2, 2']],
    ['in two fields', ['Content-Length: 2', 'Content-Length: 2, 2']],
  ])('a length that is repeated %s is that length (RFC 9110 §8.6)', (_, fields) => {
    const ok = head('HTTP/1.1 200 OK', `Content-Type: ${DICOM_JSON}`, ...fields)
    const talk = new HttpConversation().client(METADATA, METADATA).server(`${ok}xy${ok}{}`)
    expect(talk.requests).toMatchObject(Array(2).fill({ violations: [], outcome: 'success', http: { responseBytes: 2 } }))
  })

  test('lengths in one field that are not the same contradict each other, and the first counts', () => {
    const talk = new HttpConversation()
      .client(METADATA)
      .server(head('HTTP/1.1 200 OK', `Content-Type: ${DICOM_JSON}`, 'Content-Length: 2, 7'), 'xy')
    expect(talk.requests).toMatchObject([{ violations: ['conflicting_length'], http: { responseBytes: 2 } }])
  })
})

describe('bodies', () => {
  const rest = (talk: HttpConversation): readonly (readonly unknown[])[] => {
    talk.client(METADATA).server(answer(200, DICOM_JSON, 'xy'))
    return talk.end().requests.map(({ http, partial, outcome }) => [http.responseBytes, outcome, partial])
  }
  const second = [2, 'success', []]

  test('chunked, with extensions and a trailer', () => {
    const body = '5;name="a;b"\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX-Sum: 1\r\n\r\n'
    const talk = new HttpConversation()
      .client(METADATA)
      .server(head('HTTP/1.1 200 OK', `Content-Type: ${DICOM_JSON}`, 'Transfer-Encoding: chunked'), body)
    expect(rest(talk)).toEqual([[31, 'success', []], second])
  })

  test('none behind HEAD, whatever length the response tells', () => {
    const talk = new HttpConversation().client(METADATA.replace('GET', 'HEAD')).server(head('HTTP/1.1 200 OK', 'Content-Length: 5000'))
    expect(rest(talk)).toEqual([[0, 'success', []], second])
  })

  test.each([204, 304])('none behind %i', status => {
    const talk = new HttpConversation().client(METADATA).server(head(`HTTP/1.1 ${status} X`, 'Content-Length: 5000'))
    expect(rest(talk)).toEqual([[0, 'success', []], second])
  })

  test('one without a length ends with the connection', () => {
    const talk = new HttpConversation().client(METADATA).server('HTTP/1.0 200 OK\r\n\r\n', 'abc', 'def')
    expect(talk.requests).toEqual([])
    expect(talk.halfClosed(1).requests).toMatchObject([{ outcome: 'success', http: { version: '1.1', responseBytes: 6 } }])
  })

  test('one that is cut off says so', () => {
    const talk = new HttpConversation().client(METADATA).server(head('HTTP/1.1 200 OK', 'Content-Length: 10'), 'abc').end('reset')
    expect(talk.requests).toMatchObject([{ outcome: 'unknown', partial: ['truncated'], http: { responseBytes: 3 } }])
  })

  test('what is wrong with chunks is passed over up to the next start line', () => {
    const broken = `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabcX\r\nno chunk\r\n`
    const talk = new HttpConversation().client(METADATA).server(broken)
    expect(rest(talk)).toEqual([[3, 'unknown', ['gap', 'truncated']], second])
  })
})

describe('a client that asks whether it should send the body (RFC 9110 §10.1.1)', () => {
  const asking = (...fields: readonly string[]): string =>
    head(`POST /dicom-web/studies/${STUDY} HTTP/1.1`, 'Expect: 100-continue', ...fields)
  const refused = answer(401, 'text/plain', 'no')
  const told = (talk: HttpConversation): readonly (readonly unknown[])[] =>
    talk.end().requests.map(({ service, http, outcome, partial }) => [service, http.status, http.requestBytes, outcome, partial])

  test.each([
    ['a length', 'Content-Length: 5000'],
    ['chunks', 'Transfer-Encoding: chunked'],
  ])('and is refused goes on with its next request (%s)', (_, length) => {
    const again = asking(length, 'Authorization: Basic x')
    const talk = new HttpConversation()
      .client(asking(length))
      .server(refused)
      .client(METADATA)
      .server(answer(200, DICOM_JSON, '[]'))
    expect(talk.requests[0]).toMatchObject({ outcome: 'failure', http: { status: 401 } })
    talk.client(...again).server(answer(403, 'text/plain', 'no'))
    expect(told(talk)).toEqual([
      ['stow_rs', 401, 0, 'failure', []],
      ['wado_rs', 200, 0, 'success', []],
      ['stow_rs', 403, 0, 'failure', []],
    ])
  })

  test.each(['--frontier\r\n', 'ABCDEF\r\n', '{"a":1}', 'A'.repeat(30)])('and is refused may send it all the same: %j', begin => {
    const body = begin.padEnd(5000, 'x')
    for (const pieces of [[body], [...body.slice(0, 40), body.slice(40)]]) {
      const talk = new HttpConversation().client(asking('Content-Length: 5000')).server(refused)
      talk.client(...pieces, METADATA).server(answer(200, DICOM_JSON, '[]'))
      expect(told(talk).map(([service, status]) => [service, status])).toEqual([
        ['stow_rs', 401],
        ['wado_rs', 200],
      ])
    }
  })

  test('sends it all the same in chunks', () => {
    const talk = new HttpConversation().client(asking('Transfer-Encoding: chunked')).server(refused)
    talk.client(chunked('A'.repeat(0xab), 'GET '), METADATA).server(answer(200, DICOM_JSON, '[]'))
    expect(told(talk).map(([service, status]) => [service, status])).toEqual([
      ['stow_rs', 401],
      ['wado_rs', 200],
    ])
  })

  test('and was told to go on sends it, whatever comes of it', () => {
    const talk = new HttpConversation().client(asking('Content-Length: 40')).server('HTTP/1.1 100 Continue\r\n\r\n', refused)
    talk.client(`GET ${'x'.repeat(36)}`, METADATA).server(answer(200, DICOM_JSON, '[]'))
    expect(told(talk)).toEqual([
      ['stow_rs', 401, 40, 'failure', []],
      ['wado_rs', 200, 0, 'success', []],
    ])
  })
})

describe('tunnels', () => {
  const upgrade = get('/dicom-web/workitems/1.2.3/subscribers/AE', 'Connection: Upgrade', 'Upgrade: websocket')

  test('behind an upgrade nothing is looked at', () => {
    const talk = new HttpConversation().client(upgrade).server('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    expect(talk.requests).toMatchObject([{ service: 'ups_rs', outcome: 'success', http: { status: 101 } }])
    expect(talk.client(SEARCH).server(answer(200, DICOM_JSON)).end().requests).toHaveLength(1)
  })

  test('nor behind CONNECT, once it is granted', () => {
    const connect = head('CONNECT pacs:443 HTTP/1.1')
    expect(new HttpConversation().client(connect).server('HTTP/1.1 200 OK\r\n\r\n').client(SEARCH).end().requests).toEqual([])
    const refused = new HttpConversation().client(connect).server(answer(403, 'text/plain', 'no'))
    expect(refused.client(SEARCH).server(answer(200, DICOM_JSON, '[]')).requests).toHaveLength(1)
    expect(refused.handedOver).toEqual([])
  })

  test('what is in them is handed over from the first byte on', () => {
    const talk = new HttpConversation().client(head('CONNECT pacs:443 HTTP/1.1')).server('HTTP/1.1 200 OK\r\n\r\nSSH-2.0-')
    expect(talk.handedOver).toEqual(['1 SSH-2.0-'])
  })
})

describe('what is missing', () => {
  const length = (bytes: number): string => head('HTTP/1.1 200 OK', `Content-Type: ${DICOM_JSON}`, `Content-Length: ${bytes}`)

  test('within a body of known length the place is kept', () => {
    const talk = new HttpConversation().client(METADATA).server(length(100), 'x'.repeat(40)).gap(1, 50).server('x'.repeat(10))
    expect(talk.requests).toMatchObject([{ partial: ['gap'], outcome: 'success', http: { responseBytes: 100 } }])
    expect(talk.client(SEARCH).server(answer(200, DICOM_JSON, '[]')).requests[1]).toMatchObject({ partial: [], results: 0 })
  })

  test('up to its very end', () => {
    const talk = new HttpConversation().client(METADATA).server(length(100), 'x'.repeat(40)).gap(1, 60)
    expect(
      talk
        .client(SEARCH)
        .server(answer(404, 'text/plain'))
        .requests.map(({ http }) => http.status),
    ).toEqual([200, 404])
  })

  test('within a chunk too', () => {
    const start = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')
    const talk = new HttpConversation().client(METADATA).server(start, '64\r\nabc').gap(1, 97).server('\r\n0\r\n\r\n')
    expect(talk.requests).toMatchObject([{ partial: ['gap'], outcome: 'success', http: { responseBytes: 100 } }])
  })

  test('beyond it, the next start line is found, and no response is taken for another', () => {
    const talk = new HttpConversation().client(METADATA).server(length(100)).client(SEARCH).gap(1, 200)
    talk.server('rest of something\r\n', answer(404, 'text/plain'), answer(200, DICOM_JSON, '[]')).end()
    expect(talk.requests.map(({ service, http, outcome, partial }) => [service, http.status, outcome, partial])).toEqual([
      ['wado_rs', 200, 'unknown', ['gap', 'truncated']],
      ['qido_rs', undefined, 'unknown', ['gap']],
      [undefined, 200, 'success', ['gap']],
    ])
  })

  test('a start line is found behind the end of a body that was lost', () => {
    const talk = new HttpConversation()
      .gap(0, 500)
      .client(`{"json":"ends here"}${SEARCH}`)
      .server(answer(200, DICOM_JSON, '[]'))
    expect(talk.requests).toMatchObject([{ service: 'qido_rs', partial: [], results: 0 }])
  })

  test('a text that speaks of HTTP is no start line', () => {
    const talk = new HttpConversation().gap(1, 500).server('Then came HTTP/1.1 200 with nothing but words behind it: see above\r\n')
    expect(talk.end().observations).toEqual([])
  })

  test('midstream, from the first start line on', () => {
    const talk = new HttpConversation({ midstream: true }).server('end of a body', answer(200, DICOM_JSON, '[{}]'))
    talk.client(SEARCH).server(answer(200, DICOM_JSON, '[]'))
    expect(talk.requests.map(({ service, partial }) => [service, partial])).toEqual([
      [undefined, ['midstream']],
      ['qido_rs', []],
    ])
  })

  test('midstream, a request tells who is the client', () => {
    const talk = new HttpConversation({ midstream: true }).server(SEARCH).client(answer(200, DICOM_JSON, '[]'))
    expect(talk.requests).toMatchObject([{ direction: 1, service: 'qido_rs' }])
    expect(talk.facts).toContain('server role qido_rs_client')
  })

  test('a mirror of the requests alone', () => {
    const talk = new HttpConversation({ packetsFromServer: 0 }).client(SEARCH, METADATA).end()
    expect(talk.requests).toMatchObject([
      { service: 'qido_rs', outcome: 'unknown', partial: ['one_sided'] },
      { service: 'wado_rs', outcome: 'unknown', partial: ['one_sided'] },
    ])
  })

  test('a mirror of the responses alone tells DICOM by its media type', () => {
    const talk = new HttpConversation({ packetsFromClient: 0 }).server(answer(200, DICOM_JSON, '[]'), answer(200, 'text/html', '<p>')).end()
    expect(talk.requests).toMatchObject([{ service: undefined, outcome: 'success', partial: ['one_sided'], http: { method: undefined } }])
  })

  test('a sensor that stops knows no outcome', () => {
    expect(new HttpConversation().client(SEARCH).end('open').requests).toMatchObject([{ outcome: 'unknown', partial: ['truncated'] }])
    expect(new HttpConversation().client(SEARCH).end('closed').requests).toMatchObject([{ outcome: 'failure', partial: [] }])
  })
})

describe('credentials', () => {
  test.each([
    ['Authorization: Basic V1dQSEl1c2VyOldXUEhJc2VjcmV0', 'basic'],
    ['authorization: bearer ey.SECRET', 'bearer'],
    ['Authorization: Negotiate SECRET', 'negotiate'],
    ['Authorization: Digest username="SECRET"', 'digest'],
    ['Authorization: SECRET', 'other'],
    ['Cookie: session=SECRET', 'cookie'],
    ['X-API-Key: SECRET', 'api_key'],
    ['Ocp-Apim-Subscription-Key: SECRET', 'api_key'],
    ['X-Auth-Token: SECRET', 'bearer'],
    ['Client-Cert: :SECRET:', 'client_certificate'],
    ['X-Forwarded-Client-Cert: Subject="SECRET"', 'client_certificate'],
    ['X-SSL-Client-Cert: (null)', 'none'],
    ['Cookie: ', 'none'],
    ['Proxy-Authorization: Basic SECRET', 'none'],
    ['X-Other: SECRET', 'none'],
  ])('%s is %s, and its value is nowhere', (field, scheme) => {
    const talk = new HttpConversation().client(get('/dicom-web/studies?PatientID=1', field)).server(answer(200, DICOM_JSON, '[]'))
    expect(talk.requests).toMatchObject([{ http: { authentication: scheme } }])
    expect(JSON.stringify(talk.observations)).not.toMatch(/SECRET|V1dQSEl1/)
  })

  test.each([
    ['access_token=SECRET', 'bearer'],
    ['Token=SECRET', 'bearer'],
    ['apikey=SECRET', 'api_key'],
    ['X-Amz-Credential=SECRET&X-Amz-Signature=SECRET', 'signature'],
    ['access_token=', 'none'],
    ['PatientName=access_token', 'none'],
  ])('in the query, %s is %s', (parameters, scheme) => {
    const talk = new HttpConversation().client(get(`/dicom-web/studies?PatientID=1&${parameters}`)).server(answer(200, DICOM_JSON, '[]'))
    expect(talk.requests).toMatchObject([{ http: { authentication: scheme } }])
    expect(JSON.stringify(talk.observations)).not.toContain('SECRET')
  })

  test.each([
    ['pacs.hospital.example:8443', 'pacs.hospital.example'],
    ['10.0.0.5', '10.0.0.5'],
    ['[fd00::5]:80', 'fd00::5'],
    ['two words', undefined],
  ])('host %s', (host, expected) => {
    const talk = new HttpConversation().client(head(`GET /dicom-web/studies/${STUDY} HTTP/1.1`, `Host: ${host}`)).end()
    expect(talk.requests[0].http.host).toBe(expected)
  })
})
