import type { Direction, Flow } from '../../net/flow.ts'
import type { DicomAssociationKey, DicomStatus, DicomStatuses, DicomStore, Incomplete, NamedUid, Outcome } from '../observation.ts'
import { ResponseTimes } from './response-times.ts'
import { namedUid } from './uids.ts'

/** Distinct studies or series counted in one roll-up. */
const MAX_DISTINCT = 100_000
const MAX_MODALITIES = 32

/** What adds up over all C-STOREs of one SOP class from one side of an association. */
export class StoreRollup {
  readonly sopClass: NamedUid
  readonly direction: Direction
  readonly start: number
  readonly streamOffset: number
  end: number
  instances = 0
  failed = 0
  answered = 0
  pixelBytes = 0
  status: DicomStatus | undefined
  readonly statuses: { -readonly [Class in keyof DicomStatuses]: number } = {}
  readonly responseTimes = new ResponseTimes()
  readonly studies = new Set<string>()
  readonly series = new Set<string>()
  readonly modalities = new Set<string>()
  readonly transferSyntaxes = new Set<string>()

  constructor(sopClass: string, direction: Direction, start: number, streamOffset: number) {
    this.sopClass = namedUid(sopClass)
    this.direction = direction
    this.start = start
    this.end = start
    this.streamOffset = streamOffset
  }

  /** Count a hashed identifier. */
  distinct(set: Set<string>, pseudonym: string): void {
    if (set.size < MAX_DISTINCT) set.add(pseudonym)
  }

  modality(value: string): void {
    if (this.modalities.size < MAX_MODALITIES) this.modalities.add(value)
  }

  answer(status: DicomStatus): void {
    this.answered++
    this.statuses[status.class] = (this.statuses[status.class] ?? 0) + 1
    if (status.class === 'failure' || status.class === 'cancel') this.failed++
    if (this.status === undefined || status.class !== 'success') this.status = status
  }

  /** `unseen`: answers may have been missed, so those that lack tell nothing. */
  observation(flow: Flow, association: DicomAssociationKey, partial: readonly Incomplete[], unseen: boolean): DicomStore {
    return {
      kind: 'dicom-store',
      flow,
      association,
      partial,
      start: this.start,
      end: this.end,
      streamOffset: this.streamOffset,
      direction: this.direction,
      sopClass: this.sopClass,
      transferSyntaxes: [...this.transferSyntaxes].map(namedUid),
      instances: this.instances,
      failed: this.failed,
      studies: this.studies.size,
      series: this.series.size,
      pixelBytes: this.pixelBytes,
      modalities: [...this.modalities],
      status: this.status,
      statuses: this.statuses,
      responseTimes: this.responseTimes.figures,
      outcome: this.#outcome(unseen),
    }
  }

  #outcome(unseen: boolean): Outcome {
    if (this.failed > 0) return 'failure'
    if (this.answered >= this.instances) return 'success'
    return unseen ? 'unknown' : 'failure'
  }
}
