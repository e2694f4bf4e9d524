import { gzipSync } from 'node:zlib'
import { createTar } from 'nanotar'
import type { ContentFile } from '../builder.ts'

/** Two empty blocks end a tar archive (POSIX.1-2017, ustar). */
const END_OF_ARCHIVE = 1024
/** Byte of the gzip header that names the operating system; 255 is unknown (RFC 1952 §2.3). */
const OS_BYTE = 9
const OS_UNKNOWN = 255
/** Longest path that the plain tar header holds, bytes. */
const LONGEST_PATH = 100

/**
 * A Splunk package: a compressed tar of one top folder with the name of the app. Files go in order of their paths, folders before what is
 * in them, without times and owners, so that the same files always give the same bytes.
 */
export function splunkPackage(app: string, files: readonly ContentFile[]): Uint8Array {
  const sorted = [...files].sort((one, other) => (one.path < other.path ? -1 : 1))
  const folders = [...new Set(sorted.flatMap(({ path }) => parents(`${app}/${path}`)))].sort()
  const entries = [
    ...folders.map(path => ({ name: `${path}/`, attrs: { ...OWNER, mode: '755' } })),
    ...sorted.map(({ path, content }) => ({ name: `${app}/${path}`, data: bytes(content), attrs: { ...OWNER, mode: '644' } })),
  ]
  const long = entries.find(({ name }) => Buffer.byteLength(name) > LONGEST_PATH)
  if (long !== undefined) throw new RangeError(`${long.name} is longer than ${LONGEST_PATH} bytes`)
  const tar = Buffer.concat([createTar(entries), Buffer.alloc(END_OF_ARCHIVE)])
  const packed = gzipSync(tar, { level: 9 })
  packed[OS_BYTE] = OS_UNKNOWN
  return packed
}

/** File of the package of an app. */
export function packageName(app: string, version: string): string {
  return `${app}-${version}.spl`
}

const OWNER = { mtime: 0, uid: 0, gid: 0, user: 'root', group: 'root' }

/** `a`, `a/b` of `a/b/c`. */
function parents(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

function bytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content
}
