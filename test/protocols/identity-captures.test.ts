import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TSHARK_IS_MISSING } from '../oracle/tshark.ts'
import { type Statement, statementsOf, systemsOf } from './statements.ts'

const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared', 'captures')

interface Expected {
  readonly capture: string
  /** What the capture's name and content state: `protocol subject attribute: value`. */
  readonly states: readonly string[]
  /** The systems that the knowledge tables make of it. */
  readonly systems: readonly string[]
}

const WINDOWS_7_LIKE = 'Windows Vista, 7 or 8, or Windows Server 2008 or 2012 (low)'

const CAPTURES: readonly Expected[] = [
  // --- DHCP ---
  {
    capture: 'suricata-verify/bug-2158/public-ex1_section8_Sofacy.pcap',
    states: [
      'dhcp 00-C0-A8-85-0C-23 hostname: public-ea8367e7',
      'dhcp 00-C0-A8-85-0C-23 vendor_class: MSFT 5.0',
      'dhcp 00-C0-A8-85-0C-23 192.168.35.10 ip: 192.168.35.10',
      'dhcp 192.168.35.1 service: dhcp',
    ],
    systems: ['Windows XP or Windows Server 2003 (low)', 'Windows (low)'],
  },
  {
    capture: 'suricata-verify/decode-dce/input.pcap',
    states: ['dhcp 5C-F3-FC-A9-33-8D hostname: WinSniff2'],
    systems: [WINDOWS_7_LIKE, 'Windows (low)'],
  },
  {
    capture: 'suricata-verify/dhcp-eve-extended-option-60/input.pcap',
    states: ['dhcp 28-CF-DA-DC-8D-76 hostname: NicksMacBook', 'dhcp 28-CF-DA-DC-8D-76 vendor_class: MSFT 5.0'],
    systems: [WINDOWS_7_LIKE, 'Windows (low)'],
  },
  {
    capture: 'suricata-verify/dhcp-eve-extended/input.pcap',
    states: ['dhcp 00-11-32-17-49-F0 10.16.1.4 hostname: nas1', 'dhcp 10.16.1.1 service: dhcp'],
    systems: [],
  },
  {
    capture: 'suricata-verify/dhcp-option-52-overload/input.pcap',
    states: ['dhcp 92-DD-A4-8D-5F-DE vendor_class: udhcp 1.36.1', 'dhcp 92-DD-A4-8D-5F-DE 10.100.0.50 ip: 10.100.0.50'],
    systems: ['Linux (low)'],
  },
  {
    capture: 'zeek/dhcp/dhcp_time_and_nameserver.pcap',
    states: ['dhcp 00-90-F5-91-CD-1F hostname: pop-os', 'dhcp 00-90-F5-91-CD-1F 192.168.15.250 ip: 192.168.15.250'],
    systems: ['Linux (low)'],
  },
  {
    capture: 'zeek/dhcp/dhcp_flood.pcap',
    states: ['dhcp 90-B1-1C-99-49-29 128.2.6.122 dhcp_fingerprint: 1'],
    systems: [],
  },
  {
    capture: 'suricata-verify/sip-method/sip.pcap',
    states: [
      'dhcp 00-E0-ED-01-6E-BD 192.168.1.2 hostname: d002465',
      'nbdgm 00-E0-ED-01-6E-BD 192.168.1.2 hostname: D002465',
      'nbdgm 00-E0-ED-01-6E-BD 192.168.1.2 os_version: 5.0',
      'nbdgm 00-60-97-0F-EE-72 192.168.1.41 hostname: LAB111',
      'ftp 147.234.1.253 banner: ProFTPD Server In ECI Telecom (ftp.ecitele.com)',
    ],
    systems: ['Windows 2000 5.0 (low)', 'Windows XP 5.1 (low)', 'Windows 2000 (low)', 'Windows (low)'],
  },
  // --- SMB ---
  {
    capture: 'suricata-verify/output-eve-smb-01/input.pcap',
    states: [
      'smb 192.168.1.3 native_os: Windows Server 2019 Standard 17763',
      'smb 192.168.1.3 hostname: WIN-MV8B5VI0FAL',
      'smb 192.168.1.3 smb_dialect: NT LM 0.12',
      'smb 192.168.1.100 native_lan_manager: Samba',
    ],
    systems: ['Unix (low)', 'Windows Server 2019 Standard 10.0.17763 (high)', 'Windows 10 1809 or Windows Server 2019 10.0.17763 (medium)'],
  },
  {
    capture: 'suricata-verify/smb-eicar-andx/smbandx.pcap',
    states: ['smb 192.168.1.51 native_os: Windows 10 Home 15063', 'smb 192.168.1.51 hostname: DESKTOP-LIVQI8B'],
    systems: ['Unix (low)', 'Windows 10 Home 10.0.15063 (high)', 'Windows 10 1703 10.0.15063 (medium)'],
  },
  {
    capture: 'suricata-verify/smb-version-keyword/input.pcap',
    states: ['smb 172.31.222.157 hostname: ws01.cylera.lab', 'smb 172.31.222.157 domain: cylera.lab', 'smb 172.31.222.186 hostname: WS02'],
    systems: ['Windows 10 1809 or Windows Server 2019 10.0.17763 (medium)'],
  },
  {
    capture: 'suricata-verify/smb1-03-midstream/smb1_osx-s1-midstream-modified.pcap',
    states: [
      'smb 192.168.1.10 native_os: Mac OS X 10.10',
      'smb 192.168.1.10 native_lan_manager: SMBFS 3.0.0',
      'smb 192.168.1.2 native_os: QTS',
      'smb 192.168.1.2 native_lan_manager: Samba 4.4.16',
      'smb 192.168.1.2 hostname: TS412',
    ],
    systems: ['Mac OS X 10.10 (high)', 'Windows 7 or Windows Server 2008 R2 6.1.7600 (low)', 'QTS (high)'],
  },
  {
    capture: 'suricata-verify/smb2-09-trunc-file-logging/input.pcap',
    states: [
      'smb 10.7.9.6 native_os: Windows Server 2008 R2 Standard 7601 Service Pack 1',
      'smb 10.7.9.6 smb_dialect: 2.1',
      'smb 10.7.9.103 native_lan_manager: pysmb',
    ],
    systems: ['Windows Server 2008 R2 Standard Service Pack 1 6.1.7601 (high)'],
  },
  {
    capture: 'suricata-verify/smb2-delete/input.pcap',
    states: ['smb 192.168.1.51 os_build: 10.0.15063', 'smb 192.168.1.12 hostname: AIR-DE-CATENA', 'smb 192.168.1.51 smb_dialect: 3.0.2'],
    systems: ['Windows 7 or Windows Server 2008 R2 6.1.7600 (low)', 'Windows 10 1703 10.0.15063 (medium)'],
  },
  {
    capture: 'suricata-verify/dcerpc/dcerpc-bind-no-frag-flag/input.pcap',
    states: ['smb 10.10.0.20 hostname: dc1.dom189.local', 'smb 10.10.0.20 domain: dom189.local', 'smb 10.10.0.20 os_build: 10.0.20348'],
    systems: ['Windows Server 2022 10.0.20348 (medium)'],
  },
  {
    capture: 'suricata-verify/dcerpc/dcerpc-smb-ctxid/input.pcap',
    states: ['smb 192.168.56.102 hostname: GURDIL-PC1', 'smb 192.168.56.101 hostname: DC1.purp.le'],
    systems: ['Windows 10 2004 10.0.19041 (medium)', 'Windows 10 1607 or Windows Server 2016 10.0.14393 (medium)'],
  },
  {
    capture: 'zeek/smb/raw_ntlm_in_smb.pcap',
    states: [
      'smb 192.168.56.101 native_os: Windows 5.1',
      'smb 192.168.56.101 hostname: TEST-F7DFBC3FE9',
      'smb 192.168.56.1 native_os: Mac OS X 10.10',
      'smb 192.168.56.1 hostname: BABYBOOK',
      'nbdgm 08-00-27-46-28-0B 192.168.56.101 os_version: 5.1',
    ],
    systems: [
      'Mac OS X 10.10 (high)',
      'Windows 7 or Windows Server 2008 R2 6.1.7600 (low)',
      'Windows XP 5.1 (high)',
      'Windows XP 5.1.2600 (medium)',
      'Windows XP 5.1 (low)',
    ],
  },
  {
    capture: 'zeek/smb/smb1_transaction2_request.pcap',
    states: [
      'smb 192.168.0.2 hostname: JESSIE',
      'smb 192.168.0.2 native_lan_manager: Samba 4.7.4',
      'smb 192.168.0.1 native_os: Windows 4.0',
    ],
    systems: ['Windows NT 4.0 4.0 (high)'],
  },
  {
    capture: 'zeek/smb/smb3_negotiate_context.pcap',
    states: ['smb 192.168.1.21 smb_dialect: 3.1.1'],
    systems: [],
  },
  // --- names ---
  {
    capture: 'suricata-verify/smb2-ntlmssp-negotiateflags/input.pcap',
    states: [
      'dhcp 00-0C-29-61-F5-5F hostname: DESKTOP-V1FA0UQ',
      'dhcp 00-0C-29-61-F5-5F 192.168.199.133 ip: 192.168.199.133',
      'dhcpv6 00-0C-29-61-F5-5F fe80::65b5:3a97:92d1:9199 dhcp_client_id: 000100011f0c78b5000c2961f55f',
      'dhcpv6 00-50-56-C0-00-01 fe80::78da:c04d:12da:8a08 enterprise_number: 311',
      'nbns 00-0C-29-61-F5-5F 192.168.199.133 hostname: DESKTOP-V1FA0UQ',
      'nbns 00-0C-29-61-F5-5F 192.168.199.133 domain: WORKGROUP',
      'nbns 192.168.199.1 hostname: SCV',
      'llmnr 00-0C-29-61-F5-5F 192.168.199.133 hostname: DESKTOP-V1FA0UQ',
      'llmnr 00-50-56-C0-00-01 192.168.199.1 hostname: SCV',
      'nbdgm 00-50-56-C0-00-01 192.168.199.1 os_version: 6.3',
      'smb 192.168.199.1 native_os: Windows 8.1 9600',
      'smb 192.168.199.132 hostname: DESKTOP-2AEFM7G',
    ],
    systems: [
      'Windows (low)',
      'Windows 10 or later (low)',
      'Windows 10 or later 10.0 (low)',
      'Windows 8.1 or Windows Server 2012 R2 6.3 (low)',
      'Windows 10 1511 10.0.10586 (medium)',
      'Windows 8.1 6.3.9600 (high)',
      'Windows 8.1 or Windows Server 2012 R2 6.3.9600 (medium)',
    ],
  },
  {
    capture: 'suricata-verify/decode-teredo-01/input.pcap',
    states: ['nbdgm 00-16-CF-41-9C-20 192.168.2.16 hostname: ESURNIR-LAPTOP', 'dhcp 00-1A-E9-9D-53-B7 hostname: Wii'],
    systems: ['Windows XP 5.1 (low)'],
  },
  {
    capture: 'suricata-verify/rfb-partial-tx/in.pcap',
    states: ['nbdgm 52-54-00-92-D4-7B 192.168.178.94 hostname: VMAC'],
    // A Mac: Apple's NetBIOS says that it is Windows 6.1.
    systems: [],
  },
  {
    capture: 'zeek/wikipedia-filtered-plus-udp.pcap',
    states: [
      'mdns 00-17-F2-D7-CF-65 141.142.220.50 hostname: gemini',
      'mdns 00-17-F2-D7-CF-65 141.142.220.50 service: _sftp-ssh._tcp',
      'mdns 00-17-F2-D7-CF-65 fe80::217:f2ff:fed7:cf65 hostname: gemini',
    ],
    systems: [],
  },
  {
    capture: 'zeek/dns/mdns-no-assoc.pcap',
    states: ['mdns 02-00-DE-AD-BE-EF 192.168.0.2 hostname: unrelated-reply-a', 'mdns fe80::1 hostname: v6-unrelated'],
    systems: [],
  },
  {
    capture: 'zeek/erspan.pcap',
    states: ['dhcpv6 00-50-56-82-08-D1 fe80::34f7:703d:ac05:43d6 hostname: TFDSP.sp.local'],
    systems: ['Windows (low)', 'Windows 7 or Windows Server 2008 R2 6.1 (low)'],
  },
  {
    capture: 'suricata-verify/http-request-invalid/input.pcap',
    states: ['ssdp 0A-00-27-00-00-02 192.168.56.1 user_agent: Google Chrome/69.0.3497.100 Windows'],
    systems: ['Windows (low)', 'Windows 10 or later 10.0 (low)', 'Ubuntu (low)'],
  },
  // --- link layer ---
  {
    capture: 'zeek/lldp.pcap',
    states: [
      'lldp 00-22-2D-81-DB-10 192.168.2.10 hostname: SMCGS8P-Smart',
      'lldp 00-22-2D-81-DB-10 192.168.2.10 system_description: SMCGS8P-Smart - SMCGS8P-Smart v3.20',
      'lldp 00-22-2D-81-DB-10 192.168.2.10 capability: bridge',
    ],
    systems: [],
  },
  {
    capture: 'suricata-verify/enip-keywords/enip_cip_example.pcap',
    states: ['lldp 00-21-91-06-F1-66 208.73.217.142 mac: 00-21-91-06-F1-66', 'lldp 64-4B-F0-2B-31-71 mac: 64-4B-F0-2B-31-71'],
    systems: [],
  },
  {
    capture: 'zeek/cdp-v1.pcap',
    states: [
      'cdp 00-E0-1E-D5-D5-15 192.168.10.1 hostname: R1',
      'cdp 00-E0-1E-D5-D5-15 192.168.10.1 model: cisco 1601',
      'cdp 00-E0-1E-D5-D5-15 192.168.10.1 capability: router',
    ],
    systems: ['Cisco IOS 11.2(12)P (medium)'],
  },
  // --- SNMP ---
  {
    capture: 'zeek/snmp/snmpv1_get.pcap',
    states: [
      'snmp 172.31.19.73 hostname: B6300',
      "snmp 172.31.19.73 location: Chandra's cube",
      'snmp 172.31.19.73 system_object_id: 1.3.6.1.4.1.2001.1.1.1.297.93.1.27.2.2.1',
    ],
    systems: [],
  },
  {
    capture: 'suricata-verify/snmp-v2c-get/SNMPv2c_get_requests.pcap',
    states: ['snmp 10.144.246.161 service: snmp'],
    systems: [],
  },
  // --- banners ---
  {
    capture: 'zeek/ssh/ssh_client_sends_first_enc_pkt_with_newkeys.pcap',
    states: ['ssh 192.168.57.3 banner: OpenSSH_7.6p1 Ubuntu-4ubuntu0.3', 'ssh 10.0.2.15 banner: PuTTY_Release_0.72'],
    systems: ['Ubuntu 18.04 (low)'],
  },
  {
    capture: 'suricata-verify/ssh-hassh-reassembled/input.pcap',
    states: ['ssh 10.0.0.2 banner: Cisco-1.25', 'ssh 10.0.0.2 service: ssh', 'ssh 10.0.0.1 banner: Cisco-1.25'],
    systems: ['Cisco IOS (low)'],
  },
  {
    capture: 'zeek/ftp/ipv6.pcap',
    states: ['ftp 2001:470:4867:99::21 banner: ftp.NetBSD.org FTP server (NetBSD-ftpd 20100320) ready.'],
    systems: ['NetBSD (low)'],
  },
  {
    capture: 'zeek/smtp/smtp-bdat-cmd-invalid.pcapng',
    states: ['smtp 127.0.0.1 banner: example.com ESMTP Postfix (Debian/GNU)'],
    systems: ['Debian (low)'],
  },
  {
    capture: 'zeek/mixed-vlan-mpls.pcap',
    states: ['telnet 10.34.0.1 service: telnet'],
    systems: [],
  },
]

const present = ({ capture }: Expected): boolean => existsSync(join(SHARED, capture))

describe.skipIf(!existsSync(SHARED))('what public captures say of hosts (skipped where they are not at hand)', () => {
  test.each(CAPTURES.filter(present))('$capture', async ({ capture, states, systems }) => {
    const statements = await statementsOf(join(SHARED, capture))
    expect(statements.map(line)).toEqual(expect.arrayContaining([...states]))
    expect([...systemsOf(statements)].sort()).toEqual([...systems].sort())
  })
})

function line({ protocol, mac, address, attribute, value }: Statement): string {
  return [protocol, mac, address, `${attribute}: ${value}`].filter(part => part !== undefined).join(' ')
}

/** One value of every frame that tshark finds, by what it is about. */
interface Question {
  readonly protocol: Statement['protocol']
  readonly attribute: string
  readonly filter: string
  readonly subject: string
  readonly value: string
}

const QUESTIONS: readonly Question[] = [
  { protocol: 'dhcp', attribute: 'hostname', filter: 'dhcp.type == 1', subject: 'dhcp.hw.mac_addr', value: 'dhcp.option.hostname' },
  {
    protocol: 'dhcp',
    attribute: 'vendor_class',
    filter: 'dhcp.type == 1',
    subject: 'dhcp.hw.mac_addr',
    value: 'dhcp.option.vendor_class_id',
  },
  { protocol: 'smb', attribute: 'native_os', filter: 'smb.cmd == 0x73', subject: 'ip.src', value: 'smb.native_os' },
  {
    protocol: 'smb',
    attribute: 'hostname',
    filter: 'smb2.cmd == 1 || smb.cmd == 0x73',
    subject: 'ip.src',
    value: 'ntlmssp.challenge.target_info.nb_computer_name',
  },
  { protocol: 'smb', attribute: 'hostname', filter: 'smb2.cmd == 1 || smb.cmd == 0x73', subject: 'ip.src', value: 'ntlmssp.auth.hostname' },
  {
    protocol: 'nbdgm',
    attribute: 'hostname',
    filter: 'browser.command == 1 || browser.command == 15',
    subject: 'ip.src',
    value: 'browser.server',
  },
  { protocol: 'lldp', attribute: 'hostname', filter: 'lldp', subject: 'eth.src', value: 'lldp.tlv.system.name' },
  { protocol: 'cdp', attribute: 'model', filter: 'cdp', subject: 'eth.src', value: 'cdp.platform' },
  { protocol: 'ssh', attribute: 'banner', filter: 'ssh.protocol', subject: 'ip.src', value: 'ssh.protocol' },
]

/** What tshark can be asked of a capture that states something of the protocol. */
function questionsOf({ states }: Expected): readonly Question[] {
  return QUESTIONS.filter(({ protocol }) => states.some(state => state.startsWith(`${protocol} `)))
}

describe.skipIf(!existsSync(SHARED) || TSHARK_IS_MISSING)('tshark finds the same (skipped where it or the captures are missing)', () => {
  test.each(CAPTURES.filter(expected => present(expected) && questionsOf(expected).length > 0))('in $capture', async expected => {
    const file = join(SHARED, expected.capture)
    const statements = await statementsOf(file)
    for (const question of questionsOf(expected)) {
      const ours = statements
        .filter(({ protocol, attribute }) => protocol === question.protocol && attribute === question.attribute)
        .flatMap(({ mac, address, value }) => [`${address} ${value}`, `${mac?.replaceAll('-', ':').toLowerCase()} ${value}`])
      for (const theirs of tshark(file, question)) expect(ours).toContain(theirs)
    }
  })
})

/** Samba's pretence, which is not believed, and tshark's word for an empty name. */
const NO_STATEMENT: ReadonlySet<string> = new Set(['Windows 6.1', 'NULL'])

function tshark(file: string, { filter, subject, value }: Question): readonly string[] {
  const args = ['-r', file, '-Y', `(${filter}) && ${value}`, '-T', 'fields', '-E', 'occurrence=f', '-e', subject, '-e', value]
  const lines = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
  return lines
    .map(text => text.split('\t'))
    .filter(([, said = '']) => /^[\x20-\x7e]+$/.test(said) && !NO_STATEMENT.has(said))
    .map(([about, said]) => `${about} ${said.replace(/^SSH-[\d.]+-/, '')}`)
}
