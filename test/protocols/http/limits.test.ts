import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { answer, DICOM_JSON, dicomFile, get, HttpConversation, head, multipart, STUDY } from './conversation.ts'

const SMALL = { max_head_bytes: 8192, max_body_bytes: 4096 }
const SEARCH = get('/dicom-web/studies?PatientName=DOE')
const METADATA = get(`/dicom-web/studies/${STUDY}/metadata`)
const LONG = `X-Filler: ${'x'.repeat(9000)}`
const OK = answer(200, DICOM_JSON, '[]')
const NOT_FOUND = answer(404, 'text/plain', 'no')
const PARTS = 'multipart/related; type="application/dicom"; boundary=frontier'

/** A conversation whose client sends what it says in one piece, in bytes, and in segments. */
function each(said: string | Buffer, check: (talk: HttpConversation) => void): void {
  const bytes = Buffer.from(said as string)
  for (const size of [bytes.length, 1, 1460]) {
    const talk = new HttpConversation({}, SMALL)
    for (let at = 0; at < bytes.length; at += size) talk.client(bytes.subarray(at, at + size))
    check(talk)
  }
}

const told = (talk: HttpConversation): readonly (readonly unknown[])[] =>
  talk.end().requests.map(({ service, http, partial }) => [service, http.status, partial])

describe('a head beyond the limit', () => {
  test.each([
    ['because of its fields', get('/dicom-web/studies?PatientName=DOE', LONG)],
    ['because of its start line', get(`/dicom-web/studies?PatientName=${'x'.repeat(9000)}`)],
    ['because of a start line that goes on and on', `GET /dicom-web/studies?PatientName=${'x'.repeat(60_000)} HTTP/1.1\r\n\r\n`],
  ])("of a request is passed over, and its response is not taken for the next one's: %s", (_, long) => {
    each(long + METADATA, talk => {
      talk.server(NOT_FOUND, OK)
      expect(told(talk)).toEqual([['wado_rs', 200, []]])
      expect(talk.overload).toEqual(['http_head'])
    })
  })

  test('of a response loses which response comes next', () => {
    const talk = new HttpConversation({}, SMALL).client(SEARCH, METADATA).server(answer(200, DICOM_JSON, '[]', LONG), OK)
    expect(told(talk)).toEqual([
      ['qido_rs', undefined, ['limit']],
      ['wado_rs', undefined, ['limit']],
      [undefined, 200, ['limit']],
    ])
    expect(talk.overload).toEqual(['http_head'])
  })

  test('of a part passes the part over', () => {
    const part = Buffer.concat([Buffer.from(`--frontier\r\n${LONG}\r\nContent-Type: application/dicom\r\n\r\n`), dicomFile('MZ')])
    const body = Buffer.concat([part, Buffer.from('\r\n'), multipart('frontier', 'application/dicom', dicomFile('#!'), dicomFile())])
    each(
      Buffer.concat([Buffer.from(head('POST /studies HTTP/1.1', `Content-Type: ${PARTS}`, `Content-Length: ${body.length}`)), body]),
      talk => {
        talk.server(answer(200, DICOM_JSON, '{}'))
        expect(talk.requests).toMatchObject([{ instances: 2, violations: ['executable_preamble'], partial: ['limit'] }])
        expect(talk.overload).toEqual(['http_head'])
      },
    )
  })

  test('is none where the line is no request', () => {
    const talk = new HttpConversation({}, SMALL).client('x'.repeat(20_000), `\r\n${METADATA}`).server(OK)
    expect([told(talk), talk.overload]).toEqual([[['wado_rs', 200, []]], []])
  })
})

describe('a body beyond the limit', () => {
  const store = (body: Buffer): string =>
    head('POST /studies HTTP/1.1', `Content-Type: ${PARTS}`, 'Content-Encoding: gzip', `Content-Length: ${body.length}`)

  test.each([
    ['when it is compressed', gzipSync(multipart('frontier', 'application/dicom', dicomFile('MZ'), randomBytes(20_000)))],
    ['when it swells', gzipSync(multipart('frontier', 'application/dicom', dicomFile('MZ', 1_000_000)))],
  ])('is read in part: %s', (_, body) => {
    const talk = new HttpConversation({}, SMALL).client(store(body), body).server(answer(200, DICOM_JSON, '{}'))
    expect(talk.requests).toMatchObject([{ partial: ['limit'], http: { requestBytes: body.length } }])
    expect(talk.overload).toEqual(['http_body'])
  })

  const bundle = (type: string): string => `{"resourceType":"Bundle","meta":{"tag":"${'x'.repeat(5000)}"},"type":"${type}"}`
  const post = (body: string, type = 'application/fhir+json'): string =>
    `${head('POST /ehr HTTP/1.1', `Content-Type: ${type}`, `Content-Length: ${body.length}`)}${body}`

  test('when a Bundle does not tell its type', () => {
    each(post(bundle('batch')), talk => {
      talk.server(answer(200, 'application/fhir+json', '{}'))
      expect(talk.interactions).toMatchObject([{ interaction: undefined, partial: ['limit'] }])
      expect(talk.overload).toEqual(['http_body'])
    })
  })

  test('is none when its beginning tells all', () => {
    each(post(`{"resourceType":"Bundle","type":"batch","entry":"${'x'.repeat(5000)}"}`), talk => {
      expect(talk.server(answer(200, 'application/fhir+json', '{}')).interactions).toMatchObject([{ interaction: 'batch', partial: [] }])
      expect(talk.overload).toEqual([])
    })
  })

  test('is nothing to tell where no clinical protocol is spoken', () => {
    const talk = new HttpConversation({}, SMALL).client(post(bundle('batch'), 'application/json')).server(answer(200, 'text/html', '<p>'))
    expect([talk.end().interactions, talk.overload]).toEqual([[], []])
  })
})

test('requests that wait beyond the limit are counted', () => {
  const talk = new HttpConversation({}, { max_pending_requests: 10 }).client(SEARCH.repeat(12))
  expect(talk.overload).toEqual(['http_pending_requests', 'http_pending_requests'])
})
