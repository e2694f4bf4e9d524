import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCertificate } from '../../../src/protocols/tls/certificate.ts'
import { holderFacts } from '../../../src/protocols/tls/holder.ts'
import { type CertificateFields, certificate } from './peers.ts'

const SERVER_AUTHENTICATION = '2b06010505070301'
const CLIENT_AUTHENTICATION = '2b06010505070302'
const EMAIL_PROTECTION = '2b06010505070304'

function facts(fields: CertificateFields, side: 'client' | 'server' = 'server'): readonly string[] {
  const x509 = parseCertificate(certificate(fields))
  if (x509 === undefined) throw new Error('no certificate')
  return holderFacts(x509, side).map(({ attribute, value, field }) => `${attribute} ${value} [${field}]`)
}

const nameOf = (fields: CertificateFields, side?: 'client' | 'server'): string | undefined =>
  facts(fields, side).find(fact => fact.startsWith('hostname '))

describe('the host that a certificate names', () => {
  test.each<readonly [CertificateFields, string | undefined]>([
    [{ commonName: 'pacs.hospital.example' }, 'hostname pacs.hospital.example [subject CN]'],
    [{ commonName: 'DESKTOP-1AB2C3D' }, 'hostname DESKTOP-1AB2C3D [subject CN]'],
    [{ commonName: 'Archive', alternativeNames: ['pacs', 'pacs.hospital.example'] }, 'hostname pacs.hospital.example [subjectAltName]'],
    [
      { commonName: 'ris.hospital.example', alternativeNames: ['pacs.hospital.example', 'RIS.hospital.example'] },
      'hostname RIS.hospital.example [subjectAltName]',
    ],
  ])('%o', (fields, name) => expect(nameOf(fields)).toBe(name))

  test.each<readonly [string, CertificateFields]>([
    ['a wildcard', { commonName: '*.hospital.example' }],
    ['an address', { commonName: '10.20.0.20' }],
    ['a word', { commonName: 'Synology' }],
    ['words', { commonName: 'Test CA 2' }],
    ['a number in hex', { commonName: '8851FBE33ABB' }],
    ['nobody in particular', { commonName: 'localhost.localdomain' }],
    ['several hosts', { commonName: 'farm', alternativeNames: ['pacs.hospital.example', 'ris.hospital.example'] }],
    ['a wildcard beside a common name', { commonName: 'pacs.hospital.example', alternativeNames: ['*.hospital.example'] }],
    ['what is no name', { commonName: 'x', alternativeNames: ['a, DNS:pacs.hospital.example'] }],
  ])('is none for %s', (_, fields) => expect(nameOf(fields)).toBeUndefined())

  test('is that of a client only where the certificate is one of a host', () => {
    const commonName = 'ct.hospital.example'
    expect(nameOf({ commonName }, 'client')).toBeUndefined()
    expect(nameOf({ commonName, usages: [CLIENT_AUTHENTICATION] }, 'client')).toBeUndefined()
    expect(nameOf({ commonName, usages: [CLIENT_AUTHENTICATION, SERVER_AUTHENTICATION] }, 'client')).toBe(
      'hostname ct.hospital.example [subject CN]',
    )
    expect(nameOf({ commonName: 'CT', alternativeNames: [commonName] }, 'client')).toBe('hostname ct.hospital.example [subjectAltName]')
  })
})

describe('whose it is', () => {
  test('the subject, and the issuer where it is another', () => {
    expect(facts({ commonName: 'SC9000', organization: 'Dräger, Inc' })).toEqual([
      'hostname SC9000 [subject CN]',
      'certificate_subject CN=SC9000, O=Dräger\\, Inc [subject]',
    ])
    expect(facts({ commonName: 'x', issuer: 'Philips' })).toEqual([
      'certificate_subject CN=x [subject]',
      'certificate_issuer O=Philips [issuer]',
    ])
  })

  test.each<readonly [string, CertificateFields]>([
    ['with an address of mail', { commonName: 'u1', attributes: { emailAddress: 'doe@hospital.example' } }],
    ['with another address of mail', { commonName: 'u1', alternativeNames: ['doe@hospital.example'] }],
    ['with a surname', { commonName: 'u1', attributes: { surname: 'Doe' } }],
    ['for mail', { commonName: 'u1', usages: [EMAIL_PROTECTION, CLIENT_AUTHENTICATION] }],
    ['by its name', { commonName: 'John Doe', organization: 'Philips' }],
    ['by its name in another script', { commonName: 'Ğüler Çelik' }],
  ])('is nobody’s business when the client is a person: %s', (_, fields) => expect(facts(fields, 'client')).toEqual([]))

  test('a device may have words and a number for a name', () => {
    expect(facts({ commonName: 'IntelliVue MX800 DE1', organization: 'Philips' }, 'client')).toEqual([
      'certificate_subject CN=IntelliVue MX800 DE1, O=Philips [subject]',
    ])
  })
})

test('a damaged certificate never throws, and names nothing that is no name', () => {
  const whole = certificate({ commonName: 'pacs.hospital.example', alternativeNames: ['pacs.hospital.example', 'pacs'], issuer: 'Philips' })
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const damaged = Buffer.from(whole)
      damaged[at] = byte
      const x509 = parseCertificate(damaged)
      if (x509 === undefined) return
      for (const { attribute, value } of holderFacts(x509, 'client')) {
        expect(value.length).toBeLessThanOrEqual(1024)
        if (attribute === 'hostname') expect(value).toMatch(/^[\w.-]+$/)
      }
    }),
  )
})
