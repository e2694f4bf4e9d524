import { describe, expect, test } from 'vitest'
import { deviceId } from '../../src/inventory/identity.ts'
import {
  association,
  ctFacts,
  flow,
  flowEnded,
  HOUR,
  identity,
  inventory,
  mac,
  message,
  rejection,
  roles,
  SECOND,
  START,
  store,
  tls,
} from './samples.ts'

describe('discovery', () => {
  test('tells one event for each end, with the identity that the first conversation gives', () => {
    const { inventory: devices, events } = inventory()
    const on = flow()
    devices.observe(identity(on, START, 'client', ctFacts()))
    devices.observe(association(on, START + 1000))
    expect(events).toEqual([])
    devices.tick(START + 2 * SECOND)
    expect(events.map(event => [event.kind, event.device.ips[0]])).toEqual([
      ['device-discovered', '10.1.0.10'],
      ['device-discovered', '10.1.0.20'],
    ])
    expect(events[0]?.device).toMatchObject({
      id: deviceId('unit', 'Siemens Healthineers SOMATOM Definition AS 64120'),
      manufacturer: 'Siemens Healthineers',
      model: 'SOMATOM Definition AS',
      serialNumber: '64120',
      softwareVersion: 'syngo CT 2011A',
      type: 'CT',
      aeTitles: ['MODALITY'],
      stations: ['CT64120'],
      macs: [mac(10)],
      roles: ['storage_scu'],
      confidence: 'high',
    })
    expect(events[1]?.device).toMatchObject({ aeTitles: ['ARCHIVE'], confidence: 'medium', manufacturer: undefined })
  })

  test('comes after a second of packet time without a tick, and at the end of input', () => {
    const { inventory: devices, events } = inventory()
    devices.observe(association(flow(), START))
    devices.observe(flowEnded(flow({ clientAddress: '10.9.9.9', clientMac: mac(9) }), START + SECOND))
    expect(events).toHaveLength(2)
    devices.observe(association(flow({ clientAddress: '10.1.0.11', clientMac: mac(11) }), START + 2 * SECOND))
    expect(events).toHaveLength(2)
    devices.finish(START + 2 * SECOND)
    expect(events).toHaveLength(3)
  })

  test('no event without new information', () => {
    const { inventory: devices, events } = inventory()
    const on = flow()
    for (let second = 0; second < 20; second++) {
      devices.observe(identity(on, START + second * SECOND, 'client', ctFacts()))
      devices.observe(association(on, START + second * SECOND))
      devices.tick(START + second * SECOND)
    }
    devices.finish(START + 30 * SECOND)
    expect(events.map(event => event.kind)).toEqual(['device-discovered', 'device-discovered'])
  })

  test('neither foreign hosts, nor unanswered servers, nor plain flows are devices', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow({ clientAddress: '8.8.8.8' }), START, { result: 'unanswered' }))
    devices.observe(flowEnded(flow(), START))
    devices.finish(START)
    expect(devices.count).toBe(0)
  })

  test('TLS on a registered port makes a device of low confidence, on another port none', () => {
    const { inventory: devices } = inventory()
    devices.observe(tls(flow({ serverPort: 443 }), START))
    expect(devices.count).toBe(0)
    devices.observe(tls(flow({ serverPort: 2762 }), START, { serverName: 'PACS.hospital.example' }))
    devices.finish(START)
    expect(devices.deviceAt('10.1.0.20')).toMatchObject({ confidence: 'low', hostname: 'pacs.hospital.example' })
  })

  test('a rejected AE title is nobody’s name', () => {
    const { inventory: devices } = inventory()
    devices.observe(rejection(flow(), START, 'GUESS', 'ANY-SCP', 'called_ae_title_not_recognized'))
    devices.finish(START)
    expect(devices.devices().map(device => device.aeTitles)).toEqual([[], []])
  })

  test('a full inventory counts what it does not keep, and forgets the long silent first', () => {
    const { inventory: devices } = inventory({ max_devices: 2, silent_days: 1 })
    devices.observe(association(flow(), START))
    devices.observe(association(flow({ clientAddress: '10.1.0.11', clientMac: mac(11) }), START))
    expect([devices.count, devices.refused]).toEqual([2, 1])
    const later = START + 48 * HOUR
    devices.observe(
      association(flow({ clientAddress: '10.1.0.12', clientMac: mac(12), serverAddress: '10.1.0.22', serverMac: mac(22) }), later),
    )
    expect([devices.count, devices.refused]).toEqual([2, 1])
    expect(devices.deviceAt('10.1.0.10')).toBeUndefined()
  })
})

describe('changes', () => {
  test('a software upgrade is one event with before, after and reason', () => {
    const { inventory: devices, events } = inventory()
    const on = flow()
    for (let n = 0; n < 50; n++) devices.observe(identity(on, START + n * SECOND, 'client', ctFacts()))
    events.length = 0
    const later = START + 24 * HOUR
    for (let n = 0; n < 5; n++) {
      devices.observe(identity(on, later + n * SECOND, 'client', ctFacts('syngo CT 2012B')))
      devices.tick(later + n * SECOND)
    }
    devices.finish(later + 10 * SECOND)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      kind: 'device-changed',
      attribute: 'software_version',
      before: 'syngo CT 2011A',
      after: 'syngo CT 2012B',
      reason: expect.stringContaining('(0018,1020)'),
    })
    expect(devices.deviceAt('10.1.0.10')?.softwareVersion).toBe('syngo CT 2012B')
  })

  test('two sources that contradict each other do not make a change each time', () => {
    const { inventory: devices, events } = inventory()
    const on = flow()
    for (let n = 0; n < 40; n++) {
      devices.observe(identity(on, START + n * SECOND, 'client', { model: [n % 2 === 0 ? 'A' : 'B', '(0008,1090)'] }))
      devices.tick(START + n * SECOND)
    }
    devices.finish(START + HOUR)
    expect(events.filter(event => event.kind === 'device-changed').length).toBeLessThanOrEqual(2)
  })

  test('a new AE title is reported with the whole set', () => {
    const { inventory: devices, events } = inventory()
    const on = flow()
    devices.observe(association(on, START))
    devices.tick(START + SECOND)
    devices.observe(
      association(on, START + 2 * SECOND, { association: { id: 'b', requestedBy: 0, callingAeTitle: 'CT_2', calledAeTitle: 'ARCHIVE' } }),
    )
    devices.finish(START + 3 * SECOND)
    expect(events[2]).toMatchObject({ attribute: 'ae_titles', before: 'MODALITY', after: 'MODALITY, CT_2' })
    expect(events).toHaveLength(3)
  })
})

describe('forwarded identity', () => {
  test('an archive that relays images does not become the scanner', () => {
    const { inventory: devices } = inventory()
    const on = flow({ clientAddress: '10.1.0.20', clientMac: mac(20), serverAddress: '10.1.0.30', serverMac: mac(30) })
    devices.observe(identity(on, START, 'client', ctFacts(), { forwarded: true }))
    devices.observe(store(on, START))
    devices.finish(START)
    const archive = devices.deviceAt('10.1.0.20')
    expect(archive).toMatchObject({ manufacturer: undefined, model: undefined, serialNumber: undefined, stations: [], type: undefined })
    expect(archive?.evidence.some(row => row.value.includes('SOMATOM') || row.value.includes('Siemens'))).toBe(false)
    expect(archive?.evidence).toContainEqual(expect.objectContaining({ attribute: 'relays', value: 'dicom' }))
  })
})

describe('identity', () => {
  test('is the same on every run and sensor', () => {
    const ids = [0, 1].map(run => {
      const { inventory: devices } = inventory()
      devices.observe(association(flow(), START + run * HOUR))
      devices.finish(START + run * HOUR)
      return devices.devices().map(device => device.id)
    })
    expect(ids[0]).toEqual(ids[1])
    expect(ids[0]).toEqual([deviceId('mac', mac(10)), deviceId('mac', mac(20))].sort())
    expect(ids[0]?.[0]).toMatch(/^dev-[0-9a-f]{16}$/)
  })

  test('falls back to the address without a link layer, on loopback and behind one MAC', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow({ clientMac: undefined, serverMac: undefined }), START))
    devices.observe(
      association(
        flow({ clientAddress: '127.0.0.1', serverAddress: '127.0.0.1', clientMac: '00-00-00-00-00-00', serverMac: '00-00-00-00-00-00' }),
        START,
      ),
    )
    expect(devices.deviceAt('10.1.0.10')?.id).toBe(deviceId('ip', '10.1.0.10'))
    expect(devices.deviceAt('127.0.0.1')?.id).toBe(deviceId('ip', '127.0.0.1'))
    expect(devices.deviceAt('127.0.0.1')?.macs).toEqual([])
  })

  test('a router does not swallow the hosts behind it', () => {
    const { inventory: devices } = inventory()
    const router = mac(1)
    for (let host = 1; host <= 12; host++) {
      const on = flow({ clientAddress: `10.${host % 3}.7.${host}`, clientMac: router })
      devices.observe(
        association(on, START + host * SECOND, {
          association: { id: 'x', requestedBy: 0, callingAeTitle: `CT_${host}`, calledAeTitle: 'ARCHIVE' },
        }),
      )
      devices.tick(START + host * SECOND)
    }
    devices.finish(START + 20 * SECOND)
    expect(devices.count).toBe(13)
    const remote = devices.devices().filter(device => device.ips[0] !== '10.1.0.20')
    expect(remote.every(device => device.ips.length === 1 && device.aeTitles.length === 1 && !device.macs.includes(router))).toBe(true)
    expect(new Set(remote.map(device => device.id)).size).toBe(12)
  })

  test('other traffic of the MAC tells the router before the first device does', () => {
    const { inventory: devices } = inventory()
    const router = mac(1)
    devices.observe(flowEnded(flow({ clientAddress: '10.5.0.1', clientMac: router }), START))
    devices.observe(association(flow({ clientAddress: '10.6.0.1', clientMac: router }), START + 1))
    expect(devices.deviceAt('10.6.0.1')).toMatchObject({ id: deviceId('ip', '10.6.0.1'), macs: [] })
  })

  test('two hosts of one remote subnet behind a router stay two', () => {
    const { inventory: devices } = inventory()
    const router = mac(1)
    const first = flow({ clientAddress: '10.7.0.1', clientMac: router })
    const second = flow({ clientAddress: '10.7.0.2', clientMac: router })
    devices.observe(
      association(first, START, { association: { id: 'x', requestedBy: 0, callingAeTitle: 'CT_1', calledAeTitle: 'ARCHIVE' } }),
    )
    devices.observe(
      association(second, START + SECOND, { association: { id: 'y', requestedBy: 0, callingAeTitle: 'CT_2', calledAeTitle: 'ARCHIVE' } }),
    )
    devices.finish(START + 2 * SECOND)
    expect(devices.deviceAt('10.7.0.1')?.ips).toEqual(['10.7.0.1'])
    expect(devices.deviceAt('10.7.0.2')?.ips).toEqual(['10.7.0.2'])
  })

  test('hosts behind a router stay apart even when asked for in the middle of their first association', () => {
    const { inventory: devices } = inventory()
    const router = mac(1)
    for (const host of [1, 2]) {
      const on = flow({ clientAddress: `10.7.0.${host}`, clientMac: router })
      devices.observe(
        store(on, START + host * SECOND, {
          association: { id: 'x', requestedBy: 0, callingAeTitle: `CT_${host}`, calledAeTitle: 'ARCHIVE' },
        }),
      )
      expect(devices.deviceAt(`10.7.0.${host}`)?.ips).toEqual([`10.7.0.${host}`])
    }
    expect(devices.count).toBe(3)
  })

  test('a virtual router address names nobody', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow({ clientMac: '00-00-5E-00-01-0A' }), START))
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ id: deviceId('ip', '10.1.0.10'), macs: [] })
  })

  test('DHCP churn: the same MAC at a new address is the same device', () => {
    const { inventory: devices, events } = inventory()
    devices.observe(association(flow(), START))
    devices.tick(START + SECOND)
    const before = devices.deviceAt('10.1.0.10')
    devices.observe(association(flow({ clientAddress: '10.1.0.77' }), START + 8 * HOUR))
    devices.finish(START + 9 * HOUR)
    expect(devices.count).toBe(2)
    expect(devices.deviceAt('10.1.0.77')).toMatchObject({ id: before?.id, ips: ['10.1.0.10', '10.1.0.77'] })
    expect(events.slice(2)).toMatchObject([
      { kind: 'device-changed', attribute: 'ips', before: '10.1.0.10', after: '10.1.0.10, 10.1.0.77' },
    ])
  })

  test('ARP moves an address to the hardware that has it now', () => {
    const { inventory: devices } = inventory()
    devices.neighbour('10.1.0.10', mac(10), 0, undefined, START)
    devices.observe(association(flow(), START))
    devices.tick(START + SECOND)
    devices.neighbour('10.1.0.10', mac(99), 0, undefined, START + HOUR)
    devices.observe(association(flow({ clientMac: mac(99) }), START + HOUR))
    devices.finish(START + 2 * HOUR)
    expect(devices.deviceAt('10.1.0.10')?.id).toBe(deviceId('mac', mac(99)))
    expect(devices.devices().find(device => device.id === deviceId('mac', mac(10)))?.ips).toEqual([])
  })

  test('ARP gives a device known by address its MAC, and with it the id that every sensor gives it', () => {
    const { inventory: devices, events } = inventory()
    const on = flow({ clientMac: undefined })
    devices.observe(association(on, START))
    devices.tick(START + SECOND)
    const before = devices.deviceAt('10.1.0.10')?.id
    const after = deviceId('mac', mac(10))
    devices.neighbour('10.1.0.10', mac(10), 0, 42, START + HOUR)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ id: after, macs: [mac(10)] })
    devices.finish(START + HOUR)
    expect(events.slice(2)).toMatchObject([{ kind: 'device-merged', attribute: 'id', before, after, reason: `it is ${mac(10)}` }])
    expect(devices.deviceAt('10.1.0.10')?.evidence).toContainEqual(expect.objectContaining({ attribute: 'vlan', value: '42' }))
  })

  test('ARP joins two devices that are one adapter', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow(), START))
    devices.observe(association(flow({ clientAddress: '10.1.0.11', clientMac: undefined }), START))
    devices.tick(START + SECOND)
    expect(devices.count).toBe(3)
    devices.neighbour('10.1.0.11', mac(10), 0, undefined, START + HOUR)
    devices.finish(START + HOUR)
    expect(devices.count).toBe(2)
    expect(devices.deviceAt('10.1.0.11')).toBe(devices.deviceAt('10.1.0.10'))
  })

  test('IPv4 and IPv6 of one adapter are one device', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow(), START))
    devices.tick(START + SECOND)
    devices.observe(association(flow({ clientAddress: 'fd00::10', serverAddress: 'fd00::20', ipVersion: 6 }), START + 2 * SECOND))
    devices.finish(START + 4 * SECOND)
    expect(devices.count).toBe(2)
    expect(devices.deviceAt('fd00::10')?.ips).toEqual(['10.1.0.10', 'fd00::10'])
  })
})

describe('snapshots', () => {
  test('deviceAt answers the same object until something changes', () => {
    const { inventory: devices } = inventory()
    const on = flow()
    devices.observe(association(on, START))
    const first = devices.deviceAt('10.1.0.10')
    devices.observe(association(on, START + SECOND))
    expect(devices.deviceAt('10.1.0.10')).toBe(first)
    devices.observe(identity(on, START + SECOND, 'client', ctFacts()))
    expect(devices.deviceAt('10.1.0.10')).not.toBe(first)
    expect(devices.deviceAt('10.1.0.10')?.model).toBe('SOMATOM Definition AS')
  })

  test('devices() has current counts', () => {
    const { inventory: devices } = inventory()
    const on = flow()
    for (let n = 0; n < 3; n++) devices.observe(association(on, START + n))
    const ae = devices.devices()[0]?.evidence.find(row => row.attribute === 'ae_title')
    expect(ae).toMatchObject({ count: 3, firstSeen: START, lastSeen: START + 2, protocol: 'dicom' })
  })
})

describe('systems', () => {
  test('an HL7 receiver of many senders is an interface engine', () => {
    const { inventory: devices } = inventory()
    for (const application of ['HIS', 'LAB', 'RIS']) {
      devices.observe(message(flow({ serverPort: 2575 }), START, { sending: { application, facility: undefined } }))
    }
    expect(devices.deviceAt('10.1.0.20')).toMatchObject({ type: 'interface engine', sources: expect.arrayContaining(['hl7']) })
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ type: 'hospital information system', hl7Applications: ['HIS', 'LAB', 'RIS'] })
  })

  test('roles and the type that follows', () => {
    const { inventory: devices } = inventory()
    const on = flow()
    devices.observe(roles(on, START, 'server', 'storage_scp', 'query_scp'))
    expect(devices.deviceAt('10.1.0.20')).toMatchObject({ type: 'PACS archive', roles: ['storage_scp', 'query_scp'] })
    const why = devices.deviceAt('10.1.0.20')?.evidence.find(row => row.attribute === 'type')
    expect(why).toMatchObject({ value: 'PACS archive', confidence: 'high', field: expect.stringContaining('query_scp') })
  })

  test('an archive that sends images on is not taken for the scanner that made them', () => {
    const { inventory: devices } = inventory()
    devices.observe(roles(flow(), START, 'server', 'storage_scp', 'query_scp'))
    const forwarding = flow({ clientAddress: '10.1.0.20', clientMac: mac(20), serverAddress: '10.1.0.30', serverMac: mac(30) })
    devices.observe(identity(forwarding, START + SECOND, 'client', ctFacts()))
    expect(devices.deviceAt('10.1.0.20')).toMatchObject({ type: 'PACS archive', manufacturer: undefined, model: undefined })
  })
})
