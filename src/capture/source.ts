/**
 * The contract between a place that packets come from (file, interface, pipe, folder) and the engine.
 *
 * Times everywhere in the engine are **microseconds since 1970 UTC as a double**: whole microseconds are exact until the year 2255,
 * nanosecond captures keep a quarter of a microsecond.
 */

/** LINKTYPE_ values that the net stage decodes (registry of link-layer header types, tcpdump.org). */
export const LinkType = { NULL: 0, ETHERNET: 1, RAW: 101, LOOP: 108, LINUX_SLL: 113, IPV4: 228, IPV6: 229, LINUX_SLL2: 276 } as const

/**
 * One captured frame. A source reuses a single instance: everything in it is valid only during the `packet` call.
 * `data[offset .. offset + capturedLength)` is the frame; `view` covers the same memory as `data` with the same origin.
 */
export interface RawPacket {
  data: Uint8Array
  view: DataView
  offset: number
  capturedLength: number
  /** Length on the wire, at least `capturedLength`; larger when the capture was cut by a snap length. */
  originalLength: number
  /** Capture time, microseconds since 1970 UTC. */
  time: number
  linkType: number
  /** Index into the source's `interfaces`. */
  interfaceIndex: number
}

export interface PacketSink {
  /** Called once for each frame, synchronously, in capture order. Must not throw and must not keep `packet` or its memory. */
  packet(packet: RawPacket): void
}

/** Where reading a source ended. `truncated` and `foreign` inputs deliver every whole packet before the fault. */
export type CaptureEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly mend: string; readonly offset: number }

/** Counters that a source keeps current while it runs. */
export interface CaptureStatistics {
  packets: number
  bytes: number
  /** Packets that the kernel or the writer of the capture says it lost; undefined where the source cannot know. */
  dropped: number | undefined
}

export interface CaptureSource {
  /** What to call it in logs and tables: a file name, an interface, `stdin`. */
  readonly name: string
  /** Names of the interfaces met so far, by `interfaceIndex`. */
  readonly interfaces: readonly string[]
  readonly statistics: CaptureStatistics
  /** Total bytes to read where known (files), for the progress bar; `position` is how many of them were read. */
  readonly size: number | undefined
  readonly position: number
  /** True when packets carry the time of a recording: the engine then lives in packet time. */
  readonly recorded: boolean
  /**
   * Feed `sink` until the input ends, fails or `signal` is aborted. Between chunks it yields to the event loop and awaits `pace()`,
   * by which the engine holds back a reader that is faster than the queue. Wire or file content never makes it throw.
   */
  run(sink: PacketSink, signal: AbortSignal, pace: () => Promise<void> | undefined): Promise<CaptureEnd>
}

/** A source that `wardwire run` watches: more packets may come at any time. */
export interface LiveSource extends CaptureSource {
  /**
   * What time it is while no packets come, µs since 1970 UTC: a time that every packet still to come is at or after, as far as the source can
   * know. It is the clock of the packets, not of the machine, because a pipe or a folder lags behind or holds an old recording.
   */
  now(): number
}
