import { describe, expect, test } from 'vitest'
import type { DatagramProtocol, LinkProtocol } from '../../src/protocols/datagram.ts'
import { DatagramIdentifier } from '../../src/protocols/identify-datagram.ts'
import { createDatagramProtocols, createLinkProtocols } from '../../src/protocols/index.ts'
import type { HostIdentity } from '../../src/protocols/observation.ts'
import { bytes, hex, udpFlow } from './datagrams.ts'

const element = (tag: number, ...content: readonly Uint8Array[]): Buffer => bytes(tag, bytes(...content).length, ...content)
const ZERO = hex('020100')
const SYS_NAME = element(0x30, hex('06 08 2b06010201010500'), hex('04 02 6331'))
/** A response with sysName `c1`. */
const SNMP = element(0x30, ZERO, hex('0403616263'), element(0xa2, ZERO, ZERO, ZERO, element(0x30, SYS_NAME)))

function identifier(
  datagrams: readonly DatagramProtocol[] = createDatagramProtocols(),
  links: readonly LinkProtocol[] = createLinkProtocols(),
) {
  const identities: HostIdentity[] = []
  const failures: string[] = []
  const options = { emit: (identity: HostIdentity) => identities.push(identity), onFailure: (protocol: string) => failures.push(protocol) }
  return { identifier: new DatagramIdentifier(datagrams, links, options), identities, failures }
}

const asked = { packetsFromClient: 1, packetsFromServer: 0 }

describe('datagrams', () => {
  test('by port at either end, and by content on any other', () => {
    for (const ports of [{ serverPort: 161 }, { clientPort: 161, serverPort: 9 }, { clientPort: 9999, serverPort: 40_000 }]) {
      const { identifier: datagrams, identities } = identifier()
      const flow = udpFlow(50_000, { ...asked, ...ports })
      datagrams.datagram(flow, 0, SNMP, 0, SNMP.length, 5)
      expect(identities.map(({ protocol, facts }) => [protocol, facts.map(({ value }) => value)])).toEqual([['snmp', ['snmp', 'c1']]])
      expect(datagrams.application(flow)).toBe('snmp')
      datagrams.ended(flow)
      expect(datagrams.application(flow)).toBeUndefined()
    }
  })

  test('a flow on unknown ports is looked at for its first packets only, and on when it was found', () => {
    const { identifier: datagrams, identities } = identifier()
    const busy = udpFlow(50_000, { number: 1, packetsFromClient: 3, packetsFromServer: 2 })
    datagrams.datagram(busy, 0, SNMP, 0, SNMP.length, 5)
    expect(identities).toEqual([])
    const flow = udpFlow(50_000, { number: 2, ...asked })
    datagrams.datagram(flow, 0, SNMP, 0, SNMP.length, 5)
    datagrams.datagram({ ...flow, packetsFromClient: 900 }, 0, SNMP, 0, SNMP.length, 6)
    expect(identities).toHaveLength(2)
  })

  test('what looks like nothing known costs nothing and says nothing', () => {
    const { identifier: datagrams, identities, failures } = identifier()
    for (const port of [161, 67, 137, 138, 546, 1900, 5353, 5355, 50_000])
      for (const payload of [hex(''), hex('00'), Buffer.alloc(1500), Buffer.alloc(1500, 0xff), Buffer.from('GET / HTTP/1.1\r\n\r\n')])
        datagrams.datagram(udpFlow(port, asked), 0, payload, 0, payload.length, 5)
    expect([identities, failures]).toEqual([[], []])
  })

  test('a mistake of a decoder costs its datagram', () => {
    const read = (): never => {
      throw new Error('mistake')
    }
    const { identifier: datagrams, failures } = identifier(
      [{ name: 'snmp', ports: [161], onAnyPort: false, read }],
      [{ name: 'lldp', read }],
    )
    datagrams.datagram(udpFlow(161), 0, SNMP, 0, SNMP.length, 5)
    datagrams.link('lldp', { bytes: SNMP, offset: 0, length: 9, sourceMac: undefined, interfaceIndex: 0, vlanId: undefined, time: 5 })
    expect(failures).toEqual(['snmp', 'lldp'])
  })

  test('no two protocols claim a port', () => {
    const ports = createDatagramProtocols().flatMap(protocol => protocol.ports)
    expect(new Set(ports).size).toBe(ports.length)
  })
})
