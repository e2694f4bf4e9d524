import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readCommand } from '../../../src/protocols/dicom/command.ts'
import { associations, client, converse, identities, operations, type Step, server, stores } from './conversation.ts'
import { CONTEXTS, closing, ECHO, FIND, findRq, findRsp, imageElements, opening, STORE, storeRq, storeRsp } from './dialogues.ts'
import {
  ascii,
  associateAc,
  associateRq,
  bigEndian,
  CT_IMAGE,
  command,
  dataset,
  EXPLICIT,
  explicit,
  IMPLICIT,
  ITEM,
  ITEM_END,
  implicit,
  pData,
  pdv,
  SEQUENCE_END,
  STUDY_FIND,
  text,
  UNDEFINED,
} from './encode.ts'

const COMMITMENT = '1.2.840.10008.1.20.1'
const PERFORMED_STEP = '1.2.840.10008.3.1.2.3.3'
const NO_DATASET = 0x0101
const WORK = [
  { id: 1, abstractSyntax: COMMITMENT, transferSyntaxes: [IMPLICIT] },
  { id: 3, abstractSyntax: PERFORMED_STEP, transferSyntaxes: [IMPLICIT] },
]
const working = [client(associateRq({ contexts: WORK })), server(associateAc({ contexts: WORK }))]
const attributes = (contextId: number): Buffer => dataset(contextId, implicit(0x0010, 0x0010, text('WWPHI^NAME')))

/** An association with one context for images in a transfer syntax, in which these steps happen. */
function storing(transferSyntax: string, ...steps: readonly Step[]) {
  const contexts = [{ ...STORE, transferSyntaxes: [transferSyntax] }]
  return converse([client(associateRq({ contexts })), server(associateAc({ contexts })), ...steps, ...closing])
}

describe('N services', () => {
  test('are events with the type of event or action, whichever side asks', () => {
    const seen = converse([
      ...working,
      client(command(1, { 3: COMMITMENT, 256: 0x0130, 272: 1, 2048: 1, 4097: '1.2.840.10008.1.20.1.1', 4104: 1 }), attributes(1)),
      server(command(1, { 2: COMMITMENT, 256: 0x8130, 288: 1, 2048: NO_DATASET, 2304: 0, 4104: 1 })),
      server(command(1, { 2: COMMITMENT, 256: 0x0100, 272: 1, 2048: 1, 4096: '1.2.840.10008.1.20.1.1', 4098: 2 }), attributes(1)),
      client(command(1, { 2: COMMITMENT, 256: 0x8100, 288: 1, 2048: NO_DATASET, 2304: 0, 4098: 2 })),
      ...closing,
    ])
    expect(operations(seen)).toMatchObject([
      { operation: 'N-ACTION', direction: 0, typeId: 1, sopClass: { uid: COMMITMENT }, outcome: 'success' },
      { operation: 'N-EVENT-REPORT', direction: 1, typeId: 2, outcome: 'success' },
    ])
    expect(associations(seen)).toMatchObject([{ operations: { n_action: 1, n_event_report: 1 }, violations: [] }])
    expect(JSON.stringify(seen)).not.toContain('WWPHI')
  })

  test.each([
    ['N-GET', 0x0110, 'n_get', NO_DATASET],
    ['N-SET', 0x0120, 'n_set', 1],
    ['N-CREATE', 0x0140, 'n_create', 1],
    ['N-DELETE', 0x0150, 'n_delete', NO_DATASET],
  ] as const)('%s', (operation, field, key, datasetType) => {
    const request = command(3, { 3: PERFORMED_STEP, 256: field, 272: 5, 2048: datasetType, 4097: '1.2.3' })
    const answer = command(3, { 2: PERFORMED_STEP, 256: field | 0x8000, 288: 5, 2048: 1, 2304: 0 })
    const seen = converse([
      ...working,
      client(request, ...(datasetType === 1 ? [attributes(3)] : [])),
      server(answer, attributes(3)),
      ...closing,
    ])
    expect(operations(seen)).toMatchObject([{ operation, status: { class: 'success' }, messageId: 5, transferSyntax: { uid: IMPLICIT } }])
    expect(associations(seen)).toMatchObject([{ operations: { [key]: 1 }, violations: [] }])
  })

  test('a failure says which attributes were at fault, and its comment is not read', () => {
    const fault = Buffer.concat([
      implicit(0x0000, 0x0100, Buffer.from([0x40, 0x81])),
      implicit(0x0000, 0x0120, Buffer.from([5, 0])),
      implicit(0x0000, 0x0800, Buffer.from([0x01, 0x01])),
      implicit(0x0000, 0x0900, Buffer.from([0x20, 0x01])),
      implicit(0x0000, 0x0901, Buffer.from([0x08, 0x00, 0x60, 0x00, 0x09, 0x00, 0x10, 0x10])),
      implicit(0x0000, 0x0902, text('no room for WWPHI^NAME')),
      implicit(0x0000, 0x0903, Buffer.from([7, 0])),
    ])
    const request = command(3, { 2: PERFORMED_STEP, 256: 0x0140, 272: 5, 2048: 1 })
    const seen = converse([...working, client(request, attributes(3)), server(pData(pdv(3, 3, fault))), ...closing])
    expect(operations(seen)).toMatchObject([
      { status: { code: '0x0120', class: 'failure' }, error: { id: 7, attributes: ['Modality', '0009,1010'] }, outcome: 'failure' },
    ])
    expect(JSON.stringify(seen)).not.toContain('WWPHI')
  })
})

test.each([
  ['affected', { 2: PERFORMED_STEP, 4096: '1.2.3' }],
  ['requested', { 3: PERFORMED_STEP, 4097: '1.2.3' }],
])('a command names the SOP class and instance that are %s', (_, elements) => {
  const bytes = command(3, { 256: 0x0110, 272: 5, ...elements }).subarray(12)
  expect(readCommand(bytes, bytes.length)).toMatchObject({ sopClass: PERFORMED_STEP, sopInstance: '1.2.3' })
})

test.each([
  ['success', [0x0000]],
  ['pending', [0xff00, 0xff01]],
  ['cancel', [0xfe00]],
  ['warning', [0x0001, 0x0107, 0x0116, 0xb000, 0xb006, 0xb007]],
  ['failure', [0x0110, 0x0122, 0x0124, 0xa700, 0xa801, 0xa900, 0xc000, 0xc001]],
] as const)('a status of class %s (PS3.7 annex C)', (statusClass, codes) => {
  for (const code of codes) {
    const answer = command(3, { 2: STUDY_FIND, 256: 0x8020, 288: 1, 2048: NO_DATASET, 2304: code })
    const [association] = associations(converse([...opening, client(findRq(1), dataset(3)), server(answer), ...closing]))
    expect(association.statuses).toEqual({ [statusClass]: 1 })
  }
})

describe('queries and retrieval', () => {
  const study = dataset(3, implicit(0x0008, 0x0052, text('STUDY')))

  test('a pending status may warn of optional keys that are not supported', () => {
    const pending = command(3, { 2: STUDY_FIND, 256: 0x8020, 288: 1, 2048: 1, 2304: 0xff01 })
    const seen = converse([...opening, client(findRq(1), study), server(pending, study, pending, study, findRsp(1, 0)), ...closing])
    expect(operations(seen)).toMatchObject([{ responses: 3, statuses: { pending: 2, success: 1 }, outcome: 'success' }])
  })

  test('a query that is cancelled says so', () => {
    const cancel = command(3, { 256: 0x0fff, 288: 1, 2048: NO_DATASET })
    const seen = converse([...opening, client(findRq(1), study, cancel), server(findRsp(1, 0xfe00)), ...closing])
    expect(operations(seen)).toMatchObject([{ cancelled: true, status: { code: '0xFE00', class: 'cancel' }, outcome: 'failure' }])
    expect(associations(seen)).toMatchObject([{ operations: { find: 1, cancel: 1 }, violations: [] }])
  })

  test('instances that answer a C-GET are stored by the acceptor', () => {
    const GET = '1.2.840.10008.5.1.4.1.2.2.3'
    const contexts = [{ id: 1, abstractSyntax: GET, transferSyntaxes: [IMPLICIT] }, STORE]
    const answer = (status: number, remaining: number, completed: number): Buffer =>
      command(1, { 2: GET, 256: 0x8010, 288: 9, 2048: NO_DATASET, 2304: status, 4128: remaining, 4129: completed, 4130: 2, 4131: 3 })
    const seen = converse([
      client(associateRq({ contexts })),
      server(associateAc({ contexts })),
      client(command(1, { 2: GET, 256: 0x0010, 272: 9, 1792: 1, 2048: 1 }), dataset(1, implicit(0x0008, 0x0052, text('STUDY')))),
      server(storeRq(1), dataset(5, ...imageElements(Buffer.alloc(50)))),
      client(storeRsp(1)),
      server(answer(0xff00, 1, 1), storeRq(2), dataset(5, ...imageElements(Buffer.alloc(50)))),
      client(storeRsp(2, 0xa700)),
      server(answer(0xb000, 0, 1)),
      ...closing,
    ])
    expect(operations(seen)).toMatchObject([
      {
        operation: 'C-GET',
        priority: 'high',
        status: { code: '0xB000', class: 'warning' },
        subOperations: { completed: 1, remaining: 0, failed: 2, warning: 3 },
      },
    ])
    expect(stores(seen)).toMatchObject([{ direction: 1, instances: 2, failed: 1, pixelBytes: 100, outcome: 'failure' }])
    expect(associations(seen)).toMatchObject([{ violations: [] }])
  })
})

describe('a command and its data set', () => {
  const image = dataset(5, ...imageElements(Buffer.alloc(8)))
  const trailing = (bytes: Buffer, ...more: readonly Buffer[]): Buffer => pData(pdv(1, 3, Buffer.concat([bytes.subarray(12), ...more])))
  const echo = command(1, { 256: 0x0030, 272: 1, 2048: NO_DATASET })
  const groupLength = (length: number): Buffer => implicit(0x0000, 0x0000, Buffer.from([length, 0, 0, 0]))

  test.each([
    ['a data set without a command', [client(image)], ['unexpected_dataset']],
    ['a data set behind a command that has none', [client(storeRq(1), image, image), server(storeRsp(1))], ['unexpected_dataset']],
    [
      'a command in place of a data set',
      [client(storeRq(1), storeRq(2), image), server(storeRsp(1), storeRsp(2))],
      ['missing_dataset', 'async_window_exceeded'],
    ],
    [
      'a response without the data set that it announces',
      [client(findRq(1), dataset(3)), server(findRsp(1, 0xff00), findRsp(1, 0))],
      ['missing_dataset'],
    ],
    ['a command with something behind its elements', [client(trailing(echo, Buffer.from('junk!')))], ['bad_command_set']],
    [
      'a command of another length than it says',
      [client(trailing(Buffer.concat([Buffer.alloc(12), groupLength(4), echo.subarray(12)])))],
      ['bad_command_set'],
    ],
    ['a command of the length that it says', [client(trailing(Buffer.concat([Buffer.alloc(12), groupLength(30), echo.subarray(12)])))], []],
  ] as const)('%s', (_, steps, violations) => {
    const [only] = associations(converse([...opening, ...steps, ...closing]))
    expect(only.violations).toEqual(violations)
  })

  test.each([
    ['elements that are none', [Buffer.from('0800600043530200435400ff00ff00ff00ff00ff', 'hex')]],
    ['an element longer than the data set', [explicit(0x0008, 0x0060, 'CS', ascii('CT'), 4000)]],
    ['a sequence that does not end', [explicit(0x0008, 0x1115, 'SQ', Buffer.alloc(0), 0xffffffff)]],
    ['pixels that are fewer than announced', [explicit(0x7fe0, 0x0010, 'OW', Buffer.alloc(10), 4000)]],
  ])('a data set of %s is evidence', (_, elements) => {
    const seen = storing(EXPLICIT, client(storeRq(1), dataset(5, ...elements)), server(storeRsp(1)))
    expect(associations(seen)).toMatchObject([{ violations: ['malformed_dataset'], operations: { store: 1 } }])
  })

  test('what does not read is no evidence where a command may have been lost', () => {
    const nonsense = dataset(5, Buffer.alloc(200, 1))
    const violationsOf = (...lost: readonly Step[]) =>
      associations(converse([...opening, ...lost, client(storeRq(1), nonsense), server(storeRsp(1)), ...closing]))[0].violations
    expect(violationsOf()).toEqual(['malformed_dataset'])
    expect(violationsOf({ from: 'server', lost: 50 })).toEqual([])
  })

  test('of which bytes were lost, a data set is no evidence', () => {
    const bytes = Buffer.concat([storeRq(1), dataset(5, ...imageElements(Buffer.alloc(4000)))])
    const steps: readonly Step[] = [
      client(bytes.subarray(0, 400)),
      { from: 'client', lost: 100 },
      client(bytes.subarray(500)),
      server(storeRsp(1)),
    ]
    expect(associations(storing(EXPLICIT, ...steps))).toMatchObject([{ violations: [], partial: ['gap'] }])
  })
})

describe('every way to write a data set', () => {
  const NAME = 'WWPHI^SECRET'
  const little = [
    explicit(0x0008, 0x0060, 'CS', ascii('CT')),
    explicit(0x0008, 0x0070, 'LO', text('SIEMENS')),
    explicit(0x0010, 0x0010, 'PN', text(NAME)),
    explicit(0x7fe0, 0x0010, 'OW', Buffer.alloc(64)),
  ]
  const implied = [
    implicit(0x0008, 0x0060, ascii('CT')),
    implicit(0x0008, 0x0070, text('SIEMENS')),
    implicit(0x0010, 0x0010, text(NAME)),
    implicit(0x7fe0, 0x0010, Buffer.alloc(64)),
  ]
  const big = [
    bigEndian(0x0008, 0x0060, 'CS', ascii('CT')),
    bigEndian(0x0008, 0x0070, 'LO', text('SIEMENS')),
    bigEndian(0x0010, 0x0010, 'PN', text(NAME)),
    bigEndian(0x7fe0, 0x0010, 'OW', Buffer.alloc(64)),
  ]
  const fragment = (value: Buffer): Buffer => implicit(0xfffe, 0xe000, value)
  const encapsulated = [
    ...little.slice(0, 3),
    explicit(
      0x7fe0,
      0x0010,
      'OB',
      Buffer.concat([
        fragment(Buffer.alloc(8)),
        fragment(Buffer.alloc(20)),
        fragment(Buffer.alloc(30)),
        implicit(0xfffe, 0xe0dd, Buffer.alloc(0)),
      ]),
      0xffffffff,
    ),
  ]
  const made = { facts: expect.arrayContaining([{ attribute: 'manufacturer', value: 'SIEMENS', field: '(0008,0070)' }]) }

  test.each([
    ['implicit little endian', IMPLICIT, implied, 64],
    ['explicit little endian', EXPLICIT, little, 64],
    ['explicit big endian', '1.2.840.10008.1.2.2', big, 64],
    ['GE private', '1.2.840.113619.5.2', implied, 64],
    ['encapsulated with an offset table', '1.2.840.10008.1.2.4.50', encapsulated, 8 + 20 + 30 + 4 * 8],
    ['RLE', '1.2.840.10008.1.2.5', encapsulated, 8 + 20 + 30 + 4 * 8],
  ])('%s', (_, transferSyntax, elements, pixelBytes) => {
    const seen = storing(transferSyntax, client(storeRq(1), dataset(5, ...elements)), server(storeRsp(1)))
    expect(stores(seen)).toMatchObject([{ modalities: ['CT'], pixelBytes, transferSyntaxes: [{ uid: transferSyntax }] }])
    expect(identities(seen)).toContainEqual(expect.objectContaining(made))
    expect(associations(seen)).toMatchObject([{ violations: [] }])
    expect(JSON.stringify(seen)).not.toContain('WWPHI')
  })

  test.each([
    ['1.2.840.10008.1.2.1.99', little],
    ['1.2.840.10008.1.2.4.95', little.slice(0, 3)],
    ['1.2.840.10008.1.2.4.205', little.slice(0, 3)],
  ])('deflated: %s', (transferSyntax, elements) => {
    const content = deflateRawSync(Buffer.concat(elements))
    const seen = storing(transferSyntax, client(storeRq(1), dataset(5, content)), server(storeRsp(1)))
    expect(identities(seen)).toContainEqual(expect.objectContaining(made))
    expect(associations(seen)).toMatchObject([{ violations: [] }])
    expect(JSON.stringify(seen)).not.toContain('WWPHI')
  })

  test('deflated to swell without measure', () => {
    const bomb = deflateRawSync(Buffer.concat([...little.slice(0, 3), explicit(0x0009, 0x1010, 'UN', Buffer.alloc(64 * 1024 * 1024))]))
    const seen = storing('1.2.840.10008.1.2.1.99', client(storeRq(1), dataset(5, bomb)), server(storeRsp(1)))
    expect(identities(seen)).toContainEqual(expect.objectContaining(made))
  })

  test.each([
    ['explicit little endian', little],
    ['implicit little endian', implied],
    ['explicit big endian', big],
  ])('joined in the middle: %s', (_, elements) => {
    const seen = converse([client(storeRq(1), dataset(5, ...elements)), server(storeRsp(1))], 'closed', { midstream: true })
    expect(identities(seen)).toContainEqual(expect.objectContaining(made))
    expect(stores(seen)).toMatchObject([{ modalities: ['CT'], pixelBytes: 64, partial: ['midstream'] }])
  })
})

describe('bulk data behind a head longer than what is kept of it', () => {
  const frames = explicit(0x5200, 0x9230, 'SQ', Buffer.alloc(20_000, 1))
  const head = [explicit(0x0008, 0x0060, 'CS', Buffer.from('MR')), explicit(0x0020, 0x000d, 'UI', text('1.2.3.4'))]
  const pixels = (length: number, declared = length): Buffer => explicit(0x7fe0, 0x0010, 'OW', Buffer.alloc(length), declared)
  const short = explicit(0x5400, 0x0010, 'CS', Buffer.from('AB'))
  /** A sequence and an item of undefined length. */
  const open = (...elements: readonly Buffer[]): Buffer =>
    explicit(0x5200, 0x9230, 'SQ', Buffer.concat([ITEM(UNDEFINED), ...elements, ITEM_END, SEQUENCE_END]), UNDEFINED)
  const frame = open(short, open(short))
  const icon = open(pixels(60))

  const stored = (content: Buffer, size: number) => {
    const pieces = Array.from({ length: Math.ceil(content.length / size) }, (_, index) =>
      content.subarray(index * size, (index + 1) * size),
    )
    const fragments = pieces.map((piece, index) => pData(pdv(5, index === pieces.length - 1 ? 2 : 0, piece)))
    const steps = [...opening, client(storeRq(1), ...fragments), server(storeRsp(1)), ...closing]
    const seen = converse(steps, 'closed', {}, { settings: { dataset_header_bytes: 16_384 } })
    return [stores(seen)[0].pixelBytes, associations(seen)[0].violations]
  }

  test.each([
    ['is counted', [frames, pixels(9000)], 9000, []],
    ['is counted behind several elements', [frames, short, frames, short, pixels(9000)], 9000, []],
    ['is counted where a delimiter ends it', [frames, pixels(500, UNDEFINED)], 500, []],
    ['is counted up to what follows', [frames, pixels(700), explicit(0xfffa, 0xfffa, 'SQ', Buffer.alloc(40))], 700, []],
    ['that is shorter than it says is as long as it is', [frames, pixels(600, 800)], 600, ['malformed_dataset']],
    ['is counted behind sequences of undefined length', [open(...Array.from({ length: 900 }, () => frame)), pixels(9000)], 9000, []],
    ['is not what an item holds', [open(frames, icon, frames), pixels(80)], 80, []],
    ['within a sequence that does not end is not looked for', [open(frames, pixels(90)).subarray(0, -16)], 0, []],
    ['behind a sequence that holds no items is not looked for', [open(frames, Buffer.alloc(12, 1)), pixels(90)], 0, []],
    ['behind what is no element is not looked for', [frames, Buffer.alloc(12, 1), pixels(90)], 0, []],
    ['is none where there is none', [frames, short], 0, []],
  ] as const)('%s', (_, elements, pixelBytes, violations) => {
    const content = Buffer.concat([...head, ...elements])
    for (const size of [16_000, 8192, 999, 7, 1]) {
      const [counted, found] = stored(content, size)
      expect(counted).toBe(pixelBytes)
      expect(found).toEqual(violations)
    }
  })

  test('is counted whatever the kept head ends in', () => {
    const content = [open(short, open(icon, short)), short, pixels(40)]
    for (let room = 0; room < Buffer.concat(content).length - 40; room++) {
      const padding = explicit(0x0009, 0x1010, 'UN', Buffer.alloc(16_384 - room - 12))
      expect(stored(Buffer.concat([padding, ...content]), 16_000)).toEqual([40, []])
    }
  })
})

describe('names of people', () => {
  const NAMES = [
    ['Latin 1', 'ISO_IR 100', Buffer.from('WWPHI^M\xfcller', 'latin1')],
    ['UTF-8', 'ISO_IR 192', Buffer.from('WWPHI^Buc^Jérôme')],
    ['GB18030', 'GB18030', Buffer.concat([ascii('WWPHI^'), Buffer.from([0xcd, 0xf5, 0x5e, 0xd0, 0xa1, 0xb6, 0xab])])],
    ['ISO 2022 Japanese', '\\ISO 2022 IR 87', Buffer.from('WWPHI^=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'latin1')],
    ['ISO 2022 Korean', '\\ISO 2022 IR 149', Buffer.from('WWPHI^=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7', 'latin1')],
  ] as const

  test.each(NAMES)('are in no report of an image or a query: %s', (_, characterSet, value) => {
    const set = text(characterSet)
    const name = Buffer.concat([value, Buffer.alloc(value.length % 2, 0x20)])
    const seen = converse([
      ...opening,
      client(storeRq(1), dataset(5, explicit(8, 5, 'CS', set), ...imageElements(Buffer.alloc(8), explicit(0x0010, 0x0010, 'PN', name)))),
      server(storeRsp(1)),
      client(findRq(2), dataset(3, implicit(8, 5, set), implicit(0x0008, 0x0052, text('STUDY')), implicit(0x0010, 0x0010, name))),
      server(findRsp(2, 0xff00), dataset(3, implicit(0x0010, 0x0010, name)), findRsp(2, 0)),
      ...closing,
    ])
    expect(operations(seen)).toMatchObject([{ query: { matchingKeys: ['PatientName'], wildcard: false, universal: false } }])
    expect(associations(seen)).toMatchObject([{ violations: [] }])
    const report = JSON.stringify(seen)
    for (const word of ['WWPHI', 'ller', 'r\\u00f4me', 'Jérôme', '山田', '太郎', '王', '洪']) expect(report).not.toContain(word)
  })
})

test('one association may use every context that was accepted, and none other', () => {
  const answer = [ECHO, { ...FIND, result: 4 }, STORE]
  const seen = converse([
    client(associateRq({ contexts: CONTEXTS })),
    server(associateAc({ contexts: answer })),
    client(storeRq(1), dataset(5, ...imageElements(Buffer.alloc(8)))),
    server(storeRsp(1)),
    client(findRq(2), dataset(3, implicit(0x0008, 0x0052, text('STUDY')))),
    ...closing,
  ])
  expect(associations(seen)).toMatchObject([
    { violations: ['rejected_presentation_context'], usedSopClasses: [{ uid: CT_IMAGE }, { uid: STUDY_FIND }] },
  ])
})
