import { createHash } from 'node:crypto'
import type { ClientHello } from './handshake.ts'

const SERVER_NAME = 0x0000
const ALPN = 0x0010
/** Stands for a list that has nothing in it. */
const EMPTY_HASH = '000000000000'

const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
])

/**
 * JA4, the fingerprint of a TLS client over TCP by the method of FoxIO (BSD 3-Clause): `t`, version, SNI (`d`) or not (`i`), numbers of cipher
 * suites and extensions, first and last character of the first ALPN value; hash of the sorted suites; hash of the sorted extensions
 * (without SNI and ALPN) and of the signature algorithms as they came. GREASE values (RFC 8701) are left out everywhere.
 */
export function ja4(hello: ClientHello): string {
  const suites = hello.cipherSuites.filter(isNoGrease)
  const extensions = hello.extensions.filter(isNoGrease)
  const sni = extensions.includes(SERVER_NAME) ? 'd' : 'i'
  const shape = `t${versionOf(hello)}${sni}${count(suites)}${count(extensions)}${alpnCharacters(hello.applicationProtocols[0] ?? '')}`
  return `${shape}_${hash(sortedHex(suites))}_${hash(extensionText(extensions, hello.signatureAlgorithms.filter(isNoGrease)))}`
}

function versionOf({ legacyVersion, supportedVersions }: ClientHello): string {
  const offered = supportedVersions.filter(isNoGrease)
  return VERSIONS.get(offered.length === 0 ? legacyVersion : Math.max(...offered)) ?? '00'
}

function extensionText(extensions: readonly number[], signatureAlgorithms: readonly number[]): string {
  const sorted = sortedHex(extensions.filter(type => type !== SERVER_NAME && type !== ALPN))
  if (sorted === '' || signatureAlgorithms.length === 0) return sorted
  return `${sorted}_${signatureAlgorithms.map(hex).join(',')}`
}

/** The characters themselves where both are letters or digits, else the outer digits of the value in hex; `name` holds bytes. */
function alpnCharacters(name: string): string {
  if (name === '') return '00'
  const ends = name.charAt(0) + name.charAt(name.length - 1)
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends
  const digits = Buffer.from(name, 'latin1').toString('hex')
  return digits.charAt(0) + digits.charAt(digits.length - 1)
}

/** Both bytes the same and ending in A: 0x0A0A, 0x1A1A … 0xFAFA. */
function isNoGrease(value: number): boolean {
  return (value & 0x0f0f) !== 0x0a0a || value >>> 8 !== (value & 0xff)
}

function count(values: readonly number[]): string {
  return String(Math.min(values.length, 99)).padStart(2, '0')
}

function sortedHex(values: readonly number[]): string {
  return [...values]
    .sort((a, b) => a - b)
    .map(hex)
    .join(',')
}

function hex(value: number): string {
  return value.toString(16).padStart(4, '0')
}

function hash(text: string): string {
  return text === '' ? EMPTY_HASH : createHash('sha256').update(text).digest('hex').slice(0, 12)
}
