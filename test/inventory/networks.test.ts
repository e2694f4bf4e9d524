import { describe, expect, test } from 'vitest'
import { AddressScope, isLinkLocal, LOCAL_NETWORKS, subnetOf } from '../../src/inventory/networks.ts'

describe('AddressScope', () => {
  test('knows what is not public', () => {
    const scope = new AddressScope(LOCAL_NETWORKS)
    for (const address of ['10.255.0.1', '172.31.0.1', '192.168.1.1', '127.0.0.1', 'fd12::1', 'fe80::1', '::1', '192.0.2.7']) {
      expect([address, scope.isLocal(address)]).toEqual([address, true])
    }
    for (const address of ['8.8.8.8', '172.32.0.1', '2a00::1', '', 'nonsense', '10.0.0']) {
      expect([address, scope.isLocal(address), scope.isLocal(address)]).toEqual([address, false, false])
    }
  })

  test('takes public ranges that a site uses inside', () => {
    expect(new AddressScope(['130.60.0.0/16']).isLocal('130.60.4.5')).toBe(true)
  })
})

test('subnetOf takes the /24 and the /64', () => {
  expect(subnetOf('10.1.2.3')).toBe('10.1.2')
  expect(subnetOf('fd00::1')).toBe(subnetOf('fd00:0:0:0:1::2'))
  expect(subnetOf('fd00:0:0:1::1')).not.toBe(subnetOf('fd00::1'))
  expect(subnetOf('::1')).toBe('0:0:0:0')
})

test('isLinkLocal', () => {
  expect(['fe80::1', 'FEBF::1', '169.254.1.1'].every(isLinkLocal)).toBe(true)
  expect(['fec0::1', '10.0.0.1', '169.253.1.1'].some(isLinkLocal)).toBe(false)
})
