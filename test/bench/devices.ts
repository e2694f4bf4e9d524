// Memory of a full inventory:   node --expose-gc test/bench/devices.ts [DEVICES]
// Ends with status 1 when a device costs more than 4 KB. Each is a modality as the demo shows it: unit, software, station, AE title, role, MAC and address,
// host name and system by DHCP, system by TCP.
import Joi from 'joi'
import { Inventory } from '../../src/inventory/inventory.ts'
import { type InventorySettings, inventorySchema } from '../../src/inventory/settings.ts'
import { association, ctFacts, flow, identity, mac, START } from '../inventory/samples.ts'

const BUDGET_BYTES = 4096
/** As Windows opens connections. */
const SYN = { ttl: 128, window: 64_240, windowScale: 8, options: '2,1,3,1,1,4' }

export interface DeviceMemory {
  readonly devices: number
  readonly bytesPerDevice: number
  readonly evidencePerDevice: number
}

export function measureDevices(count: number): DeviceMemory {
  const inventory = new Inventory(Joi.attempt({ max_devices: count + 1 }, inventorySchema) as InventorySettings, () => undefined)
  const server = { serverAddress: '10.255.0.1', serverMac: mac(1) }
  // The registry of MAC prefixes is no device's.
  addDevice(inventory, count, server)
  inventory.finish(START)
  collect()
  const before = process.memoryUsage().heapUsed
  for (let number = 0; number < count; number++) addDevice(inventory, number, server)
  inventory.finish(START + count)
  collect()
  const bytesPerDevice = (process.memoryUsage().heapUsed - before) / count
  const typical = inventory.deviceAt(addressOf(count >> 1))
  return { devices: inventory.count, bytesPerDevice: Math.round(bytesPerDevice), evidencePerDevice: typical?.evidence.length ?? 0 }
}

function addDevice(inventory: Inventory, number: number, server: { readonly serverAddress: string; readonly serverMac: string }): void {
  const on = flow({ clientAddress: addressOf(number), clientMac: macOf(number), clientSyn: SYN, ...server })
  const time = START + number
  const facts = {
    ...ctFacts(`VA50A_SP${number % 7}`),
    serial_number: [`7${number + 10_000}`, '(0018,1000)'] as const,
    station_name: [`CT${number}`, '(0008,1010)'] as const,
  }
  inventory.observe(identity(on, time, 'client', facts))
  const key = { id: 'x', requestedBy: 0, callingAeTitle: `CT${number}`, calledAeTitle: 'ARCHIVE' } as const
  inventory.observe(
    association(on, time, {
      association: key,
      requestor: { classUid: '1.2.276.0.7230010.3.0.3.6.7', version: 'OFFIS_DCMTK_367', maxPduBytes: 16_384 },
    }),
  )
  inventory.identify({
    kind: 'host-identity',
    protocol: 'dhcp',
    subject: { mac: macOf(number), address: undefined },
    time,
    facts: [
      { attribute: 'hostname', value: `ct-console-${number}`, field: 'option 12' },
      { attribute: 'dhcp_fingerprint', value: '1,3,6,15,31,33,43,44,46,47,121,249,252', field: 'option 55' },
      { attribute: 'vendor_class', value: 'MSFT 5.0', field: 'option 60' },
    ],
  })
  if (number % 1000 === 999) inventory.tick(time + 2_000_000)
}

function addressOf(number: number): string {
  return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}

function macOf(number: number): string {
  return `88-4B-39-${(0x1_000_000 + number)
    .toString(16)
    .slice(1)
    .toUpperCase()
    .replace(/(..)(?=.)/g, '$1-')}`
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc')
  globalThis.gc()
}

if (import.meta.main) {
  const result = measureDevices(Number(process.argv[2] ?? 50_000))
  process.stdout.write(
    `${result.devices} devices, ${result.evidencePerDevice} pieces of evidence each: ${result.bytesPerDevice} bytes a device (budget ${BUDGET_BYTES})\n`,
  )
  if (result.bytesPerDevice > BUDGET_BYTES) process.exitCode = 1
}
