import { createHash } from 'node:crypto'
import type { EcsDocument } from '../../../src/normalize/event.ts'
import { goldenEvents, ndjsonOf, timeOf } from '../events.ts'
import { ADDON, APP, conf, macros, RULES, textOf } from './apps.ts'
import { parseCsv } from './conf.ts'
import { runSpl, type SplWorld } from './spl/pipeline.ts'
import { eventRow, type Row } from './spl/row.ts'

const HOUR = 3600
const HOURS = 10
const DEMO = 'demo-hospital'
/** What happens all day long; alerts and changes happen once. */
const DAILY = ['wardwire.dicom', 'wardwire.hl7', 'wardwire.flow', 'wardwire.health']

let built: SplWorld | undefined

/**
 * A day of a hospital for dashboards: the demo's three minutes every hour with less or more of them, every other golden capture and the
 * events on which rules fire once, and matches of vulnerabilities. The inventory is made by the search that the app ships.
 */
export function splWorld(): SplWorld {
  built ??= build()
  return built
}

/** A world in which nothing has happened. */
export function emptyWorld(): SplWorld {
  return {
    ...splWorld(),
    events: [],
    lookups: { ...lookupTables(), wardwire_devices: [], wardwire_vulnerabilities: [], wardwire_assets: [] },
  }
}

function build(): SplWorld {
  const demo = goldenEvents().get(DEMO)!
  const day = dayOf(demo)
  const firstHour = day + 7 * HOUR
  const hourOf = (name: string): number => firstHour + Math.floor(chance(name) * HOURS) * HOUR
  // Other captures have other devices behind the same addresses.
  const withoutDevices = (documents: readonly EcsDocument[]): readonly EcsDocument[] =>
    documents.filter(document => datasetOf(document) !== 'wardwire.asset')
  const others = [...goldenEvents()]
    .filter(([name]) => name !== DEMO)
    .map(([name, documents]) => shifted(withoutDevices(documents), hourOf(name)))
  const ofRules = RULES.map(({ id, events }) => shifted(withoutDevices(ndjsonOf(events)), hourOf(id)))
  const daily = Array.from({ length: HOURS }, (_, hour) =>
    shifted(
      demo.filter(
        document =>
          hour === 2 || (DAILY.includes(datasetOf(document)) && chance(`${hour} ${String(document['message'])}`) < (hour + 2) / 12),
      ),
      firstHour + hour * HOUR,
    ),
  )
  const events = [...daily, ...others, ...ofRules, shifted(vulnerabilities(demo), firstHour), shifted(outputs(demo), firstHour)].flat()
  const world: SplWorld = {
    events,
    macros: macros(),
    lookups: { ...lookupTables(), wardwire_devices: [], wardwire_vulnerabilities: [], wardwire_assets: [] },
    now: day + 18 * HOUR,
  }
  for (const { search, 'dispatch.earliest_time': earliest } of lookupSearches()) runSpl(search, world, earliest)
  return world
}

/** The searches that fill the lookups, in the order of the file. */
function lookupSearches(): readonly Readonly<Record<string, string>>[] {
  return Object.entries(conf(APP, 'savedsearches'))
    .filter(([name]) => name.endsWith('Lookup Gen'))
    .map(([, settings]) => settings)
}

function lookupTables(): Record<string, readonly Row[]> {
  return Object.fromEntries(
    Object.entries(conf(ADDON, 'transforms'))
      .filter(([, { filename }]) => filename !== undefined)
      .map(([name, { filename }]) => [name, parseCsv(textOf(ADDON, `lookups/${filename}`))]),
  )
}

function datasetOf(document: EcsDocument): string {
  return String((document['event'] as EcsDocument)['dataset'])
}

/** Events as Splunk holds them, the first at a time. */
function shifted(documents: readonly EcsDocument[], begin: number): readonly Row[] {
  const first = Math.min(...documents.map(timeOf)) / 1000
  return documents.map(document => eventRow(document, begin + timeOf(document) / 1000 - first))
}

/** Midnight before the first event, seconds since 1970. */
function dayOf(documents: readonly EcsDocument[]): number {
  return Math.floor(Math.min(...documents.map(timeOf)) / 86_400_000) * 86_400
}

/** 0 to 1, the same for the same text. */
function chance(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}

const ADVISORIES = [
  { id: 'CVE-2022-26143', severity: 'critical', base: 9.8, advisory: 'ICSMA-22-088-01', exploited: true },
  { id: 'CVE-2019-11687', severity: 'high', base: 7.8, advisory: 'ICSMA-19-190-01', exploited: false },
  { id: 'CVE-2020-14525', severity: 'medium', base: 5.5, advisory: 'ICSMA-20-254-01', exploited: false },
]

/** Matches for devices of the demo, in the form of the catalogue. */
export function vulnerabilities(demo: readonly EcsDocument[]): readonly EcsDocument[] {
  const found = demo.filter(document => (document['event'] as EcsDocument)['action'] === 'device-discovered').slice(0, ADVISORIES.length)
  return found.map((document, index) => {
    const { id, severity, base, advisory, exploited } = ADVISORIES[index]
    return {
      ...document,
      event: {
        ...(document['event'] as EcsDocument),
        dataset: 'wardwire.vulnerability',
        action: 'vulnerability-opened',
        category: ['vulnerability'],
        kind: 'state',
      },
      message: `${id} (${advisory}) concerns ${String((document['host'] as EcsDocument)['name'])}`,
      vulnerability: { id, category: ['Firmware'], enumeration: 'CVE', severity, score: { base, version: '3.1' } },
      wardwire: {
        ...(document['wardwire'] as EcsDocument),
        vulnerability: { status: 'open', advisory, known_exploited: exploited, confidence: 'high' },
      },
    }
  })
}

/** Health of an output beside each of the sensor's. */
function outputs(demo: readonly EcsDocument[]): readonly EcsDocument[] {
  const health = demo.filter(document => (document['event'] as EcsDocument)['action'] === 'sensor-health')
  const names = ['splunk', 'archive']
  return Array.from({ length: HOURS }, (_, hour) => hour).flatMap(hour =>
    names.map((name, index) => ({
      ...health[0],
      '@timestamp': new Date(timeOf(health[0]) + hour * 3_600_000).toISOString(),
      event: { ...(health[0]['event'] as EcsDocument), action: 'output-health' },
      wardwire: {
        output: {
          name,
          type: index === 0 ? 'splunk-hec' : 'file',
          delivered: 900 + hour * 40,
          retried: hour === 4 ? 12 : 0,
          rejected: 0,
          dead_lettered: 0,
          lag_ms: 300 + 700 * ((hour * 7) % 5),
          queued: (hour * 13) % 40,
        },
      },
    })),
  )
}
