import type { Direction } from '../../net/flow.ts'
import type { DecoderContext } from '../decoder.ts'
import type { DeviceIdentity, IdentityFact } from '../observation.ts'

/** Tell what one side's first words say of it. */
export function report(
  { flow, emit }: DecoderContext,
  protocol: DeviceIdentity['protocol'],
  direction: Direction,
  facts: readonly IdentityFact[],
  time: number,
): void {
  if (facts.length === 0) return
  emit({
    kind: 'device-identity',
    protocol,
    flow,
    start: time,
    end: time,
    streamOffset: 0,
    partial: [],
    about: direction === 0 ? 'client' : 'server',
    forwarded: false,
    facts,
  })
}
