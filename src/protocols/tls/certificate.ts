import { X509Certificate } from 'node:crypto'
import type { TlsHandshake } from '../observation.ts'

export type Certificate = NonNullable<TlsHandshake['certificate']>

/** A certificate larger than this is none. */
const MAX_CERTIFICATE = 65_536
/** Longest distinguished name that is told. */
const MAX_NAME = 1024
const DER_SEQUENCE = 0x30
/** `type=value`, set apart by a comma, or by a plus sign where an attribute has a companion. */
const ATTRIBUTE = /(?:^|, | \+ )([A-Za-z0-9.]{1,64})=((?:\\.|[^\\,+])*)/g
/** Node's key types in the words of X.509. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  rsa: 'RSA',
  'rsa-pss': 'RSA-PSS',
  dsa: 'DSA',
  ec: 'ECDSA',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
}
/** Curves whose name does not end in their size. */
const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, prime192v1: 192, ed25519: 256, ed448: 456 }

/** An X.509 certificate in DER (RFC 5280 §4.1); undefined when it cannot be read. */
export function parseCertificate(der: Uint8Array): X509Certificate | undefined {
  if (der.length > MAX_CERTIFICATE || der[0] !== DER_SEQUENCE) return undefined
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

/** Fields of a certificate, times in µs; undefined when one of them makes no sense. */
export function readCertificate(x509: X509Certificate): Certificate | undefined {
  try {
    return {
      subject: distinguishedName(x509.subject),
      issuer: distinguishedName(x509.issuer),
      notBefore: microseconds(x509.validFromDate),
      notAfter: microseconds(x509.validToDate),
      serialNumber: x509.serialNumber.toUpperCase(),
      selfSigned: isSelfSigned(x509),
      ...publicKey(x509),
    }
  } catch {
    return undefined
  }
}

/** It names itself as its issuer, and its own key made the signature. */
export function isSelfSigned(x509: X509Certificate): boolean {
  try {
    return x509.checkIssued(x509) && x509.verify(x509.publicKey)
  } catch {
    return false
  }
}

function publicKey(x509: X509Certificate): Pick<Certificate, 'publicKeyAlgorithm' | 'publicKeyBits'> {
  try {
    const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = x509.publicKey
    const curve = details?.namedCurve ?? type
    return {
      publicKeyAlgorithm: ALGORITHMS[type] ?? type,
      publicKeyBits: details?.modulusLength ?? CURVE_BITS[curve] ?? sizeInName(curve),
    }
  } catch {
    return { publicKeyAlgorithm: '', publicKeyBits: undefined }
  }
}

/** `secp384r1`, `brainpoolP256r1`, `sect283k1` carry their size. */
function sizeInName(curve: string): number | undefined {
  const digits = /[a-zA-Z](\d{3})[a-z]\d$/.exec(curve)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Node gives one escaped `type=value` a line, outermost first; RFC 4514 begins with the innermost. */
export function distinguishedName(lines: string | undefined): string {
  return (lines ?? '').split('\n').reverse().join(', ').slice(0, MAX_NAME)
}

/** Values of one type of attribute (`O`, `serialNumber`) in a distinguished name, as RFC 4514 writes it, without its escapes. */
export function valuesIn(name: string, type: string): readonly string[] {
  return [...name.matchAll(ATTRIBUTE)].filter(([, found]) => found === type).map(([, , value]) => value.replace(/\\(.)/g, '$1'))
}

function microseconds(date: Date): number {
  const time = date.getTime()
  return Number.isNaN(time) ? 0 : time * 1000
}
