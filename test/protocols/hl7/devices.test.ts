import Joi from 'joi'
import { describe, expect, test } from 'vitest'
import { ObservationRollup } from '../../../src/protocols/hl7/rollup.ts'
import { hl7Schema } from '../../../src/protocols/hl7/settings.ts'
import { acknowledgment, framed, message, SECOND, Talk } from './conversation.ts'

const MDS = 'OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||0009FBFFFE4660A1^^0009FBFFFE4660A1^EUI-64'
const PUMP = 'OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0|||||||X|||||||PUMP7^^00031AFFFE0123AB^EUI-64'
const said = (type: string, profile: string, ...segments: readonly string[]): Talk =>
  new Talk()
    .client(framed(message({ type, segments }).replace('\r', `|||${profile}\r`)))
    .server(framed(acknowledgment('AA', 'M1')))
    .wait(20 * SECOND)
    .end()

describe('transactions of IHE Patient Care Device', () => {
  test.each([
    ['ORU^R01^ORU_R01', 'IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO', [MDS], 'PCD-01'],
    ['ORU^R01^ORU_R01', '', [MDS], 'PCD-01'],
    ['ORU^R01^ORU_R01', '', ['OBX|1|NM|718-7^Hemoglobin^LN||13'], undefined],
    ['RGV^O15^RGV_O15', 'IHE_PCD_003^IHE PCD^1.3.6.1.4.1.19376.1.6.1.3.1^ISO', [PUMP], 'PCD-03'],
    ['RGV^O15^RGV_O15', '', [PUMP], 'PCD-03'],
    ['RGV^O15^RGV_O15', '', ['RXG|1'], undefined],
    ['ORU^R40^ORU_R40', 'IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO', [MDS], 'PCD-04'],
    ['ORU^R40^ORU_R40', '', [MDS], 'PCD-04'],
    ['ORA^R41^ORA_R41', '', [], 'PCD-05'],
    ['ORU^R42^ORU_R42', 'IHE_PCD_010^IHE PCD^1.3.6.1.4.1.19376.1.6.1.10.1^ISO', [PUMP], 'PCD-10'],
    ['ADT^A01^ADT_A01', '', [], undefined],
  ])('%s with profile %s', (type, profile, segments, transaction) => {
    expect(said(type, profile, ...segments).messages[0]).toMatchObject({ transaction })
  })

  test('a report is about its sender', () => {
    const { identities } = said('ORU^R01', '', MDS)
    expect(identities.filter(({ facts }) => facts[0]?.field === 'OBX-18')).toMatchObject([
      { about: 'client', forwarded: false, facts: [{ attribute: 'eui64', value: '0009FBFFFE4660A1' }] },
    ])
  })

  test('an order is about the pump that it is for, whoever sends it', () => {
    const { identities } = said('RGV^O15', '', PUMP)
    expect(identities.filter(({ facts }) => facts[0]?.field === 'OBX-18')).toMatchObject([
      { about: 'client', forwarded: true, facts: [{ attribute: 'eui64', value: '00031AFFFE0123AB' }] },
    ])
  })
})

describe('roll-up', () => {
  const accepted = (type: string): readonly boolean[] => {
    const rollup = new ObservationRollup(Joi.attempt({}, hl7Schema), () => undefined)
    return said(type, '', MDS).messages.map(one => rollup.accept(one))
  }

  test('takes measurements in', () => expect(accepted('ORU^R01')).toEqual([true]))
  test.each(['ORU^R40', 'ORU^R42'])('leaves %s its event: an alarm is news', type => expect(accepted(type)).toEqual([false]))
})
