import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BulkData, ENTER_NONE, type Encoding, MAX_NESTING, walkDataset } from '../../../src/protocols/dicom/dataset.ts'
import { LateBulk } from '../../../src/protocols/dicom/late-bulk.ts'
import { ascii, bigEndian, explicit, ITEM, ITEM_END, implicit, SEQUENCE_END, UNDEFINED } from './encode.ts'

type Elements = readonly Buffer[]

/** One encoding: how it is read, and how elements, and items and delimiters, are written in it. */
interface Writer {
  readonly encoding: Encoding
  readonly element: typeof explicit
  readonly mark: (element: number, value?: Buffer, length?: number) => Buffer
}

const littleMark: Writer['mark'] = (element, value = Buffer.alloc(0), length) => implicit(0xfffe, element, value, length)
const WRITERS: Readonly<Record<string, Writer>> = {
  'explicit little endian': { encoding: { explicit: true, bigEndian: false, deflated: false }, element: explicit, mark: littleMark },
  'implicit little endian': {
    encoding: { explicit: false, bigEndian: false, deflated: false },
    element: (group, element, _vr, value, length) => implicit(group, element, value, length),
    mark: littleMark,
  },
  'explicit big endian': {
    encoding: { explicit: true, bigEndian: true, deflated: false },
    element: bigEndian,
    mark: (element, value = Buffer.alloc(0), length) => bigEndian(0xfffe, element, undefined, value, length),
  },
}

const short = ({ element }: Writer): Buffer => element(0x0018, 0x9074, 'DT', ascii('20240101'))
const pixels = ({ element }: Writer, length = 20): Buffer => element(0x7fe0, 0x0010, 'OW', Buffer.alloc(length))

function item({ mark }: Writer, elements: Elements, open: boolean): Buffer {
  const content = Buffer.concat(elements)
  return open ? Buffer.concat([mark(0xe000, content, UNDEFINED), mark(0xe00d)]) : mark(0xe000, content)
}

function sequence({ element, mark }: Writer, items: Elements, open: boolean): Buffer {
  const content = Buffer.concat(items)
  return open ? Buffer.concat([element(0x5200, 0x9230, 'SQ', content, UNDEFINED), mark(0xe0dd)]) : element(0x5200, 0x9230, 'SQ', content)
}

/** A sequence of one item, both of undefined length. */
const open = (writer: Writer, ...elements: Elements): Buffer => sequence(writer, [item(writer, elements, true)], true)

function nested(writer: Writer, depth: number): Buffer {
  return depth === 0 ? short(writer) : open(writer, nested(writer, depth - 1))
}

/** What an encoder that does not know an element makes of its sequence, whatever the encoding of the data set. */
function unknown({ element, encoding }: Writer): Buffer {
  const known = implicit(0x0018, 0x9074, ascii('20240101'))
  const inner = implicit(
    0x0009,
    0x1002,
    Buffer.concat([ITEM(UNDEFINED), known, ITEM_END, ITEM(known.length), known, SEQUENCE_END]),
    UNDEFINED,
  )
  const content = Buffer.concat([ITEM(UNDEFINED), inner, known, ITEM_END, SEQUENCE_END])
  return encoding.explicit ? element(0x0009, 0x1001, 'UN', content, UNDEFINED) : implicit(0x0009, 0x1001, content, UNDEFINED)
}

function fragments({ element, mark }: Writer): Buffer {
  const value = Buffer.concat([mark(0xe000), mark(0xe000, Buffer.concat([mark(0xe0dd), Buffer.alloc(9)]))])
  return Buffer.concat([element(0x7fe0, 0x0010, 'OB', value, UNDEFINED), mark(0xe0dd)])
}

/** What stands before the bulk data. */
const FORMS: Readonly<Record<string, (writer: Writer) => Buffer>> = {
  'values alone': short,
  'a sequence of defined length': writer => sequence(writer, [item(writer, [short(writer)], true)], false),
  'a sequence and items of undefined length': writer =>
    sequence(
      writer,
      [1, 2].map(() => item(writer, [short(writer)], true)),
      true,
    ),
  'a sequence of undefined length, items of defined length': writer =>
    sequence(
      writer,
      [1, 2].map(() => item(writer, [short(writer)], false)),
      true,
    ),
  'a sequence of no items': writer => sequence(writer, [], true),
  'an item of no elements': open,
  'a sequence of each kind in the other': writer =>
    open(writer, sequence(writer, [item(writer, [open(writer, short(writer))], false)], false), short(writer)),
  'sequences nested as deep as they may be': writer => nested(writer, MAX_NESTING / 2),
  'several sequences, as deep as they may be': writer => Buffer.concat([1, 2].map(() => nested(writer, MAX_NESTING / 2))),
  'a sequence of unknown representation': unknown,
  'a sequence of unknown representation in another': writer => open(writer, unknown(writer), short(writer)),
  'delimiters of nothing': ({ mark }) => Buffer.concat([mark(0xe00d), mark(0xe0dd)]),
  'an icon': writer => open(writer, pixels(writer), short(writer)),
  'an icon whose pixels are fragments': writer => open(writer, fragments(writer), short(writer)),
  'a document in an item': writer => open(writer, writer.element(0x0042, 0x0011, 'OB', Buffer.alloc(6))),
  'values that look like structure': writer => {
    const lookalike = Buffer.concat([
      pixels(writer),
      writer.mark(0xe00d),
      writer.mark(0xe0dd),
      writer.mark(0xe000, Buffer.alloc(0), UNDEFINED),
    ])
    return open(writer, writer.element(0x0009, 0x1001, 'OB', lookalike), item(writer, [lookalike], false))
  },
}

function found(data: Buffer, { encoding }: Writer, size: number): BulkData | undefined {
  const late = new LateBulk(encoding)
  for (let at = 0; at < data.length; at += size) late.feed(data, at, Math.min(data.length, at + size), at)
  return late.found
}

const walked = (data: Buffer, { encoding }: Writer) => walkDataset(data, data.length, encoding, ENTER_NONE, () => undefined)

describe.each(Object.entries(WRITERS))('in %s, in pieces of any size, the bulk data is found', (_, writer) => {
  test.each(Object.entries(FORMS))('behind %s', (_form, form) => {
    const before = Buffer.concat([short(writer), form(writer), short(writer)])
    const data = Buffer.concat([before, pixels(writer), short(writer)])
    const at = before.length + (writer.encoding.explicit ? 12 : 8)
    const bulk = { end: 'bulk', at, tag: 0x7fe00010, length: 20 }
    expect(walked(data, writer)).toEqual(bulk)
    for (let size = 1; size <= 40; size++) expect(found(data, writer, size)).toEqual(bulk)
    expect(found(data, writer, data.length)).toEqual(bulk)
  })

  test('where a delimiter ends it', () => {
    const data = Buffer.concat([open(writer, fragments(writer)), fragments(writer)])
    const bulk = walked(data, writer)
    expect(bulk).toMatchObject({ end: 'bulk', tag: 0x7fe00010, length: undefined })
    for (let size = 1; size <= 40; size++) expect(found(data, writer, size)).toEqual(bulk)
  })

  test('behind sequences of any form', () => {
    const forms = fc.letrec<{ readonly element: Buffer; readonly sequence: Buffer; readonly item: Buffer }>(tie => ({
      element: fc.oneof(
        { depthSize: 'small' },
        fc.uint8Array({ maxLength: 20 }).map(value => writer.element(0x0009, 0x1010, 'OB', Buffer.from(value))),
        fc.constant(unknown(writer)),
        fc.constant(pixels(writer, 4)),
        tie('sequence'),
      ),
      sequence: fc.tuple(fc.array(tie('item'), { maxLength: 3 }), fc.boolean()).map(([items, isOpen]) => sequence(writer, items, isOpen)),
      item: fc.tuple(fc.array(tie('element'), { maxLength: 3 }), fc.boolean()).map(([elements, isOpen]) => item(writer, elements, isOpen)),
    }))
    fc.assert(
      fc.property(fc.array(forms.sequence, { maxLength: 4 }), fc.integer({ min: 1, max: 30 }), (sequences, size) => {
        const data = Buffer.concat([...sequences, pixels(writer)])
        expect(found(data, writer, size)).toEqual(walked(data, writer))
      }),
    )
  })
})

describe.each(Object.entries(WRITERS))('in %s, none is found', (_, writer) => {
  test.each([
    ['behind sequences nested too deep', [open(writer, nested(writer, MAX_NESTING / 2)), pixels(writer)]],
    ['in a sequence that does not end', [sequence(writer, [item(writer, [pixels(writer)], true)], true).subarray(0, -8), pixels(writer)]],
    ['where there is none', [open(writer, short(writer), pixels(writer)), short(writer)]],
    ['where it is cut off in its header', [short(writer), pixels(writer).subarray(0, writer.encoding.explicit ? 11 : 7)]],
  ])('%s', (_case, elements) => {
    const data = Buffer.concat(elements)
    for (let size = 1; size <= 40; size++) expect(found(data, writer, size)).toBeUndefined()
  })
})

test('nothing is looked for behind what is no element', () => {
  const writer = WRITERS['explicit little endian']
  const data = Buffer.concat([open(writer, Buffer.alloc(12, 1)), pixels(writer)])
  for (let size = 1; size <= 40; size++) expect(found(data, writer, size)).toBeUndefined()
})

test('of a value whose length is known no byte is needed, however long it is', () => {
  const writer = WRITERS['explicit little endian']
  const length = 0xffff_fffe
  const before = open(writer, explicit(0x0009, 0x1010, 'OB', Buffer.alloc(0), length))
  const late = new LateBulk(writer.encoding)
  const [begin, end] = [before.subarray(0, 32), Buffer.concat([before.subarray(32), pixels(writer)])]
  late.feed(begin, 0, begin.length, 0)
  late.feed(end, 0, end.length, begin.length + length)
  expect(late.found).toMatchObject({ at: before.length + length + 12, length: 20 })
})
