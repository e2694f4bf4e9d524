import type { Direction, Flow, FlowEnd, FlowHandler } from '../../src/net/flow.ts'
import { createPseudonym } from '../../src/privacy/pseudonym.ts'
import type { Protocol } from '../../src/protocols/decoder.ts'
import { ProtocolIdentifier } from '../../src/protocols/identify.ts'
import type { Observation } from '../../src/protocols/observation.ts'
import { replayThrough } from '../net/replayed.ts'

/** What the net stage says of one TCP flow, kept so that it can be said again in other pieces. */
export type Happening =
  | { readonly kind: 'data'; readonly direction: Direction; readonly bytes: Uint8Array; readonly time: number }
  | { readonly kind: 'gap'; readonly direction: Direction; readonly length: number; readonly time: number }
  | { readonly kind: 'halfClosed'; readonly direction: Direction; readonly time: number }
  | { readonly kind: 'ended'; readonly end: FlowEnd; readonly time: number }

/** Which protocol the recording of that name is of. */
export function protocolIn(capture: string): Protocol['name'] {
  if (capture.includes('-tls')) return 'tls'
  if (/^(dicomweb|fhir|http)/.test(capture)) return 'http'
  return capture.startsWith('dicom') ? 'dicom' : 'hl7'
}

export interface Conversation {
  readonly flow: Flow
  readonly happenings: readonly Happening[]
}

/** The TCP conversations of a capture in the order in which they began. */
export async function conversations(file: string): Promise<readonly Conversation[]> {
  const found = new Map<number, { readonly flow: Flow; readonly happenings: Happening[] }>()
  const note = (flow: Flow, happening: Happening): void => {
    if (flow.transport === 'tcp') found.get(flow.number)?.happenings.push(happening)
  }
  const handler: FlowHandler = {
    opened: flow => found.set(flow.number, { flow, happenings: [] }),
    data: (flow, direction, bytes, offset, length, time) =>
      note(flow, { kind: 'data', direction, bytes: bytes.slice(offset, offset + length), time }),
    gap: (flow, direction, length, time) => note(flow, { kind: 'gap', direction, length, time }),
    datagram: () => undefined,
    halfClosed: (flow, direction, time) => note(flow, { kind: 'halfClosed', direction, time }),
    ended: (flow, end, time) => note(flow, { kind: 'ended', end, time }),
  }
  await replayThrough(file, handler)
  return [...found.values()].filter(({ flow }) => flow.transport === 'tcp')
}

/** Say conversations to the decoders and collect what they observe; a decoder that throws is an error. */
export function observe(said: readonly Conversation[], protocols: readonly Protocol[]): readonly Observation[] {
  const observations: Observation[] = []
  const identifier = new ProtocolIdentifier(protocols, {
    pseudonym: createPseudonym('site key of the tests'),
    emit: observation => observations.push(observation),
    onFailure: (protocol, errorType) => {
      throw new Error(`the ${protocol} decoder failed: ${errorType}`)
    },
  })
  for (const { flow, happenings } of said) for (const happening of happenings) tell(identifier, flow, happening)
  return observations
}

export function tell(identifier: ProtocolIdentifier, flow: Flow, happening: Happening): void {
  switch (happening.kind) {
    case 'data':
      identifier.data(flow, happening.direction, happening.bytes, 0, happening.bytes.length, happening.time)
      return
    case 'gap':
      identifier.gap(flow, happening.direction, happening.length, happening.time)
      return
    case 'halfClosed':
      identifier.halfClosed(flow, happening.direction, happening.time)
      return
    case 'ended':
      identifier.ended(flow, happening.end, happening.time)
  }
}
