// A hospital of many devices: what each of them says is in test/inventory/truth.yml; the rest of its conversations is recorded, or built
// here from the standard.   node test/captures/hospital.ts OUT.pcap
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { Connection } from '../bench/frames.ts'
import {
  associateAc,
  associateRq,
  command,
  dataset,
  EXPLICIT,
  explicit,
  maxLength,
  releaseRp,
  releaseRq,
  text,
} from '../protocols/dicom/encode.ts'
import { type Chatter, chatter } from './chatter.ts'
import type { Frame } from './pcap.ts'
import { capture, conversation, type Host, lease, lldp, openedBy, placed, STACKS } from './scenes.ts'

/** What a simulated device says of itself. Its values are the wire's, not yet what they mean. */
export interface Says extends Chatter {
  /** A modality (PS3.3 C.7.3.1.1.1) whose images it sends. */
  readonly modality?: string
  readonly manufacturer?: string
  readonly model?: string
  readonly serial?: string
  readonly software?: string
  readonly station?: string
  readonly ae?: string
  /** Recorded conversation in which it is the client, with texts replaced by others of the same length. */
  readonly recorded?: string
  readonly rename?: Readonly<Record<string, string>>
  /** Operating system that opens the recorded connection; it is Linux otherwise. */
  readonly opens_as?: keyof typeof STACKS
  /** DHCP host name, options asked for, vendor class. */
  readonly hostname?: string
  readonly asks?: readonly number[]
  readonly vendor_class?: string
  /** LLDP system description, and the inventory of LLDP-MED by subtype. */
  readonly lldp?: string
  readonly inventory?: Readonly<Record<number, string>>
}

export interface SimulatedDevice {
  readonly at: string
  readonly mac: string
  readonly says: Says
}

const ARCHIVE: Host = { mac: '10-65-30-AA-40-01', ip: '10.40.0.20' }
const ENGINE: Host = { mac: '00-0C-29-8F-40-50', ip: '10.40.0.50' }
const WORKLIST: Host = { mac: '00-50-56-8F-40-40', ip: '10.40.0.40' }
const READING: Host = { mac: '18-60-24-5C-40-30', ip: '10.40.0.30' }
const DHCP: Host = { mac: '00-0C-29-8F-40-05', ip: '10.40.0.5' }
/** Seconds between two devices: longer than the inventory holds its news. */
const PACE = 5

/** Storage SOP classes (PS3.4 B.5) by modality; the others send secondary captures. */
const SOP_CLASS: Readonly<Record<string, string>> = {
  CT: '1.2.840.10008.5.1.4.1.1.2',
  MR: '1.2.840.10008.5.1.4.1.1.4',
  US: '1.2.840.10008.5.1.4.1.1.6.1',
  CR: '1.2.840.10008.5.1.4.1.1.1',
  DX: '1.2.840.10008.5.1.4.1.1.1.1',
  MG: '1.2.840.10008.5.1.4.1.1.1.2',
  XA: '1.2.840.10008.5.1.4.1.1.12.1',
  RF: '1.2.840.10008.5.1.4.1.1.12.2',
  NM: '1.2.840.10008.5.1.4.1.1.20',
  PT: '1.2.840.10008.5.1.4.1.1.128',
}
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'
const C_STORE_RQ = 0x0001
const C_STORE_RSP = 0x8001

/** The capture of these devices at work. */
export function hospital(devices: readonly SimulatedDevice[]): Buffer {
  const parts = devices.map(({ at: ip, mac, says }, index): readonly Frame[] => {
    const host = { mac, ip }
    const at = index * PACE
    return [
      ...arrival(host, says, at),
      ...work(host, says, at + 1),
      ...chatter(host, says, host.ip === ARCHIVE.ip ? READING : ARCHIVE, at + 2),
    ]
  })
  return capture(...parts, conversation('dicom-find-study-key', READING, ARCHIVE, devices.length * PACE))
}

function arrival(host: Host, says: Says, at: number): readonly Frame[] {
  const asks: (readonly [number, Buffer])[] = []
  if (says.asks !== undefined) asks.push([55, Buffer.from(says.asks)])
  if (says.vendor_class !== undefined) asks.push([60, Buffer.from(says.vendor_class)])
  return [
    ...(says.hostname === undefined ? [] : lease(host, says.hostname, DHCP, at, asks)),
    ...(says.lldp === undefined ? [] : [lldp(host, says.hostname ?? '', says.lldp, at + 0.5, says.inventory)]),
  ]
}

function work(host: Host, says: Says, at: number): readonly Frame[] {
  if (says.recorded === undefined) return says.modality === undefined ? [] : storage(host, says, at)
  const server = says.recorded === 'dicom-worklist' ? WORKLIST : says.recorded.startsWith('hl7') ? ENGINE : ARCHIVE
  const frames = conversation(says.recorded, host, server, at, says.rename)
  return says.opens_as === undefined ? frames : openedBy(STACKS[says.opens_as], frames)
}

/** One image sent to the archive: association, C-STORE, release (PS3.8 §9.3, PS3.7 §9.3.1). */
function storage(host: Host, says: Says, at: number): readonly Frame[] {
  const sopClass = SOP_CLASS[says.modality ?? ''] ?? SECONDARY_CAPTURE
  const uid = `1.2.826.0.1.3680043.10.1.77777.40.${host.ip}`
  const contexts = [{ id: 1, abstractSyntax: sopClass, transferSyntaxes: [EXPLICIT] }]
  const names = { calling: says.ae ?? 'MODALITY', called: 'ARCHIVE', contexts, user: [maxLength(16_384)] }
  const talk = new Connection({ address: 0x0a28_0101, port: 41_000 }, { address: 0x0a28_0114, port: 104 })
  const frames = [
    ...talk.opened(),
    ...talk.sent(associateRq(names)),
    ...talk.answered(associateAc(names)),
    ...talk.sent(command(1, { 2: sopClass, 256: C_STORE_RQ, 272: 1, 1792: 0, 2048: 1, 4096: uid })),
    ...talk.sent(image(says, sopClass, uid)),
    ...talk.answered(command(1, { 2: sopClass, 256: C_STORE_RSP, 288: 1, 2048: 0x0101, 2304: 0, 4096: uid })),
    ...talk.sent(releaseRq()),
    ...talk.answered(releaseRp()),
  ]
  return placed(
    frames.map((data, index) => ({ time: BigInt(index) * 1_000_000n, data })),
    host,
    ARCHIVE,
    at,
  )
}

function image(says: Says, sopClass: string, uid: string): Buffer {
  const tags: readonly (readonly [group: number, element: number, vr: string, value: string | undefined])[] = [
    [0x0008, 0x0016, 'UI', sopClass],
    [0x0008, 0x0018, 'UI', uid],
    [0x0008, 0x0060, 'CS', says.modality],
    [0x0008, 0x0070, 'LO', says.manufacturer],
    [0x0008, 0x1010, 'SH', says.station],
    [0x0008, 0x1090, 'LO', says.model],
    [0x0018, 0x1000, 'LO', says.serial],
    [0x0018, 0x1020, 'LO', says.software],
    [0x0020, 0x000d, 'UI', `${uid}.1`],
    [0x0020, 0x000e, 'UI', `${uid}.2`],
  ]
  return dataset(
    1,
    ...tags.flatMap(([group, element, vr, value]) => (value === undefined ? [] : [explicit(group, element, vr, text(value))])),
  )
}

if (import.meta.main) {
  const truth = parse(readFileSync(join(import.meta.dirname, '..', 'inventory', 'truth.yml'), 'utf8')) as {
    readonly simulated: { readonly devices: readonly SimulatedDevice[] }
  }
  writeFileSync(process.argv[2] ?? 'hospital.pcap', hospital(truth.simulated.devices.filter(({ says }) => says !== undefined)))
}
