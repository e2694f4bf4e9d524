import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Joi from 'joi'
import { expect, test } from 'vitest'
import { dicom } from '../../src/protocols/dicom/index.ts'
import { dicomSchema } from '../../src/protocols/dicom/settings.ts'
import type { Observation } from '../../src/protocols/observation.ts'
import { describePeer } from '../peers/peer.ts'
import { conversations, observe } from '../protocols/replay.ts'
import { DCMDUMP_IS_MISSING, type DumpedElement, type DumpedObject, dumpedObjects } from './dcmdump.ts'
import { TSHARK_IS_MISSING } from './tshark.ts'

const RECORDED = join(import.meta.dirname, '..', 'captures', 'recorded')
const CAPTURES = readdirSync(RECORDED).filter(name => name.startsWith('dicom-') && name.endsWith('.pcap') && !name.includes('-tls'))

/** Transfer syntaxes in which the recordings store, by dcmdump's names. */
const TRANSFER_SYNTAXES = [
  'LittleEndianImplicit',
  'LittleEndianExplicit',
  'BigEndianExplicit',
  'DeflatedLittleEndianExplicit',
  'JPEGBaseline',
  'JPEGLSLossless',
  'JPEG2000LosslessOnly',
  'RLELossless',
]

/** Top-level attributes that tell a device. */
const IDENTITY: ReadonlySet<string> = new Set([
  '(0008,0060)',
  '(0008,0070)',
  '(0008,0080)',
  '(0008,1010)',
  '(0008,1040)',
  '(0008,1090)',
  '(0018,1000)',
  '(0018,1002)',
  '(0018,1009)',
  '(0018,1016)',
  '(0018,1018)',
  '(0018,1019)',
  '(0018,1020)',
  '(0040,0001)',
  '(0040,0010)',
  '(0040,0241)',
  '(0040,0242)',
])
/** Keys that say how to answer, not what to look for. */
const NOT_NARROWING: ReadonlySet<string> = new Set(['(0008,0005)', '(0008,0052)', '(0008,0053)', '(0008,0054)', '(0008,0201)'])
const COMPRESSED = /JPEG|RLE|Deflated/

const isStored = ({ name }: DumpedObject): boolean => !name.endsWith('-DATA')
const isQuery = ({ name }: DumpedObject): boolean => /^C-(FIND|MOVE|GET)-RQ-DATA$/.test(name)
const sorted = (values: Iterable<string>): readonly string[] => [...new Set(values)].sort()

async function observed(file: string): Promise<readonly Observation[]> {
  return observe(await conversations(file), [dicom(Joi.attempt({}, dicomSchema))])
}

/** `(0008,0070)=SIEMENS`, down to some depth of sequences. */
const facts = (elements: readonly DumpedElement[], deepest = 0): readonly string[] =>
  elements.flatMap(({ tag, value, depth }) => (depth <= deepest && value !== undefined && IDENTITY.has(tag) ? [`${tag}=${value}`] : []))

function pixelBytes({ elements }: DumpedObject): number {
  return elements.find(({ tag }) => tag === '(7fe0,0010)')?.length ?? 0
}

/** Level, keys, and keys with a value, of one query identifier. */
function queryStatement(elements: readonly DumpedElement[]): string {
  const level = elements.find(({ tag }) => tag === '(0008,0052)')?.value
  const keys = elements.filter(({ tag }) => !NOT_NARROWING.has(tag))
  const matching = keys.filter(({ value }) => value !== undefined)
  return statement(
    level,
    keys.map(({ keyword }) => keyword),
    matching.map(({ keyword }) => keyword),
  )
}

function statement(level: string | undefined, keys: readonly string[], matching: readonly string[]): string {
  return `${level ?? '-'}: ${sorted(keys)} where ${sorted(matching)}`
}

interface Heard {
  readonly objects: readonly DumpedObject[]
  readonly observations: readonly Observation[]
}

const heard = new Map<string, Heard>()

/** A capture as both sides see it. */
async function hear(name: string): Promise<Heard> {
  const file = join(RECORDED, name)
  const known = heard.get(name) ?? { objects: dumpedObjects(file), observations: await observed(file) }
  heard.set(name, known)
  return known
}

/** Where the last data set of a recording breaks off, tshark has none. */
const BROKEN: ReadonlySet<string> = new Set(['dicom-store-aborted.pcap', 'dicom-peer-killed.pcap', 'dicom-store-torn.pcap'])
const WHOLE = CAPTURES.filter(name => !BROKEN.has(name))

const MISSING = TSHARK_IS_MISSING || DCMDUMP_IS_MISSING ? 'tshark and dcmdump are not both installed' : undefined

describePeer('dcmdump reads what the decoder does', MISSING, () => {
  test.each(CAPTURES)('of devices in %s', async name => {
    const { objects, observations } = await hear(name)
    const said = observations
      .flatMap(one => (one.kind === 'device-identity' ? one.facts : []))
      .filter(({ field }) => IDENTITY.has(field))
      .map(({ field, value }) => `${field}=${value}`)
    const stored = objects.filter(isStored).flatMap(({ elements }) => facts(elements))
    const asked = objects.filter(one => isQuery(one) || one.name === 'N-CREATE-RQ-DATA').flatMap(({ elements }) => facts(elements, 1))
    expect(sorted(said).filter(fact => !stored.includes(fact) && !asked.includes(fact))).toEqual([])
    expect(sorted(stored).filter(fact => !said.includes(fact))).toEqual([])
  })

  test.each(WHOLE)('of stored instances in %s', async name => {
    const { objects, observations } = await hear(name)
    const stored = objects.filter(isStored)
    const stores = observations.flatMap(one => (one.kind === 'dicom-store' ? [one] : []))
    expect(stores.reduce((sum, { instances }) => sum + instances, 0)).toBe(stored.length)
    const modalities = stored.flatMap(({ elements }) =>
      elements.flatMap(({ tag, value }) => (tag === '(0008,0060)' && value ? [value] : [])),
    )
    expect(sorted(stores.flatMap(one => one.modalities))).toEqual(sorted(modalities))
    if (stored.some(({ transferSyntax }) => COMPRESSED.test(transferSyntax))) return
    expect(stores.reduce((sum, one) => sum + one.pixelBytes, 0)).toBe(stored.reduce((sum, one) => sum + pixelBytes(one), 0))
  })

  test.each(CAPTURES)('of queries in %s', async name => {
    const { objects, observations } = await hear(name)
    const queries = observations.flatMap(one => (one.kind === 'dicom-operation' && one.query !== undefined ? [one.query] : []))
    expect(queries.map(({ level, keys, matchingKeys }) => statement(level, keys, matchingKeys)).sort()).toEqual(
      objects
        .filter(isQuery)
        .map(({ elements }) => queryStatement(elements))
        .sort(),
    )
  })

  test('in every transfer syntax', async () => {
    const syntaxes = (await Promise.all(CAPTURES.map(hear))).flatMap(({ objects }) => objects.filter(isStored))
    expect(sorted(syntaxes.map(({ transferSyntax }) => transferSyntax))).toEqual(sorted(TRANSFER_SYNTAXES))
  })
})
