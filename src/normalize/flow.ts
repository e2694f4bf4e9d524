import { FROM_CLIENT } from '../net/flow.ts'
import type { FlowEnded, TlsHandshake } from '../protocols/observation.ts'
import { type Context, compact, count, type Fields, text } from './common.ts'
import { deviceName } from './device-fields.ts'
import type { WardwireEvent } from './event.ts'
import { NETWORK, networkEvent } from './network.ts'
import { date, nanoseconds } from './time.ts'

const FLOW_TYPES = ['connection', 'end']

/** The end of a flow, with what its TLS handshake showed. */
export function flowEvent(context: Context, seen: FlowEnded): WardwireEvent {
  const { flow, tls } = seen
  return networkEvent(context, {
    flow,
    streamOffset: seen.streamOffset,
    dataset: 'wardwire.flow',
    kind: 'event',
    category: NETWORK,
    type: FLOW_TYPES,
    action: 'flow-ended',
    outcome: flowOutcome(seen),
    time: seen.end,
    start: seen.start,
    end: seen.end,
    duration: nanoseconds(seen.end - seen.start),
    sender: FROM_CLIENT,
    discriminator: String(flow.startTime),
    protocol: seen.application?.toLowerCase() || (tls === undefined ? undefined : 'tls'),
    counters: true,
    about: 'client',
    message: flowMessage(context, seen),
    hosts: [tls?.serverName],
    partial: seen.partial,
    body: { tls: tls && tlsFields(tls) },
    wardwire: {
      flow: { end: seen.flowEnd, overlap_conflicts: flow.overlapConflicts > 0 ? flow.overlapConflicts : undefined },
      tls: tls && {
        client_ja4: text(tls.ja4),
        client_certificate_requested: tls.clientCertificateRequested,
        client_certificate_presented: tls.clientCertificatePresented,
        server_certificate_self_signed: tls.certificate?.selfSigned,
      },
    },
  })
}

/** A flow that both sides took part in succeeded; one that nobody answered, or that ended by reset, failed. */
function flowOutcome(seen: FlowEnded): 'success' | 'failure' | 'unknown' {
  const { flow, flowEnd, tls } = seen
  if (flowEnd === 'reset' || tls?.established === false) return 'failure'
  if (flow.midstream || flow.packetsFromServer === 0) return 'unknown'
  return 'success'
}

function tlsFields(tls: TlsHandshake): Fields {
  const { certificate } = tls
  return {
    version: text(tls.version),
    version_protocol: tls.version === '3.0' ? 'ssl' : 'tls',
    cipher: text(tls.cipher),
    resumed: tls.resumed,
    established: tls.established,
    next_protocol: nextProtocol(tls),
    client: tls.serverName ? { server_name: tls.serverName } : undefined,
    server: certificate && {
      subject: text(certificate.subject),
      issuer: text(certificate.issuer),
      not_before: date(certificate.notBefore),
      not_after: date(certificate.notAfter),
      x509: compact({
        serial_number: text(certificate.serialNumber),
        public_key_algorithm: text(certificate.publicKeyAlgorithm),
        public_key_size: certificate.publicKeyBits,
      }),
    },
  }
}

/** What was agreed on; TLS 1.3 hides that, and several protocols are what the client offered. */
function nextProtocol({ applicationProtocols }: TlsHandshake): string | undefined {
  return applicationProtocols.length === 1 ? applicationProtocols[0].toLowerCase() || undefined : undefined
}

function flowMessage(context: Context, seen: FlowEnded): string {
  const { flow } = seen
  const clientDevice = context.deviceAt(flow.clientAddress)
  const serverDevice = context.deviceAt(flow.serverAddress)
  const client = clientDevice ? deviceName(clientDevice) : flow.clientAddress
  const server = serverDevice ? deviceName(serverDevice) : flow.serverAddress
  const application = seen.application ? ` (${seen.application})` : ''
  const bytes = count(flow.bytesFromClient + flow.bytesFromServer, 'byte')
  return `${client} talked to ${server} on ${flow.transport} port ${flow.serverPort}${application}: ${bytes}, ${seen.flowEnd.replaceAll('_', ' ')}`
}
