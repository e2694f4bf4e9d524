import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { CaptureStream } from './chunks.ts'
import type { CaptureEnd, CaptureSource, CaptureStatistics, PacketSink } from './source.ts'
import { CountingSink } from './statistics.ts'

const CHUNK_BYTES = 4 * 1024 * 1024
const GZIP_MAGIC = 0x1f8b

/** A capture file: pcap or pcapng, gzip-compressed or not. Nothing is opened before `run`. */
export function openCaptureFile(path: string): CaptureSource {
  return new FileSource(path)
}

class FileSource implements CaptureSource {
  readonly name: string
  readonly recorded = true
  readonly statistics: CaptureStatistics = { packets: 0, bytes: 0, dropped: undefined }
  readonly #path: string
  readonly #stream: CaptureStream
  size: number | undefined
  position = 0

  constructor(path: string) {
    this.#path = path
    this.name = basename(path)
    this.#stream = new CaptureStream(path)
    this.size = sizeOf(path)
  }

  get interfaces(): readonly string[] {
    return this.#stream.interfaces
  }

  async run(sink: PacketSink, signal: AbortSignal, pace: () => Promise<void> | undefined): Promise<CaptureEnd> {
    const counted = new CountingSink(sink, this.statistics)
    try {
      return isGzip(this.#path) ? await this.#compressed(counted, signal, pace) : await this.#plain(counted, signal, pace)
    } catch (error) {
      return this.#unreadable(error)
    } finally {
      this.statistics.dropped = this.#stream.dropped
    }
  }

  async #plain(sink: PacketSink, signal: AbortSignal, pace: () => Promise<void> | undefined): Promise<CaptureEnd> {
    const file = openSync(this.#path, 'r')
    try {
      const buffer = new Uint8Array(CHUNK_BYTES)
      for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
        this.position += read
        if (!this.#stream.feed(read === buffer.length ? buffer : buffer.subarray(0, read), sink)) break
        if (signal.aborted) return { kind: 'stopped' }
        await pace()
        await nextTurn()
      }
      return this.#stream.end()
    } finally {
      closeSync(file)
    }
  }

  async #compressed(sink: PacketSink, signal: AbortSignal, pace: () => Promise<void> | undefined): Promise<CaptureEnd> {
    const input = createReadStream(this.#path, { highWaterMark: 1024 * 1024 })
    const gunzip = createGunzip({ chunkSize: 1024 * 1024 })
    input.on('data', chunk => {
      this.position += chunk.length
    })
    input.on('error', error => gunzip.destroy(error))
    try {
      for await (const chunk of input.pipe(gunzip)) {
        if (!this.#stream.feed(chunk as Uint8Array, sink)) break
        if (signal.aborted) return { kind: 'stopped' }
        await pace()
      }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? ''
      if (code.startsWith('Z_')) return this.#damagedGzip(code)
      throw error
    } finally {
      input.destroy()
    }
    return this.#stream.end()
  }

  #damagedGzip(code: string): CaptureEnd {
    const offset = this.#stream.position
    return {
      kind: 'failed',
      code: code === 'Z_BUF_ERROR' ? 'capture_truncated' : 'capture_corrupt',
      message: `${this.#path}: the gzip data ${code === 'Z_BUF_ERROR' ? 'ends early' : 'is damaged'} (offset ${offset} of the decompressed data)`,
      mend: 'fetch the file again; what was read before is kept',
      offset,
    }
  }

  #unreadable(error: unknown): CaptureEnd {
    const code = (error as NodeJS.ErrnoException).code ?? 'error'
    return {
      kind: 'failed',
      code: 'capture_unreadable',
      message: `${this.#path}: cannot be read (${code}, offset ${this.position})`,
      mend: 'check the path and its permissions',
      offset: this.position,
    }
  }
}

function sizeOf(path: string): number | undefined {
  try {
    const file = openSync(path, 'r')
    try {
      return fstatSync(file).size
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}

function isGzip(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(2)
    return readSync(file, head) === 2 && head.readUInt16BE(0) === GZIP_MAGIC
  } finally {
    closeSync(file)
  }
}
