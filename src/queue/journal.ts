import { readFileSync } from 'node:fs'

/** Sizes of the write-ahead log, bytes. */
const HEADER = 32
const FRAME_HEADER = 24

/**
 * SQLite reads its write-ahead log up to the first frame that is not as it was written, and takes that for the end. Whether transactions
 * stood behind it can be told from the marks of their frames. Answers the number of the last frame that ends a transaction; 0 when none
 * does. Where the log is whole, that is the number of frames that SQLite has read.
 *
 * Grammar (sqlite.org/fileformat2.html §4.1, big-endian words of 32 bits):
 *
 * - header: magic (its lowest bit gives the byte order of checksums), version, page size, sequence, salt 1, salt 2, checksum 1, checksum 2
 * - frame: page number, size of the database after a commit (0: no commit), salt 1, salt 2, checksum 1, checksum 2; then the page
 *
 * Frames with other salts than the header are left over from before. A header that is damaged itself tells no salts: all frames count.
 */
export function lastCommit(path: string): number {
  const log = readLog(path)
  if (log.length < HEADER) return 0
  const header = new DataView(log.buffer, log.byteOffset, HEADER)
  const pageSize = header.getUint32(8)
  const intact = isHeaderIntact(header)
  if (pageSize < 512 || pageSize > 65_536) return log.length > HEADER ? 1 : 0
  let last = 0
  for (let frame = 1, at = HEADER; at + FRAME_HEADER + pageSize <= log.length; frame++, at += FRAME_HEADER + pageSize) {
    const view = new DataView(log.buffer, log.byteOffset + at, FRAME_HEADER)
    const current = !intact || (view.getUint32(8) === header.getUint32(16) && view.getUint32(12) === header.getUint32(20))
    if (current && view.getUint32(4) > 0) last = frame
  }
  return last
}

function readLog(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}

function isHeaderIntact(header: DataView): boolean {
  const littleEndian = (header.getUint32(0) & 1) === 0
  let [one, two] = [0, 0]
  for (let at = 0; at < 24; at += 8) {
    one = (one + header.getUint32(at, littleEndian) + two) >>> 0
    two = (two + header.getUint32(at + 4, littleEndian) + one) >>> 0
  }
  return one === header.getUint32(24) && two === header.getUint32(28)
}
