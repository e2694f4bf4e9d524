import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFhir } from '../../../src/protocols/http/fhir.ts'
import { answer, get, HttpConversation, head } from './conversation.ts'

const FHIR_JSON = 'application/fhir+json'

describe('interactions, by method and path under any base (FHIR R5 §3.2.0)', () => {
  test.each([
    ['GET', '/fhir/Patient/77', 'read', 'Patient', undefined],
    ['HEAD', '/fhir/Patient/77', 'read', 'Patient', undefined],
    ['GET', '/fhir/Patient/77/_history/2', 'vread', 'Patient', undefined],
    ['GET', '/fhir/Patient/77/_history', 'history-instance', 'Patient', undefined],
    ['GET', '/fhir/Patient/_history', 'history-type', 'Patient', undefined],
    ['GET', '/fhir/_history', 'history-system', undefined, undefined],
    ['PUT', '/fhir/Patient/77', 'update', 'Patient', undefined],
    ['PUT', '/fhir/Patient?identifier=x', 'update', 'Patient', undefined],
    ['PATCH', '/fhir/Patient/77', 'patch', 'Patient', undefined],
    ['DELETE', '/fhir/Patient/77', 'delete', 'Patient', undefined],
    ['POST', '/fhir/Observation', 'create', 'Observation', undefined],
    ['GET', '/baseR4/ImagingStudy?patient=77', 'search-type', 'ImagingStudy', undefined],
    ['POST', '/fhir/Patient/_search', 'search-type', 'Patient', undefined],
    ['GET', '/fhir/Patient/77/Observation?code=1', 'search-compartment', 'Observation', undefined],
    ['GET', '/fhir/Patient/77/*', 'search-compartment', 'Patient', undefined],
    ['GET', '/fhir?_id=77', 'search-system', undefined, undefined],
    ['POST', '/fhir/_search', 'search-system', undefined, undefined],
    ['GET', '/fhir/metadata', 'capabilities', undefined, undefined],
    ['GET', '/fhir/Patient/77/$everything', 'operation', 'Patient', '$everything'],
    ['POST', '/fhir/ValueSet/$expand', 'operation', 'ValueSet', '$expand'],
    ['GET', '/fhir/$export?_type=Patient', 'operation', undefined, '$export'],
    ['GET', 'https://ehr.example/r4/Patient/77', 'read', 'Patient', undefined],
  ])('%s %s', (method, target, interaction, resourceType, operation) => {
    expect(readFhir(method, target)).toMatchObject({ interaction, resourceType, operation })
  })

  test.each([
    ['GET', '/'],
    ['GET', '/index.html'],
    ['GET', '/fhir/Patient/77/notes/1'],
    ['GET', '/fhir/Patient/a b'],
    ['GET', '/fhir/$SECRET77'],
    ['OPTIONS', '/fhir/Patient'],
    ['constructor', '/fhir/Patient'],
  ])('not %s %s', (method, target) => {
    expect(readFhir(method, target)).toBeUndefined()
  })
})

describe('exchanges', () => {
  test('a search by a form tells the names in its body', () => {
    const talk = new HttpConversation()
      .client(head('POST /fhir/Patient/_search?_count=5 HTTP/1.1', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 61'))
      .client('family=DOE&birth', 'date=1911-02-13&identifier%3Aof-type=77&secret&x', '')
      .server(answer(200, `${FHIR_JSON}; fhirVersion=4.0`, '{}'))
    expect(talk.end().interactions).toMatchObject([
      { interaction: 'search-type', searchParameters: ['_count', 'family', 'birthdate', 'identifier:of-type'], version: '4.0' },
    ])
  })

  test.each(['name=SMITH&JONES', 'JONES', 'name=SMITH%26x&JONES&', 'name=SMITH;JONES'])(
    'what follows an ampersand inside a value is no parameter: %s',
    query => {
      const talk = new HttpConversation().client(get(`/fhir/Patient?${query}`)).server(answer(200, FHIR_JSON, '{}'))
      expect(talk.interactions).toHaveLength(1)
      expect(JSON.stringify(talk.observations.map(({ flow: _, ...rest }) => rest))).not.toMatch(/SMITH|JONES/)
    },
  )

  test.each([
    ['{"resourceType":"Bundle","type":"transaction","entry":[]}', 'transaction'],
    ['{"resourceType":"Bundle", "type" : "batch"}', 'batch'],
    ['<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/></Bundle>', 'batch'],
    ['{"resourceType":"Bundle","type":"message"}', undefined],
  ])('a bundle %s', (body, interaction) => {
    const talk = new HttpConversation()
      .client(head('POST /ehr HTTP/1.1', `Content-Type: ${FHIR_JSON}`, `Content-Length: ${body.length}`), body)
      .server(answer(200, FHIR_JSON, '{}'))
    expect(talk.interactions).toMatchObject([{ interaction, resourceType: undefined, outcome: 'success' }])
  })

  test.each([
    ['/api/Patient/1', 'application/json', [], 0],
    ['/api/Patient/1', 'application/fhir+json', [], 1],
    ['/api/Patient/1', 'application/json+fhir;charset=utf-8', [], 1],
    ['/api/Patient/1', 'application/json', ['Accept: application/fhir+xml'], 1],
    ['/api/Patient/1?_format=application/fhir%2Bjson', 'application/json', [], 1],
    ['/fhir/Patient/1', 'application/json', [], 1],
    ['/index.html', FHIR_JSON, [], 0],
  ])('%s answered as %s', (target, type, fields, events) => {
    const talk = new HttpConversation().client(get(target, ...fields)).server(answer(200, type, '{}'))
    expect(talk.interactions).toHaveLength(events)
  })

  test('who does it is a role', () => {
    const talk = new HttpConversation().client(get('/fhir/metadata')).server(answer(200, FHIR_JSON, '{}', 'Server: Jetty(12)'))
    expect(talk.facts).toEqual(['client role fhir_client', 'server http_server Jetty(12)', 'server role fhir_server'])
  })
})

test('no id and no value of a request leaves the decoder', () => {
  const secret = fc.stringMatching(/^WWPHI[0-9]{4}$/)
  const path = fc.constantFrom(
    'Patient/ID',
    'Patient/ID/_history/ID',
    'Patient/ID/$everything',
    'Patient',
    'Patient/_search',
    '$ID',
    'metadata',
    'ID/ID',
  )
  const name = fc.constantFrom('family', 'identifier:exact', 'subject:Patient.name', '_id', 'ID', 'a1')
  fc.assert(
    fc.property(path, fc.array(name, { maxLength: 5 }), fc.constantFrom('GET', 'POST', 'PUT'), secret, (at, names, method, id) => {
      const query = names.map(one => `${one.replace('ID', id)}=${id}`).join('&')
      const talk = new HttpConversation()
        .client(
          head(
            `${method} /fhir/${at.replaceAll('ID', id)}?${query} HTTP/1.1`,
            `Accept: ${FHIR_JSON}`,
            `Authorization: Bearer ${id}`,
            'Content-Type: application/x-www-form-urlencoded',
            `Content-Length: ${id.length * 2 + 1}`,
          ),
        )
        .client(`${id}=${id}`)
        .server(answer(201, FHIR_JSON, `{"id":"${id}"}`, `Location: /fhir/Patient/${id}`, `ETag: ${id}`))
        .end()
      expect(JSON.stringify(talk.observations.map(({ flow: _, ...rest }) => rest))).not.toContain('WWPHI')
    }),
    { numRuns: 200 },
  )
})
