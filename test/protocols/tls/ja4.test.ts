import { describe, expect, test } from 'vitest'
import { readClientHello } from '../../../src/protocols/tls/handshake.ts'
import { ja4 } from '../../../src/protocols/tls/ja4.ts'
import { clientHello, type HelloFields, uint16s } from './peers.ts'

const list = (hex: string): readonly number[] => hex.split(',').map(code => Number.parseInt(code, 16))
const prefixed = (data: Buffer): Buffer => Buffer.concat([uint16s([data.length]), data])
const alpn = (...names: readonly Buffer[]): Buffer =>
  prefixed(Buffer.concat(names.map(name => Buffer.concat([Buffer.from([name.length]), name]))))

/** Data of the extensions that JA4 looks into; the others are empty. */
function extensions(types: string, signatureAlgorithms: string, name = Buffer.from('h2')): HelloFields['extensions'] {
  const data = new Map<number, Buffer>([
    [0x0000, prefixed(Buffer.concat([Buffer.from([0]), prefixed(Buffer.from('pacs.hospital.example'))]))],
    [0x000d, prefixed(uint16s(list(signatureAlgorithms)))],
    [0x0010, alpn(name, Buffer.from('http/1.1'))],
    [0x002b, Buffer.concat([Buffer.from([6]), uint16s([0x9a9a, 0x0304, 0x0303])])],
  ])
  return list(types).map(type => [type, data.get(type) ?? Buffer.alloc(0)])
}

function fingerprint(fields: HelloFields): string {
  const hello = readClientHello(clientHello(fields).subarray(4))
  if (hello === undefined) throw new Error('not read')
  return ja4(hello)
}

const SUITES = list('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035')
const SIGNATURES = '0403,0804,0401,0503,0805,0501,0806,0601'

describe('JA4', () => {
  // The examples of the method's description, and two that other tools publish with their raw lists.
  test.each([
    [
      't13d1516h2_8daaf6152771_e5627efa2ab1',
      SUITES,
      '001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015',
      SIGNATURES,
    ],
    [
      't13d1516h2_8daaf6152771_d8a2da3f94cd',
      SUITES,
      '0000,0010,0005,000a,000b,000d,0012,0017,001b,0023,002b,002d,0033,44cd,fe0d,ff01',
      SIGNATURES,
    ],
    [
      't13d1011h2_61a7ad8aa9b6_3fcd1a44f3e3',
      list('1302,1303,1301,c02c,c030,c02b,c02f,cca9,cca8,00ff'),
      '0000,000b,000a,0023,0010,0005,0017,000d,002b,002d,0033',
      '0503,0403,0807,0806,0805,0804,0601,0501,0401',
    ],
  ])('is %s as published', (published, cipherSuites, types, signatureAlgorithms) => {
    expect(fingerprint({ cipherSuites, extensions: extensions(types, signatureAlgorithms) })).toBe(published)
  })

  test('leaves GREASE out wherever it stands', () => {
    const types = '2a2a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,fafa,0015'
    const greased = { cipherSuites: [0x0a0a, ...SUITES], extensions: extensions(types, `1a1a,${SIGNATURES}`) }
    expect(fingerprint(greased)).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1')
  })

  test('ends without signature algorithms where there are none', () => {
    const types = '001b,0000,0033,0010,4469,0017,002d,0005,0023,0012,002b,ff01,000b,000a,0015'
    expect(fingerprint({ cipherSuites: SUITES, extensions: extensions(types, '') })).toMatch(/^t13d1515h2_8daaf6152771_[0-9a-f]{12}$/)
  })

  test.each([
    ['ab', 'ab'],
    ['abcd', 'ad'],
    ['30ab', '3b'],
    ['3031abcd', '3d'],
    ['30abcd31', '01'],
    ['78', 'xx'],
    [Buffer.from('http/1.1').toString('hex'), 'h1'],
  ])('takes the ALPN value %s as %s', (name, characters) => {
    const hello = { cipherSuites: SUITES, extensions: extensions('0010', '', Buffer.from(name, 'hex')) }
    expect(fingerprint(hello)).toBe(`t12i1501${characters}_8daaf6152771_000000000000`)
  })

  test.each([
    [0x0300, 's3'],
    [0x0301, '10'],
    [0x0302, '11'],
    [0x0303, '12'],
    [0x0399, '00'],
  ])('of version %i without extensions and suites has hashes of nothing', (version, characters) => {
    expect(fingerprint({ version, cipherSuites: [] })).toBe(`t${characters}i000000_000000000000_000000000000`)
  })

  test('counts to 99', () => {
    const many = Array.from({ length: 150 }, (_, index) => 0x4000 + index * 3)
    expect(fingerprint({ cipherSuites: many })).toMatch(/^t12i9900/)
  })
})
