import { type OperatingSystem, windowsOfBuild, windowsOfNativeOs, windowsOfVersion } from './windows.ts'

interface Row {
  readonly pattern: RegExp
  /** Name of the system; the pattern's first group is its version. */
  readonly name: string
  readonly source: string
}

/**
 * What systems write of themselves where the text is free: sysDescr, LLDP and CDP descriptions, banners, UPnP server headers, native names.
 * The first row that fits wins, so that a distribution stands before its kernel.
 */
const ROWS: readonly Row[] = [
  { pattern: /\bIOS[- ]XE\b.*?Version ([\w.()]+)/i, name: 'Cisco IOS XE', source: 'Cisco, show version' },
  {
    pattern: /\b(?:IOS|Internetwork Operating System)\b.*?\bVersion ([\w.()]+)/,
    name: 'Cisco IOS',
    source: 'Cisco, show version',
  },
  { pattern: /\bNX-OS\b.*?Version ([\w.()]+)/, name: 'Cisco NX-OS', source: 'Cisco, show version' },
  { pattern: /^Cisco-1\.25$/, name: 'Cisco IOS', source: 'Cisco IOS, SSH identification' },
  { pattern: /\bJUNOS (\d[\w.-]*)/i, name: 'Junos', source: 'Juniper, sysDescr' },
  { pattern: /\bVMware ESXi? (\d[\w.]*)/, name: 'VMware ESXi', source: 'VMware, sysDescr' },
  { pattern: /\bQTS\b(?: (\d[\w.]*))?/, name: 'QTS', source: 'QNAP QTS, SMB native OS' },
  { pattern: /\bVxWorks[ /]?v?(\d+\.[\d.]*\d)/i, name: 'VxWorks', source: 'Wind River VxWorks, FTP greeting and sysDescr' },
  { pattern: /\bVxWorks\b/i, name: 'VxWorks', source: 'Wind River VxWorks, FTP greeting and sysDescr' },
  { pattern: /\bUbuntu\b(?:[ /](\d\d\.\d\d))?/, name: 'Ubuntu', source: 'Ubuntu openssh package, SSH identification' },
  { pattern: /\bRaspbian\b/, name: 'Raspbian', source: 'Raspbian openssh package, SSH identification' },
  { pattern: /\bDebian\b(?:\S*\+deb(\d+)u)?/, name: 'Debian', source: 'Debian openssh and postfix packages, greetings' },
  { pattern: /\bFreeBSD(?:[ /-](?:\S+ )?(\d[\w.-]*))?/, name: 'FreeBSD', source: 'uname -a and FreeBSD openssh, VersionAddendum' },
  { pattern: /\bNetBSD(?:-ftpd \d+|[ /](\d[\w.]*))?/, name: 'NetBSD', source: 'uname -a and NetBSD ftpd greeting' },
  { pattern: /\bOpenBSD(?:[ /](\d[\w.]*))?/, name: 'OpenBSD', source: 'uname -a' },
  { pattern: /\bSunOS(?: \S+)? (5\.\d+)/, name: 'SunOS', source: 'uname -a and Solaris telnetd and ftpd greetings' },
  { pattern: /\bHP-UX(?: \S+)? (B\.[\d.]+)/, name: 'HP-UX', source: 'uname -a' },
  { pattern: /\bAIX(?: [Vv]ersion)?:? ?(\d[\d.]*)?/, name: 'AIX', source: 'AIX sysDescr and telnetd greeting' },
  { pattern: /\bIRIX(?:64)?(?: \S+)? (\d[\d.]*)/, name: 'IRIX', source: 'uname -a' },
  { pattern: /\bQNX\b(?:[ /](?:\S+ )?(\d[\d.]*))?/, name: 'QNX', source: 'uname -a' },
  { pattern: /\b(?:Mac OS X|macOS)[ /]?(\d[\d.]*)?/, name: 'Mac OS X', source: 'Apple smbfs, SMB native OS; Apple UPnP and HTTP headers' },
  { pattern: /\bDarwin Kernel Version\b/, name: 'Mac OS X', source: 'uname -a' },
  {
    pattern: /\bLinux(?:\/| \S+ | )(\d+\.\d[\w.+-]*)/i,
    name: 'Linux',
    source: 'uname -a (sysDescr); UPnP Device Architecture, OS/version',
  },
  { pattern: /^(?:LINUX|Linux)\b/, name: 'Linux', source: 'HINFO of Avahi; UPnP Device Architecture, OS/version' },
  { pattern: /\bOpenSSH_for_Windows|\bMicrosoft FTP Service\b|\bMicrosoft ESMTP MAIL Service\b/, name: 'Windows', source: 'Microsoft' },
  { pattern: /^Unix$/, name: 'Unix', source: 'Samba, SMB native OS' },
]

/** sysDescr of the Windows SNMP service: `Software: Windows Version 6.3 (Build 9600 …`. */
const WINDOWS_DESCRIPTION = /\bWindows (?:NT |2000 )?Version (\d+\.\d+) \(Build (?:Number: )?(\d+)/
/** UPnP server header: `Microsoft-Windows/10.0 UPnP/1.0`, `Microsoft-Windows-NT/5.1`. */
const WINDOWS_SERVER_HEADER = /\bMicrosoft-Windows(?:-NT)?\/(\d+\.\d)\b/

/** Product token of browsers and of what passes for one: `Windows NT 10.0`. */
const WINDOWS_PRODUCT = /\bWindows NT (\d+\.\d)\b/

/** The operating system that a text names; undefined when no row fits. */
export function operatingSystemOf(text: string): OperatingSystem | undefined {
  const described = WINDOWS_DESCRIPTION.exec(text)
  if (described !== null) return windowsOfBuild(`${described[1]}.${described[2]}`)
  const served = WINDOWS_SERVER_HEADER.exec(text) ?? WINDOWS_PRODUCT.exec(text)
  if (served !== null) return windowsOfVersion(served[1])
  for (const { pattern, name, source } of ROWS) {
    const match = pattern.exec(text)
    if (match !== null) return { name, version: match[1], row: `operating-system:${pattern.source} (${source})` }
  }
  return undefined
}

/** The same of SMB's native operating system, where Windows gives its product or its version. */
export function operatingSystemOfNativeOs(text: string): OperatingSystem | undefined {
  return windowsOfNativeOs(text) ?? operatingSystemOf(text)
}
