// How much of the ground truth the inventory finds, and how much of what it states is true:   node test/inventory/truth.ts
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { openCaptureFile } from '../../src/capture/file.ts'
import type { Device } from '../../src/inventory/device.ts'
import { Sensor } from '../../src/sensor.ts'
import { defaultSettings } from '../../src/settings.ts'
import { hospital, type SimulatedDevice } from '../captures/hospital.ts'
import { capture, conversation, type Host, openedBy, STACKS } from '../captures/scenes.ts'

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
  os_version: device => device.os?.version,
  hostname: device => device.hostname,
  location: device => device.location,
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
  readonly replayed: {
    readonly folder: string
    readonly attributes: readonly string[]
    readonly captures: Readonly<Record<string, readonly ReplayedHost[]>>
  }
}
type ReplayedHost = TrueDevice & { readonly mac: string }

/** To whom replayed hosts send their echo. */
const ECHO_SERVER: Host = { mac: '10-65-30-AA-99-01', ip: '10.254.0.20' }
const EVERYWHERE = ['0.0.0.0/0']

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

/** Score the inventory on the captures of truth.yml; those that are replayed only where they are at hand. */
export async function scores(): Promise<readonly Score[]> {
  const truth = parse(readFileSync(join(import.meta.dirname, 'truth.yml'), 'utf8')) as Truth
  const folder = mkdtempSync(join(tmpdir(), 'wardwire-truth-'))
  try {
    const simulated = join(folder, 'hospital.pcap')
    writeFileSync(
      simulated,
      hospital(truth.simulated.devices.filter((device): device is TrueDevice & SimulatedDevice => device.says !== undefined)),
    )
    const scored = [
      score('recorded', truth.recorded.devices, await devicesIn(join(ROOT, truth.recorded.file))),
      score('simulated', truth.simulated.devices, await devicesIn(simulated)),
    ]
    return existsSync(join(ROOT, truth.replayed.folder)) ? [...scored, await replayed(truth.replayed, folder)] : scored
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Each capture of others followed by an echo of each of its hosts, in an inventory of its own. */
async function replayed({ folder, attributes, captures }: Truth['replayed'], scratch: string): Promise<Score> {
  const board = new Board(attributes)
  for (const [file, hosts] of Object.entries(captures)) {
    const echoes = join(scratch, 'echoes.pcap')
    const echo = ({ at: ip, mac }: ReplayedHost, index: number) =>
      openedBy(
        STACKS.embedded,
        conversation('dicom-echo-dcmtk', { mac, ip }, ECHO_SERVER, index, { CT01: `H${String(index).padStart(3, '0')}` }),
      )
    writeFileSync(echoes, capture(...hosts.map(echo)))
    const devices = await devicesIn(join(ROOT, folder, file), echoes)
    for (const { at, is } of hosts) board.enter(`${file} ${at}`, is, deviceAt(devices, at))
  }
  return board.score('replayed')
}

/** What the inventory knows after these captures. */
async function devicesIn(...files: readonly [string, ...string[]]): Promise<readonly Device[]> {
  let source = openCaptureFile(files[0])
  const settings = defaultSettings()
  const inventory = {
    ...settings.inventory,
    local_networks: [...settings.inventory.local_networks, ...(files.length > 1 ? EVERYWHERE : [])],
  }
  const sensor = new Sensor({
    settings: { ...settings, inventory },
    recorded: true,
    interfaces: () => source.interfaces,
    deliver: () => undefined,
  })
  for (const file of files) {
    source = openCaptureFile(file)
    await source.run(sensor, new AbortController().signal, () => undefined)
  }
  sensor.finish()
  return sensor.inventory.devices()
}

function deviceAt(devices: readonly Device[], address: string): Device | undefined {
  return devices.find(({ ips }) => ips.includes(address))
}

/** Hold the devices of an inventory against what they are. */
export function score(name: string, truth: readonly TrueDevice[], devices: readonly Device[]): Score {
  const board = new Board(Object.keys(ATTRIBUTES))
  const unclaimed = new Set(devices)
  for (const { at, is } of truth) {
    const device = deviceAt(devices, at)
    if (device !== undefined) unclaimed.delete(device)
    board.enter(at, is, device)
  }
  for (const device of unclaimed) board.enter(device.ips[0] ?? device.id, undefined, device)
  return board.score(name)
}

/** Where it is written down what was found of each device. */
class Board {
  readonly #attributes: ReadonlyMap<string, Tally>
  readonly #mistakes: string[] = []
  readonly #kinds = new Set<string>()
  #devices = 0

  constructor(attributes: readonly string[]) {
    this.#attributes = new Map(attributes.map(attribute => [attribute, { known: 0, stated: 0, right: 0 }]))
  }

  /** Hold a device against what it `is`; undefined for one that there is none. `name` is its name in what is wrong. */
  enter(name: string, is: TrueDevice['is'] | undefined, device: Device | undefined): void {
    if (is !== undefined) this.#devices++
    for (const kind of listOf(is?.['type'])) this.#kinds.add(kind)
    compare(name, is ?? {}, device, this.#attributes, this.#mistakes)
  }

  score(name: string): Score {
    const total = { known: 0, stated: 0, right: 0 }
    for (const tally of this.#attributes.values())
      for (const figure of ['known', 'stated', 'right'] as const) total[figure] += tally[figure]
    return {
      name,
      devices: this.#devices,
      kinds: this.#kinds.size,
      attributes: this.#attributes,
      precision: total.right / total.stated,
      coverage: total.right / total.known,
      mistakes: this.#mistakes,
    }
  }
}

function compare(
  at: string,
  is: TrueDevice['is'],
  device: Device | undefined,
  tallies: ReadonlyMap<string, Tally>,
  mistakes: string[],
): void {
  for (const [attribute, tally] of tallies) {
    const known = listOf(is[attribute])
    const stated = listOf(device && ATTRIBUTES[attribute]?.(device))
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

const percent = (share: number): string => (Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`)

function report({ name, devices, kinds, attributes, precision, coverage, mistakes }: Score): string {
  const rows = [...attributes].map(([attribute, { known, stated, right }]) => {
    const shares = `precision ${percent(right / stated).padStart(7)}, coverage ${percent(right / known).padStart(7)}`
    return `  ${attribute.padEnd(18)} ${shares}   ${right} of ${stated} stated are right, ${right} of ${known} found`
  })
  const title = `${name}: ${devices} devices${kinds === 0 ? '' : ` of ${kinds} kinds`}, precision ${percent(precision)}, coverage ${percent(coverage)}`
  return [title, ...rows, ...mistakes.map(mistake => `  ! ${mistake}`)].join('\n')
}

if (import.meta.main) process.stdout.write(`${(await scores()).map(report).join('\n\n')}\n`)
