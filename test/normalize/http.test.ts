import { describe, expect, test } from 'vitest'
import { formatCef } from '../../src/normalize/cef.ts'
import type { Observation } from '../../src/protocols/observation.ts'
import { FHIR_OPERATION, FHIR_SEARCH, RETRIEVALS, SEARCH, sampleNormalizer, WEB_DENIED, WEB_RESPONSE, WEB_STORE } from './samples.ts'

const of = (observation: Observation) => sampleNormalizer().observation(observation)?.document ?? {}

describe('DICOMweb', () => {
  test('a search tells the keys, the matches and the credentials', () => {
    expect(of(SEARCH)).toMatchObject({
      message: '10.20.1.11 searched 10.20.2.5 by DICOMweb (study level, 12 matches) without credentials, answered (200)',
      event: {
        dataset: 'wardwire.dicom',
        action: 'dicomweb-request',
        type: ['protocol', 'access'],
        outcome: 'success',
        duration: 2_500_000_000,
      },
      network: { protocol: 'http' },
      http: {
        version: '1.1',
        request: { method: 'GET' },
        response: { status_code: 200, mime_type: 'application/dicom+json', body: { bytes: 4096 } },
      },
      url: { domain: 'pacs.hospital.example' },
      user_agent: { original: 'viewer/1.0' },
      dicom: { query: { level: 'STUDY', keys: ['PatientName'], wildcard: true }, responses: 12, web: { service: 'qido_rs', requests: 1 } },
      wardwire: { authentication: { scheme: 'none' } },
      related: { hosts: ['CT-01', 'pacs.hospital.example'] },
      host: { id: 'd-0001' },
    })
  })

  test('a roll-up counts requests, parts and studies', () => {
    expect(of(RETRIEVALS)).toMatchObject({
      message:
        '10.20.1.11 retrieved from 10.20.2.5 by DICOMweb (frame level, rendered, 240 requests, 2 studies) without credentials, answered (200)',
      dicom: { web: { service: 'wado_rs', level: 'frame', representation: 'rendered', requests: 240, parts: 240, studies: 2 } },
    })
  })

  test('a roll-up and the single event of the same place differ in their ids', () => {
    const normalizer = sampleNormalizer()
    expect(normalizer.observation(RETRIEVALS)?.id).not.toBe(normalizer.observation({ ...RETRIEVALS, requests: 1 })?.id)
  })

  test('a store tells what is wrong with its files', () => {
    expect(of(WEB_STORE)).toMatchObject({
      dicom: { web: { service: 'stow_rs', instances: 12 }, violations: ['executable_preamble'] },
      http: { request: { method: 'POST', mime_type: 'multipart/related', body: { bytes: 6_000_000 } } },
    })
  })

  test('refused is denied, whatever was asked', () => {
    expect(of(WEB_DENIED)).toMatchObject({
      message: '10.20.1.11 searched 10.20.2.5 by DICOMweb (study level), denied (401)',
      event: { type: ['protocol', 'denied'], outcome: 'failure' },
      wardwire: { authentication: { scheme: 'basic' } },
    })
  })

  test('of a response alone nothing is said of the request', () => {
    const document = of(WEB_RESPONSE)
    expect(document).toMatchObject({ http: { response: { status_code: 200 } }, wardwire: { partial: ['one_sided'] } })
    expect(document['user_agent']).toBeUndefined()
    expect(document['url']).toBeUndefined()
    expect(JSON.stringify(document)).not.toContain('"request"')
  })

  test('as CEF', () => {
    expect(formatCef(of(WEB_STORE))).toMatch(
      / dpt=8042 .* app=http cnt=1 requestMethod=POST requestClientApplication=viewer\/1.0 reason=200 cs1=none cs1Label=authentication_scheme cs2=pacs.hospital.example cs2Label=host cs3=executable_preamble cs3Label=violations .* cn1=12 cn1Label=web_instances cn2=4096 cn2Label=response_bytes cn3=6000000 cn3Label=request_bytes flexString1=stow_rs flexString1Label=web_service /,
    )
  })
})

describe('FHIR', () => {
  test('an interaction tells type and names, never an id or a value', () => {
    expect(of(FHIR_SEARCH)).toMatchObject({
      message: '10.20.1.11 made a FHIR request to 10.20.2.9: search-type Patient, answered (200)',
      event: { dataset: 'wardwire.hl7', action: 'fhir-interaction', type: ['protocol', 'access'] },
      hl7: { fhir: { interaction: 'search-type', resource_type: 'Patient', search_parameters: ['family', 'birthdate'], version: '4.0' } },
      wardwire: { authentication: { scheme: 'bearer' } },
      related: { hosts: ['CT-01'] },
    })
  })

  test('without an answer', () => {
    expect(of(FHIR_OPERATION)).toMatchObject({
      message: '10.20.1.11 made a FHIR request to 10.20.2.9: operation $everything Patient, no response seen',
      event: { outcome: 'unknown' },
      hl7: { fhir: { operation: '$everything' } },
    })
  })

  test('what changes something is no access', () => {
    expect(of({ ...FHIR_SEARCH, interaction: 'update' })).toMatchObject({ event: { type: ['protocol', 'info'] } })
  })

  test('as CEF', () => {
    expect(formatCef(of(FHIR_SEARCH))).toMatch(
      / cs1=bearer cs1Label=authentication_scheme .* cs3=search-type cs3Label=fhir_interaction cs4=Patient cs4Label=fhir_resource_type .* flexString2=family, birthdate flexString2Label=search_parameters /,
    )
  })
})
