import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Joi from 'joi'
import { afterAll, describe, expect, test } from 'vitest'
import { createProtocols, type ProtocolSettings, protocolsSchema } from '../../src/protocols/index.ts'
import type { Observation } from '../../src/protocols/observation.ts'
import { derive, type Step } from '../captures/derive.ts'
import { readPcap } from '../captures/pcap.ts'
import { conversations, observe } from '../protocols/replay.ts'
import { contentOf, falsehoods, untrueFacts } from './truth.ts'

const RECORDED = join(import.meta.dirname, '..', 'captures', 'recorded')
const CAPTURES = readdirSync(RECORDED).filter(name => /^(dicom|hl7)-.*\.pcap$/.test(name) && !name.includes('-tls'))
const PROTOCOLS = createProtocols(Joi.attempt({}, protocolsSchema) as ProtocolSettings)
/** How many damaged variants of each kind; more in the long run. */
const SEEDS = Number(process.env['WARDWIRE_DAMAGE_SEEDS'] ?? 3)

const folder = mkdtempSync(join(tmpdir(), 'wardwire-damage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function observed(capture: Buffer): Promise<readonly Observation[]> {
  const file = join(folder, 'capture.pcap')
  writeFileSync(file, capture)
  return observe(await conversations(file), PROTOCOLS)
}

const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1)

/** What changes nothing of what was said. */
const HARMLESS: readonly (readonly [string, (seed: number) => readonly Step[]])[] = [
  ['reordering', seed => [{ reorder: 0.05 * seed, seed }]],
  ['duplicates', seed => [{ duplicate: 0.1 * seed, seed }]],
  ['copies behind a VLAN tag and a router', seed => [{ copy: { vlan: 20, routed: true }, delay: 150 * seed }]],
  ['VLAN tags', () => [{ vlan: [100, 20] }]],
  ['ERSPAN', () => [{ tunnel: 'erspan' }]],
]

/** What loses something. */
const LOSSY: readonly (readonly [string, (seed: number, frames: number) => readonly Step[]])[] = [
  ['loss of a thousandth', seed => [{ loss: 0.001, seed }]],
  ['loss of a hundredth', seed => [{ loss: 0.01, seed }]],
  ['loss of a twentieth', seed => [{ loss: 0.05, seed }]],
  [
    'loss and reordering',
    seed => [
      { loss: 0.03, seed },
      { reorder: 0.1, seed },
    ],
  ],
  ['the beginning missed', (seed, frames) => [{ midstream: Math.floor((frames * seed) / (SEEDS + 1)) }]],
  ['the client only', () => [{ only: 'client' }]],
  ['the server only', () => [{ only: 'server' }]],
  ['loss in a tunnel', seed => [{ loss: 0.05, seed: seed + 100 }, { tunnel: 'erspan' }]],
]

describe.each(CAPTURES)('%s', name => {
  const capture = readFileSync(join(RECORDED, name))
  const frames = readPcap(capture).length
  const truth = observed(capture)

  test.each(HARMLESS)('%s changes nothing', async (_, stepsOf) => {
    const whole = (await truth).map(contentOf)
    for (const seed of seeds) expect((await observed(derive(capture, stepsOf(seed)))).map(contentOf), `seed ${seed}`).toEqual(whole)
  })

  test.each(LOSSY)('%s leaves part of the truth, marked so', async (_, stepsOf) => {
    for (const seed of seeds) {
      const seen = await observed(derive(capture, stepsOf(seed, frames)))
      expect([falsehoods(seen, await truth), untrueFacts(seen, await truth)], `seed ${seed}`).toEqual([[], []])
    }
  })
})
