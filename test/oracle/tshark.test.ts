import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EcsDocument } from '../../src/normalize/event.ts'
import { replayEvents } from '../../src/sensor.ts'
import { valueAt } from '../golden/case.ts'
import { describePeer } from '../peers/peer.ts'
import { type Testimony, TSHARK_IS_MISSING, tsharkTestimony } from './tshark.ts'

const RECORDED = join(import.meta.dirname, '..', 'captures', 'recorded')
const DEMO = join(import.meta.dirname, '..', '..', 'demo', 'hospital.pcapng')

/** Where tshark 4.0 is known to be no witness. */
const NO_WITNESS: Readonly<Record<string, string>> = {
  'hl7-batch-node.pcap': 'it does not decode BHS batches',
  'hl7-framing-junk-between.pcap': 'it does not find a frame behind junk',
  'hl7-framing-no-cr-after-fs.pcap': 'it does not decode frames that end in FS alone',
  'hl7-mllp-release-2.pcap': 'a commit block is no HL7 message, and the sensor reports it as the acknowledgment',
  'hl7-oru-pcd-python-hapi.pcap': 'the sensor rolls device observations up; compared by number below',
}

const files = (): readonly string[] => readdirSync(RECORDED).filter(name => name.endsWith('.pcap') && !(name in NO_WITNESS))

describePeer('tshark agrees', TSHARK_IS_MISSING ? 'tshark is not installed' : undefined, () => {
  test.each(files())('on %s', async name => {
    const file = join(RECORDED, name)
    const [ours, theirs] = [sensorTestimony(await replayEvents([file])), tsharkTestimony(file)]
    expect(theirs.acknowledgments === undefined ? { ...ours, acknowledgments: undefined } : ours).toEqual(theirs)
  })

  test('on the DICOM of the demo, but for what the mirror port lost, and on how many messages the hospital sent', async () => {
    const all = await replayEvents([DEMO])
    const torn = all.filter(document => valueAt(document, 'wardwire.partial') !== undefined)
    const ports = new Set(torn.map(document => Number(valueAt(document, 'source.port'))))
    expect(ports.size).toBe(1)
    const documents = all.filter(document => !ports.has(Number(valueAt(document, 'source.port'))))
    const [ours, theirs] = [sensorTestimony(documents), tsharkTestimony(DEMO, [...ports])]
    expect({ ...ours, messages: [], acknowledgments: [] }).toEqual({ ...theirs, messages: [], acknowledgments: [] })
    expect(ours.messages.length + rolledUp(documents)).toBe(theirs.messages.length)
    expect(theirs.messages.length).toBeGreaterThan(50)
  })

  test('on how many device observations were rolled up', async () => {
    const file = join(RECORDED, 'hl7-oru-pcd-python-hapi.pcap')
    expect(rolledUp(await replayEvents([file]))).toBe(tsharkTestimony(file).messages.length)
  })

  test('and has something to say', () => {
    const theirs = tsharkTestimony(join(RECORDED, 'dicom-move.pcap'))
    expect(theirs.commands).toEqual({ 'C-MOVE': 1, 'C-STORE': 3 })
    expect(theirs.associations).toHaveLength(4)
  })
})

function sensorTestimony(documents: readonly EcsDocument[]): Testimony {
  const associations = documents.filter(document => valueAt(document, 'event.action') === 'dicom-association')
  const messages = documents.filter(document => valueAt(document, 'event.action') === 'hl7-message')
  const total = (field: string): number => associations.reduce((sum, document) => sum + Number(valueAt(document, field) ?? 0), 0)
  return {
    associations: associations.flatMap(answers).sort(),
    contexts: { proposed: total('dicom.presentation_context.proposed'), accepted: total('dicom.presentation_context.accepted') },
    commands: commandCounts(associations),
    messages: messages
      .map(
        document =>
          `${valueAt(document, 'hl7.message.type')}^${valueAt(document, 'hl7.message.trigger')} ${valueAt(document, 'hl7.message.control_id')}`,
      )
      .sort(),
    acknowledgments: messages
      .filter(document => valueAt(document, 'hl7.ack.code') !== 'none')
      .map(document => `${valueAt(document, 'hl7.ack.code')} ${valueAt(document, 'hl7.ack.control_id')}`)
      .sort(),
  }
}

/** The A-ASSOCIATE PDUs that an association event stands for. */
function answers(document: EcsDocument): readonly string[] {
  const titles = `${valueAt(document, 'dicom.calling_ae_title')} > ${valueAt(document, 'dicom.called_ae_title')}`
  const answer = { accepted: ['accept'], rejected: ['reject'] }[String(valueAt(document, 'dicom.association.result'))] ?? []
  return ['request', ...answer].map(word => `${titles}: ${word}`)
}

function commandCounts(associations: readonly EcsDocument[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const document of associations)
    for (const [name, requests] of Object.entries((valueAt(document, 'dicom.operations') ?? {}) as Record<string, number>)) {
      const command = name.startsWith('n_') ? name.toUpperCase().replaceAll('_', '-') : `C-${name.toUpperCase()}`
      if (requests > 0) counts[command] = (counts[command] ?? 0) + requests
    }
  return counts
}

function rolledUp(documents: readonly EcsDocument[]): number {
  return documents.reduce((sum, document) => sum + Number(valueAt(document, 'hl7.observations.messages') ?? 0), 0)
}
