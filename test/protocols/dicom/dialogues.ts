import { client, server } from './conversation.ts'
import {
  associateAc,
  associateRq,
  type Context,
  CT_IMAGE,
  command,
  EXPLICIT,
  explicit,
  IMPLICIT,
  releaseRp,
  releaseRq,
  STUDY_FIND,
  text,
  VERIFICATION,
} from './encode.ts'

// One association with a context for each of verification (1), query (3) and storage (5), and the messages that go over it.

export const ECHO: Context = { id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }
export const FIND: Context = { id: 3, abstractSyntax: STUDY_FIND, transferSyntaxes: [IMPLICIT] }
export const STORE: Context = { id: 5, abstractSyntax: CT_IMAGE, transferSyntaxes: [EXPLICIT] }
export const CONTEXTS = [ECHO, FIND, STORE]

export const opening = [client(associateRq({ contexts: CONTEXTS })), server(associateAc({ contexts: CONTEXTS }))]
export const closing = [client(releaseRq()), server(releaseRp())]

export const echoRq = (id: number): Buffer => command(1, { 2: VERIFICATION, 256: 0x0030, 272: id, 2048: 0x0101 })
export const echoRsp = (id: number): Buffer => command(1, { 2: VERIFICATION, 256: 0x8030, 288: id, 2048: 0x0101, 2304: 0 })
export const findRq = (id: number): Buffer => command(3, { 2: STUDY_FIND, 256: 0x0020, 272: id, 1792: 0, 2048: 1 })
export const findRsp = (id: number, status: number): Buffer =>
  command(3, { 2: STUDY_FIND, 256: 0x8020, 288: id, 2048: status === 0xff00 ? 1 : 0x0101, 2304: status })
export const storeRq = (id: number, instance = '1.2.3', context = 5): Buffer =>
  command(context, { 2: CT_IMAGE, 256: 0x0001, 272: id, 2048: 1, 4096: instance })
export const storeRsp = (id: number, status = 0, context = 5): Buffer =>
  command(context, { 2: CT_IMAGE, 256: 0x8001, 288: id, 2048: 0x0101, 2304: status })

/** Elements of an image: modality, study and series, and so many bytes of pixels. */
export function imageElements(pixels: Buffer, ...others: readonly Buffer[]): readonly Buffer[] {
  return [
    explicit(0x0008, 0x0060, 'CS', Buffer.from('CT')),
    ...others,
    explicit(0x0020, 0x000d, 'UI', text('1.2.3.4')),
    explicit(0x0020, 0x000e, 'UI', text('1.2.3.4.5')),
    explicit(0x7fe0, 0x0010, 'OW', pixels),
  ]
}
