import type { X509Certificate } from 'node:crypto'
import { FactList } from '../fact-list.ts'
import type { IdentityFact } from '../observation.ts'
import { hostName } from '../text.ts'
import { distinguishedName, isSelfSigned, valuesIn } from './certificate.ts'

/** Extended key usages (RFC 5280 §4.2.1.12; Microsoft, smart card logon). */
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1'
const OF_PERSONS: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.4', '1.3.6.1.4.1.311.20.2.2'])
/** Attributes of a subject that is a person (RFC 5280 appendix A.1, RFC 3739 §3.1.1): address, given name, surname, account … */
const PERSONAL_ATTRIBUTES = ['emailAddress', 'GN', 'SN', 'UID', 'title', 'initials', 'pseudonym', 'generationQualifier'] as const
const PERSONAL_ALTERNATIVE = /(?:^|, )(?:email:|othername:(?:UPN|SmtpUTF8Mailbox|XmppAddr)\b)/
/** `John Doe`: words and nothing that numbers a device. */
const WORDS = /^\D+\s\D+$/
const DNS_NAME = /(?:^|, )DNS:([^\s,"]{1,253})(?=, |$)/g
/** Names of one certificate that are looked at. */
const MAX_NAMES = 64
/** Letters, digits and hyphens (RFC 1123 §2.1), and the underscore of Windows: no wildcard, no number, no address. */
const HOST_NAME = /^(?=.{0,252}[a-z])[a-z0-9](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9](?:[a-z0-9_-]{0,62}))*$/i
/** A name alone, which may as well be a product's or a person's, is a host's when it is numbered; numbers in hex are none. */
const NUMBERED = /^(?![0-9a-f]{8,}$)(?=.*\d)/i

/**
 * What a certificate says of the host that presented it: its name, and whom it and its issuer belong to. `certificate_subject` and
 * `certificate_issuer` are there to be recognized by what is known of makers and products, and not to be kept. A certificate of a person
 * says nothing.
 */
export function holderFacts(x509: X509Certificate, side: 'client' | 'server'): readonly IdentityFact[] {
  try {
    const subject = distinguishedName(x509.subject)
    if (side === 'client' && isOfPerson(x509, subject)) return []
    const list = new FactList()
    list.add('hostname', ...hostOf(x509, subject, side))
    list.add('certificate_subject', subject, 'subject')
    if (!isSelfSigned(x509)) list.add('certificate_issuer', distinguishedName(x509.issuer), 'issuer')
    return list.facts
  } catch {
    return []
  }
}

function isOfPerson(x509: X509Certificate, subject: string): boolean {
  return (
    PERSONAL_ATTRIBUTES.some(type => valuesIn(subject, type).length > 0) ||
    PERSONAL_ALTERNATIVE.test(x509.subjectAltName ?? '') ||
    usages(x509).some(usage => OF_PERSONS.has(usage)) ||
    valuesIn(subject, 'CN').some(name => WORDS.test(name))
  )
}

function usages(x509: X509Certificate): readonly string[] {
  return x509.keyUsage ?? []
}

/**
 * The host that a certificate was made for, and where it stands: an alternative name, where there are any, else the common name (RFC 9525
 * §2). A certificate of several hosts names the one of them that is its common name, or none. The common name of a client that is no server
 * too may be anything.
 */
function hostOf(x509: X509Certificate, subject: string, side: 'client' | 'server'): readonly [name: string | undefined, field: string] {
  const names = dnsNames(x509)
  const common = valuesIn(subject, 'CN').map(hostName).find(isHost)
  if (names.length > 0) {
    const label = labelOf(names[0])
    if (names.every(name => labelOf(name) === label)) return [longest(names.filter(isHost)), 'subjectAltName']
    return [names.find(name => name.toLowerCase() === common?.toLowerCase()), 'subjectAltName']
  }
  const isOfHost = side === 'server' || usages(x509).includes(SERVER_AUTHENTICATION)
  return [isOfHost && common !== undefined && (common.includes('.') || NUMBERED.test(common)) ? common : undefined, 'subject CN']
}

function dnsNames(x509: X509Certificate): readonly string[] {
  const names: string[] = []
  for (const [, name] of (x509.subjectAltName ?? '').matchAll(DNS_NAME)) if (names.push(name) >= MAX_NAMES) break
  return names
}

function isHost(name: string | undefined): name is string {
  return name !== undefined && HOST_NAME.test(name) && hostName(name) !== undefined
}

function labelOf(name: string): string {
  return name.split('.', 1)[0].toLowerCase()
}

function longest(names: readonly string[]): string | undefined {
  return names.toSorted((one, other) => other.length - one.length)[0]
}
