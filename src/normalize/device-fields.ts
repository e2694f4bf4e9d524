import type { Device } from '../inventory/device.ts'
import { compact, type Fields, list, text } from './common.ts'
import { share } from './shared.ts'

/** What documents say of one device. Inventory hands out a new `Device` when something changed, so these are made once for each. */
export interface DeviceParts {
  /** Context of one end of a conversation: `wardwire.source.*`, `wardwire.destination.*`. */
  readonly end: Fields
  /** `device.*`: the medical device that an event is about. */
  readonly device: Fields
  /** `host.*`: the same device, never the sensor. */
  readonly host: Fields
  /** `entity.*`: the same device as entity analytics want it. ECS has no entity type for devices. */
  readonly entity: Fields
}

const partsByDevice = new WeakMap<Device, DeviceParts>()

export function deviceParts(device: Device): DeviceParts {
  let parts = partsByDevice.get(device)
  if (parts === undefined) {
    parts = {
      end: { device: endFields(device) },
      device: share(deviceFields(device)),
      host: share(hostFields(device)),
      entity: share({ id: device.id, type: ENTITY_TYPE, sub_type: text(device.type), name: deviceName(device) }),
    }
    partsByDevice.set(device, parts)
  }
  return parts
}

function endFields(device: Device): Fields {
  return {
    id: device.id,
    manufacturer: text(device.manufacturer),
    model: text(device.model),
    type: text(device.type),
    role: list(device.roles),
    criticality: text(device.criticality),
  }
}

function deviceFields(device: Device): Fields {
  return {
    id: device.id,
    manufacturer: text(device.manufacturer),
    model: device.model ? { name: device.model } : undefined,
    serial_number: text(device.serialNumber),
  }
}

function hostFields(device: Device): Fields {
  return {
    id: device.id,
    name: deviceName(device).toLowerCase(),
    hostname: text(device.hostname),
    ip: list(device.ips),
    mac: list(device.macs),
    os: osFields(device.os),
  }
}

const ENTITY_TYPE = ['host']

/** What people call the device: hostname, else station, AE title, address, id. */
export function deviceName(device: Device): string {
  return device.hostname || device.stations[0] || device.aeTitles[0] || device.ips[0] || device.id
}

/** `Siemens SOMATOM Force (CT)`, as far as known. */
export function deviceDescription(device: Device): string {
  const make = [device.manufacturer, device.model].filter(Boolean).join(' ')
  if (make !== '' && device.type) return `${make} (${device.type})`
  return make || device.type || 'device'
}

function osFields(os: Device['os']): Fields | undefined {
  if (os === undefined) return undefined
  const name = text(os.name)
  const version = text(os.version)
  const full = name !== undefined && version !== undefined ? `${name} ${version}` : undefined
  return compact({ name, version, full, kernel: text(os.build), type: name === undefined ? undefined : osType(name) })
}

/** ECS knows six families; embedded systems are none of them. */
const OS_TYPES: readonly (readonly [RegExp, string])[] = [
  [/windows/i, 'windows'],
  [/\b(linux|ubuntu|debian|centos|red ?hat|rhel|suse|yocto)\b/i, 'linux'],
  [/\b(mac ?os|os x)\b/i, 'macos'],
  [/^(?!cisco).*\b(ios|ipados)\b/i, 'ios'],
  [/\bandroid\b/i, 'android'],
  [/\b(unix|solaris|sunos|irix|hp-ux|aix|[a-z]+bsd)\b/i, 'unix'],
]

function osType(name: string): string | undefined {
  return OS_TYPES.find(([pattern]) => pattern.test(name))?.[1]
}
