import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCertificate, readCertificate } from '../../../src/protocols/tls/certificate.ts'
import { certificate } from './peers.ts'

function read(der: Uint8Array): ReturnType<typeof readCertificate> {
  const x509 = parseCertificate(der)
  return x509 && readCertificate(x509)
}

describe('a certificate', () => {
  test.each([
    ['prime256v1', 256],
    ['secp384r1', 384],
    ['secp521r1', 521],
    ['brainpoolP256r1', 256],
  ])('on curve %s has %i bits', (namedCurve, publicKeyBits) => {
    const der = certificate({ commonName: 'x' }, generateKeyPairSync('ec', { namedCurve }))
    expect(read(der)).toMatchObject({ publicKeyAlgorithm: 'ECDSA', publicKeyBits })
  })

  test('is self-signed when its own key made the signature, whatever it says', () => {
    const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    expect(read(certificate({ commonName: 'x' }, own))?.selfSigned).toBe(true)
    const foreign = certificate({ commonName: 'x' }, { publicKey: own.publicKey, privateKey: other.privateKey })
    expect(read(foreign)?.selfSigned).toBe(false)
  })

  test('whose name has line ends and commas stays one line', () => {
    const { subject } = read(certificate({ commonName: 'a\nb,c', organization: 'O=x' })) ?? {}
    expect(subject).toBe('CN=a\\0Ab\\,c, O=O=x')
  })

  test('without an end is no date', () => {
    expect(read(certificate({ commonName: 'x', notAfter: '99991231235959Z' }))?.notAfter).toBe(Date.UTC(9999, 11, 31, 23, 59, 59) * 1000)
    expect(read(certificate({ commonName: 'x', notBefore: 'no date at all' }))?.notBefore ?? 0).toBe(0)
  })

  test('is DER: text is none', () => {
    const pem = Buffer.from(
      `-----BEGIN CERTIFICATE-----\n${certificate({ commonName: 'x' }).toString('base64')}\n-----END CERTIFICATE-----\n`,
    )
    expect(read(pem)).toBeUndefined()
  })

  test('damaged anywhere never throws', () => {
    const whole = certificate({ commonName: 'pacs.hospital.example' })
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
        const damaged = Buffer.from(whole)
        damaged[at] = byte
        read(damaged)
        read(whole.subarray(0, length))
      }),
    )
  })
})
