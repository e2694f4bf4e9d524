import { WardwireError } from '../telemetry/error.ts'
import { type Log, SILENT_LOG } from '../telemetry/log.ts'
import { openFolder } from './folder.ts'
import { openLive } from './live.ts'
import type { CaptureSettings } from './settings.ts'
import type { LiveSource } from './source.ts'
import { openStream } from './stream.ts'

/**
 * The source that the settings name. `stateDirectory` keeps what has to survive a restart; `log` hears of files that cannot be read. Throws
 * `capture_source_missing` when no source is named, and what the source throws that cannot be opened.
 */
export async function openCapture(settings: CaptureSettings, stateDirectory: string, log: Log = SILENT_LOG): Promise<LiveSource> {
  const { interface: name, from, folder } = settings
  if (name !== undefined) return openLive({ ...settings, interface: name })
  if (settings.filter !== undefined && (from !== undefined || folder !== undefined))
    throw new WardwireError('capture_filter_unsupported', 'a capture filter works on an interface only', {
      mend: 'give the filter to the program that writes the capture',
    })
  if (from !== undefined) return openStream(from)
  if (folder !== undefined) return openFolder(folder, stateDirectory, log)
  throw new WardwireError('capture_source_missing', 'no packet source is configured', {
    mend: 'set one of capture.interface, capture.from and capture.folder.path, or use --interface, --from or --folder',
  })
}
