import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TlsHandshake } from '../../../src/protocols/observation.ts'
import { cipherSuiteName } from '../../../src/protocols/tls/ciphers.ts'
import { tls } from '../../../src/protocols/tls/index.ts'
import { TSHARK_IS_MISSING } from '../../oracle/tshark.ts'
import { conversations, observe } from '../replay.ts'
import { SETTINGS } from './peers.ts'

const RECORDED = join(import.meta.dirname, '..', '..', 'captures', 'recorded')
const SHARED = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'captures')

const handshakes = async (file: string): Promise<readonly TlsHandshake[]> =>
  observe(await conversations(file), [tls(SETTINGS)]).filter(observation => observation.kind === 'tls-handshake')

describe('recorded handshakes', () => {
  test('of pynetdicom with itself', async () => {
    expect(await handshakes(join(RECORDED, 'dicom-tls12.pcap'))).toMatchObject([
      {
        version: '1.2',
        cipher: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
        serverName: 'pacs.hospital.example',
        established: true,
        resumed: false,
        certificate: {
          subject: 'CN=server.hospital.example, O=General Hospital',
          issuer: 'CN=Test CA, O=General Hospital',
          publicKeyAlgorithm: 'RSA',
          publicKeyBits: 2048,
        },
      },
    ])
  })

  test.each(['dicom-tls13.pcap', 'hl7-tls.pcap'])('%s', async name => {
    expect(await handshakes(join(RECORDED, name))).toMatchObject([
      {
        version: '1.3',
        cipher: 'TLS_AES_256_GCM_SHA384',
        serverName: undefined,
        established: true,
        resumed: false,
        certificate: undefined,
      },
    ])
  })
})

describe.skipIf(TSHARK_IS_MISSING)('tshark agrees (skipped where tshark is not installed)', () => {
  const CAPTURES = [
    join(RECORDED, 'dicom-tls12.pcap'),
    join(RECORDED, 'dicom-tls13.pcap'),
    join(RECORDED, 'hl7-tls.pcap'),
    ...[
      'suricata-verify/tls/tls-cert-issuer/tls.pcap',
      'suricata-verify/tcp-fastopen-11-reject-syn-data/tlpw-tcp-tfo-data-on-syn-nack.pcap',
      'suricata-verify/tcp-fastopen-10-syn-data-ignore/input.pcap',
      'zeek/tls/missing-intermediate.pcap',
      'zeek/tls/tls-fragmented-handshake.pcap.gz',
    ].map(name => join(SHARED, name)),
  ].filter(file => existsSync(file))

  test.each(CAPTURES)('on %s', async file => {
    const ours = (await handshakes(file)).map(({ flow, version, cipher, serverName, certificate }) => ({
      client: `${flow.clientAddress}:${flow.clientPort}`,
      version,
      cipher,
      serverName,
      serialNumber: certificate?.serialNumber,
    }))
    const theirs = tsharkHandshakes(file)
    expect(ours.map(({ client }) => client)).toEqual(theirs.map(({ client }) => client))
    for (const [index, seen] of theirs.entries()) expect(ours[index]).toMatchObject(seen)
  })

  test('on the names of cipher suites', () => {
    const lines = execFileSync('tshark', ['-G', 'values'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 })
    const names = new Map(
      [...lines.matchAll(/^V\ttls\.handshake\.ciphersuite\t(\d+)\t(\S+)$/gm)].map(match => [Number(match[1]), match[2]]),
    )
    expect(names.size).toBeGreaterThan(200)
    const known = Array.from({ length: 0x1_0000 }, (_, code) => code).filter(code => cipherSuiteName(code).startsWith('TLS_'))
    expect(known.length).toBeGreaterThan(150)
    for (const code of known) expect(cipherSuiteName(code)).toBe(names.get(code))
    expect(cipherSuiteName(0x1a1a)).toBe('0x1a1a')
  })
})

interface Witnessed {
  readonly client: string
  readonly version?: string
  readonly cipher?: string
  readonly serverName?: string
  readonly serialNumber?: string
}

const VERSIONS: Readonly<Record<string, string>> = { '0x0301': '1.0', '0x0302': '1.1', '0x0303': '1.2', '0x0304': '1.3' }

/** What tshark says of each connection with a ClientHello, by stream. */
function tsharkHandshakes(file: string): readonly Witnessed[] {
  const fields = ['tcp.stream', 'tls.handshake.type', 'ip.src', 'tcp.srcport', 'tls.handshake.version', 'tls.handshake.ciphersuite'].concat(
    'tls.handshake.extensions_server_name',
    'tls.handshake.extensions.supported_version',
    'x509af.serialNumber',
  )
  const args = ['-r', file, '-Y', 'tls.handshake && tcp', '-T', 'fields', '-E', 'occurrence=f', ...fields.flatMap(field => ['-e', field])]
  const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const streams = new Map<string, Witnessed>()
  for (const line of text.trim().split('\n')) {
    const [stream, type, address, port, version, cipher, serverName, supported, serialNumber] = line.split('\t')
    const before = streams.get(stream)
    if (type === '1' && before === undefined) streams.set(stream, { client: `${address}:${port}`, ...(serverName ? { serverName } : {}) })
    else if (type === '2' && before !== undefined)
      streams.set(stream, {
        ...before,
        version: VERSIONS[supported || version],
        cipher: cipherSuiteName(Number(cipher)),
        ...serial(serialNumber),
      })
    else if (type === '11' && before !== undefined) streams.set(stream, { ...before, ...serial(serialNumber) })
  }
  return [...streams.values()]
}

/** tshark prints `0x00abcd`; a serial number is told without leading zeros. */
function serial(text: string | undefined): { readonly serialNumber?: string } {
  const digits = text
    ?.replaceAll(':', '')
    .replace(/^0x/, '')
    .toUpperCase()
    .replace(/^(00)+/, '')
  return digits ? { serialNumber: digits } : {}
}
