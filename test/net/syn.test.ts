import { describe, expect, test } from 'vitest'
import { Bench, ETHERTYPE, ethernet, FLAG, ipv4, ipv6, tcp } from './packets.ts'

/** MSS 1460, SACK permitted, timestamps, no operation, window scale 7. */
const LINUX = '020405b4 0402 080a0000000a00000000 01 030307'

/** A SYN with these options, which are filled up with `fill`. */
function syn(options: string, flags: number = FLAG.SYN, sourcePort = 40_000, fill = 0): Buffer {
  const bytes = Buffer.from(options.replaceAll(' ', ''), 'hex')
  const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3, fill)])
  return tcp(padded, { flags, sourcePort, dataOffset: 5 + padded.length / 4 })
}

const traitsOf = (...frames: readonly Buffer[]) => new Bench().see(...frames).flows[0]?.clientSyn

describe('what the SYN of a flow tells of its client', () => {
  test('time to live, window, window scale, and the order of options', () => {
    expect(traitsOf(ethernet(ipv4(syn(LINUX))))).toEqual({ ttl: 64, window: 0xffff, windowScale: 7, options: '2,4,8,1,3' })
  })

  test('the hop limit of IPv6', () => {
    expect(traitsOf(ethernet(ipv6(syn(LINUX)), ETHERTYPE.IPV6))).toMatchObject({ ttl: 64, options: '2,4,8,1,3' })
  })

  test('the end of the options is one of them, and what follows is padding', () => {
    expect(traitsOf(ethernet(ipv4(syn('020405b4 01 030305 0101 080a0000000a00000000 0402 00 99'))))?.options).toBe('2,1,3,1,1,8,4,0')
  })

  test('no options, unknown options, and no window scale', () => {
    expect(traitsOf(ethernet(ipv4(syn(''))))).toMatchObject({ options: '', windowScale: undefined })
    expect(traitsOf(ethernet(ipv4(syn('020405b4 2202', FLAG.SYN, 40_000, 1))))?.options).toBe('2,34,1,1')
  })

  test.each([
    ['a length below its own', '020405b4 0801 0000'],
    ['a length beyond the header', '020405b4 03030108 0a00'],
    ['no room for its length', '010101 02'],
  ])('nothing where an option has %s', (_, options) => {
    expect(traitsOf(ethernet(ipv4(syn(options))))).toBeUndefined()
  })

  test('nothing where the capture cuts the options off', () => {
    const bench = new Bench().seeCut(ethernet(ipv4(syn(LINUX))), 14 + 20 + 30)
    expect(bench.flows[0]).toMatchObject({ midstream: false, clientSyn: undefined })
  })

  test.each([
    ['a SYN-ACK', FLAG.SYN | FLAG.ACK],
    ['an ACK', FLAG.ACK],
    ['a SYN with FIN, as only scanners send it', FLAG.SYN | FLAG.FIN],
  ])('nothing from %s', (_, flags) => {
    expect(traitsOf(ethernet(ipv4(syn(LINUX, flags))))).toBeUndefined()
  })

  test('the first SYN counts, not one that is repeated with fewer options', () => {
    expect(traitsOf(ethernet(ipv4(syn(LINUX), { id: 1 })), ethernet(ipv4(syn('020405b4'), { id: 2 })))?.options).toBe('2,4,8,1,3')
  })

  test('flows share what is the same of them', () => {
    const { flows } = new Bench().see(...[1, 2, 3].map(port => ethernet(ipv4(syn(LINUX, FLAG.SYN, 40_000 + port)))))
    expect(flows).toHaveLength(3)
    expect(new Set(flows.map(flow => flow.clientSyn)).size).toBe(1)
  })

  test('is kept of any number of different senders', () => {
    const kinds = Array.from(
      { length: 1500 },
      (_, n) => `${(20 + (n % 200)).toString(16).padStart(2, '0')}02 ${(20 + Math.floor(n / 200)).toString(16)}02`,
    )
    const { flows } = new Bench().see(...kinds.map((text, n) => ethernet(ipv4(syn(text, FLAG.SYN, 2000 + n)))))
    expect(flows.map(flow => flow.clientSyn?.options).every(text => /^\d+,\d+$/.test(text ?? ''))).toBe(true)
  })
})
