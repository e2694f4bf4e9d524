import type { Device } from './device.ts'
import { ASSET_LIST, confidenceOf, type Resolution } from './resolve.ts'
import type { DeviceState } from './state.ts'

/** The device with its evidence, as of now. */
export function describeDevice(state: DeviceState): Device {
  return { ...outline(state), reasons: reasons(state), evidence: allEvidence(state) }
}

/** The same for those who seldom ask for the evidence: it is put together when they do. */
export function sketchDevice(state: DeviceState): Device {
  const sketch: Device = Object.setPrototypeOf(outline(state), LAZY)
  states.set(sketch, state)
  return sketch
}

/** There is a sketch of each device that is about. Accessors of its own would make it four times as big. */
const states = new WeakMap<object, DeviceState>()
const LAZY: Pick<Device, 'evidence' | 'reasons'> = {
  get reasons() {
    const state = states.get(this)
    return state === undefined ? {} : reasons(state)
  },
  get evidence() {
    const state = states.get(this)
    return state === undefined ? [] : allEvidence(state)
  },
}

function outline(state: DeviceState): Omit<Device, 'evidence' | 'reasons'> {
  const { evidence } = state
  const rows = evidence.all()
  return {
    id: state.id ?? '',
    manufacturer: state.valueOf('manufacturer'),
    model: state.valueOf('model'),
    type: state.valueOf('type'),
    serialNumber: state.valueOf('serial_number'),
    softwareVersion: state.valueOf('software_version'),
    firmwareVersion: state.valueOf('firmware_version'),
    udi: state.valueOf('udi'),
    os: systemOf(state),
    hostname: state.valueOf('hostname'),
    macs: [...state.macs],
    nicVendors: evidence.values('nic_vendor'),
    ips: state.addresses.listed,
    vlans: evidence.values('vlan'),
    aeTitles: evidence.values('ae_title'),
    stations: evidence.values('station_name'),
    hl7Applications: evidence.values('hl7_application'),
    hl7Facilities: evidence.values('hl7_facility'),
    hl7Sends: evidence.values('hl7_sends'),
    hl7Receives: evidence.values('hl7_receives'),
    roles: evidence.values('role'),
    services: evidence.values('service'),
    encryption: evidence.values('encryption'),
    peers: evidence.values('peer'),
    conflicts: evidence.values('conflict'),
    owner: state.valueOf('owner'),
    site: state.valueOf('institution'),
    location: state.valueOf('location'),
    department: state.valueOf('department'),
    criticality: state.valueOf('criticality'),
    firstSeen: state.firstSeen,
    lastSeen: state.lastSeen,
    confidence: confidenceOf(state.resolutions(), rows),
    sources: [...new Set(rows.map(row => row.protocol))].filter(protocol => protocol !== ASSET_LIST && protocol !== 'wardwire'),
  }
}

/** A build alone does not tell the system: embedded ones share their numbers. */
function systemOf(state: DeviceState): Device['os'] {
  const name = state.valueOf('os')
  if (name === undefined) return undefined
  const [version, build] = [state.valueOf('os_version'), state.valueOf('os_build')]
  return { name, ...(version === undefined ? {} : { version }), ...(build === undefined ? {} : { build }) }
}

function reasons(state: DeviceState): Device['reasons'] {
  return Object.fromEntries([...state.resolutions()].map(([attribute, { why }]) => [attribute, why]))
}

function allEvidence(state: DeviceState): Device['evidence'] {
  const said = state.evidence.all().map(({ raw: _, ...row }) => row)
  const type = state.resolutions().get('type')
  return type === undefined ? said : [...said, typeEvidence(state, type)]
}

function typeEvidence({ firstSeen, lastSeen }: DeviceState, { value, confidence, why }: Resolution): Device['evidence'][number] {
  return { attribute: 'type', value, protocol: 'wardwire', field: why, table: 'device-types', confidence, firstSeen, lastSeen, count: 1 }
}
