import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { TSHARK_IS_MISSING } from '../oracle/tshark.ts'
import { productsOf, type Statement, statementsOf, systemsOf } from './statements.ts'

const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared', 'captures')

interface Expected {
  readonly capture: string
  readonly states: readonly string[]
  readonly systems: readonly string[]
  readonly products?: readonly string[]
}

/** The table. */
const CAPTURES: readonly Expected[] = Object.entries(
  parse(readFileSync(join(import.meta.dirname, 'identity-captures.yml'), 'utf8')) as Record<string, Omit<Expected, 'capture'>>,
).map(([capture, expected]) => ({ capture, ...expected }))

const present = ({ capture }: Expected): boolean => existsSync(join(SHARED, capture))

describe.skipIf(!existsSync(SHARED))('what public captures say of hosts (skipped where they are not at hand)', () => {
  test.each(CAPTURES.filter(present))('$capture', async ({ capture, states, systems, products = [] }) => {
    const statements = await statementsOf(join(SHARED, capture))
    expect(statements.map(line)).toEqual(expect.arrayContaining([...states]))
    expect([...systemsOf(statements)].sort()).toEqual([...systems].sort())
    expect([...productsOf(statements)].sort()).toEqual([...products].sort())
  })

  test('the table has every capture that says anything', async () => {
    const listed = new Set(CAPTURES.map(({ capture }) => capture))
    const others = readdirSync(SHARED, { recursive: true, encoding: 'utf8' }).filter(
      file => /\.pcap(?:ng)?(?:\.gz)?$/.test(file) && !listed.has(file),
    )
    for (const capture of others)
      expect({ capture, says: (await statementsOf(join(SHARED, capture))).map(line) }).toEqual({ capture, says: [] })
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
