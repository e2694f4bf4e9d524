import { describe, expect, test } from 'vitest'
import type { Step } from '../dicom/conversation.ts'
import { closing, echoRq, echoRsp, opening } from '../dicom/dialogues.ts'
import { acknowledgment, framed, message } from '../hl7/conversation.ts'
import { answer, get } from '../http/conversation.ts'
import { identified, type Said } from '../identified.ts'
import { dialogue, identity } from '../tls/peers.ts'

const client = (said: string | Buffer): Said => ({ direction: 0, bytes: Buffer.from(said as string, 'latin1') })
const server = (said: string | Buffer): Said => ({ direction: 1, bytes: Buffer.from(said as string, 'latin1') })

/** Version 2: command (0 LOCAL, 1 PROXY), family and transport, then addresses and extensions. */
function binary(command: 0 | 1, family: number, content: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(content.length)
  return Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), Buffer.from([0x20 | command, family]), length, content])
}

/** Headers, and whom they name. */
const HEADERS: readonly (readonly [string, Buffer, string | undefined])[] = [
  ['in text, of IPv4', Buffer.from('PROXY TCP4 192.0.2.7 10.0.0.5 56324 11112\r\n'), '192.0.2.7'],
  ['in text, of IPv6', Buffer.from('PROXY TCP6 2001:0DB8::07 2001:db8::5 56324 11112\r\n'), '2001:db8::7'],
  ['in text, of a sender unknown', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  ['in text, of an unknown sender at an address', Buffer.from('PROXY UNKNOWN 192.0.2.7 10.0.0.5 56324 11112\r\n'), undefined],
  ['in text, of what is no address', Buffer.from('PROXY TCP4 192.0.2.777 10.0.0.5 56324 11112\r\n'), undefined],
  ['in bytes, of IPv4', binary(1, 0x11, Buffer.from('c00002070a000005dc042b68', 'hex')), '192.0.2.7'],
  ['in bytes, of IPv6, with extensions', binary(1, 0x21, Buffer.alloc(700, 0x0b)), 'b0b:b0b:b0b:b0b:b0b:b0b:b0b:b0b'],
  ['in bytes, too short for addresses', binary(1, 0x11, Buffer.from('c000', 'hex')), undefined],
  ['in bytes, of a local socket', binary(1, 0x31, Buffer.alloc(216, 0x2f)), undefined],
  ['in bytes, of the balancer itself', binary(0, 0x11, Buffer.from('c00002070a000005dc042b68', 'hex')), undefined],
]

/** What is made of a conversation besides the facts of devices, cut in pieces of `size` bytes. */
function heardIn(said: readonly Said[], size: number) {
  const { application, observations } = identified(said, {}, size)
  const conversation = observations.filter(({ kind }) => kind !== 'device-identity')
  return {
    application,
    forwardedFor: [...new Set(conversation.map(({ flow }) => flow.forwardedFor))],
    observations: conversation.map(observation => ({ ...observation, flow: { ...observation.flow, forwardedFor: undefined } })),
  }
}

const spoken = (steps: readonly Step[]): readonly Said[] =>
  steps.flatMap(step => ('bytes' in step ? [{ direction: step.from === 'client' ? 0 : 1, bytes: step.bytes }] : []))
const DICOM = [...spoken(opening), client(echoRq(1)), server(echoRsp(1)), ...spoken(closing)]
const HL7 = [client(framed(message({ id: 'A' }))), server(framed(acknowledgment('AA', 'A')))]
const HTTP = [client(get('/dicom-web/studies?limit=1')), server(answer(200, 'application/dicom+json', '[]'))]

describe('behind the header of the PROXY protocol', () => {
  test.each(HEADERS)('%s, everything is what it is without, and the flow knows the sender', async (_, header, forwarded) => {
    const peer = { ...identity({ commonName: 'pacs.hospital.example' }), maxVersion: 'TLSv1.2' } as const
    const { heard } = await dialogue({ servername: 'pacs.hospital.example' }, peer)
    for (const said of [DICOM, HL7, HTTP, heard])
      for (const size of [Number.POSITIVE_INFINITY, 1, 7, 109]) {
        const plain = heardIn(said, size)
        expect(plain.observations.length).toBeGreaterThan(0)
        const behind = { ...plain, forwardedFor: [forwarded] }
        expect(heardIn([client(header), ...said], size)).toEqual(behind)
        const [first, ...rest] = said
        expect(heardIn([client(Buffer.concat([header, first.bytes])), ...rest], size)).toEqual(behind)
      }
  })

  test('what nobody knows is known by the header alone', () => {
    expect(heardIn([client(HEADERS[0][1]), client('\x01\x02\x03'.repeat(99))], 5)).toMatchObject({
      application: 'proxy',
      observations: [],
    })
  })
})

describe('no such header', () => {
  test.each([
    ['another version of its bytes', Buffer.from(`0d0a0d0a000d0a515549540a31110000${'00'.repeat(300)}`, 'hex')],
    ['a line without an end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}\r\n`)],
    ['another word', Buffer.from('PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n')],
  ])('is %s', (_, bytes) => {
    for (const size of [Number.POSITIVE_INFINITY, 1]) expect(heardIn([client(bytes)], size).application).toBeUndefined()
  })
})
