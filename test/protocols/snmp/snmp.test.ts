import { describe, expect, test } from 'vitest'
import { snmp } from '../../../src/protocols/snmp/index.ts'
import { bytes, facts, hear, hex, ip, truncations, word } from '../datagrams.ts'

const COMMUNITY = 'private-secret'

function element(tag: number, ...content: readonly (Uint8Array | string)[]): Buffer {
  const body = bytes(...content)
  return body.length < 0x80 ? bytes(tag, body.length, body) : bytes(tag, 0x82, word(body.length), body)
}

const system = (object: number): Buffer => element(6, hex('2b 06 01 02 01 01'), Buffer.of(object, 0))
const variable = (name: Uint8Array, value: Uint8Array): Buffer => element(0x30, name, value)
const integer = (value: number): Buffer => element(2, Buffer.of(value))
const message = (version: number, pdu: number, ...variables: readonly Uint8Array[]): Buffer =>
  element(0x30, integer(version), element(4, COMMUNITY), element(pdu, integer(7), integer(0), integer(0), element(0x30, ...variables)))

const VARIABLES = [
  variable(system(1), element(4, `Linux pump 4.19.0 #1 SMP ${'armv7l '.repeat(20)}`)),
  variable(system(2), element(6, hex('2b 06 01 04 01 9c 08 01'))),
  variable(system(4), element(4, 'Anna Beispiel, ext. 4711')),
  variable(system(5), element(4, 'pump-3')),
  variable(system(6), element(4, 'ICU, bed 4')),
  variable(element(6, hex('2b 06 01 02 01 02 01 00')), integer(4)),
]
const RESPONSE = message(1, 0xa2, ...VARIABLES)

describe('SNMP', () => {
  test.each([0, 1])('what an agent answers about its system, version %d', version => {
    const heard = hear(snmp(), message(version, 0xa2, ...VARIABLES), {}, 1)
    expect(heard.identities[0]?.subject).toEqual({ mac: undefined, address: '10.0.0.255' })
    expect(facts(heard)).toEqual([
      'service: snmp [GetResponse]',
      expect.stringMatching(/^system_description: Linux pump 4\.19\.0 #1 SMP armv7l .* \[sysDescr\]$/),
      'system_object_id: 1.3.6.1.4.1.3592.1 [sysObjectID]',
      'hostname: pump-3 [sysName]',
      'location: ICU, bed 4 [sysLocation]',
    ])
  })

  test('neither the community string nor the contact leave the decoder', () => {
    const text = JSON.stringify(hear(snmp(), RESPONSE))
    expect(text).not.toContain(COMMUNITY)
    expect(text).not.toContain('Anna')
  })

  test('what the device is by its entities, its printer and its first interface', () => {
    const entity = (column: number, index: number): Buffer => element(6, hex('2b 06 01 02 01 2f 01 01 01 01'), Buffer.of(column, index))
    const texts = ['rev C', '1.2', '4.5.6', 'SN-0815', 'B. Braun', 'SpaceStation'].map((text, index) =>
      variable(entity(8 + index, 1), element(4, text)),
    )
    const more = [
      variable(entity(15, 1), element(4, 'A-77')),
      variable(entity(11, 2), element(4, 'of a part')),
      variable(element(6, hex('2b 06 01 02 01 2b 05 01 01 11 01')), element(4, 'PRN-1')),
      variable(element(6, hex('2b 06 01 02 01 02 02 01 06 01')), element(4, hex('020000000007'))),
      variable(element(6, hex('2b 06 01 02 01 02 02 01 06 02')), element(4, hex('020000000008'))),
    ]
    expect(facts(hear(snmp(), message(1, 0xa2, ...texts, ...more), {}, 1))).toEqual([
      'service: snmp [GetResponse]',
      'hardware_revision: rev C [entPhysicalHardwareRev]',
      'firmware_version: 1.2 [entPhysicalFirmwareRev]',
      'software_version: 4.5.6 [entPhysicalSoftwareRev]',
      'serial_number: SN-0815 [entPhysicalSerialNum]',
      'manufacturer: B. Braun [entPhysicalMfgName]',
      'model: SpaceStation [entPhysicalModelName]',
      'asset_tag: A-77 [entPhysicalAssetID]',
      'serial_number: PRN-1 [prtGeneralSerialNumber]',
      'mac: 02-00-00-00-00-07 [ifPhysAddress]',
    ])
  })

  test('traps and informs tell of who sends them, or of whom they come from', () => {
    const origin = variable(element(6, hex('2b 06 01 06 03 12 01 03 00')), element(0x40, ip('10.7.0.9')))
    for (const pdu of [0xa6, 0xa7]) {
      const direct = hear(snmp(), message(1, pdu, variable(system(5), element(4, 'pump-3'))))
      expect(facts(direct)).toEqual(['hostname: pump-3 [sysName]'])
      expect(direct.identities[0]?.subject.address).toBe('10.0.0.5')
      const passedOn = hear(snmp(), message(1, pdu, variable(system(5), element(4, 'pump-3')), origin))
      expect(passedOn.identities[0]?.subject).toEqual({ mac: undefined, address: '10.7.0.9' })
    }
  })

  test.each([
    ['of another one', '10.7.0.9', '10.7.0.9'],
    ['of its sender', '0.0.0.0', '10.0.0.5'],
  ])('a trap of version 1 %s names the maker', (_, agent, address) => {
    const enterprise = element(6, hex('2b 06 01 04 01 9c 08 01'))
    const pdu = element(0xa4, enterprise, element(0x40, ip(agent)), integer(6), integer(1), element(0x43, Buffer.of(9)), element(0x30))
    const heard = hear(snmp(), element(0x30, integer(0), element(4, COMMUNITY), pdu))
    expect(heard.identities[0]?.subject).toEqual({ mac: undefined, address })
    expect(facts(heard)).toEqual(['enterprise_number: 3592 [Trap-PDU enterprise]'])
  })

  describe('version 3', () => {
    const ENGINE = hex('80000e08 03 02aabbccddee')
    const scoped = (pdu: number, ...variables: readonly Uint8Array[]): Buffer =>
      element(0x30, element(4, ENGINE), element(4, ''), element(pdu, integer(7), integer(0), integer(0), element(0x30, ...variables)))
    const v3 = (flags: number, engine: Uint8Array, data: Uint8Array): Buffer => {
      const security = element(
        0x30,
        element(4, engine),
        integer(1),
        integer(2),
        element(4, 'anna.beispiel'),
        element(4, ''),
        element(4, ''),
      )
      const header = element(0x30, integer(1), element(2, word(1500)), element(4, Buffer.of(flags)), integer(3))
      return element(0x30, integer(3), header, element(4, security), data)
    }

    test('the engine of whoever answers, and its answer where that is in clear', () => {
      const heard = hear(snmp(), v3(1, ENGINE, scoped(0xa2, VARIABLES[3])), {}, 1)
      expect(facts(heard)).toEqual([
        'enterprise_number: 3592 [msgAuthoritativeEngineID]',
        'mac: 02-AA-BB-CC-DD-EE [msgAuthoritativeEngineID]',
        'service: snmp [GetResponse]',
        'hostname: pump-3 [sysName]',
      ])
      expect(JSON.stringify(heard)).not.toContain('anna')
    })

    test('the engine alone where the rest is encrypted, and of the older form', () => {
      expect(facts(hear(snmp(), v3(3, ENGINE, element(4, Buffer.alloc(40, 7))), {}, 1))).toHaveLength(2)
      expect(facts(hear(snmp(), v3(3, hex('00000e08 0102030405060708'), element(4, '')), {}, 1))).toEqual([
        'enterprise_number: 3592 [msgAuthoritativeEngineID]',
      ])
    })

    test('a request names the engine of the other side, which is not told of the sender', () => {
      expect(hear(snmp(), v3(5, ENGINE, scoped(0xa0)))).toEqual({ isOfProtocol: true, identities: [] })
      expect(hear(snmp(), v3(4, Buffer.alloc(0), scoped(0xa0)))).toEqual({ isOfProtocol: true, identities: [] })
    })

    test('truncated anywhere is none', () => {
      const whole = v3(1, ENGINE, scoped(0xa2, VARIABLES[3]))
      for (const { identities } of truncations(whole, part => hear(snmp(), part))) expect(identities).toEqual([])
    })
  })

  test('requests tell nothing', () => {
    for (const pdu of [0xa0, 0xa1, 0xa3, 0xa5])
      expect(hear(snmp(), message(1, pdu, ...VARIABLES))).toEqual({ isOfProtocol: true, identities: [] })
  })

  test.each([
    ['a version that there never was', element(0x30, integer(2), element(4, 'public'))],
    ['version 3 without more', element(0x30, integer(3), element(0x30, integer(1)))],
    ['LDAP', element(0x30, integer(1), element(0x60, integer(3)))],
    ['a PDU of no kind', message(1, 0xbf)],
    ['an indefinite length', bytes(0x30, 0x80, integer(1), element(4, 'public'))],
    ['a length of five bytes', bytes(0x30, 0x85, hex('0000000010'), integer(1), element(4, 'public'))],
    ['nothing', Buffer.alloc(0)],
  ])('is not: %s', (_, payload) => expect(hear(snmp(), payload)).toEqual({ isOfProtocol: false, identities: [] }))

  test('an object identifier that never ends', () => {
    const endless = variable(system(2), element(6, Buffer.alloc(120, 0xff)))
    expect(facts(hear(snmp(), message(1, 0xa2, endless)))).toEqual(['service: snmp [GetResponse]'])
  })

  test('truncated anywhere is none', () => {
    for (const { identities } of truncations(RESPONSE, part => hear(snmp(), part))) expect(identities).toEqual([])
  })
})
