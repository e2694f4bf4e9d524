import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CaptureStream } from './chunks.ts'
import { gunzipped, gzipFault, isGzip } from './gzip.ts'
import { paced } from './pace.ts'
import type { CaptureEnd, CaptureSource, CaptureStatistics, PacketSink } from './source.ts'
import { CountingSink } from './statistics.ts'

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
      return beginsAsGzip(this.#path) ? await this.#compressed(counted, signal, pace) : await this.#plain(counted, signal, pace)
    } catch (error) {
      return this.#unreadable(error)
    } finally {
      this.statistics.dropped = this.#stream.dropped
    }
  }

  async #plain(sink: PacketSink, signal: AbortSignal, pace: () => Promise<void> | undefined): Promise<CaptureEnd> {
    const file = openSync(this.#path, 'r')
    try {
      for (let read = readSync(file, this.#stream.space()); read > 0; read = readSync(file, this.#stream.space())) {
        this.position += read
        if (!this.#stream.filled(read, sink)) break
        if (signal.aborted) return { kind: 'stopped' }
        await paced(pace(), signal)
        await nextTurn()
      }
      return this.#stream.end()
    } finally {
      closeSync(file)
    }
  }

  async #compressed(sink: PacketSink, signal: AbortSignal, pace: () => Promise<void> | undefined): Promise<CaptureEnd> {
    try {
      for await (const chunk of gunzipped(this.#bytes())) {
        if (!this.#stream.feed(chunk, sink)) break
        if (signal.aborted) return { kind: 'stopped' }
        await paced(pace(), signal)
      }
    } catch (error) {
      const fault = gzipFault(error, this.#path, this.#stream.position)
      if (fault === undefined) throw error
      return fault
    }
    return this.#stream.end()
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(this.#path, { highWaterMark: 1024 * 1024 })) {
      this.position += (chunk as Uint8Array).length
      yield chunk as Uint8Array
    }
  }

  /** What the system says. An error of who takes the packets is not the file's. */
  #unreadable(error: unknown): CaptureEnd {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
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

function beginsAsGzip(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const head = new Uint8Array(2)
    return readSync(file, head) === 2 && isGzip(head)
  } finally {
    closeSync(file)
  }
}
