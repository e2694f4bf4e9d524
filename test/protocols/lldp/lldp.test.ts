import { describe, expect, test } from 'vitest'
import { lldp } from '../../../src/protocols/lldp/index.ts'
import { bytes, facts, hearFrame, hex, ip, truncations, word } from '../datagrams.ts'

const tlv = (type: number, value: Uint8Array): Buffer => bytes(word((type << 9) | value.length), value)
const med = (subtype: number, text: string): Buffer => tlv(127, bytes(hex('0012bb'), subtype, text))
const HEAD = [tlv(1, hex('04 02aabbccddee')), tlv(2, bytes(5, 'eth0')), tlv(3, word(120))]
const END = tlv(0, Buffer.alloc(0))
const frame = (...tlvs: readonly Uint8Array[]): Buffer => bytes(...HEAD, ...tlvs, END, Buffer.alloc(20))
const listen = (payload: Uint8Array) => hearFrame(lldp(), payload)

describe('LLDP', () => {
  test('a system with its inventory', () => {
    const heard = listen(
      frame(
        tlv(5, bytes('pump-gateway')),
        tlv(6, bytes('Linux 4.19.0\r\narmv7')),
        tlv(7, word(0x00a4, 0x0080)),
        tlv(8, bytes(5, 1, ip('10.0.0.5'), 2, word(0, 1), 0)),
        med(5, 'Rev C'),
        med(6, 'U-Boot 2019'),
        med(7, '4.2.1'),
        med(8, 'SN-0815'),
        med(9, 'B. Braun'),
        med(10, 'SpaceStation'),
        med(11, 'A-77'),
      ),
    )
    expect(heard.identities[0]?.subject).toEqual({ mac: '02-00-00-00-00-05', address: '10.0.0.5' })
    expect(facts(heard)).toEqual([
      'mac: 02-AA-BB-CC-DD-EE [Chassis ID]',
      'hostname: pump-gateway [System Name]',
      'system_description: Linux 4.19.0 armv7 [System Description]',
      'capability: station_only [System Capabilities]',
      'hardware_revision: Rev C [LLDP-MED hardware_revision]',
      'firmware_version: U-Boot 2019 [LLDP-MED firmware_version]',
      'software_version: 4.2.1 [LLDP-MED software_version]',
      'serial_number: SN-0815 [LLDP-MED serial_number]',
      'manufacturer: B. Braun [LLDP-MED manufacturer]',
      'model: SpaceStation [LLDP-MED model]',
      'asset_tag: A-77 [LLDP-MED asset_tag]',
    ])
  })

  test('a management address of IPv6, and one of no kind that is known', () => {
    const ipv6 = tlv(8, bytes(17, 2, hex('fe800000000000000000000000000005'), 2, word(0, 1), 0))
    expect(listen(frame(ipv6)).identities[0]?.subject.address).toBe('fe80::5')
    expect(listen(frame(tlv(8, bytes(5, 99, ip('10.0.0.5'), 2, word(0, 1), 0)))).identities[0]?.subject.address).toBeUndefined()
  })

  test('the VLAN of its port and its MUD URL; nothing of other organizations', () => {
    const url = 'https://maker.example/pump.json'
    const own = [
      tlv(127, bytes(hex('0080c2 01'), word(20))),
      tlv(127, bytes(hex('00005e 01'), url)),
      tlv(127, bytes(hex('00120f 01'), url)),
    ]
    expect(facts(listen(frame(...own, tlv(127, bytes(hex('0080c2 01'), word(0)))))).slice(1)).toEqual([
      'vlan: 20 [Port VLAN ID]',
      `mud_url: ${url} [MUD URL]`,
    ])
  })

  test('an address for a chassis id, unless there is one for management', () => {
    const chassis = [tlv(1, bytes(5, 1, ip('10.0.0.7'))), HEAD[1], HEAD[2], tlv(5, bytes('pump'))]
    expect(listen(bytes(...chassis, END)).identities[0]?.subject.address).toBe('10.0.0.7')
    const management = tlv(8, bytes(5, 1, ip('10.0.0.5'), 2, word(0, 1), 0))
    expect(listen(bytes(...chassis, management, END)).identities[0]?.subject.address).toBe('10.0.0.5')
  })

  test('what comes behind the end is not looked at', () => {
    expect(facts(listen(bytes(...HEAD, END, tlv(5, bytes('x1')))))).toEqual(['mac: 02-AA-BB-CC-DD-EE [Chassis ID]'])
  })

  test.each([
    ['without a chassis id', bytes(HEAD[1], HEAD[2], END)],
    ['in another order', bytes(HEAD[0], HEAD[2], HEAD[1], END)],
    ['with a length beyond the frame', bytes(...HEAD, word((5 << 9) | 400), 'x')],
  ])('is not: a frame %s', (_, payload) => expect(listen(payload)).toEqual({ isOfProtocol: false, identities: [] }))

  test('truncated anywhere says no more than the whole', () => {
    const whole = frame(tlv(5, bytes('pump')), med(9, 'Maker'))
    const all = facts(listen(whole))
    for (const heard of truncations(whole, listen)) for (const fact of facts(heard)) expect(all).toContain(fact)
  })
})
