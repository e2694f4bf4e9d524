import type { Direction, Flow, FlowEnd } from '../../../src/net/flow.ts'
import { DicomSession } from '../../../src/protocols/dicom/session.ts'
import { dicomSchema } from '../../../src/protocols/dicom/settings.ts'
import type { DicomAssociation, DicomOperation, DicomStore, Observation } from '../../../src/protocols/observation.ts'
import { flow } from '../../inventory/samples.ts'

/** What happens on a connection, a millisecond apart: bytes of one side, or bytes of one side that were lost. */
export type Step =
  | { readonly from: 'client' | 'server'; readonly bytes: Buffer }
  | { readonly from: 'client' | 'server'; readonly lost: number }

export const client = (...parts: readonly Buffer[]): Step => ({ from: 'client', bytes: Buffer.concat(parts) })
export const server = (...parts: readonly Buffer[]): Step => ({ from: 'server', bytes: Buffer.concat(parts) })

/** Show the steps to a decoder and give what it reports. */
export function converse(steps: readonly Step[], end: FlowEnd = 'closed', overrides: Partial<Flow> = {}): readonly Observation[] {
  const seen: Observation[] = []
  const sides = new Set(steps.map(({ from }) => from))
  const connection = {
    ...flow(),
    packetsFromClient: sides.has('client') ? 9 : 0,
    packetsFromServer: sides.has('server') ? 9 : 0,
    ...overrides,
  }
  const settings = dicomSchema.validate(undefined).value
  const session = new DicomSession(settings, {
    flow: connection,
    emit: one => seen.push(one),
    pseudonym: (kind, value) => `${kind}:${value}`,
  })
  steps.forEach((step, index) => {
    const direction: Direction = step.from === 'client' ? 0 : 1
    if ('lost' in step) session.gap(direction, step.lost, index * 1000)
    else session.data(direction, step.bytes, 0, step.bytes.length, index * 1000)
  })
  session.end(end, steps.length * 1000)
  return seen
}

export const associations = (seen: readonly Observation[]): readonly DicomAssociation[] =>
  seen.filter(one => one.kind === 'dicom-association')
export const operations = (seen: readonly Observation[]): readonly DicomOperation[] => seen.filter(one => one.kind === 'dicom-operation')
export const stores = (seen: readonly Observation[]): readonly DicomStore[] => seen.filter(one => one.kind === 'dicom-store')
