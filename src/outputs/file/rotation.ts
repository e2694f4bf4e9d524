import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { syncFolder } from './append-file.ts'

/** `20260102T030405678Z`, and `.gz` when compressed. */
const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z(\.gz)?$/
const PARTIAL = '.partial'

export interface RotationOptions {
  /** Files moved aside that are kept. */
  readonly keep: number
  readonly compress: boolean
}

/** Move a file aside: `events.ndjson` becomes `events.ndjson.20260102T030405678Z`, later in name than those before. */
export async function moveAside(path: string, now: Date): Promise<void> {
  const latest = (await movedAside(path)).at(-1)
  const time = Math.max(now.getTime(), latest === undefined ? 0 : timeOf(path, latest) + 1)
  await rename(path, `${path}.${new Date(time).toISOString().replace(/[-:.]/g, '')}`)
  await syncFolder(dirname(path))
}

/** Compress what was moved aside and remove the oldest beyond `keep`. What a crash left half compressed is done again. */
export async function tidy(path: string, { keep, compress }: RotationOptions, signal: AbortSignal): Promise<void> {
  const folder = dirname(path)
  for (const name of await movedAside(path)) {
    if (signal.aborted) return
    if (compress && !name.endsWith('.gz')) await compressFile(join(folder, name), signal)
  }
  const names = await movedAside(path)
  for (const name of names.slice(0, Math.max(0, names.length - keep))) await rm(join(folder, name), { force: true })
}

/** Names of the files moved aside, oldest first. */
async function movedAside(path: string): Promise<readonly string[]> {
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path))
  return names.filter(name => name.startsWith(prefix) && STAMP.test(name.slice(prefix.length))).sort()
}

function timeOf(path: string, name: string): number {
  const [, year, month, day, hour, minute, second, milli] = STAMP.exec(name.slice(basename(path).length + 1)) ?? []
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milli}Z`)
}

async function compressFile(path: string, signal: AbortSignal): Promise<void> {
  const partial = `${path}.gz${PARTIAL}`
  try {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(partial, { mode: 0o640, flush: true }), { signal })
    await rename(partial, `${path}.gz`)
    await syncFolder(dirname(path))
    await rm(path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}
