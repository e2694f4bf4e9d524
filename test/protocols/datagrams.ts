import type { Direction, Flow } from '../../src/net/flow.ts'
import type { DatagramProtocol, LinkProtocol } from '../../src/protocols/datagram.ts'
import type { HostIdentity } from '../../src/protocols/observation.ts'
import { sampleFlow } from '../normalize/samples.ts'

// Datagrams and frames made by hand, and what is heard in them.

export const bytes = (...parts: readonly (string | number | Uint8Array)[]): Buffer =>
  Buffer.concat(
    parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : typeof part === 'number' ? Buffer.of(part) : part)),
  )

export const word = (...values: readonly number[]): Buffer => Buffer.from(values.flatMap(value => [(value >>> 8) & 255, value & 255]))

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/[^0-9a-f]/gi, ''), 'hex')

/** Address as its four bytes. */
export const ip = (address: string): Buffer => Buffer.from(address.split('.').map(Number))

/** A UDP flow from 10.0.0.5 to the multicast or broadcast address that the protocol uses. */
export function udpFlow(port: number, changes: Partial<Flow> = {}): Flow {
  return sampleFlow({
    transport: 'udp',
    protocolNumber: 17,
    clientAddress: '10.0.0.5',
    serverAddress: '10.0.0.255',
    clientPort: port,
    serverPort: port,
    clientMac: '02-00-00-00-00-05',
    serverMac: 'FF-FF-FF-FF-FF-FF',
    ...changes,
  })
}

export interface Heard {
  readonly isOfProtocol: boolean
  readonly identities: readonly HostIdentity[]
}

/** What a protocol hears in one payload; it lies between other bytes, which must not matter. */
export function hear(protocol: DatagramProtocol, payload: Uint8Array, changes: Partial<Flow> = {}, direction: Direction = 0): Heard {
  const identities: HostIdentity[] = []
  const around = bytes(Buffer.alloc(7, 0xff), payload, Buffer.alloc(5, 0xff))
  const flow = udpFlow(protocol.ports[0], changes)
  const datagram = { flow, direction, bytes: around, offset: 7, length: payload.length, time: 1_000_000 }
  return { isOfProtocol: protocol.read(datagram, identity => identities.push(identity)), identities }
}

export function hearFrame(protocol: LinkProtocol, payload: Uint8Array): Heard {
  const identities: HostIdentity[] = []
  const around = bytes(Buffer.alloc(7, 0xff), payload, Buffer.alloc(5, 0xff))
  const frame = { bytes: around, offset: 7, length: payload.length, sourceMac: '02-00-00-00-00-05', interfaceIndex: 0, vlanId: 7, time: 1 }
  return { isOfProtocol: protocol.read(frame, identity => identities.push(identity)), identities }
}

/** Facts as `attribute: value [field]`. */
export function facts({ identities }: Heard): readonly string[] {
  return identities.flatMap(identity => identity.facts.map(({ attribute, value, field }) => `${attribute}: ${value} [${field}]`))
}

/** Nothing of a message may be read past its end: every shorter one is refused or says no more than the whole. */
export function truncations(payload: Uint8Array, listen: (part: Uint8Array) => Heard): readonly Heard[] {
  return Array.from({ length: payload.length }, (_, length) => listen(payload.subarray(0, length)))
}
