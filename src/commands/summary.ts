import Table from 'cli-table3'
import type { Device } from '../inventory/device.ts'
import type { EcsDocument, Json } from '../normalize/event.ts'
import type { SensorSummary } from '../sensor.ts'
import { formatBytes, formatCount } from './progress.ts'

/** Rows of a table before the rest is only counted. */
const MAX_ROWS = 40
/** No colours, so that a redirected table is plain text, and no line between rows. */
const PLAIN = { head: [], border: [], compact: true }

/** What a replay found, as tables: devices, protocols, alerts, event counts. */
export function summaryTables(summary: SensorSummary, devices: readonly Device[]): string {
  return [
    section('Devices', deviceTable(devices)),
    section('Protocols', protocolTable(summary)),
    section('Alerts', alertTable(summary.alerts.map(event => event.document))),
    section('Events', eventTable(summary)),
  ].join('\n')
}

function section(title: string, body: string): string {
  return `${title}\n${body}\n`
}

export function deviceTable(devices: readonly Device[]): string {
  if (devices.length === 0) return 'No medical device was seen.'
  const table = new Table({
    head: ['Address', 'MAC', 'Type', 'Manufacturer', 'Model', 'Software', 'Serial', 'AE titles / HL7 applications'],
    style: PLAIN,
  })
  for (const device of devices.slice(0, MAX_ROWS))
    table.push([
      device.ips.join('\n'),
      device.macs.join('\n'),
      device.type ?? '',
      device.manufacturer ?? '',
      device.model ?? '',
      device.softwareVersion ?? '',
      device.serialNumber ?? '',
      [...device.aeTitles, ...device.hl7Applications].join('\n'),
    ])
  return withRest(table.toString(), devices.length)
}

function protocolTable(summary: SensorSummary): string {
  const table = new Table({ head: ['Packets', 'Bytes', 'Flows', ...summary.protocols.keys(), 'Decode errors'], style: PLAIN })
  table.push([
    formatCount(summary.packets),
    formatBytes(summary.bytes),
    formatCount(summary.flows),
    ...[...summary.protocols.values()].map(count => `${formatCount(count)} flows`),
    formatCount(summary.decodeErrors),
  ])
  return table.toString()
}

function alertTable(alerts: readonly EcsDocument[]): string {
  if (alerts.length === 0) return 'No alert was raised.'
  const table = new Table({ head: ['Time', 'Severity', 'Rule', 'What'], colWidths: [25, 10, 24, 90], wordWrap: true, style: PLAIN })
  for (const alert of alerts.slice(0, MAX_ROWS))
    table.push([
      text(alert['@timestamp']).slice(0, 23),
      SEVERITY_WORDS[text(field(alert, 'event', 'severity'))] ?? '',
      text(field(alert, 'rule', 'id')),
      text(alert['message']),
    ])
  return withRest(table.toString(), alerts.length)
}

function eventTable(summary: SensorSummary): string {
  if (summary.events.size === 0) return 'No event was made.'
  const table = new Table({ head: ['Dataset', 'Action', 'Events'], style: PLAIN })
  for (const [name, count] of [...summary.events].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [dataset, action] = name.split(' ')
    table.push([dataset, action, formatCount(count)])
  }
  return table.toString()
}

const SEVERITY_WORDS: Readonly<Record<string, string>> = { '21': 'low', '47': 'medium', '73': 'high', '99': 'critical' }

function field(document: EcsDocument, object: string, key: string): Json | undefined {
  const parent = document[object]
  return parent !== null && typeof parent === 'object' && !Array.isArray(parent) ? (parent as EcsDocument)[key] : undefined
}

function text(value: Json | undefined): string {
  return value === undefined || value === null ? '' : String(value)
}

function withRest(table: string, total: number): string {
  return total > MAX_ROWS ? `${table}\n… and ${total - MAX_ROWS} more` : table
}
