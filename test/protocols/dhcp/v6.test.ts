import { describe, expect, test } from 'vitest'
import { dhcpv6 } from '../../../src/protocols/dhcp/index.ts'
import { bytes, facts, hear, hex, truncations, word } from '../datagrams.ts'

const option = (code: number, data: Uint8Array): Buffer => bytes(word(code, data.length), data)
const CLIENT_ID = option(1, hex('00030001 02aabbccddee'))
const FQDN = option(39, bytes(1, 2, 'ct', 8, 'hospital', 7, 'example', 0))
const VENDOR = option(16, bytes(hex('00000e08'), word(4), 'Pump'))
const REQUESTED = option(6, word(23, 24))
const message = (type: number, ...options: readonly Uint8Array[]): Buffer => bytes(type, hex('010203'), ...options)
const SENDER = { clientAddress: 'fe80::5', serverAddress: 'ff02::1:2', clientPort: 546, serverPort: 547 }
const listen = (payload: Uint8Array) => hear(dhcpv6(), payload, SENDER)

const FACTS = [
  'dhcp_client_id: 0003000102aabbccddee [option 1]',
  'hostname: ct.hospital.example [option 39]',
  'enterprise_number: 3592 [option 16]',
  'vendor_class: Pump [option 16]',
  'dhcp_fingerprint: 23,24 [option 6]',
]

describe('DHCPv6', () => {
  test('what a client says of itself', () => {
    const heard = listen(message(1, CLIENT_ID, FQDN, VENDOR, REQUESTED))
    expect(facts(heard)).toEqual(FACTS)
    expect(heard.identities[0]?.subject).toEqual({ mac: '02-00-00-00-00-05', address: 'fe80::5' })
  })

  test('its MUD URL', () => {
    expect(facts(hear(dhcpv6(), message(1, option(112, bytes('https://maker.example/pump')))))).toEqual([
      'mud_url: https://maker.example/pump [option 112]',
    ])
  })

  test('through relays, where the innermost names the client', () => {
    const relay = (peer: string, inner: Uint8Array): Buffer =>
      bytes(12, 0, Buffer.alloc(16), hex(peer.padStart(32, '0')), option(18, bytes('if')), option(9, inner))
    const heard = listen(relay('fe8000000000000000000000000000aa', relay('fe8000000000000000000000000000bb', message(3, CLIENT_ID))))
    expect(heard.identities.map(({ subject }) => subject)).toEqual([{ mac: undefined, address: 'fe80::bb' }])
  })

  test('replies are about nobody, but of the protocol', () => {
    expect(listen(message(7, CLIENT_ID))).toEqual({ isOfProtocol: true, identities: [] })
  })

  test.each([
    ['an unknown type', message(99, CLIENT_ID)],
    ['an option longer than the message', message(1, word(1, 500))],
    ['a relay of nothing', bytes(12, 0, Buffer.alloc(32))],
    [
      'relays without end',
      Array.from({ length: 12 }).reduce<Buffer>(inner => bytes(12, 0, Buffer.alloc(32), option(9, inner)), message(1, CLIENT_ID)),
    ],
    ['nothing', Buffer.alloc(0)],
  ])('is not: %s', (_, payload) => expect(listen(payload)).toEqual({ isOfProtocol: false, identities: [] }))

  test('truncated anywhere', () => {
    for (const heard of truncations(message(1, CLIENT_ID, FQDN, VENDOR, REQUESTED), listen))
      for (const fact of facts(heard)) expect(FACTS).toContain(fact)
  })
})
