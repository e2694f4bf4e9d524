import { toCsv } from '../config/csv.ts'
import type { InventoryRecord } from './inventory-record.ts'

/** Columns in order; lists are joined by `; `. */
const COLUMNS: readonly (readonly [name: string, value: (record: InventoryRecord) => string | null])[] = [
  ['id', record => record.id],
  ['type', record => record.type],
  ['manufacturer', record => record.manufacturer],
  ['model', record => record.model],
  ['serial_number', record => record.serial_number],
  ['software_version', record => record.software_version],
  ['firmware_version', record => record.firmware_version],
  ['udi', record => record.udi],
  ['os_name', record => record.os?.name ?? null],
  ['os_version', record => record.os?.version ?? null],
  ['os_build', record => record.os?.build ?? null],
  ['hostname', record => record.hostname],
  ['macs', record => joined(record.macs)],
  ['nic_vendors', record => joined(record.nic_vendors)],
  ['ips', record => joined(record.ips)],
  ['vlans', record => joined(record.vlans)],
  ['ae_titles', record => joined(record.ae_titles)],
  ['stations', record => joined(record.stations)],
  ['hl7_applications', record => joined(record.hl7_applications)],
  ['hl7_facilities', record => joined(record.hl7_facilities)],
  ['hl7_sends', record => joined(record.hl7_sends)],
  ['hl7_receives', record => joined(record.hl7_receives)],
  ['roles', record => joined(record.roles)],
  ['services', record => joined(record.services)],
  ['encryption', record => joined(record.encryption)],
  ['peers', record => joined(record.peers)],
  ['site', record => record.site],
  ['owner', record => record.owner],
  ['location', record => record.location],
  ['department', record => record.department],
  ['criticality', record => record.criticality],
  ['conflicts', record => joined(record.conflicts)],
  ['confidence', record => record.confidence],
  ['sources', record => joined(record.sources)],
  ['first_seen', record => record.first_seen],
  ['last_seen', record => record.last_seen],
]

/** The inventory for spreadsheets and asset management: one line a device, without the evidence. */
export function inventoryCsv(records: readonly InventoryRecord[]): string {
  return toCsv(
    COLUMNS.map(([name]) => name),
    records.map(record => COLUMNS.map(([, value]) => value(record) ?? '')),
  )
}

function joined(values: readonly string[]): string {
  return values.join('; ')
}
