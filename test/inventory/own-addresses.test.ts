import { describe, expect, test } from 'vitest'
import { OwnAddresses } from '../../src/inventory/own-addresses.ts'
import { association, ctFacts, flow, HOUR, identity, inventory, mac, SECOND, START } from './samples.ts'

const DAY = 24 * HOUR
const address = (number: number): string => `10.1.${2 + (number >> 8)}.${number & 255}`

describe('addresses of a device', () => {
  test('that were not seen for a day give way to new ones', () => {
    const own = new OwnAddresses(3)
    for (let number = 0; number < 3; number++) expect(own.add(`10.0.0.${number}`, START)).toBeUndefined()
    own.see('10.0.0.0', START + 2 * DAY)
    expect(own.add('10.0.0.9', START + 2 * DAY)).toBe('10.0.0.1')
    expect(own.listed).toEqual(['10.0.0.0', '10.0.0.2', '10.0.0.9'])
    expect(own.words).toBe('10.0.0.0, 10.0.0.2, 10.0.0.9')
  })

  test('that are used at once are all known, up to a bound, and the latest are listed', () => {
    const own = new OwnAddresses(3)
    const given = Array.from({ length: 100 }, (_, number) => own.add(address(number), START + number)).filter(one => one !== undefined)
    expect(own.size).toBe(48)
    expect(given).toEqual(Array.from({ length: 52 }, (_, number) => address(number)))
    expect(own.listed).toEqual([97, 98, 99].map(address))
    expect(own.words).toBe('more than 3 addresses')
  })
})

describe('a device with many addresses', () => {
  test.each([40, 300, 600])('at once (%i) is told so once, however often they take turns', count => {
    const { inventory: devices, events } = inventory()
    let time = START
    for (let round = 0; round < 20; round++) {
      for (let number = 0; number < count; number++) {
        time += SECOND
        const on = flow({ clientAddress: address(number), clientMac: mac(10) })
        devices.neighbour(address(number), mac(10), 0, undefined, time)
        devices.observe(association(on, time))
        devices.observe(identity(on, time, 'client', ctFacts()))
        devices.tick(time + SECOND)
      }
    }
    devices.finish(time)
    const told = events.filter(event => event.kind === 'device-changed' && event.attribute === 'ips')
    expect(told).toHaveLength(9)
    expect(told.at(-1)).toMatchObject({ reason: expect.stringContaining('not told any more') })
    expect(events.length).toBeLessThanOrEqual(11)
    expect(devices.devices()).toHaveLength(2)
    expect(devices.deviceAt(address(count - 1))?.ips).toHaveLength(32)
    for (let hour = 1; hour < 40; hour++) devices.tick(time + hour * HOUR)
    expect(events.at(-1)).toMatchObject({
      attribute: 'ips',
      after: 'more than 32 addresses',
      reason: expect.stringContaining('come to rest'),
    })
  })

  test('one after the other, over months, is told each of them', () => {
    const { inventory: devices, events } = inventory()
    for (let number = 0; number < 60; number++) {
      const time = START + number * 2 * DAY
      const on = flow({ clientAddress: address(number), clientMac: mac(10) })
      devices.neighbour(address(number), mac(10), 0, undefined, time)
      devices.observe(association(on, time))
      devices.tick(time + 2 * SECOND)
    }
    const told = events.filter(event => event.kind === 'device-changed' && event.attribute === 'ips')
    expect(told).toHaveLength(59)
    expect(told.at(-1)).toMatchObject({ after: expect.stringContaining(address(59)) })
    expect(devices.devices().filter(device => device.macs.includes(mac(10)))).toHaveLength(1)
  })
})
