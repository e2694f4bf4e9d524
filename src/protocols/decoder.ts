import type { Direction, Flow, FlowEnd } from '../net/flow.ts'
import type { Observation } from './observation.ts'

/**
 * A decoder of one protocol on one TCP flow. Bytes arrive in stream order in arbitrary pieces, valid during the call only:
 * any split of the same bytes must lead to the same observations. Nothing on the wire makes it throw, loop without bound,
 * or buffer more than its named limits.
 */
export interface StreamDecoder {
  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void
  /** Bytes were lost: find the next unit boundary and mark what follows `partial`. */
  gap(direction: Direction, length: number, time: number): void
  /** One side will send nothing more. */
  halfClosed(direction: Direction, time: number): void
  /** The flow is over: report everything that is still open. Called exactly once. */
  end(end: FlowEnd, time: number): void
  /** Called about once a second of packet time, for time-outs and roll-up windows. */
  tick(time: number): void
}

export type ProbeAnswer = 'match' | 'reject' | 'more'

/** Takes what decoders find out. Called synchronously. */
export type Emit = (observation: Observation) => void

/** What a decoder may know about its surroundings. */
export interface DecoderContext {
  readonly flow: Flow
  readonly emit: Emit
  /** Keyed hash of a patient or study identifier, for counting and correlation inside the sensor only. */
  readonly pseudonym: (kind: string, value: string) => string
  /**
   * From these bytes on, and the next ones of the other side, the flow speaks something else: it is identified anew. The decoder reports what
   * is open and is asked nothing more. Called as the last thing of `data`.
   */
  readonly handOver?: (direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number) => void
}

/** A protocol that is recognized by content. `Settings` are its checked part of the configuration. */
export interface Protocol {
  readonly name: 'dicom' | 'hl7' | 'http' | 'http2' | 'tls' | 'proxy' | 'smb' | 'ssh' | 'ftp' | 'smtp' | 'telnet'
  /**
   * Look at the first bytes seen from one side (`bytes[offset .. offset+length)`, never the same answer from other splits):
   * `more` when too short to tell. `midstream` is true when the flow's or direction's beginning was missed, so the bytes may start inside a unit.
   */
  probe(direction: Direction, bytes: Uint8Array, offset: number, length: number, midstream: boolean, flow: Flow): ProbeAnswer
  /**
   * Who opened the connection, as bytes say that one side sent and that match; `more` when too short to tell, undefined when they say nothing
   * of it. Asked only where that is a guess. Splits of the bytes must not change the answer.
   */
  opener?(direction: Direction, bytes: Uint8Array, offset: number, length: number): Direction | 'more' | undefined
  open(context: DecoderContext): StreamDecoder
  /** It may begin after others have agreed on it, at a turn of the conversation (STARTTLS, RFC 2817, RDP …). */
  readonly beginsLater?: boolean
}
