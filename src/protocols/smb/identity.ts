import { FactList } from '../fact-list.ts'
import type { IdentityFact } from '../observation.ts'
import { cleanText, hostName } from '../text.ts'
import { readKerberosService } from './kerberos.ts'
import type { SmbStatement } from './message.ts'
import { readNtlm } from './ntlmssp.ts'

/** Native names are ASCII in every implementation; attack tools put anything there. */
const PRINTABLE = /^[\x20-\x7e]+$/
/** Samba calls its system Windows unless told otherwise, so that old clients are content. */
const PRETENDS_WINDOWS = /^Samba\b/i

/** What a message says of its sender. */
export function smbFacts(statement: SmbStatement): readonly IdentityFact[] {
  const list = new FactList()
  const { isResponse, nativeOs, nativeLanManager } = statement
  if (isResponse) list.add('service', 'smb', 'response')
  list.add('smb_dialect', statement.dialect, 'DialectRevision')
  const isPretence = PRETENDS_WINDOWS.test(nativeLanManager ?? '') && /^Windows/i.test(nativeOs ?? '')
  if (!isPretence) list.add('native_os', printable(nativeOs), 'NativeOS')
  list.add('native_lan_manager', printable(nativeLanManager), 'NativeLanMan')
  list.add('hostname', hostName(statement.computerName ?? ''), 'ServerName')
  list.add('domain', hostName(statement.domainName ?? ''), 'DomainName')
  if (statement.token !== undefined) addNtlm(list, statement)
  return list.facts
}

/** What a client's message says of the server: the host that its ticket is for. */
export function serverFacts({ isResponse, token }: SmbStatement): readonly IdentityFact[] {
  const service = isResponse || token === undefined ? undefined : readKerberosService(token)
  if (service === undefined) return []
  const list = new FactList()
  list.add('hostname', hostName(service.host), 'Kerberos sname')
  list.add('domain', hostName(service.realm), 'Kerberos realm')
  return list.facts
}

function printable(text: string | undefined): string | undefined {
  const clean = cleanText(text ?? '')
  return clean !== undefined && PRINTABLE.test(clean) ? clean : undefined
}

function addNtlm(list: FactList, { token }: SmbStatement): void {
  const ntlm = token && readNtlm(token)
  if (ntlm === undefined) return
  const { message, version, computerName, dnsComputerName, domainName, dnsDomainName } = ntlm
  list.add('os_build', version, `NTLMSSP ${message} Version`)
  list.add('hostname', hostName(dnsComputerName ?? ''), 'MsvAvDnsComputerName')
  list.add('hostname', hostName(computerName ?? ''), message === 'CHALLENGE' ? 'MsvAvNbComputerName' : 'Workstation')
  // A host in no domain gives its own name for one.
  if (dnsDomainName !== dnsComputerName) list.add('domain', hostName(dnsDomainName ?? ''), 'MsvAvDnsDomainName')
  if (domainName !== computerName) list.add('domain', hostName(domainName ?? ''), 'MsvAvNbDomainName')
}
