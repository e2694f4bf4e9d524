import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deviceId } from '../../src/inventory/identity.ts'
import { openInventoryStore } from '../../src/inventory/store.ts'
import type { Flow } from '../../src/net/flow.ts'
import { association, ctFacts, flow, identity, inventory, mac, SECOND, START } from './samples.ts'

const MINUTE = 60 * SECOND
const UNIT = deviceId('unit', 'Siemens Healthineers SOMATOM Definition AS 64120')
const { station_name: _, ...UNNAMED } = ctFacts()
type Devices = ReturnType<typeof inventory>['inventory']

interface Visit {
  readonly address: string
  /** Last byte of the adapter; undefined behind a router. */
  readonly adapter?: number
  readonly title?: string
  readonly facts?: typeof UNNAMED
}

function speak(devices: Devices, { address, adapter, title = 'CT64120', facts = ctFacts() }: Visit, time: number): void {
  const on: Flow = flow({ clientAddress: address, clientMac: adapter === undefined ? undefined : mac(adapter) })
  devices.observe(identity(on, time, 'client', facts))
  devices.observe(association(on, time, { association: { id: 'x', requestedBy: 0, callingAeTitle: title, calledAeTitle: 'ARCHIVE' } }))
}

/** One visit an hour, with the quarter hours in between. */
function visits(devices: Devices, all: readonly Visit[], from = START): number {
  let time = from
  for (const visit of all) {
    speak(devices, visit, time)
    for (let quarter = 0; quarter < 4; quarter++) {
      devices.tick(time + 2 * SECOND)
      time += 15 * MINUTE
    }
  }
  devices.finish(time)
  return time
}

/** `A`, `B` and `C` in turn. */
const turns = (order: string, places: Readonly<Record<string, Visit>>): readonly Visit[] => [...order].flatMap(name => places[name] ?? [])

const A: Visit = { address: '10.1.0.10', adapter: 10 }
const B: Visit = { address: '10.1.0.11', adapter: 11 }

describe('two that state one serial number and are never there at the same time', () => {
  test('are told apart when the first comes back', () => {
    const { inventory: devices, events } = inventory()
    visits(devices, turns('ABA', { A, B }))
    const [a, b] = [devices.deviceAt('10.1.0.10'), devices.deviceAt('10.1.0.11')]
    expect(a).toMatchObject({ id: UNIT, macs: [mac(10)], ips: ['10.1.0.10'], conflicts: [expect.stringContaining('10.1.0.11 states')] })
    expect(b).toMatchObject({ id: deviceId('mac', mac(11)), macs: [mac(11)], ips: ['10.1.0.11'], serialNumber: '64120', type: 'CT' })
    expect(b?.conflicts).toEqual([expect.stringContaining('10.1.0.10 states')])
    expect(events.filter(event => event.kind === 'device-split')).toMatchObject([
      { attribute: 'ips', before: '10.1.0.10, 10.1.0.11', after: '10.1.0.10', reason: expect.stringContaining('in turn') },
    ])
    expect(events.filter(event => 'attribute' in event && event.attribute === 'conflict')).toHaveLength(1)
  })

  test('stay apart from then on, and over a restart', () => {
    const directory = mkdtempSync(join(tmpdir(), 'wardwire-clones-'))
    const store = openInventoryStore(directory)
    const first = inventory({}, store)
    const later = visits(first.inventory, turns('ABABAB', { A, B }))
    expect(first.events.filter(event => event.kind === 'device-split')).toHaveLength(1)
    expect(first.events.filter(event => event.kind === 'device-merged')).toHaveLength(1)
    const second = inventory({}, store)
    visits(second.inventory, turns('BABA', { A, B }), later)
    expect(second.events.filter(event => event.kind !== 'device-snapshot')).toEqual([])
    expect([A, B].map(({ address }) => second.inventory.deviceAt(address)?.ips)).toEqual([['10.1.0.10'], ['10.1.0.11']])
    store.close()
    rmSync(directory, { recursive: true })
  })

  test('are told apart also when the sensor was started anew in between', () => {
    const directory = mkdtempSync(join(tmpdir(), 'wardwire-clones-'))
    const store = openInventoryStore(directory)
    const later = visits(inventory({}, store).inventory, turns('AB', { A, B }))
    const second = inventory({}, store)
    visits(second.inventory, turns('A', { A }), later)
    expect(second.inventory.deviceAt('10.1.0.10')?.conflicts).toHaveLength(1)
    expect(second.inventory.count).toBe(3)
    store.close()
    rmSync(directory, { recursive: true })
  })

  test('are told apart in different subnets where nothing but the serial number says that they are one', () => {
    const { inventory: devices } = inventory()
    const silent = { A: { ...A, facts: UNNAMED }, B: { ...B, address: '10.2.0.11', facts: UNNAMED } }
    const only = (visit: Visit, time: number): void =>
      devices.observe(identity(flow({ clientAddress: visit.address, clientMac: mac(visit.adapter ?? 0) }), time, 'client', UNNAMED))
    let time = START
    for (const visit of turns('ABA', silent)) {
      only(visit, time)
      for (let quarter = 0; quarter < 4; quarter++, time += 15 * MINUTE) devices.tick(time)
    }
    devices.finish(time)
    expect(devices.deviceAt('10.2.0.11')?.id).toBe(deviceId('mac', mac(11)))
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ id: UNIT, ips: ['10.1.0.10'] })
  })

  test('are told apart by their addresses alone after a while', () => {
    const { inventory: devices } = inventory()
    const places = { A: { address: '10.7.0.10' }, B: { address: '10.7.0.11' } }
    visits(devices, turns('ABABA', places))
    expect(devices.deviceAt('10.7.0.11')).toMatchObject({ id: deviceId('ip', '10.7.0.11'), ips: ['10.7.0.11'] })
    expect(devices.deviceAt('10.7.0.10')).toMatchObject({ id: UNIT, ips: ['10.7.0.10'], conflicts: [expect.any(String)] })
  })
})

describe('one device stays one', () => {
  const one = (all: readonly Visit[], address: string, ips: readonly string[]) => {
    const { inventory: devices, events } = inventory()
    visits(devices, all)
    expect(devices.deviceAt(address)).toMatchObject({ id: UNIT, ips, conflicts: [] })
    expect(events.filter(event => event.kind === 'device-split')).toEqual([])
  }

  test('that DHCP gives two addresses in turn', () =>
    one(turns('ABABAB', { A, B: { ...B, adapter: 10 } }), '10.1.0.11', ['10.1.0.10', '10.1.0.11']))

  test('that got another adapter', () => one(turns('AABBBB', { A, B }), '10.1.0.11', ['10.1.0.10', '10.1.0.11']))

  test('that keeps its address with either of two adapters', () =>
    one(turns('ABAB', { A, B: { ...B, address: '10.1.0.10' } }), '10.1.0.10', ['10.1.0.10']))

  test('that uses its two adapters in two subnets in turn', () =>
    one(turns('ABABAB', { A, B: { ...B, address: '10.2.0.11' } }), '10.2.0.11', ['10.1.0.10', '10.2.0.11']))

  test('that moves between two subnets behind routers', () =>
    one(turns('ABABAB', { A: { address: '10.7.0.10' }, B: { address: '10.8.0.10' } }), '10.8.0.10', ['10.7.0.10', '10.8.0.10']))

  test('that gets the address again that it had, days later, behind a router', () => {
    const { inventory: devices, events } = inventory()
    const places = { A: { address: '10.7.0.10' }, B: { address: '10.7.0.11' } }
    let time = START
    for (const visit of turns('ABABABAB', places)) time = visits(devices, [visit], time) + 2 * 24 * 60 * MINUTE
    expect(devices.count).toBe(2)
    expect(events.filter(event => event.kind === 'device-split')).toEqual([])
  })

  test('that comes out of a pool of translated addresses', () =>
    one(turns('ABCACBAC', { A: { address: '10.7.0.1' }, B: { address: '10.7.0.2' }, C: { address: '10.7.0.3' } }), '10.7.0.3', [
      '10.7.0.1',
      '10.7.0.2',
      '10.7.0.3',
    ]))
})
