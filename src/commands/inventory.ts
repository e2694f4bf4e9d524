import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { VERSION } from '../installation.ts'
import { type AssetIdentity, type AssetRow, loadAssetList } from '../inventory/assets.ts'
import type { AssetSettings } from '../inventory/settings.ts'
import { DeviceState } from '../inventory/state.ts'
import { hasInventoryStore, readInventoryStore } from '../inventory/store.ts'
import { inventoryCsv } from '../normalize/inventory-csv.ts'
import { inventoryCycloneDx } from '../normalize/inventory-cyclonedx.ts'
import { type InventoryRecord, inventoryRecord } from '../normalize/inventory-record.ts'
import { WardwireError } from '../telemetry/error.ts'
import { explanation, inventoryTable, story } from './inventory-text.ts'

/** Which devices to show, and how. */
export interface InventoryQuery {
  readonly type?: string
  readonly manufacturer?: string
  readonly address?: string
  /** ISO 8601 date, or a number of days or hours: `7d`, `12h`. */
  readonly since?: string
  /** Text in any of the values of a device, not in its evidence. */
  readonly search?: string
  /** Only devices with conflicts. */
  readonly conflicts?: boolean
  readonly format: 'table' | 'json' | 'csv' | 'cyclonedx'
}

/** `wardwire inventory`: the devices that a sensor (its state directory) or a replay (its inventory.json) knows. */
export function listInventory(from: string, query: InventoryQuery, now = Date.now()): string {
  const records = readRecords(from).filter(matcher(query, now))
  switch (query.format) {
    case 'json':
      return JSON.stringify(records, null, 2)
    case 'csv':
      return inventoryCsv(records).trimEnd()
    case 'cyclonedx':
      return JSON.stringify(inventoryCycloneDx(records, VERSION), null, 2)
    case 'table':
      return inventoryTable(records)
  }
}

/** `wardwire inventory show DEVICE`: one device, its evidence, and what became known of it when. */
export function showDevice(from: string, device: string, json: boolean): string {
  const records = readRecords(from)
  const record = findDevice(records, device)
  return json ? JSON.stringify(record, null, 2) : story(record, namesByAddress(records))
}

/** `wardwire inventory explain DEVICE ATTRIBUTE`: the value in force, why it is, and everything that was said for and against it. */
export function explainAttribute(from: string, device: string, attribute: string): string {
  const record = findDevice(readRecords(from), device)
  const text = explanation(record, attribute)
  if (text !== undefined) return text
  const known = [...new Set(record.evidence.map(evidence => evidence.attribute))].sort()
  throw new WardwireError('attribute_unknown', `nothing is known of the attribute "${attribute}" of ${record.id}`, {
    mend: `there is evidence of: ${known.join(', ')}`,
  })
}

/** `wardwire inventory assets`: how the asset list and what is on the network fit together. */
export function compareAssets(from: string, settings: AssetSettings): string {
  const list = loadAssetList(settings)
  const matched = new Set<AssetRow>()
  const unlisted: InventoryRecord[] = []
  for (const record of readRecords(from)) {
    const match = list.match(identityOf(record))
    if (match === undefined) unlisted.push(record)
    else matched.add(match.row)
  }
  const unseen = list.rows.filter(row => !matched.has(row))
  return [
    `${matched.size} of ${list.rows.length} rows fit a device`,
    ...unseen.map(row => `not seen: ${row.place} ${Object.values(row.keys).flat().join(' ')}`),
    ...unlisted.map(({ id, ips, type, manufacturer }) => `not listed: ${[id, ips[0], manufacturer, type].filter(Boolean).join(' ')}`),
  ].join('\n')
}

function identityOf({ macs, ips, ae_titles, evidence }: InventoryRecord): AssetIdentity {
  const serials = evidence.filter(({ attribute }) => attribute === 'serial_number').map(({ value }) => value)
  return { mac: macs, serial_number: serials, ip: ips, ae_title: ae_titles }
}

/** A state directory, an inventory.json, or the folder of a replay, which holds only that. */
function readRecords(from: string): readonly InventoryRecord[] {
  if (statSync(from, { throwIfNoEntry: false })?.isFile()) return readRecordFile(from)
  const file = join(from, RECORD_FILE)
  if (!hasInventoryStore(from) && existsSync(file)) return readRecordFile(file)
  return readInventoryStore(from).map(saved => inventoryRecord(DeviceState.restore(saved, NO_LIMITS).describe()))
}

const RECORD_FILE = 'inventory.json'
const NO_LIMITS = { valuesPerAttribute: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY }
/** What files of older versions do not have. */
const LATER_FIELDS = {
  firmware_version: null,
  nic_vendors: [],
  vlans: [],
  hl7_facilities: [],
  hl7_sends: [],
  hl7_receives: [],
  services: [],
  encryption: [],
  peers: [],
  site: null,
} satisfies Partial<InventoryRecord>

function readRecordFile(file: string): readonly InventoryRecord[] {
  try {
    const records: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!Array.isArray(records) || !records.every(isRecord)) throw new Error('it holds no devices')
    return records.map(completed)
  } catch (cause) {
    throw new WardwireError('inventory_unreadable', `${file} is no inventory.json: ${cause instanceof Error ? cause.message : 'error'}`, {
      mend: 'name an inventory.json that wardwire wrote, or the state_directory of a sensor',
      cause,
    })
  }
}

function completed(record: InventoryRecord): InventoryRecord {
  const missing = Object.entries(LATER_FIELDS).filter(([name]) => !(name in record))
  return { ...record, ...Object.fromEntries(missing) }
}

/** What people call the devices, by address. */
function namesByAddress(records: readonly InventoryRecord[]): ReadonlyMap<string, string> {
  return new Map(
    records.flatMap(({ ips, hostname, stations, ae_titles, hl7_applications, type }) => {
      const name = hostname ?? stations[0] ?? ae_titles[0] ?? hl7_applications[0] ?? type
      return name === null ? [] : ips.map(ip => [ip, name] as const)
    }),
  )
}

function isRecord(value: unknown): value is InventoryRecord {
  const { id, evidence, ips, macs } = (value ?? {}) as Partial<InventoryRecord>
  return typeof id === 'string' && [evidence, ips, macs].every(Array.isArray)
}

function matcher(
  { type, manufacturer, address, since, search, conflicts }: InventoryQuery,
  now: number,
): (record: InventoryRecord) => boolean {
  const earliest = since === undefined ? undefined : new Date(timeOf(since, now)).toISOString()
  return record =>
    contains(record.type, type) &&
    contains(record.manufacturer, manufacturer) &&
    (address === undefined || [...record.ips, ...record.macs].some(own => hasAddress(own, address))) &&
    (earliest === undefined || (record.last_seen ?? '') >= earliest) &&
    (search === undefined || says(record, search)) &&
    (conflicts !== true || record.conflicts.length > 0)
}

/** True when one of the values of the device contains the text. */
function says({ evidence: _, reasons: __, os, ...values }: InventoryRecord, text: string): boolean {
  return [...Object.values(values).flat(), os?.name, os?.version].some(value => contains(value ?? null, text))
}

function contains(value: string | null, part: string | undefined): boolean {
  return part === undefined || (value?.toLowerCase().includes(part.toLowerCase()) ?? false)
}

/** The whole address, or its first parts where `wanted` ends with a separator: `10.20.`, `00-1D-45-`. */
function hasAddress(own: string, wanted: string): boolean {
  const written = /^([0-9a-f]{2}[:-]){2,}/i.test(wanted) ? wanted.toUpperCase().replaceAll(':', '-') : wanted.toLowerCase()
  return /[.:-]$/.test(written) ? own.startsWith(written) : own === written
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 }

function timeOf(since: string, now: number): number {
  const [, count, unit] = /^(\d+)([hd])$/.exec(since) ?? []
  const time = unit === undefined ? Date.parse(since) : now - Number(count) * UNITS[unit]
  if (Number.isFinite(time)) return time
  throw new WardwireError('option_invalid', `--since ${since} is neither a date nor a time span`, {
    mend: 'give a date (2026-03-01), a time (2026-03-01T08:00Z), or a span (7d, 12h)',
  })
}

/** By id or its beginning, address, hostname, AE title, station name or serial number. */
function findDevice(records: readonly InventoryRecord[], wanted: string): InventoryRecord {
  const lower = wanted.toLowerCase()
  const names = (record: InventoryRecord): readonly (string | null)[] => [
    record.id,
    ...record.ips,
    ...record.macs,
    record.hostname,
    record.serial_number,
    ...record.ae_titles,
    ...record.stations,
  ]
  const exact = records.filter(record => names(record).some(name => name?.toLowerCase() === lower))
  const found = exact.length > 0 ? exact : records.filter(record => lower.length > 5 && record.id.startsWith(lower))
  if (found.length === 1) return found[0]
  if (found.length === 0)
    throw new WardwireError('device_unknown', `no device is known as "${wanted}"`, {
      mend: 'name it by id, address, host name, AE title, station name or serial number; `wardwire inventory` lists all',
    })
  throw new WardwireError('device_ambiguous', `${found.length} devices are known as "${wanted}"`, {
    mend: `name one by its id: ${found.map(({ id, ips }) => `${id} (${ips[0] ?? 'no address'})`).join(', ')}`,
  })
}
