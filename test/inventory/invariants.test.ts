import fc from 'fast-check'
import { expect, test } from 'vitest'
import { association, ctFacts, flow, flowEnded, identity, inventory, mac, SECOND, START } from './samples.ts'

const address = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 6 })).map(([subnet, host]) => `10.${subnet}.0.${host}`),
  fc.integer({ min: 1, max: 4 }).map(host => `fd00::${host}`),
  fc.constantFrom('8.8.8.8', 'fe80::1'),
)
const link = fc.oneof(fc.integer({ min: 1, max: 6 }).map(mac), fc.constant(undefined))
const step = fc.record({
  kind: fc.constantFrom('association', 'identity', 'flow', 'neighbour', 'tick'),
  client: address,
  server: address,
  clientMac: link,
  serverMac: link,
  seconds: fc.integer({ min: -5, max: 20_000 }),
  title: fc.constantFrom('A', 'B', 'C'),
})

test('whatever is observed, addresses and ids name one device each and limits hold', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const { inventory: devices, events } = inventory({ max_devices: 12, max_values_per_attribute: 4, router_addresses: 3 })
      let time = START
      for (const { kind, client, server, clientMac, serverMac, seconds, title } of steps) {
        time += seconds * SECOND
        const on = flow({ clientAddress: client, serverAddress: server, clientMac, serverMac })
        if (kind === 'association')
          devices.observe(association(on, time, { association: { id: 'x', requestedBy: 0, callingAeTitle: title, calledAeTitle: 'Z' } }))
        else if (kind === 'identity') devices.observe(identity(on, time, 'client', ctFacts(title)))
        else if (kind === 'flow') devices.observe(flowEnded(on, time))
        else if (kind === 'neighbour' && clientMac !== undefined) devices.neighbour(client, clientMac, 0, undefined, time)
        else devices.tick(time)
        const found = devices.deviceAt(client)
        if (found !== undefined) expect(found.ips).toContain(client)
      }
      devices.finish(time)
      const all = devices.devices()
      const ips = all.flatMap(device => device.ips)
      const macs = all.flatMap(device => device.macs)
      expect(devices.count).toBe(all.length)
      expect(all.length).toBeLessThanOrEqual(12)
      expect(new Set(all.map(device => device.id)).size).toBe(all.length)
      expect(new Set(ips).size).toBe(ips.length)
      expect(new Set(macs).size).toBe(macs.length)
      expect(ips).not.toContain('8.8.8.8')
      for (const device of all) {
        expect(device.ips.length).toBeLessThanOrEqual(4)
        for (const ip of device.ips) expect(devices.deviceAt(ip)?.id).toBe(device.id)
      }
      for (const event of events) {
        if (event.kind === 'device-changed') expect(event.after).not.toBe(event.before)
      }
    }),
    { interruptAfterTimeLimit: 8000, numRuns: 400 },
  )
})
