import { describe, expect, test } from 'vitest'
import { nbdgm, nbns } from '../../../src/protocols/netbios/index.ts'
import { bytes, facts, hear, hex, ip, truncations, word } from '../datagrams.ts'

/** First level encoding of a name of up to 15 characters with its suffix. */
function encoded(name: string, suffix: number): Buffer {
  const plain = bytes(name.padEnd(15), suffix)
  return bytes(32, ...[...plain].flatMap(byte => [0x41 + (byte >>> 4), 0x41 + (byte & 15)]), 0)
}

const UNIQUE = 0x0000
const GROUP = 0x8000
const registration = (name: string, suffix: number, flags: number, address = '10.0.0.5'): Buffer =>
  bytes(word(1, 0x2910, 1, 0, 0, 1), encoded(name, suffix), word(32, 1), word(0xc00c, 32, 1, 0, 300, 6, flags), ip(address))
const response = (name: string, suffix: number, ...owners: readonly (readonly [flags: number, address: string])[]): Buffer =>
  bytes(
    word(1, 0x8500, 0, 1, 0, 0),
    encoded(name, suffix),
    word(32, 1, 0, 300, owners.length * 6),
    ...owners.flatMap(([flags, address]) => [word(flags), ip(address)]),
  )

describe('NetBIOS name service', () => {
  test.each([
    ['a host', 'CT-CONSOLE', 0x00, UNIQUE, ['hostname: CT-CONSOLE [name registration]']],
    ['its file service', 'CT-CONSOLE', 0x20, UNIQUE, ['hostname: CT-CONSOLE [name registration]', 'service: smb [name registration]']],
    ['a workgroup', 'RADIOLOGY', 0x1e, GROUP, ['domain: RADIOLOGY [name registration]']],
    [
      'domain controllers',
      'HOSPITAL',
      0x1c,
      GROUP,
      ['domain: HOSPITAL [name registration]', 'service: domain_controller [name registration]'],
    ],
    ['a user', 'ANNA', 0x03, UNIQUE, []],
    ['an address for a name', '10.0.0.5', 0x00, UNIQUE, []],
  ] as const)('the registration of %s', (_, name, suffix, flags, expected) => {
    const heard = hear(nbns(), registration(name, suffix, flags))
    expect(facts(heard)).toEqual(expected)
    for (const { subject } of heard.identities) expect(subject).toEqual({ mac: '02-00-00-00-00-05', address: '10.0.0.5' })
  })

  test('unicast to a name server on the other side of a router says nothing of MACs', () => {
    const heard = hear(nbns(), registration('CT-CONSOLE', 0, UNIQUE), { serverAddress: '10.9.0.1' })
    expect(heard.identities[0]?.subject).toEqual({ mac: undefined, address: '10.0.0.5' })
  })

  test('a name server answers for others', () => {
    const heard = hear(nbns(), response('CT-CONSOLE', 0x20, [UNIQUE, '10.7.0.9']), {}, 1)
    expect(heard.identities[0]?.subject).toEqual({ mac: undefined, address: '10.7.0.9' })
    expect(facts(heard)).toEqual(['hostname: CT-CONSOLE [name query response]', 'service: smb [name query response]'])
  })

  test('a node status gives all names and the MAC, but no users', () => {
    const entry = (name: string, suffix: number, flags: number): Buffer => bytes(name.padEnd(15), suffix, word(flags))
    const names = [
      entry('CT-CONSOLE', 0, UNIQUE),
      entry('RADIOLOGY', 0, GROUP),
      entry('CT-CONSOLE', 0x20, UNIQUE),
      entry('ANNA', 3, UNIQUE),
    ]
    const data = bytes(names.length, ...names, hex('02aabbccddee'), Buffer.alloc(40))
    const status = bytes(word(1, 0x8400, 0, 1, 0, 0), encoded('*\0', 0), word(33, 1, 0, 0, data.length), data)
    const heard = hear(nbns(), status, {}, 1)
    expect(heard.identities[0]?.subject).toEqual({ mac: '02-AA-BB-CC-DD-EE', address: '10.0.0.255' })
    expect(facts(heard)).toEqual(['hostname: CT-CONSOLE [node status]', 'domain: RADIOLOGY [node status]', 'service: smb [node status]'])
  })

  test('questions and refusals tell nothing', () => {
    const question = bytes(word(1, 0x0110, 1, 0, 0, 0), encoded('ARCHIVE', 0x20), word(32, 1))
    const refusal = bytes(word(1, 0x8503, 0, 1, 0, 0), encoded('ARCHIVE', 0x20), word(32, 1, 0, 0, 6, 0), ip('10.0.0.5'))
    for (const payload of [question, refusal]) expect(hear(nbns(), payload)).toEqual({ isOfProtocol: true, identities: [] })
  })

  test('truncated anywhere is none', () => {
    const whole = registration('CT-CONSOLE', 0, UNIQUE)
    for (const { identities } of truncations(whole, part => hear(nbns(), part))) expect(identities).toEqual([])
  })
})

describe('NetBIOS datagram service', () => {
  const announcement = (command: number, version: readonly [number, number], type: number, browser = '0f01'): Buffer =>
    bytes(
      command,
      0,
      hex('80fc0a00'),
      'CT-CONSOLE\0'.padEnd(16, '\0'),
      ...version,
      Buffer.of(type & 255, type >>> 8, 0, 0),
      hex(`${browser} 55aa`),
      'Room of Dr. Who\0',
    )

  function datagram(frame: Uint8Array, source = '10.0.0.5', mailslot = '\\MAILSLOT\\BROWSE'): Buffer {
    const name = bytes(mailslot, 0)
    const dataOffset = 32 + 1 + 34 + 2 + name.length
    const littleEndian = (value: number): Buffer => Buffer.of(value & 255, value >>> 8)
    const words = bytes(Buffer.alloc(22), littleEndian(frame.length), littleEndian(dataOffset), Buffer.alloc(8))
    const smb = bytes(hex('ff534d42 25'), Buffer.alloc(27), 17, words, littleEndian(name.length + frame.length), name, frame)
    return bytes(hex('110a0001'), ip(source), word(138, smb.length + 68, 0), encoded('CT-CONSOLE', 0), encoded('RADIOLOGY', 0x1d), smb)
  }

  test('a host announces itself, its system and its services; the comment is left', () => {
    const heard = hear(nbdgm(), datagram(announcement(1, [6, 1], 0x1203)))
    expect(heard.identities[0]?.subject).toEqual({ mac: '02-00-00-00-00-05', address: '10.0.0.5' })
    expect(facts(heard)).toEqual([
      'hostname: CT-CONSOLE [SOURCE_NAME]',
      'os_version: 6.1 [OSVersion]',
      'service: print_server [ServerType]',
    ])
    expect(JSON.stringify(heard)).not.toContain('Who')
    expect(facts(hear(nbdgm(), datagram(announcement(15, [5, 1], 0x1003))))).toContain('os_version: 5.1 [OSVersion]')
  })

  test.each([
    ['Apple, with a browser of another version', announcement(1, [6, 1], 0x1003, '1501')],
    ['Samba, which says that it is Unix', announcement(1, [6, 1], 0x1803)],
  ])('the version of Windows is not believed of %s', (_, frame) => {
    expect(facts(hear(nbdgm(), datagram(frame))).filter(fact => fact.startsWith('os_version'))).toEqual([])
  })

  test('one that was sent on is about its source', () => {
    expect(hear(nbdgm(), datagram(announcement(1, [6, 1], 0), '10.7.0.9')).identities[0]?.subject).toEqual({
      mac: undefined,
      address: '10.7.0.9',
    })
  })

  test('other frames and other mailslots give the source name alone', () => {
    const only = ['hostname: CT-CONSOLE [SOURCE_NAME]']
    expect(facts(hear(nbdgm(), datagram(announcement(12, [3, 10], 0))))).toEqual(only)
    expect(facts(hear(nbdgm(), datagram(announcement(1, [6, 1], 0), '10.0.0.5', '\\MAILSLOT\\NET\\NETLOGON')))).toEqual(only)
  })

  test('truncated anywhere says no more than the whole', () => {
    const whole = datagram(announcement(1, [6, 1], 0x200))
    const all = facts(hear(nbdgm(), whole))
    for (const heard of truncations(whole, part => hear(nbdgm(), part))) for (const fact of facts(heard)) expect(all).toContain(fact)
  })
})
