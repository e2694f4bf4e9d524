import { describe, expect, test } from 'vitest'
import type { Device } from '../../src/inventory/device.ts'
import { inventoryRecord } from '../../src/normalize/inventory-record.ts'
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
  tls,
} from './samples.ts'

const count = (device: Device | undefined, attribute: string, value: string): number | undefined =>
  device?.evidence.find(row => row.attribute === attribute && row.value === value)?.count

describe('what conversations say of their ends', () => {
  test('peers, and what is offered where', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow(), START))
    devices.observe(message(flow({ serverPort: 2575, serverAddress: '10.1.0.30', serverMac: mac(30) }), START))
    devices.finish(START)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ peers: ['10.1.0.20', '10.1.0.30'], services: [] })
    expect(devices.deviceAt('10.1.0.20')).toMatchObject({ peers: ['10.1.0.10'], services: ['dicom tcp/104'] })
    expect(devices.deviceAt('10.1.0.30')).toMatchObject({ peers: ['10.1.0.10'], services: ['hl7 tcp/2575'] })
  })

  test('of an archive with many peers, the first are kept', () => {
    const { inventory: devices, events } = inventory({ max_values_per_attribute: 4 })
    for (let host = 30; host < 60; host++)
      devices.observe(association(flow({ clientAddress: `10.1.0.${host}`, clientMac: mac(host) }), START + host))
    devices.finish(START + SECOND)
    expect(devices.deviceAt('10.1.0.20')?.peers).toEqual(['10.1.0.30', '10.1.0.31', '10.1.0.32', '10.1.0.33'])
    expect(events.every(event => event.kind === 'device-discovered')).toBe(true)
  })

  test('whether it is encrypted, and how', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow(), START))
    devices.observe(tls(flow({ serverPort: 2762 }), START, { version: '1.3' }))
    devices.observe(tls(flow({ serverPort: 443 }), START, { version: '1.2' }))
    devices.finish(START)
    expect(devices.deviceAt('10.1.0.20')).toMatchObject({
      encryption: ['dicom: none', 'dicom: TLS 1.3', 'tcp/443: TLS 1.2'],
      services: ['dicom tcp/104', 'dicom over tls tcp/2762'],
    })
    const offered = devices.deviceAt('10.1.0.20')?.evidence.find(row => row.value === 'dicom over tls tcp/2762')
    expect(offered).toMatchObject({ protocol: 'tls', confidence: 'low' })
  })

  test('the VLAN of a host, but not that of a router before it', () => {
    const { inventory: devices } = inventory()
    devices.observe(association(flow({ vlanIds: [120] }), START))
    for (const host of [1, 2]) devices.observe(flowEnded(flow({ clientAddress: `10.${host}.9.1`, clientMac: mac(1) }), START))
    const routed = flow({ clientAddress: '10.3.9.1', clientMac: mac(1), vlanIds: [120] })
    devices.observe(association(routed, START + SECOND))
    devices.observe(flowEnded(flow({ vlanIds: [130] }), START + 2 * SECOND))
    devices.finish(START + 3 * SECOND)
    expect(devices.deviceAt('10.1.0.10')?.vlans).toEqual(['120', '130'])
    expect(devices.deviceAt('10.3.9.1')?.vlans).toEqual([])
  })

  test('behind a load balancer, of the host for which it speaks', () => {
    const { inventory: devices } = inventory()
    const clientSyn = { ttl: 64, window: 64_240, windowScale: 7, options: '2,4,8,1,3' }
    const on = flow({ clientAddress: '10.1.0.9', clientMac: mac(9), vlanIds: [120], clientSyn, forwardedFor: '10.1.0.10' })
    devices.observe(identity(on, START, 'client', ctFacts()))
    devices.observe(association(on, START))
    devices.observe(flowEnded(on, START + SECOND))
    devices.finish(START + 2 * SECOND)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ macs: [], vlans: [], os: undefined, peers: ['10.1.0.20'] })
    expect(devices.deviceAt('10.1.0.10')?.aeTitles.length).toBeGreaterThan(0)
    expect(devices.deviceAt('10.1.0.20')?.peers).toEqual(['10.1.0.10'])
    expect(devices.deviceAt('10.1.0.9')).toBeUndefined()
  })

  test('message types by direction, and facilities', () => {
    const { inventory: devices } = inventory()
    const on = flow({ serverPort: 2575 })
    devices.observe(identity(on, START, 'client', { hl7_facility: ['GENHOSP', 'MSH-4'] }, { protocol: 'hl7' }))
    devices.observe(message(on, START))
    devices.observe(message(on, START + 1, { type: 'ORU', trigger: 'R01', ack: undefined }))
    devices.finish(START)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ hl7Sends: ['ADT^A01', 'ORU^R01'], hl7Receives: [], hl7Facilities: ['GENHOSP'] })
    expect(devices.deviceAt('10.1.0.20')).toMatchObject({ hl7Sends: [], hl7Receives: ['ADT^A01'] })
  })

  test('site, firmware, build and who made the adapter', () => {
    const { inventory: devices, events } = inventory()
    const on = flow()
    devices.observe(identity(on, START, 'client', { ...ctFacts(), institution: ['General Hospital', '(0008,0080)'] }))
    devices.observe(association(on, START))
    devices.observe(identity(on, START, 'client', { os_build: ['10.0.17763', 'NTLMSSP CHALLENGE Version'] }, { protocol: 'smb' }))
    const lldp = (value: string, time: number) =>
      devices.identify({
        kind: 'host-identity',
        protocol: 'lldp',
        subject: { mac: mac(10), address: undefined },
        time,
        facts: [{ attribute: 'firmware_version', value, field: 'Firmware Revision' }],
      })
    devices.tick(START + 2 * SECOND)
    lldp('1.0.3', START + 3 * SECOND)
    devices.tick(START + 5 * SECOND)
    lldp('1.0.4', START + HOUR)
    devices.finish(START + 2 * HOUR)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({
      site: 'General Hospital',
      firmwareVersion: '1.0.4',
      os: { build: '10.0.17763' },
      nicVendors: ['VMware, Inc.'],
    })
    const changes = events.flatMap(event => ('attribute' in event ? [[event.attribute, event.before, event.after]] : []))
    expect(changes).toEqual([
      ['firmware_version', undefined, '1.0.3'],
      ['firmware_version', '1.0.3', '1.0.4'],
    ])
    expect(inventoryRecord(devices.devices()[0])).toMatchObject({ site: 'General Hospital', firmware_version: '1.0.4', services: [] })
  })
})

describe('messages that repeat each other', () => {
  const on = flow({ serverPort: 2575 })
  const said = (time: number, changes = {}) => message(on, time, { type: 'ORU', trigger: 'R01', deviceObservation: true, ...changes })

  test('are counted one by one', () => {
    const { inventory: devices } = inventory()
    for (let number = 0; number < 100; number++) devices.observe(said(START + number, number % 3 === 0 ? { trigger: 'R40' } : {}))
    devices.finish(START + SECOND)
    const [sender, receiver] = [devices.deviceAt('10.1.0.10'), devices.deviceAt('10.1.0.20')]
    expect(count(sender, 'hl7_sends', 'ORU^R01')).toBe(66)
    expect(count(sender, 'hl7_sends', 'ORU^R40')).toBe(34)
    expect(count(sender, 'device_observations', 'ORU^R40')).toBe(34)
    expect(count(sender, 'hl7_application', 'HIS')).toBe(100)
    expect(count(receiver, 'hl7_peer', 'HIS')).toBe(100)
    expect(count(receiver, 'hl7_receives', 'ORU^R01')).toBe(66)
    expect(sender?.evidence.find(row => row.value === 'ORU^R01')).toMatchObject({ firstSeen: START + 1, lastSeen: START + 98 })
  })

  test('are taken down anew where the evidence was rearranged, the sender is another, or an answer came', () => {
    const { inventory: devices } = inventory({ max_values_per_attribute: 2 })
    devices.observe(said(START, { ack: undefined }))
    devices.observe(said(START + 1))
    for (const version of ['1', '2', '3', '4'])
      devices.observe(identity(on, START + 2, 'client', { software_version: [version, '(0018,1020)'] }))
    devices.observe(said(START + 3))
    devices.tick(START + 2 * SECOND)
    expect(count(devices.deviceAt('10.1.0.10'), 'hl7_sends', 'ORU^R01')).toBe(3)
    expect(count(devices.deviceAt('10.1.0.20'), 'hl7_receives', 'ORU^R01')).toBe(2)
    devices.neighbour('10.1.0.10', mac(10), 0, undefined, START + HOUR)
    devices.neighbour('10.1.0.10', mac(77), 0, undefined, START + HOUR)
    devices.observe(said(START + HOUR + 1))
    devices.finish(START + 2 * HOUR)
    expect(devices.deviceAt('10.1.0.10')?.macs).toEqual([mac(77)])
    expect(count(devices.deviceAt('10.1.0.10'), 'hl7_sends', 'ORU^R01')).toBe(1)
  })
})

describe('who asks, and was not expected', () => {
  const CALLED = 'called_ae_title_not_recognized'
  const guess = (devices: ReturnType<typeof inventory>['inventory'], from: number, titles: readonly string[]): void => {
    for (const [turn, title] of titles.entries()) devices.observe(rejection(flow(), from + turn * SECOND, 'ECHOSCU', title, CALLED))
  }
  const read = (devices: ReturnType<typeof inventory>['inventory'], at: number): void => {
    devices.observe(association(flow(), at))
    devices.observe(roles(flow(), at, 'client', 'query_scu', 'retrieve_scu', 'storage_scp'))
  }

  test('a host that only looks for DICOM nodes, or is refused everywhere, has no type', () => {
    const { inventory: devices } = inventory()
    for (let host = 30; host < 45; host++)
      devices.observe(association(flow({ serverAddress: `10.1.0.${host}`, serverMac: mac(host) }), START))
    guess(devices, START + SECOND, ['PACS', 'DICOM', 'SERVER', 'ORTHANC'])
    devices.finish(START + 10 * SECOND)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ type: undefined })
    expect(count(devices.deviceAt('10.1.0.10'), 'refused_title', 'PACS')).toBe(1)
  })

  test('a host that guessed the name under which it was let in is no workstation for what it does then', () => {
    const { inventory: devices } = inventory()
    guess(devices, START, ['PACS', 'DICOM', 'SERVER'])
    read(devices, START + 10 * SECOND)
    devices.finish(START + 20 * SECOND)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ type: undefined, roles: ['query_scu', 'retrieve_scu', 'storage_scp'] })
  })

  test('the name under which it calls can be guessed too', () => {
    const { inventory: devices } = inventory()
    for (const title of ['WS01', 'WS02', 'WS03'])
      devices.observe(rejection(flow(), START, title, 'PACS', 'calling_ae_title_not_recognized'))
    read(devices, START + SECOND)
    expect(devices.deviceAt('10.1.0.10')?.type).toBeUndefined()
  })

  test('a workstation that was configured wrong at first is one, and so is one from which somebody guesses later', () => {
    const { inventory: devices } = inventory()
    guess(devices, START, ['ARCHIV', 'ARCHIV', 'PACS'])
    read(devices, START + 10 * SECOND)
    expect(devices.deviceAt('10.1.0.10')?.type).toBe('workstation')
    guess(devices, START + 20 * SECOND, ['DICOM', 'SERVER', 'ORTHANC', 'IMAGES'])
    expect(devices.deviceAt('10.1.0.10')?.type).toBe('workstation')
  })
})
