import { describe, expect, test } from 'vitest'
import { manufacturerOf } from '../../../src/inventory/knowledge/manufacturers.ts'

describe('manufacturers', () => {
  test.each([
    ['SIEMENS', 'Siemens Healthineers'],
    ['GE MEDICAL SYSTEMS', 'GE HealthCare'],
    ['Philips Medical Systems', 'Philips'],
    ['TOSHIBA_MEC', 'Canon Medical Systems'],
    ['Drägerwerk AG & Co. KGaA', 'Dräger'],
    ['B. Braun Melsungen AG', 'B. Braun'],
    ['Becton, Dickinson and Company (BD)', 'BD'],
  ])('%s is %s', (raw, name) => {
    expect(manufacturerOf(raw)).toMatchObject({ name, row: expect.stringMatching(/^manufacturer:.+ \(.+\)$/) })
  })

  test('other names stay as they are', () => {
    expect(manufacturerOf('GEORG FISCHER')).toBeUndefined()
    expect(manufacturerOf('')).toBeUndefined()
  })

  test('namesakes in the IEEE registry are not the medical company', () => {
    for (const name of ['Siemens Mobility Limited', 'Philips Lighting BV', 'TOSHIBA CORPORATION'])
      expect(manufacturerOf(name, 'network')).toBeUndefined()
    expect(manufacturerOf('GE Healthcare', 'network')?.name).toBe('GE HealthCare')
  })
})
