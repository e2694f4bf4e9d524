import type { CaptureStatistics, PacketSink, RawPacket } from './source.ts'

/** Counts packets on their way to the engine. */
export class CountingSink implements PacketSink {
  readonly #sink: PacketSink
  readonly #statistics: CaptureStatistics

  constructor(sink: PacketSink, statistics: CaptureStatistics) {
    this.#sink = sink
    this.#statistics = statistics
  }

  packet(packet: RawPacket): void {
    this.#statistics.packets++
    this.#statistics.bytes += packet.capturedLength
    this.#sink.packet(packet)
  }
}
