import { describe, expect, test } from 'vitest'
import { recognizedIssuer, recognizedSubject } from '../../../src/inventory/knowledge/certificates.ts'

describe('subjects of certificates', () => {
  test.each<readonly [string, Readonly<Record<string, string>>]>([
    [
      'CN=idrac-JXJJC02, OU=Remote Access Group, O=Dell Inc., L=Round Rock',
      { manufacturer: 'Dell', model: 'iDRAC', serial_number: 'JXJJC02' },
    ],
    ['CN=idrac-SVCTAG, OU=Remote Access Group, O=Dell Inc., L=Round Rock', { manufacturer: 'Dell', model: 'iDRAC' }],
    ['CN=SERVER-1231, OU=ISS, O=Hewlett-Packard Company, L=Houston', { manufacturer: 'HP', model: 'iLO' }],
    ['CN=HP Jetdirect FBFA31E7, OU=8851FBE33ABB + OU=J8016E, O=Hewlett-Packard Co.', { manufacturer: 'HP' }],
    ['CN=IOS-Self-Signed-Certificate-4163115936', { manufacturer: 'Cisco', os: 'Cisco IOS' }],
    ['CN=FG100ETK1800118, OU=FortiGate, O=Fortinet, L=Sunnyvale', { manufacturer: 'Fortinet', serial_number: 'FG100ETK1800118' }],
    ['CN=synology.com, OU=FTP Team, O=Synology Inc., L=Taipei', { manufacturer: 'Synology' }],
    ['CN=esx1, OU=VMware ESX Server Default Certificate, O=VMware\\, Inc', { os: 'VMware ESXi' }],
    ['serialNumber=66023, CN=SOMATOM, O=Siemens Healthineers AG, C=DE', { manufacturer: 'Siemens Healthineers', serial_number: '66023' }],
    ['CN=x, O=Drägerwerk AG & Co. KGaA', { manufacturer: 'Dräger' }],
    ['CN=x, OU=GE Healthcare, O=Service', { manufacturer: 'GE HealthCare' }],
  ])('%s', (subject, said) => expect(recognizedSubject(subject)?.said).toEqual(said))

  test.each([
    'CN=pacs.hospital.example, O=General Hospital',
    'CN=x, O=Baxter Regional Hospital',
    'CN=x, O=Abbott Northwestern Hospital',
    'CN=Philips Doe, O=General Hospital',
    'CN=O=Philips',
    'CN=x\\, O=Philips',
    'serialNumber=66023, CN=x, O=General Hospital',
    '',
  ])('nothing of %s', subject => expect(recognizedSubject(subject)).toBeUndefined())

  test('numbers of companies and people are no serial numbers', () => {
    for (const subject of [
      'CN=www.philips.com, O=Philips, businessCategory=Private Organization, serialNumber=17001910',
      'CN=x, O=Philips, serialNumber=NTRNL-17001910',
    ])
      expect(recognizedSubject(subject)?.said).toEqual({ manufacturer: 'Philips' })
  })
})

test('issuers say something when they are makers', () => {
  expect(recognizedIssuer('CN=Device CA, O=Philips Medical Systems Nederland B.V.')?.said).toEqual({ manufacturer: 'Philips' })
  for (const issuer of ['CN=R11, O=Let’s Encrypt, C=US', 'CN=DigiCert TLS RSA CA, O=DigiCert Inc', 'CN=CA, O=General Hospital'])
    expect(recognizedIssuer(issuer)).toBeUndefined()
})
