import { describe, expect, test } from 'vitest'
import { RetrievalRollup } from '../../../src/protocols/http/rollup.ts'
import type { DicomWebRequest, Observation } from '../../../src/protocols/observation.ts'
import { answer, get, HttpConversation, SETTINGS, STUDY } from './conversation.ts'

const SECOND = 1_000_000

const [RETRIEVAL] = new HttpConversation()
  .client(get(`/dicom-web/studies/${STUDY}/series/${STUDY}.1/instances/${STUDY}.1.1/frames/1`, 'User-Agent: viewer/1'))
  .server(answer(200, 'image/jpeg', 'x'.repeat(100))).requests

class Rollup {
  readonly emitted: Observation[] = []
  readonly rollup: RetrievalRollup
  accepted = 0

  constructor(retrievals_per_minute = 3) {
    this.rollup = new RetrievalRollup({ ...SETTINGS, retrievals_per_minute }, observation => this.emitted.push(observation))
  }

  see(count: number, change: Partial<DicomWebRequest> = {}): this {
    for (let one = 0; one < count; one++) if (this.rollup.accept({ ...RETRIEVAL, ...change })) this.accepted++
    return this
  }
}

describe('steady retrievals', () => {
  test('get an event each up to the rate, and one for the rest of the window', () => {
    const { rollup, emitted, accepted } = new Rollup().see(10)
    expect(accepted).toBe(7)
    rollup.tick(RETRIEVAL.end + 59 * SECOND)
    expect(emitted).toEqual([])
    rollup.tick(RETRIEVAL.end + 60 * SECOND)
    expect(emitted).toMatchObject([
      { kind: 'dicomweb-request', service: 'wado_rs', level: 'frame', requests: 7, studies: 1, http: { responseBytes: 700 } },
    ])
  })

  test('below the rate nothing rolls up', () => {
    const seen = new Rollup().see(3)
    seen.rollup.finish(0)
    expect([seen.accepted, seen.emitted]).toEqual([0, []])
  })

  test('a later request closes the window, the end does too', () => {
    const seen = new Rollup().see(5).see(4, { end: RETRIEVAL.end + 61 * SECOND })
    expect(seen.emitted).toMatchObject([{ requests: 2 }])
    seen.rollup.finish(0)
    expect(seen.emitted).toMatchObject([{ requests: 2 }, { requests: 1 }])
  })

  test('studies are told apart by their keyed hash, which is not passed on for several', () => {
    const seen = new Rollup(0).see(2, { study: 'a' }).see(1, { study: 'b' })
    seen.rollup.finish(0)
    expect(seen.emitted).toMatchObject([{ requests: 3, studies: 2, study: undefined }])
  })

  test.each([
    ['outcome', { http: { ...RETRIEVAL.http, status: 404 }, outcome: 'failure' }],
    ['service', { service: 'wado_uri' }],
    ['level', { level: 'instance' }],
    ['credentials', { http: { ...RETRIEVAL.http, authentication: 'basic' } }],
    ['server', { flow: { ...RETRIEVAL.flow, serverAddress: '10.9.9.9' } }],
  ] as const)('another %s is another window', (_, change) => {
    expect(new Rollup().see(3).see(3, change).accepted).toBe(0)
  })

  test.each([
    ['searches', { service: 'qido_rs' }],
    ['violations', { violations: ['executable_preamble'] }],
    ['what was seen in part', { partial: ['gap'] }],
  ] as const)('%s never roll up', (_, change) => {
    expect(new Rollup(0).see(5, change).accepted).toBe(0)
  })
})
