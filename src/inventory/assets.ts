import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { parseCsv } from '../config/csv.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { AssetColumns, AssetSettings } from './settings.ts'
import type { DeviceState } from './state.ts'

/** What an asset list can say of a device. */
export const ASSET_ATTRIBUTES = ['owner', 'location', 'department', 'criticality'] as const
/** What it can know a device by, most trusted first. */
const ASSET_KEYS = ['mac', 'serial_number', 'ip', 'ae_title'] as const
type Key = (typeof ASSET_KEYS)[number]

/** One line of the asset list. */
export interface AssetRow {
  /** `assets.csv:12`, as evidence shows it. */
  readonly place: string
  readonly keys: Readonly<Record<Key, readonly string[]>>
  readonly values: Readonly<Partial<Record<(typeof ASSET_ATTRIBUTES)[number], string>>>
}

export interface AssetMatch {
  readonly row: AssetRow
  /** What row and device have in common. */
  readonly by: Key
}

/** What a device is known by that rows may name, by key. */
export type AssetIdentity = Readonly<Record<Key, Iterable<string>>>

export function assetIdentityOf({ macs, addresses, evidence }: Pick<DeviceState, 'macs' | 'addresses' | 'evidence'>): AssetIdentity {
  return { mac: macs, serial_number: evidence.values('serial_number'), ip: addresses, ae_title: evidence.values('ae_title') }
}

const WORDS: Readonly<Record<Key, string>> = { mac: 'MAC', serial_number: 'serial number', ip: 'IP address', ae_title: 'AE title' }
/** Mistakes that an error names before it counts the rest. */
const MAX_PROBLEMS = 20

/** The site's own list of its devices. */
export class AssetList {
  readonly rows: readonly AssetRow[]
  readonly #index: Readonly<Record<Key, ReadonlyMap<string, AssetRow>>>

  constructor(rows: readonly AssetRow[]) {
    this.rows = rows
    this.#index = {
      mac: indexOf(rows, 'mac'),
      serial_number: indexOf(rows, 'serial_number'),
      ip: indexOf(rows, 'ip'),
      ae_title: indexOf(rows, 'ae_title'),
    }
  }

  /** The row of a device; undefined when none fits. */
  match(own: AssetIdentity): AssetMatch | undefined {
    for (const by of ASSET_KEYS) {
      for (const value of own[by]) {
        const row = this.#index[by].get(NORMAL[by](value))
        if (row !== undefined) return { row, by }
      }
    }
    return undefined
  }
}

/** The asset list and the file that it came from, which somebody may replace while the sensor runs. */
export class AssetFile {
  readonly #settings: AssetSettings
  #list: AssetList
  /** Of the list in force, or of the file that could not be used. */
  #version: string
  #latest: string

  /** Throws `assets_invalid` when the file cannot be used. */
  constructor(settings: AssetSettings) {
    this.#settings = settings
    this.#version = versionOf(settings.file)
    this.#latest = this.#version
    this.#list = loadAssetList(settings)
  }

  get list(): AssetList {
    return this.#list
  }

  /**
   * Read the file again when it is another one, and was no other at the call before: somebody may be writing it. True when it was read.
   * Throws `assets_invalid`, once for each version that cannot be used.
   */
  refresh(): boolean {
    const before = this.#latest
    this.#latest = versionOf(this.#settings.file)
    if (this.#latest !== before || this.#latest === this.#version) return false
    this.#version = this.#latest
    this.#list = loadAssetList(this.#settings)
    return true
  }
}

/** Tells one state of a file from another. */
function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? 'missing' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`
}

/** `by MAC`, for the evidence. */
export function matchWords({ row, by }: AssetMatch): string {
  return `${row.place} (by ${WORDS[by]})`
}

/** Read the asset list. Throws `assets_invalid` with every mistake and its line. */
export function loadAssetList({ file, separator, columns }: AssetSettings): AssetList {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalid([`${file}: cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'error'})`])
  }
  const records = parseCsv(text, separator === 'tab' ? '\t' : separator)
  if ('brokenLine' in records) throw invalid([`${file}:${records.brokenLine}: a quote is not closed, or text follows it`])
  const [header, ...lines] = records
  const places = columnPlaces(header?.cells ?? [], columns, file)
  const problems: string[] = []
  const rows = lines.map(({ line, cells }): AssetRow => {
    const row = rowOf(`${basename(file)}:${line}`, cells, places)
    for (const mac of row.keys.mac)
      if (!/^[0-9A-F]{2}(-[0-9A-F]{2}){5}$/.test(mac)) problems.push(`${file}:${line}: "${mac}" is no MAC address`)
    if (cells.length > (header?.cells.length ?? 0)) problems.push(`${file}:${line}: more cells than the header has names`)
    return row
  })
  if (problems.length > 0) throw invalid(problems)
  return new AssetList(rows)
}

function columnPlaces(header: readonly string[], columns: AssetColumns, file: string): ReadonlyMap<string, number> {
  const names = header.map(name => name.trim().toLowerCase())
  const found = Object.entries(columns).map(([attribute, name]) => [attribute, names.indexOf(name.trim().toLowerCase()), name] as const)
  const missing = found.filter(([, place]) => place < 0)
  if (missing.length === 0) return new Map(found.map(([attribute, place]) => [attribute, place]))
  throw invalid(missing.map(([attribute, , name]) => `${file}:1: there is no column "${name}" (inventory.assets.columns.${attribute})`))
}

/** Separators of several values in one cell. Serial numbers and AE titles may hold blanks. */
const SEVERAL: Readonly<Record<Key, RegExp>> = { mac: /[;,|\s]+/, serial_number: /[;|]/, ip: /[;,|\s]+/, ae_title: /[;,|]/ }
const NORMAL: Readonly<Record<Key, (value: string) => string>> = {
  mac: value =>
    value
      .replace(/[^0-9a-z]/gi, '')
      .toUpperCase()
      .replace(/(..)(?=.)/g, '$1-'),
  serial_number: value => value.trim().toLowerCase(),
  ip: value => value.trim().toLowerCase(),
  ae_title: value => value.trim(),
}

function rowOf(place: string, cells: readonly string[], places: ReadonlyMap<string, number>): AssetRow {
  const text = (column: string): string => cells[places.get(column) ?? -1]?.trim() ?? ''
  const keys = (key: Key): readonly string[] =>
    text(key)
      .split(SEVERAL[key])
      .map(NORMAL[key])
      .filter(value => value !== '')
  const values = ASSET_ATTRIBUTES.map(attribute => [attribute, text(attribute)]).filter(([, value]) => value !== '')
  return {
    place,
    keys: { mac: keys('mac'), serial_number: keys('serial_number'), ip: keys('ip'), ae_title: keys('ae_title') },
    values: Object.fromEntries(values),
  }
}

/** Rows by one key; a value that several rows state stands for none of them. */
function indexOf(rows: readonly AssetRow[], key: Key): ReadonlyMap<string, AssetRow> {
  const index = new Map<string, AssetRow>()
  const shared = new Set<string>()
  for (const row of rows) {
    for (const value of row.keys[key]) {
      if (index.has(value) && index.get(value) !== row) shared.add(value)
      else index.set(value, row)
    }
  }
  for (const value of shared) index.delete(value)
  return index
}

function invalid(problems: readonly string[]): WardwireError {
  const rest = problems.length - MAX_PROBLEMS
  const shown = [...problems.slice(0, MAX_PROBLEMS), ...(rest > 0 ? [`… and ${rest} more`] : [])]
  return new WardwireError('assets_invalid', `the asset list cannot be used:\n${shown.map(problem => `  ${problem}`).join('\n')}`, {
    mend: 'mend the file, or the names under inventory.assets.columns',
  })
}
