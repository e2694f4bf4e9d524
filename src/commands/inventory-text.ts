import Table from 'cli-table3'
import type { EvidenceRecord, InventoryRecord } from '../normalize/inventory-record.ts'

/** No colours, so that a redirected table is plain text, and no line between rows. */
const PLAIN = { head: [], border: [], compact: true }
/** Values of a list that the table shows before it counts the rest. */
const MAX_LISTED = 3

/** Attributes of a record that evidence knows by another name. */
const EVIDENCE_OF: Readonly<Record<string, readonly string[]>> = {
  ae_titles: ['ae_title'],
  hl7_applications: ['hl7_application'],
  ips: ['ip'],
  macs: ['mac', 'nic_vendor'],
  os: ['os', 'os_version', 'os_build'],
  roles: ['role'],
  stations: ['station_name'],
  conflicts: ['conflict'],
}

/** All devices, one row each. */
export function inventoryTable(records: readonly InventoryRecord[]): string {
  if (records.length === 0) return 'No device fits.'
  const table = new Table({
    head: ['Id', 'Address', 'MAC', 'Type', 'Manufacturer', 'Model', 'Software', 'Serial', 'OS', 'Name', 'Last seen'],
    style: PLAIN,
  })
  for (const record of records)
    table.push([
      record.id,
      listed(record.ips),
      listed(record.macs),
      record.type ?? '',
      record.manufacturer ?? '',
      record.model ?? '',
      record.software_version ?? '',
      record.serial_number ?? '',
      [record.os?.name, record.os?.version].filter(Boolean).join(' '),
      record.hostname ?? record.stations[0] ?? record.ae_titles[0] ?? record.hl7_applications[0] ?? '',
      shortTime(record.last_seen),
    ])
  return `${table.toString()}\n${records.length} ${records.length === 1 ? 'device' : 'devices'}`
}

/** One device for people: what it is, the evidence, and what became known when. */
export function story(record: InventoryRecord): string {
  const facts = Object.entries(record).flatMap(([name, value]): [string, string][] => {
    if (name === 'evidence' || name === 'reasons') return []
    const text = plainText(value)
    return text === '' ? [] : [[name.replaceAll('_', ' '), text]]
  })
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

/** The value in force of an attribute, why, and its evidence; undefined when nothing was ever said of it. */
export function explanation(record: InventoryRecord, attribute: string): string | undefined {
  const names = EVIDENCE_OF[attribute] ?? [attribute]
  const evidence = record.evidence.filter(row => names.includes(row.attribute))
  if (evidence.length === 0) return undefined
  const value = plainText((record as unknown as Readonly<Record<string, unknown>>)[attribute])
  const why = record.reasons[names[0]]
  return [
    `${attribute.replaceAll('_', ' ')} of ${record.id} ${value === '' ? 'has no value in force' : `is ${value}`}`,
    ...(why === undefined ? [] : [`because ${why}`]),
    '',
    evidenceTable(evidence),
  ].join('\n')
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

/** What was first said when, and what has not been said any more while the device was still about. */
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
