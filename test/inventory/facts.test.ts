import { describe, expect, test } from 'vitest'
import { factsOf, factsOfMac } from '../../src/inventory/facts.ts'

describe('facts', () => {
  test('a toolkit is not a manufacturer, a vendor root is a weak hint at one', () => {
    expect(factsOf('implementation_version', 'OFFIS_DCMTK_367', 'dicom', '0x55').map(fact => fact.attribute)).toEqual([
      'implementation_version',
      'toolkit',
    ])
    expect(factsOf('implementation_class_uid', '1.2.840.113619.6.96', 'dicom', '0x52')[1]).toMatchObject({
      attribute: 'manufacturer',
      value: 'GE HealthCare',
      confidence: 'low',
    })
  })

  test('an adapter maker is no device maker', () => {
    expect(factsOfMac('00-50-56-00-00-01', 'ARP or ND', 'high').map(fact => fact.attribute)).toEqual(['mac', 'nic_vendor'])
    const draeger = factsOfMac('00-30-E6-00-00-01', 'ARP or ND', 'high')
    expect(draeger[2]).toMatchObject({
      attribute: 'manufacturer',
      value: 'Dräger',
      confidence: 'low',
      table: expect.stringContaining('oui:0030E6'),
    })
  })

  test('an unknown maker stays as it was written', () => {
    expect(factsOf('manufacturer', 'Acme', 'dicom', '(0008,0070)')).toEqual([
      { attribute: 'manufacturer', raw: 'Acme', protocol: 'dicom', field: '(0008,0070)', confidence: 'high' },
    ])
  })

  test('what a sender says of its receiver is worth less', () => {
    expect(factsOf('hl7_application', 'ENGINE', 'hl7', 'MSH-5')[0].confidence).toBe('medium')
    expect(factsOf('hl7_application', 'HIS', 'hl7', 'MSH-3')[0].confidence).toBe('high')
    expect(factsOf('hl7_application', 'X', 'tls', 'subject')[0].confidence).toBe('low')
  })

  test('a description may name a product', () => {
    const facts = factsOf('system_description', 'SMCGS8P-Smart - SMCGS8P-Smart v3.20', 'lldp', 'System Description')
    expect(facts.map(({ attribute, value, confidence }) => [attribute, value, confidence])).toEqual([
      ['system_description', undefined, 'medium'],
      ['manufacturer', 'SMC Networks', 'medium'],
      ['model', 'SMCGS8P-Smart', 'medium'],
      ['firmware_version', '3.20', 'medium'],
    ])
  })

  test('the version of NTLM that many clients pretend to have tells nothing, but of a server', () => {
    expect(factsOf('os_build', '6.1.7600', 'smb', 'NTLMSSP AUTHENTICATE Version')).toHaveLength(1)
    expect(factsOf('os_build', '6.1.7600', 'smb', 'NTLMSSP CHALLENGE Version')[1]).toMatchObject({ attribute: 'os', confidence: 'medium' })
  })

  test('a Kerberos ticket is the word of the client', () => {
    expect(factsOf('hostname', 'dc1.hospital.example', 'smb', 'Kerberos sname')[0].confidence).toBe('medium')
  })

  test('of a text in which people may be named nothing is kept but what a row recognizes', () => {
    expect(factsOf('http_title', 'DOE^JOHN', 'http', 'title')).toEqual([])
    expect(factsOf('certificate_subject', 'CN=John Doe, O=Philips', 'tls', 'subject')).toEqual([
      {
        attribute: 'manufacturer',
        raw: 'Philips',
        value: 'Philips',
        protocol: 'tls',
        field: 'subject',
        table: expect.stringContaining('manufacturer:philips'),
        confidence: 'low',
      },
    ])
  })

  test('a page tells the product better than the system below it', () => {
    const facts = factsOf('http_realm', 'level_15_access', 'http', 'WWW-Authenticate')
    expect(facts.map(({ attribute, value, confidence }) => [attribute, value, confidence])).toEqual([
      ['manufacturer', 'Cisco', 'medium'],
      ['os', 'Cisco IOS', 'low'],
    ])
  })
})
