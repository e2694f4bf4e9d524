import { Presets, SingleBar } from 'cli-progress'

export interface ProgressReport {
  readonly positionBytes: number
  readonly packets: number
}

export interface Progress {
  update(report: ProgressReport): void
  stop(): void
}

const QUIET: Progress = { update: () => {}, stop: () => {} }

/** A bar with packets, bytes, rate and time left on standard error; nothing where that is not a terminal. */
export function createProgress(label: string, totalBytes: number | undefined): Progress {
  if (process.stderr.isTTY !== true || totalBytes === undefined || totalBytes === 0) return QUIET
  const started = Date.now()
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage}% | {packets} packets | {read} of {size} | {rate}/s | {eta_formatted} left`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      etaBuffer: 50,
      fps: 8,
    },
    Presets.shades_classic,
  )
  const fields = ({ positionBytes, packets }: ProgressReport): object => ({
    packets: formatCount(packets),
    read: formatBytes(positionBytes),
    size: formatBytes(totalBytes),
    rate: formatBytes((positionBytes * 1000) / Math.max(1, Date.now() - started)),
  })
  bar.start(totalBytes, 0, fields({ positionBytes: 0, packets: 0 }))
  return { update: report => bar.update(report.positionBytes, fields(report)), stop: () => bar.stop() }
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** 1234567 → `1,234,567`. (Intl would do it too, but takes longer to load than a small replay.) */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** 1536 → `1.5 KB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${UNITS[unit]}`
}
