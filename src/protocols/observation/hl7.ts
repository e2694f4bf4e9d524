import type { Direction } from '../../net/flow.ts'
import type { Outcome, Seen } from './seen.ts'

export interface Hl7Party {
  readonly application: string | undefined
  readonly facility: string | undefined
}

/** Keyed hashes of what ties messages to each other and to images: for correlation inside the sensor. */
export interface Hl7Identifiers {
  /** PID-3 */
  readonly patients: readonly string[]
  /** ORC-2 and OBR-2, ORC-3 and OBR-3. */
  readonly placerOrders: readonly string[]
  readonly fillerOrders: readonly string[]
  /** IPC-1, OBR-18 */
  readonly accessions: readonly string[]
}

/**
 * A message with its acknowledgment, or unanswered. Where a mirror shows only the acknowledgment, what that says of it: no type, no segments.
 */
export interface Hl7Message extends Seen {
  readonly kind: 'hl7-message'
  readonly direction: Direction
  readonly type: string | undefined
  readonly trigger: string | undefined
  readonly structure: string | undefined
  readonly controlId: string | undefined
  readonly processingId: string | undefined
  readonly version: string | undefined
  readonly characterSet: string | undefined
  /** MSH-21, entity identifier component. */
  readonly profiles: readonly string[]
  readonly sending: Hl7Party
  readonly receiving: Hl7Party
  readonly ack:
    | {
        readonly code: string
        readonly mode: 'accept' | 'application'
        readonly errorCode: string | undefined
        readonly controlId: string | undefined
      }
    | undefined
  /** µs from the last byte of the message to the last byte of its acknowledgment. */
  readonly responseTime: number | undefined
  readonly segmentNames: readonly string[]
  readonly segmentCount: number
  /** OBX segments. */
  readonly results: number
  readonly bytes: number
  /** Reports of a device (PCD profile, OBX-18/PRT device, MDC codes), which roll up. */
  readonly deviceObservation: boolean
  /** IHE Patient Care Device: `PCD-01` … */
  readonly transaction: string | undefined
  /** Its place in a message that was cut in several. */
  readonly continuation: 'first' | 'middle' | 'last' | undefined
  /** Messages of the batch that it came in. */
  readonly batchMessages: number | undefined
  readonly identifiers: Hl7Identifiers
  readonly framingDeviations: readonly string[]
  readonly violations: readonly string[]
  readonly outcome: Outcome
}

/** 60 s (by default) of steady device observations of one sender, receiver, type and outcome. `flow` is the latest that carried one. */
export interface Hl7Observations extends Seen {
  readonly kind: 'hl7-observations'
  readonly type: string | undefined
  readonly trigger: string | undefined
  /** IHE Patient Care Device: `PCD-01` … */
  readonly transaction: string | undefined
  readonly version: string | undefined
  readonly sending: Hl7Party
  readonly receiving: Hl7Party
  readonly ackCode: string
  readonly messages: number
  readonly results: number
  readonly bytes: number
  readonly outcome: Outcome
}
