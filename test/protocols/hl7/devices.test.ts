import Joi from 'joi'
import { describe, expect, test } from 'vitest'
import { ObservationRollup } from '../../../src/protocols/hl7/rollup.ts'
import { hl7Schema } from '../../../src/protocols/hl7/settings.ts'
import type { Observation } from '../../../src/protocols/observation.ts'
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

describe('what a message says of a device', () => {
  /** A segment whose fields are told by number. */
  const segment = (name: string, fields: Readonly<Record<number, string>>): string =>
    [name, ...Array.from({ length: Math.max(...Object.keys(fields).map(Number)) }, (_, index) => fields[index + 1] ?? '')].join('|')
  const specification = (code: number, value: string): string =>
    segment('OBX', { 1: '1', 2: 'ST', 3: `${code}^MDC_ID_PROD_SPEC^MDC`, 4: '1.0.0', 5: value })

  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['OBX-18 with an EUI-64', [segment('OBX', { 3: '1^X^MDC', 18: 'M1^^0009FBFFFE4660A1^EUI-64' })], ['OBX-18 eui64 0009FBFFFE4660A1']],
    ['OBX-18 twice', [segment('OBX', { 3: '1^X^MDC', 18: 'SN1^ACME~SN2' })], ['OBX-18 serial_number SN1', 'OBX-18 serial_number SN2']],
    ['PRT-10', [segment('PRT', { 2: 'AD', 4: 'EQUIP', 10: 'PUMP7^^00-03-1A-FF-FE-01-23-AB^EUI-64' })], ['PRT-10 eui64 00031AFFFE0123AB']],
    [
      'PRT-16 and PRT-20',
      [segment('PRT', { 2: 'AD', 16: '(01)00643169001763^^2.51.1.1^ISO', 20: 'SN-9' })],
      ['PRT-16 udi (01)00643169001763', 'PRT-20 serial_number SN-9'],
    ],
    ['EQU-1', [segment('EQU', { 1: 'AU5800-7^BECKMAN', 2: '20260301' })], ['EQU-1 serial_number AU5800-7']],
    [
      'OBX-5 of a production specification (ISO/IEEE 11073-10101)',
      [specification(531_970, 'ACME'), specification(531_969, 'MON-5'), specification(531_972, 'S-1'), specification(531_975, '4.2')],
      ['OBX-5 manufacturer ACME', 'OBX-5 model MON-5', 'OBX-5 serial_number S-1', 'OBX-5 software_version 4.2'],
    ],
    ['no other OBX-5', [segment('OBX', { 2: 'NM', 3: '147842^MDC_ECG_HEART_RATE^MDC', 5: '77' })], []],
    ['no EUI-64 of another length', [segment('OBX', { 3: '1^X^MDC', 18: 'M1^^0009FB^EUI-64' })], []],
  ])('%s', (_, segments, facts) => {
    const { identities } = said('ORU^R01', '', ...segments)
    const told = identities.flatMap(one => one.facts.map(({ field, attribute, value }) => `${field} ${attribute} ${value}`))
    expect(told.filter(fact => !fact.startsWith('MS'))).toEqual(facts)
  })

  test('and of its sender: MSH-3 with an EUI-64, and the software segment', () => {
    const text = message({ segments: ['SFT|ACME^L|4.2|Gateway|b77', 'SFT|OTHER|1|Router|b1'] }).replace(
      '|HIS|',
      '|MON^080019FFFE123456^EUI-64|',
    )
    const { identities } = new Talk().client(framed(text)).end()
    expect(identities[0]).toMatchObject({ about: 'client', forwarded: false })
    expect(identities[0].facts.map(({ field, attribute, value }) => `${field} ${attribute} ${value}`)).toEqual([
      'MSH-3 hl7_application MON^080019FFFE123456^EUI-64',
      'MSH-4 hl7_facility GENHOSP',
      'MSH-3 eui64 080019FFFE123456',
      'SFT-1 manufacturer ACME',
      'SFT-2 software_version 4.2',
      'SFT-3 model Gateway',
      'MSH role hl7_sender',
    ])
  })

  test('of several devices makes its sender a gateway', () => {
    const [one, two] = ['0009FBFFFE4660A1', '0009FBFFFE4660A2'].map(eui =>
      segment('OBX', { 3: '1^X^MDC', 4: eui.at(-1) ?? '', 18: `^^${eui}^EUI-64` }),
    )
    const { identities } = said('ORU^R01', '', one, two)
    expect(identities.filter(({ facts }) => facts[0].field === 'OBX-18').map(({ forwarded }) => forwarded)).toEqual([true, true])
  })
})

describe('roll-up', () => {
  const accepted = (type: string): readonly boolean[] => {
    const rollup = new ObservationRollup(Joi.attempt({}, hl7Schema), () => undefined)
    return said(type, '', MDS).messages.map(one => rollup.accept(one))
  }

  test('takes measurements in', () => expect(accepted('ORU^R01')).toEqual([true]))
  test('takes measurements in of which a mirror shows one side only, apart from others', () => {
    const windows: Observation[] = []
    const rollup = new ObservationRollup(Joi.attempt({}, hl7Schema), window => windows.push(window))
    const unheard = [1, 2, 3].map(id => framed(message({ type: 'ORU^R01', id: `${id}`, segments: [MDS] })))
    const talk = new Talk({ packetsFromServer: 0 }).client(...unheard).end()
    expect(talk.messages.map(one => rollup.accept(one))).toEqual([true, true, true])
    expect(said('ORU^R01', '', MDS).messages.map(one => rollup.accept(one))).toEqual([true])
    rollup.finish(0)
    expect(windows).toMatchObject([
      { messages: 3, ackCode: 'none', outcome: 'unknown', partial: ['one_sided'] },
      { messages: 1, partial: [] },
    ])
  })

  test.each(['ORU^R40', 'ORU^R42'])('leaves %s its event: an alarm is news', type => expect(accepted(type)).toEqual([false]))
})
