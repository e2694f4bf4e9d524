/** Counters of the stage; totals since the start. */
export interface NetStatistics {
  packets: number
  bytes: number
  /** Flows open now, and opened so far. */
  flows: number
  flowsTotal: number
  flowsEvicted: number
  malformed: number
  unknownLinkTypes: number
  fragments: number
  fragmentLimit: number
  fragmentsIncomplete: number
  /** Datagrams some of whose bytes came in two fragments. */
  fragmentOverlaps: number
  reassemblyLimit: number
  retransmits: number
  /** Packets that the mirror showed before. */
  duplicates: number
  overlapConflicts: number
  /** Bytes that a receiver acknowledged and the sensor never saw. */
  inferredLostBytes: number
  /** By index; the same objects all the time. */
  readonly interfaces: readonly InterfaceStatistics[]
}

/** Counters of one capture interface; totals since the start. */
export interface InterfaceStatistics {
  packets: number
  bytes: number
  /** Bytes of flows first seen there that a receiver acknowledged and the sensor never saw. */
  lostBytes: number
}
