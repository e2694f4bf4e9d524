import { describe, expect, test } from 'vitest'
import { operatingSystemOf, operatingSystemOfNativeOs } from '../../../src/inventory/knowledge/operating-systems.ts'
import { windowsOfBuild, windowsOfNativeOs, windowsOfVersion } from '../../../src/inventory/knowledge/windows.ts'

const named = (system: { readonly name: string; readonly version: string | undefined } | undefined) =>
  system && [system.name, system.version]

describe('Windows', () => {
  test.each([
    ['10.0.17763', 'Windows 10 1809 or Windows Server 2019'],
    ['10.0.20348', 'Windows Server 2022'],
    ['6.1.7601', 'Windows 7 SP1 or Windows Server 2008 R2 SP1'],
    ['5.1.2600', 'Windows XP'],
    ['10.0.99999', 'Windows 10 or later'],
    ['5.1.7601', 'Windows XP'],
  ])('by build %s', (build, name) => expect(named(windowsOfBuild(build))).toEqual([name, build]))

  test('no build or version that Windows never had', () => {
    for (const build of ['4.9.0', '9.9.17763', '', 'x.y.z']) expect(windowsOfBuild(build)).toBeUndefined()
    expect(windowsOfVersion('4.9')).toBeUndefined()
  })

  test.each([
    ['Windows 5.1', 'Windows XP', '5.1'],
    ['Windows NT 4.0 1381', 'Windows NT 4.0', '4.0.1381'],
    ['Windows 2000 2195', 'Windows 2000', '5.0.2195'],
    ['Windows Server 2003 R2 3790 Service Pack 2', 'Windows Server 2003 R2 Service Pack 2', '5.2.3790'],
    ['Windows 7 Professional 7601 Service Pack 1', 'Windows 7 Professional Service Pack 1', '6.1.7601'],
    ['Windows 8.1 9600', 'Windows 8.1', '6.3.9600'],
    ['Windows 10 Enterprise 2016 LTSB 14393', 'Windows 10 Enterprise 2016 LTSB', '10.0.14393'],
    ['Windows Embedded Standard 7601 Service Pack 1', 'Windows Embedded Standard Service Pack 1', '6.1.7601'],
  ])('by native name %s', (text, name, version) => expect(named(windowsOfNativeOs(text))).toEqual([name, version]))
})

describe('operating systems', () => {
  test.each([
    ['Linux pump 4.19.0-6-armmp #1 SMP Debian 4.19.67-2 armv7l', 'Debian', undefined],
    ['Linux nas 3.10.105 #25426 SMP x86_64', 'Linux', '3.10.105'],
    ['Linux/3.14.0 UPnP/1.0 Viewer/2.1', 'Linux', '3.14.0'],
    ['LINUX', 'Linux', undefined],
    [
      'Hardware: Intel64 Family 6 - Software: Windows Version 6.3 (Build 9600 Multiprocessor Free)',
      'Windows 8.1 or Windows Server 2012 R2',
      '6.3.9600',
    ],
    ['Microsoft-Windows/10.0 UPnP/1.0', 'Windows 10 or later', '10.0'],
    ['Mozilla/5.0 (Windows NT 6.1; WOW64)', 'Windows 7 or Windows Server 2008 R2', '6.1'],
    ['Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE11, RELEASE SOFTWARE', 'Cisco IOS', '15.0(2)SE11'],
    ['Cisco IOS XE Software, Catalyst L3 Switch, Version 16.12.4, RELEASE', 'Cisco IOS XE', '16.12.4'],
    ['Cisco-1.25', 'Cisco IOS', undefined],
    ['OpenSSH_7.9p1 Debian-10+deb10u2', 'Debian', '10'],
    ['OpenSSH_8.2p1 Ubuntu-4ubuntu0.5', 'Ubuntu', undefined],
    ['OpenSSH_for_Windows_8.1', 'Windows', undefined],
    ['VxWorks FTP server (VxWorks 5.4.2) ready.', 'VxWorks', '5.4.2'],
    ['VxWorks (VxWorks5.5.1) FTP server', 'VxWorks', '5.5.1'],
    ['VxWorks SNMPv1/v2c Agent', 'VxWorks', undefined],
    ['SunOS ris 5.10 Generic_142909-17 sun4v', 'SunOS', '5.10'],
    ['FreeBSD gw 12.1-RELEASE', 'FreeBSD', '12.1-RELEASE'],
    ['Mac OS X 10.10', 'Mac OS X', '10.10'],
    ['QTS', 'QTS', undefined],
  ])('%s', (text, name, version) => expect(named(operatingSystemOf(text))).toEqual([name, version]))

  test.each(['SMCGS8P-Smart - SMCGS8P-Smart v3.20', 'Apache', 'PuTTY_Release_0.72', 'dropbear_2019.78', 'nt', ''])(
    '%j names none',
    text => {
      expect(operatingSystemOf(text)).toBeUndefined()
      expect(operatingSystemOfNativeOs(text)).toBeUndefined()
    },
  )

  test('a hit names its row and the source of the row', () => {
    expect(operatingSystemOf('Cisco-1.25')?.row).toBe('operating-system:^Cisco-1\\.25$ (Cisco IOS, SSH identification)')
    expect(windowsOfBuild('10.0.20348')?.row).toBe('windows-build:20348 (Microsoft, Windows release information)')
  })
})
