import { strToU8, zipSync } from 'fflate'
import type { ContentFile } from '../builder.ts'

/** A zip archive whose files lie below `folder`: the same files give the same bytes. */
export function zip(folder: string, files: readonly ContentFile[]): Uint8Array {
  const sorted = [...files].sort((one, other) => (one.path < other.path ? -1 : 1))
  const entries = sorted.map(
    ({ path, content }) => [`${folder}/${path}`, typeof content === 'string' ? strToU8(content) : content] as const,
  )
  // The first moment that zip files know. They have local time, so it is that of whichever zone this runs in.
  return zipSync(Object.fromEntries(entries), { level: 9, mtime: new Date(1980, 0, 1) })
}
