import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { networkVerdict, retryAfterMs } from '../../src/outputs/failure.ts'
import { tlsOptions, tlsSchema } from '../../src/outputs/tls.ts'
import { makeCertificates, peerFolder, removeFolder } from '../peers/peer.ts'

describe('tls of an output', () => {
  let folder: string
  beforeAll(() => {
    folder = peerFolder('tls')
    makeCertificates(folder)
    writeFileSync(join(folder, 'binary'), Buffer.from([0x30, 0x82]))
    writeFileSync(join(folder, 'damaged.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  })
  afterAll(() => removeFolder(folder))

  const options = (files: object): unknown => {
    const paths = Object.entries(files).map(([key, file]) => [key, typeof file === 'string' ? join(folder, file) : file])
    return tlsOptions({ insecure: false, ...Object.fromEntries(paths) }, 'elastic')
  }

  test('verifies, from TLS 1.2 on, unless told otherwise', () => {
    expect(options({})).toMatchObject({ rejectUnauthorized: true, minVersion: 'TLSv1.2', ca: undefined })
    expect(options({ insecure: true })).toMatchObject({ rejectUnauthorized: false })
    expect(options({ ca_file: 'ca.pem', cert_file: 'client.pem', key_file: 'client.key' })).toMatchObject({ ca: expect.any(Buffer) })
  })

  test.each<[string, object, string]>([
    ['a file that is missing', { ca_file: 'none.pem' }, 'outputs.elastic.tls.ca_file: cannot read'],
    ['a file that is not PEM', { ca_file: 'binary' }, 'nothing in PEM form'],
    ['a damaged file', { cert_file: 'damaged.pem', key_file: 'client.key' }, 'damaged'],
    ['the key of another certificate', { cert_file: 'client.pem', key_file: 'server.key' }, 'does not belong'],
  ])('names %s', (_, files, message) => {
    expect(() => options(files)).toThrow(expect.objectContaining({ code: 'tls_file', message: expect.stringContaining(message) }))
  })

  test('a certificate needs its key', () => {
    expect(tlsSchema.validate({ cert_file: 'x' }).error).toBeDefined()
  })
})

describe('failures of the network', () => {
  const failure = (code: string, message = ''): Error => Object.assign(new Error(message), { code })

  test.each([
    ['ECONNREFUSED', 'retry', 'nothing listens there'],
    ['ENOTFOUND', 'retry', 'host name is not known'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'pause', 'not trusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'pause', 'not trusted'],
    ['CERT_HAS_EXPIRED', 'pause', 'not trusted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'pause', 'not trusted'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'pause', 'does not accept our certificate'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'pause', 'does not accept our certificate'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'retry', 'does not speak TLS'],
  ])('%s is a %s', (code, kind, words) => {
    expect(networkVerdict(failure(code), 'host:1')).toEqual({ kind, reason: expect.stringMatching(new RegExp(`^host:1: .*${words}`)) })
  })

  test('several attempts are described by the first; messages without a code by their words', () => {
    const aggregate = new AggregateError([failure('ECONNREFUSED'), failure('ENETUNREACH')])
    expect(networkVerdict(aggregate, 'x')).toMatchObject({ reason: 'x: nothing listens there (connection refused)' })
    expect(networkVerdict(new Error('self-signed certificate'), 'x').kind).toBe('pause')
    expect(networkVerdict(new Error('connect ECONNREFUSED 127.0.0.1:9'), 'x')).toMatchObject({ reason: expect.stringContaining('nothing') })
    expect(networkVerdict(new Error(''), 'x')).toEqual({ kind: 'retry', reason: 'x: cannot connect' })
  })

  test('Retry-After is seconds or a date', () => {
    const now = Date.UTC(2026, 0, 1)
    expect(retryAfterMs('120', now)).toBe(120_000)
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000)
    expect(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
    for (const nothing of [undefined, null, '', 'soon']) expect(retryAfterMs(nothing, now)).toBeUndefined()
  })
})
