import type { CaptureStatistics, PacketSink, RawPacket } from './source.ts'

/** Counts packets on their way to the engine. */
export class CountingSink implements PacketSink {
  readonly #sink: PacketSink
  readonly #statistics: CaptureStatistics
  /** Time of the latest packet, µs; 0 before the first. */
  time = 0

  constructor(sink: PacketSink, statistics: CaptureStatistics) {
    this.#sink = sink
    this.#statistics = statistics
  }

  packet(packet: RawPacket): void {
    this.#statistics.packets++
    this.#statistics.bytes += packet.capturedLength
    this.time = packet.time
    this.#sink.packet(packet)
  }
}

/** Sums what one writer says it lost in one file after the other: it goes on counting from file to file, and begins anew when it is restarted. */
export class DropTally {
  /** Undefined while no file tells. */
  total: number | undefined
  #before = 0

  update(count: number | undefined): void {
    if (count === undefined) return
    this.total = (this.total ?? 0) + (count >= this.#before ? count - this.#before : count)
    this.#before = count
  }
}
