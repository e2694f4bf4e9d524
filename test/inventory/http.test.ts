import { describe, expect, test } from 'vitest'
import type { Flow } from '../../src/net/flow.ts'
import type { DeviceIdentity, DicomWebRequest } from '../../src/protocols/observation.ts'
import { FHIR_SEARCH, SEARCH } from '../normalize/samples.ts'
import { association, flow, inventory, SECOND, START } from './samples.ts'

const said = (on: Flow, about: 'client' | 'server', facts: DeviceIdentity['facts']): DeviceIdentity => ({
  kind: 'device-identity',
  protocol: 'http',
  flow: on,
  start: START,
  end: START,
  streamOffset: 0,
  partial: [],
  about,
  forwarded: false,
  facts,
})

const search = (on: Flow, http: Partial<DicomWebRequest['http']> = {}): DicomWebRequest => ({
  ...SEARCH,
  flow: on,
  start: START,
  end: START,
  http: { ...SEARCH.http, ...http },
})

const SERVER = { attribute: 'http_server', value: 'GoAhead-Webs', field: 'Server' } as const

describe('HTTP', () => {
  test('shows no device by itself', () => {
    const { inventory: devices } = inventory()
    devices.observe(said(flow(), 'server', [SERVER]))
    expect(devices.devices()).toEqual([])
  })

  test('adds what software calls itself to devices that are known, on little authority', () => {
    const { inventory: devices } = inventory()
    const on = flow()
    devices.observe(association(on, START))
    devices.observe(said(on, 'server', [SERVER]))
    expect(devices.deviceAt(on.serverAddress)?.evidence).toContainEqual(
      expect.objectContaining({ attribute: 'http_server', value: 'GoAhead-Webs', protocol: 'http', field: 'Server', confidence: 'low' }),
    )
  })
})

describe('DICOMweb and FHIR', () => {
  test('show both ends when the server gives what it was asked for', () => {
    for (const observation of [search(flow()), { ...FHIR_SEARCH, flow: flow(), end: START }]) {
      const { inventory: devices } = inventory()
      devices.observe(observation)
      devices.finish(START + SECOND)
      expect(devices.devices().map(({ ips, confidence }) => [ips[0], confidence])).toEqual([
        ['10.1.0.10', 'medium'],
        ['10.1.0.20', 'medium'],
      ])
    }
  })

  test.each([404, 401, undefined])('show the client alone at status %s: any server can be asked', status => {
    const { inventory: devices } = inventory()
    devices.observe(search(flow(), { status }))
    expect(devices.devices().map(({ ips }) => ips[0])).toEqual(['10.1.0.10'])
  })

  test('a server of searches and images is an archive', () => {
    const { inventory: devices } = inventory()
    const on = flow()
    devices.observe(search(on))
    const role = (value: string) => ({ attribute: 'role', value, field: 'DICOMweb' }) as const
    devices.observe(said(on, 'server', [role('qido_rs_server')]))
    expect(devices.deviceAt(on.serverAddress)?.type).toBeUndefined()
    devices.observe(said(on, 'server', [role('wado_rs_server')]))
    expect(devices.deviceAt(on.serverAddress)?.type).toBe('PACS archive')
  })
})
