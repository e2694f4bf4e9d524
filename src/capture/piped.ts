import type { Readable } from 'node:stream'
import { CaptureStream } from './chunks.ts'
import { gunzipped, gzipFault, isGzip } from './gzip.ts'
import { paced } from './pace.ts'
import type { CaptureEnd, CaptureStatistics, LiveSource, PacketSink } from './source.ts'
import { CountingSink } from './statistics.ts'

/** The writer of a pipe, stopped by the same signal, hands over what it still holds at once. */
const STOP_GRACE_MS = 1000

/** The other end of a stream of packets. */
export interface Pipe {
  readonly name: string
  /** Names of the interfaces, where the capture itself does not tell them. */
  readonly interfaces?: readonly string[]
  /** Opens the stream; gives up when `signal` is aborted. */
  open(signal: AbortSignal): Promise<Readable>
  /** How long the rest of the stream is read after a stop before it is given up, ms. */
  readonly graceMs?: number
  /** Asks the writer for its last packets; it then ends the stream by itself. */
  stop?(): void
  /** Packets lost before they came into the stream, where the capture itself does not tell. */
  dropped?(): number | undefined
  /** Why the stream ended although nobody stopped it, where that is worse than what the stream itself says. */
  ended?(): Promise<CaptureEnd | undefined>
}

/** Packets from a pcap or pcapng stream, gzip-compressed or not, that a running program writes. */
export class PipedSource implements LiveSource {
  readonly name: string
  readonly recorded = false
  readonly size = undefined
  readonly statistics: CaptureStatistics
  readonly #pipe: Pipe
  readonly #stream: CaptureStream
  #counted: CountingSink | undefined
  /** Since when the next bytes are waited for, on the monotonic clock, ms; undefined while bytes are being read. */
  #waitingSince: number | undefined

  constructor(pipe: Pipe) {
    this.name = pipe.name
    this.#pipe = pipe
    const stream = new CaptureStream(pipe.name)
    this.#stream = stream
    this.statistics = {
      packets: 0,
      bytes: 0,
      get dropped() {
        return pipe.dropped === undefined ? stream.dropped : pipe.dropped()
      },
    }
  }

  get interfaces(): readonly string[] {
    return this.#pipe.interfaces ?? this.#stream.interfaces
  }

  get position(): number {
    return this.#stream.position
  }

  /** The time of the latest packet, going on at the pace of the wall clock while the stream is silent. */
  now(): number {
    const packetTime = this.#counted?.time ?? 0
    if (packetTime === 0) return Date.now() * 1000
    return this.#waitingSince === undefined ? packetTime : packetTime + (performance.now() - this.#waitingSince) * 1000
  }

  async run(sink: PacketSink, signal: AbortSignal, pace: () => Promise<void> | undefined): Promise<CaptureEnd> {
    const counted = new CountingSink(sink, this.statistics)
    this.#counted = counted
    let grace: NodeJS.Timeout | undefined
    let input: Readable | undefined
    const stop = (): void => {
      this.#pipe.stop?.()
      grace = setTimeout(() => input?.destroy(), this.#pipe.graceMs ?? STOP_GRACE_MS)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    try {
      input = await this.#pipe.open(signal)
      for await (const chunk of decompressed(input)) {
        this.#waitingSince = undefined
        if (!this.#stream.feed(chunk, counted)) break
        await paced(pace(), signal)
        this.#waitingSince = performance.now()
      }
    } catch (error) {
      if (!signal.aborted) return gzipFault(error, this.name, this.#stream.position) ?? this.#unreadable(error)
    } finally {
      clearTimeout(grace)
      signal.removeEventListener('abort', stop)
      input?.destroy()
    }
    if (signal.aborted) return { kind: 'stopped' }
    return (await this.#pipe.ended?.()) ?? this.#stream.end()
  }

  #unreadable(error: unknown): CaptureEnd {
    const offset = this.#stream.position
    const reason = (error as NodeJS.ErrnoException).code ?? 'error'
    return {
      kind: 'failed',
      code: 'capture_unreadable',
      message: `${this.name}: cannot be read (${reason}, offset ${offset})`,
      mend: 'check the program that writes it, the path and its permissions',
      offset,
    }
  }
}

/** The stream as it is, or decompressed when its first bytes are those of gzip data. */
async function* decompressed(input: Readable): AsyncGenerator<Uint8Array> {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let head: Buffer = Buffer.alloc(0)
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    head = Buffer.concat([head, next.value])
    if (head.length >= 2) break
  }
  const all = chained(head, chunks)
  yield* isGzip(head) ? gunzipped(all) : all
}

async function* chained(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}
