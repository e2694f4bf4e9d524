import { type OperatingSystem, windowsOfBuild, windowsOfNativeOs, windowsOfVersion } from './windows.ts'

interface Row {
  readonly pattern: RegExp
  /** Name of the system; the pattern's first group is its version. */
  readonly name: string
  readonly source: string
}

const APACHE = 'Apache httpd, ServerTokens OS'
const GNU_TRIPLET = 'curl and Wget, system that they were built for'

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
  { pattern: /\bMicrosoft-WinCE\/(\d+\.\d+)/, name: 'Windows CE', source: 'Microsoft Windows CE, HTTP Server header' },
  { pattern: /\bUbuntu\b(?:[ /](\d\d\.\d\d))?/, name: 'Ubuntu', source: 'Ubuntu openssh package, SSH identification' },
  { pattern: /\bRaspbian\b/, name: 'Raspbian', source: 'Raspbian openssh package, SSH identification' },
  { pattern: /\bDebian GNU\/Linux (\d+)\b/, name: 'Debian', source: 'Debian os-release, as lldpd sends it' },
  { pattern: /\bDebian\b(?:\S*\+deb(\d+)u)?/, name: 'Debian', source: 'Debian openssh and postfix packages, greetings' },
  { pattern: /\((?:Red Hat(?: Enterprise Linux)?)\)/, name: 'Red Hat Enterprise Linux', source: APACHE },
  { pattern: /\(CentOS(?: Stream| Linux)?\)/, name: 'CentOS', source: APACHE },
  { pattern: /\(Fedora(?: Linux)?\)/, name: 'Fedora', source: APACHE },
  { pattern: /\bAndroid (\d+(?:\.\d+)*)/, name: 'Android', source: 'Android Open Source Project, user agent of WebView' },
  { pattern: /\bFreeBSD(?:[ /-](?:\S+ )?(\d[\w.-]*))?/, name: 'FreeBSD', source: 'uname -a and FreeBSD openssh, VersionAddendum' },
  { pattern: /\bNetBSD(?:-ftpd \d+|[ /](\d[\w.]*))?/, name: 'NetBSD', source: 'uname -a and NetBSD ftpd greeting' },
  { pattern: /\bOpenBSD(?:[ /](\d[\w.]*))?/, name: 'OpenBSD', source: 'uname -a' },
  { pattern: /-openbsd(\d+\.\d+)\b/, name: 'OpenBSD', source: GNU_TRIPLET },
  { pattern: /\bSunOS(?: \S+)? (5\.\d+)/, name: 'SunOS', source: 'uname -a and Solaris telnetd and ftpd greetings' },
  { pattern: /\bHP-UX(?: \S+)? (B\.[\d.]+)/, name: 'HP-UX', source: 'uname -a' },
  { pattern: /\bAIX(?: [Vv]ersion)?:? ?(\d[\d.]*)?/, name: 'AIX', source: 'AIX sysDescr and telnetd greeting' },
  { pattern: /\bIRIX(?:64)?(?: \S+)? (\d[\d.]*)/, name: 'IRIX', source: 'uname -a' },
  { pattern: /\bQNX\b(?:[ /](?:\S+ )?(\d[\d.]*))?/, name: 'QNX', source: 'uname -a' },
  { pattern: /\b(?:Mac OS X|macOS)[ /]?(\d[\d._]*)?/, name: 'Mac OS X', source: 'Apple smbfs, SMB native OS; Apple UPnP and HTTP headers' },
  { pattern: /\bDarwin Kernel Version\b/, name: 'Mac OS X', source: 'uname -a' },
  { pattern: /\(darwin\d[\d.]*\)/, name: 'Mac OS X', source: GNU_TRIPLET },
  {
    pattern: /\bLinux(?:\/| \S+ | )(\d+\.\d[\w.+-]*)/i,
    name: 'Linux',
    source: 'uname -a (sysDescr); UPnP Device Architecture, OS/version',
  },
  { pattern: /^(?:LINUX|Linux)\b/, name: 'Linux', source: 'HINFO of Avahi; UPnP Device Architecture, OS/version' },
  { pattern: /-linux-gnu\b/, name: 'Linux', source: GNU_TRIPLET },
  { pattern: /\bX11; (?:\w+; )?Linux\b/, name: 'Linux', source: 'Mozilla, user agent' },
  { pattern: /\bOpenSSH_for_Windows|\bMicrosoft FTP Service\b|\bMicrosoft ESMTP MAIL Service\b/, name: 'Windows', source: 'Microsoft' },
  { pattern: /\bMicrosoft-HTTPAPI\/\d|\bMicrosoft BITS\/\d/, name: 'Windows', source: 'Microsoft, HTTP.sys and BITS headers' },
  { pattern: /\(Win(?:32|64)\)/, name: 'Windows', source: APACHE },
  { pattern: /\bGoogle Chrome\/[\d.]+ Windows\b/, name: 'Windows', source: 'Chromium, user agent of its SSDP search' },
  { pattern: /^Unix$/, name: 'Unix', source: 'Samba, SMB native OS' },
]

/** sysDescr of the Windows SNMP service: `Software: Windows Version 6.3 (Build 9600 …`. */
const WINDOWS_DESCRIPTION = /\bWindows (?:NT |2000 )?Version (\d+\.\d+) \(Build (?:Number: )?(\d+)/
/** UPnP server header: `Microsoft-Windows/10.0 UPnP/1.0`, `Microsoft-Windows-NT/5.1`. */
const WINDOWS_SERVER_HEADER = /\bMicrosoft-Windows(?:-NT)?\/(\d+\.\d)\b/

/** Product token of browsers and of what passes for one: `Windows NT 10.0`. */
const WINDOWS_PRODUCT = /\bWindows NT (\d+\.\d)\b/

/** Releases of Ubuntu by the version of its openssh package (Ubuntu, openssh source package). */
const UBUNTU_OPENSSH: ReadonlyMap<string, string> = new Map([
  ['5.3p1', '10.04'],
  ['5.9p1', '12.04'],
  ['6.6.1p1', '14.04'],
  ['7.2p2', '16.04'],
  ['7.6p1', '18.04'],
  ['8.2p1', '20.04'],
  ['8.9p1', '22.04'],
  ['9.6p1', '24.04'],
])
const UBUNTU_IDENTIFICATION = /^OpenSSH_(\S+) Ubuntu-/

/** Windows by the version of IIS that comes with it (Microsoft, "How to obtain versions of Internet Information Server"). */
const WINDOWS_OF_IIS: ReadonlyMap<string, string> = new Map([
  ['5.0', '5.0'],
  ['5.1', '5.1'],
  ['6.0', '5.2'],
  ['7.0', '6.0'],
  ['7.5', '6.1'],
  ['8.0', '6.2'],
  ['8.5', '6.3'],
  ['10.0', '10.0'],
])
const IIS = /\bMicrosoft-IIS\/(\d+\.\d)\b/

/** TXT record of `_device-info`: macOS 10.4 is 8, and so on; from 11 on it is the major version of Darwin, 20 (Apple, Darwin releases). */
const MACOS_RELEASE = /^osxvers=(\d{1,2})$/

/** What follows of tables of versions, and not of one pattern. */
function systemByVersion(text: string): OperatingSystem | undefined {
  const openssh = UBUNTU_IDENTIFICATION.exec(text)?.[1]
  if (openssh !== undefined)
    return { name: 'Ubuntu', version: UBUNTU_OPENSSH.get(openssh), row: `ubuntu-openssh:${openssh} (Ubuntu, openssh)` }
  const iis = IIS.exec(text)?.[1] ?? ''
  const windows = windowsOfVersion(WINDOWS_OF_IIS.get(iis) ?? '')
  if (windows !== undefined) return { ...windows, row: `iis-version:${iis} (Microsoft, versions of IIS)` }
  const release = Number(MACOS_RELEASE.exec(text)?.[1] ?? 0)
  if (release < 4) return undefined
  const version = release < 20 ? `10.${release - 4}` : String(release - 9)
  return { name: 'Mac OS X', version, row: `osxvers:${release} (Apple, Darwin releases)` }
}

/** The operating system that a text names; undefined when no row fits. */
export function operatingSystemOf(text: string): OperatingSystem | undefined {
  const described = WINDOWS_DESCRIPTION.exec(text)
  if (described !== null) return windowsOfBuild(`${described[1]}.${described[2]}`)
  const served = WINDOWS_SERVER_HEADER.exec(text) ?? WINDOWS_PRODUCT.exec(text)
  if (served !== null) return windowsOfVersion(served[1])
  return systemByVersion(text) ?? systemByPattern(text)
}

function systemByPattern(text: string): OperatingSystem | undefined {
  for (const { pattern, name, source } of ROWS) {
    const match = pattern.exec(text)
    if (match !== null) return { name, version: match[1]?.replaceAll('_', '.'), row: `operating-system:${pattern.source} (${source})` }
  }
  return undefined
}

/** The same of SMB's native operating system, where Windows gives its product or its version. */
export function operatingSystemOfNativeOs(text: string): OperatingSystem | undefined {
  return windowsOfNativeOs(text) ?? operatingSystemOf(text)
}
