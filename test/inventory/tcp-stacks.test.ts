import { describe, expect, test } from 'vitest'
import type { Flow } from '../../src/net/flow.ts'
import type { SynTraits } from '../../src/net/syn.ts'
import type { HostIdentity } from '../../src/protocols/observation.ts'
import { association, ctFacts, flow, flowEnded, identity, inventory, mac, SECOND, START } from './samples.ts'

const LINUX: SynTraits = { ttl: 64, window: 64_240, windowScale: 7, options: '2,4,8,1,3' }
const WINDOWS: SynTraits = { ttl: 128, window: 64_240, windowScale: 8, options: '2,1,3,1,1,4' }
const UNKNOWN: SynTraits = { ttl: 64, window: 1024, windowScale: undefined, options: '2' }

const CLIENT = '10.1.0.10'
const SERVER = '10.1.0.20'

function banner(address: string, value: string, time: number): HostIdentity {
  const facts = [{ attribute: 'banner', value, field: 'identification string' }] as const
  return { kind: 'host-identity', protocol: 'ssh', subject: { mac: undefined, address }, time, facts }
}

/** The server calls back. */
const callback = (clientSyn: SynTraits, changes: Partial<Flow> = {}): Flow =>
  flow({ clientAddress: SERVER, clientMac: mac(20), serverAddress: CLIENT, serverMac: mac(10), clientSyn, ...changes })

describe('how a device opens connections', () => {
  test('is a hint at its operating system, told with its discovery, and counted once for each connection', () => {
    const { inventory: devices, events } = inventory()
    for (let n = 0; n < 3; n++) {
      const on = flow({ clientSyn: LINUX })
      devices.observe(association(on, START + n))
      devices.observe(flowEnded(on, START + n))
    }
    devices.finish(START + SECOND)
    expect(devices.deviceAt(CLIENT)).toMatchObject({
      os: { name: 'Linux' },
      reasons: { os: 'tcp SYN said so 3 times (low confidence)' },
      sources: expect.arrayContaining(['tcp']),
    })
    expect(devices.deviceAt(CLIENT)?.evidence.find(row => row.attribute === 'os')).toMatchObject({
      protocol: 'tcp',
      field: 'SYN',
      confidence: 'low',
      table: expect.stringMatching(/^tcp-syn:64:2,4,8,1,3 /),
    })
    expect(devices.deviceAt(SERVER)?.os).toBeUndefined()
    expect(events.map(({ kind, device }) => [kind, device.os?.name])).toEqual([
      ['device-discovered', 'Linux'],
      ['device-discovered', undefined],
    ])
  })

  test('counts where nothing else is said of the system, however often it is seen', () => {
    const { inventory: devices } = inventory()
    for (let n = 0; n < 50; n++) devices.observe(flowEndedAfter(devices, flow({ clientSyn: LINUX }), START + n))
    devices.identify(banner(CLIENT, 'SSH-2.0-OpenSSH_for_Windows_8.1', START + SECOND))
    expect(devices.deviceAt(CLIENT)).toMatchObject({
      os: { name: 'Windows' },
      reasons: { os: 'ssh identification string said so once (low confidence)' },
    })
    devices.observe(flowEndedAfter(devices, flow({ clientSyn: LINUX }), START + 2 * SECOND))
    expect(devices.deviceAt(CLIENT)?.os).toEqual({ name: 'Windows' })
  })

  test('is no news of a device that is known', () => {
    const { inventory: devices, events } = inventory()
    devices.observe(association(flow(), START))
    devices.tick(START + 2 * SECOND)
    for (let n = 3; n < 9; n++) {
      devices.observe(flowEnded(callback(LINUX), START + n * SECOND))
      devices.tick(START + n * SECOND + 2 * SECOND)
    }
    expect(events.map(event => event.kind)).toEqual(['device-discovered', 'device-discovered'])
    expect(devices.deviceAt(SERVER)?.os).toEqual({ name: 'Linux' })
    devices.identify(banner(SERVER, 'OpenSSH_8.9p1 Ubuntu-3', START + 12 * SECOND))
    devices.tick(START + 20 * SECOND)
    expect(events.slice(2)).toMatchObject([{ kind: 'device-changed', attribute: 'os', before: undefined, after: 'Ubuntu 22.04' }])
  })

  test('says nothing where several systems seem to open connections from one address', () => {
    const { inventory: devices, events } = inventory()
    devices.observe(association(flow({ clientSyn: LINUX }), START))
    devices.tick(START + 2 * SECOND)
    for (const clientSyn of [WINDOWS, LINUX, WINDOWS]) devices.observe(flowEndedAfter(devices, flow({ clientSyn }), START + 5 * SECOND))
    devices.finish(START + 9 * SECOND)
    expect(devices.deviceAt(CLIENT)?.os).toBeUndefined()
    expect(
      devices
        .deviceAt(CLIENT)
        ?.evidence.filter(row => row.attribute === 'os')
        .map(row => row.value),
    ).toEqual(['Linux', 'Windows Vista or later'])
    expect(events.every(event => event.kind === 'device-discovered')).toBe(true)
  })

  test('says nothing of a device through which several units speak', () => {
    const { inventory: devices } = inventory()
    for (const [turn, serial] of ['1001', '1002', '1001'].entries()) {
      const on = flow({ clientSyn: LINUX })
      devices.observe(association(on, START + turn))
      devices.observe(identity(on, START + turn, 'client', { ...ctFacts(), serial_number: [serial, '(0018,1000)'] }))
      expect(devices.deviceAt(CLIENT)?.os?.name).toBe(turn < 2 ? 'Linux' : undefined)
    }
    expect(devices.deviceAt(CLIENT)).toMatchObject({ os: undefined, type: 'DICOM gateway' })
  })

  test('says nothing where the SYN passed a router behind the adapter of the device, but does of hosts behind a router', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow({ clientSyn: { ...LINUX, ttl: 63 } }), START))
    expect(devices.deviceAt(CLIENT)?.os).toBeUndefined()
    const router = mac(1)
    for (const subnet of [5, 6, 7])
      devices.observe(
        association(flow({ clientAddress: `10.${subnet}.0.1`, clientMac: router, clientSyn: { ...WINDOWS, ttl: 126 } }), START + subnet),
      )
    expect(devices.deviceAt('10.7.0.1')?.os).toEqual({ name: 'Windows Vista or later' })
  })

  test('counts of connections that came about, and of shapes that are known', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow({ clientSyn: UNKNOWN }), START))
    devices.observe(flowEnded(flow({ clientSyn: WINDOWS, packetsFromClient: 2 }), START + 1))
    expect(devices.deviceAt(CLIENT)?.os).toBeUndefined()
    devices.observe(flowEnded(flow({ clientSyn: WINDOWS, packetsFromClient: 3 }), START + 2))
    expect(devices.deviceAt(CLIENT)?.os).toEqual({ name: 'Windows Vista or later' })
  })

  test('makes no device of a host', () => {
    const { inventory: devices } = inventory()
    devices.observe(flowEnded(flow({ clientSyn: LINUX }), START))
    expect(devices.count).toBe(0)
  })
})

/** The end of a flow on which there was an association. */
function flowEndedAfter(devices: ReturnType<typeof inventory>['inventory'], on: Flow, time: number) {
  devices.observe(association(on, time))
  return flowEnded(on, time)
}
