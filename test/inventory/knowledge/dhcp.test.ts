import { describe, expect, test } from 'vitest'
import { printerOfVendorClass, systemOfFingerprint, systemOfVendorClass } from '../../../src/inventory/knowledge/dhcp.ts'
import { enterpriseOfNumber, enterpriseOfObjectId } from '../../../src/inventory/knowledge/enterprises.ts'

describe('DHCP clients', () => {
  test.each([
    ['MSFT 5.0', 'Windows', undefined],
    ['android-dhcp-9', 'Android', '9'],
    ['dhcpcd-6.8.2:Linux-4.4.38:armv7l:BCM2709', 'Linux', '4.4.38'],
    ['udhcp 1.36.1', 'Linux', undefined],
  ])('vendor class %s', (text, name, version) => expect(systemOfVendorClass(text)).toMatchObject({ name, version }))

  test('fingerprints fit as a whole, but for those that are left open', () => {
    expect(systemOfFingerprint('1,15,3,6,44,46,47,31,33,249,43')?.name).toBe('Windows XP or Windows Server 2003')
    expect(systemOfFingerprint('1,15,3,6,44,46,47,31,33,249,43,9')).toBeUndefined()
    expect(systemOfFingerprint('1,28,2,3,15,6,119,12,44,47,26,121,42')?.name).toBe('Linux')
    expect(systemOfFingerprint('1,28,2,3,15,6,119,12,44,47,26,121,42,33,252')?.name).toBe('Linux')
    expect(systemOfFingerprint('1,28,2,3,15,6,119,12,44,47,26,121,421')).toBeUndefined()
  })

  test('printers name themselves', () => {
    expect(printerOfVendorClass('Mfg=Hewlett Packard;Typ=Printer;Mod=HP LaserJet 400 M401dne;Ser=ABCDE12345;')?.said).toEqual({
      manufacturer: 'Hewlett Packard',
      model: 'HP LaserJet 400 M401dne',
      serial_number: 'ABCDE12345',
    })
    expect(printerOfVendorClass('MSFT 5.0')).toBeUndefined()
  })
})

describe('enterprise numbers', () => {
  test('name makers of devices, not of their software', () => {
    expect(enterpriseOfNumber('3592')).toEqual({ name: 'Dräger', row: 'enterprise-number:3592 (IANA private enterprise numbers)' })
    expect(enterpriseOfObjectId('1.3.6.1.4.1.9.1.516')?.name).toBe('Cisco')
    for (const oid of ['1.3.6.1.4.1.8072.3.2.10', '1.3.6.1.4.1.311.1.1.3.1.2', '1.3.6.1.2.1.1', '1.3.6.1.4.1.', ''])
      expect(enterpriseOfObjectId(oid)).toBeUndefined()
  })
})
