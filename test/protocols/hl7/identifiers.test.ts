import Joi from 'joi'
import { describe, expect, test } from 'vitest'
import type { Patients } from '../../../src/privacy/redaction.ts'
import { hl7 } from '../../../src/protocols/hl7/index.ts'
import { hl7Schema } from '../../../src/protocols/hl7/settings.ts'
import type { Hl7Message, Observation } from '../../../src/protocols/observation.ts'
import { sampleFlow, sampleNormalizer } from '../../normalize/samples.ts'
import { framed, message } from './conversation.ts'

/** What one message says, with pseudonyms that can be read. */
function read(...segments: readonly string[]): Hl7Message {
  const seen: Observation[] = []
  const decoder = hl7(Joi.attempt({}, hl7Schema)).open({
    flow: sampleFlow(),
    emit: one => seen.push(one),
    pseudonym: (kind, value) => `<${kind}:${[...value].reverse().join('')}>`,
  })
  const bytes = Buffer.from(framed(message({ type: 'ORM^O01', segments })), 'latin1')
  decoder.data(0, bytes, 0, bytes.length, 1000)
  decoder.end('closed', 2000)
  return seen.find(one => one.kind === 'hl7-message') as Hl7Message
}

describe('identifiers', () => {
  test('of patient, orders and accession are hashed, the first component of each repetition', () => {
    const { identifiers } = read(
      'PID|1||P1^^^HOSP^MR~P2^^^STATE^SS||WWPHI^JANE',
      'ORC|NW|PLACE1^HIS|FILL1^LIS',
      'OBR|1|PLACE1^HIS|FILL2^LIS|X||||||||||||||ACC1',
      'IPC|ACC2^PACS|RP1|1.2.3|SPS1',
    )
    expect(identifiers).toEqual({
      patients: ['<patient:1P>', '<patient:2P>'],
      placerOrders: ['<order:1ECALP>'],
      fillerOrders: ['<order:1LLIF>', '<order:2LLIF>'],
      accessions: ['<order:1CCA>', '<order:2CCA>'],
    })
  })

  test('are the same wherever a number stands', () => {
    const { identifiers } = read('ORC|NW|A1', 'OBR|1||A1|X||||||||||||||A1')
    expect(identifiers).toMatchObject({ placerOrders: ['<order:1A>'], fillerOrders: ['<order:1A>'], accessions: ['<order:1A>'] })
  })

  test('that are not there are none', () => {
    expect(read('PID|1||""', 'ORC|NW').identifiers).toEqual({ patients: [], placerOrders: [], fillerOrders: [], accessions: [] })
    expect(read('EVN|A01').identifiers).toEqual({ patients: [], placerOrders: [], fillerOrders: [], accessions: [] })
  })

  test('are at most so many', () => {
    const { identifiers } = read(...Array.from({ length: 100 }, (_, index) => `OBR|${index}|O${index}`))
    expect(identifiers.placerOrders).toHaveLength(16)
  })

  test('never leave the decoder in clear', () => {
    expect(JSON.stringify(read('PID|1||WWPHI1', 'ORC|NW|WWPHI2|WWPHI3', 'OBR|1|WWPHI2|WWPHI3'))).not.toContain('WWPHI')
  })
})

describe('in events', () => {
  const hl7Of = (patients: Patients) =>
    sampleNormalizer({ patients }).observation(read('PID|1||P1', 'ORC|NW|PLACE1|FILL1'))?.document['hl7'] as Record<string, unknown>

  test('they are omitted by default', () => {
    expect(hl7Of('omit')).not.toHaveProperty('patient')
    expect(hl7Of('omit')).not.toHaveProperty('order')
  })

  test('they are pseudonyms where the site says so', () => {
    expect(hl7Of('pseudonym')).toMatchObject({
      patient: { id_pseudonym: ['<patient:1P>'] },
      order: { placer_pseudonym: ['<order:1ECALP>'], filler_pseudonym: ['<order:1LLIF>'] },
    })
  })
})
