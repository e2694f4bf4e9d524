import { describe, expect, test } from 'vitest'
import { detector } from '../harness.ts'
import { web } from './web.ts'

const RULE = 'dcm-preamble-exec'

function alertsOf(...requests: readonly ReturnType<typeof web>[]) {
  const { detector: rules, alerts } = detector(RULE)
  for (const request of requests) rules.observe(request)
  return alerts
}

describe('fires', () => {
  test('on a file that is stored', () => {
    expect(alertsOf(web(0, { service: 'stow_rs', violations: ['executable_preamble'], http: { method: 'POST' } }))).toMatchObject([
      {
        severity: 'critical',
        confidence: 'high',
        denied: false,
        message: '10.1.0.10 sent 10.1.0.20 a DICOM file that is a program too',
        fields: { 'dicom.web.service': 'stow_rs', 'dicom.violations': ['executable_preamble'], 'http.request.method': 'POST' },
        captureFilter: 'host 10.1.0.10 and host 10.1.0.20 and tcp port 8042',
        rule: { enterprise: [{ id: 'T1027.009' }, { id: 'T1036.008' }], ics: [{ id: 'T0863' }] },
      },
    ])
  })

  test('on one that is retrieved, and on a program without a DICOM prefix', () => {
    const requests = [
      web(0, { service: 'wado_rs', violations: ['executable_content'] }),
      web(1, { direction: 1, service: 'wado_uri', violations: ['executable_preamble'] }),
    ]
    expect(alertsOf(...requests).map(({ message, severity }) => [message, severity])).toEqual([
      ['10.1.0.10 got a program that was declared a DICOM file from 10.1.0.20', 'high'],
      ['10.1.0.20 got a DICOM file that is a program too from 10.1.0.10', 'critical'],
    ])
  })

  test('on a response alone, and on a store that was refused', () => {
    const alone = web(0, {
      service: undefined,
      violations: ['executable_preamble'],
      http: { method: undefined, authentication: undefined },
    })
    const refused = web(1, { service: 'stow_rs', violations: ['executable_preamble'], client: '10.1.0.9', http: { status: 409 } })
    expect(alertsOf(alone, refused)).toMatchObject([{ denied: false }, { denied: true }])
  })
})

test('must not fire on other violations', () => {
  expect(alertsOf(web(0), web(1, { violations: ['missing_dicm_prefix', 'conflicting_length'] }))).toEqual([])
})
