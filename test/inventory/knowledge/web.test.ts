import { describe, expect, test } from 'vitest'
import { recognizedRealm, recognizedTitle } from '../../../src/inventory/knowledge/web.ts'

describe('titles of pages', () => {
  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ['Orthanc Explorer', { toolkit: 'Orthanc' }],
    ['Visage 7', { manufacturer: 'Visage Imaging', model: 'Visage 7' }],
    ['PortServer TS 4 H MEI Configuration and Management', { manufacturer: 'Digi International', model: 'PortServer TS 4 H MEI' }],
    ['Lantronix SLC 8048', { manufacturer: 'Lantronix', model: 'SLC 8048' }],
    ['iLO 4', { manufacturer: 'HP', model: 'iLO 4' }],
    ['NETGEAR GS108T', { manufacturer: 'Netgear', model: 'GS108T' }],
    ['ProCurve Switch 2610-24/12PWR (J9086A)', { manufacturer: 'HP', model: '2610-24/12PWR' }],
    ['DS218 - Synology DiskStation', { manufacturer: 'Synology', model: 'DiskStation' }],
    ['Apache2 Ubuntu Default Page: It works', { os: 'Ubuntu' }],
    ['IIS Windows Server', { os: 'Windows' }],
  ])('%s', (title, said) => {
    expect(recognizedTitle(title)).toEqual({ said, row: expect.stringMatching(/^http-title:.+ \(.+\)$/) })
    for (const other of [`${title} - DOE^JOHN`, `DOE^JOHN ${title}`]) expect(recognizedTitle(other)).toBeUndefined()
  })

  test('that anything may have say nothing', () => {
    for (const title of ['', 'Login', '401 Unauthorized', 'Index of /', 'Apache Tomcat/9']) expect(recognizedTitle(title)).toBeUndefined()
  })
})

test.each<readonly [string, Readonly<Record<string, string>>]>([
  ['Orthanc Secure Area', { toolkit: 'Orthanc' }],
  ['level_15_access', { manufacturer: 'Cisco', os: 'Cisco IOS' }],
  ['level 15 or view access', { manufacturer: 'Cisco', os: 'Cisco IOS' }],
  ['iRMC@IRMCC36EAC', { manufacturer: 'Fujitsu', model: 'iRMC' }],
])('realm %s', (realm, said) => {
  expect(recognizedRealm(realm)?.said).toEqual(said)
  expect(recognizedRealm(`${realm} of Doe`)).toBeUndefined()
})
