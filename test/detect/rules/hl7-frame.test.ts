import { describe, expect, test } from 'vitest'
import { flow, message, SECOND, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'hl7-frame'
const bad = { type: undefined, violations: ['missing_msh'] }

describe('fires', () => {
  test('on five malformed messages within a minute', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 0; n < 4; n++) rules.observe(message(flow(), START + n * SECOND, bad))
    expect(alerts).toEqual([])
    rules.observe(message(flow(), START + 4 * SECOND, { framingDeviations: ['missing_start_block'] }))
    expect(alerts).toMatchObject([
      {
        severity: 'medium',
        count: 5,
        firstSeen: START,
        fields: { 'hl7.framing.deviations': ['missing_start_block'] },
        rule: { category: 'hl7', enterprise: [{ id: 'T1499.004' }], ics: [{ id: 'T0814' }] },
      },
    ])
  })
})

describe('must not fire', () => {
  test('on few, slow, tolerated or incomplete ones', () => {
    const { detector: rules, alerts } = detector(RULE)
    for (let n = 0; n < 30; n++) {
      rules.observe(message(flow(), START + n * SECOND))
      rules.observe(message(flow(), START + n * 20 * SECOND, bad))
      rules.observe(message(flow({ clientAddress: `10.1.1.${n}` }), START + n, bad))
      rules.observe(
        message(flow({ clientAddress: '10.1.0.11' }), START + n, {
          framingDeviations: ['lf_delimiters', 'missing_trailing_cr', 'hllp', 'hllp_checksum_mismatch'],
        }),
      )
      rules.observe(message(flow({ clientAddress: '10.1.0.12' }), START + n, { ...bad, partial: ['gap'] }))
    }
    expect(alerts).toEqual([])
  })
})
