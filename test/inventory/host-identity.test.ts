import { describe, expect, test } from 'vitest'
import type { HostIdentity, IdentityAttribute, IdentityProtocol } from '../../src/protocols/observation.ts'
import { association, ctFacts, flow, identity, inventory, mac, SECOND, START } from './samples.ts'

type Facts = Partial<Record<IdentityAttribute, readonly [value: string, field: string]>>

function host(protocol: IdentityProtocol, subject: Partial<HostIdentity['subject']>, time: number, facts: Facts): HostIdentity {
  return {
    kind: 'host-identity',
    protocol,
    subject: { mac: undefined, address: undefined, ...subject },
    time,
    facts: Object.entries(facts).map(([attribute, [value, field]]) => ({ attribute: attribute as IdentityAttribute, value, field })),
  }
}

/** An inventory that knows 10.1.0.10 (mac 10) and 10.1.0.20 (mac 20). */
function known() {
  const made = inventory()
  made.inventory.observe(association(flow(), START))
  made.inventory.tick(START + 2 * SECOND)
  return made
}

const LATER = START + 10 * SECOND
const NAME: Facts = { hostname: ['CT-Console', 'option 12'] }

describe('what is said of hosts by name', () => {
  test('adds to the device at that MAC, and is reported as a change', () => {
    const { inventory: devices, events } = known()
    devices.identify(
      host('dhcp', { mac: mac(10) }, LATER, { ...NAME, dhcp_fingerprint: ['1,3,6,15,31,33,43,44,46,47,121,249,252', 'option 55'] }),
    )
    devices.tick(LATER + 2 * SECOND)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ hostname: 'ct-console', os: { name: 'Windows 10 or later' } })
    expect(events.slice(2).map(event => event.kind === 'device-changed' && [event.attribute, event.before, event.after])).toEqual([
      ['os', undefined, 'Windows 10 or later'],
      ['hostname', undefined, 'ct-console'],
    ])
  })

  test('never gives one system the version of another', () => {
    const { inventory: devices } = known()
    const subject = { address: '10.1.0.20' }
    devices.identify(host('ssh', subject, LATER, { banner: ['SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3', 'identification'] }))
    expect(devices.deviceAt('10.1.0.20')?.os).toEqual({ name: 'Debian', version: '12' })
    for (let n = 1; n <= 3; n++) devices.identify(host('ssdp', subject, LATER + n, { upnp_server: ['FreeBSD UPnP/1.1', 'SERVER'] }))
    expect(devices.deviceAt('10.1.0.20')?.os).toEqual({ name: 'FreeBSD' })
  })

  test('knows a system by its own name rather than by that of its family, however often that one is said', () => {
    const { inventory: devices } = known()
    const subject = { address: '10.1.0.20' }
    for (let n = 0; n < 9; n++) devices.identify(host('dhcp', subject, LATER + n, { vendor_class: ['udhcp 1.36.1', 'option 60'] }))
    expect(devices.deviceAt('10.1.0.20')?.os).toEqual({ name: 'Linux' })
    devices.identify(host('ssh', subject, LATER + 9, { banner: ['SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3', 'identification'] }))
    devices.identify(host('dhcp', subject, LATER + 10, { vendor_class: ['udhcp 1.36.1', 'option 60'] }))
    expect(devices.deviceAt('10.1.0.20')).toMatchObject({
      os: { name: 'Debian', version: '12' },
      reasons: { os: expect.stringContaining('its family, Linux: dhcp option 60 said so 10 times') },
    })
  })

  test('adds to the device at that address', () => {
    const { inventory: devices } = known()
    devices.identify(
      host('snmp', { address: '10.1.0.20' }, LATER, { system_description: ['Linux pacs 5.10.0-28-amd64 #1 SMP', 'sysDescr'] }),
    )
    expect(devices.deviceAt('10.1.0.20')?.os).toEqual({ name: 'Linux', version: '5.10.0-28-amd64' })
    expect(devices.deviceAt('10.1.0.20')?.evidence).toContainEqual(
      expect.objectContaining({
        attribute: 'os',
        protocol: 'snmp',
        field: 'sysDescr',
        table: expect.stringMatching(/^operating-system:.*uname -a/),
        confidence: 'medium',
      }),
    )
  })

  test('makes no device of a host that no medical traffic has shown', () => {
    const { inventory: devices, events } = inventory()
    devices.identify(host('dhcp', { mac: mac(10), address: '10.1.0.10' }, START, NAME))
    devices.observe(identity(flow(), START, 'server', { native_os: ['Windows 5.1', 'NativeOS'] }, { protocol: 'smb' }))
    devices.finish(LATER)
    expect([devices.count, events]).toEqual([0, []])
  })

  test.each(['before', 'during'])('is part of the discovery when it was said %s the first conversation', when => {
    const { inventory: devices, events } = inventory()
    if (when === 'before') devices.identify(host('dhcp', { mac: mac(10) }, START, NAME))
    devices.observe(association(flow(), START + SECOND))
    if (when === 'during') devices.identify(host('dhcp', { mac: mac(10) }, START + SECOND, NAME))
    devices.finish(LATER)
    expect(events.map(({ kind, device }) => [kind, device.hostname])).toEqual([
      ['device-discovered', 'ct-console'],
      ['device-discovered', undefined],
    ])
  })

  test('at an end of a flow adds to what is known there', () => {
    const { inventory: devices } = known()
    devices.observe(identity(flow(), LATER, 'server', { native_os: ['Windows 5.1', 'NativeOS'] }, { protocol: 'smb' }))
    expect(devices.deviceAt('10.1.0.20')).toMatchObject({
      os: { name: 'Windows XP', version: '5.1' },
      sources: expect.arrayContaining(['smb']),
    })
  })

  test('the MAC is the harder name', () => {
    const { inventory: devices } = known()
    devices.identify(host('dhcp', { mac: mac(10), address: '10.1.0.20' }, LATER, NAME))
    expect([devices.deviceAt('10.1.0.10')?.hostname, devices.deviceAt('10.1.0.20')?.hostname]).toEqual(['ct-console', undefined])
  })

  test('a MAC of nobody does not speak for a device that has its own', () => {
    const { inventory: devices } = known()
    devices.identify(host('dhcp', { mac: mac(99), address: '10.1.0.20' }, LATER, NAME))
    expect(devices.deviceAt('10.1.0.20')?.hostname).toBeUndefined()
  })

  test('a device of which the address is all that is known takes it by that', () => {
    const { inventory: devices } = inventory()
    const routed = flow({ clientMac: undefined, serverMac: undefined })
    devices.observe(association(routed, START))
    devices.tick(START + 2 * SECOND)
    devices.identify(host('dhcp', { mac: mac(99), address: '10.1.0.10' }, LATER, NAME))
    expect(devices.deviceAt('10.1.0.10')?.hostname).toBe('ct-console')
  })

  test('what images say of their maker outweighs what the computer inside says', () => {
    const { inventory: devices } = known()
    devices.observe(identity(flow(), LATER, 'client', ctFacts()))
    devices.identify(
      host('lldp', { mac: mac(10) }, LATER, {
        manufacturer: ['Dell Inc.', 'LLDP-MED manufacturer'],
        model: ['Precision 5820', 'LLDP-MED model'],
      }),
    )
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ manufacturer: 'Siemens Healthineers', model: 'SOMATOM Definition AS' })
  })

  test('the product that a host names outweighs the release that its build allows for', () => {
    const { inventory: devices } = known()
    for (let count = 0; count < 5; count++) {
      devices.observe(
        identity(flow(), LATER + count, 'server', { os_build: ['10.0.17763', 'NTLMSSP CHALLENGE Version'] }, { protocol: 'smb' }),
      )
    }
    expect(devices.deviceAt('10.1.0.20')?.os).toEqual({
      name: 'Windows 10 1809 or Windows Server 2019',
      version: '10.0.17763',
      build: '10.0.17763',
    })
    devices.observe(
      identity(flow(), LATER + 9, 'server', { native_os: ['Windows Server 2019 Standard 17763', 'NativeOS'] }, { protocol: 'smb' }),
    )
    expect(devices.deviceAt('10.1.0.20')?.os).toEqual({ name: 'Windows Server 2019 Standard', version: '10.0.17763' })
  })

  test('what follows from a statement is counted as often as the statement', () => {
    const { inventory: devices } = known()
    for (let count = 0; count < 3; count++)
      devices.identify(host('nbdgm', { address: '10.1.0.20' }, LATER + count, { os_version: ['6.1', 'OSVersion'] }))
    const rows = devices.deviceAt('10.1.0.20')?.evidence.filter(({ protocol }) => protocol === 'nbdgm')
    expect(rows?.map(({ attribute, count, lastSeen }) => [attribute, count, lastSeen])).toEqual([
      ['os_version', 3, LATER + 2],
      ['os', 3, LATER + 2],
    ])
  })

  test('is kept of a page or certificate as far as a row recognizes it, also before the host is a device', () => {
    for (const when of ['before', 'after']) {
      const { inventory: devices } = inventory()
      if (when === 'after') devices.observe(association(flow(), START))
      for (const http_title of ['Orthanc Explorer', 'DOE^WWPHI'])
        devices.identify(host('http', { address: '10.1.0.20' }, START, { http_title: [http_title, 'title'] }))
      for (const certificate_subject of ['CN=WWPHI, O=Philips', 'CN=WWPHI, O=General Hospital'])
        devices.identify(host('tls', { address: '10.1.0.20' }, START, { certificate_subject: [certificate_subject, 'subject'] }))
      if (when === 'before') devices.observe(association(flow(), START))
      const device = devices.deviceAt('10.1.0.20')
      expect(device?.manufacturer).toBe('Philips')
      expect(device?.evidence).toContainEqual(
        expect.objectContaining({ attribute: 'toolkit', value: 'Orthanc', table: expect.stringContaining('http-title:') }),
      )
      expect(JSON.stringify(devices.deviceAt('10.1.0.20'))).not.toMatch(/WWPHI|http_title|certificate_subject/)
    }
  })

  test('counts for less when a certificate says it than when the device does', () => {
    const { inventory: devices } = inventory()
    devices.observe(identity(flow(), START, 'client', ctFacts()))
    for (let n = 0; n < 5; n++)
      devices.identify(
        host('tls', { address: '10.1.0.10' }, START + n, {
          certificate_subject: ['serialNumber=9, CN=x, O=Philips', 'subject'],
          hostname: ['certified.hospital.example', 'subject CN'],
        }),
      )
    devices.identify(host('dhcp', { address: '10.1.0.10' }, START, { hostname: ['ct-1', 'option 12'] }))
    const device = devices.deviceAt('10.1.0.10')
    expect(device?.manufacturer).toBe('Siemens Healthineers')
    expect(device).toMatchObject({ serialNumber: '64120', hostname: 'ct-1' })
    expect(device?.evidence).toContainEqual(expect.objectContaining({ attribute: 'manufacturer', value: 'Philips', confidence: 'low' }))
  })
})
