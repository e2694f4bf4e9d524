import { describe, expect, test } from 'vitest'
import { deviceId, type Station, StationTable } from '../../src/inventory/identity.ts'
import { HOUR, mac } from './samples.ts'

function table(maxAddresses = 4) {
  const routers: Station[] = []
  return { stations: new StationTable(maxAddresses, station => routers.push(station)), routers }
}

describe('deviceId', () => {
  test('is fixed', () => {
    expect(deviceId('mac', '00-50-56-00-00-01')).toBe(deviceId('mac', '00-50-56-00-00-01'.toLowerCase()))
    expect(deviceId('ip', '10.0.0.1')).toBe('dev-9192d2b445b7375e')
    expect(deviceId('ip', '10.0.0.1')).not.toBe(deviceId('mac', '10.0.0.1'))
  })
})

describe('StationTable', () => {
  test('addresses of two subnets make a router', () => {
    const { stations, routers } = table()
    stations.frame(mac(1), '10.1.0.1', 0)
    expect(stations.identifies(mac(1), '10.1.0.1')).toBe(true)
    stations.frame(mac(1), '10.2.0.1', 0)
    expect(stations.identifies(mac(1), '10.1.0.1')).toBe(false)
    expect(routers.map(station => station.mac)).toEqual([mac(1)])
  })

  test('too many addresses of one subnet make a router, too many over weeks do not', () => {
    const many = table()
    for (let n = 1; n <= 5; n++) many.stations.frame(mac(1), `10.1.0.${n}`, n)
    expect(many.routers).toHaveLength(1)
    const few = table()
    for (let n = 1; n <= 30; n++) few.stations.frame(mac(1), `10.1.0.${n}`, n * 48 * HOUR)
    expect(few.routers).toEqual([])
  })

  test('link-local, IPv6 and IPv4 together are one host', () => {
    const { stations, routers } = table()
    for (const address of ['10.1.0.1', 'fe80::1', '169.254.3.4', 'fd00::1', '2001:db8::1']) stations.frame(mac(1), address, 0)
    expect(routers).toEqual([])
  })

  test('what ARP claims is the host’s own, even a router’s', () => {
    const { stations } = table()
    expect(stations.claim(mac(1), '10.1.0.1', 0)).toBe(true)
    expect(stations.claim(mac(1), '10.1.0.1', 0)).toBe(false)
    stations.frame(mac(1), '10.2.0.9', 0)
    expect(stations.identifies(mac(1), '10.1.0.1')).toBe(true)
    expect(stations.identifies(mac(1), '10.2.0.9')).toBe(false)
  })

  test('zero, broadcast and group MACs are no station', () => {
    const { stations } = table()
    for (const address of ['00-00-00-00-00-00', 'FF-FF-FF-FF-FF-FF', '01-00-5E-00-00-01']) {
      stations.frame(address, '10.1.0.1', 0)
      expect(stations.station(address)).toBeUndefined()
      expect(stations.claim(address, '10.1.0.1', 0)).toBe(false)
    }
  })
})
