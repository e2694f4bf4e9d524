import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { answer, chunked, DICOM_JSON, dicomFile, get, HttpConversation, head, multipart, STUDY } from './conversation.ts'

const DICOM_PARTS = 'multipart/related; type="application/dicom"; boundary=frontier'
const RETRIEVE = get(`/dicom-web/studies/${STUDY}`)
const FILE = 'application/dicom'

const store = (body: Buffer, ...fields: readonly string[]): HttpConversation =>
  new HttpConversation()
    .client(head('POST /dicom-web/studies HTTP/1.1', `Content-Type: ${DICOM_PARTS}`, `Content-Length: ${body.length}`, ...fields), body)
    .server(answer(200, DICOM_JSON, '{}'))

const retrieved = (body: Buffer, type = DICOM_PARTS, ...fields: readonly string[]): HttpConversation =>
  new HttpConversation().client(RETRIEVE).server(answer(200, type, body, ...fields))

describe('the preamble of DICOM files (PS3.10 §7.1)', () => {
  test.each([
    ['nothing', '', []],
    ['a TIFF file', 'II*\0', []],
    ['a big-endian TIFF file', 'MM\0*', []],
    ['a Windows program', 'MZ\x90\0', ['executable_preamble']],
    ['an ELF program', '\x7fELF', ['executable_preamble']],
    ['a Mach-O program', '\xcf\xfa\xed\xfe', ['executable_preamble']],
    ['a universal Mach-O program', '\xca\xfe\xba\xbe', ['executable_preamble']],
    ['a script', '#!/bin/sh\n', ['executable_preamble']],
  ])('%s', (_, magic, violations) => {
    const file = dicomFile(magic)
    expect(store(multipart('frontier', FILE, dicomFile(), file)).requests).toMatchObject([{ instances: 2, parts: 0, violations }])
    expect(retrieved(multipart('frontier', FILE, file)).requests).toMatchObject([{ instances: 1, violations }])
    expect(retrieved(file, FILE).requests).toMatchObject([{ instances: 1, violations }])
  })

  test('a program without a DICOM prefix, no DICOM file, and a file too short for one', () => {
    expect(store(multipart('frontier', FILE, Buffer.alloc(200, 'MZ'))).requests).toMatchObject([{ violations: ['executable_content'] }])
    expect(store(multipart('frontier', FILE, Buffer.alloc(200))).requests).toMatchObject([{ violations: ['missing_dicm_prefix'] }])
    expect(store(multipart('frontier', FILE, Buffer.alloc(20))).requests).toMatchObject([{ violations: ['missing_dicm_prefix'] }])
  })

  test('frames and metadata are no files', () => {
    const frames = multipart('frontier', 'application/octet-stream', Buffer.from('MZ'), Buffer.from('MZ'))
    expect(retrieved(frames).requests).toMatchObject([{ instances: 0, parts: 2, violations: [] }])
  })

  test('a part without a type has that of the body', () => {
    const body = Buffer.concat([Buffer.from('--frontier\r\n\r\n'), dicomFile('MZ'), Buffer.from('\r\n--frontier--')])
    expect(retrieved(body).requests).toMatchObject([{ instances: 1, violations: ['executable_preamble'] }])
  })
})

describe('multipart bodies (RFC 2046 §5.1.1)', () => {
  const LOOKALIKES = Buffer.from('\r\r\n\r\n-\r\n--front\r\n--frontie\r--frontier\n--frontier')

  test('content that looks like a delimiter is none', () => {
    const body = multipart('frontier', FILE, Buffer.concat([dicomFile(), LOOKALIKES]), dicomFile())
    expect(store(body).requests).toMatchObject([{ instances: 2, violations: [] }])
  })

  test('preamble, padding and epilogue are passed over', () => {
    const body = Buffer.concat([
      Buffer.from('to be ignored\r\n--frontier  \r\nContent-Type: application/dicom\r\nContent-Location: x\r\n\r\n'),
      dicomFile(),
      Buffer.from('\r\n--frontier--\r\n--frontier\r\nContent-Type: application/dicom\r\n\r\nMZ'),
    ])
    expect(store(body).requests).toMatchObject([{ instances: 1, violations: [] }])
  })

  test('every split of a chunked body gives the same', () => {
    const body = multipart('frontier', FILE, dicomFile('MZ'), Buffer.concat([dicomFile(), LOOKALIKES]), dicomFile()).toString('latin1')
    const expected = store(Buffer.from(body, 'latin1')).requests[0]
    for (const size of [1, 2, 3, 7, 50, 131]) {
      const pieces = body.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
      const talk = new HttpConversation()
        .client(
          head('POST /dicom-web/studies HTTP/1.1', `Content-Type: ${DICOM_PARTS}`, 'Transfer-Encoding: chunked'),
          ...chunked(...pieces),
        )
        .server(answer(200, DICOM_JSON, '{}'))
      const { instances, violations, http } = talk.requests[0]
      expect({ instances, violations, bytes: http.requestBytes }).toEqual({
        instances: expected.instances,
        violations: expected.violations,
        bytes: expected.http.requestBytes,
      })
    }
  })

  test('behind lost bytes the next part is found', () => {
    const body = multipart('frontier', FILE, dicomFile('', 1000), dicomFile('MZ'), dicomFile())
    const start = head('HTTP/1.1 200 OK', `Content-Type: ${DICOM_PARTS}`, `Content-Length: ${body.length}`)
    const talk = new HttpConversation().client(RETRIEVE).server(start, body.subarray(0, 100)).gap(1, 500).server(body.subarray(600))
    expect(talk.requests).toMatchObject([{ instances: 3, violations: ['executable_preamble'], partial: ['gap'] }])
  })

  test('a beginning that was lost is not judged', () => {
    const body = multipart('frontier', FILE, dicomFile('MZ'))
    const start = head('HTTP/1.1 200 OK', `Content-Type: ${DICOM_PARTS}`, `Content-Length: ${body.length}`)
    const talk = new HttpConversation().client(RETRIEVE).server(start, body.subarray(0, 60)).gap(1, 100).server(body.subarray(160))
    expect(talk.requests).toMatchObject([{ instances: 1, violations: [] }])
  })
})

describe('compressed bodies', () => {
  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('%s', (coding, compress) => {
    const body = compress(multipart('frontier', FILE, dicomFile('MZ'), dicomFile()))
    expect(retrieved(body, DICOM_PARTS, `Content-Encoding: ${coding}`).requests).toMatchObject([
      { instances: 2, violations: ['executable_preamble'], partial: [], http: { responseBytes: body.length } },
    ])
  })

  test('of a long one the beginning', () => {
    const noise = randomBytes(100_000)
    const body = gzipSync(multipart('frontier', FILE, Buffer.concat([dicomFile('MZ'), noise]), dicomFile()))
    expect(body.length).toBeGreaterThan(40_000)
    expect(retrieved(body, DICOM_PARTS, 'Content-Encoding: gzip').requests).toMatchObject([
      { instances: 1, violations: ['executable_preamble'], partial: ['limit'] },
    ])
  })

  test('one that swells is not followed', () => {
    const body = gzipSync(multipart('frontier', FILE, dicomFile('MZ', 30_000_000), dicomFile()))
    expect(retrieved(body, DICOM_PARTS, 'Content-Encoding: gzip').requests).toMatchObject([{ partial: ['limit'] }])
  })

  test('what is not what it says, and codings that are not read', () => {
    for (const coding of ['gzip', 'br', 'zstd'])
      expect(retrieved(dicomFile('MZ'), FILE, `Content-Encoding: ${coding}`).requests).toMatchObject([
        { violations: [], outcome: 'success', partial: ['limit'] },
      ])
  })
})

describe('answers of a search', () => {
  test.each([
    ['[]', 0],
    [' [ ] ', 0],
    ['[{"a":[1,2,{"b":"],[,"}]},{},{"c":"\\"]"}]', 3],
    ['{"a":[1,2]}', undefined],
    ['[{},{}', undefined],
    ['', undefined],
  ])('%s', (body, results) => {
    const talk = new HttpConversation().client(get('/dicom-web/studies?PatientID=1')).server(answer(200, DICOM_JSON, body))
    expect(talk.requests).toMatchObject([{ results }])
  })

  test('of an error are none', () => {
    const talk = new HttpConversation().client(get('/dicom-web/studies?PatientID=1')).server(answer(500, 'application/json', '[1]'))
    expect(talk.requests).toMatchObject([{ results: undefined }])
  })
})
