import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A capture file in a folder as it was seen last. */
export interface ListedFile {
  /** The file name without `.gz`: a capture that is compressed after it was written stays the same capture. */
  readonly name: string
  readonly path: string
  readonly size: number
  /** Time of modification, ms. */
  readonly modified: number
  /** Another file that later takes the name has another one. */
  readonly inode: number
  /** No other file of the folder is newer. */
  readonly newest: boolean
  /** No other file of the same rotation, that is with a name that differs only in digits, is newer. */
  readonly newestOfRotation: boolean
}

/** Numbers in names count: cap.pcap2 comes before cap.pcap10. */
const naturally = new Intl.Collator('en', { numeric: true })

/**
 * Capture files of a folder by time, then by name, which alone tells the order of files that were copied at once. Where a capture is there
 * both plain and compressed, the plain file counts: the other one is still being written. Throws what the file system says when the folder
 * cannot be read.
 */
export async function listFolder(folder: string, patterns: readonly RegExp[]): Promise<readonly ListedFile[]> {
  const names = (await readdir(folder)).filter(name => !name.startsWith('.') && patterns.some(pattern => pattern.test(name)))
  const seen = await Promise.all(names.map(name => status(folder, name)))
  const captures = new Map<string, Status>()
  for (const file of seen) if (file !== undefined && (!captures.has(file.name) || !file.path.endsWith('.gz'))) captures.set(file.name, file)
  const files = [...captures.values()].sort((a, b) => secondOf(a) - secondOf(b) || naturally.compare(a.name, b.name))
  const last = new Map(files.map(file => [rotationOf(file.name), file]))
  return files.map((file, index) => ({
    ...file,
    newest: index === files.length - 1,
    newestOfRotation: last.get(rotationOf(file.name)) === file,
  }))
}

/** `*` stands for any characters, `?` for one. */
export function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's')
}

type Status = Omit<ListedFile, 'newest' | 'newestOfRotation'>

async function status(folder: string, file: string): Promise<Status | undefined> {
  const path = join(folder, file)
  try {
    const stats = await stat(path)
    return stats.isFile()
      ? { name: file.replace(/\.gz$/, ''), path, size: stats.size, modified: stats.mtimeMs, inode: stats.ino }
      : undefined
  } catch {
    return undefined
  }
}

function secondOf({ modified }: Status): number {
  return Math.floor(modified / 1000)
}

function rotationOf(name: string): string {
  return name.replaceAll(/\d+/g, '')
}
