import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Joi from 'joi'
import { expect, test } from 'vitest'
import { dicom } from '../../src/protocols/dicom/index.ts'
import { dicomSchema } from '../../src/protocols/dicom/settings.ts'
import { describePeer } from '../peers/peer.ts'
import { conversations, observe } from '../protocols/replay.ts'
import { tsharkCommands, tsharkNegotiation } from './dicom-tshark.ts'
import { commandsOnWire, negotiationOf } from './dicom-wire.ts'
import { TSHARK_IS_MISSING } from './tshark.ts'

const RECORDED = join(import.meta.dirname, '..', 'captures', 'recorded')
const CAPTURES = readdirSync(RECORDED).filter(name => name.startsWith('dicom-') && name.endsWith('.pcap') && !name.includes('-tls'))
/** Behind a compressed or deflated data set tshark 4.0 takes the answer for part of it. */
const MISREAD: ReadonlySet<string> = new Set([
  'dicom-store-deflated.pcap',
  'dicom-store-jpeg.pcap',
  'dicom-store-jpegls-j2k.pcap',
  'dicom-store-rle.pcap',
])

describePeer('tshark and the decoder say the same', TSHARK_IS_MISSING ? 'tshark is not installed' : undefined, () => {
  test.each(CAPTURES)('of the negotiation in %s', async name => {
    const file = join(RECORDED, name)
    const observations = observe(await conversations(file), [dicom(Joi.attempt({}, dicomSchema))])
    const ours = observations.flatMap(one => (one.kind === 'dicom-association' ? negotiationOf(one) : []))
    const theirs = tsharkNegotiation(file)
    expect(theirs.length).toBeGreaterThan(3)
    expect(ours.toSorted()).toEqual(theirs)
  })

  test.each(CAPTURES.filter(name => !MISREAD.has(name)))('of the commands in %s', async name => {
    const file = join(RECORDED, name)
    expect(await commandsOnWire(file)).toEqual(tsharkCommands(file))
  })

  test.each([...MISREAD])('of the requests in %s, whose answers tshark 4.0 does not read', async name => {
    const file = join(RECORDED, name)
    const requests = (await commandsOnWire(file)).filter(command => !command.startsWith('command C-STORE-RSP'))
    expect(requests.length).toBeGreaterThan(0)
    expect(requests).toEqual(tsharkCommands(file).filter(command => !command.startsWith('command C-STORE-RSP')))
  })

  test('and have something to say', async () => {
    expect(await commandsOnWire(join(RECORDED, 'dicom-move.pcap'))).toContainEqual(
      expect.stringMatching(/^command C-MOVE-RQ, class 1\.2\.840\.10008\.5\.1\.4\.1\.2\.2\.2, id \d+, .* destination WS01, /),
    )
  })
})
