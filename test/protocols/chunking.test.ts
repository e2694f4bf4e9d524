import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import Joi from 'joi'
import { afterAll, describe, expect, test } from 'vitest'
import type { Flow } from '../../src/net/flow.ts'
import type { Emit, Protocol } from '../../src/protocols/decoder.ts'
import { createProtocols, type ProtocolSettings, protocolsSchema } from '../../src/protocols/index.ts'
import { derive, type Step } from '../captures/derive.ts'
import { sampleFlow } from '../normalize/samples.ts'
import { type Conversation, conversations, type Happening, observe, protocolIn } from './replay.ts'

const RECORDED = join(import.meta.dirname, '..', 'captures', 'recorded')
const PROTOCOLS = createProtocols(Joi.attempt({}, protocolsSchema) as ProtocolSettings)

const folder = mkdtempSync(join(tmpdir(), 'wardwire-chunking-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Data = Extract<Happening, { readonly kind: 'data' }>

/** What one side says before the other speaks, or anything else happens, as one piece with one time. */
function turns(happenings: readonly Happening[]): readonly Happening[] {
  const joined: Happening[] = []
  for (const happening of happenings) {
    const last = joined.at(-1)
    if (happening.kind === 'data' && last?.kind === 'data' && last.direction === happening.direction)
      joined[joined.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, happening.bytes]) }
    else joined.push(happening)
  }
  return joined
}

function split(data: Data, nextSize: () => number): readonly Data[] {
  const pieces: Data[] = []
  for (let at = 0; at < data.bytes.length; ) {
    const size = nextSize()
    pieces.push({ ...data, bytes: data.bytes.subarray(at, at + size) })
    at += size
  }
  return pieces
}

const resegmented = (said: readonly Conversation[], nextSize: () => number): readonly Conversation[] =>
  said.map(({ flow, happenings }) => ({
    flow,
    happenings: happenings.flatMap((happening): readonly Happening[] =>
      happening.kind === 'data' ? split(happening, nextSize) : [happening],
    ),
  }))

const inTurns = async (file: string): Promise<readonly Conversation[]> =>
  (await conversations(file)).map(({ flow, happenings }) => ({ flow, happenings: turns(happenings) }))

/** Observations without the flow object itself, which says nothing of splits. */
const observations = (said: readonly Conversation[]): readonly object[] =>
  observe(said, PROTOCOLS).map(({ flow, ...observation }) => ({ flow: flow.number, ...observation }))

/** Sizes of pieces: all alike, all different, or long ones among single bytes. */
const SIZES = fc.oneof(
  fc.constantFrom(1, 2, 3, 7, 1460).map(size => [size]),
  fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 5, maxLength: 40 }),
  fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20_000 })), { minLength: 5, maxLength: 40 }),
)

function expectSameInAnySplit(said: readonly Conversation[], decode = observations): void {
  const whole = decode(said)
  fc.assert(
    fc.property(SIZES, sizes => {
      let next = 0
      expect(decode(resegmented(said, () => sizes[next++ % sizes.length] ?? 1))).toEqual(whole)
    }),
    { numRuns: 12 },
  )
}

/** The conversations as somebody hears them who came when `missed` bytes of each direction had passed. */
function joinedLate(said: readonly Conversation[], missed: number): readonly Conversation[] {
  return said.map(({ flow, happenings }) => {
    const left = [missed, missed]
    const heard = happenings.flatMap((happening): readonly Happening[] => {
      if (happening.kind !== 'data') return [happening]
      const skip = Math.min(left[happening.direction], happening.bytes.length)
      left[happening.direction] -= skip
      return skip === happening.bytes.length ? [] : [{ ...happening, bytes: happening.bytes.subarray(skip) }]
    })
    return { flow: { ...plain(flow), midstream: true }, happenings: heard }
  })
}

/** A flow's facts as they stand at its end, without the stage that made them. */
function plain(flow: Flow): Flow {
  const { number, transport, clientAddress, serverAddress, clientPort, serverPort, packetsFromClient, packetsFromServer } = flow
  return { ...sampleFlow(), number, transport, clientAddress, serverAddress, clientPort, serverPort, packetsFromClient, packetsFromServer }
}

/** What a protocol's decoder makes of conversations that are known to be its own. */
function decoded(said: readonly Conversation[], { open }: Protocol): readonly object[] {
  const found: object[] = []
  for (const { flow, happenings } of said) {
    const emit: Emit = ({ flow: _, ...observation }) => found.push({ flow: flow.number, ...observation })
    const decoder = open({ flow, emit, pseudonym: (kind, value) => `${kind} ${value}` })
    for (const happening of happenings) {
      if (happening.kind === 'data') decoder.data(happening.direction, happening.bytes, 0, happening.bytes.length, happening.time)
      else if (happening.kind === 'gap') decoder.gap(happening.direction, happening.length, happening.time)
      else if (happening.kind === 'halfClosed') decoder.halfClosed(happening.direction, happening.time)
      else decoder.end(happening.end, happening.time)
    }
  }
  return found
}

function protocolOf(capture: string): Protocol {
  const protocol = PROTOCOLS.find(({ name }) => name === protocolIn(capture))
  if (protocol === undefined) throw new Error(`${capture}: no protocol`)
  return protocol
}

const captures = readdirSync(RECORDED).filter(name => name.endsWith('.pcap'))

describe('any split of the bytes into segments gives the same observations', () => {
  test.each(captures)('of %s', async name => {
    const said = await inTurns(join(RECORDED, name))
    expect(observations(said).length).toBeGreaterThan(0)
    expectSameInAnySplit(said)
  })

  test.each([
    ['dicom-store-ct-explicit.pcap', { loss: 0.2, seed: 3 }],
    ['dicom-get-orthanc.pcap', { loss: 0.05, seed: 7 }],
    ['dicom-move.pcap', { loss: 0.1, seed: 4 }],
    ['hl7-framing-dribble.pcap', { loss: 0.1, seed: 5 }],
    ['hl7-batch-node.pcap', { loss: 0.3, seed: 1 }],
    ['dicom-tls12.pcap', { loss: 0.2, seed: 6 }],
    ['http-wado-python.pcap', { loss: 0.2, seed: 2 }],
    ['http-qido-curl.pcap', { loss: 0.1, seed: 9 }],
  ] as const)('of %s with loss', async (name, step: Step) => {
    const file = join(folder, name)
    writeFileSync(file, derive(readFileSync(join(RECORDED, name)), [step]))
    const said = await inTurns(file)
    expect(said.some(({ happenings }) => happenings.some(({ kind }) => kind === 'gap'))).toBe(true)
    expectSameInAnySplit(said)
  })

  test.each(captures)('of %s, joined in its middle', async name => {
    const said = await inTurns(join(RECORDED, name))
    for (const missed of [1, 100, 777, 3000]) expectSameInAnySplit(joinedLate(said, missed), heard => decoded(heard, protocolOf(name)))
  })
})
