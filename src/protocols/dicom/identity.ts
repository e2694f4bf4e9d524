import { type Direction, opposite } from '../../net/flow.ts'
import type { DeviceIdentity } from '../observation.ts'
import type { StoredHead } from './stored-head.ts'

type Facts = DeviceIdentity['facts']

/** Devices of one association that are told apart before the rest is left aside. */
const MAX_DEVICES = 32
/** Fields that tell one acquiring device from another: maker, model, serial number, station name, device UID. */
const DISTINGUISHING: ReadonlySet<string> = new Set(['(0008,0070)', '(0008,1090)', '(0018,1000)', '(0008,1010)', '(0018,1002)'])

/** What the data sets that one side sends say of the devices that made them. */
export class AcquiringDevices {
  readonly #devices = new Map<string, Map<string, Facts[number]>>()
  /** Other equipment that had a part in the images, by its facts. */
  readonly #others = new Map<string, Facts>()
  /** Of the latest data set; those of one series say the same. */
  #latest: Facts = []
  /** The sender says that it acts for somebody else's C-MOVE. */
  relayed = false
  /** Time of the first data set; 0 before. */
  since = 0

  add({ facts, others }: StoredHead, time: number): void {
    for (const other of others)
      if (this.#others.size < MAX_DEVICES) this.#others.set(other.map(({ field, value }) => `${field}=${value}`).join('|'), other)
    if (facts.length === 0) return
    if (this.since === 0) this.since = time
    if (areSame(facts, this.#latest)) return
    this.#latest = facts
    const key = facts
      .filter(({ field }) => DISTINGUISHING.has(field))
      .map(({ value }) => value)
      .join('|')
    let device = this.#devices.get(key)
    if (device === undefined) {
      if (this.#devices.size >= MAX_DEVICES) return
      device = new Map()
      this.#devices.set(key, device)
    }
    for (const fact of facts) device.set(`${fact.field} ${fact.value}`, fact)
  }

  /** One list of facts a device, and whether their sender only passed them on; what is known of other equipment. Forgets all. */
  take(): { readonly forwarded: boolean; readonly devices: readonly Facts[]; readonly others: readonly Facts[] } {
    const devices = [...this.#devices.values()].map(facts => [...facts.values()])
    const others = [...this.#others.values()]
    this.#devices.clear()
    this.#others.clear()
    this.#latest = []
    this.since = 0
    return { forwarded: this.relayed || devices.length > 1, devices, others }
  }
}

function areSame(left: Facts, right: Facts): boolean {
  return (
    left.length === right.length && left.every(({ field, value }, index) => field === right[index].field && value === right[index].value)
  )
}

/** Service families by prefix of the SOP class (PS3.4); longer prefixes first. */
const SERVICES: readonly (readonly [prefix: string, service: string])[] = [
  ['1.2.840.10008.1.20.', 'storage_commitment'],
  ['1.2.840.10008.3.1.2.3.', 'mpps'],
  ['1.2.840.10008.5.1.1.', 'print'],
  ['1.2.840.10008.5.1.4.31', 'worklist'],
  ['1.2.840.10008.5.1.4.34.', 'unified_procedure_step'],
]

/** `storage_scu`, `query_scp` …: what an operation makes of its sender (`scu`) or of who answers it (`scp`); undefined where it says nothing. */
export function roleOf(operation: string, sopClass: string | undefined, side: 'scu' | 'scp'): string | undefined {
  const service = serviceOf(operation, sopClass)
  return service === undefined ? undefined : `${service}_${side}`
}

function serviceOf(operation: string, sopClass: string | undefined): string | undefined {
  if (operation === 'C-STORE') return 'storage'
  if (operation === 'C-MOVE' || operation === 'C-GET') return 'retrieve'
  const service = SERVICES.find(([prefix]) => sopClass?.startsWith(prefix))?.[1]
  if (operation === 'C-FIND') return service ?? 'query'
  return operation.startsWith('N-') ? service : undefined
}

/** N-EVENT-REPORT goes from the SCP to the SCU: the roles are turned round (PS3.7 §10.1.1). */
export function scuOf(operation: string, sender: Direction): Direction {
  if (operation !== 'N-EVENT-REPORT') return sender
  return opposite(sender)
}
