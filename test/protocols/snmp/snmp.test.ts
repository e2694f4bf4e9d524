import { describe, expect, test } from 'vitest'
import { snmp } from '../../../src/protocols/snmp/index.ts'
import { bytes, facts, hear, hex, truncations, word } from '../datagrams.ts'

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

  test('requests and traps tell nothing', () => {
    for (const pdu of [0xa0, 0xa1, 0xa3, 0xa5, 0xa7])
      expect(hear(snmp(), message(1, pdu, ...VARIABLES))).toEqual({ isOfProtocol: true, identities: [] })
  })

  test.each([
    ['version 3', element(0x30, integer(3), element(0x30, integer(1)))],
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
