import Joi from 'joi'
import { expect, test } from 'vitest'
import { LinkType } from '../../src/capture/source.ts'
import type { FlowHandler } from '../../src/net/flow.ts'
import { type NetSettings, netSchema } from '../../src/net/settings.ts'
import { NetworkStage } from '../../src/net/stage.ts'
import { ETHERTYPE, ethernet, vlan } from './packets.ts'

/** What the stage says of discovery frames: protocol, content, source, VLAN. */
function discoveries(...frames: readonly Buffer[]): readonly (readonly unknown[])[] {
  const told: (readonly unknown[])[] = []
  const handler: FlowHandler = {
    opened: () => undefined,
    data: () => undefined,
    gap: () => undefined,
    datagram: () => undefined,
    halfClosed: () => undefined,
    ended: () => undefined,
    link: (protocol, bytes, offset, length, sourceMac, _interfaceIndex, vlanId) =>
      told.push([protocol, Buffer.from(bytes).toString('latin1', offset, offset + length), sourceMac, vlanId]),
  }
  const stage = new NetworkStage(Joi.attempt({}, netSchema) as NetSettings, handler)
  for (const data of frames) {
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    const packet = { data, view, offset: 0, capturedLength: data.length, originalLength: data.length, time: 1, linkType: LinkType.ETHERNET }
    stage.packet({ ...packet, interfaceIndex: 0 })
  }
  return told
}

const LLDP = 0x88cc
const text = Buffer.from('content')
/** LLC and SNAP of Cisco's discovery protocol. */
const snap = Buffer.concat([Buffer.from('aaaa0300000c2000', 'hex'), text])

test('LLDP, tagged or not, and CDP behind SNAP are handed over', () => {
  expect(discoveries(ethernet(text, LLDP), ethernet(vlan(30, text, LLDP), ETHERTYPE.VLAN), ethernet(snap, snap.length))).toEqual([
    ['lldp', 'content', '02-00-00-00-00-01', undefined],
    ['lldp', 'content', '02-00-00-00-00-01', 30],
    ['cdp', 'content', '02-00-00-00-00-01', undefined],
  ])
})

test('an empty frame, and other protocols of the link layer, are not', () => {
  const spanningTree = Buffer.from('424203000000000000000000', 'hex')
  expect(discoveries(ethernet(Buffer.alloc(0), LLDP), ethernet(spanningTree, spanningTree.length), ethernet(text, 0x88cd))).toEqual([])
})
