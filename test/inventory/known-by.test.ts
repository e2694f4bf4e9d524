import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deviceId } from '../../src/inventory/identity.ts'
import { unitOf } from '../../src/inventory/known-by.ts'
import { openInventoryStore } from '../../src/inventory/store.ts'
import type { Flow } from '../../src/net/flow.ts'
import { association, ctFacts, flow, HOUR, identity, inventory, mac, SECOND, START } from './samples.ts'

const MINUTE = 60 * SECOND
const UNIT = deviceId('unit', 'Siemens Healthineers SOMATOM Definition AS 64120')

const { station_name: _, ...UNNAMED } = ctFacts()

type Devices = ReturnType<typeof inventory>['inventory']

/** The CT sends an image from there, under `title`. */
function images(devices: Devices, on: Flow, time: number, title = 'CT64120', facts = ctFacts()): void {
  devices.observe(identity(on, time, 'client', facts))
  devices.observe(association(on, time, { association: { id: 'x', requestedBy: 0, callingAeTitle: title, calledAeTitle: 'ARCHIVE' } }))
  devices.tick(time)
}

const at = (address: string, last: number, changes: Partial<Flow> = {}): Flow =>
  flow({ clientAddress: address, clientMac: mac(last), ...changes })

describe('the unit', () => {
  const facts = (serial: string) => [
    { attribute: 'manufacturer', value: 'SIEMENS', field: '(0008,0070)' } as const,
    { attribute: 'model', value: 'Force', field: '(0008,1090)' } as const,
    { attribute: 'serial_number', value: serial, field: '(0018,1000)' } as const,
  ]

  test('is maker, model and serial number of one message', () => {
    expect(unitOf(facts('75123'), 'dicom')).toMatchObject({
      attribute: 'unit',
      raw: 'Siemens Healthineers Force 75123',
      field: '(0018,1000)',
    })
    expect(unitOf(facts('75123').slice(1), 'dicom')).toBeUndefined()
  })

  test.each(['000000', '0000', '12345', '123456789', 'unknown', 'N/A', 'SN000', '', '1', '11111', 'XXXX'])('is not named by %j', serial => {
    expect(unitOf(facts(serial), 'dicom')).toBeUndefined()
  })

  test.each(['64120', 'MR604172', '012399', 'WK0Q7D'])('is named by %j', serial => {
    expect(unitOf(facts(serial), 'dicom')).toBeDefined()
  })
})

describe('one device stays one', () => {
  test('seen by MAC first and by serial number later: the id becomes that of the serial number, once', () => {
    const { inventory: devices, events } = inventory()
    devices.observe(association(flow(), START))
    devices.tick(START + 2 * SECOND)
    expect(devices.deviceAt('10.1.0.10')?.id).toBe(deviceId('mac', mac(10)))
    for (const hour of [1, 2, 3]) images(devices, flow(), START + hour * HOUR, 'MODALITY')
    devices.finish(START + 4 * HOUR)
    expect(devices.deviceAt('10.1.0.10')?.id).toBe(UNIT)
    expect(events.filter(event => event.kind === 'device-merged')).toMatchObject([
      { attribute: 'id', before: deviceId('mac', mac(10)), after: UNIT, reason: 'it is Siemens Healthineers SOMATOM Definition AS 64120' },
    ])
  })

  test('on two sensors, of which one sees it behind a router', () => {
    const near = inventory()
    images(near.inventory, flow(), START)
    const far = inventory()
    const router = { clientMac: mac(1) }
    far.inventory.observe(association(flow({ clientAddress: '10.9.0.1', ...router }), START))
    images(far.inventory, flow({ clientAddress: '10.7.0.4', ...router }), START)
    expect([near.inventory.deviceAt('10.1.0.10')?.id, far.inventory.deviceAt('10.7.0.4')?.id]).toEqual([UNIT, UNIT])
  })

  test('moved to another subnet and adapter, under its name', () => {
    const { inventory: devices, events } = inventory()
    images(devices, at('10.1.0.10', 10), START)
    images(devices, at('10.2.0.10', 11), START + HOUR)
    devices.finish(START + HOUR)
    expect(devices.deviceAt('10.2.0.10')).toMatchObject({ id: UNIT, macs: [mac(10), mac(11)], ips: ['10.1.0.10', '10.2.0.10'] })
    expect(events.slice(2).map(event => event.kind)).toEqual(['device-changed'])
  })

  test('moved, and nothing but the serial number tells: once the old place was quiet for long enough', () => {
    const { inventory: devices, events } = inventory()
    const bare = (on: Flow, time: number) => {
      devices.observe(identity(on, time, 'client', UNNAMED))
      devices.tick(time)
    }
    bare(at('10.1.0.10', 10), START)
    devices.tick(START + 5 * SECOND)
    bare(at('10.2.0.10', 11), START + MINUTE)
    devices.tick(START + 2 * MINUTE)
    expect(devices.count).toBe(2)
    devices.tick(START + 12 * MINUTE)
    devices.finish(START + 13 * MINUTE)
    expect(devices.deviceAt('10.2.0.10')).toMatchObject({ id: UNIT, macs: [mac(10), mac(11)] })
    expect(events.filter(event => event.kind === 'device-merged')).toMatchObject([{ before: deviceId('mac', mac(11)), after: UNIT }])
  })

  test('with two interfaces in two subnets at the same time', () => {
    const { inventory: devices, events } = inventory()
    for (const minute of [0, 1, 2]) {
      images(devices, at('10.1.0.10', 10), START + minute * MINUTE)
      images(devices, at('10.2.0.10', 11), START + minute * MINUTE + SECOND)
    }
    devices.finish(START + HOUR)
    expect(devices.deviceAt('10.2.0.10')).toBe(devices.deviceAt('10.1.0.10'))
    expect(events.some(event => 'attribute' in event && event.attribute === 'conflict')).toBe(false)
  })

  test('after a restart', () => {
    const directory = mkdtempSync(join(tmpdir(), 'wardwire-identity-'))
    const store = openInventoryStore(directory)
    const { inventory: before } = inventory({}, store)
    images(before, at('10.1.0.10', 10), START)
    before.finish(START + SECOND)
    const first = inventory({}, store)
    images(first.inventory, at('10.2.0.10', 11), START + HOUR)
    first.inventory.finish(START + HOUR)
    expect(first.inventory.deviceAt('10.2.0.10')).toMatchObject({ id: UNIT, macs: [mac(10), mac(11)] })
    store.close()
    rmSync(directory, { recursive: true })
  })

  test('known by the EUI-64 that its adapter’s MAC makes', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(at('10.1.0.10', 10), START))
    devices.tick(START + 2 * SECOND)
    const far = flow({ clientAddress: '10.7.0.4', clientMac: undefined, serverPort: 2575 })
    devices.observe(identity(far, START + HOUR, 'client', { eui64: ['005056FFFE00000A', 'OBX-18'] }, { protocol: 'hl7' }))
    devices.finish(START + 2 * HOUR)
    expect(devices.deviceAt('10.7.0.4')).toMatchObject({ id: deviceId('mac', mac(10)), ips: ['10.1.0.10', '10.7.0.4'] })
  })
})

describe('two devices stay two', () => {
  test('with one serial number at the same time, and both show the conflict', () => {
    const { inventory: devices, events } = inventory()
    for (const minute of [0, 1, 2]) {
      images(devices, at('10.1.0.10', 10), START + minute * MINUTE, 'CT_A', UNNAMED)
      images(devices, at('10.1.0.11', 11), START + minute * MINUTE + SECOND, 'CT_B', UNNAMED)
    }
    devices.finish(START + HOUR)
    const [a, b] = [devices.deviceAt('10.1.0.10'), devices.deviceAt('10.1.0.11')]
    expect([a?.id, b?.id]).toEqual([UNIT, deviceId('mac', mac(11))])
    expect([a?.serialNumber, b?.serialNumber]).toEqual(['64120', '64120'])
    for (const device of [a, b])
      expect(device?.evidence).toContainEqual(
        expect.objectContaining({ attribute: 'conflict', value: expect.stringContaining('64120 too') }),
      )
    expect(events.filter(event => event.kind === 'device-merged')).toEqual([])
    expect(events.filter(event => 'attribute' in event && event.attribute === 'conflict')).toHaveLength(1)
  })

  test('with one serial number and one name, as copies of one disk have, in turn on one subnet', () => {
    const { inventory: devices, events } = inventory()
    for (const minute of [0, 1, 2]) {
      images(devices, at('10.1.0.10', 10), START + minute * MINUTE)
      images(devices, at('10.1.0.11', 11), START + minute * MINUTE + 20 * SECOND)
    }
    devices.finish(START + HOUR)
    expect([devices.deviceAt('10.1.0.10')?.id, devices.deviceAt('10.1.0.11')?.id]).toEqual([UNIT, deviceId('mac', mac(11))])
    expect(devices.deviceAt('10.1.0.10')?.conflicts).toHaveLength(1)
    expect(events.filter(event => event.kind === 'device-merged')).toEqual([])
  })

  test('behind one address: the address is the translator’s, and each is a device of its own', () => {
    const { inventory: devices } = inventory()
    const nat = () => at('10.1.0.10', 10)
    const other = { ...ctFacts(), serial_number: ['71007', '(0018,1000)'] as const, station_name: ['CT71007', '(0008,1010)'] as const }
    for (const minute of [0, 1, 2, 3]) {
      images(devices, nat(), START + minute * MINUTE, 'CT_A')
      images(devices, nat(), START + minute * MINUTE + 20 * SECOND, 'CT_B', other)
    }
    devices.finish(START + HOUR)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({
      id: deviceId('mac', mac(10)),
      type: 'NAT gateway',
      manufacturer: undefined,
      serialNumber: undefined,
    })
    const behind = devices.devices().filter(device => device.ips.length === 0)
    expect(behind.map(({ id, serialNumber }) => [id, serialNumber]).sort()).toEqual(
      [
        [UNIT, '64120'],
        [deviceId('unit', 'Siemens Healthineers SOMATOM Definition AS 71007'), '71007'],
      ].sort(),
    )
    expect(behind[0]?.evidence).toContainEqual(expect.objectContaining({ attribute: 'behind', value: '10.1.0.10' }))
  })

  test('when DHCP gives the address of one to the other', () => {
    const { inventory: devices } = inventory()
    images(devices, at('10.1.0.10', 10), START, 'CT_A', {})
    images(devices, at('10.1.0.77', 10), START + HOUR, 'CT_A', {})
    images(devices, at('10.1.0.10', 11), START + HOUR + MINUTE, 'CT_B', {})
    images(devices, at('10.1.0.77', 10), START + HOUR + 2 * MINUTE, 'CT_A', {})
    devices.finish(START + 2 * HOUR)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ id: deviceId('mac', mac(11)), aeTitles: ['CT_B'] })
    expect(devices.deviceAt('10.1.0.77')).toMatchObject({ id: deviceId('mac', mac(10)), aeTitles: ['CT_A'], ips: ['10.1.0.77'] })
  })
})

describe('made-up MACs', () => {
  const random = (last: string) => ({ clientMac: `DA-A1-19-00-00-${last}` })
  const named = (devices: Devices, on: Flow, time: number) =>
    devices.identify({
      kind: 'host-identity',
      protocol: 'dhcp',
      subject: { mac: on.clientMac, address: undefined },
      time,
      facts: [{ attribute: 'hostname', value: 'us-cart-3', field: 'option 12' }],
    })

  test('do not make two devices of one that states its serial number', () => {
    const { inventory: devices } = inventory()
    images(devices, flow({ clientAddress: '10.3.0.5', ...random('01') }), START)
    images(devices, flow({ clientAddress: '10.3.0.9', ...random('02') }), START + HOUR)
    devices.finish(START + HOUR)
    expect(devices.deviceAt('10.3.0.9')).toMatchObject({ id: UNIT, ips: ['10.3.0.5', '10.3.0.9'] })
  })

  test('do not make two devices of one that keeps its host name', () => {
    const { inventory: devices, events } = inventory()
    for (const [n, address] of ['10.3.0.5', '10.3.0.9'].entries()) {
      const on = flow({ clientAddress: address, ...random(`0${n}`) })
      named(devices, on, START + n * HOUR)
      images(devices, on, START + n * HOUR + SECOND, 'US_CART', {})
    }
    devices.finish(START + 2 * HOUR)
    expect(devices.deviceAt('10.3.0.9')).toMatchObject({ hostname: 'us-cart-3', ips: ['10.3.0.5', '10.3.0.9'] })
    expect(events.filter(event => event.kind === 'device-discovered')).toHaveLength(2)
  })

  test('of two hosts without a lasting name stay two', () => {
    const { inventory: devices } = inventory()
    images(devices, flow({ clientAddress: '10.3.0.5', ...random('01') }), START, 'US_A', {})
    images(devices, flow({ clientAddress: '10.3.0.9', ...random('02') }), START + HOUR, 'US_B', {})
    devices.finish(START + HOUR)
    expect(devices.count).toBe(3)
  })
})

test('a router that was taken for a host gives up what is not its own, as an event', () => {
  const { inventory: devices, events } = inventory()
  images(devices, flow({ clientAddress: '10.7.0.1', clientMac: mac(1) }), START, 'CT_1', {})
  devices.tick(START + 5 * SECOND)
  images(devices, flow({ clientAddress: '10.8.0.1', clientMac: mac(1) }), START + MINUTE, 'CT_2', {})
  devices.finish(START + HOUR)
  expect(devices.deviceAt('10.7.0.1')).toMatchObject({ id: deviceId('ip', '10.7.0.1'), macs: [], aeTitles: ['CT_1'] })
  expect(devices.deviceAt('10.8.0.1')).toMatchObject({ id: deviceId('ip', '10.8.0.1'), macs: [], aeTitles: ['CT_2'] })
  expect(events.filter(event => event.kind === 'device-split')).toMatchObject([
    { attribute: 'id', before: deviceId('mac', mac(1)), after: deviceId('ip', '10.7.0.1'), reason: `${mac(1)} is not its own` },
  ])
})
