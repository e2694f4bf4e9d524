import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { portableExecutable } from '../programs.ts'
import { associations, client, converse, instances, server, stores } from './conversation.ts'
import { closing, imageElements, opening, STORE, storeRq, storeRsp } from './dialogues.ts'
import { associateAc, associateRq, explicit, ITEM, ITEM_END, maxLength, pData, pdv, SEQUENCE_END, text, UNDEFINED } from './encode.ts'

const SETTINGS = { settings: { instance_hashes: true } }
const sha = (...parts: readonly Buffer[]): string => createHash('sha256').update(Buffer.concat(parts)).digest('base64url').slice(0, 22)

/** Store one data set in fragments of some size. */
function stored(elements: readonly Buffer[], fragment = 16_000, transferSyntax = STORE.transferSyntaxes[0]) {
  const contexts = [{ ...STORE, transferSyntaxes: [transferSyntax] }]
  const content = Buffer.concat(elements)
  const fragments: Buffer[] = []
  for (let at = 0; at < content.length; at += fragment)
    fragments.push(pData(pdv(5, at + fragment >= content.length ? 2 : 0, content.subarray(at, at + fragment))))
  return converse(
    [
      client(associateRq({ contexts })),
      server(associateAc({ contexts, user: [maxLength(0)] })),
      client(storeRq(1), ...fragments),
      server(storeRsp(1)),
      ...closing,
    ],
    'closed',
    {},
    SETTINGS,
  )
}

const pixels = Buffer.from(Array.from({ length: 40_000 }, (_, index) => index & 0xff))
const padding = explicit(0xfffc, 0xfffc, 'OB', Buffer.alloc(64))

describe('hashes of an instance', () => {
  const elements = imageElements(pixels)
  const attributes = Buffer.concat(elements).subarray(0, -pixels.length)

  test.each([100, 8191, 8192, 16_000, 90_000])('tell its pixels from its attributes, in fragments of %i bytes', fragment => {
    expect(instances(stored(elements, fragment))).toMatchObject([
      {
        instance: 'instance:1.2.3',
        attributes: sha(attributes),
        bulk: sha(pixels),
        transferSyntax: { name: 'Explicit VR Little Endian' },
        sopClass: { name: 'CT Image Storage' },
      },
    ])
  })

  test('leave what stands behind the pixels to the attributes', () => {
    expect(instances(stored([...elements, padding]))).toMatchObject([{ attributes: sha(attributes, padding), bulk: sha(pixels) }])
  })

  test.each([100, 999, 16_000, 90_000, 300_000])(
    'tell pixels from attributes where the head is longer than what is kept of it, in fragments of %i bytes',
    fragment => {
      const frames = [ITEM(UNDEFINED), explicit(0x0009, 0x1010, 'OB', Buffer.alloc(80_000)), ITEM_END, SEQUENCE_END]
      const before = [...elements.slice(0, -1), explicit(0x5200, 0x9230, 'SQ', Buffer.concat(frames), UNDEFINED)]
      const header = elements[elements.length - 1].subarray(0, -pixels.length)
      const seen = stored([...before, header, pixels, padding], fragment)
      expect(instances(seen)).toMatchObject([{ attributes: sha(...before, header, padding), bulk: sha(pixels) }])
      expect(stores(seen)).toMatchObject([{ pixelBytes: pixels.length }])
    },
  )

  test('are of a document where that is what it holds', () => {
    const document = Buffer.from('%PDF-1.4 of a report ')
    const before = explicit(0x0008, 0x0060, 'CS', text('DOC '))
    const type = explicit(0x0042, 0x0012, 'LO', text('application/pdf'))
    const seen = stored([before, explicit(0x0042, 0x0011, 'OB', document), type])
    const header = explicit(0x0042, 0x0011, 'OB', document).subarray(0, 12)
    expect(instances(seen)).toMatchObject([{ attributes: sha(before, header, type), bulk: sha(document) }])
    expect(stores(seen)).toMatchObject([{ pixelBytes: 0 }])
  })

  test('are of the attributes alone where there is nothing else', () => {
    const report = [explicit(0x0008, 0x0060, 'CS', text('SR')), explicit(0x0020, 0x000d, 'UI', text('1.2.3.4'))]
    expect(instances(stored(report))).toMatchObject([{ attributes: sha(...report), bulk: undefined }])
  })

  test('are not made of deflated content, which differs by who deflated it', () => {
    expect(instances(stored([deflateRawSync(Buffer.concat(elements))], 16_000, '1.2.840.10008.1.2.1.99'))).toEqual([])
  })

  test('are not made where bytes were lost', () => {
    const whole = pData(pdv(5, 2, Buffer.concat(elements)))
    const seen = converse(
      [
        ...opening,
        client(storeRq(1), whole.subarray(0, 20_000)),
        { from: 'client', lost: 100 },
        client(whole.subarray(20_100)),
        server(storeRsp(1)),
      ],
      'closed',
      {},
      SETTINGS,
    )
    expect([instances(seen), stores(seen)[0]]).toMatchObject([[], { instances: 1, partial: ['gap'] }])
  })

  test('are not made unless the configuration asks for them', () => {
    const seen = converse([...opening, client(storeRq(1), pData(pdv(5, 2, Buffer.concat(elements)))), server(storeRsp(1))])
    expect(instances(seen)).toEqual([])
  })
})

describe('a program inside an instance', () => {
  const program = portableExecutable()

  test.each([
    ['a private element', [explicit(0x0009, 0x1001, 'OB', program), ...imageElements(pixels)]],
    ['an element of unknown representation', [explicit(0x0009, 0x1001, 'UN', program), ...imageElements(pixels)]],
    ['an encapsulated document', [explicit(0x0008, 0x0060, 'CS', text('DOC ')), explicit(0x0042, 0x0011, 'OB', program)]],
    ['a large encapsulated document', [explicit(0x0042, 0x0011, 'OB', Buffer.concat([program, Buffer.alloc(200_000)]))]],
    ['the pixels', imageElements(Buffer.concat([program, pixels]))],
    ['what stands behind the pixels', [...imageElements(pixels), explicit(0xfffc, 0xfffc, 'OB', program)]],
    ['what stands behind a few pixels', [...imageElements(Buffer.alloc(64)), explicit(0xfffc, 0xfffc, 'OB', program)]],
    [
      'pixels that begin at the end of what is looked at first',
      [explicit(0x0009, 0x1001, 'OB', Buffer.alloc(8080)), ...imageElements(program)],
    ],
  ])('is evidence: in %s', (_, elements) => {
    for (const fragment of [500, 16_000, 300_000])
      expect(associations(stored(elements, fragment))).toMatchObject([{ ending: 'released', violations: ['executable_content'] }])
  })

  test.each([
    ['a PDF', [explicit(0x0042, 0x0011, 'OB', Buffer.from('%PDF-1.4 report '))]],
    ['text that begins with the letters', [explicit(0x0009, 0x1001, 'LO', text('MZ and more')), ...imageElements(pixels)]],
    ['pixels', imageElements(Buffer.concat([Buffer.from('MZ'), pixels.subarray(2)]))],
  ])('is not %s', (_, elements) => {
    expect(associations(stored(elements))).toMatchObject([{ violations: [] }])
  })
})
