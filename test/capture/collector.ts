import { CaptureStream } from '../../src/capture/chunks.ts'
import type { CaptureEnd, CaptureSource, PacketSink, RawPacket } from '../../src/capture/source.ts'

/** What a source said of one packet; the frame as text. */
export interface SeenPacket {
  readonly time: number
  readonly linkType: number
  readonly interfaceIndex: number
  readonly originalLength: number
  readonly frame: string
}

/** Keeps every packet. */
export class Collector implements PacketSink {
  readonly packets: SeenPacket[] = []

  packet({ data, view, offset, capturedLength, time, linkType, interfaceIndex, originalLength }: RawPacket): void {
    if (view.buffer !== data.buffer || view.byteOffset !== data.byteOffset) throw new Error('data and view differ')
    const frame = Buffer.from(data.buffer, data.byteOffset + offset, capturedLength).toString('latin1')
    this.packets.push({ time, linkType, interfaceIndex, originalLength, frame })
  }

  get frames(): readonly string[] {
    return this.packets.map(({ frame }) => frame)
  }
}

export interface Reading {
  readonly packets: readonly SeenPacket[]
  readonly end: CaptureEnd
  readonly interfaces: readonly string[]
  readonly dropped: number | undefined
}

/** Reads a capture in memory, in pieces that end at `cuts`. */
export function readBytes(bytes: Uint8Array, cuts: readonly number[] = []): Reading {
  const stream = new CaptureStream('test.pcap')
  const collector = new Collector()
  const edges = [...new Set([0, ...cuts.filter(cut => cut < bytes.length), bytes.length])].sort((a, b) => a - b)
  for (const [index, edge] of edges.entries()) {
    const next = edges[index + 1] ?? edge
    // A copy, so that whatever a reader keeps of a piece cannot lie in the next one.
    if (next > edge && !stream.feed(Uint8Array.from(bytes.subarray(edge, next)), collector)) break
  }
  return { packets: collector.packets, end: stream.end(), interfaces: [...stream.interfaces], dropped: stream.dropped }
}

/** Runs a source to its end. */
export async function readSource(source: CaptureSource, signal = new AbortController().signal): Promise<Reading> {
  const collector = new Collector()
  const end = await source.run(collector, signal, () => undefined)
  return { packets: collector.packets, end, interfaces: [...source.interfaces], dropped: source.statistics.dropped }
}

/** Waits for something that another process or task does. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
