import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCaptureFile } from '../capture/file.ts'
import type { CaptureEnd, CaptureSource } from '../capture/source.ts'
import { inventoryRecord } from '../normalize/inventory-record.ts'
import { type Delivery, launchDelivery } from '../outputs/delivery.ts'
import { folderOutputs } from '../outputs/file/index.ts'
import { Sensor } from '../sensor.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { Log } from '../telemetry/log.ts'
import { lossWords } from './delivery-health.ts'
import { createProgress } from './progress.ts'
import { summaryTables } from './summary.ts'

export interface ReplayOptions {
  /** Folder for events.ndjson, events.cef and inventory.json. */
  readonly out: string
  /** Overwrite what an earlier replay left there. */
  readonly force: boolean
  /** Checked settings of a config file; its outputs get the events too. */
  readonly settings: Settings | undefined
  readonly log: Log
  readonly signal: AbortSignal
}

/** The queue of a replay, below the result folder; it goes when all is delivered. */
const SPOOL = '.spool'
const RESULT_FILES = ['events.ndjson', 'events.cef', 'inventory.json'] as const
/** How long outputs may take after the last packet, ms. */
const DRAIN_DEADLINE_MS = 60_000

/** Outcome of a replay: tables for people, and the inputs that could not be read to their end. */
export interface ReplayResult {
  readonly text: string
  readonly failures: readonly string[]
}

/** `wardwire replay FILE…`: decode captures as if they were live and write what was found into a folder. */
export async function replay(files: readonly string[], options: ReplayOptions): Promise<ReplayResult> {
  prepareFolder(options.out, options.force)
  const settings = replaySettings(options)
  const { delivery, ready } = launchDelivery({
    directory: join(options.out, SPOOL),
    queue: settings.queue,
    outputs: settings.outputs,
    sensorName: settings.sensor.name,
    hostname: settings.sensor.name,
    log: options.log,
  })
  let source: CaptureSource | undefined
  const sensor = new Sensor({
    settings,
    recorded: true,
    deliver: events => delivery.send(events),
    interfaces: () => source?.interfaces ?? [],
    log: options.log,
  })
  const failures: string[] = []
  const readFiles = async (): Promise<void> => {
    for (const file of files) {
      if (options.signal.aborted) break
      source = openCaptureFile(file)
      const end = await readSource(source, sensor, delivery, options.signal)
      if (end.kind === 'failed') failures.push(`${end.message} — ${end.mend}`)
    }
  }
  await Promise.all([ready, readFiles()])
  sensor.finish()
  const missing = await settle(delivery)
  const devices = sensor.inventory.devices()
  writeFileSync(join(options.out, 'inventory.json'), `${JSON.stringify(devices.map(inventoryRecord), null, 2)}\n`)
  if (missing.length === 0) rmSync(join(options.out, SPOOL), { recursive: true, force: true })
  return {
    text: `${summaryTables(sensor.summary(), devices)}\nWritten to ${options.out}: ${RESULT_FILES.join(', ')}`,
    failures: [...failures, ...missing],
  }
}

async function readSource(source: CaptureSource, sensor: Sensor, delivery: Delivery, signal: AbortSignal): Promise<CaptureEnd> {
  const progress = createProgress(source.name, source.size)
  try {
    return await source.run(sensor, signal, () => {
      progress.update({ positionBytes: source.position, packets: source.statistics.packets })
      sensor.flush()
      return delivery.pace()
    })
  } finally {
    progress.stop()
  }
}

/** Wait until every output has everything; what is missing somewhere is named. */
async function settle(delivery: Delivery): Promise<readonly string[]> {
  const { undelivered } = await delivery.drain(DRAIN_DEADLINE_MS)
  await delivery.stop()
  const { losses, outputs } = delivery.report()
  return [
    ...Object.entries(undelivered).map(
      ([name, count]) =>
        `output ${name}: ${count} events are not delivered: ${outputs.find(output => output.name === name)?.lastError ?? 'no answer'}`,
    ),
    ...outputs
      .filter(({ deadLettered }) => deadLettered > 0)
      .map(({ name, deadLettered }) => `output ${name} refused ${deadLettered} events for good`),
    ...losses.map(lossWords),
  ]
}

function replaySettings({ settings, out }: ReplayOptions): Settings {
  const base = settings ?? defaultSettings()
  return {
    ...base,
    queue: { ...base.queue, full: 'block' },
    outputs: { ...base.outputs, ...folderOutputs(out, 'whole') },
  }
}

function prepareFolder(out: string, force: boolean): void {
  const present = RESULT_FILES.filter(name => existsSync(join(out, name)))
  if (present.length > 0 && !force)
    throw new WardwireError('out_exists', `${out} already holds ${present.join(', ')} of an earlier replay`, {
      mend: 'give another folder with --out DIR, or --force to overwrite',
    })
  try {
    mkdirSync(out, { recursive: true })
    for (const name of [...RESULT_FILES, SPOOL]) rmSync(join(out, name), { recursive: true, force: true })
  } catch (error) {
    throw new WardwireError('out_unwritable', `cannot write to ${out} (${(error as NodeJS.ErrnoException).code ?? 'error'})`, {
      mend: 'check the path, its permissions and the free space',
      cause: error,
    })
  }
}
