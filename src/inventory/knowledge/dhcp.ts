import { groupsIn, type Recognition } from './recognition.ts'
import type { OperatingSystem } from './windows.ts'

interface ClassRow {
  readonly pattern: RegExp
  /** Name of the system; the pattern's first group is its version. */
  readonly name: string
  readonly source: string
}

/** Vendor classes (option 60) that DHCP clients send by themselves. */
const CLASSES: readonly ClassRow[] = [
  { pattern: /^MSFT 98$/, name: 'Windows 98', source: '[MS-DHCPE] vendor class identifiers' },
  { pattern: /^MSFT 5\.0$/, name: 'Windows', source: '[MS-DHCPE] vendor class identifiers: Windows 2000 and later' },
  { pattern: /^android-dhcp-(\d[\d.]*)$/, name: 'Android', source: 'Android Open Source Project, DhcpClient' },
  { pattern: /^dhcpcd[- ]\S*?:Linux-(\d[\w.+-]*)/, name: 'Linux', source: 'dhcpcd(8): version, system, machine' },
  { pattern: /^udhcp \d/, name: 'Linux', source: 'BusyBox udhcpc, default vendor class' },
]

interface FingerprintRow {
  /** Requested options in their order; a trailing comma leaves open what follows. */
  readonly options: string
  readonly name: string
  readonly source: string
}

/** Lists of requested options (option 55) that are one client's own. */
const FINGERPRINTS: readonly FingerprintRow[] = [
  {
    options: '1,15,3,6,44,46,47,31,33,43',
    name: 'Windows 2000',
    source: 'measured with the browser announcement of the same host (OS 5.0); [MS-DHCPE]: neither option 249 nor 121',
  },
  {
    options: '1,15,3,6,44,46,47,31,33,249,43',
    name: 'Windows XP or Windows Server 2003',
    source: '[MS-DHCPE]: option 249 without 121',
  },
  {
    options: '1,15,3,6,44,46,47,31,33,121,249,43',
    name: 'Windows Vista, 7 or 8, or Windows Server 2008 or 2012',
    source: '[MS-DHCPE]: options 121 and 249, in the order before Windows 10',
  },
  {
    options: '1,15,3,6,44,46,47,31,33,121,249,252,43',
    name: 'Windows Vista, 7 or 8, or Windows Server 2008 or 2012',
    source: '[MS-DHCPE]: options 121 and 249, in the order before Windows 10',
  },
  {
    options: '1,3,6,15,31,33,43,44,46,47,121,249,252',
    name: 'Windows 10 or later',
    source: 'measured with the NTLM version of the same host (10.0.10586)',
  },
  {
    options: '1,28,2,3,15,6,119,12,44,47,26,121,42,',
    name: 'Linux',
    source: 'dhclient.conf of Debian isc-dhcp-client',
  },
]

/** The system that sends a vendor class. */
export function systemOfVendorClass(vendorClass: string): OperatingSystem | undefined {
  for (const { pattern, name, source } of CLASSES) {
    const match = pattern.exec(vendorClass)
    if (match !== null) return { name, version: match[1], row: `dhcp-vendor-class:${pattern.source} (${source})` }
  }
  return undefined
}

/** The system that asks for these options in this order. */
export function systemOfFingerprint(options: string): OperatingSystem | undefined {
  const row = FINGERPRINTS.find(known =>
    known.options.endsWith(',') ? `${options},`.startsWith(known.options) : options === known.options,
  )
  return row && { name: row.name, version: undefined, row: `dhcp-fingerprint:${row.options} (${row.source})` }
}

/** `Mfg=…;Typ=…;Mod=…;Ser=…`: the vendor class of many printers, which name themselves in it. */
const DEVICE_ID = /^Mfg=(?<manufacturer>[^;]+);(?:Typ=[^;]*;)?Mod=(?<model>[^;]+)(?:;Ser=(?<serial_number>[^;]+))?/i

/** Make, model and serial number in a vendor class. */
export function printerOfVendorClass(vendorClass: string): Recognition | undefined {
  const said = groupsIn(DEVICE_ID, vendorClass)
  return said && { said, row: 'dhcp-vendor-class:Mfg=…;Mod=…;Ser=… (printer device ids: HP, Xerox and Lexmark administration guides)' }
}
