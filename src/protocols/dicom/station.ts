import type { DeviceIdentity, IdentityAttribute } from '../observation.ts'
import { ENTER_ALL, type Encoding, walkDataset } from './dataset.ts'
import { Tag } from './tags.ts'
import { textValue } from './text.ts'

/** The station that a worklist query asks for, or that performed a procedure step. */
export interface Station {
  readonly aeTitle: string | undefined
  readonly facts: DeviceIdentity['facts']
}

/** Scheduled (PS3.4 §K.6.1.2.2) and performed (PS3.4 §F.7.2.1) station. */
const STATION: ReadonlyMap<number, readonly [IdentityAttribute, string]> = new Map([
  [Tag.SCHEDULED_STATION_AE_TITLE, ['ae_title', '(0040,0001)']],
  [Tag.SCHEDULED_STATION_NAME, ['station_name', '(0040,0010)']],
  [Tag.PERFORMED_STATION_AE_TITLE, ['ae_title', '(0040,0241)']],
  [Tag.PERFORMED_STATION_NAME, ['station_name', '(0040,0242)']],
  [Tag.MODALITY, ['modality', '(0008,0060)']],
])
const WILDCARD = /[*?]/

/** Read a worklist query or the creation of a performed procedure step. Values with wildcards name no station. */
export function readStation(data: Buffer, to: number, encoding: Encoding): Station {
  const facts: { attribute: IdentityAttribute; value: string; field: string }[] = []
  walkDataset(data, to, encoding, ENTER_ALL, ({ tag, from, length, depth }) => {
    const known = depth <= 1 && length > 0 && length <= to - from ? STATION.get(tag) : undefined
    const value = known && textValue(data, from, length, undefined)
    if (known !== undefined && value !== undefined && !WILDCARD.test(value)) facts.push({ attribute: known[0], value, field: known[1] })
  })
  return { aeTitle: facts.find(({ attribute }) => attribute === 'ae_title')?.value, facts }
}
