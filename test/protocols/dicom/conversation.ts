import type { Direction, Flow, FlowEnd } from '../../../src/net/flow.ts'
import { DicomSession } from '../../../src/protocols/dicom/session.ts'
import { type DicomSettings, dicomSchema } from '../../../src/protocols/dicom/settings.ts'
import type {
  DeviceIdentity,
  DicomAssociation,
  DicomInstance,
  DicomOperation,
  DicomStore,
  Observation,
} from '../../../src/protocols/observation.ts'
import { NO_OVERLOAD, type OnOverload } from '../../../src/protocols/overload.ts'
import { flow } from '../../inventory/samples.ts'

/** What happens on a connection, a millisecond apart: bytes of one side, bytes of one side that were lost, or its end. */
export type Step =
  | { readonly from: 'client' | 'server'; readonly bytes: Buffer }
  | { readonly from: 'client' | 'server'; readonly lost: number }
  | { readonly from: 'client' | 'server'; readonly closed: true }
  /** Seconds since anybody said anything. */
  | { readonly from: 'client' | 'server'; readonly silence: number }

export const client = (...parts: readonly Buffer[]): Step => ({ from: 'client', bytes: Buffer.concat(parts) })
export const server = (...parts: readonly Buffer[]): Step => ({ from: 'server', bytes: Buffer.concat(parts) })

export interface Setting {
  /** Unchecked: tests want limits smaller than anybody would configure. */
  readonly settings?: Partial<DicomSettings>
  readonly onOverload?: OnOverload
}

/** Show the steps to a decoder and give what it reports. */
export function converse(
  steps: readonly Step[],
  end: FlowEnd = 'closed',
  overrides: Partial<Flow> = {},
  { settings = {}, onOverload = NO_OVERLOAD }: Setting = {},
): readonly Observation[] {
  const seen: Observation[] = []
  const sides = new Set(steps.map(({ from }) => from))
  const connection = {
    ...flow(),
    packetsFromClient: sides.has('client') ? 9 : 0,
    packetsFromServer: sides.has('server') ? 9 : 0,
    ...overrides,
  }
  const checked = { ...(dicomSchema.validate(undefined).value as DicomSettings), ...settings }
  const context = {
    flow: connection,
    emit: (one: Observation) => seen.push(one),
    pseudonym: (kind: string, value: string) => `${kind}:${value}`,
  }
  const session = new DicomSession(checked, context, onOverload)
  steps.forEach((step, index) => {
    const direction: Direction = step.from === 'client' ? 0 : 1
    if ('lost' in step) session.gap(direction, step.lost, index * 1000)
    else if ('silence' in step) session.tick(connection.lastTime + step.silence * 1_000_000)
    else if ('closed' in step) session.halfClosed(direction)
    else session.data(direction, step.bytes, 0, step.bytes.length, index * 1000)
  })
  session.end(end, steps.length * 1000)
  return seen
}

export const associations = (seen: readonly Observation[]): readonly DicomAssociation[] =>
  seen.filter(one => one.kind === 'dicom-association')
export const operations = (seen: readonly Observation[]): readonly DicomOperation[] => seen.filter(one => one.kind === 'dicom-operation')
export const stores = (seen: readonly Observation[]): readonly DicomStore[] => seen.filter(one => one.kind === 'dicom-store')
export const instances = (seen: readonly Observation[]): readonly DicomInstance[] => seen.filter(one => one.kind === 'dicom-instance')
export const identities = (seen: readonly Observation[]): readonly DeviceIdentity[] => seen.filter(one => one.kind === 'device-identity')
