import { access, constants } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { WardwireError } from '../telemetry/error.ts'
import type { Log } from '../telemetry/log.ts'
import { FolderPositions } from './folder-positions.ts'
import { FolderReader } from './folder-reader.ts'
import { paced } from './pace.ts'
import type { FolderSettings } from './settings.ts'
import type { CaptureEnd, CaptureStatistics, LiveSource, PacketSink } from './source.ts'
import { CountingSink } from './statistics.ts'

/**
 * A folder that a rotating capture writes into (`tcpdump -G 60 -w cap-%s.pcap`, `dumpcap -b …`), compressed afterwards or not. Files are read
 * in the order of their time, each once, the newest while it grows. How far each was read is kept in `stateDirectory`; after a crash a few
 * packets are read again rather than none, and their events carry the ids that they had. Damaged files are logged and passed over.
 *
 * Throws `capture_unreadable` when there is no such folder, `capture_state` when positions cannot be kept.
 */
export async function openFolder(settings: FolderSettings, stateDirectory: string, log: Log): Promise<LiveSource> {
  const folder = resolve(settings.path)
  try {
    await access(folder, constants.R_OK | constants.X_OK)
  } catch (error) {
    throw new WardwireError('capture_unreadable', `${folder}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, {
      mend: 'make the folder, or check capture.folder.path (--folder) and its permissions',
      cause: error,
    })
  }
  const positions = new FolderPositions(stateDirectory, folder)
  if (positions.quarantined !== undefined)
    log.warn('Positions in the capture folder were damaged: its files are read from the start', { ...positions.quarantined })
  return new FolderSource(folder, settings, positions, log)
}

class FolderSource implements LiveSource {
  readonly name: string
  readonly recorded = false
  readonly size = undefined
  readonly statistics: CaptureStatistics = { packets: 0, bytes: 0, dropped: undefined }
  readonly #settings: FolderSettings
  readonly #positions: FolderPositions
  readonly #log: Log
  #reader: FolderReader | undefined
  #sink: CountingSink | undefined

  constructor(folder: string, settings: FolderSettings, positions: FolderPositions, log: Log) {
    this.name = folder
    this.#settings = settings
    this.#positions = positions
    this.#log = log
  }

  get interfaces(): readonly string[] {
    return this.#reader?.interfaces ?? []
  }

  get position(): number {
    return this.#reader?.bytes ?? 0
  }

  /** The time of the latest packet: how far the writer is behind is not known, so that time only moves with packets. */
  now(): number {
    const packetTime = this.#sink?.time ?? 0
    return packetTime === 0 ? Date.now() * 1000 : packetTime
  }

  async run(sink: PacketSink, signal: AbortSignal, pace: () => Promise<void> | undefined): Promise<CaptureEnd> {
    const counted = new CountingSink(sink, this.statistics)
    this.#sink = counted
    const reader = new FolderReader({
      folder: this.name,
      settings: this.#settings,
      positions: this.#positions,
      sink: counted,
      signal,
      hold: () => paced(pace(), signal),
      log: this.#log,
    })
    this.#reader = reader
    while (!signal.aborted) {
      await reader.look()
      this.statistics.dropped = reader.dropped
      await delay(this.#settings.poll_seconds * 1000, undefined, { signal }).catch(() => {})
    }
    await reader.close()
    return { kind: 'stopped' }
  }
}
