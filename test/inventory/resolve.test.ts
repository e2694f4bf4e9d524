import { describe, expect, test } from 'vitest'
import type { EvidenceRow } from '../../src/inventory/evidence.ts'
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
