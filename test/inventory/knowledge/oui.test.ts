import { describe, expect, test } from 'vitest'
import { ouiOwner } from '../../../src/inventory/knowledge/oui.ts'

describe('OUI', () => {
  test('names the owner of the block', () => {
    expect(ouiOwner('00-50-56-00-00-01')).toEqual({ organization: 'VMware, Inc.', row: 'oui:005056 (IEEE)' })
    expect(ouiOwner('02-50-56-00-00-01')).toBeUndefined()
  })
})
