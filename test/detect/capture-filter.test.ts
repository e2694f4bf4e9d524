import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { conversationFilter, hostFilter } from '../../src/detect/capture-filter.ts'

const COMPILER = 'tcpdump'
const FILTERS = [
  conversationFilter('10.1.0.10', '10.1.0.20', 104),
  conversationFilter('fd00::10', 'fd00::20', 2575),
  conversationFilter('127.0.0.1', '127.0.0.1', 4242),
  hostFilter('10.1.0.10', []),
  hostFilter('10.1.0.10', [104]),
  hostFilter('fd00::10', [11_112, 104, 104]),
  hostFilter('10.1.0.10', [1, 2, 3, 4, 5, 6, 7, 8, 9]),
]

describe('capture filters', () => {
  test('read as an analyst would write them', () => {
    expect(FILTERS).toEqual([
      'host 10.1.0.10 and host 10.1.0.20 and tcp port 104',
      'host fd00::10 and host fd00::20 and tcp port 2575',
      'host 127.0.0.1 and tcp port 4242',
      'host 10.1.0.10 and tcp',
      'host 10.1.0.10 and tcp port 104',
      'host fd00::10 and (tcp port 104 or tcp port 11112)',
      'host 10.1.0.10 and tcp',
    ])
  })

  const hasTcpdump = spawnSync(COMPILER, ['--version']).status === 0
  test.skipIf(!hasTcpdump).each(FILTERS)('tcpdump compiles %s', filter => {
    const { status, stderr } = spawnSync(COMPILER, ['-d', '-y', 'EN10MB', filter], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('error')])
  })
})
