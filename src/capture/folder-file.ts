import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'
import { CaptureStream } from './chunks.ts'
import { gunzipped, isGzip } from './gzip.ts'
import type { PacketSink, RawPacket } from './source.ts'

const CHUNK_BYTES = 1024 * 1024
/** The first packet with its time stamp is within. */
const HEAD_BYTES = 512
/** Compressed, that takes at most this much. */
const COMPRESSED_HEAD_BYTES = 4096

/** How a capture begins, by which it is told from another one under the same name, compressed or not. */
export interface Head {
  readonly hash: string
  readonly bytes: number
}

/** One file of a capture folder, which may still grow. Throws what the file system says. */
export class FolderFile implements PacketSink {
  readonly name: string
  readonly path: string
  readonly inode: number
  readonly compressed: boolean
  readonly stream: CaptureStream
  /** Packets met so far: handed on or skipped. */
  packets = 0
  /** So many packets at the beginning are not handed on: they were before. */
  skip = 0
  readonly #fd: number
  readonly #sink: PacketSink
  #position = 0

  constructor(name: string, path: string, sink: PacketSink) {
    this.name = name
    this.path = path
    this.#sink = sink
    this.stream = new CaptureStream(path)
    this.#fd = openSync(path, 'r')
    this.inode = fstatSync(this.#fd).ino
    this.compressed = isGzip(this.#read(2))
  }

  packet(packet: RawPacket): void {
    this.packets++
    if (this.packets > this.skip) this.#sink.packet(packet)
  }

  /** The beginning as it is now. */
  head(): Head {
    return hashed(this.#head())
  }

  /** True while the file still begins as it did when `head` was taken. */
  beginsWith(head: Head): boolean {
    const now = hashed(this.#head().subarray(0, head.bytes))
    return now.bytes === head.bytes && now.hash === head.hash
  }

  /** What was appended since it was last asked; all of a compressed file. */
  async *news(): AsyncGenerator<Uint8Array> {
    if (this.compressed) {
      yield* gunzipped(createReadStream(this.path, { highWaterMark: CHUNK_BYTES }))
      return
    }
    const buffer = new Uint8Array(CHUNK_BYTES)
    for (let read = this.#next(buffer); read > 0; read = this.#next(buffer)) yield buffer.subarray(0, read)
  }

  close(): void {
    closeSync(this.#fd)
  }

  #head(): Uint8Array {
    return this.compressed ? decompressedHead(this.#read(COMPRESSED_HEAD_BYTES)) : this.#read(HEAD_BYTES)
  }

  #next(buffer: Uint8Array): number {
    const read = readSync(this.#fd, buffer, 0, buffer.length, this.#position)
    this.#position += read
    return read
  }

  #read(bytes: number): Uint8Array {
    const buffer = new Uint8Array(bytes)
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, bytes, 0))
  }
}

/** Of damaged data the compressed bytes themselves. */
function decompressedHead(compressed: Uint8Array): Uint8Array {
  try {
    return gunzipSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, HEAD_BYTES)
  } catch {
    return compressed.subarray(0, HEAD_BYTES)
  }
}

function hashed(begin: Uint8Array): Head {
  return { hash: createHash('sha256').update(begin).digest('hex'), bytes: begin.length }
}
