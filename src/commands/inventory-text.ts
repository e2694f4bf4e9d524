import Table from 'cli-table3'
import type { EvidenceRecord, InventoryRecord } from '../normalize/inventory-record.ts'

/** No colours, so that a redirected table is plain text, and no line between rows. */
const PLAIN = { head: [], border: [], compact: true }
/** Values of a list that the table shows before it counts the rest. */
const MAX_LISTED = 3
/** Characters of a name in the table. */
const MAX_NAME = 32

/** Attributes of a record that evidence knows by another name. */
const EVIDENCE_OF: Readonly<Record<string, readonly string[]>> = {
  ae_titles: ['ae_title'],
  conflicts: ['conflict'],
  hl7_applications: ['hl7_application'],
  hl7_facilities: ['hl7_facility'],
  ips: ['ip'],
  macs: ['mac', 'nic_vendor'],
  nic_vendors: ['nic_vendor'],
  os: ['os', 'os_version', 'os_build'],
  peers: ['peer', 'hl7_peer'],
  roles: ['role'],
  services: ['service'],
  site: ['institution'],
  stations: ['station_name'],
  vlans: ['vlan'],
}
/** Attributes of the record by the name that evidence has for them: `mac` is asked for as often as `macs`. */
const RECORD_OF: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(EVIDENCE_OF).flatMap(([name, parts]) => parts.map(part => [part, name])),
)

/** All devices, one row each. */
export function inventoryTable(records: readonly InventoryRecord[]): string {
  if (records.length === 0) return 'No device fits.'
  const table = new Table({
    head: ['Id', 'Address', 'Name', 'Type', 'Make and model', 'Serial', 'Software and OS', 'Last seen'],
    style: PLAIN,
  })
  for (const record of records)
    table.push([
      record.id,
      stacked(listed(record.ips), listed(record.macs)),
      (record.hostname ?? record.stations[0] ?? record.ae_titles[0] ?? record.hl7_applications[0] ?? '').slice(0, MAX_NAME),
      record.type ?? '',
      stacked(record.manufacturer, record.model),
      record.serial_number ?? '',
      stacked(record.software_version ?? record.firmware_version, record.os?.name ? plainText({ ...record.os, build: null }) : null),
      shortTime(record.last_seen),
    ])
  const disputed = records.filter(({ conflicts }) => conflicts.length > 0).length
  return [
    table.toString(),
    `${records.length} ${records.length === 1 ? 'device' : 'devices'}`,
    ...(disputed === 0 ? [] : [`${disputed} with conflicts: --conflicts lists them`]),
  ].join('\n')
}

/** One device for people: what it is, the evidence, and what became known when. `names`: other devices by their addresses. */
export function story(record: InventoryRecord, names: ReadonlyMap<string, string>): string {
  const facts = Object.entries({ ...record, peers: record.peers.map(peer => withName(peer, names)) }).flatMap(
    ([name, value]): [string, string][] => {
      if (name === 'evidence' || name === 'reasons') return []
      const text = plainText(value)
      return text === '' ? [] : [[name.replaceAll('_', ' '), text]]
    },
  )
  const width = Math.max(...facts.map(([name]) => name.length))
  return [
    ...facts.map(([name, text]) => `${name.padEnd(width)}  ${text}`),
    '',
    'Evidence',
    evidenceTable(record.evidence),
    '',
    'Timeline',
    ...timeline(record),
  ].join('\n')
}

function withName(address: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(address)
  return name === undefined ? address : `${address} (${name})`
}

/** The value in force of an attribute, why, and its evidence; undefined when nothing was ever said of it. */
export function explanation(record: InventoryRecord, wanted: string): string | undefined {
  const asked = wanted.trim().toLowerCase().replaceAll(/[ -]/g, '_')
  const attribute = EVIDENCE_OF[asked] === undefined ? (RECORD_OF[asked] ?? asked) : asked
  const names = EVIDENCE_OF[attribute] ?? [attribute]
  const evidence = record.evidence.filter(row => names.includes(row.attribute))
  if (evidence.length === 0) return undefined
  const own = (record as unknown as Readonly<Record<string, unknown>>)[attribute]
  const value = plainText(own)
  const isList = Array.isArray(own) || (own === undefined && record.reasons[attribute] === undefined)
  return [
    headline(attribute.replaceAll('_', ' '), record, value, isList),
    ...names.flatMap(name =>
      record.reasons[name] === undefined ? [] : [`${names.length > 1 ? `${name}: ` : ''}because ${record.reasons[name]}`],
    ),
    '',
    evidenceTable(evidence),
  ].join('\n')
}

function headline(name: string, { id }: InventoryRecord, value: string, isList: boolean): string {
  if (value !== '') return `${name} of ${id}${isList ? ':' : ' is'} ${value}`
  return isList ? `${name} of ${id}: what was said` : `${name} of ${id} has no value in force`
}

function evidenceTable(evidence: readonly EvidenceRecord[]): string {
  const table = new Table({
    head: ['Attribute', 'Value', 'Said by', 'Confidence', 'Times', 'First seen', 'Last seen', 'Table row'],
    style: PLAIN,
  })
  for (const row of evidence)
    table.push([
      row.attribute,
      row.value,
      `${row.protocol} ${row.field}`,
      row.confidence,
      String(row.count),
      shortTime(row.first_seen),
      shortTime(row.last_seen),
      row.table ?? '',
    ])
  return table.toString()
}

/** What was first said when. */
function timeline({ evidence, last_seen }: InventoryRecord): readonly string[] {
  const first = new Map<string, EvidenceRecord>()
  for (const row of evidence) {
    const key = `${row.attribute} ${row.value}`
    const known = first.get(key)
    if (known === undefined || (row.first_seen ?? '') < (known.first_seen ?? '')) first.set(key, row)
  }
  const entries = [...first.values()].map(row => [row.first_seen ?? '', `${row.attribute} ${row.value} (${row.protocol} ${row.field})`])
  return [...entries, [last_seen ?? '', 'last seen']]
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    .map(([time, what]) => `${shortTime(time)}  ${what}`)
}

function stacked(...lines: readonly (string | null)[]): string {
  return lines.filter(Boolean).join('\n')
}

function listed(values: readonly string[]): string {
  const rest = values.length - MAX_LISTED
  return [...values.slice(0, MAX_LISTED), ...(rest > 0 ? [`… ${rest} more`] : [])].join('\n')
}

function plainText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value === 'object') return Object.values(value).filter(Boolean).join(' ')
  return String(value)
}

/** To the second: `2026-03-01 08:00:00`. */
function shortTime(time: string | null): string {
  return (time ?? '').slice(0, 19).replace('T', ' ')
}
