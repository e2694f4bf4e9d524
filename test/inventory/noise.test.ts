import { describe, expect, test } from 'vitest'
import type { InventoryChange } from '../../src/inventory/device.ts'
import type { Flow } from '../../src/net/flow.ts'
import { association, ctFacts, flow, HOUR, identity, inventory, mac, SECOND, START } from './samples.ts'

const MINUTE = 60 * SECOND
const DAY = 24 * HOUR
type Devices = ReturnType<typeof inventory>['inventory']

/** `turns` things happen one after the other, `apart` µs from each other. */
function happen(turns: number, apart: number, what: (devices: Devices, turn: number, time: number) => void): readonly InventoryChange[] {
  const { inventory: devices, events } = inventory({ snapshot_at: '03:00', silent_days: 3650 })
  let time = START
  for (let turn = 0; turn < turns; turn++) {
    time += apart
    what(devices, turn, time)
    devices.tick(time + 2 * SECOND)
  }
  devices.finish(time + 4 * SECOND)
  return events.filter(({ kind }) => kind !== 'device-snapshot')
}

const changesOf = (events: readonly InventoryChange[], attribute: string) =>
  events.flatMap(event => (event.kind === 'device-changed' && event.attribute === attribute ? [event] : []))

/** The CT sends an image: its unit, under one AE title. */
function images(devices: Devices, on: Flow, time: number, title = 'CT64120'): void {
  devices.observe(identity(on, time, 'client', ctFacts()))
  devices.observe(association(on, time, { association: { id: 'x', requestedBy: 0, callingAeTitle: title, calledAeTitle: 'ARCHIVE' } }))
}

function hostName(devices: Devices, on: Flow, name: string, time: number): void {
  const subject = { mac: on.clientMac, address: on.clientAddress }
  const facts = [{ attribute: 'hostname', value: name, field: 'option 12' }] as const
  devices.identify({ kind: 'host-identity', protocol: 'dhcp', subject, time, facts })
}

const randomMac = (number: number): string =>
  `DA-A1-19-00-${[number >> 8, number & 255].map(byte => byte.toString(16).toUpperCase().padStart(2, '0')).join('-')}`
const registeredMac = (number: number): string =>
  `00-50-56-10-${[number >> 8, number & 255].map(byte => byte.toString(16).toUpperCase().padStart(2, '0')).join('-')}`

describe('a device that changes all the time is told so once', () => {
  test.each([
    ['40 addresses by ARP, an hour each', 40, HOUR],
    ['500 addresses by ARP, a minute each', 500, MINUTE],
  ])('%s', (_, count, apart) => {
    const events = happen(count * 6, apart, (devices, turn, time) => {
      const address = `10.1.${2 + ((turn % count) >> 8)}.${(turn % count) & 255}`
      devices.neighbour(address, mac(10), 0, undefined, time)
      images(devices, flow({ clientAddress: address }), time)
    })
    expect(events.length).toBeLessThanOrEqual(16)
    expect(changesOf(events, 'ips').filter(({ reason }) => reason.includes('not told any more'))).toHaveLength(1)
  })

  test.each([40, 500])('%i addresses of a unit behind a router', count => {
    const events = happen(3000, 20 * SECOND, (devices, turn, time) => {
      const address = `10.${1 + ((turn % count) % 7)}.7.${(turn % count) & 255}`
      const on = flow({ clientAddress: address, clientMac: mac(1) })
      if (turn % 2 === 0)
        devices.observe(association(on, time, { association: { id: 'x', requestedBy: 0, callingAeTitle: 'CT64120', calledAeTitle: 'A' } }))
      else images(devices, on, time)
    })
    expect(events.filter(({ kind }) => kind === 'device-changed').length).toBeLessThanOrEqual(20)
  })

  test.each([40, 500])('%i host names', count => {
    const events = happen(count * 6, 5 * MINUTE, (devices, turn, time) => {
      const on = flow()
      images(devices, on, time)
      hostName(devices, on, `terminal-${turn % count}`, time)
    })
    expect(changesOf(events, 'hostname').length).toBeLessThanOrEqual(10)
    expect(events.length).toBeLessThanOrEqual(16)
  })

  test.each([40, 500])('%i AE titles', count => {
    const events = happen(count * 3, 5 * MINUTE, (devices, turn, time) => images(devices, flow(), time, `AE_${turn % count}`))
    expect(changesOf(events, 'ae_titles').length).toBeLessThanOrEqual(10)
    expect(events.length).toBeLessThanOrEqual(16)
  })

  test.each([40, 500])('%i software versions', count => {
    const events = happen(count * 3, 5 * MINUTE, (devices, turn, time) =>
      devices.observe(identity(flow(), time, 'client', ctFacts(`V${turn % count}`))),
    )
    expect(changesOf(events, 'software_version').length).toBeLessThanOrEqual(10)
    expect(events.length).toBeLessThanOrEqual(16)
  })

  test.each([
    ['made-up', randomMac],
    ['registered', registeredMac],
  ])('40 %s adapters of one unit', (_, macOf) => {
    const events = happen(400, 15 * MINUTE, (devices, turn, time) => {
      const on = flow({ clientAddress: `10.3.${turn % 40}.9`, clientMac: macOf(turn % 40) })
      images(devices, on, time)
    })
    expect(events.filter(({ kind }) => kind === 'device-discovered').length).toBeLessThanOrEqual(42)
    expect(events.filter(({ kind }) => kind !== 'device-discovered').length).toBeLessThanOrEqual(60)
  })

  test('two hosts that claim one address', () => {
    const events = happen(600, 30 * SECOND, (devices, turn, time) => {
      const own = mac(10 + (turn % 2))
      devices.neighbour('10.1.0.10', own, 0, undefined, time)
      images(devices, flow({ clientMac: own }), time, `CT_${turn % 2}`)
      images(devices, flow({ clientAddress: `10.1.0.3${turn % 2}`, clientMac: own }), time, `CT_${turn % 2}`)
    })
    expect(events.length).toBeLessThanOrEqual(40)
  })
})

describe('IPv6', () => {
  const temporary = (number: number): string =>
    `2001:db8:0:1:${(0x8a31 + number * 7).toString(16)}:5b1c:77ff:${(0x1d02 + number * 31).toString(16)}`

  test('a new temporary address of a known subnet is no news', () => {
    const events = happen(200, DAY, (devices, turn, time) => {
      const address = temporary(turn)
      const on = flow({ clientAddress: address, serverAddress: '2001:db8:0:1::20', ipVersion: 6 })
      devices.neighbour(address, mac(10), 0, undefined, time)
      images(devices, on, time)
    })
    expect(events.map(({ kind }) => kind)).toEqual(['device-discovered', 'device-discovered'])
  })

  test('an address of another subnet is', () => {
    const events = happen(6, DAY, (devices, turn, time) => {
      const address = temporary(turn).replace(':1:', turn < 3 ? ':1:' : ':2:')
      const on = flow({ clientAddress: address, serverAddress: '2001:db8:0:1::20', ipVersion: 6 })
      devices.neighbour(address, mac(10), 0, undefined, time)
      images(devices, on, time)
    })
    expect(changesOf(events, 'ips')).toHaveLength(1)
    expect(changesOf(events, 'ips')[0]?.after).toContain(temporary(3).replace(':1:', ':2:'))
  })
})

test('what changes now and then is told each time', () => {
  const events = happen(12, 30 * HOUR, (devices, turn, time) => {
    devices.observe(identity(flow(), time, 'client', ctFacts(`V${turn}`)))
  })
  expect(changesOf(events, 'software_version')).toHaveLength(11)
})

test('what came to rest after many changes is told', () => {
  const { inventory: devices, events } = inventory({ silent_days: 3650 })
  let time = START
  for (let turn = 0; turn < 40; turn++) {
    time += MINUTE
    devices.observe(identity(flow(), time, 'client', ctFacts(`V${turn}`)))
    devices.tick(time + 2 * SECOND)
  }
  const told = () => changesOf(events, 'software_version')
  expect(told().at(-1)).toMatchObject({ after: 'V9' })
  for (let hour = 0; hour < 30; hour++) devices.tick(time + hour * HOUR)
  expect(told().at(-1)).toMatchObject({ before: 'V9', after: 'V39', reason: expect.stringContaining('come to rest') })
})
