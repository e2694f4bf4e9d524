// DICOM as bytes, written from the standard and apart from the decoder: PS3.8 §9.3 and annex E, PS3.7 annex D and E, PS3.5 §7.

export interface Context {
  readonly id: number
  readonly abstractSyntax?: string
  readonly transferSyntaxes: readonly string[]
  /** A-ASSOCIATE-AC only. */
  readonly result?: number
}

export interface AssociateOptions {
  readonly called?: string
  readonly calling?: string
  readonly contexts?: readonly Context[]
  /** User-information items as `[type, value]`. */
  readonly user?: readonly (readonly [number, Buffer])[]
  readonly reserved?: number
}

export const EXPLICIT = '1.2.840.10008.1.2.1'
export const IMPLICIT = '1.2.840.10008.1.2'
export const VERIFICATION = '1.2.840.10008.1.1'
export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'
export const STUDY_FIND = '1.2.840.10008.5.1.4.1.2.2.1'

export function pdu(type: number, content: Buffer, reserved = 0): Buffer {
  const header = Buffer.alloc(6)
  header.writeUInt8(type, 0)
  header.writeUInt8(reserved, 1)
  header.writeUInt32BE(content.length, 2)
  return Buffer.concat([header, content])
}

export function item(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt8(type, 0)
  header.writeUInt16BE(value.length, 2)
  return Buffer.concat([header, value])
}

export const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')
export const maxLength = (bytes: number): readonly [number, Buffer] => [0x51, u32be(bytes)]

function u32be(value: number): Buffer {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(value)
  return out
}

function associate(type: 1 | 2, options: AssociateOptions): Buffer {
  const { called = 'ARCHIVE', calling = 'CT01', contexts = [], user = [maxLength(16_384)], reserved = 0 } = options
  const fixed = Buffer.alloc(68, reserved)
  fixed.writeUInt16BE(1, 0)
  fixed.write(called.padEnd(16), 4, 'latin1')
  fixed.write(calling.padEnd(16), 20, 'latin1')
  const items = contexts.map(({ id, abstractSyntax, transferSyntaxes, result = 0 }) =>
    item(
      type === 1 ? 0x20 : 0x21,
      Buffer.concat([
        Buffer.from([id, 0, type === 1 ? 0 : result, 0]),
        ...(type === 1 && abstractSyntax !== undefined ? [item(0x30, ascii(abstractSyntax))] : []),
        ...transferSyntaxes.map(uid => item(0x40, ascii(uid))),
      ]),
    ),
  )
  const users = item(0x50, Buffer.concat(user.map(([kind, value]) => item(kind, value))))
  return pdu(type, Buffer.concat([fixed, item(0x10, ascii('1.2.840.10008.3.1.1.1')), ...items, users]), reserved)
}

export const associateRq = (options: AssociateOptions = {}): Buffer => associate(1, options)
export const associateAc = (options: AssociateOptions = {}): Buffer => associate(2, options)
export const associateRj = (result: number, source: number, reason: number): Buffer => pdu(3, Buffer.from([0, result, source, reason]))
export const releaseRq = (): Buffer => pdu(5, Buffer.alloc(4))
export const releaseRp = (): Buffer => pdu(6, Buffer.alloc(4))
export const abort = (source: number, reason: number): Buffer => pdu(7, Buffer.from([0, 0, source, reason]))

/** Presentation data value: bit 0 of the flags says command, bit 1 last. */
export function pdv(contextId: number, flags: number, fragment: Buffer): Buffer {
  return Buffer.concat([u32be(fragment.length + 2), Buffer.from([contextId, flags]), fragment])
}

export const pData = (...pdvs: readonly Buffer[]): Buffer => pdu(4, Buffer.concat(pdvs))

/** Command set elements of group 0000 by element number: a number is US, a text UI or AE. */
export function command(contextId: number, elements: Readonly<Record<number, number | string>>): Buffer {
  const parts = Object.entries(elements).map(([element, value]) => {
    const bytes = typeof value === 'number' ? u16le(value) : evenly(ascii(value))
    return implicit(0x0000, Number(element), bytes)
  })
  return pData(pdv(contextId, 3, Buffer.concat(parts)))
}

export const dataset = (contextId: number, ...elements: readonly Buffer[]): Buffer => pData(pdv(contextId, 2, Buffer.concat(elements)))

export function u16le(value: number): Buffer {
  const out = Buffer.alloc(2)
  out.writeUInt16LE(value)
  return out
}

export const UNDEFINED = 0xffffffff

/** Implicit VR little endian. `length` defaults to that of the value. */
export function implicit(group: number, element: number, value: Buffer, length = value.length): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16LE(group, 0)
  header.writeUInt16LE(element, 2)
  header.writeUInt32LE(length, 4)
  return Buffer.concat([header, value])
}

/** Structure of sequences in little endian (PS3.5 §7.5). */
export const ITEM = (length: number): Buffer => implicit(0xfffe, 0xe000, Buffer.alloc(0), length)
export const ITEM_END = implicit(0xfffe, 0xe00d, Buffer.alloc(0))
export const SEQUENCE_END = implicit(0xfffe, 0xe0dd, Buffer.alloc(0))

const LONG_VRS = ['OB', 'OW', 'SQ', 'UN', 'UT']

/** Explicit VR little endian. */
export function explicit(group: number, element: number, vr: string, value: Buffer, length = value.length): Buffer {
  const long = LONG_VRS.includes(vr)
  const header = Buffer.alloc(long ? 12 : 8)
  header.writeUInt16LE(group, 0)
  header.writeUInt16LE(element, 2)
  header.write(vr, 4, 'latin1')
  if (long) header.writeUInt32LE(length, 8)
  else header.writeUInt16LE(length, 6)
  return Buffer.concat([header, value])
}

/** Explicit VR big endian, and items and delimiters in that order, which have no VR. */
export function bigEndian(group: number, element: number, vr: string | undefined, value: Buffer, length = value.length): Buffer {
  const header = Buffer.alloc(vr !== undefined && LONG_VRS.includes(vr) ? 12 : 8)
  header.writeUInt16BE(group, 0)
  header.writeUInt16BE(element, 2)
  if (vr !== undefined) header.write(vr, 4, 'latin1')
  if (vr !== undefined && header.length === 8) header.writeUInt16BE(length, 6)
  else header.writeUInt32BE(length, header.length - 4)
  return Buffer.concat([header, value])
}

export const text = (value: string): Buffer => evenly(ascii(value))

function evenly(value: Buffer): Buffer {
  return value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.alloc(1, 0x20)])
}
