import { describe, expect, test } from 'vitest'
import { ssdp } from '../../../src/protocols/ssdp/index.ts'
import { bytes, facts, hear } from '../datagrams.ts'

const message = (...lines: readonly string[]): Buffer => bytes([...lines, '', ''].join('\r\n'))
const UUID = '2fac1234-31f8-11b4-a222-08002b34c003'

describe('SSDP', () => {
  test('an announcement', () => {
    const heard = hear(
      ssdp(),
      message(
        'NOTIFY * HTTP/1.1',
        'HOST: 239.255.255.250:1900',
        'NT: urn:schemas-upnp-org:device:MediaRenderer:1',
        'NTS: ssdp:alive',
        `usn: uuid:${UUID.toUpperCase()}::urn:schemas-upnp-org:device:MediaRenderer:1`,
        'Server:  Linux/3.14.0 UPnP/1.0 Viewer/2.1 ',
      ),
      { serverAddress: '239.255.255.250' },
    )
    expect(heard.identities[0]?.subject).toEqual({ mac: '02-00-00-00-00-05', address: '10.0.0.5' })
    expect(facts(heard)).toEqual([
      'upnp_server: Linux/3.14.0 UPnP/1.0 Viewer/2.1 [SERVER]',
      `upnp_uuid: ${UUID} [USN]`,
      'service: upnp:MediaRenderer [NT]',
    ])
  })

  test('an answer, from any port to any port, by the sender’s address alone', () => {
    const answer = message('HTTP/1.1 200 OK', 'ST: upnp:rootdevice', `USN: uuid:${UUID}::upnp:rootdevice`, 'SERVER: X/1 UPnP/1.1 Y/2')
    const heard = hear(ssdp(), answer, { clientPort: 50_000, serverPort: 40_000 })
    expect(heard.identities[0]?.subject).toEqual({ mac: undefined, address: '10.0.0.5' })
    expect(facts(heard)).toEqual(['upnp_server: X/1 UPnP/1.1 Y/2 [SERVER]', `upnp_uuid: ${UUID} [USN]`])
  })

  test('who searches gives its user agent', () => {
    expect(facts(hear(ssdp(), message('M-SEARCH * HTTP/1.1', 'MAN: "ssdp:discover"', 'USER-AGENT: Viewer/3')))).toEqual([
      'user_agent: Viewer/3 [USER-AGENT]',
    ])
    expect(hear(ssdp(), message('M-SEARCH * HTTP/1.1', 'MX: 3'))).toEqual({ isOfProtocol: true, identities: [] })
  })

  test.each([
    ['a response that no search asked for', message('HTTP/1.1 200 OK', 'SERVER: nginx')],
    ['another method', message('GET / HTTP/1.1', 'SERVER: x')],
    ['the beginning of a start line', bytes('NOTIFY * HT')],
    ['nothing', Buffer.alloc(0)],
  ])('is not: %s', (_, payload) => expect(hear(ssdp(), payload)).toEqual({ isOfProtocol: false, identities: [] }))

  test('lines without end and names without values', () => {
    const heard = hear(ssdp(), bytes('NOTIFY * HTTP/1.1\r\n', ':::\r\nSERVER\r\nSERVER:\r\nNT:x\r\n'.repeat(5000)))
    expect(heard).toEqual({ isOfProtocol: true, identities: [] })
  })
})
