// How much of the ground truth the inventory finds, and how much of what it states is true:   node test/inventory/truth.ts
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { openCaptureFile } from '../../src/capture/file.ts'
import type { Device } from '../../src/inventory/device.ts'
import { Sensor } from '../../src/sensor.ts'
import { defaultSettings } from '../../src/settings.ts'
import { hospital, type SimulatedDevice } from '../captures/hospital.ts'

const ROOT = join(import.meta.dirname, '..', '..')

type Value = string | readonly string[] | undefined
/** What is compared, and where a device has it. */
const ATTRIBUTES: Readonly<Record<string, (device: Device) => Value>> = {
  type: device => device.type,
  manufacturer: device => device.manufacturer,
  model: device => device.model,
  serial_number: device => device.serialNumber,
  software_version: device => device.softwareVersion,
  os: device => device.os?.name,
  hostname: device => device.hostname,
  macs: device => device.macs,
  ae_titles: device => device.aeTitles,
  hl7_applications: device => device.hl7Applications,
}

interface TrueDevice {
  readonly at: string
  readonly is: Readonly<Record<string, Value>>
}
interface Truth {
  readonly recorded: { readonly file: string; readonly devices: readonly TrueDevice[] }
  readonly simulated: { readonly devices: readonly (TrueDevice & Partial<SimulatedDevice>)[] }
}

/** Values by attribute: how many are true, how many the inventory stated, and how many of these are true. */
export interface Tally {
  known: number
  stated: number
  right: number
}

export interface Score {
  readonly name: string
  readonly devices: number
  /** Device types that the truth has. */
  readonly kinds: number
  readonly attributes: ReadonlyMap<string, Tally>
  readonly precision: number
  readonly coverage: number
  /** What is wrong or missing, in words. */
  readonly mistakes: readonly string[]
}

/** Score the inventory on each capture of truth.yml. */
export async function scores(): Promise<readonly Score[]> {
  const truth = parse(readFileSync(join(import.meta.dirname, 'truth.yml'), 'utf8')) as Truth
  const folder = mkdtempSync(join(tmpdir(), 'wardwire-truth-'))
  try {
    const simulated = join(folder, 'hospital.pcap')
    writeFileSync(
      simulated,
      hospital(truth.simulated.devices.filter((device): device is TrueDevice & SimulatedDevice => device.says !== undefined)),
    )
    return [
      score('recorded', truth.recorded.devices, await devicesIn(join(ROOT, truth.recorded.file))),
      score('simulated', truth.simulated.devices, await devicesIn(simulated)),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function devicesIn(file: string): Promise<readonly Device[]> {
  const source = openCaptureFile(file)
  const sensor = new Sensor({ settings: defaultSettings(), recorded: true, interfaces: () => source.interfaces, deliver: () => undefined })
  await source.run(sensor, new AbortController().signal, () => undefined)
  sensor.finish()
  return sensor.inventory.devices()
}

/** Hold the devices of an inventory against what they are. */
export function score(name: string, truth: readonly TrueDevice[], devices: readonly Device[]): Score {
  const attributes = new Map(Object.keys(ATTRIBUTES).map(attribute => [attribute, { known: 0, stated: 0, right: 0 }]))
  const mistakes: string[] = []
  const unclaimed = new Set(devices)
  for (const { at, is } of truth) {
    const device = devices.find(({ ips }) => ips.includes(at))
    if (device !== undefined) unclaimed.delete(device)
    compare(at, is, device, attributes, mistakes)
  }
  for (const device of unclaimed) compare(device.ips[0] ?? device.id, {}, device, attributes, mistakes)
  const total = { known: 0, stated: 0, right: 0 }
  for (const tally of attributes.values()) for (const figure of ['known', 'stated', 'right'] as const) total[figure] += tally[figure]
  return {
    name,
    devices: truth.length,
    kinds: new Set(truth.flatMap(({ is }) => is['type'] ?? [])).size,
    attributes,
    precision: total.right / total.stated,
    coverage: total.right / total.known,
    mistakes,
  }
}

function compare(
  at: string,
  is: TrueDevice['is'],
  device: Device | undefined,
  tallies: ReadonlyMap<string, Tally>,
  mistakes: string[],
): void {
  for (const [attribute, read] of Object.entries(ATTRIBUTES)) {
    const known = listOf(is[attribute])
    const stated = listOf(device && read(device))
    const tally = tallies.get(attribute)
    if (tally === undefined) continue
    tally.known += known.length
    tally.stated += stated.length
    tally.right += stated.filter(value => known.includes(value)).length
    for (const value of stated) if (!known.includes(value)) mistakes.push(`${at}: ${attribute} is not ${value}`)
    for (const value of known) if (!stated.includes(value)) mistakes.push(`${at}: ${attribute} ${value} was not found`)
  }
}

function listOf(value: Value): readonly string[] {
  return value === undefined ? [] : [value].flat()
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

function report({ name, devices, kinds, attributes, precision, coverage, mistakes }: Score): string {
  const rows = [...attributes].map(
    ([attribute, { known, stated, right }]) =>
      `  ${attribute.padEnd(18)} ${right} of ${stated} stated are right; ${right} of ${known} found`,
  )
  const title = `${name}: ${devices} devices of ${kinds} kinds, precision ${percent(precision)}, coverage ${percent(coverage)}`
  return [title, ...rows, ...mistakes.map(mistake => `  ! ${mistake}`)].join('\n')
}

if (import.meta.main) process.stdout.write(`${(await scores()).map(report).join('\n\n')}\n`)
