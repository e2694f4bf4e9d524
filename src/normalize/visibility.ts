import type { InterfaceStatistics } from '../net/statistics.ts'
import type { OverloadPolicy } from '../protocols/overload.ts'
import type { HealthReport } from './health.ts'

/** Limits that the sensor keeps: of the net stage, the decoders and the inventory. */
export type Policy = 'flow_table' | 'reassembly' | 'fragments' | OverloadPolicy | 'inventory'

/** What gives way when a limit is hit, with the setting that moves it: for metrics and for the health event. */
export const POLICIES: Readonly<Record<Policy, string>> = {
  flow_table: 'flows given up because the flow table was full (net.max_flows)',
  reassembly: 'times missing bytes were not waited for any longer (net.reassembly_bytes_per_flow, net.reassembly_bytes_total)',
  fragments: 'IP datagrams given up in pieces (net.fragments_max)',
  dicom_association_buffer:
    'DICOM messages not kept because their association had too many under way (protocols.dicom.association_buffer_bytes)',
  dicom_command: 'DICOM commands passed over because of their length (protocols.dicom.max_command_bytes)',
  dicom_control_pdu: 'DICOM association PDUs passed over because of their length (protocols.dicom.max_control_pdu_bytes)',
  dicom_pending_operations: 'DICOM requests whose response was not waited for (protocols.dicom.max_pending_operations)',
  hl7_message: 'HL7 messages read in part because of their length (protocols.hl7.max_message_bytes)',
  hl7_pending_messages: 'HL7 messages whose acknowledgment was not waited for (protocols.hl7.max_pending_messages)',
  http_head: 'HTTP messages, and parts of them, passed over because of the length of their head (protocols.http.max_head_bytes)',
  http_body: 'HTTP bodies read in part because of their length (protocols.http.max_body_bytes)',
  http_pending_requests: 'HTTP requests whose response was not waited for (protocols.http.max_pending_requests)',
  tls_handshake: 'TLS handshake messages read in part because of their length (protocols.tls.max_handshake_bytes)',
  inventory: 'devices not kept because the inventory was full (inventory.max_devices)',
}

const NAMES = Object.keys(POLICIES) as readonly Policy[]

/** Running totals of what the sensor did not see. */
export interface Unseen {
  /** Packets that the capture says it lost. */
  readonly dropped: number
  readonly hits: Readonly<Record<Policy, number>>
  readonly interfaces: readonly InterfaceStatistics[]
}

const NOTHING: Unseen = { dropped: 0, hits: Object.fromEntries(NAMES.map(name => [name, 0])) as Unseen['hits'], interfaces: [] }

/**
 * Tells when the sensor loses sight of something and when it sees all again: as a whole, by its limits and the capture's drops, and on each
 * capture interface, by bytes that a receiver acknowledged and the sensor never saw.
 */
export class Visibility {
  #before: Unseen = NOTHING
  #blind = false
  readonly #blindInterfaces = new Set<number>()

  /** What changed since it was last asked. `nameOf` gives the name of a capture interface. */
  reports(now: Unseen, time: number, nameOf: (index: number) => string | undefined): readonly HealthReport[] {
    const before = this.#before
    this.#before = { ...now, hits: { ...now.hits }, interfaces: now.interfaces.map(seen => ({ ...seen })) }
    return [
      ...this.#overall(before, now, time),
      ...now.interfaces.flatMap((seen, index) => this.#interface(before, seen, index, time, nameOf)),
    ]
  }

  #overall(before: Unseen, now: Unseen, time: number): readonly HealthReport[] {
    const dropped = now.dropped - before.dropped
    const reasons = [
      ...(dropped > 0 ? [`${dropped} packets dropped by the capture (capture.buffer_bytes)`] : []),
      ...NAMES.flatMap(name => (now.hits[name] > before.hits[name] ? [`${now.hits[name] - before.hits[name]} ${POLICIES[name]}`] : [])),
    ]
    const wasBlind = this.#blind
    this.#blind = reasons.length > 0
    if (this.#blind) return [{ kind: 'visibility-lost', time, reason: reasons.join('; ') }]
    return wasBlind ? [{ kind: 'visibility-restored', time, reason: 'nothing was lost in the last interval' }] : []
  }

  #interface(
    before: Unseen,
    seen: InterfaceStatistics,
    index: number,
    time: number,
    nameOf: (index: number) => string | undefined,
  ): readonly HealthReport[] {
    const earlier = before.interfaces[index] ?? { packets: 0, bytes: 0, lostBytes: 0 }
    const lost = seen.lostBytes - earlier.lostBytes
    const wasBlind = this.#blindInterfaces.delete(index)
    const about = { time, interface: nameOf(index), interfaceIndex: index }
    if (lost === 0) return wasBlind ? [{ kind: 'visibility-restored', ...about, reason: 'nothing was missed in the last interval' }] : []
    this.#blindInterfaces.add(index)
    const figures = { packets: seen.packets - earlier.packets, bytes: seen.bytes - earlier.bytes, inferredLost: lost }
    return [{ kind: 'visibility-lost', ...about, reason: `${lost} bytes acknowledged by a receiver but never seen`, figures }]
  }
}
