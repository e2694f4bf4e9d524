// What a flow that nobody talks on costs in memory:   node --expose-gc test/bench/idle-flows.ts [flows, default 200000]
//
// Shows the whole sensor so many conversations of each kind, all of which stay open, and counts what is in use before and after.
// Ends with status 1 when an idle flow costs more than 1 KB. Conversations of the protocols that are followed are printed beside: they
// hold the state of their decoder, and are tried with a tenth of the number.
import { hostname } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { LinkType, type RawPacket } from '../../src/capture/source.ts'
import { Sensor } from '../../src/sensor.ts'
import { defaultSettings } from '../../src/settings.ts'
import { associateAc, associateRq, IMPLICIT, VERIFICATION } from '../protocols/dicom/encode.ts'
import { Connection, type End, udpFrame } from './frames.ts'

const FLOWS = Number(process.argv[2] ?? 200_000)
const LIMIT = 1024
/** Hosts that share the flows: what the inventory knows of a device is no flow's cost. */
const CLIENTS = 20
/** Packet times all lie within this, so that none of the flows times out, µs. */
const SPAN = 20_000_000

interface Kind {
  readonly name: string
  readonly flows: number
  /** Held against the limit. */
  readonly idle: boolean
  readonly talk: (client: End, server: End) => readonly Buffer[]
}

const connection = (...turns: readonly (readonly [client: Buffer, server: Buffer])[]): Kind['talk'] => {
  return (client, server) => {
    const talk = new Connection(client, server)
    return [...talk.opened(), ...turns.flatMap(([sent, answered]) => [...talk.sent(sent), ...talk.answered(answered)])]
  }
}

const opaque = (length: number): Buffer => Buffer.alloc(length, 0xa7)
const contexts = [{ id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }]
const hl7 = (text: string): Buffer => Buffer.from(`\x0b${text}\r\x1c\r`)

const KINDS: readonly Kind[] = [
  { name: 'TCP, opened only', flows: FLOWS, idle: true, talk: connection() },
  { name: 'TCP, unknown content', flows: FLOWS, idle: true, talk: connection([opaque(300), opaque(900)], [opaque(40), opaque(40)]) },
  {
    name: 'UDP',
    flows: FLOWS,
    idle: true,
    talk: (client, server) => [udpFrame(client, server, opaque(60)), udpFrame(server, client, opaque(90))],
  },
  {
    name: 'HL7 over MLLP',
    flows: FLOWS / 10,
    idle: false,
    talk: connection([
      hl7('MSH|^~\\&|MON|WARD|ENGINE|HOSP|20250101||ADT^A08|1|P|2.5'),
      hl7('MSH|^~\\&|ENGINE|HOSP|MON|WARD|20250101||ACK|1|P|2.5\rMSA|AA|1'),
    ]),
  },
  {
    name: 'DICOM, association open',
    flows: FLOWS / 10,
    idle: false,
    talk: connection([associateRq({ contexts }), associateAc({ contexts })]),
  },
]

const collectGarbage = globalThis.gc
if (collectGarbage === undefined) throw new Error('run with --expose-gc')

/** Bytes in use; what lies outside of the heap is given back a turn later. */
async function memory(): Promise<number> {
  for (let turn = 0; turn < 4; turn++) {
    collectGarbage?.()
    await nextTurn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function measure({ name, flows, idle, talk }: Kind): Promise<boolean> {
  const sensor = new Sensor({ settings: settings(), recorded: true, deliver: () => undefined, interfaces: () => ['bench'] })
  const before = await memory()
  for (let index = 0; index < flows; index++) {
    const client = { address: 0x0a_40_00_00 + (index % CLIENTS), port: 2048 + Math.floor(index / CLIENTS) }
    const server = { address: 0x0a_80_00_00, port: 9000 }
    for (const frame of talk(client, server)) sensor.packet(packet(frame, START + Math.floor((index / flows) * SPAN)))
  }
  const each = ((await memory()) - before) / flows
  console.log(`${name.padEnd(24)} ${String(flows).padStart(7)} flows  ${each.toFixed(0).padStart(6)} bytes each`)
  if (sensor.openFlows !== flows) throw new Error(`${sensor.openFlows} flows are open`)
  return !idle || each <= LIMIT
}

const START = 1_741_680_000_000_000

function settings(): ReturnType<typeof defaultSettings> {
  const base = defaultSettings()
  return { ...base, sensor: { ...base.sensor, name: hostname() } }
}

function packet(frame: Buffer, time: number): RawPacket {
  const data = Uint8Array.from(frame)
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  return {
    data,
    view,
    offset: 0,
    capturedLength: data.length,
    originalLength: data.length,
    time,
    linkType: LinkType.ETHERNET,
    interfaceIndex: 0,
  }
}

let fits = true
for (const kind of KINDS) fits = (await measure(kind)) && fits
if (!fits) {
  console.log(`more than ${LIMIT} bytes for an idle flow`)
  process.exitCode = 1
}
