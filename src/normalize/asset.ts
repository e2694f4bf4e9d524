import type { Change, Device, InventoryChange } from '../inventory/device.ts'
import { type Context, compact, distinct, eventFields, eventId, type Fields, finish, list, sentence, text } from './common.ts'
import { deviceDescription, deviceName, deviceParts } from './device-fields.ts'
import type { WardwireEvent } from './event.ts'
import { date, timestamp } from './time.ts'

const HOST = ['host']
const INFO_TYPES = ['info']
const CHANGE_TYPES = ['change']
/** Kinds after which the device is described otherwise than before. */
const CHANGES: ReadonlySet<InventoryChange['kind']> = new Set(['device-changed', 'device-merged', 'device-split'])

/** Something that the inventory noticed. */
export function assetEvent(context: Context, change: InventoryChange): WardwireEvent {
  const { device, time } = change
  const parts = deviceParts(device)
  const details = 'attribute' in change ? [change.attribute, change.before ?? '', change.after] : []
  const id = eventId(context.sensorId, change.kind, device.id, time, ...details)
  return finish('wardwire.asset', id, {
    '@timestamp': timestamp(time),
    message: sentence(assetMessage(change)),
    ecs: context.ecs,
    event: eventFields(context, id, {
      dataset: 'wardwire.asset',
      kind: change.kind === 'device-snapshot' ? 'asset' : 'event',
      category: HOST,
      type: CHANGES.has(change.kind) ? CHANGE_TYPES : INFO_TYPES,
      action: change.kind,
      outcome: 'success',
      time,
    }),
    observer: context.observer(undefined),
    related: compact({ ip: list(device.ips), hosts: distinct([device.hostname]) }),
    device: parts.device,
    host: parts.host,
    entity: parts.entity,
    wardwire: { device: inventoryFields(device), change: changeFields(change) },
  })
}

function inventoryFields(device: Device): Fields {
  return {
    type: text(device.type),
    serial_number: text(device.serialNumber),
    software_version: text(device.softwareVersion),
    firmware_version: text(device.firmwareVersion),
    ae_titles: list(device.aeTitles),
    stations: list(device.stations),
    hl7_applications: list(device.hl7Applications),
    hl7_facilities: list(device.hl7Facilities),
    roles: list(device.roles),
    services: list(device.services),
    encryption: list(device.encryption),
    vlans: list(device.vlans),
    udi: text(device.udi),
    conflicts: list(device.conflicts),
    owner: text(device.owner),
    site: text(device.site),
    location: text(device.location),
    department: text(device.department),
    criticality: text(device.criticality),
    first_seen: date(device.firstSeen),
    last_seen: date(device.lastSeen),
    confidence: device.confidence,
    sources: list(device.sources),
  }
}

function changeFields(change: InventoryChange): Fields | undefined {
  if (!('attribute' in change)) return undefined
  return { attribute: change.attribute, before: text(change.before), after: text(change.after), reason: text(change.reason) }
}

function assetMessage(change: InventoryChange): string {
  const { device } = change
  const address = device.ips[0] ?? device.macs[0]
  const place = address === undefined || address === deviceName(device) ? '' : ` at ${address}`
  const described = `${deviceDescription(device)} ${deviceName(device)}${place}`
  switch (change.kind) {
    case 'device-discovered':
      return `New ${described}`
    case 'device-snapshot':
      return `Daily state of ${described}`
    case 'device-merged':
      return `${described} is the same device as ${change.before}: ${change.reason}`
    case 'device-split':
      return `${described} is not what it was taken for: ${change.reason}`
    case 'device-silent':
    case 'device-returned':
      return `${described} is ${change.after === 'silent' ? 'silent' : 'back'}: ${change.reason}`
    case 'device-changed':
      return changeMessage(change.attribute.replaceAll('_', ' '), described, change)
  }
}

function changeMessage(attribute: string, described: string, { before, after }: Change): string {
  return before === undefined
    ? `${attribute} of ${described} is ${after}`
    : `${attribute} of ${described} changed from ${before} to ${after}`
}
