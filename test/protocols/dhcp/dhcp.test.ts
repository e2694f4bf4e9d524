import { describe, expect, test } from 'vitest'
import { dhcp } from '../../../src/protocols/dhcp/index.ts'
import { bytes, facts, hear, hex, ip, truncations, word } from '../datagrams.ts'

const MAC = '02-AA-BB-CC-DD-EE'

interface Fields {
  readonly op?: number
  readonly hardwareType?: number
  readonly clientAddress?: string
  readonly yourAddress?: string
  readonly serverName?: Uint8Array
  readonly file?: Uint8Array
}

const option = (code: number, data: string | Uint8Array | number): Buffer => {
  const content = bytes(data)
  return bytes(code, content.length, content)
}

function message(options: Uint8Array, fields: Fields = {}): Buffer {
  const { op = 1, hardwareType = 1, clientAddress = '0.0.0.0', yourAddress = '0.0.0.0' } = fields
  const padded = (part: Uint8Array | undefined, size: number): Buffer => bytes(part ?? '', Buffer.alloc(size - (part?.length ?? 0)))
  return bytes(
    Buffer.of(op, hardwareType, 6, 0),
    hex('01020304 0000 0000'),
    ip(clientAddress),
    ip(yourAddress),
    ip('0.0.0.0'),
    ip('10.9.0.1'),
    hex(MAC),
    Buffer.alloc(10),
    padded(fields.serverName, 64),
    padded(fields.file, 128),
    hex('63825363'),
    options,
  )
}

const DISCOVER = option(53, 1)
const ACK = option(53, 5)
const END = Buffer.of(255)
const from0 = { clientAddress: '0.0.0.0', serverAddress: '255.255.255.255', clientPort: 68, serverPort: 67 }
const listen = (payload: Uint8Array) => hear(dhcp(), payload, from0)

describe('DHCP', () => {
  test('a client is known by its hardware address, behind a relay as well', () => {
    const options = bytes(DISCOVER, option(12, 'ct-64120'), option(55, Buffer.of(1, 3, 6, 15)), option(60, 'MSFT 5.0'), END)
    const heard = listen(message(options))
    expect(heard.identities[0]?.subject).toEqual({ mac: MAC, address: undefined })
    expect(facts(heard)).toEqual([
      'hostname: ct-64120 [option 12]',
      'dhcp_fingerprint: 1,3,6,15 [option 55]',
      'vendor_class: MSFT 5.0 [option 60]',
    ])
  })

  test('an address that it uses is its own, one that it asks for is not', () => {
    expect(listen(message(bytes(DISCOVER, option(12, 'a1'), option(50, ip('10.0.0.9'))))).identities[0]?.subject.address).toBeUndefined()
    const renewal = message(bytes(option(53, 3), option(12, 'a1')), { clientAddress: '10.0.0.9' })
    expect(listen(renewal).identities[0]?.subject).toEqual({ mac: MAC, address: '10.0.0.9' })
  })

  test('an acknowledgment binds the address, and tells of the server', () => {
    const heard = hear(dhcp(), message(bytes(ACK, option(54, ip('10.0.0.1'))), { op: 2, yourAddress: '10.0.0.9' }), {}, 1)
    expect(heard.identities.map(({ subject, facts: said }) => [subject, said])).toEqual([
      [{ mac: undefined, address: '10.0.0.1' }, [{ attribute: 'service', value: 'dhcp', field: 'option 54' }]],
      [{ mac: MAC, address: '10.0.0.9' }, [{ attribute: 'ip', value: '10.0.0.9', field: 'yiaddr' }]],
    ])
    const offer = hear(dhcp(), message(option(53, 2), { op: 2, yourAddress: '10.0.0.9' }))
    expect(offer.identities.map(({ subject }) => subject.mac)).toEqual([])
  })

  test.each([
    ['ASCII', bytes(0, 0, 0, 'ct.hospital.example.'), 'ct.hospital.example'],
    ['wire format', bytes(4, 0, 0, 2, 'ct', 8, 'hospital', 0), 'ct.hospital'],
    ['wire format of a relative name', bytes(4, 0, 0, 2, 'ct'), 'ct'],
  ])('the name in option 81, in %s', (_, data, name) => {
    expect(facts(listen(message(bytes(DISCOVER, option(81, data)))))).toEqual([`hostname: ${name} [option 81]`])
  })

  test('the client identifier, unless it is the MAC once more', () => {
    expect(facts(listen(message(bytes(DISCOVER, option(61, hex(`01${MAC}`))))))).toEqual([])
    expect(facts(listen(message(bytes(DISCOVER, option(61, hex('ff 0102030405'))))))).toEqual(['dhcp_client_id: ff0102030405 [option 61]'])
  })

  test('vendor-identifying options', () => {
    const data = bytes(hex('00000e08'), 6, 5, 'Pump1')
    expect(facts(listen(message(bytes(DISCOVER, option(124, data), option(125, hex('00003041 00'))))))).toEqual([
      'enterprise_number: 3592 [option 124]',
      'vendor_class: Pump1 [option 124]',
      'enterprise_number: 12353 [option 125]',
    ])
  })

  test('the serial number and product of the Broadband Forum', () => {
    const suboptions = bytes(1, 6, '00D09E', 2, 7, 'SN-0815', 3, 7, 'Gateway', 9, 1, 'x')
    const said = facts(listen(message(bytes(DISCOVER, option(125, bytes(hex('00000de9'), suboptions.length, suboptions))))))
    expect(said).toEqual([
      'enterprise_number: 3561 [option 125]',
      'serial_number: SN-0815 [option 125 DeviceSerialNumber]',
      'model: Gateway [option 125 DeviceProductClass]',
    ])
  })

  test('the MUD URL', () => {
    expect(facts(listen(message(bytes(DISCOVER, option(161, 'https://maker.example/pump')))))).toEqual([
      'mud_url: https://maker.example/pump [option 161]',
    ])
  })

  test('options in the fields of file and server name, and in parts', () => {
    const fields = { file: bytes(option(12, 'long-'), END), serverName: bytes(option(12, 'name'), END) }
    expect(facts(listen(message(bytes(DISCOVER, option(52, 3), END), fields)))).toEqual(['hostname: long-name [option 12]'])
    expect(facts(listen(message(bytes(DISCOVER, END), fields)))).toEqual([])
  })

  test.each([
    ['BOOTP, without a message type', message(option(12, 'x1'))],
    ['an option longer than the message', message(bytes(DISCOVER, 12, 200, 'x'))],
    ['no cookie', message(DISCOVER).fill(0, 236, 240)],
    ['another operation', message(DISCOVER, { op: 3 })],
    ['nothing', Buffer.alloc(0)],
  ])('is not: %s', (_, payload) => expect(listen(payload)).toEqual({ isOfProtocol: false, identities: [] }))

  test('without an Ethernet address there is nobody to speak of', () => {
    expect(listen(message(bytes(DISCOVER, option(12, 'x1')), { hardwareType: 32 })).identities).toEqual([])
  })

  test('names that say nothing are left out', () => {
    for (const name of ['', '...', '10.0.0.1', 'localhost', '\x01\x02'])
      expect(facts(listen(message(bytes(DISCOVER, option(12, name)))))).toEqual([])
  })

  test('truncated anywhere', () => {
    const whole = message(bytes(DISCOVER, option(12, 'ct-64120'), option(81, bytes(4, 0, 0, 2, 'ct')), option(124, word(0, 1, 5)), END))
    for (const { identities } of truncations(whole, listen)) expect(identities.length).toBeLessThanOrEqual(1)
  })
})
