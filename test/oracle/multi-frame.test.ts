import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dicomSchema } from '../../src/protocols/dicom/settings.ts'
import { describePeer } from '../peers/peer.ts'
import { associations, client, converse, instances, server, stores } from '../protocols/dicom/conversation.ts'
import { closing, STORE, storeRq, storeRsp } from '../protocols/dicom/dialogues.ts'
import { associateAc, associateRq, maxLength, pData, pdv } from '../protocols/dicom/encode.ts'
import { DCMDUMP_IS_MISSING, dump } from './dcmdump.ts'

// Enhanced CT images as DCMTK writes them, whose per-frame functional groups are longer than what is kept of a head.

const FRAMES = 600
const PIXEL_BYTES = 30_000

/** One item of the per-frame functional groups (PS3.3 §C.7.6.16), with an icon that holds pixels of its own. */
const FRAME = `
(fffe,e000) na
(0020,9111) SQ
(fffe,e000) na
(0018,9074) DT [20240101120000]
(0020,9056) SH [1]
(fffe,e00d) na
(fffe,e0dd) na
(0028,9110) SQ
(fffe,e000) na
(0018,0050) DS [1.25]
(0028,0030) DS [0.5\\0.5]
(fffe,e00d) na
(fffe,e0dd) na
(0088,0200) SQ
(fffe,e000) na
(7fe0,0010) OW 0102\\0304
(fffe,e00d) na
(fffe,e0dd) na
(fffe,e00d) na`

const OBJECT = `
(0008,0016) UI =EnhancedCTImageStorage
(0008,0018) UI [1.2.3]
(0008,0060) CS [CT]
(0020,000d) UI [1.2.3.4]
(0020,000e) UI [1.2.3.4.5]
(5200,9230) SQ
${FRAME.repeat(FRAMES)}
(fffe,e0dd) na
(7fe0,0010) OW =pixels.raw
`

const SYNTAXES = [
  ['explicit little endian', '1.2.840.10008.1.2.1', '+te'],
  ['explicit big endian', '1.2.840.10008.1.2.2', '+tb'],
  ['implicit little endian', '1.2.840.10008.1.2', '+ti'],
] as const
const LENGTHS = [
  ['defined', '+e'],
  ['undefined', '-e'],
] as const

function store(content: Buffer, transferSyntax: string, size: number) {
  const contexts = [{ ...STORE, transferSyntaxes: [transferSyntax] }]
  const count = Math.ceil(content.length / size)
  const fragments = Array.from({ length: count }, (_, index) =>
    pData(pdv(5, index === count - 1 ? 2 : 0, content.subarray(index * size, (index + 1) * size))),
  )
  const opening = [client(associateRq({ contexts })), server(associateAc({ contexts, user: [maxLength(0)] }))]
  const steps = [...opening, client(storeRq(1), ...fragments), server(storeRsp(1)), ...closing]
  return converse(steps, 'closed', {}, { settings: { instance_hashes: true } })
}

const MISSING = DCMDUMP_IS_MISSING || spawnSync('dump2dcm', ['--version']).error !== undefined ? 'DCMTK is not installed' : undefined

describePeer('pixels of an enhanced image that DCMTK wrote are found', MISSING, () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wardwire-multi-frame-'))
    writeFileSync(join(folder, 'object.txt'), OBJECT)
    writeFileSync(join(folder, 'pixels.raw'), Buffer.from(Array.from({ length: PIXEL_BYTES }, (_, index) => index & 0xff)))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(SYNTAXES.flatMap(syntax => LENGTHS.map(length => [...syntax, ...length] as const)))(
    '%s (%s, %s), %s lengths (%s)',
    (_name, transferSyntax, syntaxOption, _lengths, lengthOption) => {
      execFileSync('dump2dcm', ['-F', syntaxOption, lengthOption, 'object.txt', 'object.dcm'], { cwd: folder })
      const content = readFileSync(join(folder, 'object.dcm'))
      const dumped = dump(join(folder, 'object.dcm')).elements.find(({ tag, depth }) => tag === '(7fe0,0010)' && depth === 0)
      expect(dumped?.length).toBe(PIXEL_BYTES)
      expect(content.length - PIXEL_BYTES).toBeGreaterThan(dicomSchema.validate(undefined).value.dataset_header_bytes)
      const bulk = createHash('sha256').update(content.subarray(-PIXEL_BYTES)).digest('base64url').slice(0, 22)
      for (const size of [1000, 16_372, 1_000_000]) {
        const seen = store(content, transferSyntax, size)
        expect(stores(seen)).toMatchObject([{ instances: 1, modalities: ['CT'], pixelBytes: PIXEL_BYTES }])
        expect(instances(seen)).toMatchObject([{ bulk }])
        expect(associations(seen)).toMatchObject([{ violations: [] }])
      }
    },
  )
})
