import { describe, expect, test } from 'vitest'
import { cdp } from '../../../src/protocols/cdp/index.ts'
import { bytes, facts, hearFrame, hex, ip, truncations, word } from '../datagrams.ts'

const tlv = (type: number, value: Uint8Array | string): Buffer => bytes(word(type, bytes(value).length + 4), value)
const ADDRESS = bytes(hex('0101cc'), word(4), ip('10.0.0.5'))
const IPV6_ADDRESS = bytes(hex('0208 aaaa0300000086dd'), word(16), Buffer.alloc(16, 7))
const frame = (...tlvs: readonly Uint8Array[]): Buffer => bytes(2, 180, word(0), tlv(1, 'SEP02AABBCCDDEE'), ...tlvs)
const listen = (payload: Uint8Array) => hearFrame(cdp(), payload)

describe('CDP', () => {
  test('a device with its platform and software', () => {
    const whole = frame(
      tlv(2, bytes(word(0, 2), IPV6_ADDRESS, ADDRESS)),
      tlv(3, 'Port 1'),
      tlv(4, hex('00000490')),
      tlv(5, 'SCCP42.9-4-2\nline two'),
      tlv(6, 'Cisco IP Phone 7942'),
    )
    const heard = listen(bytes(whole, Buffer.alloc(9)))
    expect(heard.identities[0]?.subject).toEqual({ mac: '02-00-00-00-00-05', address: '10.0.0.5' })
    expect(facts(heard)).toEqual([
      'hostname: SEP02AABBCCDDEE [Device ID]',
      'capability: station_only [Capabilities]',
      'capability: telephone [Capabilities]',
      'system_description: SCCP42.9-4-2 line two [Software Version]',
      'model: Cisco IP Phone 7942 [Platform]',
    ])
  })

  test('a switch with its serial number, VLAN and place', () => {
    const tlvs = [tlv(0x0a, word(20)), tlv(0x14, 'core1'), tlv(0x17, bytes(0, 'Basement, rack 3')), tlv(2, bytes(word(0, 1), IPV6_ADDRESS))]
    const heard = listen(bytes(2, 180, word(0), tlv(1, 'core1(FOX1234ABCD)'), ...tlvs))
    expect(heard.identities[0]?.subject.address).toBe('707:707:707:707:707:707:707:707')
    expect(facts(heard)).toEqual([
      'hostname: core1 [Device ID]',
      'serial_number: FOX1234ABCD [Device ID]',
      'vlan: 20 [Native VLAN]',
      'location: Basement, rack 3 [Location]',
    ])
  })

  test('a computer that names its system has no model by that', () => {
    expect(facts(listen(frame(tlv(6, 'Linux'))))).toEqual(['hostname: SEP02AABBCCDDEE [Device ID]', 'system_description: Linux [Platform]'])
  })

  test.each([
    ['another version', bytes(9, 180, word(0), tlv(1, 'a1'))],
    ['no device id in front', bytes(2, 180, word(0), tlv(6, 'x1'))],
    ['a length beyond the frame', frame(word(6, 900))],
    ['nothing', Buffer.alloc(0)],
  ])('is not: %s', (_, payload) => expect(listen(payload)).toEqual({ isOfProtocol: false, identities: [] }))

  test('counts and lengths that lie', () => {
    expect(listen(frame(tlv(2, bytes(word(0xffff, 0xffff), hex('01ffcc'))))).identities[0]?.subject.address).toBeUndefined()
    expect(facts(listen(frame(word(6, 0))))).toEqual(['hostname: SEP02AABBCCDDEE [Device ID]'])
  })

  test('truncated anywhere says no more than the whole', () => {
    const whole = frame(tlv(2, bytes(word(0, 1), ADDRESS)), tlv(6, 'Platform'))
    const all = facts(listen(whole))
    for (const heard of truncations(whole, listen)) for (const fact of facts(heard)) expect(all).toContain(fact)
  })
})
