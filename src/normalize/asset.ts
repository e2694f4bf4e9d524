import type { Device, InventoryChange } from '../inventory/device.ts'
import { type Context, compact, distinct, eventFields, eventId, type Fields, finish, list, sentence, text } from './common.ts'
import { deviceDescription, deviceName, deviceParts } from './device-fields.ts'
import type { WardwireEvent } from './event.ts'
import { date, timestamp } from './time.ts'

const HOST = ['host']
const INFO_TYPES = ['info']
const CHANGE_TYPES = ['change']

/** Something that the inventory noticed. */
export function assetEvent(context: Context, change: InventoryChange): WardwireEvent {
  const { device, time } = change
  const parts = deviceParts(device)
  const details = change.kind === 'device-changed' ? [change.attribute, change.before ?? '', change.after] : []
  const id = eventId(context.sensorId, change.kind, device.id, time, ...details)
  return finish('wardwire.asset', id, {
    '@timestamp': timestamp(time),
    message: sentence(assetMessage(change)),
    ecs: context.ecs,
    event: eventFields(context, id, {
      dataset: 'wardwire.asset',
      kind: 'event',
      category: HOST,
      type: change.kind === 'device-changed' ? CHANGE_TYPES : INFO_TYPES,
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
    ae_titles: list(device.aeTitles),
    stations: list(device.stations),
    hl7_applications: list(device.hl7Applications),
    roles: list(device.roles),
    udi: text(device.udi),
    first_seen: date(device.firstSeen),
    last_seen: date(device.lastSeen),
    confidence: device.confidence,
    sources: list(device.sources),
  }
}

function changeFields(change: InventoryChange): Fields | undefined {
  if (change.kind !== 'device-changed') return undefined
  return { attribute: change.attribute, before: text(change.before), after: text(change.after), reason: text(change.reason) }
}

function assetMessage(change: InventoryChange): string {
  const { device } = change
  const address = device.ips[0] ?? device.macs[0]
  const place = address === undefined || address === deviceName(device) ? '' : ` at ${address}`
  const described = `${deviceDescription(device)} ${deviceName(device)}${place}`
  if (change.kind === 'device-discovered') return `New ${described}`
  const attribute = change.attribute.replaceAll('_', ' ')
  return change.before === undefined
    ? `${attribute} of ${described} is ${change.after}`
    : `${attribute} of ${described} changed from ${change.before} to ${change.after}`
}
