import type { Flow } from '../../net/flow.ts'

/** Why the picture is incomplete. */
export type Incomplete = 'midstream' | 'gap' | 'one_sided' | 'truncated' | 'limit'

/** Common to all: where on the wire it was seen. */
export interface Seen {
  readonly flow: Flow
  /** Packet time of the first and last byte that it is about, µs. */
  readonly start: number
  readonly end: number
  /** Offset in the client's (or, where only the server speaks, the server's) stream at which it began: part of the event id. */
  readonly streamOffset: number
  readonly partial: readonly Incomplete[]
}

export type Outcome = 'success' | 'failure' | 'unknown'
