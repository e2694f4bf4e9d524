import { describe, expect, test } from 'vitest'
import type { EvidenceRow } from '../../src/inventory/evidence.ts'
import { isFamilyOf } from '../../src/inventory/knowledge/system-families.ts'
import { authoritative, resolve } from '../../src/inventory/resolve.ts'

const row = (value: string, changes: Partial<EvidenceRow> = {}): EvidenceRow => ({
  attribute: 'model',
  raw: value,
  value,
  protocol: 'dicom',
  field: '(0008,1090)',
  confidence: 'high',
  firstSeen: 0,
  lastSeen: 100,
  count: 10,
  ...changes,
})

describe('resolve', () => {
  test('nothing of nothing', () => {
    expect(resolve([], 'X')).toBeUndefined()
  })

  test('trust beats count', () => {
    expect(resolve([row('A', { confidence: 'low', count: 1000 }), row('B', { count: 1 })], undefined)?.value).toBe('B')
  })

  test('count beats recency', () => {
    expect(resolve([row('A', { count: 11 }), row('B', { lastSeen: 200 })], undefined)?.value).toBe('A')
  })

  test('recency decides between equals', () => {
    expect(resolve([row('A'), row('B', { lastSeen: 101 })], undefined)?.value).toBe('B')
  })

  test('a replaced value does not count, however often it was said', () => {
    expect(resolve([row('old', { count: 1000 }), row('new', { firstSeen: 101, lastSeen: 101, count: 1 })], 'old')?.value).toBe('new')
  })

  test('the value in force stays until twice as much speaks for another', () => {
    expect(resolve([row('A', { count: 10 }), row('B', { count: 19 })], 'A')?.value).toBe('A')
    expect(resolve([row('A', { count: 10 }), row('B', { count: 20 })], 'A')?.value).toBe('B')
  })

  test('says why', () => {
    const rows = [row('A', { count: 1 }), row('B', { protocol: 'hl7', field: 'OBX-18', count: 3 }), row('B', { count: 2 })]
    expect(resolve(rows, undefined)?.why).toBe('hl7 OBX-18 said so 5 times (high confidence), against 1 other value')
  })

  test('statements of lesser trust do not add weight', () => {
    const rows = [row('A', { count: 3 }), row('A', { protocol: 'ethernet', confidence: 'low', count: 100 }), row('B', { count: 4 })]
    expect(resolve(rows, undefined)?.value).toBe('B')
  })

  test('who made the adapter counts where nothing else is said', () => {
    const adapter = row('Fujifilm', { protocol: 'ethernet', field: 'OUI', confidence: 'low', count: 9 })
    const agent = row('Oki Data', { protocol: 'snmp', field: 'sysObjectID', confidence: 'low', count: 1 })
    expect(authoritative([adapter])).toEqual([adapter])
    expect(authoritative([adapter, agent])).toEqual([agent])
  })
})

describe('resolve, where values are of families', () => {
  const os = (value: string, protocol: string, changes: Partial<EvidenceRow> = {}): EvidenceRow =>
    row(value, { attribute: 'os', protocol, field: 'banner', confidence: 'low', ...changes })
  const system = (rows: readonly EvidenceRow[], current?: string) => resolve(rows, current, isFamilyOf)

  test('the kind wins over its family, whatever is said more often or on better authority, and the reason names both', () => {
    const rows = [os('Linux', 'upnp', { count: 90 }), os('Ubuntu', 'ssh', { count: 2 })]
    expect(system(rows)).toEqual({
      value: 'Ubuntu',
      confidence: 'low',
      why: 'ssh banner said so 2 times (low confidence); its family, Linux: upnp banner said so 90 times (low confidence)',
    })
    expect(system([os('Linux', 'snmp', { confidence: 'medium' }), os('Debian', 'ssh')])).toMatchObject({
      value: 'Debian',
      confidence: 'low',
    })
    expect(system(rows, 'Linux')?.value).toBe('Ubuntu')
  })

  test('statements of a kind are votes for its family', () => {
    const rows = [os('Linux', 'upnp', { count: 4 }), os('Ubuntu', 'ssh', { count: 4 }), os('Windows 10 22H2', 'http', { count: 7 })]
    expect(system(rows)?.value).toBe('Ubuntu')
    expect(system([...rows, os('Windows', 'smtp', { count: 3 })])?.value).toBe('Windows 10 22H2')
  })

  test('among the kinds of a family trust and count decide as ever', () => {
    const rows = [os('Linux', 'upnp', { count: 500 }), os('Ubuntu', 'ssh', { count: 2 }), os('Debian', 'smtp', { count: 9 })]
    expect(system(rows)?.value).toBe('Debian')
    expect(system(rows)?.why).toContain('against 1 other value')
    expect(system([...rows, os('Ubuntu', 'lldp', { confidence: 'medium', count: 1 })])?.value).toBe('Ubuntu')
    expect(system([os('Linux', 'upnp'), os('Ubuntu', 'ssh', { count: 9 }), os('Debian', 'smtp', { count: 10 })], 'Ubuntu')?.value).toBe(
      'Ubuntu',
    )
  })

  test('a family that is heard of later does not replace what is known of it', () => {
    const rows = [os('Ubuntu', 'ssh', { lastSeen: 10 }), os('Linux', 'upnp', { firstSeen: 50 })]
    expect(system(rows)?.value).toBe('Ubuntu')
    expect(system([...rows, os('Debian', 'ssh', { firstSeen: 60 })])?.value).toBe('Debian')
    expect(system([...rows, os('Windows 10', 'ssh', { firstSeen: 101, lastSeen: 102, count: 1 })])?.value).toBe('Windows 10')
  })

  test('several steps of a family', () => {
    const rows = [os('Windows', 'smtp'), os('Windows 10 or later', 'http'), os('Windows 10 22H2', 'smb')]
    expect(system(rows)).toMatchObject({
      value: 'Windows 10 22H2',
      why: expect.stringMatching(/^smb .*; its family, Windows 10 or later: http .*; its family, Windows: smtp /),
    })
  })
})
