import type { Device, Evidence } from '../inventory/device.ts'
import { date } from './time.ts'

/** A device as `inventory.json` and `inventory --json` show it. What is not known is null, so that every record has the same keys. */
export interface InventoryRecord {
  readonly id: string
  readonly manufacturer: string | null
  readonly model: string | null
  readonly type: string | null
  readonly serial_number: string | null
  readonly software_version: string | null
  readonly firmware_version: string | null
  readonly udi: string | null
  readonly os: { readonly name: string | null; readonly version: string | null; readonly build: string | null } | null
  readonly hostname: string | null
  readonly macs: readonly string[]
  readonly nic_vendors: readonly string[]
  readonly ips: readonly string[]
  readonly vlans: readonly string[]
  readonly ae_titles: readonly string[]
  readonly stations: readonly string[]
  readonly hl7_applications: readonly string[]
  readonly hl7_facilities: readonly string[]
  readonly hl7_sends: readonly string[]
  readonly hl7_receives: readonly string[]
  readonly roles: readonly string[]
  readonly services: readonly string[]
  readonly encryption: readonly string[]
  readonly peers: readonly string[]
  readonly conflicts: readonly string[]
  readonly owner: string | null
  readonly site: string | null
  readonly location: string | null
  readonly department: string | null
  readonly criticality: string | null
  readonly confidence: string
  readonly sources: readonly string[]
  /** ISO 8601 with microseconds. */
  readonly first_seen: string | null
  readonly last_seen: string | null
  /** Why the value in force is the one it is, by attribute. */
  readonly reasons: Readonly<Record<string, string>>
  readonly evidence: readonly EvidenceRecord[]
}

export interface EvidenceRecord {
  readonly attribute: string
  readonly value: string
  readonly protocol: string
  readonly field: string
  readonly table?: string
  readonly confidence: string
  readonly first_seen: string | null
  readonly last_seen: string | null
  readonly count: number
}

export function inventoryRecord(device: Device): InventoryRecord {
  return {
    id: device.id,
    manufacturer: device.manufacturer ?? null,
    model: device.model ?? null,
    type: device.type ?? null,
    serial_number: device.serialNumber ?? null,
    software_version: device.softwareVersion ?? null,
    firmware_version: device.firmwareVersion ?? null,
    udi: device.udi ?? null,
    os: device.os ? { name: device.os.name ?? null, version: device.os.version ?? null, build: device.os.build ?? null } : null,
    hostname: device.hostname ?? null,
    macs: device.macs,
    nic_vendors: device.nicVendors,
    ips: device.ips,
    vlans: device.vlans,
    ae_titles: device.aeTitles,
    stations: device.stations,
    hl7_applications: device.hl7Applications,
    hl7_facilities: device.hl7Facilities,
    hl7_sends: device.hl7Sends,
    hl7_receives: device.hl7Receives,
    roles: device.roles,
    services: device.services,
    encryption: device.encryption,
    peers: device.peers,
    conflicts: device.conflicts,
    owner: device.owner ?? null,
    site: device.site ?? null,
    location: device.location ?? null,
    department: device.department ?? null,
    criticality: device.criticality ?? null,
    confidence: device.confidence,
    sources: device.sources,
    first_seen: date(device.firstSeen) ?? null,
    last_seen: date(device.lastSeen) ?? null,
    reasons: device.reasons,
    evidence: device.evidence.map(evidenceRecord),
  }
}

function evidenceRecord(evidence: Evidence): EvidenceRecord {
  return {
    attribute: evidence.attribute,
    value: evidence.value,
    protocol: evidence.protocol,
    field: evidence.field,
    ...(evidence.table === undefined ? {} : { table: evidence.table }),
    confidence: evidence.confidence,
    first_seen: date(evidence.firstSeen) ?? null,
    last_seen: date(evidence.lastSeen) ?? null,
    count: evidence.count,
  }
}
