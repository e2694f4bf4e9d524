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
    ['Debian GNU/Linux 11 (bullseye) Linux 5.10.0-28-amd64 #1 SMP', 'Debian', '11'],
    ['OpenSSH_7.9p1 Debian-10+deb10u2', 'Debian', '10'],
    ['OpenSSH_8.2p1 Ubuntu-4ubuntu0.5', 'Ubuntu', '20.04'],
    ['OpenSSH_7.7p1 Ubuntu-4', 'Ubuntu', undefined],
    ['Microsoft-IIS/7.5', 'Windows 7 or Windows Server 2008 R2', '6.1'],
    ['Microsoft-IIS/10.0', 'Windows 10 or later', '10.0'],
    ['Microsoft-HTTPAPI/2.0', 'Windows', undefined],
    ['Microsoft-WinCE/6.0', 'Windows CE', '6.0'],
    ['Apache/2.4.9 (Win64)', 'Windows', undefined],
    ['Apache/2.4.6 (CentOS)', 'CentOS', undefined],
    ['Apache/2.4.3 (Fedora)', 'Fedora', undefined],
    ['osxvers=17', 'Mac OS X', '10.13'],
    ['osxvers=23', 'Mac OS X', '14'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit', 'Mac OS X', '10.15.7'],
    ['Wget/1.14 (darwin12.2.0)', 'Mac OS X', undefined],
    ['curl/7.34.0 (i386-unknown-openbsd5.5) libcurl/7.34.0', 'OpenBSD', '5.5'],
    ['curl/7.19.7 (x86_64-redhat-linux-gnu) libcurl/7.19.7', 'Linux', undefined],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit', 'Linux', undefined],
    ['Mozilla/5.0 (Linux; Android 11; Tablet)', 'Android', '11'],
    ['Google Chrome/69.0.3497.100 Windows', 'Windows', undefined],
    ['OpenSSH_for_Windows_8.1', 'Windows', undefined],
    ['VxWorks FTP server (VxWorks 5.4.2) ready.', 'VxWorks', '5.4.2'],
    ['VxWorks (VxWorks5.5.1) FTP server', 'VxWorks', '5.5.1'],
    ['VxWorks SNMPv1/v2c Agent', 'VxWorks', undefined],
    ['SunOS ris 5.10 Generic_142909-17 sun4v', 'SunOS', '5.10'],
    ['FreeBSD gw 12.1-RELEASE', 'FreeBSD', '12.1-RELEASE'],
    ['Mac OS X 10.10', 'Mac OS X', '10.10'],
    ['QTS', 'QTS', undefined],
  ])('%s', (text, name, version) => expect(named(operatingSystemOf(text))).toEqual([name, version]))

  test.each([
    'SMCGS8P-Smart - SMCGS8P-Smart v3.20',
    'Apache',
    'PuTTY_Release_0.72',
    'dropbear_2019.78',
    'Microsoft-IIS/9.9',
    'osxvers=2',
    'nt',
    '',
  ])('%j names none', text => {
    expect(operatingSystemOf(text)).toBeUndefined()
    expect(operatingSystemOfNativeOs(text)).toBeUndefined()
  })

  test('a hit names its row and the source of the row', () => {
    expect(operatingSystemOf('Cisco-1.25')?.row).toBe('operating-system:^Cisco-1\\.25$ (Cisco IOS, SSH identification)')
    expect(windowsOfBuild('10.0.20348')?.row).toBe('windows-build:20348 (Microsoft, Windows release information)')
  })
})
