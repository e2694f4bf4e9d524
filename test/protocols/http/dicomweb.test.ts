import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDicomWeb } from '../../../src/protocols/http/dicomweb.ts'
import { answer, DICOM_JSON, get, HttpConversation, head, STUDY } from './conversation.ts'

const SERIES = `${STUDY}.1`
const INSTANCE = `${STUDY}.1.1`

describe('services, by method and path under any root (PS3.18 §10, §11)', () => {
  test.each([
    ['GET', '/studies', 'qido_rs', undefined, undefined],
    ['GET', '/dcm4chee-arc/aets/DCM4CHEE/rs/series?Modality=CT', 'qido_rs', undefined, undefined],
    ['GET', `/studies/${STUDY}/instances`, 'qido_rs', undefined, undefined],
    ['GET', `/studies/${STUDY}/series/${SERIES}/instances`, 'qido_rs', undefined, undefined],
    ['GET', `/a/b/studies/${STUDY}`, 'wado_rs', 'study', undefined],
    ['HEAD', `/studies/${STUDY}`, 'wado_rs', 'study', undefined],
    ['GET', `/studies/${STUDY}/series/${SERIES}`, 'wado_rs', 'series', undefined],
    ['GET', `/studies/${STUDY}/series/${SERIES}/metadata`, 'wado_rs', 'series', 'metadata'],
    ['GET', `/studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}`, 'wado_rs', 'instance', undefined],
    ['GET', `/studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}/rendered?viewport=1,2`, 'wado_rs', 'instance', 'rendered'],
    ['GET', `/studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}/frames/1,2`, 'wado_rs', 'frame', undefined],
    ['GET', `/studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}/frames/3/rendered`, 'wado_rs', 'frame', 'rendered'],
    ['GET', `/studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}/bulkdata/7FE00010/1`, 'wado_rs', 'instance', 'bulkdata'],
    ['GET', `/studies/${STUDY}/thumbnail`, 'wado_rs', 'study', 'thumbnail'],
    ['GET', `http://pacs:8042/dicom-web/studies/${STUDY}`, 'wado_rs', 'study', undefined],
    ['GET', `/%73tudies/${STUDY}`, 'wado_rs', 'study', undefined],
    ['GET', '/wado?requestType=WADO&studyUID=1.2.3&seriesUID=1.2.4&objectUID=1.2.5', 'wado_uri', 'instance', undefined],
    ['GET', '/?REQUESTTYPE=wado&studyUID=1.2.3&frameNumber=2', 'wado_uri', 'frame', undefined],
    ['POST', '/studies', 'stow_rs', undefined, undefined],
    ['POST', `/studies/${STUDY}`, 'stow_rs', 'study', undefined],
    ['PUT', `/studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}`, 'stow_rs', 'instance', undefined],
    ['DELETE', `/studies/${STUDY}`, 'delete', 'study', undefined],
    ['DELETE', `/studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}`, 'delete', 'instance', undefined],
    ['DELETE', '/studies/d23a3bd3-68fb4295-7cbec7b2-b24656f0-1908ffee', 'delete', 'study', undefined],
    ['DELETE', '/patients/d23a3bd3-68fb4295-7cbec7b2-b24656f0-1908ffee', 'delete', 'patient', undefined],
    ['DELETE', '/dcm4chee-arc/aets/DCM4CHEE/rs/patients/WWPHI0001', 'delete', 'patient', undefined],
    ['POST', '/tools/bulk-delete', 'delete', undefined, undefined],
    ['POST', `/dcm4chee-arc/aets/DCM4CHEE/rs/studies/${STUDY}/reject/113039%5EDCM`, 'delete', 'study', undefined],
    ['POST', `/rs/studies/${STUDY}/series/${SERIES}/reject/113001^DCM`, 'delete', 'series', undefined],
    ['GET', '/workitems?ProcedureStepState=SCHEDULED', 'ups_rs', undefined, undefined],
    ['POST', '/workitems', 'ups_rs', 'workitem', undefined],
    ['PUT', `/workitems/${STUDY}/state`, 'ups_rs', 'workitem', undefined],
    ['POST', `/workitems/${STUDY}/subscribers/AE/suspend`, 'ups_rs', 'workitem', undefined],
  ])('%s %s', (method, target, service, level, representation) => {
    expect(readDicomWeb(method, target)).toMatchObject({ service, level, representation })
  })

  test.each([
    ['GET', '/'],
    ['GET', '/studies/overview'],
    ['GET', '/studies/2024/papers'],
    ['GET', `/studies/${STUDY}/unknown`],
    ['GET', `/studies/${STUDY}/series/${SERIES}/frames/1`],
    ['GET', `/studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}/frames/all`],
    ['GET', '/instances/d23a3bd3-68fb4295-7cbec7b2-b24656f0-1908ffee'],
    ['GET', '/wado?requestType=other'],
    ['DELETE', '/studies'],
    ['DELETE', '/api/patients/WWPHI0001'],
    ['GET', '/dcm4chee-arc/aets/DCM4CHEE/rs/patients/WWPHI0001'],
    ['GET', '/tools/bulk-delete'],
    ['POST', '/studies/reject/113039^DCM'],
    ['POST', '/series'],
    ['OPTIONS', '/dicom-web/studies'],
    ['TRACE', `/studies/${STUDY}`],
  ])('not %s %s', (method, target) => {
    expect(readDicomWeb(method, target)).toBeUndefined()
  })
})

test.each([
  ['/dicom-web/studies?PatientID=1', '/dicom-web'],
  [`/a/b/studies/${STUDY}/series`, '/a/b'],
  ['/studies', '/'],
  ['http://pacs/rs/studies', '/rs'],
  ['/wado?requestType=WADO&studyUID=1.2.3', '/wado'],
])('%s stands under the root %s', (target, root) => {
  expect(readDicomWeb('GET', target)?.root).toBe(root)
})

describe('what could be something else is told by media types', () => {
  const page = answer(200, 'text/html', '<p>')
  const said = (target: string, response: Buffer, ...fields: readonly string[]): number =>
    new HttpConversation()
      .client(get(target, ...fields))
      .server(response)
      .end().requests.length

  test.each([
    ['/studies', answer(200, DICOM_JSON, '[]'), [], 1],
    ['/studies', page, [], 0],
    ['/studies', page, ['Accept: application/dicom+json'], 1],
    ['/research/studies?page=2', page, [], 0],
    ['/dicom-web/studies', page, [], 1],
    ['/studies?includefield=all', page, [], 1],
    ['/studies?StudyDate=20250101', page, [], 1],
    ['/files/1', answer(200, 'application/dicom', '\0'.repeat(132)), [], 1],
    ['/files/1', answer(200, DICOM_JSON, '{}'), [], 0],
  ])('%s', (target, response, fields, events) => {
    expect(said(target, response, ...fields)).toBe(events)
  })
})

describe('searches', () => {
  const query = (target: string) => readDicomWeb('GET', target)?.query

  test('keys by keyword, whether named by keyword or tag; controls are none', () => {
    expect(
      query('/studies?PatientID=77&00080020=20250101-&includefield=StudyDescription,00081030,all&limit=5&offset=2&fuzzymatching=true'),
    ).toEqual({
      level: 'STUDY',
      model: undefined,
      keys: ['PatientID', 'StudyDate', 'StudyDescription'],
      matchingKeys: ['PatientID', 'StudyDate'],
      wildcard: false,
      universal: false,
    })
  })

  test('attributes of a sequence', () => {
    expect(query('/series?RequestAttributesSequence.00400009=7')).toMatchObject({
      level: 'SERIES',
      keys: ['ScheduledProcedureStepID', 'RequestAttributesSequence'],
      matchingKeys: ['ScheduledProcedureStepID'],
    })
  })

  test.each([
    ['/studies', true, false],
    ['/studies?limit=100', true, false],
    ['/studies?PatientName=*', true, true],
    ['/studies?PatientName=', true, false],
    ['/studies?PatientName=DO%2A', false, true],
    ['/studies?PatientName=D?E', false, true],
    ['/studies?StudyDate=20250101', false, false],
    [`/studies/${STUDY}/series`, false, false],
    [`/studies/${STUDY}/series?Modality=*`, false, true],
  ])('%s: universal %s, wildcard %s', (target, universal, wildcard) => {
    expect(query(target)).toMatchObject({ universal, wildcard })
  })

  test('what the path names is matched too', () => {
    expect(query(`/studies/${STUDY}/series/${SERIES}/instances`)).toMatchObject({
      level: 'IMAGE',
      matchingKeys: ['StudyInstanceUID', 'SeriesInstanceUID'],
    })
  })

  test.each(['DOE', 'WWPHI0001', '19110213', '99990010', 'constructor'])('%s in the place of a name is left out', name => {
    expect(query(`/studies?${name}=1&${name}&includefield=${name}`)).toMatchObject({ keys: [], matchingKeys: [] })
  })
})

test('no value and no UID of a request leaves the decoder', () => {
  const value = fc.stringMatching(/^[A-Z]{3}WWPHI[0-9]{4}$/)
  const name = fc.constantFrom('PatientName', '00100020', 'StudyInstanceUID', 'AccessionNumber', 'includefield', 'limit', 'x', '')
  const parameters = fc.array(fc.tuple(name, value), { maxLength: 8 })
  const path = fc.constantFrom('studies', `studies/${STUDY}/series`, `studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}/frames/1`)
  fc.assert(
    fc.property(fc.constantFrom('GET', 'POST', 'DELETE'), path, parameters, value, (method, at, pairs, secret) => {
      const target = `/dicom-web/${at}?${pairs.map(pair => pair.join('=')).join('&')}&requestType=WADO&studyUID=${STUDY}`
      const fields = [`Referer: http://x/${secret}`, `Authorization: Basic ${secret}`, `Cookie: a=${secret}`, `If-None-Match: ${secret}`]
      const talk = new HttpConversation()
        .client(head(`${method} ${target} HTTP/1.1`, 'Host: pacs', ...fields, 'Content-Length: 5'), 'WWPHI')
        .server(answer(200, DICOM_JSON, `[{"00100010":"${secret}"}]`, `Content-Location: /studies/${STUDY}`, `Set-Cookie: ${secret}`))
        .end()
      expect(method !== 'GET' || talk.requests.length > 0).toBe(true)
      const told = JSON.stringify(talk.observations.map(({ flow: _, ...rest }) => rest))
      expect(told).not.toMatch(/WWPHI|1\.2\.826/)
    }),
    { numRuns: 200 },
  )
})
