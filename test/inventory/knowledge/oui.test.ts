import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { ouiOwner } from '../../../src/inventory/knowledge/oui.ts'

describe('OUI', () => {
  test('names the owner of the block', () => {
    expect(ouiOwner('00-50-56-00-00-01')).toEqual({ organization: 'VMware, Inc.', row: 'oui:005056 (IEEE)' })
    expect(ouiOwner('02-50-56-00-00-01')).toBeUndefined()
  })

  test('names the owner of a small block, not the registry whose large block it lies in', () => {
    expect(ouiOwner('00-55-DA-0F-00-01')).toEqual({ organization: 'Shinko Technos co.,ltd.', row: 'oui:0055DA0 (IEEE)' })
    expect(ouiOwner('00-1B-C5-00-00-01')?.row).toBe('oui:001BC5000 (IEEE)')
  })

  test('finds every block of the registry, and none beside them', () => {
    const registry = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('oui-data'), 'utf8')) as Record<string, string>
    const universal = Object.entries(registry).filter(([key]) => !/^.[2367ABEF]/.test(key))
    expect(universal.length).toBeGreaterThan(30_000)
    for (const [key, entry] of universal) {
      const organization = entry.split('\n', 1)[0]
      if (organization.startsWith('IEEE Registration')) continue
      expect(ouiOwner(macIn(key))?.organization).toBe(organization === 'Private' ? undefined : organization)
    }
    for (const key of ['0000FG', '00000/', 'FFFFFF', '      ', '!!!!!!']) expect(ouiOwner(macIn(key))).toBeUndefined()
  })
})

/** An address in a block. */
function macIn(key: string): string {
  const digits = key.padEnd(12, '0')
  return [0, 2, 4, 6, 8, 10].map(at => digits.slice(at, at + 2)).join('-')
}
