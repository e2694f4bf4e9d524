import { describe, expect, test } from 'vitest'
import { isFamilyOf } from '../../../src/inventory/knowledge/system-families.ts'

describe('isFamilyOf', () => {
  test.each([
    ['Linux', 'Ubuntu'],
    ['Linux', 'Red Hat Enterprise Linux'],
    ['Unix', 'Linux'],
    ['Unix', 'Debian'],
    ['Unix', 'Mac OS X'],
    ['Debian', 'Raspbian'],
    ['Cisco IOS', 'Cisco IOS XE'],
    ['Windows', 'Windows 10'],
    ['Windows', 'Windows 10 or later'],
    ['Windows', 'Windows Vista, 7 or 8, or Windows Server 2008 or 2012'],
    ['Windows 10', 'Windows 10 22H2'],
    ['Windows 10 or later', 'Windows 10'],
    ['Windows 10 or later', 'Windows 10 1607 or Windows Server 2016'],
    ['Windows 10 or later', 'Windows 11 22H2'],
    ['Windows 10 or later', 'Windows Server 2022'],
    ['Windows 7 or Windows Server 2008 R2', 'Windows 7 SP1 or Windows Server 2008 R2 SP1'],
    ['Windows 7 or Windows Server 2008 R2', 'Windows 7 Professional Service Pack 1'],
    ['Windows XP or Windows Server 2003', 'Windows XP'],
    ['Windows XP or Windows Server 2003', 'Windows Server 2003 or Windows XP x64'],
    ['Windows Vista, 7 or 8, or Windows Server 2008 or 2012', 'Windows 7'],
    ['Windows Vista, 7 or 8, or Windows Server 2008 or 2012', 'Windows 8.1 or Windows Server 2012 R2'],
  ])('%s is the family of %s, and not the other way round', (family, name) => {
    expect(isFamilyOf(family, name)).toBe(true)
    expect(isFamilyOf(name, family)).toBe(false)
  })

  test.each([
    ['Linux', 'Linux'],
    ['Linux', 'Windows 10'],
    ['Linux', 'FreeBSD'],
    ['Ubuntu', 'Debian'],
    ['Windows', 'Windows'],
    ['Windows 10 or later', 'Windows 7'],
    ['Windows 8', 'Windows 8.1'],
    ['Windows Vista, 7 or 8, or Windows Server 2008 or 2012', 'Windows 10 1507'],
    ['Unix', 'Windows CE'],
    ['Unix', 'VxWorks'],
  ])('%s is not the family of %s', (family, name) => {
    expect(isFamilyOf(family, name)).toBe(false)
  })
})
