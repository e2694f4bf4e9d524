import { describe, expect, test } from 'vitest'
import { detector } from '../harness.ts'
import { web } from './web.ts'

const RULE = 'dcm-web-enum'

function alertsOf(requests: readonly ReturnType<typeof web>[], settings = {}) {
  const { detector: rules, alerts } = detector(RULE, { [RULE]: settings })
  for (const request of requests) rules.observe(request)
  rules.finish(requests.at(-1)?.end ?? 0)
  return alerts
}

const missed = (at: number, root: number, status = 404) => web(at, { root: `hash-${root}`, http: { status } })
const tries = (count: number, seconds = 1) => Array.from({ length: count }, (_, index) => missed(index * seconds, index))

describe('fires', () => {
  test('on six paths that the server does not have', () => {
    const found = web(0, { root: 'hash-here' })
    expect(alertsOf([found, ...tries(6)])).toMatchObject([
      {
        action: 'alert-raised',
        severity: 'medium',
        denied: true,
        count: 6,
        message: '10.1.0.10 looked for DICOMweb at 10.1.0.20 under 6 paths within 300 s that the server does not offer',
        rule: { enterprise: [{ id: 'T1595' }], ics: [{ id: 'T0846' }] },
      },
    ])
  })

  test('on any refusal, and goes on with every new path', () => {
    const requests = tries(9).map((request, index) => ({ ...request, http: { ...request.http, status: [401, 403, 404, 405][index % 4] } }))
    expect(alertsOf(requests).map(({ action, count }) => [action, count])).toEqual([
      ['alert-raised', 6],
      ['alert-updated', 9],
    ])
  })

  test('tells of paths that were answered', () => {
    const [alert] = alertsOf([missed(0, 0), web(1, { root: 'hash-here' }), ...tries(6).slice(1)])
    expect(alert?.evidence.join(' ')).toContain('Paths that were answered: 1.')
    expect(JSON.stringify({ ...alert, flow: undefined })).not.toContain('hash-')
  })
})

describe('must not fire', () => {
  test('on five, on the same one again and again, or on slow ones', () => {
    expect(alertsOf(tries(5))).toEqual([])
    expect(alertsOf(Array.from({ length: 50 }, (_, index) => missed(index, 1)))).toEqual([])
    expect(alertsOf(tries(20, 100))).toEqual([])
  })

  test('on paths that are answered or fail for another reason', () => {
    expect(alertsOf(tries(9).map(request => ({ ...request, http: { ...request.http, status: 200 } })))).toEqual([])
    expect(alertsOf(tries(9).map(request => ({ ...request, http: { ...request.http, status: 500 } })))).toEqual([])
    expect(alertsOf(tries(9).map(request => ({ ...request, http: { ...request.http, status: undefined } })))).toEqual([])
  })

  test('on many clients of one path each, and on allowed ones', () => {
    expect(
      alertsOf(tries(9).map((request, index) => ({ ...request, flow: { ...request.flow, clientAddress: `10.1.9.${index}` } }))),
    ).toEqual([])
    expect(alertsOf(tries(9), { allowed_clients: ['10.1.0.10'] })).toEqual([])
  })
})
