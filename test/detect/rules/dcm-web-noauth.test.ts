import { describe, expect, test } from 'vitest'
import { detector } from '../harness.ts'
import { web } from './web.ts'

const RULE = 'dcm-web-noauth'

function alertsOf(requests: readonly ReturnType<typeof web>[], settings = {}) {
  const { detector: rules, alerts } = detector(RULE, { [RULE]: settings })
  for (const request of requests) rules.observe(request)
  return alerts
}

describe('fires', () => {
  test('on a search that was answered', () => {
    expect(alertsOf([web(0)])).toMatchObject([
      {
        action: 'alert-raised',
        severity: 'high',
        key: '10.1.0.20 8042',
        message: 'The DICOMweb server 10.1.0.20 answered a search without credentials',
        captureFilter: 'host 10.1.0.20 and tcp port 8042',
        fields: { 'wardwire.authentication.scheme': 'none', 'http.response.status_code': 200 },
        rule: { enterprise: [{ id: 'T1190' }], ics: [{ id: 'T0819' }] },
      },
    ])
  })

  test.each(['wado_rs', 'wado_uri', 'stow_rs', 'ups_rs', 'delete'] as const)('on %s', service => {
    expect(alertsOf([web(0, { service, query: undefined })])).toHaveLength(1)
  })

  test('once for a server, and again when somebody else comes or does something else', () => {
    const store = web(3, { service: 'stow_rs', query: undefined })
    const alerts = alertsOf([web(0), web(1), web(2, { client: '10.1.0.11' }), store, web(4), store])
    expect(alerts.map(({ action, count }) => [action, count])).toEqual([
      ['alert-raised', 1],
      ['alert-updated', 2],
    ])
    expect(alerts[1]?.evidence.join(' ')).toContain('Answered so far: a search by 10.1.0.10, a search by 10.1.0.11.')
  })

  test('anew on the next day', () => {
    expect(alertsOf([web(0), web(86_500), web(86_501)]).map(({ action }) => action)).toEqual(['alert-raised', 'alert-raised'])
  })
})

describe('must not fire', () => {
  test.each(['basic', 'bearer', 'cookie', 'api_key', 'client_certificate', undefined] as const)('with %s', authentication => {
    expect(alertsOf([web(0, { http: { authentication } })])).toEqual([])
  })

  test.each([301, 401, 404, 500, undefined])('on status %s', status => {
    expect(alertsOf([web(0, { http: { status } })])).toEqual([])
  })

  test('on what is not of DICOMweb, and on allowed servers', () => {
    expect(alertsOf([web(0, { service: undefined })])).toEqual([])
    expect(alertsOf([web(0)], { allowed_servers: ['10.1.0.20'] })).toEqual([])
  })
})
