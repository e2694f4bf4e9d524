import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Joi from 'joi'
import { beforeAll, describe, expect, test } from 'vitest'
import { CaptureStream } from '../../src/capture/chunks.ts'
import { LinkType, type RawPacket } from '../../src/capture/source.ts'
import type { Direction, Flow, FlowHandler } from '../../src/net/flow.ts'
import { type NetSettings, netSchema } from '../../src/net/settings.ts'
import { NetworkStage } from '../../src/net/stage.ts'
import type { Protocol } from '../../src/protocols/decoder.ts'
import { ProtocolIdentifier } from '../../src/protocols/identify.ts'
import { createProtocols, type ProtocolSettings, protocolsSchema } from '../../src/protocols/index.ts'
import type { Observation } from '../../src/protocols/observation.ts'
import { derive } from '../captures/derive.ts'
import { type Format, readPcap } from '../captures/pcap.ts'
import { sampleFlow } from '../normalize/samples.ts'
import { type Conversation, conversations, type Happening, protocolIn, tell } from '../protocols/replay.ts'
import { below, forSeconds, generator, mutated, pick, type Random, randomBytes } from './mutate.ts'

const SECONDS = Number(process.env['WARDWIRE_FUZZ_SECONDS'] ?? 10)
const SEED = Number(process.env['WARDWIRE_FUZZ_SEED'] ?? Date.now() >>> 0)
/** Shares of the time. */
const SHARE = { identified: 0.4, direct: 0.3, net: 0.2, capture: 0.1 } as const
/** What may stay in use after any number of inputs. */
const MAX_GROWTH = 48 * 1024 * 1024
const MAX_OBSERVATION = 256 * 1024

const RECORDED = join(import.meta.dirname, '..', 'captures', 'recorded')
const FILES = readdirSync(RECORDED)
  .filter(name => name.endsWith('.pcap'))
  .map(name => join(RECORDED, name))
const DEFAULTS = Joi.attempt({}, protocolsSchema) as ProtocolSettings
/** Limits that damaged input hits all the time, and every option. */
const TIGHT: ProtocolSettings = {
  ...DEFAULTS,
  dicom: {
    ...DEFAULTS.dicom,
    dataset_header_bytes: 3000,
    max_control_pdu_bytes: 2000,
    max_command_bytes: 200,
    association_buffer_bytes: 6000,
    max_pending_operations: 3,
    instance_hashes: true,
  },
  hl7: { ...DEFAULTS.hl7, max_message_bytes: 700, max_pending_messages: 3 },
  http: { ...DEFAULTS.http, max_head_bytes: 300, max_body_bytes: 400, max_pending_requests: 2 },
  tls: { ...DEFAULTS.tls, max_handshake_bytes: 400 },
}
const PROTOCOLS = createProtocols(DEFAULTS)
/** Decoders as they come, and with limits that are hit all the time. */
const PROTOCOL_SETS = [PROTOCOLS, createProtocols(TIGHT)]

/** Recorded conversations by protocol, each protocol as likely as any other. */
const corpus = new Map<Protocol['name'], Conversation[]>()
const frames: Buffer[] = []

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes in use; what lies outside of the heap is given back a turn later. */
async function memory(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    collectGarbage()
    await setImmediate()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

beforeAll(async () => {
  console.log(`fuzzing for ${SECONDS} s with seed ${SEED} (WARDWIRE_FUZZ_SECONDS, WARDWIRE_FUZZ_SEED)`)
  for (const file of FILES) {
    const spoken = protocolIn(basename(file))
    corpus.set(spoken, [...(corpus.get(spoken) ?? []), ...(await conversations(file))])
    frames.push(...readPcap(readFileSync(file)).map(({ data }) => data))
  }
})

/** A recorded conversation, of any protocol where none is named or recorded. */
function conversation(random: Random, protocol?: Protocol['name']): Conversation {
  return pick(random, (protocol && corpus.get(protocol)) ?? pick(random, [...corpus.values()]))
}

/** Bytes that somebody said in a recording. */
function recorded(random: Random, protocol?: Protocol['name']): Uint8Array {
  return dataOf(pick(random, conversation(random, protocol).happenings))
}

/** A damaged conversation: other bytes, other pieces, gaps, another order, another end. */
function damaged(random: Random, protocol?: Protocol['name']): readonly Happening[] {
  const { happenings } = conversation(random, protocol)
  const share = pick(random, [0.02, 0.2, 0.7])
  const out: Happening[] = []
  for (const happening of happenings.slice(0, 400)) {
    if (happening.kind !== 'data' || random() >= share) out.push(happening)
    else out.push(...damagedPiece(random, happening, recorded(random)))
  }
  if (out.at(-1)?.kind !== 'ended') out.push({ kind: 'ended', end: 'reset', time: happenings[0].time })
  return out
}

function dataOf(happening: Happening): Uint8Array {
  return happening.kind === 'data' ? happening.bytes : new Uint8Array(16)
}

function damagedPiece(random: Random, piece: Extract<Happening, { kind: 'data' }>, other: Uint8Array): readonly Happening[] {
  const bytes = mutated(piece.bytes, random, other)
  const at = below(random, bytes.length + 1)
  switch (below(random, 5)) {
    case 0:
      return [
        { ...piece, bytes: bytes.subarray(0, at) },
        { ...piece, bytes: bytes.subarray(at) },
      ]
    case 1:
      return [
        { kind: 'gap', direction: piece.direction, length: 1 + below(random, pick(random, [10, 2000, 1 << 29])), time: piece.time },
        piece,
      ]
    case 2:
      return [{ ...piece, bytes, direction: piece.direction === 0 ? 1 : 0 }]
    default:
      return [{ ...piece, bytes }]
  }
}

/** Takes observations as they come and holds them against what may come at most. */
class Witness {
  #bytes = 0
  #observations = 0

  readonly emit = (observation: Observation): void => {
    const { flow: _, ...rest } = observation
    this.#observations++
    expect(JSON.stringify(rest).length).toBeLessThan(MAX_OBSERVATION)
  }

  readonly pseudonym = (kind: string, value: string): string => `${kind} ${value.length}`

  heard(happenings: readonly Happening[]): void {
    for (const happening of happenings) this.#bytes += dataOf(happening).length
  }

  /** The shortest unit that gives an observation of its own is an HL7 header of 8 bytes. */
  check(): void {
    expect(this.#observations).toBeLessThanOrEqual(20 + this.#bytes / 4)
  }
}

/** Try inputs for a share of the time, say how many they were, and see that nothing of them stays in memory. */
async function withoutGrowth(inputs: string, share: number, once: () => void): Promise<void> {
  const seconds = SECONDS * share
  const before = await memory()
  const runs = await forSeconds(seconds, once)
  const growth = (await memory()) - before
  console.log(
    `${runs} ${inputs} in ${seconds.toFixed(0)} s: ${(runs / seconds).toFixed(0)} a second; ${(growth / 1e6).toFixed(1)} MB more in use`,
  )
  expect(runs).toBeGreaterThan(0)
  expect(growth).toBeLessThan(MAX_GROWTH)
}

describe('damaged input', () => {
  test(
    'of conversations never makes a decoder fail, say too much, or keep too much',
    async () => {
      const random = generator(SEED)
      const failures: string[] = []
      await withoutGrowth('conversations', SHARE.identified, () => {
        const witness = new Witness()
        const identifier = new ProtocolIdentifier(pick(random, PROTOCOL_SETS), {
          emit: witness.emit,
          pseudonym: witness.pseudonym,
          onFailure: (protocol, type) => failures.push(`${protocol} ${type}`),
        })
        const flow = sampleFlow({ midstream: random() < 0.2, packetsFromServer: below(random, 2) })
        const happenings = damaged(random)
        witness.heard(happenings)
        for (const happening of happenings) {
          tell(identifier, flow, happening)
          if (random() < 0.05) identifier.tick(happening.time + below(random, 100_000_000))
        }
        expect([failures, identifier.failures], `seed ${SEED}`).toEqual([[], 0])
        witness.check()
      })
    },
    SECONDS * 2000 + 60_000,
  )

  test(
    'of any bytes never makes a decoder fail that is given them as its own',
    async () => {
      const random = generator(SEED + 1)
      await withoutGrowth('conversations given to a decoder', SHARE.direct, () => {
        const witness = new Witness()
        const flow = sampleFlow({ midstream: random() < 0.5 })
        const protocol = pick(random, pick(random, PROTOCOL_SETS))
        const happenings = random() < 0.5 ? damaged(random, protocol.name) : noise(random, protocol.name)
        witness.heard(happenings)
        decode(protocol, flow, happenings, witness)
        witness.check()
      })
    },
    SECONDS * 2000 + 60_000,
  )

  test(
    'of packets never makes the net stage fail, or hand on what was not captured',
    async () => {
      const random = generator(SEED + 2)
      await withoutGrowth('runs of 300 packets', SHARE.net, () => throwPackets(random))
    },
    SECONDS * 2000 + 60_000,
  )

  test(
    'of capture files never makes a reader fail, or deliver what the file does not hold',
    async () => {
      const random = generator(SEED + 3)
      await withoutGrowth('capture files', SHARE.capture, () => readDamagedFile(random))
    },
    SECONDS * 2000 + 60_000,
  )
})

/** Random bytes, some behind the beginning of a real unit. */
function noise(random: Random, protocol: Protocol['name']): readonly Happening[] {
  const beginning = recorded(random, protocol).subarray(0, below(random, 40))
  const bytes = Buffer.concat([beginning, randomBytes(random, below(random, 3000))])
  return Array.from(
    { length: 1 + below(random, 4) },
    (): Happening => ({ kind: 'data', direction: below(random, 2) as Direction, bytes, time: 1 }),
  )
}

function decode(protocol: Protocol, flow: Flow, happenings: readonly Happening[], { emit, pseudonym }: Witness): void {
  const decoder = protocol.open({ flow, emit, pseudonym })
  for (const happening of happenings) {
    if (happening.kind === 'data') {
      const { direction, bytes, time } = happening
      protocol.probe(direction, bytes, 0, bytes.length, flow.midstream, flow)
      decoder.data(direction, bytes, 0, bytes.length, time)
    } else if (happening.kind === 'gap') decoder.gap(happening.direction, happening.length, happening.time)
    else if (happening.kind === 'halfClosed') decoder.halfClosed(happening.direction, happening.time)
  }
  decoder.tick(2_000_000_000_000_000)
  decoder.end('closed', 2_000_000_000_000_001)
}

const TINY: NetSettings = {
  ...(Joi.attempt({}, netSchema) as NetSettings),
  max_flows: 50,
  fragments_max: 32,
  reassembly_bytes_per_flow: 20_000,
  reassembly_bytes_total: 100_000,
}

/** Holds every report of the net stage against the packet in hand. */
const STRICT: FlowHandler = {
  opened: flow => expect(flow.communityId).toMatch(/^1:/),
  data: (_flow, _direction, bytes, offset, length) => expectRange(bytes, offset, length),
  datagram: (_flow, _direction, bytes, offset, length) => expectRange(bytes, offset, length),
  gap: (_flow, _direction, length) => expect(length > 0 && length <= 1 << 30).toBe(true),
  halfClosed: () => undefined,
  ended: flow => expect(flow.bytesFromClient + flow.bytesFromServer).toBeGreaterThan(0),
  neighbour: (address, mac) => expect(`${address} ${mac}`).toMatch(/^[0-9a-f.:]+ ([0-9A-F]{2}-){5}[0-9A-F]{2}$/),
}

function expectRange(bytes: Uint8Array, offset: number, length: number): void {
  if (length <= 0 || offset < 0 || offset + length > bytes.length) expect.fail(`${length} bytes at ${offset} of ${bytes.length}`)
}

function throwPackets(random: Random): void {
  const stage = new NetworkStage({ ...TINY, vlan_in_flow_key: random() < 0.5 }, STRICT)
  let time = 1_700_000_000_000_000
  for (let count = 0; count < 300; count++) {
    time += below(random, pick(random, [10, 1000, 5_000_000]))
    const frame = random() < 0.1 ? randomBytes(random, below(random, 200)) : pick(random, frames)
    const data = random() < 0.6 ? mutated(frame, random, pick(random, frames)) : Uint8Array.from(frame)
    const linkType = random() < 0.9 ? LinkType.ETHERNET : pick(random, Object.values(LinkType))
    stage.packet(packetOf(data, time, linkType, random))
    if (random() < 0.02) stage.tick(time)
  }
  stage.finish(time)
  const { flows, flowsTotal, packets } = stage.statistics
  expect({ flows, packets }).toEqual({ flows: 0, packets: 300 })
  expect(flowsTotal).toBeLessThanOrEqual(packets)
}

function packetOf(data: Uint8Array, time: number, linkType: number, random: Random): RawPacket {
  const capturedLength = random() < 0.1 ? below(random, data.length + 1) : data.length
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  return { data, view, offset: 0, capturedLength, originalLength: data.length, time, linkType, interfaceIndex: 0 }
}

const FORMATS: readonly Format[] = ['microsecond', 'nanosecond', 'swapped', 'pcapng']

function readDamagedFile(random: Random): void {
  const file = derive(readFileSync(pick(random, FILES)), [{ format: pick(random, FORMATS) }]).subarray(0, 50_000)
  const bytes = random() < 0.1 ? randomBytes(random, below(random, 500)) : mutated(file, random, file)
  let captured = 0
  const sink = {
    packet: ({ data, view, offset, capturedLength, originalLength }: RawPacket) => {
      captured += capturedLength
      if (capturedLength > 0) expectRange(data, offset, capturedLength)
      if (view.byteOffset !== data.byteOffset || originalLength < capturedLength) expect.fail('a packet that contradicts itself')
    },
  }
  const stream = new CaptureStream('damaged')
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + below(random, pick(random, [50, 5000, 60_000]))
    if (!stream.feed(bytes.subarray(at, at + size), sink)) break
    at += size
  }
  const end = stream.end()
  expect(['complete', 'failed']).toContain(end.kind)
  expect(captured).toBeLessThanOrEqual(bytes.length)
}
