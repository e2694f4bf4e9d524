import { describe, expect, test } from 'vitest'
import { POLICIES, type Policy, type Unseen, Visibility } from '../../src/normalize/visibility.ts'

const NAMES = Object.keys(POLICIES) as readonly Policy[]
const TIME = 1_700_000_000_000_000

function unseen({
  dropped = 0,
  hits = {},
  lost = [],
}: {
  dropped?: number
  hits?: Partial<Record<Policy, number>>
  lost?: readonly number[]
} = {}): Unseen {
  return {
    dropped,
    hits: { ...(Object.fromEntries(NAMES.map(name => [name, 0])) as Record<Policy, number>), ...hits },
    interfaces: lost.map((lostBytes, index) => ({ packets: 10 * (index + 1), bytes: 1000, lostBytes })),
  }
}

const nameOf = (index: number): string => `eth${index}`
const told = (visibility: Visibility, now: Unseen): readonly string[] =>
  visibility
    .reports(now, TIME, nameOf)
    .map(report => `${report.kind} ${'interface' in report ? report.interface : '-'}: ${'reason' in report ? report.reason : ''}`)

describe('visibility', () => {
  test('is no news while all is seen', () => {
    const visibility = new Visibility()
    expect([told(visibility, unseen()), told(visibility, unseen({ lost: [0, 0] }))]).toEqual([[], []])
  })

  test.each(NAMES)('is lost when %s gives way, and the words name a setting', policy => {
    const [report, ...others] = told(new Visibility(), unseen({ hits: { [policy]: 7 } }))
    expect(others).toEqual([])
    expect(report).toMatch(/^visibility-lost -: 7 .*\((?:net|protocols|inventory)\.[a-z0-9_., ]+\)$/)
  })

  test('tells what was added, in one event, and when it is over', () => {
    const visibility = new Visibility()
    told(visibility, unseen({ dropped: 5, hits: { flow_table: 2 } }))
    expect(told(visibility, unseen({ dropped: 6, hits: { flow_table: 5 } }))).toEqual([
      `visibility-lost -: 1 packets dropped by the capture (capture.buffer_bytes); 3 ${POLICIES.flow_table}`,
    ])
    expect(told(visibility, unseen({ dropped: 6, hits: { flow_table: 5 } }))).toEqual([
      'visibility-restored -: nothing was lost in the last interval',
    ])
    expect(told(visibility, unseen({ dropped: 6, hits: { flow_table: 5 } }))).toEqual([])
  })

  test('is told for each interface by itself, with its figures', () => {
    const visibility = new Visibility()
    expect(visibility.reports(unseen({ lost: [0, 300] }), TIME, nameOf)).toMatchObject([
      { kind: 'visibility-lost', interface: 'eth1', figures: { packets: 20, bytes: 1000, inferredLost: 300 } },
    ])
    expect(told(visibility, unseen({ lost: [40, 300] }))).toEqual([
      'visibility-lost eth0: 40 bytes acknowledged by a receiver but never seen',
      'visibility-restored eth1: nothing was missed in the last interval',
    ])
  })
})
